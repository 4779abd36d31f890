/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../src/typo/class.h"
#include "../../src/typo/class_ids.h"

#include <string.h>

static void table__rows_are_whole(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ts_class_count(); i++) {
		const ts_class_t *c = ts_class_get(i);

		assert_non_null(c->name);
		assert_row(c->name, c->oneline && c->typed && c->intended);
		assert_row(
			c->name, strspn(c->name, "abcdefghijklmnopqrstuvwxyz-") == strlen(c->name));
		assert_row(c->name, ts_class_find(c->name, strlen(c->name)) == (int)i);
	}
	assert_int_equal(ts_class_find("omissio", 7), TS_ENOENT);
	assert_int_equal(ts_class_find("omissionx", 8), TS_CLASS_OMISSION);
}

static void defaults__leave_out_the_noisy_ones(void **state)
{
	ts_class_set_t set = ts_class_defaults();

	(void)state;
	assert_true(set & TS_CLASS_BIT(TS_CLASS_DECLARED));
	assert_true(set & TS_CLASS_BIT(TS_CLASS_OMISSION));
	assert_false(set & TS_CLASS_BIT(TS_CLASS_BIT_FLIP));
	assert_false(set & TS_CLASS_BIT(TS_CLASS_COMBOSQUAT));
	assert_false(set & TS_CLASS_BIT(TS_CLASS_SOUNDSQUAT));
	assert_int_equal(ts_class_not_for_suffixes() & ~set, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table__rows_are_whole),
		cmocka_unit_test(defaults__leave_out_the_noisy_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
