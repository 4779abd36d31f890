/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../src/namemap.h"

#include <stdio.h>
#include <string.h>

static ts_name_t name_of(const char *text)
{
	ts_name_t name;

	assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
	return name;
}

static void find__longest_suffix(void **state)
{
	static const struct {
		const char *name;
		bool found;
		uint32_t value;
		unsigned label;
	} rows[] = {
		{"mil", true, 1, 0},
		{"navy.mil", true, 1, 1},
		{"army.mil", true, 2, 0},
		{"mail.us.army.mil", true, 2, 2},
		{"army.ml", false, 0, 0},
		{"mil.army", false, 0, 0},
	};
	ts_namemap_t *map = ts_namemap_new(42);
	ts_name_t mil = name_of("mil"), army = name_of("army.mil");
	uint32_t value;
	unsigned label;

	(void)state;
	assert_non_null(map);
	assert_false(ts_namemap_find(map, &mil, 0, &value, &label));
	assert_int_equal(ts_namemap_add(map, mil.wire, mil.len, 1), TS_OK);
	assert_int_equal(ts_namemap_add(map, army.wire, army.len, 2), TS_OK);
	assert_int_equal(ts_namemap_add(map, army.wire, army.len, 3), TS_OK);
	assert_int_equal(ts_namemap_count(map), 2);
	for (size_t i = 0; i < countof(rows); i++) {
		ts_name_t n = name_of(rows[i].name);
		bool found = ts_namemap_find(map, &n, 0, &value, &label);

		assert_row(rows[i].name, found == rows[i].found);
		if (found)
			assert_row(rows[i].name, value == rows[i].value && label == rows[i].label);
	}
	/* Walking on from the longest to the next shorter one. */
	ts_name_t deep = name_of("us.army.mil");
	assert_true(ts_namemap_find(map, &deep, 0, &value, &label));
	assert_true(ts_namemap_find(map, &deep, label + 1, &value, &label));
	assert_int_equal(value, 1);
	assert_false(ts_namemap_find(map, &deep, label + 1, &value, &label));
	ts_namemap_free(map);
}

static void get__many(void **state)
{
	ts_namemap_t *map = ts_namemap_new(7);
	char text[64];
	uint32_t value;
	unsigned label;

	(void)state;
	for (uint32_t i = 0; i < 50000; i++) {
		snprintf(text, sizeof(text), "n%u.d%u.example", i, i % 97);
		ts_name_t n = name_of(text);
		assert_int_equal(ts_namemap_add(map, n.wire, n.len, i), TS_OK);
	}
	for (uint32_t i = 0; i < 60000; i++) {
		snprintf(text, sizeof(text), "n%u.d%u.example", i, i % 97);
		ts_name_t n = name_of(text);
		bool found = ts_namemap_get(map, n.wire, n.len, &value);
		assert_int_equal(found, i < 50000);
		if (found)
			assert_int_equal(value, i);
		/* What is above a name is not in the map itself, and must not end the walk to it.
		 */
		snprintf(text, sizeof(text), "www.n%u.d%u.example", i, i % 97);
		n = name_of(text);
		assert_int_equal(ts_namemap_find(map, &n, 0, &value, &label), i < 50000);
		if (i < 50000)
			assert_true(value == i && label == 1);
	}
	ts_namemap_free(map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find__longest_suffix),
		cmocka_unit_test(get__many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
