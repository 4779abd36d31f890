/* SPDX-License-Identifier: BSD-3-Clause */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>

#define DIAG_MESSAGE_MAX 1024

void ts_report(const ts_reporter_t *r, ts_severity_t severity, const char *file, unsigned line,
	const char *property, const char *fmt, ...)
{
	char message[DIAG_MESSAGE_MAX];
	va_list ap;

	if (!r || !r->fn)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	ts_diag_t diag = {severity, file, line, property, message};
	r->fn(r->arg, &diag);
}

void ts_diag_format(const ts_diag_t *diag, char *buf, unsigned long size)
{
	static const char *const words[] = {"note", "warning", "error"};
	char raw[2 * DIAG_MESSAGE_MAX];
	char line[16] = "";
	unsigned long o = 0;

	if (size == 0)
		return;
	if (diag->line)
		snprintf(line, sizeof(line), ":%u", diag->line);
	snprintf(raw, sizeof(raw), "%s%s%s%s: %s%s%s", diag->file ? diag->file : "", line,
		diag->file ? ": " : "", words[diag->severity], diag->property ? diag->property : "",
		diag->property ? ": " : "", diag->message);
	for (const unsigned char *p = (const unsigned char *)raw; *p; p++) {
		if (*p >= 0x20 && *p < 0x7f) {
			if (o + 1 >= size)
				break;
			buf[o++] = (char)*p;
		} else {
			if (o + 4 >= size)
				break;
			o += (unsigned long)snprintf(buf + o, size - o, "\\%03u", *p);
		}
	}
	buf[o] = '\0';
}
