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
		if (rows[i].counterpart) {
			assert_string_equal(text_of(&v.counterpart), rows[i].counterpart);
			assert_row(rows[i].name, v.declared);
		}
		if (rows[i].ask)
			assert_string_equal(text_of(&v.ask), rows[i].ask);
	}
	ts_policyset_free(set);
}

/* Of what stands on the way up from a name: the nearest protected zone, the sinkhole's host itself
 * and nothing below it, each declared typo; and nothing that only this network can mean. */
static void verdict__on_the_way_up(void **state)
{
	ts_policyset_t *set = policy_set_of(POLICY_MIL
		"m2.zones.p.example. PTR army.mil.\nm3.zones.p.example. PTR example.org.\n"
		"typo-always.typosink.ext.m3.zones.p.example. PTR navy.ml.\n"
		"m4.zones.p.example. PTR example.test.\n");
	ts_policyset_t *addresses = policy_set_of(POLICY_MIL "sinkhole A 192.0.2.25\n");
	char zone[TS_NAME_TEXT_MAX];
	ts_verdict_t v;

	(void)state;
	v = judge(set, "mail.army.mil", TS_TYPE_MX);
	assert_int_equal(v.kind, TS_VERDICT_PROTECTED);
	ts_name_to_text(ts_policy_member_zone(v.policy, v.member), zone, sizeof(zone));
	assert_string_equal(zone, "army.mil");

	assert_int_equal(judge(set, "mx.sinkhole.example", TS_TYPE_A).why, TS_WHY_SINKHOLE_HOST);
	assert_int_equal(judge(set, "x.mx.sinkhole.example", TS_TYPE_A).why, TS_WHY_NO_MATCH);
	assert_false(judge(set, "mx.sinkhole.example", TS_TYPE_A).sinkhole_host);
	assert_true(judge(addresses, "mx.sinkhole.example", TS_TYPE_A).sinkhole_host);
	assert_true(judge(addresses, "mx.sinkhole.example", TS_TYPE_AAAA).sinkhole_host);
	assert_false(judge(addresses, "mx.sinkhole.example", TS_TYPE_MX).sinkhole_host);

	/* Both ml, which needs evidence, and navy.ml, which needs none. */
	v = judge(set, "x.navy.ml", TS_TYPE_MX);
	assert_int_equal(v.kind, TS_VERDICT_TYPO);
	assert_string_equal(text_of(&v.counterpart), "x.example.org");

	assert_int_equal(judge(set, "exmaple.org", TS_TYPE_MX).kind, TS_VERDICT_TYPO);
	assert_int_equal(judge(set, "exmaple.test", TS_TYPE_MX).why, TS_WHY_NO_MATCH);
	ts_policyset_free(set);
	ts_policyset_free(addresses);
}

/* Where several readings fail for want of evidence, the best of them is told, whatever the order.
 */
static void verdict__best_without_evidence(void **state)
{
	static const char *const zones[] = {"mil.", "nl.", "org."};

	(void)state;
	for (unsigned first = 0; first < countof(zones); first++) {
		char text[1024];
		size_t len = (size_t)sprintf(text, "%sevidence TXT \"listed\"\n", POLICY_HEAD);

		for (unsigned i = 0; i < countof(zones); i++)
			len += (size_t)sprintf(text + len,
				"m%u.zones.p.example. PTR %s\n"
				"typo.typosink.ext.m%u.zones.p.example. PTR ml.\n",
				i, zones[(first + i) % countof(zones)], i);
		ts_policyset_t *set = policy_set_of(text);
		ts_verdict_t v = judge(set, "army.ml", TS_TYPE_MX);

		assert_int_equal(v.kind, TS_VERDICT_NONE);
		assert_int_equal(v.why, TS_WHY_NO_EVIDENCE);
		assert_string_equal(text_of(&v.counterpart), "army.mil");
		ts_policyset_free(set);
	}
}

static ts_action_t action_for(const ts_policyset_t *set, const char *name, uint8_t family,
	const uint8_t *addr, bool *dependent)
{
	ts_name_t qname = name_of(name);
	ts_query_t query = {&qname, TS_TYPE_MX, TS_CLASS_IN};
	ts_client_t client = {.family = family};
	ts_verdict_t v;

	memcpy(client.addr, addr, family == 4 ? 4 : family == 6 ? 16 : 0);
	ts_verdict(set, &query, &client, NOW, &v);
	assert_int_equal(v.kind, TS_VERDICT_TYPO);
	*dependent = v.client_dependent;
	return v.action;
}

/* Longest match, exclusions, and a member's sets before the zone's. */
static void verdict__clients(void **state)
{
	static const struct {
		const char *label, *name;
		uint8_t family, addr[16];
		ts_action_t action;
	} rows[] = {
		{"no client known", "army.ml", 0, {0}, TS_ACTION_SINKHOLE},
		{"outside", "army.ml", 4, {203, 0, 113, 1}, TS_ACTION_SINKHOLE},
		{"in the set", "army.ml", 4, {198, 51, 100, 1}, TS_ACTION_PASS},
		{"longer prefix of another set", "army.ml", 4, {198, 51, 100, 130},
			TS_ACTION_NODATA},
		{"excluded, so the other set", "army.ml", 4, {198, 51, 100, 140}, TS_ACTION_PASS},
		{"IPv6", "army.ml", 6, {0x20, 1, 0x0d, 0xb8, 0, 1}, TS_ACTION_PASS},
		{"IPv6, outside", "army.ml", 6, {0x20, 1, 0x0d, 0xb8, 0, 2}, TS_ACTION_SINKHOLE},
		{"a member's set is nearer", "exmaple.com", 4, {198, 51, 100, 1}, TS_ACTION_DEFER},
	};
	ts_policyset_t *set = policy_set_of(
		POLICY_MIL "k1.known PTR army.mil.\n"
			   "m2.zones.p.example. PTR example.com.\n"
			   "lab.clients APL 1:198.51.100.0/24 2:2001:db8:1::/48\n"
			   "action.lab.clients TXT \"pass\"\n"
			   "x.clients APL 1:198.51.100.128/25 !1:198.51.100.140/32\n"
			   "action.x.clients TXT \"nodata\"\n"
			   "y.clients.typosink.ext.m2.zones.p.example. APL 1:198.51.100.0/24\n"
			   "action.y.clients.typosink.ext.m2.zones.p.example. TXT \"defer\"\n");

	(void)state;
	assert_true(ts_policyset_has_clients(set));
	assert_true(ts_policyset_has_action(set, TS_ACTION_DEFER));
	assert_false(ts_policyset_has_action(set, TS_ACTION_OBSERVE));
	for (size_t i = 0; i < countof(rows); i++) {
		bool dependent = false;
		ts_action_t action =
			action_for(set, rows[i].name, rows[i].family, rows[i].addr, &dependent);

		assert_row(rows[i].label, action == rows[i].action);
		assert_row(rows[i].label, dependent);
	}
	ts_policyset_free(set);
}

/* Nearest wins: member, group, zone, default. */
static void verdict__nearest(void **state)
{
	static const struct {
		const char *name;
		ts_action_t action;
	} rows[] = {
		{"exmaple.com", TS_ACTION_NXDOMAIN},
		{"exmaple.net", TS_ACTION_OBSERVE},
		{"exmaple.org", TS_ACTION_NODATA},
	};
	ts_policyset_t *set = policy_set_of(POLICY_HEAD
		"a.zones.p.example. PTR example.com.\nb.zones.p.example. PTR example.net.\n"
		"c.zones.p.example. PTR example.org.\n"
		"group.a.zones.p.example. TXT \"g\"\ngroup.b.zones.p.example. TXT \"G\"\n"
		"action TXT \"nodata\"\naction.g.groups TXT \"observe\"\n"
		"action.typosink.ext.a.zones.p.example. TXT \"nxdomain\"\n");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_verdict_t v = judge(set, rows[i].name, TS_TYPE_MX);

		assert_row(rows[i].name, v.kind == TS_VERDICT_TYPO);
		assert_row(rows[i].name, v.action == rows[i].action);
		assert_row(rows[i].name, !v.client_dependent);
	}
	ts_policyset_free(set);
}

/* Across policies: protection and allow of any of them hold for all. */
static void verdict__several_policies(void **state)
{
	ts_policy_t *two[2] = {
		policy_good(POLICY_MIL "k1.known PTR army.mil.\nk2.known PTR navy.mil.\n"),
		policy_good(
			"$ORIGIN q.example.\n@ SOA a. b. 1 2 3 4 5\n@ NS a.\nversion TXT \"2\"\n"
			"a.zones PTR navy.ml.\nb.zones PTR nl.\n"
			"typo.typosink.ext.b.zones PTR ml.\n"
			"action.typosink.ext TXT \"observe\"\n"
			"x.allow.typosink.ext PTR mil.army.ml.\n"),
	};
	ts_policyset_t *set = policy_set(two, 2);
	ts_verdict_t v;

	(void)state;
	assert_int_equal(ts_policyset_count(set), 2);
	assert_int_equal(judge(set, "navy.ml", TS_TYPE_MX).kind, TS_VERDICT_PROTECTED);
	assert_int_equal(judge(set, "x.mil.army.ml", TS_TYPE_MX).kind, TS_VERDICT_ALLOWED);
	/* A certain typo (army.mil is known) before one to ask about (army.nl). */
	v = judge(set, "army.ml", TS_TYPE_MX);
	assert_int_equal(v.kind, TS_VERDICT_TYPO);
	assert_string_equal(text_of(&v.counterpart), "army.mil");
	/* Both to ask about: the longer protected name. */
	v = judge(set, "leger.ml", TS_TYPE_MX);
	assert_int_equal(v.kind, TS_VERDICT_ASK);
	assert_string_equal(text_of(&v.ask), "leger.mil");
	ts_policyset_free(set);
}

static void verdict__until(void **state)
{
	ts_policyset_t *set = policy_set_of(POLICY_MIL
		"k.known PTR army.mil.\na.allow PTR army.ml.\nuntil.a.allow TXT \"2027-01-31\"\n"
		"b.allow PTR example.ml.\n");
	time_t end = 1801440000;
	ts_name_t qname = name_of("mail.army.ml");
	ts_query_t query = {&qname, TS_TYPE_MX, TS_CLASS_IN};
	ts_verdict_t v;

	(void)state;
	assert_int_equal(ts_policyset_next_change(set, NOW), end);
	assert_int_equal(ts_policyset_next_change(set, end), 0);
	ts_verdict(set, &query, NULL, end - 1, &v);
	assert_int_equal(v.kind, TS_VERDICT_ALLOWED);
	ts_verdict(set, &query, NULL, end, &v);
	assert_int_equal(v.kind, TS_VERDICT_TYPO);
	ts_policyset_free(set);
}

static void verdict__implicit_allowances(void **state)
{
	ts_policy_t *policy = policy_good(POLICY_MIL "k.known PTR army.mil.\n");
	ts_name_t own[2] = {name_of("army.ml"), name_of(".")};
	ts_policyset_options_t options = {.allow = own, .allow_count = 2};
	ts_policyset_t *set = NULL;

	(void)state;
	assert_int_equal(ts_policyset_new(&policy, 1, &options, &set), TS_OK);
	ts_policy_unref(policy);
	assert_int_equal(judge(set, "mail.army.ml", TS_TYPE_MX).why, TS_WHY_OWN_ZONE);
	assert_int_equal(judge(set, "navy.ml", TS_TYPE_MX).kind, TS_VERDICT_ASK);
	assert_int_equal(judge(set, "x.arpa", TS_TYPE_MX).why, TS_WHY_RESERVED);
	ts_policyset_free(set);
}

static void verdict__resolve(void **state)
{
	static const struct {
		const char *label;
		bool declared;
		ts_existence_t existence;
		ts_on_failure_t on_failure;
		ts_verdict_kind_t kind;
		ts_action_t action;
	} rows[] = {
		{"there", false, TS_EXISTS, TS_ON_FAILURE_DEFAULT, TS_VERDICT_TYPO,
			TS_ACTION_SINKHOLE},
		{"not there", true, TS_ABSENT, TS_ON_FAILURE_INTERCEPT, TS_VERDICT_NONE,
			TS_ACTION_SINKHOLE},
		{"failed, declared", true, TS_FAILED, TS_ON_FAILURE_DEFAULT, TS_VERDICT_TYPO,
			TS_ACTION_SINKHOLE},
		{"failed, derived", false, TS_FAILED, TS_ON_FAILURE_DEFAULT, TS_VERDICT_NONE,
			TS_ACTION_SINKHOLE},
		{"failed, pass", true, TS_FAILED, TS_ON_FAILURE_PASS, TS_VERDICT_NONE,
			TS_ACTION_SINKHOLE},
		{"failed, defer", false, TS_FAILED, TS_ON_FAILURE_DEFER, TS_VERDICT_TYPO,
			TS_ACTION_DEFER},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		ts_verdict_t v = {.kind = TS_VERDICT_ASK,
			.action = TS_ACTION_SINKHOLE,
			.declared = rows[i].declared};

		ts_verdict_resolve(&v, rows[i].existence, rows[i].on_failure);
		assert_row(rows[i].label, v.kind == rows[i].kind);
		assert_row(rows[i].label, v.action == rows[i].action);
	}
}

/* The order of the records changes no verdict. */
static void verdict__order_of_records(void **state)
{
	static const char *const records[] = {"m1.zones.p.example. PTR mil.\n",
		"m2.zones.p.example. PTR example.com.\n", "m3.zones.p.example. PTR nl.\n",
		"typo.typosink.ext.m1.zones.p.example. PTR ml.\n",
		"typo.typosink.ext.m3.zones.p.example. PTR ml.\n", "k1.known PTR army.mil.\n",
		"k2.known PTR army.nl.\n", "a1.allow PTR mines.ml.\n",
		"sinkhole MX 20 mx2.sinkhole.example.\n"};
	static const char *const names[] = {"army.ml", "navy.ml", "exmaple.com", "mines.ml",
		"example.cm", "example.org", "army.nl", "mx2.sinkhole.example"};
	size_t n = countof(records);
	ts_policyset_t *first = NULL;

	(void)state;
	for (size_t shift = 0; shift < n; shift++) {
		char text[4096] = POLICY_HEAD;

		for (size_t i = 0; i < n; i++)
			strcat(text, records[(i * (shift % 2 ? n - 1 : 1) + shift) % n]);
		ts_policyset_t *set = policy_set_of(text);
		if (!first) {
			first = set;
			continue;
		}
		for (size_t i = 0; i < countof(names); i++) {
			ts_verdict_t a = judge(first, names[i], TS_TYPE_MX);
			ts_verdict_t b = judge(set, names[i], TS_TYPE_MX);

			assert_row(names[i], a.kind == b.kind && a.why == b.why);
			assert_row(names[i], a.match.class_id == b.match.class_id);
			if (a.kind == TS_VERDICT_TYPO || a.kind == TS_VERDICT_ASK)
				assert_row(names[i],
					a.counterpart.len == b.counterpart.len &&
						memcmp(a.counterpart.wire, b.counterpart.wire,
							a.counterpart.len) == 0);
		}
		ts_policyset_free(set);
	}
	ts_policyset_free(first);
}

/* Two readings of one name: the smaller distance, then the longer name, then lexical order. */
static void verdict__order_of_readings(void **state)
{
	static const struct {
		const char *label, *members, *counterpart;
	} rows[] = {
		{"distance", "m1.zones.p.example. PTR mil.\nm2.zones.p.example. PTR mali.\n",
			"army.mil"},
		{"distance, the other way",
			"m1.zones.p.example. PTR mali.\nm2.zones.p.example. PTR mil.\n",
			"army.mil"},
		{"lexical", "m1.zones.p.example. PTR mil.\nm2.zones.p.example. PTR mal.\n",
			"army.mal"},
		{"lexical, the other way",
			"m1.zones.p.example. PTR mal.\nm2.zones.p.example. PTR mil.\n", "army.mal"},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char text[2048];

		snprintf(text, sizeof(text), "%s%s%s", POLICY_HEAD, rows[i].members,
			"typo-always.typosink.ext.m1.zones.p.example. PTR ml.\n"
			"typo-always.typosink.ext.m2.zones.p.example. PTR ml.\n");
		ts_policyset_t *set = policy_set_of(text);
		ts_verdict_t v = judge(set, "army.ml", TS_TYPE_MX);

		assert_row(rows[i].label, v.kind == TS_VERDICT_TYPO);
		assert_row(rows[i].label, v.evidence == TS_EVIDENCE_NONE);
		assert_row(
			rows[i].label, strcmp(text_of(&v.counterpart), rows[i].counterpart) == 0);
		ts_policyset_free(set);
	}
}

/* Of two policies that say the same, the first in the configuration. */
static void verdict__order_of_policies(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 2; first++) {
		ts_policy_t *two[2];

		two[first] = policy_good(
			POLICY_HEAD "m1.zones.p.example. PTR mil.\n"
				    "typo-always.typosink.ext.m1.zones.p.example. PTR ml.\n");
		two[!first] = policy_good(
			POLICY_HEAD "m1.zones.p.example. PTR mil.\naction TXT nodata\n"
				    "typo-always.typosink.ext.m1.zones.p.example. PTR ml.\n");
		ts_policyset_t *set = policy_set(two, 2);

		assert_int_equal(judge(set, "army.ml", TS_TYPE_MX).action,
			first ? TS_ACTION_NODATA : TS_ACTION_SINKHOLE);
		ts_policyset_free(set);
	}
}

/* Which evidence counts is the policy's to say. */
static void verdict__evidence(void **state)
{
	static const struct {
		const char *label, *more, *name;
		ts_verdict_kind_t kind;
		unsigned evidence;
	} rows[] = {
		{"known", "k1.known PTR army.mil.\n", "mail.army.ml", TS_VERDICT_TYPO,
			TS_EVIDENCE_LISTED},
		{"protected", "m2.zones.p.example. PTR army.mil.\n", "mail.army.ml",
			TS_VERDICT_TYPO, TS_EVIDENCE_LISTED},
		{"listed does not count", "k1.known PTR army.mil.\nevidence TXT dns\n", "army.ml",
			TS_VERDICT_ASK, TS_EVIDENCE_NONE},
		{"dns does not count", "k1.known PTR army.mil.\nevidence TXT listed\n", "navy.ml",
			TS_VERDICT_NONE, TS_EVIDENCE_NONE},
		{"the protected zone itself is none", "evidence TXT listed\n", "navy.ml",
			TS_VERDICT_NONE, TS_EVIDENCE_NONE},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char text[2048];

		snprintf(text, sizeof(text), "%s%s", POLICY_MIL, rows[i].more);
		ts_policyset_t *set = policy_set_of(text);
		ts_verdict_t v = judge(set, rows[i].name, TS_TYPE_MX);

		assert_row(rows[i].label, v.kind == rows[i].kind);
		assert_row(rows[i].label, v.evidence == rows[i].evidence);
		assert_row(rows[i].label, v.kind != TS_VERDICT_NONE || v.why == TS_WHY_NO_EVIDENCE);
		assert_row(rows[i].label, v.kind != TS_VERDICT_NONE || v.action == TS_ACTION_PASS);
		ts_policyset_free(set);
	}
}

/* Within a set the longest prefix decides, in whatever order; said both ways, the exclusion. */
static void verdict__prefixes(void **state)
{
	static const struct {
		const char *apl;
		ts_action_t action;
	} rows[] = {
		{"1:198.51.100.7/32 !1:198.51.100.0/24", TS_ACTION_PASS},
		{"!1:198.51.100.0/24 1:198.51.100.7/32", TS_ACTION_PASS},
		{"!1:198.51.100.7/32 1:198.51.100.0/24", TS_ACTION_SINKHOLE},
		{"1:198.51.100.0/24 !1:198.51.100.7/32", TS_ACTION_SINKHOLE},
		{"1:198.51.100.0/24 !1:198.51.100.0/24", TS_ACTION_SINKHOLE},
		{"!1:198.51.100.0/24 1:198.51.100.0/24", TS_ACTION_SINKHOLE},
	};
	static const uint8_t address[] = {198, 51, 100, 7};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char text[2048];
		bool dependent;

		snprintf(text, sizeof(text), "%slab.clients APL %s\naction.lab.clients TXT pass\n",
			POLICY_MIL "k1.known PTR army.mil.\n", rows[i].apl);
		ts_policyset_t *set = policy_set_of(text);

		assert_row(rows[i].apl,
			action_for(set, "army.ml", 4, address, &dependent) == rows[i].action);
		assert_row(rows[i].apl, dependent);
		ts_policyset_free(set);
	}
}

/* Which types are intercepted is each member's to say; _mta-sts counts below a typo, not as one. */
static void verdict__types(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		ts_verdict_kind_t kind;
		ts_why_t why;
	} rows[] = {
		{"exmaple.com", TS_TYPE_MX, TS_VERDICT_TYPO, TS_WHY_TYPO},
		{"exmaple.com", TS_TYPE_A, TS_VERDICT_NONE, TS_WHY_TYPE},
		{"exmaple.net", TS_TYPE_A, TS_VERDICT_TYPO, TS_WHY_TYPO},
		{"exmaple.net", TS_TYPE_TXT, TS_VERDICT_NONE, TS_WHY_TYPE},
		{"_mta-sts.exmaple.net", TS_TYPE_TXT, TS_VERDICT_TYPO, TS_WHY_TYPO},
		{"x_mta-sts.exmaple.net", TS_TYPE_TXT, TS_VERDICT_NONE, TS_WHY_TYPE},
		{"_mta-stz.example.net", TS_TYPE_TXT, TS_VERDICT_NONE, TS_WHY_TYPE},
		{"_mta-sts.mistake.example", TS_TYPE_TXT, TS_VERDICT_NONE, TS_WHY_TYPE},
		{"www._mta-sts.mistake.example", TS_TYPE_MX, TS_VERDICT_TYPO, TS_WHY_TYPO},
	};
	ts_policyset_t *set = policy_set_of(POLICY_HEAD
		"a.zones.p.example. PTR example.com.\nb.zones.p.example. PTR example.net.\n"
		"c.zones.p.example. PTR example.org.\n"
		"qtypes.typosink.ext.a.zones.p.example. TXT MX\n"
		"typo-always.typosink.ext.c.zones.p.example. PTR _mta-sts.mistake.example.\n");
	ts_verdict_t v;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		v = judge(set, rows[i].name, rows[i].type);
		assert_row(rows[i].name, v.kind == rows[i].kind);
		assert_row(rows[i].name, v.why == rows[i].why);
	}
	ts_name_t qname = name_of("exmaple.net");
	ts_query_t query = {&qname, TS_TYPE_MX, 3};
	ts_verdict(set, &query, NULL, NOW, &v);
	assert_int_equal(v.kind, TS_VERDICT_NONE);
	assert_int_equal(v.why, TS_WHY_CLASS);
	ts_policyset_free(set);
}

/* What a failed check leads to: who is only watched, or let through, is not deferred. */
static void verdict__resolve_leaves(void **state)
{
	ts_verdict_t v = {.kind = TS_VERDICT_ASK, .action = TS_ACTION_OBSERVE};

	(void)state;
	ts_verdict_resolve(&v, TS_FAILED, TS_ON_FAILURE_DEFER);
	assert_int_equal(v.action, TS_ACTION_OBSERVE);
	v = (ts_verdict_t){.kind = TS_VERDICT_ASK, .action = TS_ACTION_PASS};
	ts_verdict_resolve(&v, TS_FAILED, TS_ON_FAILURE_DEFER);
	assert_int_equal(v.action, TS_ACTION_PASS);
	v = (ts_verdict_t){.kind = TS_VERDICT_ASK};
	ts_verdict_resolve(&v, TS_EXISTS, TS_ON_FAILURE_DEFAULT);
	assert_int_equal(v.evidence, TS_EVIDENCE_DNS);
	v = (ts_verdict_t){.kind = TS_VERDICT_TYPO, .why = TS_WHY_TYPO};
	ts_verdict_resolve(&v, TS_ABSENT, TS_ON_FAILURE_DEFAULT);
	assert_int_equal(v.kind, TS_VERDICT_TYPO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict__declared),
		cmocka_unit_test(verdict__best_without_evidence),
		cmocka_unit_test(verdict__on_the_way_up),
		cmocka_unit_test(verdict__clients),
		cmocka_unit_test(verdict__nearest),
		cmocka_unit_test(verdict__several_policies),
		cmocka_unit_test(verdict__until),
		cmocka_unit_test(verdict__implicit_allowances),
		cmocka_unit_test(verdict__resolve),
		cmocka_unit_test(verdict__order_of_records),
		cmocka_unit_test(verdict__order_of_readings),
		cmocka_unit_test(verdict__order_of_policies),
		cmocka_unit_test(verdict__evidence),
		cmocka_unit_test(verdict__prefixes),
		cmocka_unit_test(verdict__types),
		cmocka_unit_test(verdict__resolve_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
