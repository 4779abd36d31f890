/* SPDX-License-Identifier: BSD-3-Clause
 *
 * diag: what is wrong with an input, and where. The core never prints: it reports to a ts_diag_fn,
 * which the command turns into lines on stderr and the module into lines of Unbound's log.
 */
#ifndef TS_DIAG_H
#define TS_DIAG_H

#include "err.h"

typedef enum ts_severity { TS_NOTE, TS_WARNING, TS_ERROR } ts_severity_t;

typedef struct ts_diag {
	ts_severity_t severity;
	const char *file;     /* a path or "auth-zone NAME"; NULL where there is none */
	unsigned line;        /* 1-based; 0 where there is none */
	const char *property; /* owner name, option or property; NULL where there is none */
	const char *message;  /* one line, no full stop */
} ts_diag_t;

/** The diagnostic and its strings live only until the call returns. */
typedef void ts_diag_fn(void *arg, const ts_diag_t *diag);

/** A sink for diagnostics. fn may be NULL: then they are dropped. */
typedef struct ts_reporter {
	ts_diag_fn *fn;
	void *arg;
} ts_reporter_t;

/** Formats and delivers one diagnostic. r may be NULL. Allocates nothing. */
void ts_report(const ts_reporter_t *r, ts_severity_t severity, const char *file, unsigned line,
	const char *property, const char *fmt, ...) TS_PRINTF(6, 7) TS_NONNULL(6);

/**
 * Renders "FILE:LINE: error: PROPERTY: MESSAGE" into buf, always NUL-terminated; bytes that are not
 * printable ASCII become \DDD, so that a terminal or a log never sees what a file's author chose.
 */
void ts_diag_format(const ts_diag_t *diag, char *buf, unsigned long size) TS_NONNULL_ALL;

#endif
