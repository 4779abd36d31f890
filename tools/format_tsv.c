/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tsv: one event a line, fields separated by tabs, always the same columns; no header, so that
 * files can be put together. The columns are in typosink(1).
 */
#include "config.h"

#include "alert_event.h"

static const char *const columns[] = {
	"@timestamp",
	"event.id",
	"event.kind",
	"event.action",
	"dns.question.name",
	"dns.question.type",
	"source.ip",
	"typosink.protected",
	"typosink.counterpart",
	"typosink.class",
	"typosink.score",
	"typosink.count",
	"observer.hostname",
	"typosink.boot_id",
	"event.sequence",
	"message",
};

static bool print(const json_t *event, const char *line, FILE *out)
{
	(void)line;
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		const json_t *v = alert_get(event, columns[i]);

		if (i > 0)
			fputc('\t', out);
		if (json_is_integer(v))
			fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
		else if (json_is_real(v))
			fprintf(out, "%.2f", json_real_value(v));
		else if (json_is_string(v))
			alert_put(out, json_string_value(v), "");
	}
	fputc('\n', out);
	return true;
}

const alert_format_t format_tsv = {"tsv", "tab separated values, fixed columns", print};
