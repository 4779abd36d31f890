/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rfc5424: syslog lines with structured data. The id of the structured data uses the enterprise
 * number that RFC 5612 sets aside for documentation: the project has none of its own.
 */
#include "config.h"

#include "alert_event.h"

#include <string.h>

#define FACILITY 16 /* local0 */

static const struct {
	const char *name, *path;
} params[] = {
	{"id", "event.id"},
	{"action", "event.action"},
	{"name", "dns.question.name"},
	{"type", "dns.question.type"},
	{"client", "source.ip"},
	{"protected", "typosink.protected"},
	{"counterpart", "typosink.counterpart"},
	{"class", "typosink.class"},
	{"policy", "rule.ruleset"},
	{"bootId", "typosink.boot_id"},
	{"sequence", "event.sequence"},
	{"count", "typosink.count"},
	{"lost", "typosink.lost.count"},
};

static int severity(const json_t *event)
{
	const json_t *applied = alert_get(event, "typosink.applied");

	if (strcmp(alert_str(event, "event.outcome"), "failure") == 0)
		return 3;
	if (!alert_is_alert(event))
		return 6;
	return json_is_true(applied) ? 4 : 5;
}

/* A field of the header: up to max printable characters (RFC 5424, section 6). */
static void header(FILE *out, const char *text, size_t max)
{
	if (!text[0])
		text = "-";
	for (; *text && max > 0; text++, max--)
		fputc(*text > 0x20 && *text < 0x7f ? *text : '?', out);
	fputc(' ', out);
}

/* What is no time is none: a collector drops a line whose stamp it cannot read. */
static const char *stamp(const json_t *event)
{
	const char *text = alert_str(event, "@timestamp");
	bool good = alert_time_us(text) != 0 && text[strspn(text, "0123456789-:.TZ")] == '\0';

	return good && strlen(text) <= 27 ? text : "-";
}

static bool print(const json_t *event, const char *line, FILE *out)
{
	(void)line;
	fprintf(out, "<%d>1 ", FACILITY * 8 + severity(event));
	header(out, stamp(event), 27);
	header(out, alert_str(event, "observer.hostname"), 255);
	fputs("typosink - ", out);
	header(out, alert_str(event, "event.action"), 32);
	fputs("[typosink@32473", out);
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
		const json_t *v = alert_get(event, params[i].path);

		if (!v)
			continue;
		fprintf(out, " %s=\"", params[i].name);
		if (json_is_integer(v))
			fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		else
			alert_put(out, json_string_value(v) ? json_string_value(v) : "", "\"\\]");
		fputc('"', out);
	}
	fputs("] ", out);
	alert_put(out, alert_str(event, "message"), "");
	fputc('\n', out);
	return true;
}

const alert_format_t format_rfc5424 = {"rfc5424", "syslog with structured data", print};
