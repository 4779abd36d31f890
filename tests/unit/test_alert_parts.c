/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The small parts of the alert pipeline: clock texts, event ids, the keyed hash,
 * the metrics' file, the table of repeats, the words for errors.
 */
#include "config.h"

#include "unit.h"

#include "../../src/alert/clock.h"
#include "../../src/alert/metrics.h"
#include "../../src/alert/repeats.h"
#include "../../src/alert/ulid.h"
#include "../../src/siphash.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void clock__text(void **state)
{
	static const struct {
		const char *label;
		int64_t us;
		const char *text;
	} rows[] = {
		{"epoch", 0, "1970-01-01T00:00:00.000000Z"},
		{"before the epoch", -1, "1969-12-31T23:59:59.999999Z"},
		{"leap day", INT64_C(1709208000) * 1000000 + 482913, "2024-02-29T12:00:00.482913Z"},
		{"no leap day in 2100", INT64_C(4107542400) * 1000000,
			"2100-03-01T00:00:00.000000Z"},
		{"end of year", INT64_C(1798761599) * 1000000 + 1, "2026-12-31T23:59:59.000001Z"},
		{"beyond four digits", INT64_MAX, "9999-12-31T23:59:59.999999Z"},
		{"before year 0", INT64_MIN, "0000-01-01T00:00:00.000000Z"},
	};
	char buf[TS_TIME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		size_t n = ts_time_text(rows[i].us, buf);
		assert_row(rows[i].label, strcmp(buf, rows[i].text) == 0 && n == strlen(buf));
	}
	/* The C library agrees, day by day over four centuries. */
	for (int64_t day = -50000; day < 100000; day++) {
		time_t t = (time_t)(day * 86400 + 3661);
		struct tm tm;
		char want[64];
		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000Z", &tm);
		ts_time_text((int64_t)t * 1000000, buf);
		assert_string_equal(buf, want);
	}
}

static void ulid__grows(void **state)
{
	ts_ulid_t ulid;
	char last[TS_ULID_LEN + 1] = "", id[TS_ULID_LEN + 1];
	int64_t now = INT64_C(1800000000000000);

	(void)state;
	ts_ulid_init(&ulid, 4711);
	for (unsigned i = 0; i < 100000; i++) {
		/* Forward by less than a millisecond, and now and then a clock set back by a day.
		 */
		now += i % 1000 == 999 ? -INT64_C(86400000000) : 100;
		ts_ulid_next(&ulid, now, id);
		assert_int_equal(strlen(id), TS_ULID_LEN);
		assert_int_equal(strspn(id, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), TS_ULID_LEN);
		assert_true(strcmp(id, last) > 0);
		memcpy(last, id, sizeof(last));
	}
}

static void ulid__time(void **state)
{
	ts_ulid_t ulid;
	char id[TS_ULID_LEN + 1];

	(void)state;
	ts_ulid_init(&ulid, 1);
	/* The specification's own example of a time: 1469918176385 ms is 01ARYZ6S41. */
	ts_ulid_next(&ulid, INT64_C(1469918176385) * 1000, id);
	assert_memory_equal(id, "01ARYZ6S41", 10);
}

/* The vectors of the reference implementation: key 00..0f, input 00, 01, ... */
static void siphash__vectors(void **state)
{
	static const struct {
		size_t len;
		uint64_t hash;
	} rows[] = {
		{0, UINT64_C(0x726fdb47dd0e0e31)},
		{1, UINT64_C(0x74f839c593dc67fd)},
		{8, UINT64_C(0x93f5f5799a932462)},
		{15, UINT64_C(0xa129ca6149be45e5)},
	};
	uint8_t key[16], data[16];

	(void)state;
	for (uint8_t i = 0; i < 16; i++)
		key[i] = data[i] = i;
	for (size_t i = 0; i < countof(rows); i++)
		assert_int_equal(ts_siphash(key, data, rows[i].len), rows[i].hash);
}

/* The write() that the unit calls. */
static int write_error; /* of the next call; it succeeds after that where it is EINTR */

ssize_t write(int fd, const void *data, size_t len)
{
	if (write_error) {
		errno = write_error;
		write_error = write_error == EINTR ? 0 : write_error;
		return -1;
	}
	return syscall(SYS_write, fd, data, len);
}

/* Where the file cannot be replaced, the old one stands and nothing is left beside it. */
static void metrics__that_cannot_be_written(void **state)
{
	char dir[] = "/tmp/ts-metrics-XXXXXX", path[128], beside[160], *far = malloc(PATH_MAX + 1);
	ts_metrics_run_t run = {.boot_id = "1", .running = true};
	ts_metrics_t *m = ts_metrics_new((const uint8_t[16]){1});

	(void)state;
	assert_true(m && far && mkdtemp(dir));
	memset(far, 'a', PATH_MAX);
	far[PATH_MAX] = '\0';
	assert_int_equal(ts_metrics_write(m, &run, far), TS_ERANGE);
	assert_int_equal(ts_metrics_write(m, &run, "/nonexistent/metrics"), TS_EIO);
	assert_int_equal(errno, ENOENT);
	snprintf(path, sizeof(path), "%s/metrics", dir);
	snprintf(beside, sizeof(beside), "%s.new", path);
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(ts_metrics_write(m, &run, path), TS_EIO);
	assert_int_equal(errno, EISDIR);
	assert_int_equal(access(beside, F_OK), -1);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(symlink("/dev/full", beside), 0); /* is not followed */
	assert_int_equal(ts_metrics_write(m, &run, path), TS_EIO);
	assert_int_equal(errno, ELOOP);
	assert_int_equal(unlink(beside), 0);
	write_error = ENOSPC;
	assert_int_equal(ts_metrics_write(m, &run, path), TS_EIO);
	assert_int_equal(errno, ENOSPC);
	assert_int_equal(access(beside, F_OK), -1);
	write_error = EINTR;
	assert_int_equal(ts_metrics_write(m, &run, path), TS_OK);
	assert_int_equal(write_error, 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	ts_metrics_free(m);
	free(far);
}

/* What the table of repeats has told. */
static struct {
	unsigned times;
	ts_repeated_t last;
	uint16_t qtype;
} told;

static void tell(void *arg, const ts_repeated_t *repeated)
{
	assert_ptr_equal(arg, &told);
	told.times++;
	told.last = *repeated;
	told.qtype = repeated->record->qtype;
}

static bool see(ts_repeats_t *repeats, uint16_t qtype, uint16_t qclass, int64_t now)
{
	ts_record_t record = {.kind = TS_EVENT_ALERT,
		.size = sizeof(record),
		.qtype = qtype,
		.qclass = qclass,
		.time_us = 1000 + now};

	return ts_repeats_see(repeats, &record, now);
}

/* A window begins with a look-up, ends when it is over and not a moment later, and is told of where
 * something was repeated in it: how often, and when first and last. */
static void repeats__window(void **state)
{
	ts_repeats_t *r = ts_repeats_new(100, 50, (const uint8_t[16]){1}, tell, &told);

	(void)state;
	told.times = 0;
	assert_non_null(r);
	size_t empty = ts_repeats_memory(r);
	assert_true(see(r, 15, 1, 0));
	assert_true(ts_repeats_memory(r) > empty);
	assert_true(see(r, 1, 1, 1));
	assert_true(see(r, 15, 3, 2));
	assert_true(see(r, 15 + 256, 1, 3));
	assert_true(see(r, 15, 1 + 256, 4));
	for (int64_t now = 10; now < 13; now++)
		assert_false(see(r, 15, 1, now));
	assert_false(see(r, 1, 1, 20));
	assert_int_equal(ts_repeats_count(r), 5);
	ts_repeats_expire(r, 49);
	assert_int_equal(told.times, 0);
	ts_repeats_expire(r, 50);
	assert_int_equal(told.times, 1);
	assert_int_equal(told.last.count, 3);
	assert_int_equal(told.last.first_us, 1010);
	assert_int_equal(told.last.last_us, 1012);
	/* Seeing ends what is over, too; one repeat is told of, none is not. */
	assert_true(see(r, 15, 1, 60));
	assert_int_equal(told.times, 2);
	assert_int_equal(told.qtype, 1);
	assert_int_equal(told.last.count, 1);
	assert_int_equal(told.last.first_us, 1020);
	assert_int_equal(told.last.last_us, 1020);
	assert_int_equal(ts_repeats_count(r), 1);
	ts_repeats_expire(r, INT64_MAX);
	assert_int_equal(told.times, 2);
	assert_int_equal(ts_repeats_count(r), 0);
	assert_int_equal(ts_repeats_memory(r), empty);
	ts_repeats_free(r);
}

/* A full table gives up its oldest entry, and tells of it; all chains stay whole. */
static void repeats__full(void **state)
{
	ts_repeats_t *r = ts_repeats_new(40, 1000, (const uint8_t[16]){2}, tell, &told);
	ts_repeats_t *none = ts_repeats_new(0, 1000, (const uint8_t[16]){2}, tell, &told);

	(void)state;
	told.times = 0;
	assert_true(r && none);
	for (uint16_t i = 0; i < 40; i++) {
		assert_true(see(r, i, 1, i));
		assert_false(see(r, i, 1, i));
	}
	assert_int_equal(told.times, 0);
	for (uint16_t i = 40; i < 80; i++) {
		assert_true(see(r, i, 1, i));
		assert_int_equal(ts_repeats_count(r), 40);
		assert_int_equal(told.times, i - 39);
		assert_int_equal(told.qtype, i - 40);
		/* The next to go is still there. */
		if (i < 79)
			assert_false(see(r, (uint16_t)(i - 39), 1, i));
	}
	for (uint16_t i = 40; i < 80; i++)
		assert_false(see(r, i, 1, 100));
	assert_true(see(none, 1, 1, 0));
	assert_true(see(none, 1, 1, 0));
	assert_int_equal(ts_repeats_count(none), 0);
	ts_repeats_free(none);
	ts_repeats_free(r);
}

static void err__each_has_a_sentence(void **state)
{
	(void)state;
	for (int a = TS_EFULL - 1; a <= TS_OK; a++) {
		assert_true(*ts_strerror(a));
		for (int b = TS_EFULL - 1; b < a; b++)
			assert_string_not_equal(ts_strerror(a), ts_strerror(b));
	}
	assert_string_equal(ts_strerror(TS_EFULL - 1), ts_strerror(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clock__text),
		cmocka_unit_test(ulid__grows),
		cmocka_unit_test(ulid__time),
		cmocka_unit_test(siphash__vectors),
		cmocka_unit_test(metrics__that_cannot_be_written),
		cmocka_unit_test(repeats__window),
		cmocka_unit_test(repeats__full),
		cmocka_unit_test(err__each_has_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
