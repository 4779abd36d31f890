/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t wall_us(void *arg)
{
	(void)arg;
	return read_clock(CLOCK_REALTIME);
}

static int64_t mono_us(void *arg)
{
	(void)arg;
	return read_clock(CLOCK_MONOTONIC);
}

const ts_clock_t ts_clock_system = {wall_us, mono_us, NULL};

static char *digits(char *p, unsigned value, unsigned width)
{
	for (unsigned i = width; i-- > 0; value /= 10)
		p[i] = (char)('0' + value % 10);
	return p + width;
}

/* The civil date is computed here (Howard Hinnant's days_from_civil, inverted) because gmtime_r
 * takes the time zone's lock, and reads files the first time: not in a resolver's chroot. */
size_t ts_time_text(int64_t us, char buf[TS_TIME_TEXT_MAX])
{
	/* The years 0000 to 9999, which is what four digits can say. */
	const int64_t first = -INT64_C(62167219200) * 1000000;
	const int64_t last = INT64_C(253402300799) * 1000000 + 999999;
	char *p = buf;

	if (us < first)
		us = first;
	if (us > last)
		us = last;
	int64_t days = us / INT64_C(86400000000);
	int64_t rest = us % INT64_C(86400000000);
	if (rest < 0) {
		rest += INT64_C(86400000000);
		days--;
	}
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned mp = (5 * doy + 2) / 153;
	unsigned day = doy - (153 * mp + 2) / 5 + 1;
	unsigned month = mp < 10 ? mp + 3 : mp - 9;
	unsigned year = (unsigned)(yoe + era * 400 + (month <= 2));
	unsigned seconds = (unsigned)(rest / 1000000);

	p = digits(p, year, 4);
	*p++ = '-';
	p = digits(p, month, 2);
	*p++ = '-';
	p = digits(p, day, 2);
	*p++ = 'T';
	p = digits(p, seconds / 3600, 2);
	*p++ = ':';
	p = digits(p, seconds / 60 % 60, 2);
	*p++ = ':';
	p = digits(p, seconds % 60, 2);
	*p++ = '.';
	p = digits(p, (unsigned)(rest % 1000000), 6);
	*p++ = 'Z';
	*p = '\0';
	return (size_t)(p - buf);
}
