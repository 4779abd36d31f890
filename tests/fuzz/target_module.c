/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz target `module`: queries driven through the module in a stand-in for Unbound, as its mesh
 * would: clients that join, aliases, checks that are answered or not, memory that runs out, a
 * policy that changes in between, answers of a module before it. What each client is told, also by
 * the list, what is alerted on, also at a cache hit, and what may stay in the message cache is
 * demanded of every query, by the verdicts on the names of its answer.
 */
#include "../unit/module_fixture.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SINKHOLE(zone)                                                          \
	"$ORIGIN typosink.ext." zone ".\nsinkhole MX 10 mx.sinkhole.example.\n" \
	"sinkhole A 192.0.2.25\n"
/* .mil and a zone below it, with declared typos; one that is only observed. */
#define FIRST                                                                             \
	"m1.zones PTR mil.\ntypo.typosink.ext.m1.zones PTR ml.\nm2.zones PTR army.mil.\n" \
	"m3.zones PTR example.com.\ngroup.m3.zones TXT careful\n" SINKHOLE(               \
		"p.example") "action.careful.groups TXT observe\na1.allow PTR mines.ml.\n"
/* What may become of it while a query waits. */
#define CHANGED                                                                      \
	"m1.zones PTR mil.\nm2.zones PTR army.mil.\nm3.zones PTR www.example.net.\n" \
	"typo.typosink.ext.m3.zones PTR example.com.\n"                              \
	"a1.allow PTR elsewere.net.\na2.allow PTR navy.ml.\n" SINKHOLE(              \
		"p.example") "action TXT \"nxdomain\"\n"
/* Another operator's, with other clients. */
#define SECOND                         \
	POLICY_START("q.example", "1") \
	"m1.zones PTR mail.example.org.\nm2.zones PTR elsewhere.net.\n" SINKHOLE("q.example")
#define LIST "list.example"
#define LISTING "rhsbl-zone: " LIST "\n"
#define OTHERS "lab.clients APL 1:192.0.2.0/24\naction.lab.clients TXT \"observe\"\n"

static const struct {
	const char *first, *second, *conf;
	int id; /* 1: behind another module */
} worlds[] = {
	{FIRST, SECOND, "", 0},
	{FIRST CLIENTS, SECOND OTHERS, "", 0},
	{FIRST CLIENTS "evidence TXT \"dns\"\n", SECOND, LISTING, 0},
	{FIRST "evidence TXT \"dns\"\n", SECOND OTHERS "evidence TXT \"dns\"\n",
		LISTING "evidence-failure: defer\n", 0},
	{FIRST "action TXT \"observe\"\n", SECOND OTHERS, "evidence-failure: pass\n", 0},
	{FIRST "action TXT \"nxdomain\"\n", SECOND "action TXT \"defer\"\n",
		LISTING "evidence-failure: intercept\nrdata-alerts: yes\n", 0},
	{FIRST CLIENTS, SECOND OTHERS "evidence TXT \"dns\"\n", LISTING, 1},
	{FIRST "action TXT \"pass\"\n", SECOND "action TXT \"observe\"\nevidence TXT \"dns\"\n",
		"evidence-failure: intercept\n", 0},
};
static host_t *hosts[countof(worlds)];
static int fuzz_world;

static const char *const names[] = {"army.ml", "us.army.ml", "marines.ml", "navy.ml", "mines.ml",
	"exmaple.com", "www.examp1e.com", "elsewere.net", "mail.exmaple.org", "army.mil",
	"www.example.com", "mx.sinkhole.example", "www.example.net", "mail.elsewhere.net",
	"elsewhere.ent", "mail.example.ogr", "army.ml." LIST, "marines.ml." LIST,
	"us.navy.ml." LIST, "www.example.net." LIST};
static const uint16_t types[] = {LDNS_RR_TYPE_MX, LDNS_RR_TYPE_A, LDNS_RR_TYPE_AAAA,
	LDNS_RR_TYPE_SRV, LDNS_RR_TYPE_TXT, LDNS_RR_TYPE_CNAME};
static const char *const clients[] = {"198.51.100.1", "192.0.2.9", "2001:db8::1", "unix"};
/* What no client of an intercepted name may see. */
static const char stranger[] = "\0\12\10stranger\7example";

/* --- the world outside: which names exist */

static uint8_t salt;
static bool caching; /* the message cache knows of them */

static ts_existence_t truth(const uint8_t *name, size_t len)
{
	unsigned sum = salt;

	for (size_t i = 0; i < len; i++)
		sum = sum * 31 + name[i];
	return sum / 7 % 3 == 0 ? TS_EXISTS : sum / 7 % 3 == 1 ? TS_ABSENT : TS_FAILED;
}

static void set_flags(struct reply_info *reply, ts_existence_t existence)
{
	static const uint16_t rcodes[] = {
		LDNS_RCODE_NOERROR, LDNS_RCODE_NXDOMAIN, LDNS_RCODE_SERVFAIL};

	reply->flags = (uint16_t)(BIT_QR | rcodes[existence]);
}

static struct msgreply_entry *find(const uint8_t *name, size_t len)
{
	static struct reply_info reply;
	static struct msgreply_entry entry;
	ts_existence_t existence = truth(name, len);

	if (!caching || existence == TS_FAILED)
		return NULL;
	if (!entry.entry.data) {
		lock_rw_init(&entry.entry.lock);
		entry.entry.data = &reply;
	}
	set_flags(&reply, existence);
	return &entry;
}

/* --- what is to be expected */

#define LINKS 4

typedef struct run {
	query_t *q;
	const char *chain[LINKS + 1]; /* what was asked for, and the aliases of the real answer */
	size_t aliases;
	uint8_t how; /* what stands behind them */
	struct reply_info *real;
	/* As it was: what the module shows may be written over it. */
	struct ub_packed_rrset_key *rrsets[LINKS + 1];
	size_t rrset_count;
	const struct reply_info
		*told;        /* what Unbound sends to each client, once it has called back */
	bool unsure, starved; /* a check may have failed; memory has run out */
} run_t;

/* For a client: bit 0, nothing is intercepted; bit i + 1, the answer is ours from link i on.
 * unsure: a check may have failed. */
typedef struct expected {
	unsigned outcomes;
	bool observed;      /* so is a link before */
	ts_action_t action; /* of the link that is intercepted */
} expected_t;

static expected_t expect(const char *const *chain, size_t aliases, uint16_t type,
	const ts_client_t *client, bool unsure)
{
	const ts_module_t *m = ts_module_of(&host->env, host->id);
	ts_reader_t *reader;
	const ts_snapshot_t *s = ts_reader_enter(m->readers, &reader);
	expected_t e = {.action = TS_ACTION_PASS};
	bool ended = false;

	for (size_t i = 0; i <= aliases && !ended; i++) {
		ts_name_t name;
		PROMISED(ts_name_from_text(&name, chain[i], strlen(chain[i]), NULL) == TS_OK);
		ts_query_t query = {&name, type, LDNS_RR_CLASS_IN};
		ts_verdict_t asked, v;
		ts_verdict(s->set, &query, client, host->now, &asked);
		ended = true;
		for (int failed = 0; failed < 2; failed++) {
			v = asked;
			if (failed && (!unsure || asked.kind != TS_VERDICT_ASK))
				break;
			if (v.kind == TS_VERDICT_ASK)
				ts_verdict_resolve(&v,
					failed ? TS_FAILED : truth(v.ask.wire, v.ask.len),
					m->conf.evidence_failure);
			if (v.kind == TS_VERDICT_TYPO && v.action == TS_ACTION_OBSERVE)
				e.observed = true;
			if ((v.kind == TS_VERDICT_TYPO && v.action != TS_ACTION_OBSERVE &&
				    v.action != TS_ACTION_PASS) ||
				(i == 0 && v.kind == TS_VERDICT_ALLOWED && v.sinkhole_host)) {
				e.outcomes |= 2u << i;
				e.action = v.kind == TS_VERDICT_TYPO ? v.action : TS_ACTION_PASS;
			} else
				ended = false; /* this one may be what it is an alias of */
		}
	}
	ts_reader_leave(m->readers, reader);
	e.outcomes |= !ended;
	return e;
}

static void client_of(const char *text, ts_client_t *client)
{
	query_t *q = query_new(host, "x.example", LDNS_RR_TYPE_A, text);

	(void)ts_client_of(&q->reply.query_reply, client);
	query_free(q);
}

/* The domain that a name in the list is of; NULL: it is in none. */
static const char *domain_of(const char *name)
{
	static char domain[64];
	size_t len = strlen(name), behind = strlen("." LIST);

	if (ts_module_of(&host->env, host->id)->rhsbl_zone.len == 0 || len < behind ||
		strcmp(name + len - behind, "." LIST) != 0)
		return NULL;
	snprintf(domain, sizeof(domain), "%.*s", (int)(len - behind), name);
	return domain;
}

/* What stands in the message cache is served to everybody. */
static void may_be_stored(const char *const *chain, size_t aliases, uint16_t type, bool unsure)
{
	if (domain_of(chain[0])) {
		fprintf(stderr, "world %d, type %u, of the list: %s\n", fuzz_world, type, chain[0]);
		PROMISED(!"stored");
	}
	for (size_t i = 0; i < countof(clients); i++) {
		ts_client_t client;
		client_of(clients[i], &client);
		if (expect(chain, aliases, type, &client, unsure).outcomes & 1)
			continue;
		fprintf(stderr, "world %d, type %u, in the cache for %s:", fuzz_world, type,
			clients[i]);
		for (size_t n = 0; n <= aliases; n++)
			fprintf(stderr, " %s", chain[n]);
		fputc('\n', stderr);
		PROMISED(!"stored");
	}
}

/* Messages that the iterator has stored, by the link that each is of. */
static struct {
	const char *name;
	bool stored;
} messages[LINKS + 1];

static void forget(const uint8_t *qname)
{
	char text[TS_NAME_TEXT_MAX];

	ts_name_to_text(qname, text, sizeof(text));
	for (size_t i = 0; i < countof(messages); i++)
		if (messages[i].stored && strcmp(messages[i].name, text) == 0)
			messages[i].stored = false;
}

static bool same_rdata(const struct ub_packed_rrset_key *a, const struct ub_packed_rrset_key *b)
{
	const struct packed_rrset_data *x = a->entry.data, *y = b->entry.data;

	return a->rk.type == b->rk.type && x->count == y->count && x->rr_len[0] == y->rr_len[0] &&
	       memcmp(x->rr_data[0], y->rr_data[0], x->rr_len[0]) == 0 &&
	       query_dname_compare(a->rk.dname, b->rk.dname) == 0;
}

/* Says which query breaks a promise. */
static void describe(const run_t *r, const ts_client_t *client, unsigned outcomes)
{
	const struct module_qstate *q = &r->q->mesh.s;

	fprintf(stderr, "world %d, type %u, for", fuzz_world, q->qinfo.qtype);
	for (size_t i = 0; i <= r->aliases; i++)
		fprintf(stderr, " %s", r->chain[i]);
	fprintf(stderr, ": to %u.%u.%u.%u (%u)%s%s%s, outcomes %#x, told %zu RRsets\n",
		client->addr[0], client->addr[1], client->addr[2], client->addr[3], client->family,
		r->real ? "" : ", no real answer", r->unsure ? ", unsure" : "",
		r->starved ? ", starved" : "", outcomes, r->told ? r->told->rrset_count : 0);
	for (const struct mesh_reply *to = q->mesh_info->reply_list; to; to = to->next) {
		ts_client_t one;
		(void)ts_client_of(&to->query_reply, &one);
		fprintf(stderr, "  waits: %u.%u.%u.%u (%u)\n", one.addr[0], one.addr[1],
			one.addr[2], one.addr[3], one.family);
	}
}

#define DEMAND(what) PROMISED((what) || (describe(r, &client, outcomes), false))

/* Does the last RRset of the answer say this? */
static bool ends_with(const struct reply_info *told, const void *rdata, size_t len)
{
	if (told->an_numrrsets == 0)
		return false;
	const struct packed_rrset_data *data = told->rrsets[told->an_numrrsets - 1]->entry.data;
	return data->rr_len[0] == 2 + len && memcmp(data->rr_data[0] + 2, rdata, len) == 0;
}

/* Is this what an action gives, behind so many aliases? SERVFAIL without a message always may be.
 */
static bool is_of(const struct reply_info *told, ts_action_t action, uint16_t type, size_t aliases)
{
	static const char sinkhole[] = "\0\12\2mx\10sinkhole\7example";
	static const uint8_t address[4] = {192, 0, 2, 25};

	if (!told)
		return true;
	switch (action) {
	case TS_ACTION_SINKHOLE:
		if (type == LDNS_RR_TYPE_MX)
			return ends_with(told, sinkhole, sizeof(sinkhole));
		if (type == LDNS_RR_TYPE_A)
			return ends_with(told, address, sizeof(address));
		break;
	case TS_ACTION_NULLMX:
		if (type == LDNS_RR_TYPE_MX)
			return ends_with(told, "\0\0\0", 3);
		break;
	case TS_ACTION_NXDOMAIN:
		return FLAGS_GET_RCODE(told->flags) == LDNS_RCODE_NXDOMAIN;
	case TS_ACTION_DEFER:
		return FLAGS_GET_RCODE(told->flags) == LDNS_RCODE_SERVFAIL;
	default:
		break;
	}
	return FLAGS_GET_RCODE(told->flags) == LDNS_RCODE_NOERROR && told->an_numrrsets == aliases;
}

/* What one client was told. alerts: -1, they are raised elsewhere: he is behind dns64, and others
 * may be as well, who get the same. */
static void check_told(const run_t *r, const struct mesh_reply *to, int64_t alerts, bool others)
{
	const struct module_qstate *qs = &r->q->mesh.s;
	const struct reply_info *told = r->told;
	bool sure = !r->unsure && !r->starved;
	ts_client_t client;
	unsigned last = 0;

	(void)ts_client_of(&to->query_reply, &client);
	expected_t e =
		expect(r->chain, r->real ? r->aliases : 0, qs->qinfo.qtype, &client, r->unsure);
	unsigned outcomes = e.outcomes;
	for (unsigned bits = outcomes; bits >>= 1;)
		last++;
	/* Without memory the host of a sinkhole (pass: it is nobody's typo) is what it is
	 * elsewhere. */
	if (!(outcomes & 1) && !(r->starved && e.action == TS_ACTION_PASS)) {
		/* Of the real answer at most the aliases before the link that is ours. */
		for (size_t i = 0; told && i < told->rrset_count; i++)
			for (size_t n = last - 1; n < r->rrset_count; n++)
				DEMAND(!same_rdata(told->rrsets[i], r->rrsets[n]) || i < last - 1);
		DEMAND(!sure || alerts < 0 || alerts == (e.action != TS_ACTION_PASS));
		DEMAND(!sure || others || e.action == TS_ACTION_PASS ||
			is_of(told, e.action, qs->qinfo.qtype, last - 1));
	}
	if (outcomes == 1 && !others) {
		if (!r->starved) {
			DEMAND(!r->real == !told);
			DEMAND(!told || told->rrset_count == r->rrset_count);
			DEMAND(!told || told->security == host->security ||
				host->security == sec_status_secure);
		}
		for (size_t i = 0; told && i < told->rrset_count; i++)
			DEMAND(i < r->rrset_count && same_rdata(told->rrsets[i], r->rrsets[i]));
		DEMAND(!sure || alerts < 0 || alerts == e.observed);
	}
}

/* The list's answers that are right for a client. */
#define LISTED 1u
#define NOT_LISTED 2u
#define UNDECIDED 4u

static unsigned expect_listed(
	const char *domain, const ts_client_t *client, bool unsure, bool *declared)
{
	const ts_module_t *m = ts_module_of(&host->env, host->id);
	ts_reader_t *reader;
	const ts_snapshot_t *s = ts_reader_enter(m->readers, &reader);
	ts_name_t name;
	ts_verdict_t v;
	unsigned right = 0;

	PROMISED(ts_name_from_text(&name, domain, strlen(domain), NULL) == TS_OK);
	ts_query_t query = {&name, LDNS_RR_TYPE_MX, LDNS_RR_CLASS_IN};
	for (int failed = 0; failed <= unsure; failed++) {
		ts_existence_t existence = TS_FAILED;
		ts_verdict(s->set, &query, client, host->now, &v);
		*declared = v.declared;
		bool asked = v.kind == TS_VERDICT_ASK;
		if (asked && !failed)
			existence = truth(v.ask.wire, v.ask.len);
		ts_verdict_resolve(&v, existence, m->conf.evidence_failure);
		if (v.kind != TS_VERDICT_TYPO || v.action == TS_ACTION_PASS ||
			v.action == TS_ACTION_OBSERVE)
			right |= NOT_LISTED;
		else if (asked && existence == TS_FAILED && v.action == TS_ACTION_DEFER)
			right |= UNDECIDED;
		else
			right |= LISTED;
	}
	ts_reader_leave(m->readers, reader);
	return right;
}

/* What a client was told of a name in the list, or dns64 for one. */
static void check_listed(const run_t *r, const struct mesh_reply *to, int64_t alerts, bool dns64)
{
	static uint8_t address[4] = {127, 0, 0, 0};
	uint16_t type = r->q->mesh.s.qinfo.qtype;
	const struct reply_info *told = r->told;
	ts_client_t client;
	bool declared;

	(void)ts_client_of(&to->query_reply, &client);
	unsigned outcomes =
		expect_listed(domain_of(r->chain[0]), &client, r->unsure || r->starved, &declared);
	unsigned rcode = told ? FLAGS_GET_RCODE(told->flags) : LDNS_RCODE_SERVFAIL;
	address[3] = declared ? 2 : 3;
	switch (rcode) {
	case LDNS_RCODE_SERVFAIL:
		DEMAND(r->starved || outcomes & UNDECIDED);
		break;
	case LDNS_RCODE_NXDOMAIN:
		DEMAND(outcomes & NOT_LISTED);
		break;
	default:
		DEMAND(rcode == LDNS_RCODE_NOERROR && outcomes & LISTED);
		if (type == LDNS_RR_TYPE_A && !dns64)
			DEMAND(ends_with(told, address, sizeof(address)));
		else
			DEMAND((told->an_numrrsets == 1) == (type == LDNS_RR_TYPE_TXT));
	}
	DEMAND(alerts < 0 || r->starved ||
		alerts == (rcode == LDNS_RCODE_NOERROR && type == LDNS_RR_TYPE_A));
}

/* --- a query's life */

static uint64_t submitted(void)
{
	ts_pipeline_stats_t stats;

	ts_pipeline_stats(ts_module_of(&host->env, host->id)->pipeline, &stats);
	return stats.submitted;
}

/* The check has come back; sometimes it is another query that has. */
static void inform(run_t *r, fuzz_bytes_t *b)
{
	uint8_t how = fuzz_u8(b);
	struct reply_info reply = {.flags = BIT_QR, .security = sec_status_insecure};
	struct dns_msg msg = {.rep = &reply};
	query_t *sub = query_new(host, "nobody.example", LDNS_RR_TYPE_MX, NULL);
	ts_existence_t existence = truth(host->subquery.qname, host->subquery.qname_len);

	if (how & 1)
		inform_super(&sub->mesh.s, host->id, &r->q->mesh.s);
	sub->mesh.s.qinfo = host->subquery;
	set_flags(&reply, existence);
	if (existence == TS_FAILED && how & 2)
		reply = (struct reply_info){.flags = BIT_QR, .security = sec_status_bogus};
	if (existence == TS_FAILED && how & 4)
		sub->mesh.s.return_rcode = LDNS_RCODE_SERVFAIL;
	else if (existence == TS_ABSENT && how & 4)
		sub->mesh.s.return_rcode = LDNS_RCODE_NXDOMAIN;
	else
		sub->mesh.s.return_msg = &msg;
	inform_super(&sub->mesh.s, host->id, &r->q->mesh.s);
	query_free(sub);
}

/* The real answer, as long as q. */
static struct reply_info *real_answer(const run_t *r, query_t *q)
{
	static const uint8_t address[4] = {203, 0, 113, 66};
	uint16_t type = q->mesh.s.qinfo.qtype;
	bool mx = type == LDNS_RR_TYPE_MX;

	return query_chain(q, r->chain, r->aliases,
		type == LDNS_RR_TYPE_CNAME ? LDNS_RR_TYPE_TXT : type,
		r->how & 0x40 ? NULL
		: mx          ? (const void *)stranger
			      : (const void *)address,
		mx ? sizeof(stranger) : sizeof(address));
}

static void make_real(run_t *r, fuzz_bytes_t *b)
{
	r->how = fuzz_u8(b);
	r->aliases = r->how % 8 <= LINKS ? r->how % 8 : 0;
	for (size_t i = 1; i <= r->aliases; i++)
		r->chain[i] = names[fuzz_u8(b) % countof(names)];
	r->real = real_answer(r, r->q);
	r->rrset_count = r->real->rrset_count;
	memcpy(r->rrsets, r->real->rrsets, r->rrset_count * sizeof(r->rrsets[0]));
}

/* The policy in force is another one, or again the first. */
static int changes_left;
static bool changed;

static void change_policy(void)
{
	static int serial = 1;
	uint64_t before = submitted();

	changed = !changed;
	host_write(
		"policy.zone", policy_text(++serial, changed ? CHANGED : worlds[fuzz_world].first));
	while (submitted() == before) /* the watcher says so when it is done */
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static void may_change(uint8_t event)
{
	if ((event & 0x1f) == 0x1f && changes_left > 0) {
		changes_left--;
		change_policy();
	}
}

/* The modules behind ours: the iterator asks servers and stores what they say, unless it must not;
 * then it is done. */
static enum module_ext_state iterate(run_t *r, fuzz_bytes_t *b, bool starve)
{
	struct module_qstate *qs = &r->q->mesh.s;
	uint16_t type = qs->qinfo.qtype;
	uint8_t how = fuzz_u8(b);
	enum module_ext_state next;

	if (how % 8 == 0) {
		r->real = NULL;
		r->rrset_count = 0;
		return query_failed(r->q);
	}
	make_real(r, b);
	/* From the first name that was not in the RRset cache. */
	size_t from = how & 0x10 ? fuzz_u8(b) % (r->aliases + 1) : 0;
	struct reply_info part = *r->real;
	part.rrsets += from;
	part.an_numrrsets -= from;
	part.rrset_count -= from;
	query_responded(r->q, r->chain[from], &part);
	bool stored = !qs->no_cache_store, clients_wait = qs->mesh_info->reply_list != NULL;
	/* The part, and in the end the whole. */
	memset(messages, 0, sizeof(messages));
	messages[from].name = r->chain[from];
	messages[0].name = r->chain[0];
	messages[from].stored = messages[0].stored = stored;
	if (stored && clients_wait && strcmp(r->chain[from], r->chain[0]) != 0)
		may_be_stored(r->chain + from, r->aliases - from, type, true);
	may_change(how);
	refusals.on = starve;
	next = query_answered(r->q, r->real);
	refusals.on = false;
	while (next == module_wait_subquery) {
		if (fuzz_u8(b) % 8 == 0)
			r->unsure = host->refuses_subqueries = true;
		inform(r, b);
		next = query_start(r->q);
	}
	host->refuses_subqueries = false;
	for (size_t i = 0; i <= r->aliases && next == module_finished; i++)
		if (messages[i].stored)
			may_be_stored(r->chain + i, r->aliases - i, type, true);
	return next;
}

/* A client is told what has been stored: whoever it is, what is observed in it is alerted on. */
static void hit(const run_t *r, const char *text)
{
	query_t *q = query_new(host, r->chain[0], r->q->mesh.s.qinfo.qtype, text);
	ts_client_t client;
	uint64_t before = submitted();

	(void)ts_client_of(&q->reply.query_reply, &client);
	query_hit(q, real_answer(r, q));
	expected_t e = expect(r->chain, r->aliases, q->mesh.s.qinfo.qtype, &client, false);
	unsigned outcomes = e.outcomes;
	DEMAND(submitted() - before == e.observed);
	query_free(q);
}

/* Is there an alert on what has passed us by? What would have to be asked for is not, but where the
 * cache knows of it. */
static bool expect_unseen(const run_t *r, const ts_client_t *client)
{
	const ts_module_t *m = ts_module_of(&host->env, host->id);
	ts_reader_t *reader;
	const ts_snapshot_t *s = ts_reader_enter(m->readers, &reader);
	bool alerts = false;

	for (size_t i = 0; i <= r->aliases && !domain_of(r->chain[0]); i++) {
		ts_name_t name;
		PROMISED(ts_name_from_text(&name, r->chain[i], strlen(r->chain[i]), NULL) == TS_OK);
		ts_query_t query = {&name, r->q->mesh.s.qinfo.qtype, LDNS_RR_CLASS_IN};
		ts_verdict_t v;
		ts_verdict(s->set, &query, client, host->now, &v);
		if (v.kind == TS_VERDICT_ASK && caching &&
			truth(v.ask.wire, v.ask.len) != TS_FAILED)
			ts_verdict_resolve(
				&v, truth(v.ask.wire, v.ask.len), m->conf.evidence_failure);
		alerts = alerts || (v.kind == TS_VERDICT_TYPO && v.action != TS_ACTION_PASS);
	}
	ts_reader_leave(m->readers, reader);
	return alerts;
}

/* dns64-synthall: the module before us answers a client, and stores that. */
static void pass_by(run_t *r, fuzz_bytes_t *b)
{
	struct module_qstate *qs = &r->q->mesh.s;
	ts_client_t client;

	if (fuzz_u8(b) % 8 > 0) {
		make_real(r, b);
		r->q->upstream = (struct dns_msg){.qinfo = qs->qinfo, .rep = r->real};
		qs->return_msg = &r->q->upstream;
		messages[0].name = r->chain[0];
		messages[0].stored = true;
	}
	uint64_t before = submitted();
	query_reply(r->q, &r->q->reply);
	(void)ts_client_of(&r->q->reply.query_reply, &client);
	unsigned outcomes = 0;
	DEMAND(submitted() - before == expect_unseen(r, &client));
	if (messages[0].stored)
		may_be_stored(r->chain, r->aliases, qs->qinfo.qtype, true);
}

static void query(fuzz_bytes_t *b)
{
	struct mesh_reply more[3], behind;
	run_t r = {.chain = {names[fuzz_u8(b) % countof(names)]}};
	uint8_t how = fuzz_u8(b), who = fuzz_u8(b);
	uint16_t type = types[how % countof(types)];
	enum module_ext_state next;
	unsigned joined = 0;
	query_t *super = NULL;
	bool listed = domain_of(r.chain[0]) != NULL;

	memset(messages, 0, sizeof(messages));

	r.q = query_new(
		host, r.chain[0], type, who & 0x80 ? NULL : clients[who % countof(clients)]);
	r.q->mesh.s.is_valrec = who >> 5 == 5;
	r.q->mesh.s.is_priming = who >> 5 == 6;
	bool dns64 = who >> 4 == 8 && type == LDNS_RR_TYPE_A;
	if (who >> 4 == 7) { /* a query of Unbound's own waits for it as well */
		super = query_new(host, "ns.example", LDNS_RR_TYPE_NS, NULL);
		query_waits_for(super, r.q);
	} else if (dns64) { /* or a client's, that there was no AAAA for */
		super = query_new(
			host, r.chain[0], LDNS_RR_TYPE_AAAA, clients[who % countof(clients)]);
		query_waits_for(super, r.q);
		if (how & 0x40)
			query_join(super, &behind, clients[how / 8 % countof(clients)]);
	}
	host->security = how & 0x80 ? sec_status_secure : sec_status_insecure;
	if (host->id > 0 && who >> 4 == 6 && type == LDNS_RR_TYPE_AAAA) {
		pass_by(&r, b);
		query_free(r.q);
		return;
	}
	next = query_start(r.q);
	for (int round = 0; round < 12 && next != module_finished; round++) {
		uint8_t event = fuzz_u8(b);
		may_change(event);
		if (joined < countof(more) && event & 0x80 && !r.q->mesh.s.is_valrec)
			query_join(r.q, &more[joined++], clients[event % countof(clients)]);
		bool starve = (event & 0x60) == 0x60;
		r.starved = r.starved || starve;
		r.unsure = r.unsure || starve;
		if (starve)
			refusals = (refusals_t){true, false, false, event & 7};
		if (next == module_wait_subquery) {
			refusals.on = false;
			inform(&r, b);
			refusals.on = starve;
			next = query_start(r.q);
		} else if (next == module_wait_module) {
			refusals.on = false;
			next = iterate(&r, b, starve);
		} else
			PROMISED(next == module_finished);
		refusals.on = false;
	}
	PROMISED(next == module_finished);
	r.told = r.q->mesh.s.return_msg ? r.q->mesh.s.return_msg->rep : NULL;
	for (struct mesh_reply *to = r.q->mesh.reply_list; to; to = to->next) {
		uint64_t before = submitted();
		query_reply(r.q, to);
		int64_t alerts = (int64_t)(submitted() - before);
		if (listed)
			check_listed(&r, to, alerts, false);
		else
			check_told(&r, to, alerts, false);
	}
	r.told = r.q->mesh.s.return_msg ? r.q->mesh.s.return_msg->rep : NULL;
	for (struct mesh_reply *to = dns64 ? super->mesh.reply_list : NULL; to; to = to->next) {
		if (listed) /* whatever it is, no address */
			check_listed(&r, super->mesh.reply_list, -1, true);
		else
			check_told(&r, to, -1, super->mesh.reply_list->next != NULL);
	}
	if (r.real && messages[0].stored)
		hit(&r, clients[who % countof(clients)]);
	query_free(r.q);
	if (super)
		query_free(super);
	PROMISED(atomic_load(&ts_module_of(&host->env, host->id)->asking) == 0);
}

/* --- */

static void remove_hosts(void)
{
	for (size_t i = 0; i < countof(hosts); i++)
		if (hosts[i]) {
			host = hosts[i];
			host_free(host);
		}
}

static host_t *world(size_t i)
{
	char conf[512];

	if (!hosts[i]) {
		if (!host)
			atexit(remove_hosts);
		host = hosts[i] =
			host_new(worlds[i].id, policy_text(1, worlds[i].first), worlds[i].conf);
		host_write("second.zone", worlds[i].second);
		snprintf(conf, sizeof(conf),
			"policy-file: %s/policy.zone\npolicy-file: %s/second.zone\n"
			"alert-file: %s/a\n%s",
			host->folder, host->folder, host->folder, worlds[i].conf);
		host_write("typosink.conf", conf);
		host->finding = find;
		host->forgetting = forget;
		PROMISED(init(&host->env, host->id) == 1);
		PROMISED(host_logged("q.example"));
	}
	return hosts[i];
}

static void run(const uint8_t *data, size_t size)
{
	fuzz_bytes_t b = {data, data + size};

	fuzz_world = fuzz_u8(&b) % countof(worlds);
	host = world((size_t)fuzz_world);
	salt = fuzz_u8(&b);
	caching = salt & 1;
	changes_left = (salt & 6) == 6 ? 2 : 0; /* each takes time */
	while (fuzz_left(&b))
		query(&b);
	if (changed)
		change_policy();
}

const fuzz_target_t fuzz_module = {"module", run, NULL};
