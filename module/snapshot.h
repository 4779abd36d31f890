/* SPDX-License-Identifier: BSD-3-Clause
 *
 * snapshot: the policies in force, handed to Unbound's workers without a lock. One thread (the
 * watcher) publishes and reclaims; any number of workers read.
 *
 * A reader announces the snapshot that it uses in a slot of its own (a hazard pointer) for the time
 * of one call into the module. What must outlive the call (a verdict that an alert will be made
 * of) is pinned: an atomic count, taken for names that match only. A snapshot that is no longer
 * current, announced by nobody and not pinned, is freed.
 */
#ifndef TS_MODULE_SNAPSHOT_H
#define TS_MODULE_SNAPSHOT_H

#include "../src/policy.h"

#include <stdatomic.h>

typedef struct ts_snapshot {
	ts_policyset_t *set; /* owned */
	unsigned generation; /* 1 for the first, never 0 */
	bool observing;      /* a look-up may be alerted on and answered as usual */
	bool defer;          /* no policy at all, and without-policy says defer */
	_Atomic unsigned pins;
	struct ts_snapshot *next; /* among the retired */
} ts_snapshot_t;

typedef struct ts_readers ts_readers_t;
typedef struct ts_reader ts_reader_t;

ts_readers_t *ts_readers_new(void);
/** Frees everything, the current snapshot too. No reader may be left. */
void ts_readers_free(ts_readers_t *readers);

/**
 * Begins to read: the snapshot stays valid until ts_reader_leave(). Calls of one thread do not
 * nest. No lock, no allocation, no system call.
 */
const ts_snapshot_t *ts_reader_enter(ts_readers_t *readers, ts_reader_t **reader) TS_NONNULL_ALL;
void ts_reader_leave(ts_readers_t *readers, ts_reader_t *reader) TS_NONNULL(1);

/** Keeps a snapshot beyond ts_reader_leave(); taken while it is being read. */
void ts_snapshot_pin(const ts_snapshot_t *snapshot) TS_NONNULL_ALL;
void ts_snapshot_unpin(const ts_snapshot_t *snapshot) TS_NONNULL_ALL;

/** Where it stands whether something is observed now; any thread may look. Valid as long as the
 *  readers. */
const _Atomic bool *ts_readers_observing(const ts_readers_t *readers) TS_NONNULL_ALL;

/**
 * Where the generation of the current one stands: enough to see that nothing has changed. Written
 * after the snapshot itself and before the caches are cleaned, so who finds the old one has stored
 * what he stored before the cleaning, which finds it. Valid as long as the readers.
 */
const _Atomic unsigned *ts_readers_generation(const ts_readers_t *readers) TS_NONNULL_ALL;

/** The current one, for the publishing thread. NULL before the first. */
const ts_snapshot_t *ts_readers_current(const ts_readers_t *readers) TS_NONNULL_ALL;

/** Makes snapshot (owned from now on) the current one and retires the old one. */
void ts_readers_publish(ts_readers_t *readers, ts_snapshot_t *snapshot) TS_NONNULL_ALL;

/** Frees what is retired and no longer in use. Publishing thread. */
void ts_readers_reclaim(ts_readers_t *readers) TS_NONNULL_ALL;

/** Octets of all snapshots that are held. Publishing thread. */
size_t ts_readers_memory(const ts_readers_t *readers) TS_NONNULL_ALL;

#endif
