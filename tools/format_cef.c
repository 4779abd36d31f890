/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cef: ArcSight's Common Event Format, version 0. In the header '|' and '\' are escaped, in the
 * extension '=' and '\'.
 */
#include "config.h"

#include "alert_event.h"

#include <inttypes.h>

static const struct {
	const char *key, *path, *label; /* label: what a custom string stands for */
} fields[] = {
	{"src", "source.ip", NULL},
	{"spt", "source.port", NULL},
	{"dst", "destination.ip", NULL},
	{"dpt", "destination.port", NULL},
	{"proto", "network.transport", NULL},
	{"app", "network.protocol", NULL},
	{"act", "event.action", NULL},
	{"outcome", "event.outcome", NULL},
	{"reason", "event.reason", NULL},
	{"cnt", "typosink.count", NULL},
	{"externalId", "event.id", NULL},
	{"dvchost", "observer.hostname", NULL},
	{"destinationDnsDomain", "dns.question.name", NULL},
	{"cs1", "typosink.protected", "protected"},
	{"cs2", "typosink.counterpart", "counterpart"},
	{"cs3", "dns.question.type", "queryType"},
	{"cs4", "rule.ruleset", "policy"},
	{"cs5", "typosink.boot_id", "bootId"},
	{"cn1", "event.sequence", "sequence"},
	{"cn2", "typosink.lost.count", "lost"},
};

static bool print(const json_t *event, const char *line, FILE *out)
{
	const char *class = alert_str(event, "rule.category");

	(void)line;
	fputs("CEF:0|typosink|typosink|", out);
	alert_put(out, alert_str(event, "observer.version"), "|\\");
	fputc('|', out);
	alert_put(out, class[0] ? class : alert_str(event, "event.action"), "|\\");
	fputc('|', out);
	alert_put(out, alert_str(event, "message"), "|\\");
	fprintf(out, "|%" PRId64 "|rt=%" PRId64, alert_int(event, "event.severity") / 10,
		alert_time_us(alert_str(event, "@timestamp")) / 1000);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const json_t *v = alert_get(event, fields[i].path);

		if (!v)
			continue;
		fprintf(out, " %s=", fields[i].key);
		if (json_is_integer(v))
			fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		else
			alert_put(out, json_string_value(v) ? json_string_value(v) : "", "=\\");
		if (fields[i].label)
			fprintf(out, " %sLabel=%s", fields[i].key, fields[i].label);
	}
	fputc('\n', out);
	return true;
}

const alert_format_t format_cef = {"cef", "Common Event Format 0", print};
