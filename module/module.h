/* SPDX-License-Identifier: BSD-3-Clause
 *
 * module: what the files of this folder share. One ts_module_t lives from init to deinit; all of
 * Unbound's worker threads and the watcher thread share it, and after init only atomics, the
 * pipeline and the watcher's own part of it change.
 */
#ifndef TS_MODULE_MODULE_H
#define TS_MODULE_MODULE_H

#include "compat.h"

#include "../src/alert/pipeline.h"
#include "../src/conf.h"
#include "../src/prefix.h"
#include "../src/verdict.h"
#include "quiet.h"
#include "snapshot.h"

typedef struct ts_watcher ts_watcher_t;

typedef struct ts_module {
	struct module_env *env; /* the daemon's, not a worker's */
	int id;                 /* ours in env->modinfo and friends */
	ts_conf_t conf;
	ts_reporter_t report; /* into Unbound's log */
	uint64_t seed;        /* the key of all hashes of this life; random */
	ts_readers_t *readers;
	const _Atomic unsigned *generation; /* the readers': see ts_readers_generation() */
	const _Atomic bool *observing;      /* and ts_readers_observing() */
	ts_quiet_t *quiet;
	ts_pipeline_t *pipeline; /* NULL: no memory or no thread; then there are no alerts */
	ts_watcher_t *watcher;
	_Atomic unsigned asking; /* counterpart checks in flight */
	const char *state_dir;   /* conf's, inside the chroot; NULL: none */
	void (*paused)(int);     /* see ts_cache_purge; NULL: not known */
	ts_name_t rhsbl_zone;    /* len 0: no list */
	ts_prefix_t *status_clients;
	size_t status_count;
} ts_module_t;

/** The module behind an environment. */
static inline ts_module_t *ts_module_of(const struct module_env *env, int id)
{
	return ((const struct dynlibmod_env *)env->modinfo[id])->dyn_env;
}

/** A configured path as this process sees it: without the folder that Unbound is chrooted to. */
const char *ts_path_in_chroot(const struct config_file *cfg, const char *path);

/** The client's address of a reply (the real one behind a proxy). \return its port. */
uint16_t ts_client_of(const struct comm_reply *reply, ts_client_t *client);

#endif
