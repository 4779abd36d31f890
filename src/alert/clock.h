/* SPDX-License-Identifier: BSD-3-Clause
 *
 * clock: the two clocks of the alert pipeline, which tests replace. Stamps come from the wall
 * clock, which may be set back; every waiting and every window from the monotonic one.
 */
#ifndef TS_ALERT_CLOCK_H
#define TS_ALERT_CLOCK_H

#include <stddef.h>
#include <stdint.h>

typedef struct ts_clock {
	int64_t (*wall_us)(void *arg); /* microseconds since the epoch */
	int64_t (*mono_us)(void *arg); /* microseconds, never back */
	void *arg;
} ts_clock_t;

extern const ts_clock_t ts_clock_system;

/** Room for ts_time_text. */
#define TS_TIME_TEXT_MAX 40

/** RFC 3339 in UTC with six decimals: "2026-11-23T19:01:14.482913Z". \return characters written. */
size_t ts_time_text(int64_t us, char buf[TS_TIME_TEXT_MAX]);

#endif
