/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../src/index.h"
#include "../../src/typo/class_ids.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *protect, *typed, *class_name; /* NULL: not a typo */
	unsigned suffix, keep;
} rows[] = {
	{"example.com", "example.com", NULL, 0, 0},
	{"example.com", "exmple.com", "omission", 0, 0},
	{"example.com", "www.exmple.com", "omission", 1, 0},
	{"example.com", "exmaple.com", "transposition", 0, 0},
	{"example.com", "ex.ample.com", "dot-extra", 0, 0},
	{"example.com", "examplec.om", "dot-moved", 0, 0},
	{"mail.example.com", "mailexample.com", "dot-missing", 0, 0},
	{"mil", "army.ml", "tld-omission", 1, 0},
	{"mil", "us.army.mli", "tld-transposition", 2, 0},
	{"army.mil", "army.ml", "tld-omission", 0, 0},
	{"army.mil", "army.mil", NULL, 0, 0},
	{"army.mil", "navy.mil", NULL, 0, 0},
	{"example.com", "unrelated.org", NULL, 0, 0},
};

static void find__one_edit(void **state)
{
	const ts_index_options_t options = {42};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_name_t meant, typed;
		ts_index_t *index;
		ts_match_t match;

		assert_int_equal(
			ts_name_from_text(&meant, rows[i].protect, strlen(rows[i].protect), NULL),
			TS_OK);
		assert_int_equal(
			ts_name_from_text(&typed, rows[i].typed, strlen(rows[i].typed), NULL),
			TS_OK);
		ts_target_t target = {meant.wire, meant.len, false, 5000, ts_class_defaults()};
		assert_int_equal(ts_index_new(&target, 1, &options, &index), TS_OK);
		size_t found = ts_index_find(index, &typed, NULL, &match, 1);
		assert_row(rows[i].typed, found == (rows[i].class_name != NULL));
		if (found) {
			char why[TS_EXPLAIN_MAX];

			assert_row(rows[i].typed, strcmp(ts_class_get(match.class_id)->name,
							  rows[i].class_name) == 0);
			assert_row(rows[i].typed, match.suffix == rows[i].suffix);
			assert_row(rows[i].typed, match.keep == rows[i].keep);
			assert_true(ts_index_explain(
					    index, &typed, NULL, &match, why, sizeof(why)) > 10);
		}
		ts_index_free(index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find__one_edit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
