/* SPDX-License-Identifier: BSD-3-Clause
 *
 * text: for people at a terminal.
 */
#include "config.h"

#include "alert_event.h"

#include <inttypes.h>

static bool print(const json_t *event, const char *line, FILE *out)
{
	const char *stamp = alert_str(event, "@timestamp");
	int64_t count = alert_int(event, "typosink.count");

	(void)line;
	alert_put(out, stamp, "");
	fputs("  ", out);
	alert_put(out, alert_str(event, "event.action"), "");
	fputs("  ", out);
	alert_put(out, alert_str(event, "message"), "");
	if (alert_is_alert(event)) {
		fputs("  (", out);
		alert_put(out, alert_str(event, "typosink.class"), "");
		fprintf(out, ", score %.2f", alert_num(event, "typosink.score"));
		if (count > 1)
			fprintf(out, ", %" PRId64 " times", count);
		fputc(')', out);
	}
	fputc('\n', out);
	return true;
}

const alert_format_t format_text = {"text", "a line for people", print};
