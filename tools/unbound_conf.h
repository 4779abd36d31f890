/* SPDX-License-Identifier: BSD-3-Clause
 *
 * unbound_conf: where in unbound.conf, with the files that it includes, something is set. Values
 * of the server come from `unbound-checkconf -o`, which knows the defaults; this reader is for what
 * that cannot print (auth-zone clauses) and for naming the file and line that must change.
 */
#ifndef TS_UNBOUND_CONF_H
#define TS_UNBOUND_CONF_H

#include "../src/diag.h"

#include <stddef.h>

typedef struct ts_setting {
	unsigned clause;     /* counts up with every clause: the settings of one belong together */
	const char *section; /* "server", "auth-zone", ... */
	const char *name;    /* "primary" */
	const char *value;   /* the first value, quotes taken off; "" where there is none */
	const char *file;
	unsigned line;
} ts_setting_t;

typedef struct ts_unbound_conf ts_unbound_conf_t;

/**
 * Reads a configuration with what it includes (file patterns too), relative names against the
 * folder that Unbound would start in. What cannot be read is reported; the rest is there.
 * \return TS_OK, TS_EIO (path itself cannot be read), TS_ENOMEM.
 */
TS_MUST_CHECK int ts_unbound_conf_read(
	const char *path, const ts_reporter_t *report, ts_unbound_conf_t **out) TS_NONNULL(1, 3);

void ts_unbound_conf_free(ts_unbound_conf_t *conf);

size_t ts_unbound_conf_count(const ts_unbound_conf_t *conf) TS_NONNULL_ALL;
/** In the order in which Unbound reads them. \param i  below the count. */
const ts_setting_t *ts_unbound_conf_at(const ts_unbound_conf_t *conf, size_t i) TS_NONNULL_ALL;

/** The last setting of that name in that section (the one that counts); NULL: none. */
const ts_setting_t *ts_unbound_conf_last(
	const ts_unbound_conf_t *conf, const char *section, const char *name) TS_NONNULL_ALL;

/** The next setting of that name in the same clause, after `after` (NULL: from its start). */
const ts_setting_t *ts_unbound_conf_in_clause(const ts_unbound_conf_t *conf, unsigned clause,
	const char *name, const ts_setting_t *after) TS_NONNULL(1, 3);

#endif
