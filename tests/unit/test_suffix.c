/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The compiled-in public suffixes: a table of cases, and agreement with libpsl on every rule of the
 * list that was compiled in and on names made of its labels at random.
 */
#include "unit.h"

#include "../../src/typo/suffix.h"
#include "../../src/typo/punycode.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef HAVE_LIBPSL
#include <libpsl.h>
#endif

static ts_name_t name_of(const char *text)
{
	ts_name_t name;

	assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
	return name;
}

static void start__cases(void **state)
{
	static const struct {
		const char *name;
		unsigned start;
		bool delegated;
	} rows[] = {
		{".", 0, false},
		{"com", 0, true},
		{"example.com", 1, true},
		{"www.example.co.uk", 2, true},
		{"co.uk", 0, true},
		{"army.mil", 1, true},
		{"army.mli", 1, false},
		{"a.b.c.nosuchtld", 3, false},
		{"x.y.ck", 1, true},              /* *.ck */
		{"y.ck", 0, true},                /* *.ck */
		{"www.ck", 1, true},              /* !www.ck */
		{"a.www.ck", 2, true},            /* !www.ck */
		{"b.heroy.nordland.no", 1, true}, /* a rule three labels deep without its parent */
		{"b.nordland.no", 2, true},
		{"example.co.za", 1, true},     /* za itself is no rule */
		{"someone.github.io", 2, true}, /* private section: not a suffix here */
		{"example.xn--p1ai", 1, true},
		{"example.xn--55qx5d.cn", 1, true},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_name_t n = name_of(rows[i].name);

		assert_row(rows[i].name, ts_suffix_start(&n) == rows[i].start);
		assert_row(rows[i].name, ts_suffix_tld_delegated(&n) == rows[i].delegated);
		if (n.nlabels)
			assert_row(rows[i].name, ts_suffix_is_public(n.wire, n.len) ==
							 (rows[i].start == 0 && rows[i].delegated));
	}
}

static void special_use__cases(void **state)
{
	static const struct {
		const char *name;
		bool special;
	} rows[] = {
		{".", true},
		{"localhost", true},
		{"printer.local", true},
		{"example", true},
		{"a.test", true},
		{"x.home.arpa", true},
		{"1.2.0.192.in-addr.arpa", true},
		{"db.internal", true},
		{"a.alt", true},
		{"example.com", false},
		{"arpa.example.com", false},
		{"locals", false},
		{"mil", false},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_name_t n = name_of(rows[i].name);
		assert_row(rows[i].name, ts_suffix_special_use(&n) == rows[i].special);
	}
}

static void punycode__round_trip(void **state)
{
	static const struct {
		const char *ascii;
		uint32_t points[12];
		size_t count;
	} rows[] = {
		{"mnchen-3ya", {'m', 0xfc, 'n', 'c', 'h', 'e', 'n'}, 7},
		{"p1ai", {0x440, 0x444}, 2},
		{"gmail-xk1c", {0x263a, 'g', 'm', 'a', 'i', 'l'}, 6},
		{"exmple-cua", {'e', 'x', 0xe4, 'm', 'p', 'l', 'e'}, 7},
	};
	uint32_t points[64];
	uint8_t text[64];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		int n = ts_punycode_decode(
			(const uint8_t *)rows[i].ascii, strlen(rows[i].ascii), points, 64);

		assert_row(rows[i].ascii, n == (int)rows[i].count);
		assert_memory_equal(points, rows[i].points, rows[i].count * sizeof(points[0]));
		n = ts_punycode_encode(rows[i].points, rows[i].count, text, sizeof(text));
		assert_row(rows[i].ascii, n == (int)strlen(rows[i].ascii));
		assert_memory_equal(text, rows[i].ascii, (size_t)n);
	}
	assert_int_equal(ts_punycode_decode((const uint8_t *)"99999999", 8, points, 64), TS_EINVAL);
	assert_int_equal(
		ts_punycode_decode((const uint8_t *)"a_\xff-3ya", 7, points, 64), TS_EINVAL);
	assert_int_equal(ts_punycode_decode((const uint8_t *)"abc-", 4, points, 2), TS_ERANGE);
	assert_int_equal(
		ts_punycode_decode((const uint8_t *)"mnchen-3y", 9, points, 64), TS_EINVAL);
}

#ifdef HAVE_LIBPSL
/* libpsl's answer as a label index. */
static unsigned psl_start(const psl_ctx_t *psl, const ts_name_t *name)
{
	char text[TS_NAME_TEXT_MAX];
	unsigned start = name->nlabels - 1u; /* the implicit rule */

	for (unsigned i = name->nlabels; i-- > 0;) {
		ts_name_to_text(ts_name_suffix(name, i), text, sizeof(text));
		if (psl_is_public_suffix2(psl, text, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE))
			start = i;
	}
	return start;
}

static void agree(const psl_ctx_t *psl, const char *text)
{
	char child[TS_NAME_TEXT_MAX];
	ts_name_t name;

	if (ts_name_from_text(&name, text, strlen(text), NULL) || name.nlabels == 0)
		return;
	/* By the list's algorithm "*.x" does not make x itself a suffix; libpsl says it does. */
	snprintf(child, sizeof(child), "no-such-rule.%s", text);
	if (psl_is_public_suffix2(psl, child, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE))
		return;
	if (ts_suffix_start(&name) != psl_start(psl, &name))
		fail_msg("%s: suffix starts at %u, libpsl says %u", text, ts_suffix_start(&name),
			psl_start(psl, &name));
}

static void start__agrees_with_libpsl(void **state)
{
	psl_ctx_t *psl = psl_load_file(PSL_FILE);
	FILE *file = fopen(PSL_FILE, "r");
	char line[512], (*labels)[64] = calloc(32768, sizeof(*labels));
	size_t nlabels = 0, rules = 0;
	unsigned long random = 1;

	(void)state;
	assert_non_null(psl);
	assert_non_null(file);
	assert_non_null(labels);
	while (fgets(line, sizeof(line), file)) {
		char wide[600], *rule = line;
		bool ascii = true;

		line[strcspn(line, " \t\r\n")] = '\0';
		if (line[0] == '\0' || strncmp(line, "//", 2) == 0)
			continue;
		rule += strncmp(rule, "*.", 2) == 0 ? 2 : rule[0] == '!';
		for (const char *p = rule; *p; p++)
			ascii &= (unsigned char)*p < 0x80;
		if (!ascii) /* the table above has some: libpsl loads a file's rules as UTF-8 only
			     */
			continue;
		rules++;
		agree(psl, rule);
		snprintf(wide, sizeof(wide), "a.%s", rule);
		agree(psl, wide);
		snprintf(wide, sizeof(wide), "b.a.%s", rule);
		agree(psl, wide);
		for (char *p = strtok(rule, "."); p && nlabels < 32768; p = strtok(NULL, "."))
			snprintf(labels[nlabels++], sizeof(*labels), "%s", p);
	}
	assert_true(rules > 5000);
	for (int i = 0; i < 50000; i++) {
		char text[300] = "";

		for (unsigned n = 1 + i % 4; n; n--) {
			random = random * 6364136223846793005UL + 1442695040888963407UL;
			strcat(text, labels[(random >> 33) % nlabels]);
			if (n > 1)
				strcat(text, ".");
		}
		agree(psl, text);
	}
	free(labels);
	fclose(file);
	psl_free(psl);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(start__cases),
		cmocka_unit_test(special_use__cases),
		cmocka_unit_test(punycode__round_trip),
#ifdef HAVE_LIBPSL
		cmocka_unit_test(start__agrees_with_libpsl),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
