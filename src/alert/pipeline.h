/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pipeline: from the worker that answered a query to a line in a file. Any number of threads may
 * submit; none of them ever blocks, takes a lock or makes a system call. One writer thread (all
 * signals blocked), owned by the pipeline, aggregates, encodes and writes.
 *
 * Nobody wakes the writer: it looks into the queue every millisecond while there is something to
 * do, and every 25 ms when there has been nothing for a while. That is the delay of an alert.
 *
 * A thread does not survive fork(): whoever forks workers makes the pipeline in the child, and a
 * process that inherits one must neither use nor free it. Several processes may append to one
 * alert file, each with a boot_id of its own; each then needs a state_dir of its own.
 */
#ifndef TS_ALERT_PIPELINE_H
#define TS_ALERT_PIPELINE_H

#include "clock.h"
#include "event.h"

/** Fit for most resolvers; `alert-queue`, `alert-window`, `alert-table` of typosink.conf. */
#define TS_ALERT_QUEUE 16384 /* 4 MiB */
#define TS_ALERT_WINDOW 60
#define TS_ALERT_TABLE 65536

typedef struct ts_pipeline ts_pipeline_t;

typedef struct ts_pipeline_options {
	/* All strings are copied. Zero in a number: its default, but window 0 means what it says.
	 */
	const char *alert_file;   /* NULL: count only */
	const char *metrics_file; /* NULL: none */
	const char *state_dir;    /* NULL: no memory of the previous run */
	const char *hostname;     /* observer.hostname */
	unsigned queue;  /* events of 256 octets (an usual one); rounded up to a power of 2 */
	unsigned window; /* seconds over which repeats are counted; 0: no aggregation */
	unsigned table;  /* entries of the table of repeats */
	unsigned client; /* ts_alert_client_t */
	uint8_t client_key[32];  /* for TS_ALERT_CLIENT_HASH */
	ts_reporter_t report;    /* called from the writer thread */
	const ts_clock_t *clock; /* NULL: the system's; borrowed */
} ts_pipeline_options_t;

/** Numbers since start; read without stopping anything. */
typedef struct ts_pipeline_stats {
	uint64_t submitted;     /* by workers; dropped ones included */
	uint64_t dropped;       /* at a full queue */
	uint64_t suppressed;    /* repeats that were counted instead of written one by one */
	uint64_t discarded;     /* lines that found no room while the file could not be written */
	uint64_t written;       /* lines in the file, those of the pipeline itself included */
	uint64_t failed_writes; /* attempts that failed */
	uint64_t queue_depth, queue_high_water; /* events */
} ts_pipeline_stats_t;

/**
 * Starts the writer. A file that cannot be opened is no error: it is reported, tried again and
 * counted.
 * \return TS_OK, TS_ENOMEM, TS_EIO (no thread).
 */
TS_MUST_CHECK int ts_pipeline_new(
	const ts_pipeline_options_t *options, ts_pipeline_t **out) TS_NONNULL_ALL;

/**
 * Takes a copy of the event into the queue, or counts it as dropped. Any thread. ALERT, RDATA and
 * POLICY only: the others are the pipeline's own.
 */
void ts_pipeline_submit(ts_pipeline_t *pipeline, const ts_event_t *event) TS_NONNULL_ALL;

void ts_pipeline_stats(const ts_pipeline_t *pipeline, ts_pipeline_stats_t *out) TS_NONNULL_ALL;

/**
 * Drains the queue (bounded in time: 2 seconds), reports what is still counted, writes `stop`,
 * joins the writer, frees. Nobody may submit any more. NULL is fine.
 */
void ts_pipeline_free(ts_pipeline_t *pipeline);

/** Octets that the pipeline holds. */
size_t ts_pipeline_memory(const ts_pipeline_t *pipeline) TS_NONNULL_ALL;

#endif
