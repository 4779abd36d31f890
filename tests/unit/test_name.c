/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../src/name.h"

#include <string.h>

static const struct {
	const char *label, *text, *back;
	int err;
	unsigned labels;
} texts[] = {
	{"plain", "Army.MIL", "army.mil", TS_OK, 2},
	{"final dot", "army.mil.", "army.mil", TS_OK, 2},
	{"root", ".", ".", TS_OK, 0},
	{"empty", "", NULL, TS_EINVAL, 0},
	{"empty label", "a..b", NULL, TS_EINVAL, 0},
	{"leading dot", ".a", NULL, TS_EINVAL, 0},
	{"two final dots", "a..", NULL, TS_EINVAL, 0},
	{"escaped dot", "a\\.b.c", "a\\.b.c", TS_OK, 2},
	{"decimal", "\\000\\255.c", "\\000\\255.c", TS_OK, 2},
	{"decimal too big", "\\256.c", NULL, TS_EINVAL, 0},
	{"decimal cut", "\\25", NULL, TS_EINVAL, 0},
	{"backslash at the end", "a\\", NULL, TS_EINVAL, 0},
	{"blank", "a b", NULL, TS_EINVAL, 0},
	{"upper case by number", "\\065.c", "a.c", TS_OK, 2},
	{"63 octets", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", TS_OK, 2},
	{"64 octets", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.b", NULL,
		TS_ERANGE, 0},
};

static void from_text__table(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(texts); i++) {
		ts_name_t name;
		const char *why = NULL;
		int err = ts_name_from_text(&name, texts[i].text, strlen(texts[i].text), &why);

		assert_row(texts[i].label, err == texts[i].err);
		if (err) {
			assert_row(texts[i].label, why != NULL);
			continue;
		}
		char buf[TS_NAME_TEXT_MAX];
		size_t len = ts_name_to_text(name.wire, buf, sizeof(buf));
		assert_row(texts[i].label, strcmp(buf, texts[i].back) == 0 && len == strlen(buf));
		assert_row(texts[i].label, name.nlabels == texts[i].labels);
	}
}

static void from_text__length_limit(void **state)
{
	char text[300];
	ts_name_t name;

	(void)state;
	/* 127 labels of one octet: 255 octets on the wire, the longest name there is. */
	for (unsigned i = 0; i < 127; i++)
		memcpy(text + 2 * i, "a.", 2);
	assert_int_equal(ts_name_from_text(&name, text, 254, NULL), TS_OK);
	assert_int_equal(name.len, 255);
	assert_int_equal(name.nlabels, 127);
	assert_int_equal(ts_name_from_text(&name, text, 253, NULL), TS_OK);
	memcpy(text + 254, "a.", 2);
	assert_int_equal(ts_name_from_text(&name, text, 256, NULL), TS_ERANGE);
	memcpy(text + 252, "aa", 3);
	assert_int_equal(ts_name_from_text(&name, text, 254, NULL), TS_ERANGE);
}

static void from_wire__malformed(void **state)
{
	static const struct {
		const char *label;
		uint8_t wire[8];
		size_t len;
	} rows[] = {
		{"empty", {0}, 0},
		{"no root", {1, 'a'}, 2},
		{"pointer", {0xc0, 12}, 2},
		{"label too long", {64, 'a', 0}, 3},
		{"label past the end", {5, 'a', 'b', 0}, 4},
		{"octets behind the root", {1, 'a', 0, 0}, 4},
	};
	ts_name_t name;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_row(rows[i].label,
			ts_name_from_wire(&name, rows[i].wire, rows[i].len) == TS_EINVAL);
}

static ts_name_t name_of(const char *text)
{
	ts_name_t name;

	assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
	return name;
}

/* Lower-cased eight octets at once: every length, a capital and its neighbours at every place. */
static void from_wire__lower_case(void **state)
{
	static const uint8_t octets[] = {0, '@', 'A', 'Q', 'Z', '[', '_', '`', 'z', '-', 0x7f, 0x80,
		'A' + 0x80, 'Z' + 0x80, 0xff};

	(void)state;
	for (size_t len = 1; len <= 2 * TS_LABEL_MAX; len++) {
		for (size_t at = 0; at < len; at++) {
			for (size_t k = 0; k < countof(octets); k++) {
				uint8_t wire[2 * TS_LABEL_MAX + 3], text[2 * TS_LABEL_MAX];
				size_t left = len > TS_LABEL_MAX ? len - TS_LABEL_MAX : 0, n = 0;
				uint8_t o = octets[k];
				ts_name_t name;

				memset(text, 'x', len);
				text[at] = o;
				wire[n++] = (uint8_t)(len - left);
				memcpy(wire + n, text, len - left);
				n += len - left;
				if (left) {
					wire[n++] = (uint8_t)left;
					memcpy(wire + n, text + len - left, left);
					n += left;
				}
				wire[n++] = 0;
				assert_int_equal(ts_name_from_wire(&name, wire, n), TS_OK);
				size_t place = 1 + at + (at >= len - left);
				assert_int_equal(wire[place], o);
				if (o >= 'A' && o <= 'Z')
					wire[place] = (uint8_t)(o + 32);
				assert_memory_equal(name.wire, wire, n);
				if (o == '-' || o >= 0x80)
					assert_false(name.plain);
				else /* 45 is a hyphen's octet */
					assert_true(name.plain || len - left == 45 || left == 45);
			}
		}
	}
}

static void is_below__table(void **state)
{
	static const struct {
		const char *name, *zone;
		bool below;
	} rows[] = {
		{"army.mil", "mil", true},
		{"mil", "mil", true},
		{"xmil", "mil", false},
		{"mil", "army.mil", false},
		{"army.mil", ".", true},
		{"us.army.mil", "army.mil", true},
		{"usarmy.mil", "army.mil", false},
		{"a\\004army.mil", "army.mil", false},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_name_t n = name_of(rows[i].name), z = name_of(rows[i].zone);

		assert_row(rows[i].name, ts_name_is_below(&n, z.wire, z.len) == rows[i].below);
	}
}

static void compare__canonical_order(void **state)
{
	/* RFC 4034, section 6.1 */
	static const char *const order[] = {"example", "a.example", "yljkjljk.a.example",
		"z.a.example", "zabc.a.example", "z.example", "\\001.z.example", "*.z.example",
		"\\200.z.example"};

	(void)state;
	for (size_t i = 0; i < countof(order); i++) {
		for (size_t j = 0; j < countof(order); j++) {
			ts_name_t a = name_of(order[i]), b = name_of(order[j]);
			int c = ts_name_compare(a.wire, b.wire);

			assert_row(order[i], (c > 0) - (c < 0) == (i > j) - (i < j));
		}
	}
}

static void splice__counterparts(void **state)
{
	static const struct {
		const char *typo;
		unsigned labels, keep;
		const char *zone, *counterpart;
	} rows[] = {
		{"mail.us.army.ml", 3, 0, "mil", "mail.us.army.mil"},
		{"caibm.com", 0, 2, "ibm.com", "ca.ibm.com"},
		{"x.caibm.com", 1, 2, "ibm.com", "x.ca.ibm.com"},
		{"gmial.com", 0, 0, "gmail.com", "gmail.com"},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_name_t typo = name_of(rows[i].typo), zone = name_of(rows[i].zone), out;
		char buf[TS_NAME_TEXT_MAX];

		assert_int_equal(ts_name_splice(&out, &typo, rows[i].labels, rows[i].keep,
					 zone.wire, zone.len),
			TS_OK);
		ts_name_to_text(out.wire, buf, sizeof(buf));
		assert_string_equal(buf, rows[i].counterpart);
	}
}

static void to_text__small_buffer(void **state)
{
	ts_name_t name = name_of("a\\.b.example");
	char buf[32];

	(void)state;
	for (size_t size = 0; size < 16; size++) {
		memset(buf, 'x', sizeof(buf));
		size_t len = ts_name_to_text(name.wire, buf, size);
		assert_true(size == 0 || (len < size && buf[len] == '\0'));
		assert_int_equal(buf[size], 'x');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_text__table),
		cmocka_unit_test(from_text__length_limit),
		cmocka_unit_test(from_wire__malformed),
		cmocka_unit_test(from_wire__lower_case),
		cmocka_unit_test(is_below__table),
		cmocka_unit_test(compare__canonical_order),
		cmocka_unit_test(splice__counterparts),
		cmocka_unit_test(to_text__small_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
