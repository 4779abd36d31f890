/* SPDX-License-Identifier: BSD-3-Clause
 *
 * arena: memory that is handed out in pieces and freed whole. One thread builds; what it holds may
 * then be read by all.
 */
#ifndef TS_ARENA_H
#define TS_ARENA_H

#include <stddef.h>

struct ts_arena_chunk;

typedef struct ts_arena {
	struct ts_arena_chunk *chunks;
	size_t memory; /* octets taken from the heap */
} ts_arena_t;

/** An empty arena; takes nothing from the heap yet. */
void ts_arena_init(ts_arena_t *arena);
void ts_arena_release(ts_arena_t *arena);

/** Zeroed, aligned for any type. \return NULL: out of memory. */
void *ts_arena_alloc(ts_arena_t *arena, size_t size);

/** A copy of len octets with a NUL behind them. \return NULL: out of memory. */
void *ts_arena_copy(ts_arena_t *arena, const void *data, size_t len);

#endif
