/* SPDX-License-Identifier: BSD-3-Clause
 *
 * popular: a list of popular names with their ranks (Tranco's CSV "rank,domain" as published, or a
 * domain a line), immutable once loaded; any thread may look a name up.
 */
#ifndef TS_POPULAR_H
#define TS_POPULAR_H

#include "diag.h"
#include "name.h"

typedef struct ts_popular ts_popular_t;

/** Loads a list. Bad lines are reported (the first ten and a count) and skipped.
 * \return TS_OK, TS_EIO, TS_ENOMEM, or TS_EINVAL where no line was good. */
TS_MUST_CHECK int ts_popular_load(const char *path, const ts_reporter_t *report, ts_popular_t **out)
	TS_NONNULL(1, 3);

void ts_popular_free(ts_popular_t *popular);

/** The best (smallest, 1-based) rank of name or of one of its suffixes below the public suffix;
 * 0 where it is not listed. */
uint32_t ts_popular_rank(const ts_popular_t *popular, const ts_name_t *name) TS_NONNULL_ALL;

/** Names in the list. */
size_t ts_popular_count(const ts_popular_t *popular) TS_NONNULL_ALL;

/** Octets that the list holds. */
size_t ts_popular_memory(const ts_popular_t *popular) TS_NONNULL_ALL;

#endif
