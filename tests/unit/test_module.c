/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The module in a stand-in for Unbound (module_host.h): what a real resolver shows rarely or never.
 * Memory that runs out at each allocation in turn, clients of every address family, what is judged
 * again and what need not be, and the purge of a cache that Unbound is about to delete.
 */
#include "module_host.h"

#include "../../module/answer_build.h"
#include "../../module/cache.h"
#include "../../module/query.h"
#include "../../module/watcher.h"
#include "../../src/policy_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEAD                                                                                 \
	"$ORIGIN p.example.\n$TTL 30\n"                                                      \
	"@ IN SOA invalid. hostmaster.invalid. %d 3600 600 2147483646 0\n@ IN NS invalid.\n" \
	"version IN TXT \"2\"\n"
#define MIL                                                                               \
	"m1.zones PTR mil.\ntypo.typosink.ext.m1.zones PTR ml.\nm2.zones PTR army.mil.\n" \
	"$ORIGIN typosink.ext.p.example.\nsinkhole MX 10 mx.sinkhole.example.\n"          \
	"sinkhole A 192.0.2.25\n"
#define CLIENTS                                                              \
	"lab.clients APL 2:2001:db8::/32\naction.lab.clients TXT \"pass\"\n" \
	"mail.clients APL 1:192.0.2.0/24\naction.mail.clients TXT \"nullmx\"\n"
#define SUNK "MX mx.sinkhole.example"

static const char *policy_text(int serial, const char *rest)
{
	static char text[8192];
	int n = snprintf(text, sizeof(text), HEAD, serial);

	snprintf(text + n, sizeof(text) - (size_t)n, "%s", rest);
	return text;
}

static host_t *begin(const char *rest, const char *conf)
{
	host_t *h = host_new(0, policy_text(1, rest), conf);

	assert_int_equal(init(&h->env, h->id), 1);
	assert_true(host_logged("serial 1 from"));
	return h;
}

/* What a client is told of a name: once it has started and, where it goes on, come back. */
static const char *told(host_t *h, const char *name, uint16_t type, const char *client)
{
	static char text[TS_NAME_TEXT_MAX + 16];
	query_t *q = query_new(h, name, type, client);

	if (query_start(q) == module_wait_module)
		assert_int_equal(query_done(q, NULL), module_finished);
	query_reply(q, &q->reply);
	snprintf(text, sizeof(text), "%s", query_told(q));
	query_free(q);
	return text;
}

/* The line of the alert file that has this in it, of a module that has ended; NULL: none. */
static const char *alerted(host_t *h, const char *what)
{
	static char line[8192];
	char path[128];
	bool found = false;

	deinit(&h->env, h->id);
	snprintf(path, sizeof(path), "%s/a", h->folder);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, "\"kind\":\"alert\"") && strstr(line, what);
	fclose(f);
	return found ? line : NULL;
}

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
	query_t *no = query_new(h, "marines.mil", LDNS_RR_TYPE_MX, NULL);
	query_t *pass = query_new(h, "navy.ml", LDNS_RR_TYPE_MX, "2001:db8::1");
	query_t *yes = query_new(h, "navy.mil", LDNS_RR_TYPE_MX, NULL);
	struct reply_info reply = {.flags = BIT_QR};
	struct dns_msg msg = {.rep = &reply};

	(void)state;
	no->mesh.s.return_rcode = LDNS_RCODE_NXDOMAIN;
	yes->mesh.s.return_msg = &msg;
	for (int i = 0; i < 2; i++) {
		query_t *one = i ? pass : q, *sub = i ? yes : no;
		assert_int_equal(query_start(one), module_wait_subquery);
		inform_super(&sub->mesh.s, 0, &one->mesh.s);
		assert_int_equal(query_start(one), module_wait_module);
		assert_int_equal(query_done(one, NULL), module_finished);
		query_reply(one, &one->reply);
		assert_string_equal(query_told(one), "A 203.0.113.66");
		query_free(sub);
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
		{"us.army.mil", "192.0.2.9", "army.ml", NULL, false},   /* behind an alias */
		{"xy.mail.io", "192.0.2.9", "us.army.ml", NULL, false}, /* as long */
		{"army.ml", "192.0.2.9", "army.ml", NULL, true}, /* was judged at its start */
		{"army.ml", "192.0.2.9", "Army.ml", NULL, true},
		{"army.ml", NULL, "army.ml", NULL, false}, /* the validator's */
	};
	host_t *h = begin(MIL, "");

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		query_t *q = query_new(h, rows[i].asked, LDNS_RR_TYPE_MX, rows[i].client);
		q->mesh.s.is_valrec = !rows[i].client;
		query_response(q, rows[i].answered, rows[i].target);
		assert_row(rows[i].answered, !q->mesh.s.no_cache_store == rows[i].stored);
		query_free(q);
	}
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
	assert_int_equal(query_failed(failed), module_finished);
	assert_string_equal(query_told(failed), "SERVFAIL");
	assert_int_equal(query_failed(gone), module_finished);
	assert_int_equal(h->forgotten, 2);
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
	query_t *sub = query_new(h, "marines.mil", LDNS_RR_TYPE_MX, NULL);
	struct reply_info reply = {.flags = BIT_QR};
	struct dns_msg msg = {.rep = &reply};
	const ts_snapshot_t *old = ts_readers_current(m->readers);

	(void)state;
	ts_snapshot_pin(old); /* for us, to look at it in the end */
	assert_int_equal(query_start(q), module_wait_subquery);
	assert_int_equal(atomic_load(&old->pins), 2);
	host_write("policy.zone", policy_text(2, MIL "evidence TXT \"dns\"\n"));
	host_wait_logged("serial 2 from");
	sub->mesh.s.return_msg = &msg;
	inform_super(&sub->mesh.s, 0, &q->mesh.s);
	assert_int_equal(query_start(q), module_finished);
	assert_string_equal(query_told(q), SUNK);
	assert_int_equal(atomic_load(&old->pins), 1);
	ts_snapshot_unpin(old);
	const ts_snapshot_t *now = ts_readers_current(m->readers);
	assert_int_equal(atomic_load(&now->pins), 1);
	query_free(q);
	assert_int_equal(atomic_load(&now->pins), 0);
	query_free(sub);
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
	query_t *sub = query_new(h, "marines.mil", LDNS_RR_TYPE_MX, NULL);
	inform_super(&sub->mesh.s, 0, &waits->mesh.s);
	assert_int_equal(query_start(waits), module_wait_module);
	assert_false(waits->mesh.s.no_cache_lookup);
	query_free(sub);
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
		assert_int_equal(h->forgotten - before, known < 2);
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

/* What DNS64 has made of it and stored: the AAAA, whose key has the CD bit in it, and the A behind
 * it. With dns64-synthall the client's question never comes to us. */
static void again__dns64_stored(void **state)
{
	(void)state;
	for (int synthesised = 0; synthesised < 2; synthesised++) {
		host_t *h = host_new(1, policy_text(1, MIL), "");
		assert_int_equal(init(&h->env, h->id), 1);
		query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_AAAA, "192.0.2.9");
		if (!synthesised)
			assert_int_equal(query_start(q), module_finished);
		unsigned before = h->forgotten;
		query_reply(q, &q->reply);
		assert_int_equal(h->forgotten, before + 3);
		query_free(q);
		assert_non_null(alerted(h, "\"name\":\"army.ml\""));
		host_free(h);
	}
}

/* --- the check */

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
		query_t *sub = query_new(h, "marines.mil", LDNS_RR_TYPE_MX, NULL);
		assert_int_equal(query_start(q), module_wait_subquery);
		assert_int_equal(query_start(second), module_wait_module);
		if (informed) {
			inform_super(&sub->mesh.s, 0, &q->mesh.s);
			query_t *third = query_new(h, "navy.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
			assert_int_equal(query_start(third), module_wait_subquery);
			query_free(third);
		}
		query_free(sub);
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
	query_t *no = query_new(h, "navy.mil", LDNS_RR_TYPE_MX, NULL);
	query_t *yes = query_new(h, "marines.mil", LDNS_RR_TYPE_MX, NULL);
	struct reply_info reply = {.flags = BIT_QR};
	struct dns_msg msg = {.rep = &reply};

	(void)state;
	no->mesh.s.return_rcode = LDNS_RCODE_NXDOMAIN;
	yes->mesh.s.return_msg = &msg;
	for (int exists = 0; exists < 2; exists++) {
		query_t *q = query_new(h, "navy.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		assert_int_equal(query_start(q), module_wait_subquery);
		inform_super(&no->mesh.s, 0, &q->mesh.s);
		assert_int_equal(query_start(q), module_wait_module);
		assert_int_equal(query_done(q, "marines.ml"), module_wait_subquery);
		assert_memory_equal(h->subquery.qname, yes->name, h->subquery.qname_len);
		yes->mesh.s.return_rcode = exists ? LDNS_RCODE_NOERROR : LDNS_RCODE_NXDOMAIN;
		inform_super(&yes->mesh.s, 0, &q->mesh.s);
		assert_int_equal(query_start(q), module_finished);
		query_reply(q, &q->reply);
		assert_string_equal(query_told(q), exists ? SUNK : "CNAME");
		if (exists) /* behind the alias */
			assert_int_equal(q->mesh.s.return_msg->rep->an_numrrsets, 2);
		query_free(q);
	}
	query_free(yes);
	query_free(no);
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
		query_t *no = query_new(h, targets[i][1], LDNS_RR_TYPE_MX, NULL);
		no->mesh.s.return_rcode = LDNS_RCODE_NXDOMAIN;
		assert_int_equal(query_done(q, targets[i][0]), module_wait_subquery);
		inform_super(&no->mesh.s, 0, &q->mesh.s);
		assert_int_equal(query_start(q), module_finished);
		assert_string_equal(query_told(q), "CNAME");
		query_free(no);
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
	query_t *yes = query_new(h, "marines.mil", LDNS_RR_TYPE_MX, NULL);
	struct reply_info reply = {.flags = BIT_QR};
	struct dns_msg msg = {.rep = &reply};

	(void)state;
	assert_int_equal(query_start(listed), module_wait_module);
	assert_false(listed->mesh.s.no_cache_store);
	assert_int_equal(query_start(asked), module_wait_subquery);
	yes->mesh.s.return_msg = &msg;
	inform_super(&yes->mesh.s, 0, &asked->mesh.s);
	assert_int_equal(query_start(asked), module_wait_module);
	assert_true(asked->mesh.s.no_cache_store);
	query_free(yes);
	query_free(asked);
	query_free(listed);
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
		const char *what, *name;
		bool cached, exists, answered, alerts;
	} rows[] = {
		{"a typo", "army.ml", false, false, true, true},
		{"a typo without an answer", "army.ml", false, false, false, true},
		{"exists", "marines.ml", true, true, true, true},
		{"does not", "marines.ml", true, false, true, false},
		{"not known", "marines.ml", false, false, true, false},
		{"nobody's", "www.example.com", false, false, true, false},
	};
	host_t *h = host_new(1, policy_text(1, MIL "evidence TXT \"dns\"\n"), "");
	struct msgreply_entry entry = {0};
	ts_pipeline_stats_t before, after;

	(void)state;
	assert_int_equal(init(&h->env, h->id), 1);
	ts_module_t *m = ts_module_of(&h->env, 1);
	lock_rw_init(&entry.entry.lock);
	for (size_t i = 0; i < countof(rows); i++) {
		struct reply_info known = {.flags = (uint16_t)(BIT_QR | (rows[i].exists ? 0 : 3))};
		struct reply_info reply = {.flags = BIT_QR, .ttl = 7};
		struct dns_msg msg = {.rep = &reply};
		query_t *q = query_new(h, rows[i].name, LDNS_RR_TYPE_AAAA, "192.0.2.9");
		unsigned forgotten = h->forgotten;
		entry.entry.data = &known;
		h->cached = rows[i].cached ? &entry : NULL;
		q->mesh.s.return_msg = rows[i].answered ? &msg : NULL;
		ts_pipeline_stats(m->pipeline, &before);
		query_reply(q, &q->reply);
		ts_pipeline_stats(m->pipeline, &after);
		assert_row(rows[i].what, after.submitted - before.submitted == rows[i].alerts);
		/* The AAAA with its two keys, and the A behind it. */
		assert_row(rows[i].what, h->forgotten - forgotten == (i < 5 ? 3 : 0));
		query_free(q);
	}
	h->cached = NULL;
	lock_rw_destroy(&entry.entry.lock);
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
		query_t *sub = query_new(h, "marines.mil", LDNS_RR_TYPE_MX, NULL);
		struct reply_info reply = {.flags = (uint16_t)(BIT_QR | rows[i].asked)};
		struct dns_msg msg = {.rep = &reply};
		enum module_ext_state next = query_start(q);
		assert_row(rows[i].what,
			next == (rows[i].asked < 0 ? module_finished : module_wait_subquery));
		if (rows[i].asked >= 0) {
			sub->mesh.s.return_msg = &msg;
			inform_super(&sub->mesh.s, 0, &q->mesh.s);
			assert_int_equal(query_start(q), module_finished);
		}
		assert_row(rows[i].what, strcmp(query_told(q), rows[i].told) == 0);
		query_free(sub);
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
			q->mesh.s.qinfo.qclass = rows[i].qclass;
			REFUSING(false, n, {
				next = query_start(q);
				if (next == module_wait_module)
					next = query_done(q, rows[i].alias);
				if (next == module_finished)
					query_reply(q, &q->reply);
			});
			bool refused = refusals.ever,
			     served = strcmp(query_told(q), "SERVFAIL") != 0;
			assert_row(rows[i].name, next == module_finished || !rows[i].told);
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

/* Each allocation of init fails in turn: it says so, or does without, and leaves nothing behind. */
static void memory__of_init(void **state)
{
	unsigned failed = 0, n = 0;

	(void)state;
	for (bool refused = true; refused; n++) {
		host_t *h = host_new(0, policy_text(1, MIL), "status-client: 192.0.2.0/24\n");
		int good = 1;
		REFUSING(true, n, good = init(&h->env, h->id));
		refused = refusals.ever;
		if (!good) {
			failed++;
			assert_true(host_logged("typosink: out of memory"));
			assert_null(h->dynlib.dyn_env);
		} else {
			assert_true(refused || host_logged("serial 1 from"));
			(void)told(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		}
		for (int i = 0; !good && i < inplace_cb_types_total; i++)
			h->callbacks[i] = NULL; /* as Unbound, which ends */
		host_free(h);
	}
	assert_true(failed > 5 && n > 30);
}

static void memory__of_the_callbacks(void **state)
{
	(void)state;
	for (int n = 0; n < 5; n++) {
		host_t *h = host_new(0, policy_text(1, MIL), "");
		h->registrations_left = n;
		assert_int_equal(init(&h->env, h->id), n >= 4);
		for (int i = 0; n < 4 && i < inplace_cb_types_total; i++)
			h->callbacks[i] = NULL;
		host_free(h);
	}
}

/* --- init, and what it is told */

static void init__of_a_foreign_program(void **state)
{
	host_t *h = host_new(0, policy_text(1, MIL), "");

	(void)state;
	assert_int_equal(unsetenv("TYPOSINK_HOST_BUILD"), 0);
	assert_int_equal(init(&h->env, h->id), 0);
	assert_true(host_logged("built for Unbound " TS_HOST_VERSION));
	assert_int_equal(setenv("TYPOSINK_HOST_BUILD", "00", 1), 0);
	assert_int_equal(init(&h->env, h->id), 0);
	assert_int_equal(get_mem(&h->env, h->id), 0);
	host_free(h);
}

/* The zones that the operator has given this Unbound; not the root, nor what is no name, nor an
 * RPZ. */
static void init__own_zones(void **state)
{
	static const struct {
		const char *name, *told;
	} rows[] = {
		{"local.army.ml", "A 203.0.113.66"},
		{"x.local.army.ml", "A 203.0.113.66"},
		{"auth.army.ml", "A 203.0.113.66"},
		{"stub.army.ml", "A 203.0.113.66"},
		{"forward.army.ml", "A 203.0.113.66"},
		{"rpz.army.ml", SUNK},
		{"army.ml", SUNK},
	};
	char local[] = "local.army.ml", auth[] = "auth.army.ml", stub[] = "stub.army.ml",
	     forward[] = "forward.army.ml", rpz[] = "rpz.army.ml", root[] = ".", bad[] = "a..b";
	host_t *h = host_new(0, policy_text(1, MIL), "");
	struct config_str2list no_name = {NULL, bad, NULL}, all = {&no_name, root, NULL},
			       locals = {&all, local, NULL};
	struct config_auth list = {.name = rpz, .isrpz = 1}, auths = {.next = &list, .name = auth};
	struct config_stub stubs = {.name = stub}, rest = {.name = root},
			   forwards = {.next = &rest, .name = forward};

	(void)state;
	h->cfg.local_zones = &locals;
	h->cfg.auths = &auths;
	h->cfg.stubs = &stubs;
	h->cfg.forwards = &forwards;
	assert_int_equal(init(&h->env, h->id), 1);
	for (size_t i = 0; i < countof(rows); i++)
		assert_row(rows[i].name, strcmp(told(h, rows[i].name, LDNS_RR_TYPE_MX, "192.0.2.9"),
						 rows[i].told) == 0);
	host_free(h);
}

static void init__client_keys(void **state)
{
	static const struct {
		const char *conf, *key;
		bool warns;
	} rows[] = {
		{"alert-client: hash\n", NULL, true},
		{"alert-client: hash\nalert-client-key-file: %s/key\n", NULL, true},
		{"alert-client: hash\nalert-client-key-file: %s/key\n", "0123456789abcde", true},
		{"alert-client: hash\nalert-client-key-file: %s/key\n", "0123456789abcdef", false},
		{"alert-client: full\nalert-client-key-file: %s/key\n", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		host_t *h = host_new(0, policy_text(1, MIL), "");
		char conf[512], path[128];
		snprintf(path, sizeof(path), "%s/key", h->folder);
		if (rows[i].key)
			host_write("key", rows[i].key);
		int n = snprintf(conf, sizeof(conf), "policy-file: %s/policy.zone\n", h->folder);
		const char *format = rows[i].conf, *at = strstr(format, "%s/key");
		snprintf(conf + n, sizeof(conf) - (size_t)n, "%.*s%s%s",
			(int)(at ? at - format : (long)strlen(format)), format, at ? path : "",
			at ? "\n" : "");
		host_write("typosink.conf", conf);
		assert_int_equal(init(&h->env, h->id), 1);
		assert_int_equal(host_logged("no key of 16 octets"), rows[i].warns);
		host_free(h);
	}
}

/* The handler that Unbound has while it is not serving is the one of SIGHUP and SIGTERM. */
static void ends(int number)
{
	(void)number;
}

static void init__notes_the_handler(void **state)
{
	static const struct {
		const char *what;
		void (*hup)(int), (*term)(int);
		bool noted;
	} rows[] = {
		{"one for both", ends, ends, true},
		{"two", ends, SIG_DFL, false},
		{"none", SIG_DFL, SIG_DFL, false},
		{"ignored", SIG_IGN, SIG_IGN, false},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_true(signal(SIGHUP, rows[i].hup) != SIG_ERR);
		assert_true(signal(SIGTERM, rows[i].term) != SIG_ERR);
		host_t *h = begin(MIL, "");
		assert_row(rows[i].what,
			ts_module_of(&h->env, 0)->paused == (rows[i].noted ? ends : NULL));
		host_free(h);
	}
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
}

/* Files come, break, go and come again; what was good goes on meanwhile. */
static void init__policies_come_and_go(void **state)
{
	host_t *h =
		begin(MIL, "policy-file: /nonexistent/other.zone\nstatus-client: 192.0.2.0/24\n");
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/policy.zone", h->folder);
	assert_true(host_logged("nothing is in force from /nonexistent/other.zone"));
	host_write("policy.zone", "no policy\n");
	host_wait_logged("the last good policy, serial 1, goes on serving");
	host_write("policy.zone", policy_text(2, MIL));
	host_wait_logged("serial 2 from");
	assert_int_equal(unlink(path), 0);
	host_wait_logged(
		"No such file or directory; the last good policy, serial 2, goes on serving");
	assert_string_equal(told(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9"), SUNK);
	host_write("policy.zone", policy_text(3, MIL));
	host_wait_logged("serial 3 from");
	host_free(h);
}

/* Without a configuration that can be read it goes on, with what is built in. */
static void init__without_a_configuration(void **state)
{
	host_t *h = host_new(0, policy_text(1, MIL), "");

	(void)state;
	assert_int_equal(unsetenv("TYPOSINK_CONF"), 0);
	assert_int_equal(init(&h->env, h->id), 1);
	assert_true(host_logged("typosink.conf"));
	assert_true(host_logged("no policy is in force"));
	assert_string_equal(told(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9"), "A 203.0.113.66");
	host_free(h);
}

static void init__in_a_chroot(void **state)
{
	static const struct {
		const char *root, *path, *inside;
	} rows[] = {
		{NULL, "/etc/x", "/etc/x"},
		{"", "/etc/x", "/etc/x"},
		{"/", "/etc/x", "/etc/x"},
		{"/var/u", "/var/u/etc/x", "/etc/x"},
		{"/var/u//", "/var/u/etc/x", "/etc/x"},
		{"/var/u", "/var/unbound/x", "/var/unbound/x"},
		{"/var/u", "/etc/x", "/etc/x"},
		{"/var/u", "/var/u", "/var/u"},
		{"/var/u", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct config_file cfg = {.chrootdir = (char *)(uintptr_t)rows[i].root};
		const char *inside = ts_path_in_chroot(&cfg, rows[i].path);
		assert_row(rows[i].path ? rows[i].path : "none",
			rows[i].inside ? inside && strcmp(inside, rows[i].inside) == 0 : !inside);
	}
}

static void init__memory_is_told(void **state)
{
	host_t *h = begin(MIL, "");
	ts_module_t *m = ts_module_of(&h->env, 0);
	size_t whole = get_mem(&h->env, 0), policies = ts_watcher_memory(m->watcher);

	(void)state;
	assert_true(
		whole > sizeof(*m) + ts_quiet_memory(m->quiet) + ts_pipeline_memory(m->pipeline));
	query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	operate(&q->mesh.s, module_event_noreply, 0, NULL); /* nothing that a module of ours gets */
	assert_int_equal(q->mesh.s.ext_state[0], module_error);
	query_free(q);
	/* An old policy is let go: what is told then is of the look before. */
	for (int serial = 2; serial < 4; serial++) {
		char said[32];
		snprintf(said, sizeof(said), "serial %d from", serial);
		host_write("policy.zone", policy_text(serial, MIL));
		host_wait_logged(said);
	}
	assert_int_equal(ts_watcher_memory(m->watcher), policies);
	host_free(h);
}

/* --- the purge */

/* What SIGHUP leads to, as sigaction() tells it. */
static struct {
	bool scripted;
	void (*hup)(int);
	unsigned asked;
} signals;

int __real_sigaction(int number, const struct sigaction *act, struct sigaction *old);
int __wrap_sigaction(int number, const struct sigaction *act, struct sigaction *old);

static bool zones_are_locked(void)
{
	if (pthread_rwlock_trywrlock(&host->zones.lock) != 0)
		return true;
	pthread_rwlock_unlock(&host->zones.lock);
	return false;
}

int __wrap_sigaction(int number, const struct sigaction *act, struct sigaction *old)
{
	if (!signals.scripted || act)
		return __real_sigaction(number, act, old);
	/* Asked before the lock is held, the answer may be old when the cache is touched. */
	assert_true(zones_are_locked());
	signals.asked++;
	*old = (struct sigaction){.sa_handler = signals.hup};
	return 0;
}

static void serving(int number)
{
	(void)number;
}

static void paused(int number)
{
	(void)number;
}

#define BINS 64
typedef struct cache {
	struct slabhash slabs;
	struct lruhash table, *tables[1];
	struct lruhash_bin bins[BINS];
	struct msgreply_entry entries[BINS];
	uint8_t names[BINS][32];
	struct reply_info replies[BINS];
} cache_t;

/* A message for n<i>.army.ml in each bin. */
static cache_t *cache_new(host_t *h)
{
	cache_t *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->tables[0] = &c->table;
	c->slabs.size = 1;
	c->slabs.array = c->tables;
	lock_quick_init(&c->table.lock);
	c->table.array = c->bins;
	c->table.size = c->table.num = BINS;
	for (unsigned i = 0; i < BINS; i++) {
		struct msgreply_entry *e = &c->entries[i];
		char text[32];
		ts_name_t name;
		snprintf(text, sizeof(text), "n%u.army.ml", i);
		assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
		memcpy(c->names[i], name.wire, name.len);
		lock_quick_init(&c->bins[i].lock);
		lock_rw_init(&e->entry.lock);
		e->key = (struct query_info){
			c->names[i], name.len, LDNS_RR_TYPE_MX, LDNS_RR_CLASS_IN, NULL};
		e->entry.hash = i;
		e->entry.key = e;
		e->entry.data = &c->replies[i];
		c->bins[i].overflow_list = &e->entry;
	}
	h->env.msg_cache = &c->slabs;
	return c;
}

static void cache_free(host_t *h, cache_t *c)
{
	h->env.msg_cache = &h->empty;
	for (unsigned i = 0; i < BINS; i++) {
		lock_quick_destroy(&c->bins[i].lock);
		lock_rw_destroy(&c->entries[i].entry.lock);
	}
	lock_quick_destroy(&c->table.lock);
	free(c);
}

/* A module that is not running: what the purge looks at, and nothing else. */
typedef struct still {
	host_t *host;
	ts_module_t m;
	ts_policyset_t *set;
	cache_t *cache;
	_Atomic bool stop;
	size_t removed;
} still_t;

static void still_begin(still_t *s)
{
	ts_policy_options_t options = {.seed = 1};
	ts_policyset_options_t of_set = {.seed = 1};
	ts_policy_t *policy;
	char path[256];

	memset(s, 0, sizeof(*s));
	s->host = host_new(0, policy_text(1, MIL), "");
	s->m.env = &s->host->env;
	s->m.paused = paused;
	snprintf(path, sizeof(path), "%s/policy.zone", s->host->folder);
	assert_int_equal(ts_policy_load_file(path, &options, NULL, &policy), TS_OK);
	assert_int_equal(ts_policyset_new(&policy, 1, &of_set, &s->set), TS_OK);
	ts_policy_unref(policy);
	s->cache = cache_new(s->host);
	signals.scripted = true;
	signals.hup = serving;
	signals.asked = 0;
}

static bool still_purge(still_t *s)
{
	return ts_cache_purge(&s->m, NULL, s->set, true, &s->stop, &s->removed);
}

static void still_end(still_t *s)
{
	signals.scripted = false;
	cache_free(s->host, s->cache);
	ts_policyset_free(s->set);
	host_free(s->host);
}

static unsigned removals, stop_after;

/* In a step Unbound's main thread cannot get past the lock; between two it can. */
static void while_removing(struct query_info *qinfo)
{
	(void)qinfo;
	assert_true(zones_are_locked());
	assert_ptr_equal(signals.hup, serving);
	removals++;
}

static void purge__touches_the_cache_under_the_lock_alone(void **state)
{
	still_t s;

	(void)state;
	still_begin(&s);
	removals = 0;
	s.host->removing = while_removing;
	assert_true(still_purge(&s));
	assert_int_equal(s.removed, BINS);
	assert_int_equal(removals, BINS);
	assert_int_equal(s.cache->table.num, 0);
	assert_true(signals.asked >= BINS / 16); /* before each step */
	assert_false(zones_are_locked());
	still_end(&s);
}

static void begin_to_reload(struct query_info *qinfo)
{
	(void)qinfo;
	assert_true(zones_are_locked());
	if (++removals == stop_after)
		signals.hup = paused; /* and its thread waits for the lock */
}

/* Unbound begins to reload in the midst of a step: that one is ended, and no other begun. */
static void purge__ends_where_unbound_reloads(void **state)
{
	still_t s;

	(void)state;
	still_begin(&s);
	signals.hup = paused;
	assert_false(still_purge(&s)); /* not in service from the beginning */
	assert_int_equal(s.removed, 0);
	signals.hup = serving;
	removals = 0;
	stop_after = 20; /* in the second step of 16 bins */
	s.host->removing = begin_to_reload;
	assert_false(still_purge(&s));
	assert_int_equal(s.removed, 32);
	assert_int_equal(s.cache->table.num, BINS - 32);
	assert_false(zones_are_locked());
	/* In service again: the rest. */
	signals.hup = serving;
	s.host->removing = NULL;
	assert_true(still_purge(&s));
	assert_int_equal(s.cache->table.num, 0);
	still_end(&s);
}

static void purge__without_memory_says_so(void **state)
{
	still_t s;
	bool whole = true;

	(void)state;
	still_begin(&s);
	REFUSING(true, 3, whole = still_purge(&s));
	assert_false(whole);
	assert_int_equal(s.removed, BINS - 1);
	assert_true(still_purge(&s)); /* the rest */
	assert_int_equal(s.removed, 1);
	atomic_store(&s.stop, true); /* told to end: nothing is looked at */
	unsigned asked = signals.asked;
	(void)still_purge(&s);
	assert_int_equal(signals.asked, asked);
	still_end(&s);
}

static void purge__what_unbound_would_not_serve_either(void **state)
{
	still_t s;

	(void)state;
	still_begin(&s);
	for (unsigned i = 0; i < BINS; i++) {
		memcpy(s.cache->names[i] + s.cache->entries[i].key.qname_len - 4, "\2uk", 4);
		s.cache->replies[i].an_numrrsets = i % 2;
	}
	s.cache->entries[1].key.qclass = LDNS_RR_CLASS_CH;
	s.host->lockable = false; /* its RRsets are gone */
	assert_true(still_purge(&s));
	assert_int_equal(s.removed, BINS / 2 - 1);
	still_end(&s);
}

/* Twice as many bins in the midst of it, and an entry among those that were seen already. */
static still_t *growing;

static void grow(struct query_info *qinfo)
{
	cache_t *c = growing->cache;

	(void)qinfo;
	if (++removals != 10)
		return;
	c->table.size = BINS;
	c->bins[3].overflow_list = &c->entries[40].entry;
	c->bins[40].overflow_list = NULL;
}

static void purge__of_a_table_that_grows(void **state)
{
	still_t s;

	(void)state;
	still_begin(&s);
	growing = &s;
	removals = 0;
	s.cache->table.size = BINS / 2;
	s.host->removing = grow;
	assert_true(still_purge(&s));
	assert_int_equal(s.removed, BINS);
	still_end(&s);
}

/* Names that are nobody's, with aliases; and what the list said before there was one. */
static void purge__aliases_and_the_list(void **state)
{
	static const struct {
		const char *what, *target, *list;
		size_t removed;
	} rows[] = {
		{"an alias of a typo", "army.ml", NULL, BINS},
		{"an alias of nobody's", "army.mil", NULL, 0},
		{"a name of the list", NULL, "example", BINS},
		{"no name of the list", NULL, "example.org", 0},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		still_t s;
		still_begin(&s);
		query_t *q = query_new(s.host, "n.example", LDNS_RR_TYPE_MX, NULL);
		ts_name_t name;
		if (rows[i].list)
			assert_int_equal(ts_name_from_text(&s.m.rhsbl_zone, rows[i].list,
						 strlen(rows[i].list), NULL),
				TS_OK);
		for (unsigned n = 0; n < BINS; n++) {
			char text[32];
			snprintf(text, sizeof(text), "n%u.example", n);
			assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
			memcpy(s.cache->names[n], name.wire, name.len);
			s.cache->entries[n].key.qname_len = name.len;
			if (rows[i].target)
				s.cache->replies[n] = *query_real(q, text, rows[i].target);
		}
		assert_true(still_purge(&s));
		assert_row(rows[i].what, s.removed == rows[i].removed);
		query_free(q);
		still_end(&s);
	}
}

static ts_policyset_t *set_of(const char *text)
{
	ts_policy_options_t options = {.seed = 1};
	ts_policyset_options_t of_set = {.seed = 1};
	ts_policy_t *policy;
	ts_policyset_t *set;

	assert_int_equal(
		ts_policy_load_text("test", text, strlen(text), &options, NULL, &policy), TS_OK);
	assert_int_equal(ts_policyset_new(&policy, 1, &of_set, &set), TS_OK);
	ts_policy_unref(policy);
	return set;
}

/* What has to be asked for may be in the cache because the answer was no: it stays as long as the
 * question is the same. */
static void purge__leaves_what_was_asked_for(void **state)
{
#define ASKING(zone)                                                   \
	"m1.zones PTR " zone ".\ntypo.typosink.ext.m1.zones PTR ml.\n" \
	"$ORIGIN typosink.ext.p.example.\nevidence TXT \"dns\"\naction TXT \"nodata\"\n"
	static const struct {
		const char *what, *before; /* NULL: nothing was in force */
		bool stays;
	} rows[] = {
		{"the same", ASKING("mil"), true},
		{"of another zone, as long", ASKING("gov"), false},
		{"of another zone", ASKING("museum"), false},
		{"was no typo",
			"m1.zones PTR example.org.\n$ORIGIN typosink.ext.p.example.\n"
			"action TXT \"nodata\"\n",
			false},
		{"nothing was", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		still_t s;
		still_begin(&s);
		ts_policyset_t *now = set_of(policy_text(1, ASKING("mil")));
		ts_policyset_t *old =
			rows[i].before ? set_of(policy_text(1, rows[i].before)) : NULL;
		for (unsigned n = 0; n < BINS;
			n++) /* nN.army.ml: nN.navy.ml, which asks for navy.mil */
			memcpy(s.cache->names[n] + s.cache->entries[n].key.qname_len - 9, "\4navy",
				5);
		assert_true(ts_cache_purge(&s.m, old, now, false, &s.stop, &s.removed));
		assert_row(rows[i].what, s.removed == (rows[i].stays ? 0 : BINS));
		ts_policyset_free(now);
		ts_policyset_free(old);
		still_end(&s);
	}
}

/* Whichever allocation of init fails: where it serves, no answer from before is left. */
static void memory__of_the_first_purge(void **state)
{
	bool refused = true, again = false;

	(void)state;
	for (unsigned n = 0; refused; n++) {
		host_t *h = host_new(0, policy_text(1, MIL), "");
		cache_t *cache = cache_new(h);
		int good = 0;
		REFUSING(true, n, good = init(&h->env, h->id));
		refused = refusals.ever;
		for (int i = 0; !good && i < inplace_cb_types_total; i++)
			h->callbacks[i] = NULL;
		if (good && host_logged("serial 1 from")) {
			assert_int_equal(cache->table.num, 0);
			again = again || refused;
		}
		deinit(&h->env, h->id);
		cache_free(h, cache);
		host_free(h);
	}
	assert_true(again);
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
		cmocka_unit_test(clients__without_a_name),
		cmocka_unit_test(again__responses),
		cmocka_unit_test(again__only_when_done),
		cmocka_unit_test(again__a_dname_alone),
		cmocka_unit_test(again__waiting_for_another_policy),
		cmocka_unit_test(again__after_another_policy),
		cmocka_unit_test(again__an_alias),
		cmocka_unit_test(again__an_alias_of_something_else),
		cmocka_unit_test(again__queries_of_its_own),
		cmocka_unit_test(again__a_client_who_joins),
		cmocka_unit_test(again__dns64),
		cmocka_unit_test(again__dns64_stored),
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
		cmocka_unit_test(memory__of_a_query),
		cmocka_unit_test(memory__of_init),
		cmocka_unit_test(memory__of_the_callbacks),
		cmocka_unit_test(init__of_a_foreign_program),
		cmocka_unit_test(init__own_zones),
		cmocka_unit_test(init__client_keys),
		cmocka_unit_test(init__notes_the_handler),
		cmocka_unit_test(init__policies_come_and_go),
		cmocka_unit_test(init__without_a_configuration),
		cmocka_unit_test(init__in_a_chroot),
		cmocka_unit_test(init__memory_is_told),
		cmocka_unit_test(purge__touches_the_cache_under_the_lock_alone),
		cmocka_unit_test(purge__ends_where_unbound_reloads),
		cmocka_unit_test(purge__without_memory_says_so),
		cmocka_unit_test(purge__what_unbound_would_not_serve_either),
		cmocka_unit_test(purge__of_a_table_that_grows),
		cmocka_unit_test(purge__aliases_and_the_list),
		cmocka_unit_test(purge__leaves_what_was_asked_for),
		cmocka_unit_test(memory__of_the_first_purge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
