/* SPDX-License-Identifier: BSD-3-Clause
 *
 * answer_build: an answer (src/answer.h) in Unbound's types. Everything is allocated in the region
 * given and goes with it; nothing is ever stored in a cache. Any worker thread.
 */
#ifndef TS_MODULE_ANSWER_BUILD_H
#define TS_MODULE_ANSWER_BUILD_H

#include "module.h"

#include "../src/answer.h"

/**
 * Builds the reply to a look-up.
 * \param owner  the intercepted name in wire format, case kept: the query name or, at the end of a
 *        chain of aliases, its last target; borrowed for the region's life.
 * \param chain  the first `aliases` RRsets of the real reply's answer section come first; NULL
 *        where aliases is 0.
 * \return NULL: no memory.
 */
struct reply_info *ts_reply_build(const ts_module_t *m, struct regional *region,
	const ts_answer_t *answer, uint8_t *owner, const ts_name_t *name, uint16_t rrclass,
	const struct reply_info *chain, size_t aliases) TS_NONNULL(1, 2, 3, 4, 5);

/** Turns a reply into a SERVFAIL without data: what remains when there is no memory. */
void ts_reply_fail(struct reply_info *reply) TS_NONNULL_ALL;

/** A reply without data: REFUSED, SERVFAIL. NULL: no memory. */
struct reply_info *ts_reply_empty(struct regional *region, unsigned rcode) TS_NONNULL_ALL;

#endif
