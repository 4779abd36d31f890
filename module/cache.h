/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cache: keeps real answers for intercepted names out of Unbound's message cache, where a hit is
 * answered without asking any module.
 */
#ifndef TS_MODULE_CACHE_H
#define TS_MODULE_CACHE_H

#include "module.h"

/**
 * True where what Unbound would answer must not come from its cache: some client gets another
 * answer than the real one.
 */
bool ts_verdict_hot(const ts_verdict_t *verdict) TS_NONNULL_ALL;

/** Removes the message for a name and type; both variants where the CD bit makes two. */
void ts_cache_forget(struct module_env *env, const struct query_info *qinfo) TS_NONNULL_ALL;

/**
 * Steps through an answer's aliases: from *name (the query name at first) to the CNAME target that
 * stands for it in the answer section from *next on.
 * \param next  in: 0 at first; out: RRsets of the answer section up to and with that CNAME.
 * \return false: no (further) alias; *name and *next are unchanged.
 */
bool ts_chain_next(const struct reply_info *reply, uint8_t **name, size_t *name_len,
	size_t *next) TS_NONNULL_ALL;

/**
 * Removes what the change from old (NULL: nothing was in force) to new makes wrong. Watcher thread:
 * takes each lock for a few dozen entries at most, so that a worker waits for microseconds.
 * \param serving  false in init, whose thread is the one that could delete the cache.
 * \param stop  ends it early where it becomes true.
 * \param removed  messages removed. \return false: memory ran out and some remain, or Unbound is
 * not in service; call it again.
 */
bool ts_cache_purge(const ts_module_t *m, const ts_policyset_t *old, const ts_policyset_t *now,
	bool serving, const _Atomic bool *stop, size_t *removed) TS_NONNULL(1, 3, 5, 6);

#endif
