/* SPDX-License-Identifier: BSD-3-Clause
 *
 * watcher: one thread that keeps the policies in force up to date: it looks at policy files and at
 * auth-zones, compiles what has changed, hands the new snapshot to the workers, cleans the message
 * cache of exactly what the change makes wrong, and keeps the last good policies in state-dir.
 */
#ifndef TS_MODULE_WATCHER_H
#define TS_MODULE_WATCHER_H

#include "module.h"

/**
 * Loads what there is, publishes the first snapshot and starts the thread. A policy that does not
 * load is no error: it is reported, and the last good one or none is in force.
 * \return TS_OK, TS_ENOMEM.
 */
TS_MUST_CHECK int ts_watcher_new(ts_module_t *m, ts_watcher_t **out) TS_NONNULL_ALL;

/** Joins the thread. */
void ts_watcher_free(ts_watcher_t *watcher);

/**
 * Calls line once for each source with a line as status.h has it. Any thread; under a lock that the
 * watcher takes only to copy such lines.
 */
void ts_watcher_status(const ts_watcher_t *watcher, void (*line)(void *arg, const char *text),
	void *arg) TS_NONNULL(1, 2);

/** Octets of policies and snapshots. Any thread. */
size_t ts_watcher_memory(const ts_watcher_t *watcher);

#endif
