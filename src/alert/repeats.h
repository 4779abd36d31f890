/* SPDX-License-Identifier: BSD-3-Clause
 *
 * repeats: the bounded table that turns a mail loop into a few events. The first look-up of a
 * (client, name, type, action) is an event of its own; those that follow within the window are
 * counted, and reported as one when it ends. Where the table is full, the oldest entry's window
 * ends early: nothing is forgotten, so the counts always add up. The writer's thread only.
 */
#ifndef TS_ALERT_REPEATS_H
#define TS_ALERT_REPEATS_H

#include "record.h"

typedef struct ts_repeats ts_repeats_t;

/** What was counted. record: the look-up that opened the window. */
typedef struct ts_repeated {
	const ts_record_t *record;
	uint64_t count;            /* repeats, the first look-up not included; at least 1 */
	int64_t first_us, last_us; /* wall clock of the first and the last repeat */
} ts_repeated_t;

typedef void ts_repeats_fn(void *arg, const ts_repeated_t *repeated);

/** \param max  entries. \param fn  gets what was counted, at the end of each window.
 * \return NULL: out of memory. */
ts_repeats_t *ts_repeats_new(
	unsigned max, int64_t window_us, const uint8_t key[16], ts_repeats_fn *fn, void *arg);
/** Frees without reporting: ts_repeats_expire(INT64_MAX) comes first. */
void ts_repeats_free(ts_repeats_t *repeats);

/** \return true: new, make it an event now; false: it was counted. now_us: monotonic. */
bool ts_repeats_see(
	ts_repeats_t *repeats, const ts_record_t *record, int64_t now_us) TS_NONNULL_ALL;
/** Ends the windows that are over at now_us. */
void ts_repeats_expire(ts_repeats_t *repeats, int64_t now_us) TS_NONNULL_ALL;

size_t ts_repeats_count(const ts_repeats_t *repeats) TS_NONNULL_ALL;
size_t ts_repeats_memory(const ts_repeats_t *repeats) TS_NONNULL_ALL;

#endif
