/* SPDX-License-Identifier: BSD-3-Clause
 *
 * source: where a policy comes from (a file, an auth-zone of this Unbound), whether it has changed,
 * and the last good copy of it. Watcher thread only (and init, before there is one).
 */
#ifndef TS_MODULE_SOURCE_H
#define TS_MODULE_SOURCE_H

#include "module.h"

#include <sys/stat.h>

typedef struct ts_source {
	bool is_zone;
	const char *name;    /* as configured; borrowed */
	const char *path;    /* of a file, as seen from inside a chroot; borrowed */
	ts_name_t zone;      /* of an auth-zone */
	ts_policy_t *policy; /* in force; NULL: none yet */

	struct stat seen;  /* the file at the last look: what is still being written is not read */
	struct stat tried; /* the file that was last loaded or refused */
	uint32_t seen_serial, tried_serial;
	bool has_seen, has_tried;
	unsigned missing; /* looks in a row at which there was nothing */
	bool recalled;    /* policy is the last good copy, nothing newer was loaded yet */
	bool news;        /* loaded, and not said yet to be in force */
	bool in_trouble;  /* the last thing said about it was bad */
} ts_source_t;

/** What ts_source_look() has found. */
typedef enum ts_look {
	TS_LOOK_SAME,
	TS_LOOK_LOADED,  /* source->policy is new */
	TS_LOOK_REFUSED, /* there is something new, and it is bad; it was reported */
	TS_LOOK_MISSING, /* nothing is there; said once */
} ts_look_t;

/**
 * Looks whether there is something new, and loads it.
 * \param at_once  do not wait until a file has stopped changing.
 * \param why  room for one line that says what is wrong; set where the result is not LOADED.
 */
ts_look_t ts_source_look(ts_module_t *m, ts_source_t *source, const ts_policy_options_t *options,
	bool at_once, char *why, size_t size) TS_NONNULL_ALL;

/** Takes the last good copy from state-dir, silently. */
TS_MUST_CHECK int ts_source_recall(
	ts_module_t *m, ts_source_t *source, const ts_policy_options_t *options) TS_NONNULL_ALL;

#endif
