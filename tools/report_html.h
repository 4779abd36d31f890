/* SPDX-License-Identifier: BSD-3-Clause
 *
 * report_html: how texts, numbers and times get onto the page. Whatever a stranger chose goes
 * through here: no markup comes of it, and what cannot be seen, or turns the order of what can, is
 * shown by its number ([U+202E]).
 */
#ifndef TS_REPORT_HTML_H
#define TS_REPORT_HTML_H

#include "report.h"

void html_text(FILE *out, const char *text);
/** Text in an element that keeps its direction to itself. Empty: a dash. */
void html_name(FILE *out, const char *name);
/** The name, with that part marked in which it differs from the other one. */
void html_compared(FILE *out, const char *name, const char *other);
/** 1234567 as 1,234,567. */
const char *html_grouped(uint64_t n, char buf[32]);
void html_number(FILE *out, uint64_t n);
/** "1 name", "2 names". */
void html_count(FILE *out, uint64_t n, const char *one, const char *many);
/** "2026-11-23 19:01": UTC, which the page says once. */
void html_time(FILE *out, int64_t us);

/** The section with the timeline (report_chart.c). */
void report_chart(FILE *out, timeline_t *line);

#endif
