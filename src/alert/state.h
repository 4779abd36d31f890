/* SPDX-License-Identifier: BSD-3-Clause
 *
 * state: what a run remembers of the one before it: one line of fixed length in
 * STATE-DIR/alerts.state, rewritten in place before each batch of events. It always says at least
 * what the alert file has, so that a consumer can tell what a kill has cost.
 */
#ifndef TS_ALERT_STATE_H
#define TS_ALERT_STATE_H

#include "encode.h"

typedef struct ts_state {
	int fd; /* -1: none */
	uint64_t unwritten_max;
} ts_state_t;

/**
 * Opens or makes the file and reads what it says. What makes no sense counts as no memory.
 * \return TS_OK; TS_EIO: errno says why; then there is no state.
 */
TS_MUST_CHECK int ts_state_open(ts_state_t *state, const char *dir, uint64_t unwritten_max,
	ts_previous_run_t *previous) TS_NONNULL_ALL;
void ts_state_close(ts_state_t *state) TS_NONNULL_ALL;

/** Notes the last sequence number given out. \return TS_OK, TS_EIO. */
TS_MUST_CHECK int ts_state_note(
	ts_state_t *state, const char *boot_id, uint64_t sequence, bool clean) TS_NONNULL_ALL;

#endif
