/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alert_event: an alert as it was read back (jansson), and the table of formats it can be printed
 * in. A new format is a file tools/format_<name>.c and a row in alert_event.c.
 */
#ifndef TS_ALERT_EVENT_READ_H
#define TS_ALERT_EVENT_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct alert_format {
	const char *name, *oneline;
	/* Prints one event, its newline included. line: as it was read, without newline.
	 * \return false: this format has no form for such an event; nothing was printed. */
	bool (*print)(const json_t *event, const char *line, FILE *out);
} alert_format_t;

extern const alert_format_t format_ecs, format_text, format_tsv, format_ocsf, format_cef,
	format_rfc5424, format_eve;

/** \return NULL: no format of that name. */
const alert_format_t *alert_format_find(const char *name);
/** The table, ended by NULL. */
const alert_format_t *const *alert_formats(void);

/** The member at a path like "dns.question.name"; NULL where there is none. */
const json_t *alert_get(const json_t *event, const char *path);
/** Its text, or "" where it is absent or no text. */
const char *alert_str(const json_t *event, const char *path);
int64_t alert_int(const json_t *event, const char *path);
double alert_num(const json_t *event, const char *path);
bool alert_is_alert(const json_t *event);
/** Microseconds since the epoch of an RFC 3339 stamp in UTC; 0 where it is none. */
int64_t alert_time_us(const char *stamp);

/** Prints text that somebody else chose: control characters never reach a terminal, a tab or a
 * newline never splits a field. Those in `escaped` get a backslash before them. */
void alert_put(FILE *out, const char *text, const char *escaped);
/** Prints JSON that was read as it was written, as a line and without control characters. */
bool alert_put_json_text(FILE *out, const char *text);
/** Prints one JSON object as a line, likewise, and releases it. */
bool alert_put_json(FILE *out, json_t *object);

#endif
