/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The writer's turn: take what is in the queue (repeats are counted, the rest becomes lines in a
 * buffer), end the windows that are over, say what was lost, write the buffer, sleep.
 *
 * While the file cannot be written the buffer keeps lines until it is full; what comes then is
 * discarded and counted. A line gets its sequence number when it enters the buffer and never leaves
 * it but into the file, so numbers have no holes; what was dropped or discarded never had one, and
 * the `loss` event says how many there were.
 */
#include "config.h"

#include "pipeline.h"

#include "encode.h"
#include "logfile.h"
#include "metrics.h"
#include "record.h"
#include "repeats.h"
#include "ring.h"
#include "state.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#define OCTETS_PER_EVENT 256
#define BUFFER_SIZE (1024 * 1024)
#define OWN_ROOM (3 * TS_ALERT_LINE_MAX) /* of it, for the pipeline's own events */
#define BATCH_SIZE (256 * 1024)          /* written once this much is there */
#define WAIT_MIN_US 1000
#define WAIT_MAX_US 25000
#define RETRY_MIN_US 50000 /* after a failed write, doubling */
#define RETRY_MAX_US 1000000
#define LOSS_EVERY_US 1000000
#define DRAIN_MAX_US 2000000
#define METRICS_EVERY_US 10000000

struct ts_pipeline {
	/* Workers and the writer. */
	ts_ring_t *ring;
	_Alignas(64) _Atomic uint64_t accepted;
	_Atomic uint64_t high_water;
	_Alignas(64) _Atomic uint64_t dropped;

	/* Written by the writer, read by all. */
	_Alignas(64) _Atomic uint64_t taken;
	_Atomic uint64_t suppressed, discarded, written, failed_writes;
	_Atomic size_t table_memory;

	/* The writer and the one who stops it. */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop; /* under lock */

	/* The writer's own. */
	const ts_clock_t *clock;
	ts_reporter_t report;
	char *alert_file, *metrics_file, *hostname;
	ts_encoder_t encoder;
	ts_repeats_t *repeats; /* NULL: no aggregation */
	ts_logfile_t file;
	ts_state_t state;
	bool state_failed;
	ts_previous_run_t previous;
	char *buffer;
	size_t len, lines;
	int64_t retry_at, retry_wait; /* monotonic; 0: the last write went well */
	int last_errno;
	bool astray;
	uint64_t dropped_told, discarded_told;
	int64_t loss_since, loss_told_at; /* wall, monotonic */
	ts_metrics_t *metrics;            /* NULL: none */
	uint64_t queue_capacity;
	int64_t start_us, metrics_at; /* wall, monotonic */
	bool metrics_failed;
};

static int64_t wall(const ts_pipeline_t *p)
{
	return p->clock->wall_us(p->clock->arg);
}

static int64_t mono(const ts_pipeline_t *p)
{
	return p->clock->mono_us(p->clock->arg);
}

/* Statistics that only the writer changes need no read-modify-write. */
static void add(_Atomic uint64_t *counter, uint64_t n)
{
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
		memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/* ---- workers ---- */

void ts_pipeline_submit(ts_pipeline_t *p, const ts_event_t *event)
{
	ts_record_plan_t plan;

	ts_record_plan(event, &plan);
	ts_record_t *record = ts_ring_reserve(p->ring, plan.size, event->kind == TS_EVENT_POLICY);
	if (!record) {
		atomic_fetch_add_explicit(&p->dropped, 1, memory_order_relaxed);
		return;
	}
	ts_record_pack(event, &plan, record);
	/* Counted before the commit: the writer never takes more than was accepted. */
	uint64_t n = atomic_fetch_add_explicit(&p->accepted, 1, memory_order_relaxed) + 1;
	ts_ring_commit(record);

	uint64_t depth = n - get(&p->taken);
	uint64_t high = get(&p->high_water);
	while ((int64_t)depth > (int64_t)high &&
		!atomic_compare_exchange_weak_explicit(
			&p->high_water, &high, depth, memory_order_relaxed, memory_order_relaxed))
		;
}

void ts_pipeline_stats(const ts_pipeline_t *p, ts_pipeline_stats_t *out)
{
	uint64_t taken = get(&p->taken);
	uint64_t accepted = get(&p->accepted);

	out->dropped = get(&p->dropped);
	out->submitted = accepted + out->dropped;
	out->suppressed = get(&p->suppressed);
	out->discarded = get(&p->discarded);
	out->written = get(&p->written);
	out->failed_writes = get(&p->failed_writes);
	out->queue_depth = accepted > taken ? accepted - taken : 0;
	out->queue_high_water = get(&p->high_water);
}

size_t ts_pipeline_memory(const ts_pipeline_t *p)
{
	return sizeof(*p) + ts_ring_memory(p->ring) + (p->buffer ? BUFFER_SIZE : 0) +
	       atomic_load_explicit(&p->table_memory, memory_order_relaxed);
}

/* ---- the writer ---- */

static void write_failed(ts_pipeline_t *p, int error, int64_t now)
{
	add(&p->failed_writes, 1);
	p->retry_wait = p->retry_wait == 0 ? RETRY_MIN_US : p->retry_wait * 2;
	if (p->retry_wait > RETRY_MAX_US)
		p->retry_wait = RETRY_MAX_US;
	p->retry_at = now + p->retry_wait;
	if (error == p->last_errno)
		return;
	p->last_errno = error;
	ts_report(&p->report, TS_ERROR, p->alert_file, 0, NULL,
		"alerts cannot be written: %s; they are kept as long as there is room",
		strerrordesc_np(error) ? strerrordesc_np(error) : "unknown error");
}

static void write_succeeded(ts_pipeline_t *p)
{
	if (p->retry_wait != 0 && p->last_errno != 0)
		ts_report(&p->report, TS_NOTE, p->alert_file, 0, NULL, "alerts are written again");
	p->retry_wait = p->retry_at = 0;
	p->last_errno = 0;
	if (p->file.astray && !p->astray)
		ts_report(&p->report, TS_WARNING, p->alert_file, 0, NULL,
			"the alert file was renamed and a new one cannot be made; the renamed "
			"one is written on");
	p->astray = p->file.astray;
}

static void note_state(ts_pipeline_t *p, bool clean)
{
	int ret = ts_state_note(&p->state, p->encoder.boot_id, p->encoder.sequence, clean);

	if (ret != TS_OK && !p->state_failed)
		ts_report(&p->report, TS_WARNING, "alerts.state", 0, NULL,
			"cannot be written: %s; the next start will not know where this run ended",
			strerrordesc_np(errno));
	p->state_failed = ret != TS_OK;
}

/* Writes what is in the buffer. force: although the last failure was a moment ago. */
static void flush(ts_pipeline_t *p, bool force)
{
	size_t done = 0, lines = 0;
	int64_t now;

	if (p->len == 0)
		return;
	now = mono(p);
	if (!force && now < p->retry_at)
		return;
	note_state(p, false);
	int ret = ts_logfile_write(&p->file, p->buffer, p->len, &done);
	int error = errno;
	if (done == p->len) {
		lines = p->lines;
	} else {
		for (const char *q = p->buffer; q < p->buffer + done; lines++)
			q = (const char *)memchr(q, '\n', (size_t)(p->buffer + done - q)) + 1;
	}
	memmove(p->buffer, p->buffer + done, p->len - done);
	p->len -= done;
	p->lines -= lines;
	add(&p->written, lines);
	if (ret == TS_OK)
		write_succeeded(p);
	else
		write_failed(p, error, now);
}

/* Puts a line into the buffer, or says that there is no room. */
static bool put(ts_pipeline_t *p, const ts_record_t *record, const ts_encode_extra_t *extra)
{
	bool own = !ts_record_is_alert(record);
	size_t room = own ? 0 : OWN_ROOM;

	if (!p->alert_file)
		return true;
	if (p->len >= BATCH_SIZE)
		flush(p, false);
	if (p->len + room + TS_ALERT_LINE_MAX > BUFFER_SIZE)
		return false;
	size_t n = ts_encode(
		&p->encoder, record, extra, wall(p), p->buffer + p->len, TS_ALERT_LINE_MAX);
	if (n == 0)
		return false;
	p->len += n;
	p->lines++;
	return true;
}

static void put_or_count(ts_pipeline_t *p, const ts_record_t *record,
	const ts_encode_extra_t *extra, uint64_t events)
{
	if (!put(p, record, extra))
		add(&p->discarded, events);
}

static void put_repeated(void *arg, const ts_repeated_t *repeated)
{
	ts_pipeline_t *p = arg;
	ts_encode_extra_t extra = {.repeated = repeated};

	put_or_count(p, repeated->record, &extra, repeated->count);
}

static void put_own(ts_pipeline_t *p, ts_event_kind_t kind, const ts_encode_extra_t *extra)
{
	ts_record_t record = {.kind = (uint8_t)kind, .time_us = wall(p), .ede = -1};

	record.size = sizeof(record);
	put_or_count(p, &record, extra, 1);
}

static void take(ts_pipeline_t *p, const ts_record_t *record, int64_t now)
{
	bool repeatable = ts_record_is_alert(record);

	if (p->metrics)
		ts_metrics_see(p->metrics, record);
	if (record->kind == TS_EVENT_POLICY)
		p->metrics_at = 0; /* operators look for it after a change */
	if (p->repeats && repeatable && !ts_repeats_see(p->repeats, record, now))
		add(&p->suppressed, 1);
	else
		put_or_count(p, record, NULL, 1);
}

/* Says what was lost, at most once a second, and only where it will soon be read. */
static void tell_losses(ts_pipeline_t *p, int64_t now, bool last)
{
	uint64_t dropped = get(&p->dropped), discarded = get(&p->discarded);

	if (dropped == p->dropped_told && discarded == p->discarded_told)
		return;
	if (p->loss_since == 0)
		p->loss_since = wall(p);
	if (!last && (p->retry_wait != 0 || now < p->loss_told_at + LOSS_EVERY_US))
		return;
	ts_record_t record = {.kind = TS_EVENT_LOSS, .time_us = wall(p), .ede = -1};
	record.size = sizeof(record);
	ts_encode_extra_t extra = {
		.dropped = dropped - p->dropped_told,
		.discarded = discarded - p->discarded_told,
		.since_us = p->loss_since,
	};
	if (!put(p, &record, &extra))
		return;
	ts_report(&p->report, TS_WARNING, p->alert_file, 0, NULL,
		"%" PRIu64 " events lost: %" PRIu64 " at a full queue, %" PRIu64
		" that could not be written",
		extra.dropped + extra.discarded, extra.dropped, extra.discarded);
	p->dropped_told = dropped;
	p->discarded_told = discarded;
	p->loss_since = 0;
	p->loss_told_at = now;
}

/* \return whether there was anything. deadline: monotonic. */
static bool drain(ts_pipeline_t *p, int64_t deadline)
{
	const ts_record_t *record;
	int64_t now = mono(p);
	bool any = false;

	/* Not for ever: a flood must not keep the windows, the losses and the stop waiting. */
	for (unsigned n = 0; (record = ts_ring_peek(p->ring)); n++) {
		if (n % 1024 == 1023 && (now = mono(p)) >= deadline)
			break;
		take(p, record, now);
		add(&p->taken, 1);
		ts_ring_release(p->ring);
		any = true;
	}
	if (p->repeats) {
		ts_repeats_expire(p->repeats, now);
		atomic_store_explicit(
			&p->table_memory, ts_repeats_memory(p->repeats), memory_order_relaxed);
	}
	return any;
}

static void write_metrics(ts_pipeline_t *p, int64_t now, bool running)
{
	if (!p->metrics || (running && now < p->metrics_at))
		return;
	p->metrics_at = now + METRICS_EVERY_US;
	ts_metrics_run_t run = {
		.boot_id = p->encoder.boot_id,
		.start_us = p->start_us,
		.now_us = wall(p),
		.queue_capacity = p->queue_capacity,
		.repeats = p->repeats ? ts_repeats_count(p->repeats) : 0,
		.writable = p->retry_wait == 0,
		.running = running,
	};
	ts_pipeline_stats(p, &run.stats);
	int ret = ts_metrics_write(p->metrics, &run, p->metrics_file);
	if (ret != TS_OK && !p->metrics_failed)
		ts_report(&p->report, TS_WARNING, p->metrics_file, 0, "metrics-file",
			"cannot be written: %s",
			ret == TS_EIO ? strerrordesc_np(errno) : ts_strerror(ret));
	p->metrics_failed = ret != TS_OK;
}

/* Sleeps up to us microseconds. \return whether the pipeline is to stop. */
static bool wait_for_stop(ts_pipeline_t *p, int64_t us)
{
	struct timespec until;
	bool stop;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)us * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&p->lock);
	while (!p->stop && pthread_cond_timedwait(&p->wake, &p->lock, &until) == 0)
		;
	stop = p->stop;
	pthread_mutex_unlock(&p->lock);
	return stop;
}

static void *writer(void *arg)
{
	ts_pipeline_t *p = arg;
	ts_encode_extra_t start = {.previous = &p->previous};
	int64_t pause = WAIT_MIN_US, end;

	pthread_setname_np(pthread_self(), "typosink-alerts");
	put_own(p, TS_EVENT_START, &start);
	do {
		int64_t now = mono(p);
		bool any = drain(p, now + LOSS_EVERY_US);
		tell_losses(p, now, false);
		flush(p, false);
		write_metrics(p, now, true);
		pause = any ? WAIT_MIN_US : pause * 2 > WAIT_MAX_US ? WAIT_MAX_US : pause * 2;
	} while (!wait_for_stop(p, pause));

	end = mono(p) + DRAIN_MAX_US;
	while (ts_ring_peek(p->ring) && mono(p) < end) {
		drain(p, end);
		flush(p, false);
	}
	/* What is left is lost, and counted as what did not get through the queue. */
	uint64_t left = get(&p->accepted) - get(&p->taken);
	if (left > 0)
		atomic_fetch_add_explicit(&p->dropped, left, memory_order_relaxed);
	if (p->repeats)
		ts_repeats_expire(p->repeats, INT64_MAX);
	flush(p, true);
	tell_losses(p, mono(p), true);
	put_own(p, TS_EVENT_STOP, NULL);
	flush(p, true);
	note_state(p, p->len == 0);
	write_metrics(p, 0, false);
	return NULL;
}

/* ---- life ---- */

static int start_thread(ts_pipeline_t *p)
{
	sigset_t all, old;

	/* The new thread inherits the mask: no moment at which a signal of the host's finds it. */
	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &old) != 0)
		return TS_EIO;
	int err = pthread_create(&p->thread, NULL, writer, p);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err == 0 ? TS_OK : TS_EIO;
}

static void pipeline_destroy(ts_pipeline_t *p)
{
	if (!p)
		return;
	ts_logfile_release(&p->file);
	ts_state_close(&p->state);
	ts_repeats_free(p->repeats);
	ts_ring_free(p->ring);
	free(p->buffer);
	ts_metrics_free(p->metrics);
	free(p->alert_file);
	free(p->metrics_file);
	free(p->hostname);
	pthread_cond_destroy(&p->wake);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* Never blocks: early in a boot there may be no entropy, and a resolver must start all the same. */
static void random_octets(void *out, size_t len)
{
	if (getrandom(out, len, GRND_NONBLOCK) == (ssize_t)len)
		return;
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	uint64_t seed = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	for (uint8_t *p = out; len-- > 0; seed = seed * UINT64_C(6364136223846793005) + 1)
		*p++ = (uint8_t)(seed >> 56);
}

static ts_pipeline_t *pipeline_alloc(void)
{
	ts_pipeline_t *p = aligned_alloc(_Alignof(ts_pipeline_t), sizeof(*p));
	pthread_condattr_t attr;

	if (!p)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->state.fd = -1;
	p->file.fd = -1;
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->wake, &attr);
	pthread_condattr_destroy(&attr);
	return p;
}

int ts_pipeline_new(const ts_pipeline_options_t *options, ts_pipeline_t **out)
{
	unsigned queue = options->queue ? options->queue : TS_ALERT_QUEUE;
	unsigned table = options->table ? options->table : TS_ALERT_TABLE;
	struct {
		uint64_t ulid_seed;
		uint32_t boot_id;
		uint8_t key[16];
	} random;
	ts_pipeline_t *p = pipeline_alloc();
	int ret = TS_ENOMEM;

	if (!p)
		return TS_ENOMEM;
	random_octets(&random, sizeof(random));
	p->clock = options->clock ? options->clock : &ts_clock_system;
	p->report = options->report;
	p->ring = ts_ring_new((size_t)queue * OCTETS_PER_EVENT);
	if (!p->ring)
		goto cleanup;
	if (options->window > 0) {
		p->repeats = ts_repeats_new(
			table, (int64_t)options->window * 1000000, random.key, put_repeated, p);
		if (!p->repeats)
			goto cleanup;
	}
	if (options->hostname && !(p->hostname = strdup(options->hostname)))
		goto cleanup;
	if (options->alert_file) {
		p->alert_file = strdup(options->alert_file);
		p->buffer = malloc(BUFFER_SIZE);
		if (!p->alert_file || !p->buffer)
			goto cleanup;
		ts_logfile_init(&p->file, p->alert_file);
	}
	if (options->metrics_file) {
		p->metrics_file = strdup(options->metrics_file);
		p->metrics = ts_metrics_new(random.key);
		if (!p->metrics_file || !p->metrics)
			goto cleanup;
	}
	p->queue_capacity = ts_ring_memory(p->ring) / OCTETS_PER_EVENT;
	p->start_us = wall(p);
	p->encoder.hostname = p->hostname;
	p->encoder.client = options->client;
	memcpy(p->encoder.client_key, options->client_key, sizeof(p->encoder.client_key));
	snprintf(p->encoder.boot_id, sizeof(p->encoder.boot_id), "%08" PRIx32, random.boot_id);
	ts_ulid_init(&p->encoder.ulid, random.ulid_seed);
	if (options->state_dir && options->alert_file &&
		ts_state_open(&p->state, options->state_dir, queue + BUFFER_SIZE / OCTETS_PER_EVENT,
			&p->previous) != TS_OK)
		ts_report(&p->report, TS_WARNING, options->state_dir, 0, "state-dir",
			"alerts.state cannot be used: %s; the start event will not know the run "
			"before it",
			strerrordesc_np(errno));
	ret = start_thread(p);
	if (ret != TS_OK)
		goto cleanup;
	*out = p;
	return TS_OK;
cleanup:
	pipeline_destroy(p);
	return ret;
}

void ts_pipeline_free(ts_pipeline_t *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pipeline_destroy(p);
}
