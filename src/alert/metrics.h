/* SPDX-License-Identifier: BSD-3-Clause
 *
 * metrics: counters in Prometheus' text format, in a file that is replaced whole (write beside it,
 * rename): node_exporter's textfile convention. The writer's thread only.
 */
#ifndef TS_ALERT_METRICS_H
#define TS_ALERT_METRICS_H

#include "pipeline.h"
#include "record.h"

typedef struct ts_metrics ts_metrics_t;

/** \return NULL: out of memory. */
ts_metrics_t *ts_metrics_new(const uint8_t key[16]);
void ts_metrics_free(ts_metrics_t *metrics);

/** Counts a look-up, or notes a policy's state. */
void ts_metrics_see(ts_metrics_t *metrics, const ts_record_t *record) TS_NONNULL_ALL;

/** What the file says beside the counters. */
typedef struct ts_metrics_run {
	ts_pipeline_stats_t stats;
	const char *boot_id;
	int64_t start_us, now_us; /* wall clock */
	uint64_t queue_capacity;  /* events */
	size_t repeats;           /* entries in the table */
	bool writable;            /* the last write of the alert file went well */
	bool running;
} ts_metrics_run_t;

/** Replaces the file. \return TS_OK; TS_ENOMEM, TS_ERANGE (path too long), TS_EIO (errno). */
TS_MUST_CHECK int ts_metrics_write(
	const ts_metrics_t *metrics, const ts_metrics_run_t *run, const char *path) TS_NONNULL_ALL;

#endif
