/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ring is an array of granules, each a cache line. A record takes as many in a row as it needs;
 * its first begins with a header. Positions count granules and only ever grow; the place in the
 * array is the position modulo the size, a power of two.
 *
 *	head: the next position to be reserved (producers; compare-and-swap)
 *	tail: the oldest position in use (written by the consumer)
 *
 * A header of 0 means "not committed". So that a header is never mistaken for what an earlier
 * record had there, the consumer zeroes the first word of each granule before it gives the record
 * back. The release-store of tail and the producers' acquire-load of it order that.
 *
 * A record never wraps: where it would, the producer takes the rest of the array along as a pad.
 */
#include "config.h"

#include "ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define GRANULE 64
#define HEADER 8

struct granule {
	_Alignas(GRANULE) _Atomic uint32_t state; /* 0, or granules << 1 | is a pad */
	uint32_t length; /* granules, known to the producer before the commit */
	uint8_t data[GRANULE - HEADER];
};

struct ts_ring {
	_Alignas(GRANULE) _Atomic uint64_t head;
	_Alignas(GRANULE) _Atomic uint64_t tail;
	_Alignas(GRANULE) struct granule *granules; /* read-only from here on */
	uint64_t count;                             /* a power of two */
	uint64_t limit;                             /* for those that are not urgent */
};

ts_ring_t *ts_ring_new(size_t octets)
{
	size_t size = 65536;

	while (size < octets) {
		if (size > SIZE_MAX / 2)
			return NULL;
		size *= 2;
	}
	ts_ring_t *ring = aligned_alloc(GRANULE, sizeof(*ring));
	struct granule *granules = aligned_alloc(GRANULE, size);
	if (!ring || !granules) {
		free(granules);
		free(ring);
		return NULL;
	}
	/* Touches every page now: a page fault is a trap into the kernel, and none is wanted later.
	 */
	memset(granules, 0, size);
	atomic_init(&ring->head, 0);
	atomic_init(&ring->tail, 0);
	ring->granules = granules;
	ring->count = size / GRANULE;
	ring->limit = ring->count - ring->count / 16;
	return ring;
}

void ts_ring_free(ts_ring_t *ring)
{
	if (!ring)
		return;
	free(ring->granules);
	free(ring);
}

static struct granule *at(const ts_ring_t *ring, uint64_t position)
{
	return &ring->granules[position & (ring->count - 1)];
}

void *ts_ring_reserve(ts_ring_t *ring, size_t len, bool urgent)
{
	uint64_t limit = urgent ? ring->count : ring->limit;
	uint64_t need = (len + HEADER + GRANULE - 1) / GRANULE;
	uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
	uint64_t pad;

	if (need > ring->count / 4)
		return NULL;
	for (;;) {
		uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
		uint64_t place = head & (ring->count - 1);

		pad = place + need > ring->count ? ring->count - place : 0;
		/* An old head with a new tail: the difference would be negative. */
		if ((int64_t)(head - tail) < 0) {
			head = atomic_load_explicit(&ring->head, memory_order_relaxed);
			continue;
		}
		if (head + pad + need - tail > limit)
			return NULL;
		if (atomic_compare_exchange_weak_explicit(&ring->head, &head, head + pad + need,
			    memory_order_relaxed, memory_order_relaxed))
			break;
	}
	if (pad)
		atomic_store_explicit(
			&at(ring, head)->state, (uint32_t)(pad << 1 | 1), memory_order_release);
	struct granule *g = at(ring, head + pad);
	/* Kept beside the header until the commit, which is not told the length again. */
	g->length = (uint32_t)need;
	return g->data;
}

void ts_ring_commit(void *record)
{
	struct granule *g = (struct granule *)((uint8_t *)record - offsetof(struct granule, data));

	atomic_store_explicit(&g->state, g->length << 1, memory_order_release);
}

const void *ts_ring_peek(ts_ring_t *ring)
{
	for (;;) {
		uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
		struct granule *g = at(ring, tail);
		uint32_t state = atomic_load_explicit(&g->state, memory_order_acquire);

		if (state == 0)
			return NULL;
		if ((state & 1) == 0)
			return g->data;
		ts_ring_release(ring);
	}
}

void ts_ring_release(ts_ring_t *ring)
{
	uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
	uint32_t n = atomic_load_explicit(&at(ring, tail)->state, memory_order_relaxed) >> 1;

	for (uint32_t i = 0; i < n; i++)
		atomic_store_explicit(&at(ring, tail + i)->state, 0, memory_order_relaxed);
	atomic_store_explicit(&ring->tail, tail + n, memory_order_release);
}

size_t ts_ring_memory(const ts_ring_t *ring)
{
	return sizeof(*ring) + ring->count * sizeof(struct granule);
}
