/* SPDX-License-Identifier: BSD-3-Clause
 *
 * watcher: see watcher.h. The thread wakes twice a second; a change of a file or of a zone's serial
 * is seen at one look and loaded at the next, so that it is in force within about a second.
 */
#include "watcher.h"

#include "cache.h"
#include "source.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#ifndef TICK_MS /* in a stand-in for Unbound nobody waits so long */
#define TICK_MS 500
#endif
#define STATUS_MAX 256 /* what one TXT string holds */

struct ts_watcher {
	ts_module_t *m;
	ts_source_t *sources;
	size_t count;
	ts_popular_t *popular;
	ts_name_t *own; /* zones of this Unbound */
	size_t own_count;
	uint64_t seed;
	unsigned generation;
	time_t next_change; /* 0: none */
	bool dirty;         /* something was loaded that is not in force yet */
	bool purge_again;   /* memory ran out in the last purge */
	bool said_empty;
	_Atomic size_t memory;
	char (*status)[STATUS_MAX]; /* a line for each source, for other threads */
	pthread_mutex_t status_lock;

	pthread_t thread;
	bool running;         /* for who made it */
	bool serving;         /* for the thread: it is the one that runs */
	pthread_mutex_t lock; /* of the wait only */
	pthread_cond_t wake;
	_Atomic bool stop;
};

/* --- what is said */

static void tell(ts_watcher_t *w, const ts_source_t *source, bool failed, const char *text)
{
	char name[TS_NAME_TEXT_MAX];
	struct timespec now;
	if (!w->m->pipeline)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	ts_event_t event = {
		.kind = TS_EVENT_POLICY,
		.time_us = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000,
		.policy_name = source ? source->name : "",
		.message = text,
		.failed = failed,
		.ede = -1,
	};
	if (source && source->policy) {
		ts_name_to_text(ts_policy_name(source->policy), name, sizeof(name));
		event.policy_name = name;
		event.policy_serial = ts_policy_serial(source->policy);
	}
	ts_pipeline_submit(w->m->pipeline, &event);
}

static void say_trouble(ts_watcher_t *w, const ts_source_t *source, const char *fmt, ...)
	TS_PRINTF(3, 4);

/* Into the log and the alert stream. */
static void say_trouble(ts_watcher_t *w, const ts_source_t *source, const char *fmt, ...)
{
	char text[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_err("typosink: %s", text);
	tell(w, source, true, text);
}

static void say_in_force(ts_watcher_t *w, ts_source_t *source, const char *from)
{
	char name[TS_NAME_TEXT_MAX], text[2 * TS_NAME_TEXT_MAX];
	ts_name_to_text(ts_policy_name(source->policy), name, sizeof(name));
	snprintf(text, sizeof(text),
		"policy %s. serial %u from %s is in force: %zu protected zones", name,
		(unsigned)ts_policy_serial(source->policy), from,
		ts_policy_members(source->policy));
	log_info("typosink: %s", text);
	tell(w, source, false, text);
}

static void say_refused(ts_watcher_t *w, ts_source_t *source, const char *why)
{
	source->in_trouble = true;
	if (source->policy)
		say_trouble(w, source, "%s; the last good policy, serial %u, goes on serving", why,
			(unsigned)ts_policy_serial(source->policy));
	else
		say_trouble(w, source, "%s; nothing is in force from %s", why, source->name);
}

/* --- snapshots */

static bool publish(ts_watcher_t *w)
{
	ts_policy_t **policies = calloc(w->count + 1, sizeof(*policies));
	ts_snapshot_t *snapshot = calloc(1, sizeof(*snapshot));
	const ts_snapshot_t *old = ts_readers_current(w->m->readers);
	ts_policyset_options_t options = {w->popular, w->own, w->own_count, w->seed};
	size_t count = 0, removed;
	bool done = false;

	if (!policies || !snapshot)
		goto cleanup;
	for (size_t i = 0; i < w->count; i++)
		if (w->sources[i].policy)
			policies[count++] = w->sources[i].policy;
	if (ts_policyset_new(policies, count, &options, &snapshot->set) != TS_OK)
		goto cleanup;
	snapshot->generation = ++w->generation;
	snapshot->observing = ts_policyset_has_action(snapshot->set, TS_ACTION_OBSERVE);
	snapshot->defer = count == 0 && w->m->conf.without_policy == TS_WITHOUT_POLICY_DEFER;
	w->next_change = ts_policyset_next_change(snapshot->set, time(NULL));

	const ts_policyset_t *old_set = old ? old->set : NULL;
	ts_policyset_t *now = snapshot->set;
	ts_readers_publish(w->m->readers, snapshot);
	snapshot = NULL; /* the readers' */
	w->purge_again = !ts_cache_purge(w->m, old_set, now, w->serving, &w->stop, &removed);
	verbose(VERB_OPS, "typosink: %zu messages removed from the cache", removed);
	done = true;
	for (size_t i = 0; i < w->count; i++) {
		if (w->sources[i].news)
			say_in_force(w, &w->sources[i], w->sources[i].name);
		w->sources[i].news = false;
	}
	if (count == 0 && !w->said_empty)
		say_trouble(w, NULL, "no policy is in force: %s",
			w->m->conf.without_policy == TS_WITHOUT_POLICY_DEFER
				? "MX look-ups get SERVFAIL (without-policy: defer)"
				: "nothing is intercepted");
	w->said_empty = count == 0;

cleanup:
	free(policies);
	free(snapshot);
	return done;
}

static void look(ts_watcher_t *w, ts_source_t *source, bool at_once)
{
	char why[1024];
	ts_policy_options_t options = {
		.seed = w->seed,
		.now = time(NULL),
		.accept_shrink = w->m->conf.accept_shrink,
		.previous_members = source->policy ? ts_policy_members(source->policy) : 0,
	};
	switch (ts_source_look(w->m, source, &options, at_once, why, sizeof(why))) {
	case TS_LOOK_SAME:
		break;
	case TS_LOOK_LOADED:
		source->in_trouble = source->recalled = false;
		source->news = w->dirty = true;
		break;
	case TS_LOOK_REFUSED:
	case TS_LOOK_MISSING:
		say_refused(w, source, why);
		break;
	}
}

/* --- what others may know */

static void write_status(ts_watcher_t *w)
{
	char name[TS_NAME_TEXT_MAX], line[2 * TS_NAME_TEXT_MAX] = "";
	for (size_t i = 0; i < w->count; i++) {
		const ts_source_t *source = &w->sources[i];
		if (source->policy) {
			ts_name_to_text(ts_policy_name(source->policy), name, sizeof(name));
			snprintf(line, sizeof(line), "policy %s. %u %zu %s %s", name,
				(unsigned)ts_policy_serial(source->policy),
				ts_policy_members(source->policy),
				source->in_trouble || source->recalled ? "stale" : "ok",
				source->name);
		} else
			snprintf(line, sizeof(line), "policy - - - missing %s", source->name);
		line[STATUS_MAX - 1] = '\0';
		pthread_mutex_lock(&w->status_lock);
		memcpy(w->status[i], line, STATUS_MAX);
		pthread_mutex_unlock(&w->status_lock);
	}
}

void ts_watcher_status(
	const ts_watcher_t *watcher, void (*line)(void *arg, const char *text), void *arg)
{
	ts_watcher_t *w = (ts_watcher_t *)(uintptr_t)watcher;
	for (size_t i = 0; i < w->count; i++) {
		char copy[STATUS_MAX];
		pthread_mutex_lock(&w->status_lock);
		memcpy(copy, w->status[i], sizeof(copy));
		pthread_mutex_unlock(&w->status_lock);
		line(arg, copy);
	}
}

static void count_memory(ts_watcher_t *w)
{
	size_t sum = sizeof(*w) + w->count * (sizeof(*w->sources) + sizeof(*w->status)) +
		     w->own_count * sizeof(*w->own) + ts_readers_memory(w->m->readers);
	for (size_t i = 0; i < w->count; i++)
		if (w->sources[i].policy)
			sum += ts_policy_memory(w->sources[i].policy);
	if (w->popular)
		sum += ts_popular_memory(w->popular);
	atomic_store(&w->memory, sum);
}

static void tick(ts_watcher_t *w, bool at_once)
{
	size_t removed;
	for (size_t i = 0; i < w->count; i++)
		look(w, &w->sources[i], at_once);
	if (w->next_change && time(NULL) >= w->next_change)
		w->dirty = true;
	if (w->dirty && publish(w))
		w->dirty = false;
	if (w->purge_again)
		w->purge_again = !ts_cache_purge(w->m, NULL, ts_readers_current(w->m->readers)->set,
			w->serving, &w->stop, &removed);
	ts_readers_reclaim(w->m->readers);
	write_status(w);
	count_memory(w);
}

/* --- thread */

static void *run(void *arg)
{
	ts_watcher_t *w = arg;
	struct timespec next;
	clock_gettime(CLOCK_MONOTONIC, &next);
	w->serving = true;
	while (!atomic_load(&w->stop)) {
		next.tv_nsec += TICK_MS * 1000000L;
		next.tv_sec += next.tv_nsec / 1000000000L;
		next.tv_nsec %= 1000000000L;
		pthread_mutex_lock(&w->lock);
		while (!atomic_load(&w->stop) &&
			pthread_cond_timedwait(&w->wake, &w->lock, &next) == 0)
			;
		pthread_mutex_unlock(&w->lock);
		if (!atomic_load(&w->stop))
			tick(w, false);
		struct timespec now; /* after a long compilation: no catching up */
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > next.tv_sec)
			next = now;
	}
	return NULL;
}

static int start_thread(ts_watcher_t *w)
{
	sigset_t all, before;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->wake, &attr);
	pthread_condattr_destroy(&attr);
	/* Signals are Unbound's, SIGHUP above all. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int err = pthread_create(&w->thread, NULL, run, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	w->running = err == 0;
	return err == 0 ? TS_OK : TS_ENOMEM;
}

/* --- set-up */

static int add_own(ts_watcher_t *w, const char *text)
{
	ts_name_t name;
	if (!text || ts_name_from_text(&name, text, strlen(text), NULL) != TS_OK ||
		name.nlabels == 0)
		return TS_OK;
	ts_name_t *own = realloc(w->own, (w->own_count + 1) * sizeof(*own));
	if (!own)
		return TS_ENOMEM;
	w->own = own;
	w->own[w->own_count++] = name;
	return TS_OK;
}

/* Zones that the operator has given this Unbound by hand. Local data without a zone of its own does
 * not count: it is answered before us, and what is beside it is not the operator's. */
static int find_own_zones(ts_watcher_t *w)
{
	const struct config_file *cfg = w->m->env->cfg;
	int err = TS_OK;
	for (const struct config_str2list *p = cfg->local_zones; p && err == TS_OK; p = p->next)
		err = add_own(w, p->str);
	for (const struct config_auth *p = cfg->auths; p && err == TS_OK; p = p->next)
		if (!p->isrpz)
			err = add_own(w, p->name);
	for (const struct config_stub *p = cfg->stubs; p && err == TS_OK; p = p->next)
		err = add_own(w, p->name);
	for (const struct config_stub *p = cfg->forwards; p && err == TS_OK; p = p->next)
		err = add_own(w, p->name);
	return err;
}

static int add_sources(ts_watcher_t *w)
{
	const ts_conf_t *conf = &w->m->conf;
	w->sources = calloc(
		conf->policy_files.count + conf->policy_zones.count + 1, sizeof(*w->sources));
	w->status =
		calloc(conf->policy_files.count + conf->policy_zones.count + 1, sizeof(*w->status));
	if (!w->sources || !w->status)
		return TS_ENOMEM;
	for (size_t i = 0; i < conf->policy_files.count; i++) {
		ts_source_t *source = &w->sources[w->count++];
		source->name = conf->policy_files.items[i];
		source->path = ts_path_in_chroot(w->m->env->cfg, source->name);
	}
	for (size_t i = 0; i < conf->policy_zones.count; i++) {
		ts_source_t *source = &w->sources[w->count];
		const char *why;
		source->is_zone = true;
		source->name = conf->policy_zones.items[i];
		if (ts_name_from_text(&source->zone, source->name, strlen(source->name), &why) ==
			TS_OK)
			w->count++;
		else
			say_trouble(w, source, "policy-zone %s: %s", source->name, why);
	}
	return TS_OK;
}

int ts_watcher_new(ts_module_t *m, ts_watcher_t **out)
{
	ts_watcher_t *w = calloc(1, sizeof(*w));
	int err = TS_ENOMEM;
	if (!w)
		return TS_ENOMEM;
	w->m = m;
	w->seed = m->seed;
	pthread_mutex_init(&w->status_lock, NULL);
	if (find_own_zones(w) != TS_OK || add_sources(w) != TS_OK)
		goto cleanup;
	if (m->conf.popular_file &&
		ts_popular_load(ts_path_in_chroot(m->env->cfg, m->conf.popular_file), &m->report,
			&w->popular) != TS_OK)
		w->popular = NULL; /* reported; popular names score as any other */

	for (size_t i = 0; i < w->count; i++) {
		ts_source_t *source = &w->sources[i];
		ts_policy_options_t options = {.seed = w->seed, .now = time(NULL)};
		/* First what was good the last time, so that what is there now is compared with
		 * it, and an auth-zone that is not transferred yet has a policy already. */
		source->recalled = ts_source_recall(m, source, &options) == TS_OK;
	}
	w->dirty = true;
	tick(w, true);
	for (size_t i = 0; i < w->count; i++)
		if (w->sources[i].recalled)
			say_in_force(w, &w->sources[i], "the last good copy");
	if (w->dirty || start_thread(w) != TS_OK)
		goto cleanup;
	*out = w;
	return TS_OK;

cleanup:
	ts_watcher_free(w);
	return err;
}

void ts_watcher_free(ts_watcher_t *w)
{
	if (!w)
		return;
	if (w->running) {
		atomic_store(&w->stop, true);
		pthread_mutex_lock(&w->lock);
		pthread_cond_signal(&w->wake);
		pthread_mutex_unlock(&w->lock);
		pthread_join(w->thread, NULL);
		pthread_cond_destroy(&w->wake);
		pthread_mutex_destroy(&w->lock);
	}
	for (size_t i = 0; i < w->count; i++)
		ts_policy_unref(w->sources[i].policy);
	ts_popular_free(w->popular);
	pthread_mutex_destroy(&w->status_lock);
	free(w->sources);
	free(w->status);
	free(w->own);
	free(w);
}

size_t ts_watcher_memory(const ts_watcher_t *w)
{
	return w ? atomic_load(&((ts_watcher_t *)(uintptr_t)w)->memory) : 0;
}
