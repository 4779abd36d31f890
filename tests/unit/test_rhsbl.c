/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_text.h"

#include "../../src/rhsbl.h"

#define ZONE "rhsbl.example"

static size_t wire_of(const char *text, uint8_t *wire)
{
	ts_name_t name = name_of(text);
	uint8_t *p = wire;

	/* The case of the text, which ts_name_t takes away. No escapes in these texts. */
	for (size_t i = 0; text[i]; i++) {
		size_t n = strcspn(text + i, ".");
		*p++ = (uint8_t)n;
		memcpy(p, text + i, n);
		p += n;
		i += n;
		if (!text[i])
			break;
	}
	*p++ = 0;
	assert_int_equal(p - wire, name.len);
	return name.len;
}

static void rhsbl__covers(void **state)
{
	static const struct {
		const char *name;
		bool covered;
	} rows[] = {
		{"rhsbl.example", true},
		{"RHSBL.eXample", true},
		{"army.ml.rhsbl.example", true},
		{"army.ml.RHSBL.EXAMPLE", true},
		{"xrhsbl.example", false},
		{"example", false},
		{"army.ml", false},
		{"rhsbl.example.com", false},
		{"rhsbl.exampla", false},
	};
	ts_name_t zone = name_of(ZONE);
	uint8_t wire[TS_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		size_t len = wire_of(rows[i].name, wire);
		assert_row(rows[i].name, ts_rhsbl_covers(&zone, wire, len) == rows[i].covered);
	}
	/* The zone's octets in the middle of one label. */
	static const uint8_t inside[] = {
		16, 'x', 'x', 5, 'r', 'h', 's', 'b', 'l', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0};
	assert_false(ts_rhsbl_covers(&zone, inside, sizeof(inside)));
	static const uint8_t root[] = {0};
	assert_false(ts_rhsbl_covers(&zone, root, sizeof(root)));
}

/* Asks as the module does. action: of mil. */
static void ask(const char *action, const char *name, uint16_t type, ts_rhsbl_answer_t *out)
{
	char text[2048];
	ts_name_t zone = name_of(ZONE), domain;
	ts_rhsbl_kind_t kind;
	ts_verdict_t v;
	uint8_t wire[TS_NAME_MAX];
	size_t len = wire_of(name, wire);

	snprintf(text, sizeof(text),
		"%sk.known PTR army.mil.\nm2.zones.p.example. PTR example.com.\n"
		"a.allow PTR mines.ml.\nmax-ttl TXT \"20\"\naction TXT \"%s\"\n",
		POLICY_MIL, action);
	ts_policyset_t *set = policy_set_of(text);
	assert_int_equal(ts_rhsbl_read(&zone, wire, len, &domain, &kind), TS_OK);
	ts_query_t query = {&domain, TS_TYPE_MX, TS_CLASS_IN};
	ts_verdict(set, &query, NULL, 1800000000, &v);
	ts_rhsbl_answer(kind, &domain, &v, type, 7, out);
	ts_policyset_free(set);
}

static void rhsbl__answers(void **state)
{
	static const struct {
		const char *action, *name;
		uint16_t type;
		uint8_t rcode;
		int last; /* octet of the address; 0: none */
		uint32_t ttl;
	} rows[] = {
		{"sinkhole", "army.ml.rhsbl.example", TS_TYPE_A, 0, 2, 20},
		{"sinkhole", "ARMY.mL.Rhsbl.Example", TS_TYPE_A, 0, 2, 20},
		{"sinkhole", "mail.us.army.ml.rhsbl.example", TS_TYPE_A, 0, 2, 20},
		{"sinkhole", "exampel.com.rhsbl.example", TS_TYPE_A, 0, 3, 20},
		{"sinkhole", "army.ml.rhsbl.example", TS_TYPE_ANY, 0, 2, 20},
		{"sinkhole", "army.ml.rhsbl.example", TS_TYPE_AAAA, 0, 0, 20},
		{"sinkhole", "army.ml.rhsbl.example", TS_TYPE_MX, 0, 0, 20},
		{"sinkhole", "army.mil.rhsbl.example", TS_TYPE_A, 3, 0, 30},
		{"sinkhole", "mines.ml.rhsbl.example", TS_TYPE_A, 3, 0, 30},
		{"sinkhole", "example.net.rhsbl.example", TS_TYPE_A, 3, 0, 30},
		{"nullmx", "army.ml.rhsbl.example", TS_TYPE_A, 0, 2, 20},
		{"observe", "army.ml.rhsbl.example", TS_TYPE_A, 3, 0, 30},
		{"pass", "army.ml.rhsbl.example", TS_TYPE_A, 3, 0, 30},
		{"sinkhole", "test.rhsbl.example", TS_TYPE_A, 0, 2, 30},
		{"pass", "TEST.rhsbl.example", TS_TYPE_A, 0, 2, 30},
		{"sinkhole", "invalid.rhsbl.example", TS_TYPE_A, 3, 0, 30},
		{"sinkhole", "army.ml.invalid.rhsbl.example", TS_TYPE_A, 3, 0, 30},
		{"sinkhole", "rhsbl.example", TS_TYPE_A, 0, 0, 30},
	};
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_rhsbl_answer_t a;
		char label[128];

		snprintf(label, sizeof(label), "%s %s %u", rows[i].action, rows[i].name,
			rows[i].type);
		ask(rows[i].action, rows[i].name, rows[i].type, &a);
		assert_row(label, a.answer.rcode == rows[i].rcode);
		assert_row(label, a.answer.count == (rows[i].last != 0));
		assert_row(label, a.answer.soa == (rows[i].last == 0));
		assert_row(label, a.answer.ttl == rows[i].ttl);
		if (rows[i].last) {
			const uint8_t want[] = {127, 0, 0, (uint8_t)rows[i].last};
			assert_row(label, a.answer.type == TS_TYPE_A && a.answer.rr[0].rdlen == 4 &&
						  memcmp(a.answer.rr[0].rdata, want, 4) == 0);
		}
	}
}

static void rhsbl__words_and_apex(void **state)
{
	ts_rhsbl_answer_t a;

	(void)state;
	ask("sinkhole", "us.army.ml.rhsbl.example", TS_TYPE_TXT, &a);
	assert_int_equal(a.answer.count, 1);
	assert_int_equal(a.answer.rr[0].rdata[0], a.answer.rr[0].rdlen - 1);
	assert_memory_equal(a.answer.rr[0].rdata + 1, "did you mean us.army.mil?", 25);
	ask("sinkhole", "army.mil.rhsbl.example", TS_TYPE_TXT, &a);
	assert_int_equal(a.answer.rcode, 3);
	assert_int_equal(a.answer.soa_label, 2);
	/* Serial 7, minimum as the TTL. */
	assert_int_equal(a.answer.soa_rdata[a.answer.soa_rdlen - 17], 7);
	assert_int_equal(a.answer.soa_rdata[a.answer.soa_rdlen - 1], TS_RHSBL_TTL);
	ask("sinkhole", "rhsbl.example", TS_TYPE_SOA, &a);
	assert_int_equal(a.answer.count, 1);
	assert_int_equal(a.answer.rr[0].rdlen, a.answer.soa_rdlen);
	ask("sinkhole", "rhsbl.example", TS_TYPE_NS, &a);
	assert_int_equal(a.answer.count, 1);
	assert_memory_equal(a.answer.rr[0].rdata, "\7invalid", 9);
}

/* The longest counterpart in the most octets of text: more than one string. */
static void rhsbl__long_words(void **state)
{
	char name[1024] = "";
	ts_rhsbl_answer_t a;

	(void)state;
	for (int i = 0; i < 3; i++)
		strcat(name, "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.");
	strcat(name, "ccccccccccccccccccccccccccccccccccc.army.ml.rhsbl.example");
	ask("sinkhole", name, TS_TYPE_TXT, &a);
	assert_int_equal(a.answer.count, 1);
	const uint8_t *p = a.answer.rr[0].rdata;
	size_t sum = 0;
	while (p < a.answer.rr[0].rdata + a.answer.rr[0].rdlen) {
		sum += *p;
		p += *p + 1;
	}
	assert_ptr_equal(p, a.answer.rr[0].rdata + a.answer.rr[0].rdlen);
	assert_int_equal(sum, strlen("did you mean ?") + 3 * 64 + 36 + strlen("army.mil"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rhsbl__covers),
		cmocka_unit_test(rhsbl__answers),
		cmocka_unit_test(rhsbl__words_and_apex),
		cmocka_unit_test(rhsbl__long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
