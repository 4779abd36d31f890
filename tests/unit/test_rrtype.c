/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../src/rrtype.h"

#include <string.h>

static void type__there_and_back(void **state)
{
	char buf[TS_TYPE_TEXT_MAX];

	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		const char *name = ts_type_name((uint16_t)type, buf);

		assert_int_equal(ts_type_find(name, strlen(name)), type);
	}
	assert_string_equal(ts_type_name(15, buf), "MX");
	assert_string_equal(ts_type_name(65, buf), "HTTPS");
	assert_string_equal(ts_type_name(65535, buf), "TYPE65535");
}

static void find__any_case_and_garbage(void **state)
{
	static const struct {
		const char *word;
		int type;
	} rows[] = {
		{"mx", 15},
		{"Aaaa", 28},
		{"type257", 257},
		{"TYPE65536", TS_ENOENT},
		{"TYPE", TS_ENOENT},
		{"TYPE1x", TS_ENOENT},
		{"TYPE000001", TS_ENOENT},
		{"", TS_ENOENT},
		{"M", TS_ENOENT},
		{"MXX", TS_ENOENT},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_row(rows[i].word,
			ts_type_find(rows[i].word, strlen(rows[i].word)) == rows[i].type);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(type__there_and_back),
		cmocka_unit_test(find__any_case_and_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
