/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "alert_filter.h"

#include "alert_event.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define STAMP_LEN 27 /* 2026-11-23T19:01:14.482913Z */

/* A date, or a date and a time in UTC, as far as it goes: stamps then compare as texts. */
static bool is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	size_t n = strlen(text);

	if (n < 4 || n > STAMP_LEN)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';
		if (form[i] == 'd' ? !digit : text[i] != form[i])
			return text[i] == 'Z' && i == 19 && n == 20;
	}
	return true;
}

static int compare_time(const char *stamp, const char *given)
{
	size_t n = strlen(given);

	if (n > 0 && given[n - 1] == 'Z')
		n--;
	return strncmp(stamp, given, n);
}

static bool below(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	return n >= z && strcasecmp(name + n - z, zone) == 0 && (n == z || name[n - z - 1] == '.');
}

static bool in_prefix(const ts_prefix_t *prefix, const char *text)
{
	uint8_t addr[16];
	bool v6 = strchr(text, ':') != NULL;

	return inet_pton(v6 ? AF_INET6 : AF_INET, text, addr) == 1 &&
	       ts_prefix_has(prefix, v6 ? 6 : 4, addr);
}

int alert_filter_option(
	alert_filter_t *filter, const ts_command_t *self, int opt, const char *value)
{
	switch (opt) {
	case 'c':
		filter->class = value;
		return EXIT_OK;
	case 'C':
		if (ts_prefix_parse(value, &filter->client) != TS_OK)
			return command_usage(self, "'%s' is no address prefix", value);
		filter->client_text = value;
		return EXIT_OK;
	case 'z':
		filter->zone = value;
		return EXIT_OK;
	case ALERT_OPT_SINCE:
	case ALERT_OPT_UNTIL:
		if (!is_time(value))
			return command_usage(self,
				"'%s' is no time; 2026-11-23 or 2026-11-23T19:00:00Z is", value);
		*(opt == ALERT_OPT_SINCE ? &filter->since : &filter->until) = value;
		return EXIT_OK;
	default:
		return -1;
	}
}

bool alert_filter_in_time(const alert_filter_t *filter, const json_t *event)
{
	const char *stamp = alert_str(event, "@timestamp");

	return !(filter->since && compare_time(stamp, filter->since) < 0) &&
	       !(filter->until && compare_time(stamp, filter->until) >= 0);
}

bool alert_filter_wants(const alert_filter_t *filter, const json_t *event)
{
	if (!alert_filter_in_time(filter, event))
		return false;
	if (filter->zone && !below(alert_str(event, "typosink.protected"), filter->zone))
		return false;
	if (filter->class && strcmp(alert_str(event, "typosink.class"), filter->class) != 0)
		return false;
	return !filter->client_text || in_prefix(&filter->client, alert_str(event, "source.ip"));
}
