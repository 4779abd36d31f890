/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink_module: the six functions that Unbound looks up in a dynlib module, and the callbacks
 * that it makes around a reply. Nothing else of this shared object is visible.
 *
 * init and deinit are called by Unbound's main thread, when no worker runs; everything else by the
 * workers. See doc/architecture.md for the way of a query.
 */
#include "module.h"

#include "host.h"
#include "query.h"
#include "status.h"
#include "watcher.h"

#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define PUBLIC __attribute__((visibility("default")))

PUBLIC int init(struct module_env *env, int id);
PUBLIC void deinit(struct module_env *env, int id);
PUBLIC void operate(
	struct module_qstate *q, enum module_ev event, int id, struct outbound_entry *outbound);
PUBLIC void inform_super(struct module_qstate *q, int id, struct module_qstate *super);
PUBLIC void clear(struct module_qstate *q, int id);
PUBLIC size_t get_mem(struct module_env *env, int id);

static void to_log(void *arg, const ts_diag_t *diag)
{
	char line[2048];
	(void)arg;
	ts_diag_format(diag, line, sizeof(line));
	if (diag->severity == TS_ERROR)
		log_err("typosink: %s", line);
	else if (diag->severity == TS_WARNING)
		log_warn("typosink: %s", line);
	else
		log_info("typosink: %s", line);
}

/* --- callbacks around replies */

static inplace_cb_reply_func_type reply_cb, cache_cb;
static inplace_cb_query_response_func_type response_cb;

static int reply_cb(struct query_info *qinfo, struct module_qstate *q, struct reply_info *rep,
	int rcode, struct edns_data *edns, struct edns_option **opts, struct comm_reply *to,
	struct regional *region, struct timeval *start, int id, void *arg)
{
	(void)rep, (void)rcode, (void)edns, (void)start, (void)id;
	if (q)
		ts_query_reply(arg, q, qinfo, to, opts, region);
	return 1;
}

static int cache_cb(struct query_info *qinfo, struct module_qstate *q, struct reply_info *rep,
	int rcode, struct edns_data *edns, struct edns_option **opts, struct comm_reply *to,
	struct regional *region, struct timeval *start, int id, void *arg)
{
	ts_module_t *m = arg;
	(void)q, (void)rcode, (void)edns, (void)opts, (void)region, (void)id;
	/* At every cache hit of the resolver: one look at one word where nothing is observed. */
	if (atomic_load_explicit(m->observing, memory_order_relaxed) && rep && to && start)
		ts_query_cached(m, qinfo, rep, to, start->tv_sec);
	return 1;
}

static int response_cb(struct module_qstate *q, struct dns_msg *response, int id, void *arg)
{
	(void)id;
	ts_query_response(arg, q, response);
	return 1;
}

static const struct callback {
	enum inplace_cb_list_type type;
	void (*fn)(void);
} callbacks[] = {
	{inplace_cb_reply, (void (*)(void))reply_cb},
	{inplace_cb_reply_servfail, (void (*)(void))reply_cb},
	{inplace_cb_reply_cache, (void (*)(void))cache_cb},
	{inplace_cb_query_response, (void (*)(void))response_cb},
};
#define CALLBACKS (sizeof(callbacks) / sizeof(callbacks[0]))

/* --- life */

const char *ts_path_in_chroot(const struct config_file *cfg, const char *path)
{
	size_t len = cfg->chrootdir ? strlen(cfg->chrootdir) : 0;
	while (len > 0 && cfg->chrootdir[len - 1] == '/')
		len--;
	if (len == 0 || !path || strncmp(path, cfg->chrootdir, len) != 0 || path[len] != '/')
		return path;
	return path + len;
}

static void read_conf(ts_module_t *m)
{
	const char *path = getenv("TYPOSINK_CONF");
	if (!path)
		path = SYSCONFDIR "/typosink.conf";
	path = ts_path_in_chroot(m->env->cfg, path);
	ts_conf_init(&m->conf);
	if (ts_conf_read(&m->conf, path, &m->report) != TS_OK)
		log_err("typosink: %s is not as it should be: going on with what was good in it",
			path);
	m->state_dir = ts_path_in_chroot(m->env->cfg, m->conf.state_dir);
	if (m->conf.rhsbl_zone && ts_name_from_text(&m->rhsbl_zone, m->conf.rhsbl_zone,
					  strlen(m->conf.rhsbl_zone), NULL) != TS_OK)
		m->rhsbl_zone.len = 0; /* checked when it was read */
}

/* What ts_cache_purge must know: see there. Unbound's main thread, which is not serving now. */
static void note_paused(ts_module_t *m)
{
	struct sigaction hup, term;
	if (sigaction(SIGHUP, NULL, &hup) == 0 && sigaction(SIGTERM, NULL, &term) == 0 &&
		hup.sa_handler != SIG_DFL && hup.sa_handler != SIG_IGN &&
		hup.sa_handler == term.sa_handler)
		m->paused = hup.sa_handler;
}

static void read_client_key(ts_module_t *m, uint8_t *key, size_t size)
{
	const char *path = m->conf.alert_client_key_file;
	size_t got = 0;
	FILE *f = path ? fopen(ts_path_in_chroot(m->env->cfg, path), "rb") : NULL;
	if (f) {
		got = fread(key, 1, size, f);
		fclose(f);
	}
	if (got < 16 && m->conf.alert_client == TS_ALERT_CLIENT_HASH) {
		/* Rather a key that nobody has than none. */
		log_warn("typosink: %s: no key of 16 octets or more to hash client addresses "
			 "with; using a random one until the next start",
			path ? path : "alert-client-key-file");
		if (getrandom(key, size, 0) != (ssize_t)size)
			memset(key, 0, size);
	}
}

static void start_pipeline(ts_module_t *m)
{
	char hostname[HOST_NAME_MAX + 1] = "";
	(void)gethostname(hostname, sizeof(hostname) - 1);
	ts_pipeline_options_t options = {
		.alert_file = ts_path_in_chroot(m->env->cfg, m->conf.alert_file),
		.metrics_file = ts_path_in_chroot(m->env->cfg, m->conf.metrics_file),
		.state_dir = m->state_dir,
		.hostname = hostname,
		.queue = m->conf.alert_queue,
		.window = m->conf.alert_window,
		.table = m->conf.alert_clients_max,
		.client = m->conf.alert_client,
		.report = m->report,
	};
	read_client_key(m, options.client_key, sizeof(options.client_key));
	int err = ts_pipeline_new(&options, &m->pipeline);
	if (err != TS_OK) {
		m->pipeline = NULL;
		log_err("typosink: no alerts in this run: %s", ts_strerror(err));
	}
}

static void module_free(ts_module_t *m)
{
	if (!m)
		return;
	ts_watcher_free(m->watcher); /* joins its thread; submits events until then */
	ts_pipeline_free(m->pipeline);
	ts_readers_free(m->readers);
	ts_quiet_free(m->quiet);
	ts_conf_release(&m->conf);
	free(m->status_clients);
	free(m);
}

int init(struct module_env *env, int id)
{
	char why[512];
	if (!ts_host_matches(env, why, sizeof(why))) {
		/* To stay loaded without touching the foreign structures is impossible: every query
		 * would hang. Unbound says that init failed, and ends. */
		log_err("typosink: %s", why);
		return 0;
	}

	struct dynlibmod_env *de = env->modinfo[id];
	ts_module_t *m = calloc(1, sizeof(*m));
	if (!m)
		goto fail;
	m->env = env;
	m->id = id;
	m->report = (ts_reporter_t){to_log, NULL};
	read_conf(m);
	if (getrandom(&m->seed, sizeof(m->seed), 0) != (ssize_t)sizeof(m->seed))
		m->seed = (uint64_t)time(NULL) << 20 ^ (uint64_t)(uintptr_t)m;
	note_paused(m);
	if (ts_status_clients(m) != TS_OK)
		goto fail;
	m->readers = ts_readers_new();
	m->quiet = ts_quiet_new(m->seed);
	if (!m->readers || !m->quiet)
		goto fail;
	m->generation = ts_readers_generation(m->readers);
	m->observing = ts_readers_observing(m->readers);
	start_pipeline(m);
	if (ts_watcher_new(m, &m->watcher) != TS_OK)
		goto fail;
	for (size_t i = 0; i < CALLBACKS; i++)
		if (!de->inplace_cb_register_wrapped(
			    (void *)(uintptr_t)callbacks[i].fn, callbacks[i].type, m, env, id))
			goto fail;
	de->dyn_env = m;
	return 1;

fail:
	log_err("typosink: out of memory");
	module_free(m);
	return 0;
}

void deinit(struct module_env *env, int id)
{
	struct dynlibmod_env *de = env->modinfo[id];
	if (!de || !de->dyn_env)
		return;
	for (size_t i = 0; i < CALLBACKS; i++)
		de->inplace_cb_delete_wrapped(env, callbacks[i].type, id);
	module_free(de->dyn_env);
	de->dyn_env = NULL;
}

void operate(struct module_qstate *q, enum module_ev event, int id, struct outbound_entry *outbound)
{
	ts_module_t *m = ts_module_of(q->env, id);
	(void)outbound;
	switch (event) {
	case module_event_new:
	case module_event_pass:
		q->ext_state[id] = ts_query_start(m, q);
		break;
	case module_event_moddone:
		q->ext_state[id] = ts_query_done(m, q);
		break;
	default:
		q->ext_state[id] = module_error;
	}
}

void inform_super(struct module_qstate *q, int id, struct module_qstate *super)
{
	ts_query_inform(ts_module_of(q->env, id), q, super);
}

void clear(struct module_qstate *q, int id)
{
	if (q->minfo[id])
		ts_query_clear(ts_module_of(q->env, id), q);
}

size_t get_mem(struct module_env *env, int id)
{
	const ts_module_t *m = ts_module_of(env, id);
	if (!m)
		return 0;
	return sizeof(*m) + m->status_count * sizeof(*m->status_clients) +
	       ts_watcher_memory(m->watcher) + ts_quiet_memory(m->quiet) +
	       (m->pipeline ? ts_pipeline_memory(m->pipeline) : 0);
}
