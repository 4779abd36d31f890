/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_text.h"

#include "../../src/verdict.h"

#define NOW 1800000000 /* 2027-01-15 */

static ts_verdict_t judge(const ts_policyset_t *set, const char *name, uint16_t type)
{
	ts_name_t qname = name_of(name);
	ts_query_t query = {&qname, type, TS_CLASS_IN};
	ts_verdict_t v;

	ts_verdict(set, &query, NULL, NOW, &v);
	return v;
}

static const char *text_of(const ts_name_t *name)
{
	static char text[TS_NAME_TEXT_MAX];

	ts_name_to_text(name->wire, text, sizeof(text));
	return text;
}

static void verdict__declared(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		ts_verdict_kind_t kind;
		ts_why_t why;
		const char *counterpart, *ask;
	} rows[] = {
		{"army.mil", TS_TYPE_MX, TS_VERDICT_PROTECTED, TS_WHY_BELOW_PROTECTED, NULL, NULL},
		{"mil", TS_TYPE_MX, TS_VERDICT_PROTECTED, TS_WHY_BELOW_PROTECTED, NULL, NULL},
		{"army.ml", TS_TYPE_MX, TS_VERDICT_TYPO, TS_WHY_TYPO, "army.mil", NULL},
		{"mail.us.army.ml", TS_TYPE_A, TS_VERDICT_TYPO, TS_WHY_TYPO, "mail.us.army.mil",
			NULL},
		{"_submission._tcp.army.ml", TS_TYPE_SRV, TS_VERDICT_TYPO, TS_WHY_TYPO,
			"_submission._tcp.army.mil", NULL},
		{"navy.ml", TS_TYPE_MX, TS_VERDICT_ASK, TS_WHY_TYPO, "navy.mil", "navy.mil"},
		{"a.b.navy.ml", TS_TYPE_AAAA, TS_VERDICT_ASK, TS_WHY_TYPO, "a.b.navy.mil",
			"navy.mil"},
		{"ml", TS_TYPE_MX, TS_VERDICT_NONE, TS_WHY_NO_EVIDENCE, NULL, NULL},
		{"army.ml", TS_TYPE_TXT, TS_VERDICT_NONE, TS_WHY_TYPE, NULL, NULL},
		{"_mta-sts.army.ml", TS_TYPE_TXT, TS_VERDICT_TYPO, TS_WHY_TYPO, "_mta-sts.army.mil",
			NULL},
		{"army.ml", TS_TYPE_ANY, TS_VERDICT_TYPO, TS_WHY_TYPO, "army.mil", NULL},
		{"army.ml", TS_TYPE_NS, TS_VERDICT_NONE, TS_WHY_TYPE, NULL, NULL},
		{"mines.ml", TS_TYPE_MX, TS_VERDICT_ALLOWED, TS_WHY_ALLOW, NULL, NULL},
		{"www.mines.ml", TS_TYPE_MX, TS_VERDICT_ALLOWED, TS_WHY_ALLOW, NULL, NULL},
		{"mx.sinkhole.example", TS_TYPE_A, TS_VERDICT_ALLOWED, TS_WHY_SINKHOLE_HOST, NULL,
			NULL},
		{"example.org", TS_TYPE_MX, TS_VERDICT_NONE, TS_WHY_NO_MATCH, NULL, NULL},
		{".", TS_TYPE_MX, TS_VERDICT_NONE, TS_WHY_NO_MATCH, NULL, NULL},
	};
	ts_policyset_t *set =
		policy_set_of(POLICY_MIL "k1.known PTR army.mil.\na1.allow PTR mines.ml.\n");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_verdict_t v = judge(set, rows[i].name, rows[i].type);

		assert_row(rows[i].name, v.kind == rows[i].kind);
		assert_row(rows[i].name, v.why == rows[i].why);
		if (rows[i].counterpart)
			assert_string_equal(text_of(&v.counterpart), rows[i].counterpart);
		if (rows[i].ask)
			assert_string_equal(text_of(&v.ask), rows[i].ask);
	}
	ts_policyset_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict__declared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
