/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ecs: the events as they are in the file.
 */
#include "config.h"

#include "alert_event.h"

static bool print(const json_t *event, const char *line, FILE *out)
{
	(void)event;
	return alert_put_json_text(out, line);
}

const alert_format_t format_ecs = {"ecs", "Elastic Common Schema, as in the file", print};
