/* SPDX-License-Identifier: BSD-3-Clause
 *
 * JSON that is written here is read back by a stranger (jansson).
 */
#include "config.h"

#include "unit.h"

#include "../../src/json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The value of one string that was written, as jansson has it; to be released. */
static json_t *read_back(const char *text, size_t len, char *buf, size_t size)
{
	ts_json_t j;
	json_error_t error;

	ts_json_init(&j, buf, size);
	ts_json_array(&j, NULL);
	ts_json_strn(&j, NULL, text, len);
	ts_json_close(&j, ']');
	assert_true(ts_json_finish(&j) > 0);
	json_t *all = json_loads(buf, JSON_ALLOW_NUL, &error);
	if (!all)
		fail_msg("%s: %s", error.text, buf);
	return all;
}

/* Every octet at every place of a text longer than what is looked at in one go. */
static void json__each_octet_at_each_place(void **state)
{
	char text[20], buf[256];

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		for (size_t at = 0; at < sizeof(text); at++) {
			memset(text, 'a', sizeof(text));
			text[at] = (char)c;
			json_t *all = read_back(text, sizeof(text), buf, sizeof(buf));
			const json_t *one = json_array_get(all, 0);
			const char *got = json_string_value(one);
			size_t len = json_string_length(one);
			if (c < 0x80) {
				assert_int_equal(len, sizeof(text));
				assert_memory_equal(got, text, len);
			} else {
				assert_int_equal(len, sizeof(text) + 2);
				assert_memory_equal(got + at, "\xef\xbf\xbd", 3);
			}
			/* No control character is in the text itself. */
			for (const char *p = buf; *p; p++)
				assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
			json_decref(all);
		}
	}
}

/* All sorts of octets together, with true UTF-8 among them; the same whatever stands before. */
static void json__random_octets(void **state)
{
	static const char *const pieces[] = {"\"", "\\", "\n", "\x7f", "\xc3\xa4", "\xe2\x82\xac",
		"\xf0\x9f\x98\x80", "\xff", "\xc0\x80", "\xed\xa0\x80", "plain text that is long",
		"a", " ", "!", "#", "[", "]", "^", "~", "\x1f"};
	uint64_t seed = 1;
	char text[512], buf[4096], again[4096];

	(void)state;
	for (unsigned round = 0; round < 5000; round++) {
		size_t len = 0;
		for (unsigned n = 0; n < 12; n++) {
			seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
			const char *piece = pieces[(seed >> 33) % countof(pieces)];
			memcpy(text + len, piece, strlen(piece));
			len += strlen(piece);
		}
		json_t *all = read_back(text, len, buf, sizeof(buf));
		const json_t *one = json_array_get(all, 0);
		/* Written again, what was read is the same. */
		json_t *twice = read_back(
			json_string_value(one), json_string_length(one), again, sizeof(again));
		assert_string_equal(buf, again);
		json_decref(all);
		json_decref(twice);
	}
}

static void json__numbers(void **state)
{
	static const struct {
		int64_t value;
		unsigned places;
		const char *text;
	} rows[] = {
		{0, 0, "[0]"},
		{-1, 0, "[-1]"},
		{INT64_MAX, 0, "[9223372036854775807]"},
		{INT64_MIN, 0, "[-9223372036854775808]"},
		{0, 2, "[0.00]"},
		{5, 2, "[0.05]"},
		{-5, 1, "[-0.5]"},
		{100, 2, "[1.00]"},
		{12345, 3, "[12.345]"},
		{INT64_MIN, 2, "[-92233720368547758.08]"},
	};
	char buf[64];
	ts_json_t j;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_json_init(&j, buf, sizeof(buf));
		ts_json_array(&j, NULL);
		ts_json_fixed(&j, NULL, rows[i].value, rows[i].places);
		ts_json_close(&j, ']');
		assert_true(ts_json_finish(&j) > 0);
		assert_row(rows[i].text, strcmp(buf, rows[i].text) == 0);
	}
}

/* A buffer of each size: all of it or nothing, and never an octet behind it. */
static void json__too_small(void **state)
{
	static const char want[] = "{\"key\":\"a\\u000ab\",\"n\":-12.5,\"t\":true}";

	(void)state;
	for (size_t size = 0; size < sizeof(want) + 16; size++) {
		char *buf = malloc(size ? size : 1); /* its end is where ASan looks */
		ts_json_t j;
		ts_json_init(&j, buf, size);
		ts_json_object(&j, NULL);
		ts_json_str(&j, "key", "a\nb");
		ts_json_fixed(&j, "n", -125, 1);
		ts_json_bool(&j, "t", true);
		ts_json_close(&j, '}');
		size_t n = ts_json_finish(&j);
		assert_true(n == 0 || n == sizeof(want) - 1);
		if (n > 0)
			assert_string_equal(buf, want);
		if (size >= sizeof(want) + 8)
			assert_int_equal(n, sizeof(want) - 1);
		free(buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json__each_octet_at_each_place),
		cmocka_unit_test(json__random_octets),
		cmocka_unit_test(json__numbers),
		cmocka_unit_test(json__too_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
