/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alert_fixture: a small policy and events about it, for the tests of the alert pipeline and the
 * commands that read what it writes. The policy is a real one, read by the real loader.
 */
#ifndef TS_TESTS_ALERT_FIXTURE_H
#define TS_TESTS_ALERT_FIXTURE_H

#include "../../src/alert/pipeline.h"

typedef struct fixture {
	char dir[64]; /* of the test's own; removed with what is in it */
	char alerts[96], metrics[96];
	ts_policy_t *policy; /* protects mil (id m1) and example.com (id m3); serial 2026112301 */
} fixture_t;

/** For cmocka_unit_test_setup_teardown: *state becomes a fixture_t. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/** An event as the module makes it: MX of `typo` from 192.0.2.25, sunk, with evidence listed. */
typedef struct fixture_event {
	ts_event_t event;
	ts_verdict_t verdict;
	uint8_t qname[TS_NAME_MAX], sinkhole[TS_NAME_MAX];
} fixture_event_t;

void fixture_event(const fixture_t *f, fixture_event_t *e, const char *typo, const char *protected,
	const char *class, const char *counterpart);
/** The contract's example: army.ml for army.mil. */
void fixture_army(const fixture_t *f, fixture_event_t *e);

/** The whole of a file, NUL-terminated, to be freed; NULL where it cannot be read. */
char *fixture_read(const char *path);

/** Waits (up to a minute, for a busy machine; looking every millisecond) until the condition holds.
 */
#define fixture_wait(condition)                                    \
	do {                                                       \
		unsigned tries_ = 0;                               \
		while (!(condition)) {                             \
			if (++tries_ > 60000)                      \
				fail_msg("never: %s", #condition); \
			fixture_pause();                           \
		}                                                  \
	} while (0)
void fixture_pause(void);

#endif
