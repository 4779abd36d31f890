/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The module in a stand-in for Unbound (module_host.h): what a real resolver shows rarely or never.
 * Clients of every address family, what is judged again and what need not be, and memory that runs
 * out at each allocation in turn.
 */
#include "module_fixture.h"

#include "../../module/cache.h"

#include <stdio.h>
#include <string.h>

/* --- clients */

static void clients__every_family(void **state)
{
	static const struct {
		const char *client, *told;
	} rows[] = {
		{"198.51.100.1", SUNK},
		{"192.0.2.9", "MX ."},
		{"::ffff:192.0.2.9", "MX ."},
		{"2001:db8::1", "A 203.0.113.66"},
		{"2001:db9::1", SUNK},
		{"unix", SUNK},
	};
	host_t *h = begin(MIL CLIENTS, "");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_string_equal(
			told(h, "army.ml", LDNS_RR_TYPE_MX, rows[i].client), rows[i].told);
	host_free(h);
}

/* What is intercepted is neither stored nor looked for, and what is not the same for all, or for
 * ever, is not stored either. */
static void clients__leave_nothing_behind(void **state)
{
	static const struct {
		const char *name;
		uint16_t type;
		const char *client, *told;
	} rows[] = {
		{"army.ml", LDNS_RR_TYPE_MX, "198.51.100.1", SUNK},
		{"army.ml", LDNS_RR_TYPE_MX, "2001:db8::1", "A 203.0.113.66"},
		{"army.ml.list.example", LDNS_RR_TYPE_A, "198.51.100.1", "A 127.0.0.2"},
		{"example.com.list.example", LDNS_RR_TYPE_A, "198.51.100.1", "NXDOMAIN"},
	};
	host_t *h = begin(MIL CLIENTS, "rhsbl-zone: list.example\n");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		query_t *q = query_new(h, rows[i].name, rows[i].type, rows[i].client);
		unsigned before = h->forgotten;
		if (query_start(q) == module_wait_module) {
			assert_true(q->mesh.s.no_cache_store);
			assert_int_equal(query_done(q, NULL), module_finished);
			assert_int_equal(h->forgotten, before + 1);
		}
		assert_row(rows[i].name, strcmp(query_told(q), rows[i].told) == 0);
		assert_row(rows[i].name, q->mesh.s.no_cache_lookup && q->mesh.s.no_cache_store);
		query_free(q);
	}
	host_free(h);
}

static void clients__observed(void **state)
{
	host_t *h = begin(MIL "action TXT \"observe\"\n", "");

	(void)state;
	assert_string_equal(told(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9"), "A 203.0.113.66");
	assert_non_null(alerted(h, "\"action\":\"observe\""));
	host_free(h);
}

/* Nobody hears of a client who is to pass, or of a name that turned out to be no typo. */
static void clients__who_pass(void **state)
{
	host_t *h = begin(MIL CLIENTS "evidence TXT \"dns\"\n", "evidence-failure: pass\n");
	query_t *q = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	query_t *pass = query_new(h, "navy.ml", LDNS_RR_TYPE_MX, "2001:db8::1");

	(void)state;
	for (int i = 0; i < 2; i++) {
		query_t *one = i ? pass : q;
		assert_int_equal(query_start(one), module_wait_subquery);
		assert_int_equal(query_checked(one, i ? "navy.mil" : "marines.mil",
					 i ? LDNS_RCODE_NOERROR : LDNS_RCODE_NXDOMAIN),
			module_wait_module);
		assert_int_equal(query_done(one, NULL), module_finished);
		query_reply(one, &one->reply);
		assert_string_equal(query_told(one), "A 203.0.113.66");
		query_free(one);
	}
	assert_null(alerted(h, ""));
	host_free(h);
}

/* Unbound calls back without a query (what it answers without asking us), and without a client. */
static void clients__who_are_not_there(void **state)
{
	host_t *h = begin(MIL, "");
	inplace_cb_reply_func_type *reply =
		(inplace_cb_reply_func_type *)h->callbacks[inplace_cb_reply];
	query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	query_t *passes = query_new(h, "www.example.com", LDNS_RR_TYPE_MX, "192.0.2.9");
	struct edns_option *none = NULL;

	(void)state;
	h->cfg.ede = 1;
	assert_int_equal(query_start(q), module_finished);
	assert_int_equal(query_start(passes), module_wait_module);
	for (int i = 0; i < 3; i++)
		assert_int_equal(
			reply(&q->mesh.s.qinfo,
				i == 0   ? NULL
				: i == 1 ? &q->mesh.s
					 : &passes->mesh.s,
				NULL, 0, NULL, &none, i == 2 ? &passes->reply.query_reply : NULL,
				q->region, NULL, h->id, h->dynlib.dyn_env),
			1);
	assert_null(none);
	query_free(passes);
	query_free(q);
	assert_null(alerted(h, ""));
	host_free(h);
}

/* Cache hits are seen where something is observed, and nowhere else; nobody's name is judged once.
 */
static void clients__who_hit_the_cache(void **state)
{
	static const struct {
		const char *name, *target;
		bool alerts;
	} rows[] = {
		{"army.ml", NULL, true},
		{"www.example.com", NULL, false},
		{"www.example.com", NULL, false},
		{"www.example.com", "army.ml", true},
		{"www.example.com", "example.org", false},
		{"www.example.com", "", false},
		{"marines.ml", NULL,
			false}, /* has to be asked for, and is none if it is in there */
		{"us.army.mil", NULL, false},
		{"mail.example.ml", NULL, false},
	};

	(void)state;
	for (int observing = 0; observing < 2; observing++) {
		host_t *h = begin(observing ? MIL CLIENTS "action TXT \"observe\"\n"
							  "a1.allow PTR example.ml.\n"
					    : MIL,
			"");
		ts_module_t *m = ts_module_of(&h->env, 0);
		ts_pipeline_stats_t before, after;
		for (size_t i = 0; i < countof(rows); i++) {
			query_t *q = query_new(h, rows[i].name, LDNS_RR_TYPE_A, "198.51.100.1");
			ts_pipeline_stats(m->pipeline, &before);
			query_cached(q, rows[i].target);
			ts_pipeline_stats(m->pipeline, &after);
			assert_row(rows[i].name, after.submitted - before.submitted ==
							 (observing && rows[i].alerts));
			query_free(q);
		}
		/* What was not alerted on is not taken for nobody's. */
		query_t *own = query_new(h, "marines.ml", LDNS_RR_TYPE_A, NULL);
		unsigned forgotten = h->forgotten;
		own->mesh.s.is_valrec = 1;
		assert_int_equal(query_done(own, NULL), module_finished);
		assert_int_equal(h->forgotten, forgotten + 1);
		query_free(own);
		if (observing) {
			const char *line = alerted(h, "\"name\":\"army.ml\"");
			assert_non_null(line);
			assert_non_null(strstr(line, "\"id\":\"4660\""));
			assert_non_null(strstr(line, "\"applied\":false"));
		}
		host_free(h);
	}
}

/* A typo that somebody else's data point to. */
static void clients__rdata(void **state)
{
	static const struct {
		const char *target;
		uint16_t type;
		size_t answers;
		unsigned alerts;
	} rows[] = {
		{"army.ml", LDNS_RR_TYPE_MX, 1, 1}, {"army.ml", LDNS_RR_TYPE_NS, 1, 1},
		{"army.ml", LDNS_RR_TYPE_SRV, 1, 1}, {"army.ml", LDNS_RR_TYPE_TXT, 1, 0},
		{"army.mil", LDNS_RR_TYPE_MX, 1, 0}, {"", LDNS_RR_TYPE_MX, 1, 0}, {NULL, 0, 1, 0},
		{"army.ml", LDNS_RR_TYPE_MX, 9, 4}, /* enough is said of one answer */
	};

	(void)state;
	for (int wanted = 0; wanted < 2; wanted++) {
		host_t *h = begin(MIL, wanted ? "rdata-alerts: yes\n" : "");
		ts_module_t *m = ts_module_of(&h->env, 0);
		ts_pipeline_stats_t before, after;
		for (size_t i = 0; i < countof(rows); i++) {
			query_t *q =
				query_new(h, "www.example.com", LDNS_RR_TYPE_MX, "198.51.100.1");
			h->points_by = rows[i].type;
			h->answers = rows[i].answers;
			assert_int_equal(query_start(q), module_wait_module);
			ts_pipeline_stats(m->pipeline, &before);
			assert_int_equal(query_done(q, rows[i].target), module_finished);
			ts_pipeline_stats(m->pipeline, &after);
			assert_int_equal(
				after.submitted - before.submitted, wanted ? rows[i].alerts : 0);
			query_free(q);
		}
		host_free(h);
	}
}

/* What an alert says of the way that the question came. */
static void clients__and_how_they_came(void **state)
{
	static const struct {
		const char *server;
		enum comm_point_type type;
		const char *says, *says_not;
	} rows[] = {
		{"192.0.2.53", comm_udp, "\"destination\":{\"ip\":\"192.0.2.53\",\"port\":4242}",
			NULL},
		{"2001:db8::53", comm_tcp, "\"destination\":{\"ip\":\"2001:db8::53\"", NULL},
		{"0.0.0.0", comm_udp, "\"transport\":\"udp\"", "destination"},
		{"::", comm_tcp_accept, "\"transport\":\"tcp\"", "destination"},
		{"unix", comm_http, "\"application\":\"doh\"", "destination"},
		{NULL, comm_udp, "\"transport\":\"udp\"", "destination"},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		host_t *h = begin(MIL, "");
		query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "198.51.100.1");
		query_t *server = query_new(h, "server.example", LDNS_RR_TYPE_A,
			rows[i].server ? rows[i].server : "unix");
		struct addrinfo address = {
			.ai_addr = (void *)&server->reply.query_reply.client_addr};
		struct unbound_socket socket = {.addr = rows[i].server ? &address : NULL};
		q->point.type = rows[i].type;
		q->point.socket = &socket;
		assert_int_equal(query_start(q), module_finished);
		query_reply(q, &q->reply);
		query_free(server);
		query_free(q);
		const char *line = alerted(h, "");
		assert_non_null(line);
		assert_row(rows[i].says, strstr(line, rows[i].says) != NULL);
		assert_row(rows[i].says, !rows[i].says_not || !strstr(line, rows[i].says_not));
		host_free(h);
	}
}

/* The text of an extended error goes before what is there already, where Unbound is to tell it. */
static void clients__are_told_why(void **state)
{
	host_t *h = begin(MIL, "");
	struct edns_option there = {0}, *options;

	(void)state;
	for (int on = 0; on < 2; on++) {
		query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		h->cfg.ede = on;
		assert_int_equal(query_start(q), module_finished);
		options = &there;
		query_reply_with(q, &q->reply, &options);
		if (on) {
			assert_int_equal(options->opt_code, LDNS_EDNS_EDE);
			assert_int_equal(options->opt_len, 24);
			assert_memory_equal(options->opt_data, "\0\4did you mean army.mil?", 24);
			assert_ptr_equal(options->next, &there);
		} else
			assert_ptr_equal(options, &there);
		query_free(q);
	}
	host_free(h);
}

/* Two clients that differ wait for one query: each gets his own. */
static void clients__who_differ_at_once(void **state)
{
	host_t *h = begin(MIL CLIENTS, "");
	struct mesh_reply second;

	(void)state;
	for (int order = 0; order < 2; order++) {
		query_t *q = query_new(
			h, "army.ml", LDNS_RR_TYPE_MX, order ? "192.0.2.9" : "2001:db8::1");
		query_join(q, &second, order ? "2001:db8::1" : "192.0.2.9");
		assert_int_equal(
			query_start(q), module_wait_module); /* one of them wants the real one */
		assert_int_equal(query_done(q, NULL), module_finished);
		query_reply(q, order ? &q->reply : &second);
		assert_string_equal(query_told(q), "MX .");
		query_reply(q, order ? &second : &q->reply);
		assert_string_equal(query_told(q), "A 203.0.113.66");
		query_free(q);
	}
	/* Where both are taken nothing is asked for, and they are told different things all the
	 * same. */
	query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "198.51.100.1");
	query_join(q, &second, "192.0.2.9");
	assert_int_equal(query_start(q), module_finished);
	query_reply(q, &second);
	assert_string_equal(query_told(q), "MX .");
	query_reply(q, &q->reply);
	assert_string_equal(query_told(q), SUNK);
	/* No memory for a reply: no answer, for him alone. */
	REFUSING(false, 0, query_reply(q, &q->reply));
	assert_string_equal(query_told(q), "SERVFAIL");
	query_reply(q, &second);
	assert_string_equal(query_told(q), "MX .");
	query_free(q);
	host_free(h);
}

/* The same, where the real answer is not to be had, is signed, or is bogus. */
static void clients__who_differ_and_the_real_answer(void **state)
{
	static const struct {
		const char *what;
		enum sec_status real, shown;
	} rows[] = {
		{"insecure", sec_status_insecure, sec_status_insecure},
		{"secure: no AD for what is ours", sec_status_secure, sec_status_insecure},
		{"bogus: for everybody", sec_status_bogus, sec_status_bogus},
	};
	host_t *h = begin(MIL CLIENTS, "");
	struct mesh_reply second;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		query_join(q, &second, "2001:db8::1");
		h->security = rows[i].real;
		assert_int_equal(query_start(q), module_wait_module);
		assert_int_equal(query_done(q, NULL), module_finished);
		for (int n = 0; n < 2; n++) {
			query_reply(q, n ? &second : &q->reply);
			assert_string_equal(query_told(q), n ? "A 203.0.113.66" : "MX .");
			assert_row(
				rows[i].what, q->mesh.s.return_msg->rep->security == rows[i].shown);
		}
		query_free(q);
	}
	h->security = sec_status_insecure;
	query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	query_join(q, &second, "2001:db8::1");
	assert_int_equal(query_start(q), module_wait_module);
	assert_int_equal(query_failed(q), module_finished);
	for (int n = 0; n < 2; n++) {
		query_reply(q, n ? &second : &q->reply);
		assert_string_equal(query_told(q), "SERVFAIL");
	}
	query_free(q);
	host_free(h);
}

/* Each allocation fails in turn: who is to be kept from the stranger is, and nobody else is told of
 * the sinkhole. */
static void clients__who_differ_without_memory(void **state)
{
	host_t *h = begin(MIL CLIENTS, "");
	bool refused = true;

	(void)state;
	for (unsigned n = 0; refused; n++) {
		query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		struct mesh_reply second;
		const char *text;

		query_join(q, &second, "2001:db8::1");
		REFUSING(false, n, {
			if (query_start(q) == module_wait_module)
				(void)query_done(q, NULL);
			query_reply(q, &q->reply);
		});
		refused = refusals.ever;
		text = query_told(q);
		assert_true(
			strcmp(text, "MX .") == 0 || (refused && strcmp(text, "SERVFAIL") == 0));
		query_reply(q, &second);
		text = query_told(q);
		assert_true(strcmp(text, "A 203.0.113.66") == 0 ||
			    (refused && strcmp(text, "SERVFAIL") == 0));
		query_free(q);
	}
	host_free(h);
}

/* As for the names themselves: the list, asked by clients that differ. */
static void clients__who_differ_about_the_list(void **state)
{
	host_t *h = begin(MIL CLIENTS, "rhsbl-zone: list.example\n");
	query_t *q = query_new(h, "army.ml.list.example", LDNS_RR_TYPE_A, "2001:db8::1");
	struct mesh_reply second;

	(void)state;
	query_join(q, &second, "198.51.100.1");
	assert_int_equal(query_start(q), module_finished);
	query_reply(q, &second);
	assert_string_equal(query_told(q), "A 127.0.0.2");
	query_reply(q, &q->reply);
	assert_string_equal(query_told(q), "NXDOMAIN");
	query_free(q);
	host_free(h);
}

static void clients__who_ask_for_the_status(void **state)
{
	static const struct {
		const char *name, *client;
		uint16_t type, qclass;
		const char *told;
	} rows[] = {
		{"status.typosink", "192.0.2.9", LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_CH, "TXT"},
		{"status.typosink", "192.0.2.9", LDNS_RR_TYPE_ANY, LDNS_RR_CLASS_CH, "TXT"},
		{"status.typosink", "192.0.2.9", LDNS_RR_TYPE_A, LDNS_RR_CLASS_CH, "NOERROR"},
		{"status.typosink", "198.51.100.1", LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_CH, "REFUSED"},
		{"status.typosink", "192.0.2.9", LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_IN,
			"A 203.0.113.66"},
		{"version.bind", "192.0.2.9", LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_CH, "A 203.0.113.66"},
	};
	host_t *h = begin(MIL, "status-client: 192.0.2.0/24\n");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		query_t *q = query_new(h, rows[i].name, rows[i].type, rows[i].client);
		q->mesh.s.qinfo.qclass = rows[i].qclass;
		if (query_start(q) == module_wait_module)
			(void)query_done(q, NULL);
		assert_row(rows[i].client, strcmp(query_told(q), rows[i].told) == 0);
		query_free(q);
	}
	host_free(h);
}

/* A prefetch has no client: the name, the list and the state are judged for nobody in particular.
 */
static void clients__nobody(void **state)
{
	static const struct {
		const char *name;
		uint16_t type, qclass;
		const char *told;
	} rows[] = {
		{"army.ml", LDNS_RR_TYPE_MX, 1, SUNK},
		{"army.ml.list.example", LDNS_RR_TYPE_A, 1, "A 127.0.0.2"},
		{"status.typosink", LDNS_RR_TYPE_TXT, 3, "REFUSED"},
	};
	host_t *h = begin(MIL CLIENTS, "rhsbl-zone: list.example\nstatus-client: 192.0.2.0/24\n");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		query_t *q = query_new(h, rows[i].name, rows[i].type, NULL);
		q->mesh.s.qinfo.qclass = rows[i].qclass;
		assert_row(rows[i].name, query_start(q) == module_finished);
		assert_row(rows[i].name, strcmp(query_told(q), rows[i].told) == 0);
		query_free(q);
	}
	host_free(h);
}

/* What Unbound asks for itself must get the real answer: its validator, its priming, those who wait
 * with a callback (primaries of auth-zones, trust anchor probes). */
static void clients__unbound_itself(void **state)
{
	static struct mesh_cb callback;
	host_t *h = begin(MIL, "");

	(void)state;
	for (int who = 0; who < 3; who++) {
		query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, NULL);
		unsigned before = h->forgotten;
		q->mesh.s.is_valrec = who == 0;
		q->mesh.s.is_priming = who == 1;
		q->mesh.cb_list = who == 2 ? &callback : NULL;
		assert_int_equal(query_start(q), module_wait_module);
		assert_int_equal(query_done(q, NULL), module_finished);
		assert_string_equal(query_told(q), "A 203.0.113.66");
		assert_int_equal(h->forgotten, before + 1); /* and no client finds it */
		query_free(q);
	}
	host_free(h);
}

/* No policy, and "without-policy: defer": mail waits; what is no mail, or Unbound's own, does not.
 */
static void clients__without_a_policy(void **state)
{
	static const struct {
		const char *what;
		uint16_t type, qclass;
		bool waited_for, deferred;
	} rows[] = {
		{"MX", LDNS_RR_TYPE_MX, 1, false, true},
		{"another type", LDNS_RR_TYPE_A, 1, false, false},
		{"another class", LDNS_RR_TYPE_MX, 3, false, false},
		{"another query waits for it", LDNS_RR_TYPE_MX, 1, true, false},
	};
	host_t *h = host_new(0, "no policy\n", "without-policy: defer\nrhsbl-zone: list.example\n");

	(void)state;
	assert_int_equal(init(&h->env, h->id), 1);
	assert_true(host_logged("no policy is in force"));
	for (size_t i = 0; i < countof(rows); i++) {
		query_t *super = query_new(h, "example.org", LDNS_RR_TYPE_MX, NULL);
		query_t *q = query_new(h, "example.com", rows[i].type, "192.0.2.9");
		q->mesh.s.qinfo.qclass = rows[i].qclass;
		if (rows[i].waited_for)
			query_waits_for(super, q);
		assert_row(rows[i].what, query_start(q) == (rows[i].deferred ? module_finished
									     : module_wait_module));
		if (rows[i].deferred)
			assert_string_equal(query_told(q), "SERVFAIL");
		query_free(q);
		query_free(super);
	}
	assert_string_equal(
		told(h, "army.ml.list.example", LDNS_RR_TYPE_A, "192.0.2.9"), "SERVFAIL");
	host_free(h);
}

/* The operator's list of popular names reaches the verdict; where it cannot be read names are
 * judged without it. */
static void clients__popular_names(void **state)
{
	static const struct {
		const char *list; /* NULL: no such file */
		const char *told;
	} rows[] = {
		{"7,exampel.com\n8,exampze.com\n", "A 203.0.113.66"},
		{"7,example.net\n", SUNK},
		{NULL, SUNK},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		host_t *h = host_new(0,
			policy_text(1, MIL "$ORIGIN p.example.\n"
					   "m3.zones PTR example.com.\n"),
			"");
		char conf[256];
		if (rows[i].list)
			host_write("popular.csv", rows[i].list);
		snprintf(conf, sizeof(conf),
			"policy-file: %s/policy.zone\npopular-file: %s/popular.csv\n", h->folder,
			h->folder);
		host_write("typosink.conf", conf);
		assert_int_equal(init(&h->env, h->id), 1);
		assert_int_equal(host_logged("popular.csv"), !rows[i].list);
		assert_string_equal(
			told(h, "exampze.com", LDNS_RR_TYPE_MX, "192.0.2.9"), rows[i].told);
		assert_string_equal(told(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9"), SUNK);
		host_free(h);
	}
}

/* What just passes may be the alias of what is observed: at a hit, as where it is answered. */
static void clients__behind_what_passes(void **state)
{
	host_t *h = begin(MIL "action TXT \"observe\"\naction.careful.groups TXT pass\n"
			      "$ORIGIN p.example.\nm3.zones PTR example.com.\n"
			      "group.m3.zones TXT careful\n",
		"");
	ts_module_t *m = ts_module_of(&h->env, 0);
	query_t *q = query_new(h, "exmaple.com", LDNS_RR_TYPE_A, "192.0.2.9");
	ts_pipeline_stats_t before, after;

	(void)state;
	assert_int_equal(query_start(q), module_wait_module);
	assert_int_equal(query_done(q, "army.ml"), module_finished);
	assert_false(q->mesh.s.no_cache_store);
	for (int hit = 0; hit < 2; hit++) {
		ts_pipeline_stats(m->pipeline, &before);
		if (hit)
			query_cached(q, "army.ml");
		else
			query_reply(q, &q->reply);
		ts_pipeline_stats(m->pipeline, &after);
		assert_int_equal(after.submitted - before.submitted, 1);
	}
	query_free(q);
	host_free(h);
}

/* Octets that are no name never come from Unbound; they pass, and nothing is said of them. */
static void clients__without_a_name(void **state)
{
	host_t *h = begin(MIL "action TXT \"observe\"\n", "");
	query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_A, "192.0.2.9");
	query_t *own = query_new(h, "army.ml", LDNS_RR_TYPE_A, NULL);

	(void)state;
	q->mesh.s.qinfo.qname_len -= 3; /* without an end */
	own->mesh.s.qinfo.qname_len -= 3;
	assert_int_equal(query_start(q), module_wait_module);
	assert_int_equal(query_done(q, NULL), module_finished);
	assert_string_equal(query_told(q), "A 203.0.113.66");
	query_reply(q, &q->reply);
	query_cached(q, NULL);
	assert_int_equal(query_done(own, NULL), module_finished);
	assert_int_equal(h->forgotten, 0);
	query_free(own);
	query_free(q);
	assert_null(alerted(h, ""));
	host_free(h);
}

/* --- what is judged again */

/* What is asked for on a client's behalf, and what is found on the way: neither a typo's answer nor
 * an alias to one is stored, whatever the case of its letters. */
static void again__responses(void **state)
{
	static const struct {
		const char *asked, *client, *answered, *target;
		bool stored;
	} rows[] = {
		{"us.army.mil", "192.0.2.9", "us.army.mil", NULL, true},
		{"us.army.mil", "192.0.2.9", "us.army.mil", "army.ml", false},
		{"us.army.mil", "192.0.2.9", "us.army.mil", "army.mil", true},
		{"us.army.mil", "192.0.2.9", "us.army.mil", "", true},
		{"us.army.mil", "192.0.2.9", "army.ml", NULL, false},      /* behind an alias */
		{"xy.mail.io", "192.0.2.9", "us.army.ml", NULL, false},    /* as long */
		{"us.army.mil", "192.0.2.9", "marines.ml", NULL, false},   /* to be asked for */
		{"www.marines.ml", "192.0.2.9", "marines.ml", NULL, true}, /* QNAME minimisation */
		{"xwww.marines.ml", "192.0.2.9", "www.marines.ml", NULL, false}, /* not above */
		{"us.army.mil", NULL, "marines.ml", NULL, true}, /* removed in the end */
		{"army.ml", "192.0.2.9", "army.ml", NULL, true}, /* was judged at its start */
		{"army.ml", "192.0.2.9", "Army.ml", NULL, true},
		{"army.ml", NULL, "army.ml", NULL, false}, /* the validator's */
		{"www.example.com", "192.0.2.9", "army.ml.list.example", NULL, false},
		{"www.example.com", NULL, "army.ml.list.example", NULL, false},
	};
	host_t *h = begin(MIL, "rhsbl-zone: list.example\n");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		query_t *q = query_new(h, rows[i].asked, LDNS_RR_TYPE_MX, rows[i].client);
		q->mesh.s.is_valrec = !rows[i].client;
		query_response(q, rows[i].answered, rows[i].target);
		assert_row(rows[i].answered, !q->mesh.s.no_cache_store == rows[i].stored);
		query_free(q);
	}
	/* dns64's question is a client's as well. */
	query_t *super = query_new(h, "us.army.mil", LDNS_RR_TYPE_AAAA, "192.0.2.9");
	query_t *q = query_new(h, "us.army.mil", LDNS_RR_TYPE_A, NULL);
	query_waits_for(super, q);
	query_response(q, "mx.sinkhole.example", NULL);
	assert_true(q->mesh.s.no_cache_store);
	query_free(q);
	query_free(super);
	host_free(h);
}

/* Queries that come to us only when they are done: of Unbound's own nothing is left of the list
 * either, a client gets its answer; and one that has failed has failed. */
static void again__only_when_done(void **state)
{
	host_t *h = begin(MIL CLIENTS, "rhsbl-zone: list.example\n");
	query_t *own = query_new(h, "army.ml.list.example", LDNS_RR_TYPE_A, NULL);
	query_t *q = query_new(h, "army.ml.list.example", LDNS_RR_TYPE_A, "198.51.100.1");
	query_t *failed = query_new(h, "www.example.com", LDNS_RR_TYPE_A, "198.51.100.1");
	query_t *gone = query_new(h, "army.ml", LDNS_RR_TYPE_A, NULL);

	(void)state;
	own->mesh.s.is_valrec = 1;
	assert_int_equal(query_done(own, NULL), module_finished);
	assert_int_equal(h->forgotten, 1);
	assert_int_equal(query_done(q, NULL), module_finished);
	assert_string_equal(query_told(q), "A 127.0.0.2");
	assert_int_equal(h->forgotten, 2);
	assert_int_equal(query_failed(failed), module_finished);
	assert_string_equal(query_told(failed), "SERVFAIL");
	assert_int_equal(query_failed(gone), module_finished);
	assert_int_equal(h->forgotten, 3);
	query_free(gone);
	query_free(failed);
	query_free(q);
	query_free(own);
	host_free(h);
}

/* A DNAME comes with the CNAME that it makes; by itself it leads nowhere. */
static void again__a_dname_alone(void **state)
{
	host_t *h = begin(MIL, "");
	query_t *q = query_new(h, "www.example.com", LDNS_RR_TYPE_MX, "192.0.2.9");

	(void)state;
	h->points_by = LDNS_RR_TYPE_DNAME;
	query_response(q, "www.example.com", "army.ml");
	assert_false(q->mesh.s.no_cache_store);
	assert_int_equal(query_start(q), module_wait_module);
	assert_int_equal(query_done(q, "army.ml"), module_finished);
	assert_ptr_equal(q->mesh.s.return_msg, &q->upstream);
	query_free(q);
	host_free(h);
}

/* A policy is replaced while a query waits for a check, and still wants it: the old one is let go.
 */
static void again__waiting_for_another_policy(void **state)
{
	host_t *h = begin(MIL "evidence TXT \"dns\"\n", "");
	ts_module_t *m = ts_module_of(&h->env, 0);
	query_t *q = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	const ts_snapshot_t *old = ts_readers_current(m->readers);

	(void)state;
	ts_snapshot_pin(old); /* for us, to look at it in the end */
	assert_int_equal(query_start(q), module_wait_subquery);
	assert_int_equal(atomic_load(&old->pins), 2);
	host_write("policy.zone", policy_text(2, MIL "evidence TXT \"dns\"\n"));
	host_wait_logged("serial 2 from");
	assert_int_equal(query_checked(q, "marines.mil", LDNS_RCODE_NOERROR), module_finished);
	assert_string_equal(query_told(q), SUNK);
	assert_int_equal(atomic_load(&old->pins), 1);
	ts_snapshot_unpin(old);
	const ts_snapshot_t *now = ts_readers_current(m->readers);
	assert_int_equal(atomic_load(&now->pins), 1);
	query_free(q);
	assert_int_equal(atomic_load(&now->pins), 0);
	host_free(h);
}

static void again__after_another_policy(void **state)
{
	host_t *h = begin(MIL "evidence TXT \"dns\"\n", "");
	query_t *before = query_new(h, "example.com", LDNS_RR_TYPE_MX, "192.0.2.9");
	query_t *waits = query_new(h, "marines.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	query_t *prefetch = query_new(h, "example.com", LDNS_RR_TYPE_MX, NULL);

	(void)state;
	assert_int_equal(query_start(before), module_wait_module);
	assert_int_equal(query_start(prefetch), module_wait_module);
	assert_int_equal(query_start(waits), module_wait_subquery);
	assert_true(waits->mesh.s.no_cache_lookup);
	for (int turn = 0; turn < 3; turn++) {
		query_t *own = query_new(h, "example.com", LDNS_RR_TYPE_A, NULL);
		if (turn == 2) {
			host_write("policy.zone",
				policy_text(2, MIL
					"a1.allow PTR marines.ml.\n$ORIGIN p.example.\n"
					"m3.zones PTR example.org.\n"
					"typo-always.typosink.ext.m3.zones PTR example.com.\n"));
			host_wait_logged("serial 2 from");
		}
		/* Known to be nobody's, but only under the policy that said so. */
		assert_int_equal(query_done(own, NULL), module_finished);
		assert_int_equal(h->forgotten, turn == 2);
		query_free(own);
	}
	assert_int_equal(query_done(before, NULL), module_finished);
	assert_string_equal(query_told(before), SUNK);
	unsigned forgotten = h->forgotten;
	assert_int_equal(query_done(prefetch, NULL), module_finished);
	assert_int_equal(h->forgotten, forgotten + 1);
	query_free(prefetch);
	/* What it waits for does not matter any more: as if it had never waited. */
	assert_int_equal(
		query_checked(waits, "marines.mil", LDNS_RCODE_NOERROR), module_wait_module);
	assert_false(waits->mesh.s.no_cache_lookup);
	query_free(before);
	query_free(waits);
	host_free(h);
}

/* The alias behind a name that is nobody's typo; and the answer of a query that was not a client's
 * when it started. */
static void again__an_alias(void **state)
{
	host_t *h = begin(MIL, "");

	(void)state;
	for (int known = 0; known < 3; known++) { /* the name has been seen before */
		query_t *q = query_new(h, "www.example.com", LDNS_RR_TYPE_MX, "192.0.2.9");
		assert_int_equal(query_start(q), module_wait_module);
		assert_int_equal(
			query_done(q, known < 2 ? "army.ml" : "army.mil"), module_finished);
		assert_string_equal(query_told(q), known < 2 ? SUNK : "CNAME");
		query_free(q);
		query_t *own = query_new(h, "www.example.com", LDNS_RR_TYPE_MX, NULL);
		unsigned before = h->forgotten;
		own->mesh.s.is_valrec = 1;
		assert_int_equal(query_start(own), module_wait_module);
		assert_int_equal(query_done(own, known < 2 ? "army.ml" : NULL), module_finished);
		assert_int_equal(h->forgotten - before, known < 2 ? 2 : 0); /* and the target */
		query_free(own);
	}
	/* Our own host's name is no typo, whoever points to it. */
	query_t *q = query_new(h, "www.example.com", LDNS_RR_TYPE_A, "192.0.2.9");
	assert_int_equal(query_start(q), module_wait_module);
	assert_int_equal(query_done(q, "mx.sinkhole.example"), module_finished);
	assert_string_equal(query_told(q), "CNAME");
	query_free(q);
	host_free(h);
}

/* Only what belongs to the name is followed, and only as far as it is whole. */
static void again__an_alias_of_something_else(void **state)
{
	host_t *h = begin(MIL, "");
	query_t *q = query_new(h, "www.example.com", LDNS_RR_TYPE_MX, "192.0.2.9");
	query_t *other = query_new(h, "example.org", LDNS_RR_TYPE_MX, "192.0.2.9");
	uint8_t *name = q->name;
	size_t len = q->mesh.s.qinfo.qname_len, next = 0;

	(void)state;
	(void)query_done(q, "army.ml");
	struct reply_info *reply = q->upstream.rep;
	struct packed_rrset_data *data = reply->rrsets[0]->entry.data;
	uint8_t *owner = reply->rrsets[0]->rk.dname;
	reply->rrsets[0]->rk.dname = other->name;
	assert_false(ts_chain_next(reply, &name, &len, &next));
	reply->rrsets[0]->rk.dname = owner;
	data->count = 0;
	assert_false(ts_chain_next(reply, &name, &len, &next));
	assert_ptr_equal(name, q->name);
	data->count = 1;
	assert_true(ts_chain_next(reply, &name, &len, &next));
	assert_ptr_not_equal(name, q->name);
	query_free(other);
	query_free(q);
	host_free(h);
}

/* Unbound's own look-up of a typo's address: untouched, and never left in the cache, each time. */
/* What is observed, or passes for some, may be the alias of what is not. */
static void again__an_alias_of_what_is_observed(void **state)
{
#define CAREFUL                                                                   \
	"m3.zones.p.example. PTR example.com.\ngroup.m3.zones.p.example. TXT c\n" \
	"action.c.groups TXT observe\n"                                           \
	"mail.clients APL 1:192.0.2.0/24\naction.mail.clients TXT nullmx\n"
	static const struct {
		const char *name, *target, *client, *told, *says;
	} rows[] = {
		{"exmaple.com", "army.ml", "198.51.100.1", SUNK,
			"\"suffix\":\"ml\",\"counterpart\":\"army.mil\""},
		{"exmaple.com", "exmaple.com", "198.51.100.1", "CNAME",
			"\"protected\":\"example.com\""},
		{"exmaple.com", "army.ml", "192.0.2.9", "MX .", "\"protected\":\"example.com\""},
		{"www.example.net", "army.ml", "198.51.100.1", SUNK,
			"\"suffix\":\"ml\",\"counterpart\":\"army.mil\""},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		host_t *h = begin(MIL CAREFUL, "");
		struct mesh_reply second;
		query_t *q = query_new(h, rows[i].name, LDNS_RR_TYPE_MX, rows[i].client);
		/* Whoever is first or alone: each gets his own. */
		query_join(q, &second, "192.0.2.77");
		if (query_start(q) == module_wait_module)
			assert_int_equal(query_done(q, rows[i].target), module_finished);
		query_reply(q, &second);
		assert_string_equal(query_told(q), "MX .");
		query_reply(q, &q->reply);
		assert_string_equal(query_told(q), rows[i].told);
		assert_true(q->mesh.s.no_cache_store);
		query_free(q);
		q = query_new(h, rows[i].name, LDNS_RR_TYPE_MX, rows[i].client);
		if (query_start(q) == module_wait_module)
			assert_int_equal(query_done(q, rows[i].target), module_finished);
		query_reply(q, &q->reply);
		assert_string_equal(query_told(q), rows[i].told);
		query_free(q);
		char client[64];
		snprintf(client, sizeof(client), "\"ip\":\"%s\"", rows[i].client);
		const char *line = alerted(h, client);
		assert_non_null(line);
		assert_row(rows[i].says, strstr(line, rows[i].says) != NULL);
		host_free(h);
	}
}

/* Where the alias was known, its target has a message of its own: neither is left in the cache. */
static void again__an_alias_that_was_known(void **state)
{
	host_t *h = begin(MIL, "");

	(void)state;
	for (int own = 0; own < 2; own++) {
		query_t *q =
			query_new(h, "www.example.com", LDNS_RR_TYPE_MX, own ? NULL : "192.0.2.9");
		unsigned before = h->forgotten;
		q->mesh.s.is_valrec = own;
		assert_int_equal(query_start(q), module_wait_module);
		assert_int_equal(query_done(q, "army.ml"), module_finished);
		assert_int_equal(h->forgotten, before + 2);
		query_free(q);
	}
	host_free(h);
}

/* Nothing that an old policy has found in the answer is left when another has come meanwhile. */
static void again__an_alias_and_another_policy(void **state)
{
	host_t *h = begin(MIL CAREFUL, "");
	query_t *q = query_new(h, "exmaple.com", LDNS_RR_TYPE_MX, "198.51.100.1");

	(void)state;
	assert_int_equal(query_start(q), module_wait_module);
	assert_int_equal(query_done(q, "marines.ml"), module_wait_subquery);
	host_write("policy.zone", policy_text(2, "m1.zones PTR nobody.example.\n"
						 "$ORIGIN typosink.ext.p.example.\n"
						 "action TXT nodata\n"));
	host_wait_logged("serial 2 from");
	assert_int_equal(query_checked(q, "marines.mil", LDNS_RCODE_NXDOMAIN), module_finished);
	query_reply(q, &q->reply);
	assert_string_equal(query_told(q), "CNAME");
	query_free(q);
	assert_null(alerted(h, ""));
	host_free(h);
}

static void again__queries_of_its_own(void **state)
{
	host_t *h = begin(MIL CLIENTS, "");

	(void)state;
	for (unsigned turn = 1; turn < 4; turn++) {
		query_t *super = query_new(h, "us.army.mil", LDNS_RR_TYPE_A, "192.0.2.9");
		query_t *own = query_new(h, "army.ml", LDNS_RR_TYPE_A, NULL);
		query_waits_for(super, own);
		assert_int_equal(query_start(own), module_wait_module);
		assert_null(own->mesh.s.minfo[0]);
		assert_int_equal(query_done(own, NULL), module_finished);
		assert_string_equal(query_told(own), "A 203.0.113.66");
		assert_int_equal(h->forgotten, turn);
		assert_string_equal(h->last_forgotten, "army.ml");
		query_free(own);
		/* What clients get from us alone: our sinkhole's address; what is to be asked for.
		 */
		static const char *const hot[] = {"mx.sinkhole.example", "us.marines.ml"};
		for (size_t i = 0; i < countof(hot); i++) {
			own = query_new(h, hot[i], LDNS_RR_TYPE_A, NULL);
			query_waits_for(super, own);
			assert_int_equal(query_done(own, NULL), module_finished);
			assert_string_equal(h->last_forgotten, hot[i]);
			query_free(own);
		}
		h->forgotten = turn;
		/* Nobody's: judged once, then known. Nothing is taken out. */
		query_t *quiet = query_new(h, "ns.example.net", LDNS_RR_TYPE_A, NULL);
		query_waits_for(super, quiet);
		assert_int_equal(query_done(quiet, NULL), module_finished);
		assert_int_equal(h->forgotten, turn);
		query_free(quiet);
		query_free(super);
	}
	host_free(h);
}

/* A client joins a query of Unbound's own that has not started with us. */
static void again__a_client_who_joins(void **state)
{
	host_t *h = begin(MIL, "");
	query_t *super = query_new(h, "us.army.mil", LDNS_RR_TYPE_A, "192.0.2.9");

	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		struct mesh_reply joined;
		query_t *own = query_new(h, "army.ml", LDNS_RR_TYPE_A, NULL);
		query_waits_for(super, own);
		query_join(own, &joined, "198.51.100.9");
		assert_int_equal(query_start(own), module_wait_module);
		assert_int_equal(query_done(own, NULL), module_finished);
		assert_string_equal(query_told(own), "A 192.0.2.25");
		/* Unbound hands the reply out, and the query that waits gets the real one back. */
		query_reply(own, &joined);
		assert_string_equal(query_told(own), "A 203.0.113.66");
		query_free(own);
	}
	query_free(super);
	host_free(h);
}

/* DNS64 in front of us: the A it asks for is the client's question, and nothing else is. */
static void again__dns64(void **state)
{
	static const struct {
		const char *what, *name;
		uint16_t type;
		const char *client;
		int valrec, priming;
		const char *told;
	} rows[] = {
		{"a client's AAAA", "army.ml", LDNS_RR_TYPE_AAAA, "198.51.100.1", 0, 0,
			"A 192.0.2.25"},
		{"another client's", "army.ml", LDNS_RR_TYPE_AAAA, "2001:db8::1", 0, 0,
			"A 203.0.113.66"},
		{"another type", "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9", 0, 0, "A 203.0.113.66"},
		{"another name", "www.example.com", LDNS_RR_TYPE_AAAA, "192.0.2.9", 0, 0,
			"A 203.0.113.66"},
		{"the validator's", "army.ml", LDNS_RR_TYPE_AAAA, "192.0.2.9", 1, 0,
			"A 203.0.113.66"},
		{"priming", "army.ml", LDNS_RR_TYPE_AAAA, "192.0.2.9", 0, 1, "A 203.0.113.66"},
		{"nobody's", "army.ml", LDNS_RR_TYPE_AAAA, NULL, 0, 0, "A 203.0.113.66"},
	};
	host_t *h = host_new(1, policy_text(1, MIL CLIENTS), "");

	(void)state;
	assert_int_equal(init(&h->env, h->id), 1);
	for (size_t i = 0; i < countof(rows); i++) {
		query_t *super = query_new(h, rows[i].name, rows[i].type, rows[i].client);
		query_t *sub = query_new(h, "army.ml", LDNS_RR_TYPE_A, NULL);
		super->mesh.s.is_valrec = rows[i].valrec;
		super->mesh.s.is_priming = rows[i].priming;
		query_waits_for(super, sub);
		/* What is intercepted is not even asked for. */
		bool ours = strcmp(rows[i].told, "A 192.0.2.25") == 0;
		assert_row(rows[i].what, (query_start(sub) == module_finished) == ours);
		if (!ours)
			(void)query_done(sub, NULL);
		assert_row(rows[i].what, strcmp(query_told(sub), rows[i].told) == 0);
		if (i == 0) { /* what dns64 has stored is taken out, and the RRset has a hash */
			unsigned before = h->forgotten;
			query_reply(sub, &super->reply);
			assert_true(h->forgotten > before);
			const struct ub_packed_rrset_key *rrset =
				sub->mesh.s.return_msg->rep->rrsets[0];
			assert_int_not_equal(rrset->entry.hash, 0);
			assert_true(rrset->rk.flags & PACKED_RRSET_RPZ); /* a part of its key */
		}
		query_free(sub);
		query_free(super);
	}
	/* Its question is always for the address. */
	query_t *super = query_new(h, "army.ml", LDNS_RR_TYPE_AAAA, "198.51.100.1");
	query_t *sub = query_new(h, "army.ml", LDNS_RR_TYPE_MX, NULL);
	query_waits_for(super, sub);
	assert_int_equal(query_start(sub), module_wait_module);
	query_free(sub);
	query_free(super);
	host_free(h);
}

/* dns64's client and another wait for one query, and the policy treats them differently. */
static void again__dns64_and_a_client(void **state)
{
	static const struct {
		const char *behind, *client, *told; /* told: who is behind dns64 */
		enum module_ext_state next;
	} rows[] = {
		{"192.0.2.9", "2001:db8::1", "NOERROR", module_wait_module},
		{"2001:db8::1", "192.0.2.9", "A 203.0.113.66", module_wait_module},
		{"192.0.2.9", "198.51.100.1", "NOERROR", module_finished},
		{"198.51.100.1", "192.0.2.9", "A 192.0.2.25", module_finished},
	};
	host_t *h = begin(MIL CLIENTS, "");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		for (int refused = 0; refused < 2; refused++) {
			query_t *super = query_new(h, "army.ml", LDNS_RR_TYPE_AAAA, rows[i].behind);
			query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_A, rows[i].client);
			query_waits_for(super, q);
			assert_row(rows[i].behind, query_start(q) == rows[i].next);
			if (rows[i].next == module_wait_module && refused)
				REFUSING(false, 0, query_done(q, NULL));
			else if (rows[i].next == module_wait_module)
				query_done(q, NULL);
			query_reply(q, &q->reply);
			bool nothing =
				strcmp(query_told(q), "SERVFAIL") == 0 || !q->mesh.s.return_msg;
			assert_row(rows[i].behind,
				strcmp(query_told(q), rows[i].told) == 0 || (refused && nothing));
			query_free(q);
			query_free(super);
		}
	host_free(h);
}

/* What dns64 makes of an address is for all who wait for it: the stranger's for none of them. */
static void again__dns64_for_several(void **state)
{
	static const struct {
		const char *behind, *joined, *other; /* other: in another query that waits */
		const char *client;                  /* of the address itself; NULL: none */
		const char *told;                    /* what dns64 is */
	} rows[] = {
		{"192.0.2.9", "2001:db8::1", NULL, NULL, "NOERROR"},
		{"2001:db8::1", "192.0.2.9", NULL, NULL, "NOERROR"},
		{"2001:db8::1", "2001:db8::2", "198.51.100.1", NULL, "A 192.0.2.25"},
		{"2001:db8::1", NULL, "2001:db8::2", NULL, "A 203.0.113.66"},
		{"192.0.2.9", "2001:db8::1", NULL, "198.51.100.1", "NOERROR"},
		{"2001:db8::1", "2001:db8::2", "192.0.2.9", "198.51.100.1", "NOERROR"},
		{"2001:db8::1", NULL, "2001:db8::2", "198.51.100.1", "A 203.0.113.66"},
	};
	host_t *h = begin(MIL CLIENTS, "");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct mesh_reply second;
		query_t *other = query_new(h, "army.ml", LDNS_RR_TYPE_AAAA, rows[i].other);
		query_t *super = query_new(h, "army.ml", LDNS_RR_TYPE_AAAA, rows[i].behind);
		query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_A, rows[i].client);
		if (rows[i].joined)
			query_join(super, &second, rows[i].joined);
		if (rows[i].other)
			query_waits_for(other, q);
		query_waits_for(super, q);
		if (query_start(q) == module_wait_module)
			assert_int_equal(query_done(q, NULL), module_finished);
		if (rows[i].client)
			query_reply(q, &q->reply);
		assert_row(rows[i].told, strcmp(query_told(q), rows[i].told) == 0);
		query_free(q);
		query_free(super);
		query_free(other);
	}
	host_free(h);
}

/* In the list nothing has an address for dns64; who asks himself is told which it is. */
static void again__dns64_and_the_list(void **state)
{
	static const struct {
		const char *name, *behind, *client, *more, *his, *dns64s;
	} rows[] = {
		{"army.ml", "192.0.2.9", "198.51.100.1", NULL, "A 127.0.0.2", "NOERROR"},
		{"army.ml", "2001:db8::1", "198.51.100.1", NULL, "A 127.0.0.2", "NXDOMAIN"},
		{"army.ml", "unix", "2001:db8::1", "192.0.2.9", "NXDOMAIN", "NOERROR"},
		{"mines.example", "192.0.2.9", "198.51.100.1", NULL, "NXDOMAIN", "NXDOMAIN"},
		{"army.ml", "2001:db8::1", NULL, NULL, "NXDOMAIN", "NXDOMAIN"},
	};
	host_t *h = begin(MIL CLIENTS, "rhsbl-zone: list.example\n");
	struct mesh_reply second;
	char name[64];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		snprintf(name, sizeof(name), "%s.list.example", rows[i].name);
		query_t *super = query_new(h, name, LDNS_RR_TYPE_AAAA, rows[i].behind);
		query_t *q = query_new(h, name, LDNS_RR_TYPE_A, rows[i].client);
		query_waits_for(super, q);
		if (rows[i].more)
			query_join(q, &second, rows[i].more);
		assert_row(rows[i].behind, query_start(q) == module_finished);
		if (!rows[i].more)
			assert_row(rows[i].behind, strcmp(query_told(q), rows[i].his) == 0);
		if (rows[i].client)
			query_reply(q, &q->reply);
		assert_row(rows[i].behind, strcmp(query_told(q), rows[i].dns64s) == 0);
		query_free(q);
		query_free(super);
	}
	host_free(h);
}

/* What dns64 has stored does not stay: whether we have answered, have not seen the question, or
 * this client is to pass. */
static void again__dns64_stored(void **state)
{
	enum { ANSWERED, UNSEEN, PASSES, WAYS };

	(void)state;
	for (int way = 0; way < WAYS; way++) {
		host_t *h = host_new(1, policy_text(1, MIL CLIENTS), "");
		assert_int_equal(init(&h->env, h->id), 1);
		query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_AAAA,
			way == PASSES ? "2001:db8::1" : "192.0.2.9");
		if (way == ANSWERED)
			assert_int_equal(query_start(q), module_finished);
		if (way == PASSES) {
			assert_int_equal(query_start(q), module_wait_module);
			assert_int_equal(query_done(q, NULL), module_finished);
		}
		unsigned before = h->forgotten;
		query_reply(q, &q->reply);
		assert_int_equal(h->forgotten, before + 3);
		query_free(q);
		assert_int_equal(!alerted(h, "\"name\":\"army.ml\""), way == PASSES);
		host_free(h);
	}
}

/* --- no memory */

/* Each allocation in a region fails in turn: never the stranger's answer, never a crash. */
static void memory__of_a_query(void **state)
{
	static const struct {
		const char *name;
		uint16_t type, qclass;
		const char *alias, *told;
	} rows[] = {
		{"army.ml", LDNS_RR_TYPE_MX, 1, NULL, SUNK},
		{"army.ml", LDNS_RR_TYPE_AAAA, 1, NULL, "NOERROR"},
		{"www.example.com", LDNS_RR_TYPE_A, 1, "army.ml", "A 192.0.2.25"},
		{"mx.sinkhole.example", LDNS_RR_TYPE_A, 1, NULL, "A 192.0.2.25"},
		{"army.ml.list.example", LDNS_RR_TYPE_A, 1, NULL, "A 127.0.0.2"},
		{"status.typosink", LDNS_RR_TYPE_TXT, 3, NULL, "TXT"},
		{"marines.ml", LDNS_RR_TYPE_MX, 1, NULL, NULL}, /* has to be asked for */
	};
	host_t *h = begin(MIL, "rhsbl-zone: list.example\nstatus-client: 192.0.2.0/24\n");

	(void)state;
	h->cfg.ede = 1;
	for (size_t i = 0; i < countof(rows); i++)
		for (unsigned n = 0;; n++) {
			query_t *q = query_new(h, rows[i].name, rows[i].type, "192.0.2.9");
			enum module_ext_state next = module_wait_module;
			unsigned forgotten = h->forgotten;
			bool done = false;
			q->mesh.s.qinfo.qclass = rows[i].qclass;
			REFUSING(false, n, {
				next = query_start(q);
				done = next == module_wait_module;
				if (done)
					next = query_done(q, rows[i].alias);
				if (next == module_finished)
					query_reply(q, &q->reply);
			});
			bool refused = refusals.ever,
			     served = strcmp(query_told(q), "SERVFAIL") != 0;
			assert_row(rows[i].name, next == module_finished || !rows[i].told);
			if (done) /* what the iterator has stored */
				assert_row(rows[i].name, h->forgotten > forgotten);
			if (next == module_finished)
				assert_row(rows[i].name,
					q->mesh.s.no_cache_lookup && q->mesh.s.no_cache_store);
			if (next == module_finished && (served || !refused))
				assert_string_equal(
					query_told(q), rows[i].told ? rows[i].told : SUNK);
			query_free(q);
			if (!refused)
				break;
			assert_true(n < 50);
		}
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients__every_family),
		cmocka_unit_test(clients__leave_nothing_behind),
		cmocka_unit_test(clients__observed),
		cmocka_unit_test(clients__who_pass),
		cmocka_unit_test(clients__who_are_not_there),
		cmocka_unit_test(clients__who_hit_the_cache),
		cmocka_unit_test(clients__rdata),
		cmocka_unit_test(clients__and_how_they_came),
		cmocka_unit_test(clients__are_told_why),
		cmocka_unit_test(clients__who_differ_at_once),
		cmocka_unit_test(clients__who_differ_and_the_real_answer),
		cmocka_unit_test(clients__who_differ_without_memory),
		cmocka_unit_test(clients__who_differ_about_the_list),
		cmocka_unit_test(clients__who_ask_for_the_status),
		cmocka_unit_test(clients__nobody),
		cmocka_unit_test(clients__unbound_itself),
		cmocka_unit_test(clients__without_a_policy),
		cmocka_unit_test(clients__popular_names),
		cmocka_unit_test(clients__behind_what_passes),
		cmocka_unit_test(clients__without_a_name),
		cmocka_unit_test(again__responses),
		cmocka_unit_test(again__only_when_done),
		cmocka_unit_test(again__a_dname_alone),
		cmocka_unit_test(again__waiting_for_another_policy),
		cmocka_unit_test(again__after_another_policy),
		cmocka_unit_test(again__an_alias),
		cmocka_unit_test(again__an_alias_of_something_else),
		cmocka_unit_test(again__an_alias_of_what_is_observed),
		cmocka_unit_test(again__an_alias_that_was_known),
		cmocka_unit_test(again__an_alias_and_another_policy),
		cmocka_unit_test(again__queries_of_its_own),
		cmocka_unit_test(again__a_client_who_joins),
		cmocka_unit_test(again__dns64),
		cmocka_unit_test(again__dns64_and_a_client),
		cmocka_unit_test(again__dns64_for_several),
		cmocka_unit_test(again__dns64_and_the_list),
		cmocka_unit_test(again__dns64_stored),
		cmocka_unit_test(memory__of_a_query),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
