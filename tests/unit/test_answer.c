/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_text.h"

#include "../../src/answer.h"

#define SINKHOLE "sinkhole 5 A 198.51.100.25\n"

static char hint[TS_HINT_MAX]; /* of the last answer that has an EDE */

static bool answer(const char *text, const char *name, uint16_t type, ts_answer_t *out)
{
	ts_policyset_t *set = policy_set_of(text);
	ts_name_t qname = name_of(name);
	ts_query_t query = {&qname, type, TS_CLASS_IN};
	ts_verdict_t v;

	ts_verdict(set, &query, NULL, 1800000000, &v);
	bool made = ts_answer_make(&v, &query, out);
	hint[0] = '\0';
	if (made && out->ede >= 0) {
		size_t len = ts_answer_hint(&v, hint);

		assert_int_equal(len, strlen(hint));
	}
	/* What the rows look at is in the answer itself; the RRs are not. */
	ts_policyset_free(set);
	return made;
}

static void answer__by_action(void **state)
{
	static const struct {
		const char *action, *name;
		uint16_t type;
		bool made;
		uint8_t rcode;
		uint16_t count;
		int ede;
		bool soa;
		uint8_t soa_label;
		uint32_t ttl;
	} rows[] = {
		{"sinkhole", "army.ml", TS_TYPE_MX, true, 0, 1, 4, false, 0, 30},
		{"sinkhole", "army.ml", TS_TYPE_A, true, 0, 1, 4, false, 0, 5},
		{"sinkhole", "army.ml", TS_TYPE_AAAA, true, 0, 0, 4, true, 0, 30},
		{"sinkhole", "army.ml", TS_TYPE_ANY, true, 0, 1, 4, false, 0, 30},
		{"sinkhole", "x.army.ml", TS_TYPE_HTTPS, true, 0, 0, 4, true, 1, 30},
		{"sinkhole", "_smtp._tcp.army.ml", TS_TYPE_SRV, true, 0, 0, 4, true, 2, 30},
		{"sinkhole", "_mta-sts.army.ml", TS_TYPE_TXT, true, 0, 0, 4, true, 1, 30},
		{"sinkhole", "army.ml", TS_TYPE_TXT, false, 0, 0, 0, false, 0, 0},
		{"sinkhole", "mx.sinkhole.example", TS_TYPE_A, true, 0, 1, -1, false, 0, 5},
		{"sinkhole", "mx.sinkhole.example", TS_TYPE_AAAA, true, 0, 0, -1, true, 1, 30},
		{"sinkhole", "mx.sinkhole.example", TS_TYPE_MX, false, 0, 0, 0, false, 0, 0},
		{"nullmx", "army.ml", TS_TYPE_MX, true, 0, 1, 4, false, 0, 30},
		{"nullmx", "army.ml", TS_TYPE_A, true, 0, 0, 4, true, 0, 30},
		{"nxdomain", "x.army.ml", TS_TYPE_MX, true, 3, 0, 15, true, 1, 30},
		{"nxdomain", "army.ml", TS_TYPE_MX, true, 3, 0, 15, true, 1, 30},
		{"nodata", "army.ml", TS_TYPE_MX, true, 0, 0, 15, true, 0, 30},
		{"refused", "army.ml", TS_TYPE_MX, true, 5, 0, 15, false, 0, 30},
		{"defer", "army.ml", TS_TYPE_MX, true, 2, 0, -1, false, 0, 30},
		{"observe", "army.ml", TS_TYPE_MX, false, 0, 0, 0, false, 0, 0},
		{"pass", "army.ml", TS_TYPE_MX, false, 0, 0, 0, false, 0, 0},
		{"sinkhole", "army.mil", TS_TYPE_MX, false, 0, 0, 0, false, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char text[2048], label[128];
		ts_answer_t a;

		snprintf(text, sizeof(text), "%sk.known PTR army.mil.\n%saction TXT \"%s\"\n",
			POLICY_MIL, SINKHOLE, rows[i].action);
		snprintf(label, sizeof(label), "%s %s %u", rows[i].action, rows[i].name,
			rows[i].type);
		bool made = answer(text, rows[i].name, rows[i].type, &a);
		assert_row(label, made == rows[i].made);
		if (!made)
			continue;
		assert_row(label, a.rcode == rows[i].rcode);
		assert_row(label, a.count == rows[i].count);
		assert_row(label, a.ede == rows[i].ede);
		assert_row(label, a.ttl == rows[i].ttl);
		assert_row(label, a.soa == rows[i].soa);
		if (a.soa) {
			assert_row(label, a.soa_label == rows[i].soa_label);
			/* Serial 7; minimum = TTL. */
			assert_row(label, a.soa_rdata[a.soa_rdlen - 17] == 7);
			assert_row(label, a.soa_rdata[a.soa_rdlen - 1] == a.ttl);
		}
		if (a.ede >= 0)
			assert_row(label, strncmp(hint, "did you mean ", 13) == 0);
	}
}

static void answer__max_ttl(void **state)
{
	ts_answer_t a;

	(void)state;
	assert_true(answer(POLICY_MIL "k.known PTR army.mil.\nmax-ttl TXT \"7\"\n", "army.ml",
		TS_TYPE_MX, &a));
	assert_int_equal(a.ttl, 7);
	assert_string_equal(hint, "did you mean army.mil?");
	assert_true(answer(POLICY_MIL "k.known PTR army.mil.\nmax-ttl TXT \"900\"\n", "army.ml",
		TS_TYPE_MX, &a));
	assert_int_equal(a.ttl, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answer__by_action),
		cmocka_unit_test(answer__max_ttl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
