/* SPDX-License-Identifier: BSD-3-Clause */
#include "arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_SIZE ((size_t)64 * 1024)

struct ts_arena_chunk {
	struct ts_arena_chunk *next;
	size_t used, size;
	alignas(max_align_t) unsigned char data[];
};

void ts_arena_init(ts_arena_t *arena)
{
	*arena = (ts_arena_t){0};
}

void ts_arena_release(ts_arena_t *arena)
{
	while (arena->chunks) {
		struct ts_arena_chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
	arena->memory = 0;
}

void *ts_arena_alloc(ts_arena_t *arena, size_t size)
{
	struct ts_arena_chunk *chunk = arena->chunks;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!chunk || chunk->size - chunk->used < size) {
		/* Small policies stay small: the first chunk is a page, later ones grow. */
		size_t want = chunk ? CHUNK_SIZE : CHUNK_SIZE / 16;

		if (want < size)
			want = size;
		chunk = calloc(1, sizeof(*chunk) + want);
		if (!chunk)
			return NULL;
		chunk->size = want;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->memory += sizeof(*chunk) + want;
	}
	void *p = chunk->data + chunk->used;
	chunk->used += size;
	return p;
}

void *ts_arena_copy(ts_arena_t *arena, const void *data, size_t len)
{
	char *p = ts_arena_alloc(arena, len + 1);

	if (p && len)
		memcpy(p, data, len);
	return p;
}
