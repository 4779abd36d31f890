/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ring: a bounded queue of records of any length, from many threads to one. A producer reserves
 * room with one compare-and-swap, fills it in place and commits it with one store; it never waits,
 * takes a lock or makes a system call. Where there is no room it is told so at once.
 *
 * The one consumer peeks at the oldest record, uses it in place, and releases it. A producer that
 * is preempted between reserve and commit holds up the consumer, never another producer.
 */
#ifndef TS_ALERT_RING_H
#define TS_ALERT_RING_H

#include "../err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ts_ring ts_ring_t;

/** \param octets  rounded up to a power of two, at least 64 KiB. \return NULL: out of memory. */
ts_ring_t *ts_ring_new(size_t octets);
void ts_ring_free(ts_ring_t *ring);

/**
 * Room for len octets (at most a quarter of the ring), aligned to 8. Any thread.
 * \param urgent  may use the last sixteenth, which others may not.
 * \return NULL: full; nothing has been changed.
 */
TS_MUST_CHECK void *ts_ring_reserve(ts_ring_t *ring, size_t len, bool urgent) TS_NONNULL_ALL;
/** Hands a reserved and filled record over to the consumer. */
void ts_ring_commit(void *record) TS_NONNULL_ALL;

/** The oldest record, or NULL: none that is committed. The consumer's thread only. */
const void *ts_ring_peek(ts_ring_t *ring) TS_NONNULL_ALL;
/** Gives back the record that peek has shown. The consumer's thread only. */
void ts_ring_release(ts_ring_t *ring) TS_NONNULL_ALL;

size_t ts_ring_memory(const ts_ring_t *ring) TS_NONNULL_ALL;

#endif
