/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Names of the real world (the shared test data; without it these tests are skipped, and say so):
 * what a typo filter once blocked passes, and every incident that became known is caught. Other
 * figures about real names are measured, not asserted: tests/quality.
 */
#include "unit.h"

#include "../quality/data.h"

#include <string.h>

static bool is_found(const ts_targets_t *targets, const char *text)
{
	ts_index_t *index = ts_targets_index(targets);
	ts_name_t name;
	ts_match_t m;

	assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
	bool found =
		!ts_targets_cover(targets, &name) && ts_index_find(index, &name, NULL, &m, 1) == 1;
	ts_index_free(index);
	return found;
}

/* Each row of file, whose second field is protected and nothing else: found, or not? */
static void each_alone(const char *file, bool want)
{
	ts_rows_t rows = ts_data_read(file, true);
	unsigned asked = 0;

	for (size_t i = 0; i < rows.count; i++) {
		const char *meant = ts_data_field(rows.line[i], 1);
		ts_targets_t targets = {0};

		if (!*meant)
			continue;
		ts_targets_add(&targets, meant, false);
		assert_row(rows.line[i], is_found(&targets, rows.line[i]) == want);
		ts_targets_free(&targets);
		asked++;
	}
	assert_true(asked > 3);
	ts_data_free(&rows);
}

static void incidents__are_caught(void **state)
{
	(void)state;
	if (!ts_data_dir())
		skip();
	each_alone("known_incidents.csv", true);
}

static void false_positives__pass_beside_their_target(void **state)
{
	(void)state;
	if (!ts_data_dir())
		skip();
	each_alone("real_false_positives.csv", false);
}

static void false_positives__pass_a_policy_of_providers(void **state)
{
	ts_targets_t targets = {0};

	(void)state;
	if (!ts_data_dir())
		skip();
	ts_rows_t rows = ts_data_read("real_false_positives.csv", true);
	ts_rows_t providers = ts_data_read("mail_providers.txt", false);
	for (size_t i = 0; i < providers.count; i++)
		ts_targets_add(&targets, providers.line[i], false);
	assert_true(targets.count > 40);
	assert_true(is_found(&targets, "gmial.com"));
	for (size_t i = 0; i < rows.count; i++)
		assert_row(rows.line[i], !is_found(&targets, rows.line[i]));
	ts_targets_free(&targets);
	ts_data_free(&providers);
	ts_data_free(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(incidents__are_caught),
		cmocka_unit_test(false_positives__pass_beside_their_target),
		cmocka_unit_test(false_positives__pass_a_policy_of_providers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
