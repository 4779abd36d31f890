/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../module/quiet.h"

#include <stdio.h>
#include <string.h>

#define SEED 0x5eed5eed12345678u

static uint64_t key(const ts_quiet_t *quiet, const char *wire, uint16_t qtype, unsigned generation)
{
	return ts_quiet_key(quiet, (const uint8_t *)wire, strlen(wire) + 1, qtype, 1, generation);
}

/* Of equal length, so that length does not tell them apart. */
static void quiet__what_is_the_same(void **state)
{
	ts_quiet_t *quiet = ts_quiet_new(SEED);
	const char *name = "\3www\7example\3org";
	uint64_t k = key(quiet, name, 15, 1);

	(void)state;
	assert_non_null(quiet);
	assert_true(k == key(quiet, "\3wWw\7EXAMPLE\3oRg", 15, 1));
	assert_true(k != key(quiet, "\3www\7examqle\3org", 15, 1));
	assert_true(k != key(quiet, "\3www\7example\3ors", 15, 1));
	assert_true(k != key(quiet, "\3ww[\7example\3org", 15, 1));
	assert_true(key(quiet, "\3ww[\7example\3org", 15, 1) !=
		    key(quiet, "\3ww{\7example\3org", 15, 1));
	assert_true(key(quiet, "\3ww@\7example\3org", 15, 1) !=
		    key(quiet, "\3ww`\7example\3org", 15, 1));
	assert_true(k != key(quiet, name, 1, 1));
	assert_true(k != key(quiet, name, 15, 2));
	assert_true(k != ts_quiet_key(quiet, (const uint8_t *)name, strlen(name) + 1, 15, 3, 1));
	ts_quiet_t *other = ts_quiet_new(SEED + 2);
	assert_non_null(other);
	assert_true(k != key(other, name, 15, 1));
	ts_quiet_free(other);
	ts_quiet_free(quiet);
}

/* Far more than there is room for: nothing is ever taken for another, and the last one is there. */
static void quiet__overflow(void **state)
{
	ts_quiet_t *quiet = ts_quiet_new(SEED);
	unsigned kept = 0, wrong = 0;
	char wire[32];

	(void)state;
	assert_non_null(quiet);
	for (unsigned i = 0; i < 200000; i++) {
		snprintf(wire, sizeof(wire), "\7%07u\7example", i);
		uint64_t k = key(quiet, wire, 15, 1);

		wrong += ts_quiet_has(quiet, k);
		ts_quiet_add(quiet, k);
		assert_true(ts_quiet_has(quiet, k));
	}
	assert_int_equal(wrong, 0);
	for (unsigned i = 0; i < 200000; i++) {
		snprintf(wire, sizeof(wire), "\7%07u\7example", i);
		kept += ts_quiet_has(quiet, key(quiet, wire, 15, 1));
	}
	assert_true(kept > 30000 && kept * sizeof(uint64_t) <= ts_quiet_memory(quiet));
	ts_quiet_free(quiet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet__what_is_the_same),
		cmocka_unit_test(quiet__overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
