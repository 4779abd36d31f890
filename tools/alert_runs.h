/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alert_runs: the runs of a module that alert files tell of, and which sequence numbers of each
 * were seen. Memory grows with the holes, not with the events; files may come in any order, and
 * lines more than once.
 */
#ifndef TS_ALERT_RUNS_H
#define TS_ALERT_RUNS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct alert_span {
	uint64_t first, last;
} alert_span_t;

typedef struct alert_run {
	char host[256], boot[64];
	alert_span_t *spans; /* what was seen: ascending, with a hole between any two */
	size_t count, room;
	uint64_t twice; /* events that had been seen before */
	int64_t lost;   /* told by its own loss events */
	bool started, stopped;
	/* What its start said about the run before it. */
	bool has_previous, previous_clean;
	char previous[64];
	uint64_t previous_sequence;
	int64_t unwritten_max;
} alert_run_t;

/* All zero: none. */
typedef struct alert_runs {
	alert_run_t *runs;
	size_t count;
} alert_runs_t;

/** \return 1: a new event; 0: it was there before; TS_ENOMEM. */
int alert_runs_note(alert_runs_t *runs, const json_t *event);
void alert_runs_release(alert_runs_t *runs);

/** Numbers between the first and the last seen that were not seen. */
uint64_t alert_run_missing(const alert_run_t *run);
/** The run whose start tells of this one; NULL: none is known. */
const alert_run_t *alert_run_next(const alert_runs_t *runs, const alert_run_t *run);
/** Numbers behind the last seen that the next run knows were given out. next: may be NULL. */
uint64_t alert_run_tail(const alert_run_t *run, const alert_run_t *next);
/** Whether nothing is missing, as far as can be told. next: may be NULL. */
bool alert_run_whole(const alert_run_t *run, const alert_run_t *next);

#endif
