/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The check of a name below the protected zone, in a stand-in for Unbound (module_host.h): what its
 * answers mean, when it is made, and what becomes of the queries that wait for it.
 */
#include "module_fixture.h"

#include <string.h>

static void check__what_its_answers_mean(void **state)
{
	static const struct {
		const char *what;
		int rcode, message; /* of the message; -1: none */
		enum sec_status security;
		ts_existence_t means;
	} rows[] = {
		{"exists", 0, 0, sec_status_unchecked, TS_EXISTS},
		{"does not", 0, 3, sec_status_unchecked, TS_ABSENT},
		{"does not, by the code", 3, -1, sec_status_unchecked, TS_ABSENT},
		{"bogus", 0, 0, sec_status_bogus, TS_FAILED},
		{"servfail", 2, -1, sec_status_unchecked, TS_FAILED},
		{"servfail in the message", 0, 2, sec_status_unchecked, TS_FAILED},
		{"no message", 0, -1, sec_status_unchecked, TS_FAILED},
	};

	(void)state;
	for (size_t n = 0; n < 2 * countof(rows); n++) {
		bool intercepts = n >= countof(rows); /* where the check fails */
		size_t i = n % countof(rows);
		host_t *h = begin(MIL "evidence TXT \"dns\"\n",
			intercepts ? "evidence-failure: intercept\n" : "evidence-failure: pass\n");
		query_t *q = query_new(h, "us.marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		query_t *other = query_new(h, "another.mil", LDNS_RR_TYPE_MX, NULL);
		query_t *sub = query_new(h, "marines.mil", LDNS_RR_TYPE_MX, NULL);
		struct reply_info reply = {.flags = (uint16_t)(BIT_QR | (rows[i].message & 15)),
			.security = rows[i].security};
		struct dns_msg msg = {.rep = &reply};
		assert_row(rows[i].what, query_start(q) == module_wait_subquery);
		assert_true(q->mesh.s.no_cache_lookup);
		char text[TS_NAME_TEXT_MAX];
		ts_name_to_text(h->subquery.qname, text, sizeof(text));
		assert_string_equal(text, "marines.mil");
		/* What was not asked for is no answer: another name, another type. */
		inform_super(&other->mesh.s, 0, &q->mesh.s);
		sub->mesh.s.qinfo.qtype = LDNS_RR_TYPE_A;
		inform_super(&sub->mesh.s, 0, &q->mesh.s);
		assert_int_equal(query_start(q), module_wait_subquery);
		inform_super(&sub->mesh.s, 0, &other->mesh.s); /* which has asked us nothing */
		sub->mesh.s.qinfo.qtype = LDNS_RR_TYPE_MX;
		sub->mesh.s.return_rcode = rows[i].rcode;
		sub->mesh.s.return_msg = rows[i].message >= 0 ? &msg : NULL;
		inform_super(&sub->mesh.s, 0, &q->mesh.s);
		/* What is said after it does not count. */
		sub->mesh.s.return_rcode = rows[i].means == TS_ABSENT ? 2 : 3;
		inform_super(&sub->mesh.s, 0, &q->mesh.s);
		operate(&q->mesh.s, module_event_pass, 0, NULL);
		if (q->mesh.s.ext_state[0] == module_wait_module) {
			assert_false(q->mesh.s.no_cache_lookup); /* it was for the wait */
			(void)query_done(q, NULL);
		}
		bool sunk =
			rows[i].means == TS_EXISTS || (rows[i].means == TS_FAILED && intercepts);
		assert_row(
			rows[i].what, strcmp(query_told(q), sunk ? SUNK : "A 203.0.113.66") == 0);
		query_free(sub);
		query_free(other);
		query_free(q);
		host_free(h);
	}
}

/* It cannot be made at all: as one that failed; and it is over. */
static void check__that_cannot_be_made(void **state)
{
	host_t *h = begin(MIL "evidence TXT \"dns\"\n", "evidence-failure: intercept\n");
	struct edns_option *options = NULL;

	(void)state;
	h->cfg.ede = 1;
	h->refuses_subqueries = true;
	query_t *q = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	assert_int_equal(query_start(q), module_finished);
	query_reply_with(q, &q->reply, &options);
	assert_string_equal(query_told(q), SUNK);
	assert_non_null(options);
	query_free(q);
	/* Of Unbound's own queries nothing is left that clients would have to be asked about. */
	query_t *own = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, NULL);
	unsigned before = h->forgotten;
	own->mesh.s.is_valrec = 1;
	assert_int_equal(query_done(own, NULL), module_finished);
	assert_int_equal(h->forgotten, before + 1);
	query_free(own);
	host_free(h);
}

/* Not more at once than evidence-max; one that is over, or whose client has gone, makes room. */
static void check__so_many_at_a_time(void **state)
{
	host_t *h =
		begin(MIL "evidence TXT \"dns\"\n", "evidence-max: 1\nevidence-failure: pass\n");

	(void)state;
	for (int informed = 0; informed < 3; informed++) {
		query_t *q = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		query_t *second = query_new(h, "navy.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		assert_int_equal(query_start(q), module_wait_subquery);
		assert_int_equal(query_start(second), module_wait_module);
		if (informed) {
			(void)query_checked(q, "marines.mil", LDNS_RCODE_NOERROR);
			query_t *third = query_new(h, "navy.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
			assert_int_equal(query_start(third), module_wait_subquery);
			query_free(third);
		}
		query_free(second);
		query_free(q);
	}
	host_free(h);
}

/* A name that is no typo, for what it would stand for does not exist, and an alias of one: that is
 * asked for as well, once, whether anything is found in a cache or not. */
static void check__of_an_alias(void **state)
{
	host_t *h = begin(MIL "evidence TXT \"dns\"\n", "evidence-failure: pass\n");

	(void)state;
	for (int exists = 0; exists < 2; exists++) {
		query_t *q = query_new(h, "navy.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		assert_int_equal(query_start(q), module_wait_subquery);
		assert_int_equal(
			query_checked(q, "navy.mil", LDNS_RCODE_NXDOMAIN), module_wait_module);
		assert_int_equal(query_done(q, "marines.ml"), module_wait_subquery);
		assert_int_equal(query_checked(q, "marines.mil",
					 exists ? LDNS_RCODE_NOERROR : LDNS_RCODE_NXDOMAIN),
			module_finished);
		query_reply(q, &q->reply);
		assert_string_equal(query_told(q), exists ? SUNK : "CNAME");
		if (exists) /* behind the alias */
			assert_int_equal(q->mesh.s.return_msg->rep->an_numrrsets, 2);
		query_free(q);
	}
	host_free(h);
}

/* Whatever the answers are aliases of, one look-up makes us ask for three names and no more. */
static void check__not_for_ever(void **state)
{
	static const char *const targets[][2] = {
		{"marines.ml", "marines.mil"}, {"navy.ml", "navy.mil"}, {"guard.ml", "guard.mil"}};
	host_t *h = begin(MIL "evidence TXT \"dns\"\n", "evidence-failure: intercept\n");
	query_t *q = query_new(h, "www.example.com", LDNS_RR_TYPE_MX, "192.0.2.9");

	(void)state;
	assert_int_equal(query_start(q), module_wait_module);
	for (size_t i = 0; i < countof(targets); i++) {
		assert_int_equal(query_done(q, targets[i][0]), module_wait_subquery);
		assert_int_equal(
			query_checked(q, targets[i][1], LDNS_RCODE_NXDOMAIN), module_finished);
		assert_string_equal(query_told(q), "CNAME");
	}
	assert_int_equal(query_done(q, "coast.ml"), module_finished); /* as one that failed */
	assert_string_equal(query_told(q), SUNK);
	query_free(q);
	host_free(h);
}

/* Observed: cached as usual and alerted on at each hit, but for those that have to be asked for: at
 * a hit nobody can be. */
static void check__of_what_is_observed(void **state)
{
	host_t *h = begin(MIL "action TXT \"observe\"\n", "");
	query_t *listed = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	query_t *asked = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");

	(void)state;
	assert_int_equal(query_start(listed), module_wait_module);
	assert_false(listed->mesh.s.no_cache_store);
	assert_int_equal(query_start(asked), module_wait_subquery);
	assert_int_equal(
		query_checked(asked, "marines.mil", LDNS_RCODE_NOERROR), module_wait_module);
	assert_true(asked->mesh.s.no_cache_store);
	query_free(asked);
	query_free(listed);
	/* Declared, it is one as well where the check fails. */
	query_t *failed = query_new(h, "navy.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	h->refuses_subqueries = true;
	assert_int_equal(query_start(failed), module_wait_module);
	assert_true(failed->mesh.s.no_cache_store);
	query_free(failed);
	host_free(h);
	/* What is to pass may be cached, whatever the check says. */
	h = begin(MIL "action TXT \"pass\"\n", "");
	query_t *passes = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	assert_int_equal(query_start(passes), module_wait_subquery);
	assert_int_equal(
		query_checked(passes, "marines.mil", LDNS_RCODE_NOERROR), module_wait_module);
	assert_false(passes->mesh.s.no_cache_store);
	query_free(passes);
	host_free(h);
}

/* A reply that is sent while the check is on its way (Unbound's timer) is none of ours. */
static void check__that_is_waited_for(void **state)
{
	host_t *h = begin(MIL CLIENTS "evidence TXT \"dns\"\n", "");
	query_t *q = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");

	(void)state;
	assert_int_equal(query_start(q), module_wait_subquery);
	query_reply(q, &q->reply);
	query_free(q);
	assert_null(alerted(h, ""));
	host_free(h);
}

/* "defer" is for everybody who would have been taken, whatever he would have got. */
static void check__that_fails_for_clients_who_differ(void **state)
{
	host_t *h = begin(MIL CLIENTS "evidence TXT \"dns\"\n", "evidence-failure: defer\n");
	query_t *q = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "198.51.100.1");
	struct mesh_reply second;

	(void)state;
	query_join(q, &second, "192.0.2.9");
	h->refuses_subqueries = true;
	assert_int_equal(query_start(q), module_finished);
	for (int i = 0; i < 2; i++) {
		query_reply(q, i ? &second : &q->reply);
		assert_string_equal(query_told(q), "SERVFAIL");
	}
	query_free(q);
	host_free(h);
}

/* An Unbound without a message cache: everything is asked for, nothing is taken out. */
static void check__without_a_cache(void **state)
{
	host_t *h = begin(MIL "evidence TXT \"dns\"\n", "");
	query_t *q = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	query_t *own = query_new(h, "army.ml", LDNS_RR_TYPE_MX, NULL);

	(void)state;
	h->env.msg_cache = NULL;
	assert_int_equal(query_start(q), module_wait_subquery);
	own->mesh.s.is_valrec = 1;
	assert_int_equal(query_start(own), module_wait_module);
	assert_int_equal(query_done(own, NULL), module_finished);
	assert_int_equal(h->forgotten, 0);
	query_free(own);
	query_free(q);
	host_write("policy.zone", policy_text(2, MIL)); /* the purge has nothing to look at */
	host_wait_logged("serial 2 from");
	assert_string_equal(told(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9"), SUNK);
	h->env.msg_cache = &h->empty;
	host_free(h);
}

/* Behind dns64 a client's question may never come to us as it is: it is judged at its reply, by
 * what the cache knows where it would have to be asked for, and taken out of the cache. */
static void check__of_what_passed_us_by(void **state)
{
	static const struct {
		const char *what, *name, *target;
		bool cached, exists, answered, alerts, stays;
	} rows[] = {
		{"a typo", "army.ml", NULL, false, false, true, true, false},
		{"a typo without an answer", "army.ml", NULL, false, false, false, true, false},
		{"exists", "marines.ml", NULL, true, true, true, true, false},
		{"does not", "marines.ml", NULL, true, false, true, false, false},
		{"not known", "marines.ml", NULL, false, false, true, false, false},
		{"nobody's", "www.example.org", NULL, false, false, true, false, true},
		{"an alias", "www.example.org", "army.ml", false, false, true, true, false},
		{"nobody's alias", "www.example.org", "example.net", false, false, true, false,
			true},
		{"observed", "exmaple.com", NULL, false, false, true, true, true},
		{"an alias of the like", "exmaple.com", "www.exmaple.com", false, false, true, true,
			true},
		{"an alias, observed", "exmaple.com", "army.ml", false, false, true, true, false},
		{"an alias of what is observed", "army.ml", "exmaple.com", false, false, true, true,
			false},
	};
	host_t *h = host_new(1,
		policy_text(1, MIL "evidence TXT \"dns\"\naction.careful.groups TXT observe\n"
				   "$ORIGIN p.example.\nm3.zones PTR example.com.\n"
				   "group.m3.zones TXT careful\n"),
		"");
	struct msgreply_entry entry = {0};
	ts_pipeline_stats_t before, after;

	(void)state;
	assert_int_equal(init(&h->env, h->id), 1);
	ts_module_t *m = ts_module_of(&h->env, 1);
	lock_rw_init(&entry.entry.lock);
	for (size_t i = 0; i < countof(rows); i++) {
		struct reply_info known = {.flags = (uint16_t)(BIT_QR | (rows[i].exists ? 0 : 3))};
		query_t *q = query_new(h, rows[i].name, LDNS_RR_TYPE_AAAA, "192.0.2.9");
		struct dns_msg msg = {.rep = query_real(q, rows[i].name, rows[i].target)};
		unsigned forgotten = h->forgotten;
		entry.entry.data = &known;
		h->cached = rows[i].cached ? &entry : NULL;
		q->mesh.s.return_msg = rows[i].answered ? &msg : NULL;
		ts_pipeline_stats(m->pipeline, &before);
		query_reply(q, &q->reply);
		ts_pipeline_stats(m->pipeline, &after);
		assert_row(rows[i].what, after.submitted - before.submitted == rows[i].alerts);
		/* The AAAA with its two keys, and the A behind it. */
		assert_row(rows[i].what, h->forgotten - forgotten == (rows[i].stays ? 0 : 3));
		query_free(q);
	}
	h->cached = NULL;
	lock_rw_destroy(&entry.entry.lock);
	assert_non_null(alerted(h, "\"rdata\":\"army.ml\""));
	assert_null(alerted(h, "\"rdata\":\"exmaple.com\""));
	assert_null(alerted(h, "\"rdata\":\"www.exmaple.com\""));
	host_free(h);
}

/* The list: "defer" as the policy's action lists a name, as a check that failed it does not. */
static void check__of_a_listed_name(void **state)
{
	static const struct {
		const char *what, *name;
		int asked; /* rcode of the check; -1: there is none */
		const char *told;
	} rows[] = {
		{"no check", "army.ml.list.example", -1, "A 127.0.0.3"},
		{"it exists", "marines.ml.list.example", 0, "A 127.0.0.2"},
		{"it does not", "marines.ml.list.example", 3, "NXDOMAIN"},
		{"the check fails", "marines.ml.list.example", 2, "SERVFAIL"},
	};
	host_t *h = begin(MIL "evidence TXT \"dns\"\naction TXT \"defer\"\n",
		"rhsbl-zone: list.example\nevidence-failure: defer\n");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		query_t *q = query_new(h, rows[i].name, LDNS_RR_TYPE_A, "192.0.2.9");
		enum module_ext_state next = query_start(q);
		assert_row(rows[i].what,
			next == (rows[i].asked < 0 ? module_finished : module_wait_subquery));
		if (rows[i].asked >= 0)
			assert_int_equal(query_checked(q, "marines.mil", (unsigned)rows[i].asked),
				module_finished);
		assert_row(rows[i].what, strcmp(query_told(q), rows[i].told) == 0);
		query_free(q);
	}
	host_free(h);
}

/* What the message cache knows spares the question; what does not count there does not. */
static void check__from_the_cache(void **state)
{
	static const struct {
		const char *what;
		unsigned rcode;
		enum sec_status security;
		int validate;
		const char *told; /* NULL: it is asked for */
	} rows[] = {
		{"exists", 0, sec_status_insecure, 0, SUNK},
		{"does not", 3, sec_status_insecure, 0, "A 203.0.113.66"},
		{"fails", 2, sec_status_insecure, 0, "A 203.0.113.66"},
		{"bogus", 0, sec_status_bogus, 1, "A 203.0.113.66"},
		{"validated", 0, sec_status_secure, 1, SUNK},
		{"not yet validated", 0, sec_status_unchecked, 1, NULL},
		{"nobody validates", 0, sec_status_unchecked, 0, SUNK},
	};
	host_t *h = begin(MIL "evidence TXT \"dns\"\n", "evidence-failure: pass\n");
	struct msgreply_entry entry = {0};

	(void)state;
	lock_rw_init(&entry.entry.lock);
	h->cached = &entry;
	for (size_t i = 0; i < countof(rows); i++) {
		struct reply_info reply = {
			.flags = (uint16_t)(BIT_QR | rows[i].rcode), .security = rows[i].security};
		query_t *q = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		entry.entry.data = &reply;
		h->env.need_to_validate = rows[i].validate;
		enum module_ext_state next = query_start(q);
		assert_row(rows[i].what, (next == module_wait_subquery) == !rows[i].told);
		if (next == module_wait_module)
			(void)query_done(q, NULL);
		if (rows[i].told)
			assert_row(rows[i].what, strcmp(query_told(q), rows[i].told) == 0);
		query_free(q);
	}
	lock_rw_destroy(&entry.entry.lock);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check__what_its_answers_mean),
		cmocka_unit_test(check__that_cannot_be_made),
		cmocka_unit_test(check__so_many_at_a_time),
		cmocka_unit_test(check__of_an_alias),
		cmocka_unit_test(check__not_for_ever),
		cmocka_unit_test(check__of_what_is_observed),
		cmocka_unit_test(check__that_is_waited_for),
		cmocka_unit_test(check__that_fails_for_clients_who_differ),
		cmocka_unit_test(check__without_a_cache),
		cmocka_unit_test(check__of_what_passed_us_by),
		cmocka_unit_test(check__of_a_listed_name),
		cmocka_unit_test(check__from_the_cache),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
