/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pipeline: from the worker that answered a query to a line in a file. Any number of threads may
 * submit; none of them ever blocks, takes a lock or makes a system call. One writer thread (all
 * signals blocked), owned by the pipeline, aggregates, encodes and writes.
 */
#ifndef TS_ALERT_PIPELINE_H
#define TS_ALERT_PIPELINE_H

#include "event.h"

typedef struct ts_pipeline ts_pipeline_t;

typedef struct ts_pipeline_options {
	const char *alert_file;   /* NULL: count only */
	const char *metrics_file; /* NULL: none */
	const char *state_dir;    /* NULL: no memory of the previous run */
	const char *hostname;     /* observer.hostname */
	unsigned queue;           /* events; rounded up to a power of two */
	unsigned window;          /* seconds over which repeats are counted; 0: no aggregation */
	unsigned table;           /* entries of the table of repeats */
	unsigned client;          /* ts_alert_client_t */
	uint8_t client_key[32];   /* for TS_ALERT_CLIENT_HASH */
	ts_reporter_t report;     /* called from the writer thread */
} ts_pipeline_options_t;

/** Numbers since start; read without stopping anything. */
typedef struct ts_pipeline_stats {
	uint64_t submitted, dropped, suppressed, written, failed_writes;
	uint64_t queue_depth, queue_high_water;
} ts_pipeline_stats_t;

/**
 * Starts the writer. A file that cannot be opened is no error: it is reported, tried again and
 * counted.
 * \return TS_OK, TS_ENOMEM, TS_EIO (no thread).
 */
TS_MUST_CHECK int ts_pipeline_new(
	const ts_pipeline_options_t *options, ts_pipeline_t **out) TS_NONNULL_ALL;

/** Takes a copy of the event into the queue, or counts it as dropped. Any thread. */
void ts_pipeline_submit(ts_pipeline_t *pipeline, const ts_event_t *event) TS_NONNULL_ALL;

void ts_pipeline_stats(const ts_pipeline_t *pipeline, ts_pipeline_stats_t *out) TS_NONNULL_ALL;

/** Drains the queue (bounded in time: 2 seconds), writes `stop`, joins the writer, frees. */
void ts_pipeline_free(ts_pipeline_t *pipeline);

/** Octets that the pipeline holds. */
size_t ts_pipeline_memory(const ts_pipeline_t *pipeline) TS_NONNULL_ALL;

#endif
