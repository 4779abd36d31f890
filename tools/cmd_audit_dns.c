/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A job is a name in flight. What an answer makes necessary is asked behind ub_process(), never in
 * a callback of it.
 */
#include "config.h"

#include "cmd_audit_dns.h"

#include "command.h"
#include "../src/policy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unbound.h>

#define TICK_MS 250

struct job;

struct question {
	struct job *job;
	enum audit_type type;
};

struct job {
	struct run *run;
	audit_name_t *name; /* NULL: free */
	struct job *next;   /* in run->ready or run->idle */
	unsigned pending;
	struct question questions[AUDIT_TYPES];
};

struct run {
	const audit_dns_options_t *options;
	struct ub_ctx *ctx;
	struct job *jobs, *idle, *ready;
	size_t in_flight;
	bool no_memory;
};

static const int rrtypes[AUDIT_TYPES] = {
	[AUDIT_MX] = TS_TYPE_MX,
	[AUDIT_A] = TS_TYPE_A,
	[AUDIT_AAAA] = TS_TYPE_AAAA,
	[AUDIT_NS] = TS_TYPE_NS,
};

/* ---- records as text ---- */

/* Whoever owns the name has chosen these octets. \return false: no rdata of that type. */
static bool rdata_text(
	enum audit_type type, const uint8_t *rdata, size_t len, char out[TS_NAME_TEXT_MAX + 8])
{
	size_t skip = type == AUDIT_MX ? 2 : 0, n = 0;
	ts_name_t name;

	if (type == AUDIT_A || type == AUDIT_AAAA) {
		if (len != (type == AUDIT_A ? 4 : 16))
			return false;
		return inet_ntop(type == AUDIT_A ? AF_INET : AF_INET6, rdata, out, 64) != NULL;
	}
	if (len <= skip || ts_name_from_wire(&name, rdata + skip, len - skip) != TS_OK)
		return false;
	if (type == AUDIT_MX)
		n = (size_t)sprintf(out, "%u:", rdata[0] << 8 | rdata[1]);
	ts_name_to_text(name.wire, out + n, TS_NAME_TEXT_MAX);
	return true;
}

static int compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that a run gives what the one before gave. NULL: no memory. */
static char *records_text(enum audit_type type, const struct ub_result *result)
{
	char *texts[AUDIT_RECORDS_MAX], buf[TS_NAME_TEXT_MAX + 8], *all = NULL;
	size_t count = 0, more = 0, size = 0;
	FILE *out = open_memstream(&all, &size);

	for (size_t i = 0; out && result->havedata && result->data[i]; i++) {
		if (!rdata_text(
			    type, (const uint8_t *)result->data[i], (size_t)result->len[i], buf))
			continue;
		if (count == AUDIT_RECORDS_MAX) {
			more++;
			continue;
		}
		texts[count] = strdup(buf);
		if (texts[count])
			count++;
	}
	if (count)
		qsort(texts, count, sizeof(*texts), compare_texts);
	for (size_t i = 0; i < count; i++) {
		fprintf(out, "%s%s", i ? " " : "", texts[i]);
		free(texts[i]);
	}
	if (more)
		fprintf(out, " +%zu", more);
	if (!out || fclose(out) != 0) {
		free(all);
		return NULL;
	}
	return all;
}

/* ---- questions and answers ---- */

static void answered(void *arg, int err, struct ub_result *result);

static void ask(struct job *job, enum audit_type type)
{
	struct question *q = &job->questions[type];

	*q = (struct question){job, type};
	job->pending++;
	int err = ub_resolve_async(
		job->run->ctx, job->name->text, rrtypes[type], TS_CLASS_IN, q, answered, NULL);
	if (err)
		answered(q, err, NULL);
}

static void finish(struct job *job)
{
	struct run *run = job->run;

	run->options->done(run->options->arg, job->name);
	job->name = NULL;
	job->next = run->idle;
	run->idle = job;
	run->in_flight--;
}

static void answered(void *arg, int err, struct ub_result *result)
{
	struct question *q = arg;
	struct job *job = q->job;
	audit_name_t *name = job->name;
	bool good = !err && result && !result->bogus && (result->rcode == 0 || result->rcode == 3);

	job->pending--;
	if (!good)
		name->records[q->type] = strdup("?");
	else
		name->records[q->type] = records_text(q->type, result);
	if (!name->records[q->type])
		job->run->no_memory = true;
	if (q->type == AUDIT_MX)
		name->status = !good              ? AUDIT_FAILED
			       : result->nxdomain ? AUDIT_ABSENT
						  : AUDIT_EXISTS;
	if (job->pending == 0) {
		job->next = job->run->ready;
		job->run->ready = job;
	}
	ub_resolve_free(result);
}

/* Jobs all of whose answers are there: the next question, or the end. */
static void go_on(struct run *run)
{
	while (run->ready) {
		struct job *job = run->ready;

		run->ready = job->next;
		if (job->name->status == AUDIT_EXISTS && !job->name->records[AUDIT_NS]) {
			job->pending++; /* until all are asked */
			for (int type = AUDIT_MX + 1; type < AUDIT_TYPES; type++)
				ask(job, (enum audit_type)type);
			if (--job->pending == 0)
				finish(job);
		} else {
			finish(job);
		}
	}
}

static void start(struct run *run, audit_name_t *name)
{
	struct job *job = run->idle;

	run->idle = job->next;
	run->in_flight++;
	job->name = name;
	job->pending = 0;
	ask(job, AUDIT_MX);
}

/* ---- the run ---- */

static int set_up(struct run *run)
{
	static const char *const settings[][2] = {
		{"do-not-query-localhost:", "no"}, /* --forward may name a resolver beside us */
		{"module-config:", "iterator"},
	};
	const audit_dns_options_t *o = run->options;
	int err = 0;

	run->ctx = ub_ctx_create();
	if (!run->ctx) {
		command_warn("libunbound cannot be set up: %s", strerror(errno));
		return EXIT_TROUBLE;
	}
	ub_ctx_debugout(run->ctx, NULL);
	for (size_t i = 0; i < (o->trust_anchor ? 1 : 2) && !err; i++)
		err = ub_ctx_set_option(run->ctx, settings[i][0], settings[i][1]);
	if (!err && o->trust_anchor)
		err = ub_ctx_add_ta_file(run->ctx, o->trust_anchor);
	for (size_t i = 0; o->forward[i] && !err; i++)
		err = ub_ctx_set_fwd(run->ctx, o->forward[i]);
	if (!err)
		err = ub_ctx_async(run->ctx, 1);
	if (err) {
		command_warn("libunbound cannot be set up: %s", ub_strerror(err));
		return EXIT_TROUBLE;
	}
	return EXIT_OK;
}

static int loop(struct run *run, audit_name_t *names, size_t count)
{
	struct pollfd fd = {.fd = ub_fd(run->ctx), .events = POLLIN};
	sigset_t none;
	size_t next = 0;
	const struct timespec wait = {.tv_nsec = TICK_MS * 1000000L};

	/* Signals are blocked but here, so that none comes between a look and the wait. */
	sigemptyset(&none);
	for (;;) {
		while (run->in_flight < run->options->parallel && next < count) {
			if (names[next].status == AUDIT_TODO)
				start(run, &names[next]);
			next++;
		}
		go_on(run);
		if (run->no_memory) {
			command_warn("out of memory");
			return EXIT_TROUBLE;
		}
		if (!run->options->tick(run->options->arg))
			return EXIT_OK;
		if (!run->in_flight && next == count)
			return EXIT_OK;
		if (!run->in_flight)
			continue;
		int n = ppoll(&fd, 1, &wait, &none);
		if (n < 0 && errno != EINTR) {
			command_warn("poll: %s", strerror(errno));
			return EXIT_TROUBLE;
		}
		int err = n > 0 ? ub_process(run->ctx) : 0;
		if (err) {
			command_warn("libunbound: %s", ub_strerror(err));
			return EXIT_TROUBLE;
		}
	}
}

int audit_dns_run(const audit_dns_options_t *options, audit_name_t *names, size_t count)
{
	struct run run = {.options = options};
	int code = EXIT_TROUBLE;

	run.jobs = calloc(options->parallel, sizeof(*run.jobs));
	if (!run.jobs) {
		command_warn("out of memory");
		return EXIT_TROUBLE;
	}
	for (size_t i = 0; i < options->parallel; i++) {
		run.jobs[i].run = &run;
		run.jobs[i].next = run.idle;
		run.idle = &run.jobs[i];
	}
	code = set_up(&run);
	if (code == EXIT_OK)
		code = loop(&run, names, count);
	if (run.ctx)
		ub_ctx_delete(run.ctx);
	/* What was in flight is as if it had not been asked. */
	for (size_t i = 0; i < options->parallel; i++) {
		audit_name_t *name = run.jobs[i].name;

		for (int type = 0; name && type < AUDIT_TYPES; type++) {
			free(name->records[type]);
			name->records[type] = NULL;
		}
		if (name)
			name->status = AUDIT_TODO;
	}
	free(run.jobs);
	return code;
}
