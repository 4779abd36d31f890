/* SPDX-License-Identifier: BSD-3-Clause
 *
 * query: the decisions of the module about one query state of Unbound's mesh.
 *
 * A client's query is judged when it starts, and again whenever the modules behind us are done with
 * it: the policy may have changed in between, the answer may be an alias of a typo, and a client
 * may have joined a query that was not one. A query of Unbound's own (a name server's address, a
 * key) is never answered by us, but what it leaves in the message cache is taken out again where
 * clients must not see it.
 *
 * What is remembered about a query is one pointer, q->minfo[]:
 *   NULL      nothing yet
 *   odd       matches nothing; the number is 2 * generation of the snapshot that said so + 1
 *   a state_t in the query's own region, for names that match
 *
 * The names of an answer, from the query name along its aliases, are judged in turn until one is
 * intercepted for everybody: what is only observed, or passes for some, may be the alias of what is
 * not. A client gets the answer of the first that is intercepted for him; where none is, the first
 * that is observed is alerted on.
 *
 * Clients that ask the same thing share one query. Where the policy treats them differently, the
 * reply is made for each of them: ts_query_reply is called once a client, immediately before the
 * reply is encoded, and fills state->shown, the reply that Unbound was given (see "shared").
 *
 * All of it runs in worker threads; a query belongs to one of them. No lock, allocation or system
 * call for a name that matches nothing.
 */
#include "query.h"

#include "answer_build.h"
#include "cache.h"
#include "rhsbl.h"
#include "status.h"

#include <string.h>
#include <time.h>

/* What a client was told, for his alert. Pointers: into the pinned snapshot or the region. */
typedef struct told {
	uint8_t rcode;
	bool ours; /* false: as usual */
	int ede;   /* -1: none */
	uint32_t ttl;
	const uint8_t *sinkhole;
	uint16_t preference;
	const uint8_t *listed; /* the list said so of this domain */
} told_t;

/* A name of the answer that matters. */
typedef struct link {
	struct link *next;
	uint8_t *owner;           /* name (below) in its own case */
	size_t aliases;           /* RRsets of the real answer up to it; 0: the query name */
	ts_existence_t existence; /* what the check of its counterpart said */
	bool has_existence;
	/* From here on nothing is zeroed at the start. */
	ts_name_t name;
	ts_verdict_kind_t judged; /* the verdict's kind before the check */
	ts_verdict_t verdict;     /* for clients in general or, where they differ, the first one */
} link_t;

typedef struct state {
	const ts_snapshot_t *pin; /* what the pointers in verdicts and told live in; NULL: none */
	link_t *links;            /* NULL, or &first */
	told_t told;

	/* The counterpart check that is on its way, or was made last. */
	ts_existence_t existence;
	uint8_t asks;
	bool has_existence, waiting, counted, done_before;

	bool list; /* a look-up in the list; first.name is the domain in it */

	bool hot;      /* the answer must not be stored */
	bool answered; /* our reply is in q->return_msg, which is msg */
	struct dns_msg msg;
	struct reply_info *shown, *real; /* shared: see above */
	bool apart;                      /* queries that wait for this one get another message: */
	struct dns_msg *for_supers;      /* this; NULL: none */

	link_t first;
	ts_name_t asked; /* by the check */
} state_t;

#define ASKS_MAX 3 /* checks for one query; the policy may change under it */

/* --- what is remembered */

static void *tag(unsigned generation)
{
	return (void *)(uintptr_t)(2 * (uintptr_t)generation + 1);
}

static bool is_tag(const void *minfo)
{
	return ((uintptr_t)minfo & 1) != 0;
}

static state_t *state_of(const struct module_qstate *q, int id)
{
	return is_tag(q->minfo[id]) ? NULL : q->minfo[id];
}

static state_t *state_get(const ts_module_t *m, struct module_qstate *q)
{
	state_t *state = state_of(q, m->id);
	if (!state) {
		state = regional_alloc(q->region, sizeof(*state));
		if (state)
			memset(state, 0, offsetof(state_t, first.name));
		q->minfo[m->id] = state;
	}
	return state;
}

static void state_pin(state_t *state, const ts_snapshot_t *s)
{
	if (state->pin == s)
		return;
	if (state->pin)
		ts_snapshot_unpin(state->pin);
	ts_snapshot_pin(s);
	state->pin = s;
	state->links = NULL; /* of another policy */
}

/* The link behind so many RRsets of the answer, as it is known or anew; they are kept in order.
 * \return NULL: no memory; never so for the first. */
static link_t *link_get(struct module_qstate *q, state_t *state, size_t aliases)
{
	link_t **at = &state->links;
	while (*at && (*at)->aliases < aliases)
		at = &(*at)->next;
	link_t *behind = *at;
	if (behind && behind->aliases == aliases)
		return behind;
	link_t *link = state->links ? regional_alloc(q->region, sizeof(*link)) : &state->first;
	if (!link)
		return NULL;
	memset(link, 0, offsetof(link_t, name));
	link->aliases = aliases;
	link->next = behind;
	*at = link;
	return link;
}

/* --- who asks */

static bool for_dns64(const struct module_qstate *q)
{
	/* dns64 asks for A when there is no AAAA: its question is the client's. */
	struct mesh_state_ref *super;
	if (q->qinfo.qtype != LDNS_RR_TYPE_A || q->mesh_info->super_set.count == 0)
		return false;
	RBTREE_FOR(super, struct mesh_state_ref *, &q->mesh_info->super_set)
	{
		const struct module_qstate *s = &super->s->s;
		if (s->qinfo.qtype != LDNS_RR_TYPE_AAAA || s->is_valrec || s->is_priming ||
			(!super->s->reply_list && !super->s->cb_list) ||
			query_dname_compare(s->qinfo.qname, q->qinfo.qname) != 0)
			return false;
	}
	return true;
}

/* A client waits for this, or (at its start) a prefetch will put it before clients. */
static bool for_client(const struct module_qstate *q)
{
	const struct mesh_state *mesh = q->mesh_info;
	if (q->is_valrec || q->is_priming)
		return false;
	if (mesh->reply_list)
		return true;
	if (mesh->cb_list) /* auth-zone primaries, trust anchor probes */
		return false;
	return mesh->super_set.count == 0 || for_dns64(q);
}

/* A client waits for it now, by itself or behind dns64. */
static bool is_awaited(const struct module_qstate *q)
{
	return q->mesh_info->reply_list || for_dns64(q);
}

/* Queries of Unbound's own wait for this one, and must get the real answer. */
static bool for_supers(const struct module_qstate *q)
{
	return q->mesh_info->super_set.count > 0 && !for_dns64(q);
}

/* \return the port. */
static uint16_t address_of(const struct sockaddr *sa, ts_client_t *client)
{
	*client = (ts_client_t){0};
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)sa;
		client->family = 4;
		memcpy(client->addr, &in->sin_addr, 4);
		return ntohs(in->sin_port);
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)sa;
		if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
			client->family = 4;
			memcpy(client->addr, (const uint8_t *)&in6->sin6_addr + 12, 4);
		} else {
			client->family = 6;
			memcpy(client->addr, &in6->sin6_addr, 16);
		}
		return ntohs(in6->sin6_port);
	}
	return 0;
}

uint16_t ts_client_of(const struct comm_reply *reply, ts_client_t *client)
{
	return address_of((const struct sockaddr *)(const void *)&reply->client_addr, client);
}

/* The clients behind dns64's question, one after the other: the first where last is NULL, in the
 * end NULL. super: for the next call. */
static const struct mesh_reply *dns64_client(
	const struct module_qstate *q, const struct mesh_reply *last, struct mesh_state_ref **super)
{
	const struct mesh_reply *r;
	if (last)
		r = last->next;
	else if (for_dns64(q)) {
		*super = (struct mesh_state_ref *)rbtree_first(&q->mesh_info->super_set);
		r = (*super)->s->reply_list;
	} else
		return NULL;
	while (!r) {
		*super = (struct mesh_state_ref *)rbtree_next(&(*super)->node);
		if ((rbnode_type *)*super == RBTREE_NULL)
			return NULL;
		r = (*super)->s->reply_list;
	}
	return r;
}

/* The first client that waits for a query or, for dns64's question, for the one behind it. */
static const ts_client_t *first_client(const struct module_qstate *q, ts_client_t *client)
{
	struct mesh_state_ref *super;
	const struct mesh_reply *first = q->mesh_info->reply_list;
	if (!first)
		first = dns64_client(q, NULL, &super);
	if (!first)
		return NULL;
	(void)ts_client_of(&first->query_reply, client);
	return client;
}

/* --- judging */

static bool intercepts(const ts_verdict_t *v)
{
	return v->kind == TS_VERDICT_TYPO && v->action != TS_ACTION_OBSERVE &&
	       v->action != TS_ACTION_PASS;
}

static bool matters(const ts_verdict_t *v)
{
	return v->kind == TS_VERDICT_TYPO || v->kind == TS_VERDICT_ASK || ts_verdict_hot(v);
}

static void judge(const ts_snapshot_t *s, const struct module_qstate *q, const ts_name_t *name,
	const ts_client_t *client, ts_verdict_t *v)
{
	ts_query_t query = {name, q->qinfo.qtype, q->qinfo.qclass};
	ts_verdict(s->set, &query, client, *q->env->now, v);
}

/* A domain in the list is judged as its mail would be. */
static void judge_listed(const ts_snapshot_t *s, const struct module_qstate *q,
	const ts_name_t *domain, const ts_client_t *client, ts_verdict_t *v)
{
	ts_query_t query = {domain, LDNS_RR_TYPE_MX, LDNS_RR_CLASS_IN};
	ts_verdict(s->set, &query, client, *q->env->now, v);
}

/* Judges a name, for nobody in particular. \return whether the verdict matters. */
static bool judge_wire(const ts_snapshot_t *s, const struct module_qstate *q, const uint8_t *wire,
	size_t len, ts_name_t *name, ts_verdict_t *v)
{
	if (ts_name_from_wire(name, wire, len) != TS_OK)
		return false;
	judge(s, q, name, NULL, v);
	return matters(v);
}

/* The same for the first client. Who that is is looked up only where something hangs on it. What
 * dns64 makes of an address all clients get that wait for it: if one of them is intercepted, all
 * are. */
static bool judge_first(const ts_snapshot_t *s, const struct module_qstate *q, const uint8_t *wire,
	size_t len, ts_name_t *name, ts_verdict_t *v)
{
	ts_client_t client;
	if (!judge_wire(s, q, wire, len, name, v))
		return false;
	if (!v->client_dependent)
		return true;
	struct mesh_state_ref *super;
	const struct mesh_reply *waiting = q->mesh_info->reply_list;
	const struct mesh_reply *to = waiting ? waiting : dns64_client(q, NULL, &super);
	while (to) {
		(void)ts_client_of(&to->query_reply, &client);
		ts_verdict_for(v, &client);
		bool ends =
			waiting || (v->action != TS_ACTION_PASS && v->action != TS_ACTION_OBSERVE);
		to = ends ? NULL : dns64_client(q, to, &super);
	}
	return matters(v);
}

/* --- what needs no judging again */

static bool has_alias(const struct reply_info *reply)
{
	for (size_t i = 0; i < reply->an_numrrsets; i++)
		if (reply->rrsets[i]->rk.type == htons(LDNS_RR_TYPE_CNAME) ||
			reply->rrsets[i]->rk.type == htons(LDNS_RR_TYPE_DNAME))
			return true;
	return false;
}

static uint64_t quiet_key(const ts_module_t *m, const struct query_info *qinfo, unsigned generation)
{
	return ts_quiet_key(
		m->quiet, qinfo->qname, qinfo->qname_len, qinfo->qtype, qinfo->qclass, generation);
}

/* True for everybody and as long as the policy stands: no client set and no date is in it. */
static bool is_quiet(const ts_verdict_t *v)
{
	return (v->kind == TS_VERDICT_NONE || v->kind == TS_VERDICT_PROTECTED) &&
	       !v->client_dependent;
}

/* --- counterpart checks */

/* What the message cache knows about an MX look-up of name. */
static bool existence_cached(
	struct module_env *env, const ts_name_t *name, ts_existence_t *existence)
{
	uint8_t wire[TS_NAME_MAX];
	if (!env->msg_cache)
		return false;
	memcpy(wire, name->wire, name->len);
	struct msgreply_entry *entry = msg_cache_lookup(
		env, wire, name->len, LDNS_RR_TYPE_MX, LDNS_RR_CLASS_IN, BIT_RD, *env->now, 0);
	if (!entry)
		return false;
	const struct reply_info *reply = entry->entry.data;
	unsigned rcode = FLAGS_GET_RCODE(reply->flags);
	bool known = !env->need_to_validate || reply->security > sec_status_bogus;
	if (reply->security == sec_status_bogus) {
		known = true;
		*existence = TS_FAILED;
	} else {
		*existence = rcode == LDNS_RCODE_NOERROR    ? TS_EXISTS
			     : rcode == LDNS_RCODE_NXDOMAIN ? TS_ABSENT
							    : TS_FAILED;
	}
	lock_rw_unlock(&entry->entry.lock);
	return known;
}

static void ask_over(ts_module_t *m, state_t *state)
{
	state->waiting = false;
	if (state->counted)
		atomic_fetch_sub(&m->asking, 1);
	state->counted = false;
}

/* Starts a check. \return false: it cannot be made now. */
static bool ask_start(
	ts_module_t *m, struct module_qstate *q, state_t *state, const ts_name_t *name)
{
	struct module_qstate *sub = NULL;
	struct query_info qinfo = {.qname = regional_alloc_init(q->region, name->wire, name->len),
		.qname_len = name->len,
		.qtype = LDNS_RR_TYPE_MX,
		.qclass = LDNS_RR_CLASS_IN};

	if (!qinfo.qname || state->asks >= ASKS_MAX)
		return false;
	if (atomic_fetch_add(&m->asking, 1) >= m->conf.evidence_max) {
		atomic_fetch_sub(&m->asking, 1);
		return false;
	}
	state->counted = true;
	state->waiting = true;
	state->has_existence = false;
	state->asks++;
	state->asked = *name;
	if (!compat_attach_sub(q, &qinfo, &sub)) {
		ask_over(m, state);
		return false;
	}
	/* Or serve-expired-client-timeout hands out the stale real answer while we wait. */
	q->no_cache_lookup = 1;
	return true;
}

/*
 * Finishes a verdict ASK from what is known. \return false: not known yet, and a check is on its
 * way; the query waits.
 */
static bool settle(ts_module_t *m, struct module_qstate *q, state_t *state, link_t *link)
{
	ts_verdict_t *v = &link->verdict;
	if (v->kind != TS_VERDICT_ASK)
		return true;
	if (!link->has_existence) {
		if (!state->has_existence || state->asked.len != v->ask.len ||
			memcmp(state->asked.wire, v->ask.wire, v->ask.len) != 0) {
			if (!existence_cached(q->env, &v->ask, &state->existence)) {
				if (ask_start(m, q, state, &v->ask))
					return false;
				state->existence = TS_FAILED;
			}
			state->asked = v->ask;
			state->has_existence = true;
		}
		link->existence = state->existence;
		link->has_existence = true;
	}
	ts_verdict_resolve(v, link->existence, m->conf.evidence_failure);
	return true;
}

/* The verdict for one of the clients that wait, in room where it is not the one for all; what the
 * check said is known. */
static const ts_verdict_t *verdict_for(
	const ts_module_t *m, const link_t *link, const struct comm_reply *to, ts_verdict_t *room)
{
	ts_client_t client;
	if (!link->verdict.client_dependent)
		return &link->verdict;
	(void)ts_client_of(to, &client);
	*room = link->verdict;
	room->kind = link->judged;
	ts_verdict_for(room, &client);
	ts_verdict_resolve(
		room, link->has_existence ? link->existence : TS_FAILED, m->conf.evidence_failure);
	return room;
}

/*
 * What a client is to be told: the first link that is intercepted for him or, where none is, the
 * first that is observed; link is NULL, and the verdict NONE, where neither is. The verdict may
 * stand in room.
 */
typedef struct word {
	const link_t *link;
	const ts_verdict_t *verdict;
	bool ours; /* intercepted */
} word_t;

static word_t word_for(
	const ts_module_t *m, const state_t *state, const struct comm_reply *to, ts_verdict_t *room)
{
	static const ts_verdict_t none = {.kind = TS_VERDICT_NONE};
	word_t word = {NULL, &none, false};
	ts_verdict_t his;
	for (const link_t *link = state->links; link && !word.ours; link = link->next) {
		const ts_verdict_t *v = verdict_for(m, link, to, &his);
		word.ours = intercepts(v);
		if (!word.ours &&
			(word.link || v->kind != TS_VERDICT_TYPO || v->action != TS_ACTION_OBSERVE))
			continue;
		word.link = link;
		word.verdict = v == &his ? memcpy(room, v, sizeof(*room)) : v;
	}
	return word;
}

/* Whether its aliases matter no longer: it is answered for everybody who waits. */
static bool ends_here(const struct module_qstate *q, const link_t *link)
{
	const ts_verdict_t *v = &link->verdict;
	const struct mesh_reply *waiting = q->mesh_info->reply_list;
	return v->kind == TS_VERDICT_ALLOWED ||
	       (intercepts(v) && (!v->client_dependent || !waiting ||
					 (!waiting->next && q->mesh_info->super_set.count == 0)));
}

/* Must clients not be told of it from the cache? What is observed may be cached, and costs an alert
 * at each hit. But at a hit nobody can be asked, so what had to be asked for comes back to us. */
static bool is_hot(const link_t *link)
{
	const ts_verdict_t *v = &link->verdict;
	return ts_verdict_hot(v) || (link->judged == TS_VERDICT_ASK && v->kind == TS_VERDICT_TYPO &&
					    v->action == TS_ACTION_OBSERVE);
}

void ts_query_inform(ts_module_t *m, struct module_qstate *sub, struct module_qstate *q)
{
	state_t *state = state_of(q, m->id);
	ts_name_t name;
	/* The iterator may have left subqueries of its own behind. */
	if (!state || !state->waiting || sub->qinfo.qtype != LDNS_RR_TYPE_MX ||
		ts_name_from_wire(&name, sub->qinfo.qname, sub->qinfo.qname_len) != TS_OK ||
		name.len != state->asked.len || memcmp(name.wire, state->asked.wire, name.len) != 0)
		return;
	ask_over(m, state);
	state->has_existence = true;
	state->existence = TS_FAILED;
	if (sub->return_rcode == LDNS_RCODE_NXDOMAIN)
		state->existence = TS_ABSENT;
	else if (sub->return_rcode == LDNS_RCODE_NOERROR && sub->return_msg &&
		 sub->return_msg->rep) {
		const struct reply_info *reply = sub->return_msg->rep;
		unsigned rcode = FLAGS_GET_RCODE(reply->flags);
		if (reply->security == sec_status_bogus)
			return;
		if (rcode == LDNS_RCODE_NOERROR)
			state->existence = TS_EXISTS;
		else if (rcode == LDNS_RCODE_NXDOMAIN)
			state->existence = TS_ABSENT;
	}
}

/* --- answering */

/* The reply for one verdict; NULL: no memory. told says what is in it. */
static struct reply_info *reply_for(const ts_module_t *m, struct module_qstate *q,
	const link_t *link, const ts_verdict_t *v, const struct reply_info *real,
	struct regional *region, told_t *told)
{
	ts_query_t query = {&link->name, q->qinfo.qtype, q->qinfo.qclass};
	ts_answer_t answer;
	*told = (told_t){.ours = true, .rcode = LDNS_RCODE_SERVFAIL, .ede = -1};
	if (!ts_answer_make(v, &query, &answer))
		return NULL;
	struct reply_info *reply = ts_reply_build(m, region, &answer, link->owner, &link->name,
		LDNS_RR_CLASS_IN, real, real ? link->aliases : 0);
	if (!reply)
		return NULL;
	told->rcode = answer.rcode;
	told->ttl = answer.ttl;
	told->ede = answer.ede;
	if (answer.count > 0 && answer.type == LDNS_RR_TYPE_MX && answer.rr[0].rdlen > 2) {
		told->preference = (uint16_t)(answer.rr[0].rdata[0] << 8 | answer.rr[0].rdata[1]);
		told->sinkhole = answer.rr[0].rdata + 2;
	}
	return reply;
}

/* Queries that wait for this one get another reply than clients; NULL: none. */
static void set_apart(struct module_qstate *q, state_t *state, struct reply_info *reply)
{
	struct dns_msg *msg = reply ? regional_alloc(q->region, sizeof(*msg)) : NULL;
	if (msg)
		*msg = (struct dns_msg){.qinfo = q->qinfo, .rep = reply};
	state->apart = true;
	state->for_supers = msg;
}

/* Gives Unbound a reply for the query. */
static enum module_ext_state finish_with(
	struct module_qstate *q, state_t *state, struct reply_info *reply)
{
	/* A SERVFAIL, or the timer, would otherwise look for a stale answer. */
	q->no_cache_lookup = 1;
	q->no_cache_store = 1;
	if (!reply) {
		q->return_msg = NULL;
		q->return_rcode = LDNS_RCODE_SERVFAIL;
		return module_finished;
	}
	if (for_supers(q)) {
		state->apart = true;
		state->for_supers = q->return_msg; /* the real one */
	}
	state->msg = (struct dns_msg){.qinfo = q->qinfo, .rep = reply};
	q->return_msg = &state->msg;
	q->return_rcode = LDNS_RCODE_NOERROR;
	state->answered = true;
	return module_finished;
}

/* --- shared: clients that the policy treats differently wait for one query */

/* Are clients that wait told different things? *real: somebody gets the real answer. */
static bool differ(
	const ts_module_t *m, const struct module_qstate *q, const state_t *state, bool *real)
{
	const struct mesh_reply *head = q->mesh_info->reply_list;
	const link_t *first = NULL;
	ts_action_t action = TS_ACTION_PASS;
	bool differ = false;

	*real = false;
	for (const struct mesh_reply *r = head; r && head->next; r = r->next) {
		ts_verdict_t room;
		word_t word = word_for(m, state, &r->query_reply, &room);
		const link_t *link = word.ours ? word.link : NULL;
		if (!link)
			*real = true;
		if (r == head) {
			first = link;
			action = word.verdict->action;
		} else if (link != first || (link && word.verdict->action != action))
			differ = true;
	}
	return differ;
}

/* Gives Unbound a reply that ts_query_reply fills anew for each client. */
static enum module_ext_state finish_shared(
	struct module_qstate *q, state_t *state, struct reply_info *real)
{
	state->shown = compat_reply_info(
		q->region, (uint16_t)(BIT_QR | BIT_RA), 0, 0, 0, sec_status_insecure);
	if (!state->shown)
		return finish_with(q, state, NULL);
	state->real = real;
	if (real) {
		*state->shown = *real;
		/* Whether AD is set is decided before the reply is filled: never, then. A bogus
		 * answer must stay one. */
		if (real->security == sec_status_secure)
			state->shown->security = sec_status_insecure;
	}
	return finish_with(q, state, state->shown);
}

/* --- the moments */

/* Also what was asked for alone, because the alias before it was in the RRset cache; it may lead to
 * what is hot without being so. */
static void forget_chain(const struct module_qstate *q)
{
	const struct reply_info *reply = q->return_msg ? q->return_msg->rep : NULL;
	struct query_info stored = q->qinfo;
	size_t aliases = 0;
	do
		ts_cache_forget(q->env, &stored);
	while (reply && ts_chain_next(reply, &stored.qname, &stored.qname_len, &aliases));
}

/* Sets what dns64 gets for its client, when all is known. */
static void answer_dns64(const ts_module_t *m, struct module_qstate *q, state_t *state,
	const word_t *word, const struct reply_info *real)
{
	told_t told;
	if (word->ours) {
		set_apart(q, state,
			reply_for(m, q, word->link, word->verdict, real, q->region, &told));
		return;
	}
	state->apart = true;
	state->for_supers = q->return_msg;
}

/* Everything is known about the names that matter: answer, or let pass. */
static enum module_ext_state conclude(
	const ts_module_t *m, struct module_qstate *q, state_t *state, bool done)
{
	enum module_ext_state pass = done ? module_finished : module_wait_module;
	struct reply_info *real = done && q->return_rcode == LDNS_RCODE_NOERROR && q->return_msg
					  ? q->return_msg->rep
					  : NULL;
	const link_t *ours = NULL;
	bool hot = false, dependent = false, wanted = false;

	for (const link_t *link = state->links; link; link = link->next) {
		const ts_verdict_t *v = &link->verdict;
		hot = hot || is_hot(link);
		dependent = dependent || v->client_dependent;
		if (!ours && (intercepts(v) || (v->kind == TS_VERDICT_ALLOWED && v->sinkhole_host)))
			ours = link;
	}
	state->hot = hot;
	if (hot) {
		q->no_cache_store = 1;
		if (done) {
			q->no_cache_lookup = 1;
			forget_chain(q);
		}
	}
	if (for_supers(q) && (!done || !real))
		return pass; /* they need the real answer, or the real failure */
	/* Where some want the real answer it is decided when that is there. */
	bool shared = dependent && differ(m, q, state, &wanted);
	bool passes = shared ? wanted && !real : !ours;
	/* dns64 gets one more, where others wait for the same: as in judge_first(). */
	struct mesh_state_ref *super;
	const struct mesh_reply *behind =
		dependent && q->mesh_info->reply_list ? dns64_client(q, NULL, &super) : NULL;
	if (behind) {
		ts_verdict_t room;
		word_t word;
		do
			word = word_for(m, state, &behind->query_reply, &room);
		while (!word.ours && (behind = dns64_client(q, behind, &super)));
		passes = passes || (!done && !word.ours);
		if (done || !passes)
			answer_dns64(m, q, state, &word, real);
	}
	if (passes)
		return pass;
	if (shared)
		return finish_shared(q, state, real);
	struct reply_info *reply =
		reply_for(m, q, ours, &ours->verdict, real, q->region, &state->told);
	if (!reply && ours->verdict.kind != TS_VERDICT_TYPO)
		return pass; /* a sinkhole host without addresses of ours */
	return finish_with(q, state, reply);
}

/* Rather no answer than the stranger's; and it may have been stored by now. */
static enum module_ext_state no_memory(struct module_qstate *q)
{
	ts_cache_forget(q->env, &q->qinfo);
	q->no_cache_lookup = 1;
	q->no_cache_store = 1;
	q->return_msg = NULL;
	q->return_rcode = LDNS_RCODE_SERVFAIL;
	return module_finished;
}

/* Keeps the verdict on a name that matters. \return NULL: not yet, and *next is what to do. */
static link_t *take_up(ts_module_t *m, const ts_snapshot_t *s, struct module_qstate *q,
	const ts_name_t *name, uint8_t *owner, size_t aliases, const ts_verdict_t *v, bool done,
	enum module_ext_state *next)
{
	state_t *state = state_get(m, q);
	link_t *link = NULL;
	if (state) {
		state_pin(state, s);
		link = link_get(q, state, aliases);
	}
	if (!link) {
		*next = no_memory(q);
		return NULL;
	}
	link->name = *name;
	link->owner = owner;
	link->judged = v->kind;
	memcpy(&link->verdict, v, /* the rest is a name that only one who asks has */
		v->kind == TS_VERDICT_ASK ? sizeof(*v) : offsetof(ts_verdict_t, ask));
	state->done_before = done;
	if (settle(m, q, state, link))
		return link;
	*next = module_wait_subquery;
	return NULL;
}

/* --- the list (rhsbl-zone) */

/* The check failed, and evidence-failure says to wait: no answer is better than a wrong one. */
static bool undecided(const link_t *link, const ts_verdict_t *v)
{
	return v->kind == TS_VERDICT_TYPO && v->action == TS_ACTION_DEFER && link->has_existence &&
	       link->existence == TS_FAILED;
}

/* The list's reply for one client, or for dns64, for which nothing there has an address; NULL:
 * SERVFAIL. */
static struct reply_info *list_reply(const ts_module_t *m, const struct module_qstate *q,
	const state_t *state, const ts_verdict_t *v, bool dns64, struct regional *region,
	told_t *told)
{
	*told = (told_t){.ours = true, .rcode = LDNS_RCODE_SERVFAIL, .ede = -1};
	if (state->pin->defer || undecided(&state->first, v))
		return NULL;
	struct reply_info *reply =
		ts_list_reply(m, state->pin->set, &q->qinfo, v, dns64, region, &told->ttl);
	if (!reply)
		return NULL;
	told->rcode = (uint8_t)FLAGS_GET_RCODE(reply->flags);
	/* One alert a mail: who asks for the address asks for the words as well. */
	if (ts_rhsbl_listed(v) && q->qinfo.qtype == LDNS_RR_TYPE_A)
		told->listed = state->first.name.wire;
	return reply;
}

static enum module_ext_state list_answer(
	ts_module_t *m, const ts_snapshot_t *s, struct module_qstate *q)
{
	state_t *state = state_get(m, q);
	ts_rhsbl_kind_t kind;
	ts_client_t client;

	if (!state)
		return no_memory(q);
	state_pin(state, s);
	state->list = true;
	link_t *link = link_get(q, state, 0); /* the first: no memory is asked for */
	if (ts_rhsbl_read(&m->rhsbl_zone, q->qinfo.qname, q->qinfo.qname_len, &link->name, &kind) !=
		TS_OK) {
		state->links = NULL;
		return finish_with(q, state, NULL);
	}
	link->verdict.kind = TS_VERDICT_NONE;
	link->verdict.client_dependent = false;
	if (kind == TS_RHSBL_DOMAIN) {
		judge_listed(s, q, &link->name, first_client(q, &client), &link->verdict);
		link->judged = link->verdict.kind;
		if (!settle(m, q, state, link))
			return module_wait_subquery;
	}
	bool dns64 = for_dns64(q);
	const struct mesh_reply *waiting = q->mesh_info->reply_list;
	if (dns64 && waiting) { /* and somebody asks for the address himself */
		struct mesh_state_ref *super;
		const struct mesh_reply *behind = dns64_client(q, NULL, &super);
		ts_verdict_t room;
		told_t told;
		set_apart(q, state,
			list_reply(m, q, state,
				behind ? verdict_for(m, link, &behind->query_reply, &room)
				       : &link->verdict,
				true, q->region, &told));
		dns64 = false;
	}
	if (link->verdict.client_dependent && waiting && waiting->next)
		return finish_shared(q, state, NULL);
	return finish_with(
		q, state, list_reply(m, q, state, &link->verdict, dns64, q->region, &state->told));
}

/* --- the state of the module (status-client) */

static enum module_ext_state status_answer(ts_module_t *m, struct module_qstate *q)
{
	state_t *state = state_get(m, q);
	ts_client_t client;
	if (!state)
		return no_memory(q);
	return finish_with(
		q, state, ts_status_reply(m, &q->qinfo, first_client(q, &client), q->region));
}

/* --- the start */

static enum module_ext_state start(ts_module_t *m, const ts_snapshot_t *s, struct module_qstate *q)
{
	state_t *state = state_of(q, m->id);
	bool waited = state != NULL;
	ts_name_t name;
	ts_verdict_t v;

	if (!for_client(q))
		return module_wait_module;
	if (ts_list_asked(m, &q->qinfo))
		return list_answer(m, s, q);
	if (ts_status_asked(m, &q->qinfo))
		return status_answer(m, q);
	if (s->defer && q->qinfo.qtype == LDNS_RR_TYPE_MX && q->qinfo.qclass == LDNS_RR_CLASS_IN &&
		!for_supers(q)) {
		q->no_cache_lookup = 1;
		q->return_rcode = LDNS_RCODE_SERVFAIL;
		return module_finished;
	}
	if (judge_first(s, q, q->qinfo.qname, q->qinfo.qname_len, &name, &v)) {
		enum module_ext_state next;
		if (take_up(m, s, q, &name, q->qinfo.qname, 0, &v, false, &next))
			next = conclude(m, q, state_of(q, m->id), false);
		if (next == module_wait_module && waited)
			q->no_cache_lookup = 0; /* it was us who set it, for the wait */
		return next;
	}
	if (waited)
		q->no_cache_lookup = 0;
	else
		q->minfo[m->id] = tag(s->generation);
	return module_wait_module;
}

/* --- what an event says about its surroundings */

static int64_t wall_clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void server_of(const struct comm_reply *to, ts_event_t *event)
{
	const struct addrinfo *ai =
		to->c && to->c->socket && to->c->socket->addr ? to->c->socket->addr : NULL;
	if (!ai)
		return;
	event->server_port = address_of(ai->ai_addr, &event->server);

	static const uint8_t any[16];
	if (event->server.family == 4 && memcmp(event->server.addr, any, 4) == 0)
		event->server.family = 0;
	if (event->server.family == 6 && memcmp(event->server.addr, any, 16) == 0)
		event->server.family = 0;
}

/* --- typos in other people's data */

#define RDATA_ALERTS_MAX 4 /* of one answer */

/* Where the name stands in the rdata of a type. \return false: there is none that mail or the
 * delegation follows. */
static bool target_offset(uint16_t type, size_t *offset)
{
	static const struct {
		uint16_t type;
		uint8_t offset;
	} targets[] = {{LDNS_RR_TYPE_MX, 2}, {LDNS_RR_TYPE_NS, 0}, {LDNS_RR_TYPE_SRV, 6},
		{LDNS_RR_TYPE_CNAME, 0}};
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (targets[i].type == type) {
			*offset = targets[i].offset;
			return true;
		}
	return false;
}

static void rdata_alert(ts_module_t *m, const ts_snapshot_t *s, const struct module_qstate *q,
	const struct reply_info *reply)
{
	const struct mesh_reply *to = q->mesh_info->reply_list;
	unsigned said = 0;
	for (size_t i = 0; i < reply->an_numrrsets + reply->ns_numrrsets; i++) {
		const struct ub_packed_rrset_key *rrset = reply->rrsets[i];
		const struct packed_rrset_data *data = rrset->entry.data;
		size_t offset;
		if (!target_offset(ntohs(rrset->rk.type), &offset))
			continue;
		for (size_t n = 0; n < data->count && said < RDATA_ALERTS_MAX; n++) {
			ts_name_t name;
			ts_verdict_t v;
			/* As a look-up of its address, whatever is being asked for now. */
			ts_query_t query = {&name, LDNS_RR_TYPE_A, q->qinfo.qclass};
			if (data->rr_len[n] <= 2 + offset ||
				ts_name_from_wire(&name, data->rr_data[n] + 2 + offset,
					data->rr_len[n] - 2 - offset) != TS_OK)
				continue;
			ts_verdict(s->set, &query, NULL, *q->env->now, &v);
			if (v.kind != TS_VERDICT_TYPO)
				continue;
			ts_event_t event = {
				.kind = TS_EVENT_RDATA,
				.time_us = wall_clock_us(),
				.verdict = &v,
				.qname = q->qinfo.qname,
				.qtype = q->qinfo.qtype,
				.qclass = q->qinfo.qclass,
				.id = ntohs(to->qid),
				.rcode = (uint8_t)FLAGS_GET_RCODE(reply->flags),
				.ede = -1,
				.ttl = (uint32_t)data->ttl,
				.rdata_name = data->rr_data[n] + 2 + offset,
				.transport = compat_transport(to->query_reply.c),
			};
			event.client_port = ts_client_of(&to->query_reply, &event.client);
			server_of(&to->query_reply, &event);
			ts_pipeline_submit(m->pipeline, &event);
			said++;
		}
	}
}

/* The answer has come, or a check that was made of a name in it. */
static enum module_ext_state done(ts_module_t *m, const ts_snapshot_t *s, struct module_qstate *q)
{
	const struct reply_info *reply = q->return_msg ? q->return_msg->rep : NULL;
	ts_name_t name;
	ts_verdict_t v;
	uint8_t *wire = q->qinfo.qname;
	size_t len = q->qinfo.qname_len, aliases = 0;

	if (!is_awaited(q)) {
		/* Nobody to be told anything: a query of Unbound's own, a prefetch, or the client
		 * has gone. But what was stored must not be found by clients. */
		bool hot = ts_list_asked(m, &q->qinfo);
		if (!hot && q->minfo[m->id] != tag(s->generation)) {
			v.kind = TS_VERDICT_NONE; /* where the name is none */
			v.client_dependent = false;
			hot = judge_wire(s, q, wire, len, &name, &v) && ts_verdict_hot(&v);
			if (is_quiet(&v))
				ts_quiet_add(m->quiet, quiet_key(m, &q->qinfo, s->generation));
		}
		while (!hot && reply && ts_chain_next(reply, &wire, &len, &aliases))
			hot = judge_wire(s, q, wire, len, &name, &v) && ts_verdict_hot(&v);
		if (hot)
			forget_chain(q);
		return module_finished;
	}

	if (ts_list_asked(m, &q->qinfo)) {
		ts_cache_forget(q->env, &q->qinfo); /* of a time when no client waited for it */
		return list_answer(m, s, q);
	}
	bool known = q->minfo[m->id] == tag(s->generation), ended = false, typo = false;
	state_t *state = state_of(q, m->id);
	if (state && state->pin != s)
		state->links = NULL; /* judged by another policy */
	do {
		if (!known && judge_first(s, q, wire, len, &name, &v) &&
			(aliases == 0 || v.kind != TS_VERDICT_ALLOWED)) {
			enum module_ext_state next;
			const link_t *link =
				take_up(m, s, q, &name, wire, aliases, &v, true, &next);
			if (!link)
				return next;
			ended = ends_here(q, link);
			typo = typo || link->verdict.kind == TS_VERDICT_TYPO;
		}
		known = false;
	} while (!ended && reply && ts_chain_next(reply, &wire, &len, &aliases));
	state = state_of(q, m->id);
	if (state && state->links) {
		enum module_ext_state next = conclude(m, q, state, true);
		if (state->answered || typo)
			return next;
	}
	if (m->conf.rdata_alerts && m->pipeline && reply && q->mesh_info->reply_list)
		rdata_alert(m, s, q, reply);
	return module_finished;
}

enum module_ext_state ts_query_start(ts_module_t *m, struct module_qstate *q)
{
	ts_reader_t *reader;
	const ts_snapshot_t *s = ts_reader_enter(m->readers, &reader);
	state_t *state = state_of(q, m->id);
	enum module_ext_state next = module_wait_subquery;
	if (!state || !state->waiting)
		next = state && state->done_before ? done(m, s, q) : start(m, s, q);
	ts_reader_leave(m->readers, reader);
	return next;
}

/*
 * Most queries end here. No alias is in the answer, and of the name it is known that it is nobody's
 * typo under the policy in force: from the start of this query or, where that was not ours (the
 * address of a name server), from another one before it.
 */
static bool done_quickly(const ts_module_t *m, const struct module_qstate *q)
{
	const struct reply_info *reply = q->return_msg ? q->return_msg->rep : NULL;
	unsigned generation = atomic_load(m->generation);
	if (reply && (has_alias(reply) || m->conf.rdata_alerts))
		return false;
	if (q->minfo[m->id])
		return q->minfo[m->id] == tag(generation);
	return ts_quiet_has(m->quiet, quiet_key(m, &q->qinfo, generation));
}

enum module_ext_state ts_query_done(ts_module_t *m, struct module_qstate *q)
{
	if (done_quickly(m, q))
		return module_finished;
	ts_reader_t *reader;
	const ts_snapshot_t *s = ts_reader_enter(m->readers, &reader);
	state_t *state = state_of(q, m->id);
	if (state)
		state->links = NULL; /* of another answer, or of none */
	enum module_ext_state next = done(m, s, q);
	ts_reader_leave(m->readers, reader);
	return next;
}

void ts_query_clear(ts_module_t *m, struct module_qstate *q)
{
	state_t *state = state_of(q, m->id);
	if (state) {
		ask_over(m, state);
		if (state->pin)
			ts_snapshot_unpin(state->pin);
	}
	q->minfo[m->id] = NULL;
}

/* As query_dname_compare() says, but most are equal, octet by octet. */
static bool same_name(const struct query_info *a, const struct query_info *b)
{
	return a->qname_len == b->qname_len &&
	       (memcmp(a->qname, b->qname, a->qname_len) == 0 ||
		       query_dname_compare(a->qname, b->qname) == 0);
}

/* Is name above that of the query: what a server is asked for with QNAME minimisation? */
static bool is_above(const struct query_info *name, const struct query_info *query)
{
	uint8_t *at = query->qname;
	size_t len = query->qname_len;
	while (len > name->qname_len) {
		len -= 1u + *at;
		at += 1 + *at;
	}
	return len == name->qname_len && query_dname_compare(at, name->qname) == 0;
}

/*
 * unseen: the name that was asked for has not been judged. In the list's zone nothing is what a
 * server says it is, whatever alias leads there. A typo that has to be asked for is held back where
 * it is the target of a client's alias. Not where it is above the query name, whose counterpart's
 * existence decides for both; nor in a query of Unbound's own, which needs what it learns of name
 * servers: its message is removed in the end.
 * Not inlined: most responses need none of it, and should not have to make room for it.
 */
static __attribute__((noinline)) void judge_response(
	ts_module_t *m, struct module_qstate *q, const struct dns_msg *response, bool unseen)
{
	const struct reply_info *reply = response->rep;
	ts_reader_t *reader;
	const ts_snapshot_t *s = ts_reader_enter(m->readers, &reader);
	ts_name_t name;
	ts_verdict_t v;
	bool hot = unseen && ts_list_asked(m, &response->qinfo);
	if (unseen && !hot)
		hot = judge_wire(
			      s, q, response->qinfo.qname, response->qinfo.qname_len, &name, &v) &&
		      ts_verdict_hot(&v) &&
		      (v.kind == TS_VERDICT_TYPO ||
			      (is_awaited(q) && !is_above(&response->qinfo, &q->qinfo)));
	for (size_t i = 0; i < reply->an_numrrsets && !hot; i++) {
		uint8_t *target = NULL;
		size_t len = 0;
		if (reply->rrsets[i]->rk.type != htons(LDNS_RR_TYPE_CNAME))
			continue;
		get_cname_target(reply->rrsets[i], &target, &len);
		hot = target && judge_wire(s, q, target, len, &name, &v) && ts_verdict_hot(&v);
	}
	if (hot)
		q->no_cache_store = 1;
	ts_reader_leave(m->readers, reader);
}

void ts_query_response(ts_module_t *m, struct module_qstate *q, const struct dns_msg *response)
{
	if (!response || !response->rep || q->no_cache_store)
		return;
	/* The query name itself was judged at the start, where it is a client's. What was asked for
	 * now may be a target that was found in the RRset cache. */
	bool unseen = q->is_valrec || q->mesh_info->super_set.count > 0 ||
		      !same_name(&response->qinfo, &q->qinfo);
	if (unseen || has_alias(response->rep))
		judge_response(m, q, response, unseen);
}

/* --- a client's reply */

/* typo: the name that the verdict is on, where it is not the query name. */
static void alert(ts_module_t *m, const ts_verdict_t *v, const uint8_t *typo, const told_t *told,
	const struct query_info *qinfo, const struct comm_reply *to, uint16_t id)
{
	if (!m->pipeline || v->kind != TS_VERDICT_TYPO || v->action == TS_ACTION_PASS)
		return;
	ts_event_t event = {
		.kind = told->listed ? TS_EVENT_RHSBL : TS_EVENT_ALERT,
		.time_us = wall_clock_us(),
		.verdict = v,
		.rdata_name = typo,
		.qname = qinfo->qname,
		.qtype = qinfo->qtype,
		.qclass = qinfo->qclass,
		.id = ntohs(id),
		.rcode = told->rcode,
		.applied = told->ours,
		.ede = told->ede,
		.ttl = told->ttl,
		.sinkhole = told->sinkhole,
		.sinkhole_preference = told->preference,
		.transport = compat_transport(to->c),
	};
	event.client_port = ts_client_of(to, &event.client);
	server_of(to, &event);
	ts_pipeline_submit(m->pipeline, &event);
}

/* In front, not behind: the rest of the list is shared by all clients of the query. */
static void add_ede(
	struct edns_option **opts, struct regional *region, int code, const ts_verdict_t *v)
{
	char text[TS_HINT_MAX];
	size_t len = ts_answer_hint(v, text);
	struct edns_option *opt = regional_alloc_zero(region, sizeof(*opt));
	uint8_t *data = regional_alloc(region, 2 + len);
	if (!opt || !data)
		return;
	data[0] = (uint8_t)(code >> 8);
	data[1] = (uint8_t)code;
	memcpy(data + 2, text, len);
	opt->opt_code = LDNS_EDNS_EDE;
	opt->opt_len = 2 + len;
	opt->opt_data = data;
	opt->next = *opts;
	*opts = opt;
}

static uint16_t message_id(const struct module_qstate *q, const struct comm_reply *to)
{
	for (const struct mesh_reply *r = q->mesh_info->reply_list; r; r = r->next)
		if (&r->query_reply == to)
			return r->qid;
	return 0;
}

/* What a module before us (dns64) has stored of a query: itself, and the A behind an AAAA. */
static void forget_before_us(const struct module_qstate *q)
{
	struct query_info qinfo = q->qinfo;
	ts_cache_forget(q->env, &qinfo);
	if (qinfo.qtype == LDNS_RR_TYPE_AAAA) {
		qinfo.qtype = LDNS_RR_TYPE_A;
		ts_cache_forget(q->env, &qinfo);
	}
}

/*
 * Alerts on what a client was told that we have not seen: on the first name of it, aliases
 * followed, that is intercepted for him or, where none is, the first that is observed. What would
 * have to be asked for, and is not in the cache, is let be. \return whether it must not be stored.
 */
static bool alert_unseen(ts_module_t *m, const ts_snapshot_t *s, const struct module_qstate *q,
	const struct query_info *qinfo, const struct comm_reply *to)
{
	const struct reply_info *reply = q->return_msg ? q->return_msg->rep : NULL;
	uint8_t *wire = q->qinfo.qname;
	size_t len = q->qinfo.qname_len, aliases = 0;
	bool hot = false, aliased = false;
	ts_client_t client;
	ts_name_t name, typo;
	ts_verdict_t v, word;

	word.kind = TS_VERDICT_NONE;
	(void)ts_client_of(to, &client);
	do {
		ts_existence_t existence;
		if (!judge_wire(s, q, wire, len, &name, &v))
			continue;
		judge(s, q, &name, &client, &v);
		hot = hot || ts_verdict_hot(&v);
		if (v.kind == TS_VERDICT_ASK && existence_cached(q->env, &v.ask, &existence))
			ts_verdict_resolve(&v, existence, m->conf.evidence_failure);
		if (v.kind != TS_VERDICT_TYPO || v.action == TS_ACTION_PASS ||
			(word.kind == TS_VERDICT_TYPO && !intercepts(&v)))
			continue;
		word = v;
		typo = name;
		aliased = aliases > 0;
	} while (!intercepts(&word) && reply && ts_chain_next(reply, &wire, &len, &aliases));
	if (word.kind != TS_VERDICT_TYPO)
		return hot;
	told_t told = {.ede = -1, .ours = intercepts(&word), .rcode = (uint8_t)q->return_rcode};
	if (reply) {
		told.rcode = (uint8_t)FLAGS_GET_RCODE(reply->flags);
		told.ttl = (uint32_t)reply->ttl;
	}
	alert(m, &word, aliased ? typo.wire : NULL, &told, qinfo, to, message_id(q, to));
	return hot;
}

/*
 * A module before us (dns64) has answered or stored something that we have not seen as it is: with
 * dns64-synthall the client's AAAA never comes to us, only the A behind it, and what dns64 stores
 * it stores after us.
 */
static void passed_us_by(ts_module_t *m, struct module_qstate *q, const struct query_info *qinfo,
	const struct comm_reply *to)
{
	ts_reader_t *reader;
	const ts_snapshot_t *s = ts_reader_enter(m->readers, &reader);
	bool hot = ts_list_asked(m, &q->qinfo);
	if (!hot && to && q->minfo[m->id] != tag(s->generation))
		hot = alert_unseen(m, s, q, qinfo, to);
	if (hot)
		forget_before_us(q);
	ts_reader_leave(m->readers, reader);
}

void ts_query_reply(ts_module_t *m, struct module_qstate *q, const struct query_info *qinfo,
	const struct comm_reply *to, struct edns_option **opts, struct regional *region)
{
	state_t *state = state_of(q, m->id);
	if (!state && m->id > 0)
		passed_us_by(m, q, qinfo, to);
	if (!state || !state->pin || state->waiting)
		return;
	if (state->apart) { /* Unbound has taken the reply out of it by now */
		q->return_msg = state->for_supers;
		state->apart = false;
	}
	if (m->id > 0 && (state->answered || state->hot))
		forget_before_us(q);
	if (!to)
		return;

	told_t told = state->told;
	ts_verdict_t room;
	if (state->list && !state->links)
		return; /* nothing that can be in the list */
	word_t word = state->list ? (word_t){&state->first,
					    verdict_for(m, &state->first, to, &room), true}
				  : word_for(m, state, to, &room);
	const ts_verdict_t *v = word.verdict;
	if (state->shown) {
		struct reply_info *reply = NULL;
		if (state->list)
			reply = list_reply(m, q, state, v, false, region, &told);
		else if (!word.ours) {
			reply = state->real;
			told = (told_t){.ede = -1};
		} else
			reply = reply_for(m, q, word.link, v, state->real, region, &told);
		enum sec_status security = state->shown->security;
		if (reply)
			*state->shown = *reply;
		else
			ts_reply_fail(state->shown);
		state->shown->security = security;
	}
	if (!told.ours) {
		const struct reply_info *reply = q->return_msg ? q->return_msg->rep : NULL;
		told.ede = -1;
		told.rcode = (uint8_t)(reply ? FLAGS_GET_RCODE(reply->flags) : q->return_rcode);
		told.ttl = reply ? (uint32_t)reply->ttl : 0;
	}
	if (state->list && !told.listed)
		return; /* nothing is said of what is not listed */
	if (told.ede >= 0 && q->env->cfg->ede)
		add_ede(opts, region, told.ede, v);
	const uint8_t *typo = word.link && word.link->aliases ? word.link->name.wire : told.listed;
	alert(m, v, typo, &told, qinfo, to, message_id(q, to));
}

/* The first name of an answer, aliases followed, that is a typo for this client and does not just
 * pass. What has to be asked for is no longer in the cache where it is one (see is_hot). */
static bool first_typo(const ts_snapshot_t *s, const struct query_info *qinfo,
	const struct reply_info *reply, const ts_client_t *client, time_t now, ts_verdict_t *v,
	ts_name_t *typo)
{
	ts_query_t query = {typo, qinfo->qtype, qinfo->qclass};
	uint8_t *wire = qinfo->qname;
	size_t len = qinfo->qname_len, next = 0;
	do {
		if (ts_name_from_wire(typo, wire, len) != TS_OK)
			return false;
		ts_verdict(s->set, &query, client, now, v);
		if (v->kind == TS_VERDICT_TYPO && v->action != TS_ACTION_PASS)
			return true;
	} while (reply && ts_chain_next(reply, &wire, &len, &next));
	return false;
}

static void observe_cached(ts_module_t *m, const ts_snapshot_t *s, const struct query_info *qinfo,
	const struct reply_info *reply, const struct comm_reply *to, time_t now)
{
	uint64_t key = quiet_key(m, qinfo, s->generation);
	bool aliased = has_alias(reply);
	ts_client_t client;
	ts_name_t typo;
	ts_verdict_t v;
	uint16_t id = 0;

	if (!aliased && ts_quiet_has(m->quiet, key))
		return;
	v.kind = TS_VERDICT_NONE; /* where the name is none */
	v.client_dependent = false;
	(void)ts_client_of(to, &client);
	if (!first_typo(s, qinfo, reply, &client, now, &v, &typo)) {
		if (is_quiet(&v) && !aliased)
			ts_quiet_add(m->quiet, key);
		return;
	}
	told_t told = {.ede = -1,
		.rcode = (uint8_t)FLAGS_GET_RCODE(reply->flags),
		.ttl = reply->ttl > now ? (uint32_t)(reply->ttl - now) : 0};
	if (sldns_buffer_limit(to->c->buffer) >= sizeof(id))
		memcpy(&id, sldns_buffer_begin(to->c->buffer), sizeof(id));
	bool itself =
		typo.len == qinfo->qname_len && query_dname_compare(qinfo->qname, typo.wire) == 0;
	alert(m, &v, itself ? NULL : typo.wire, &told, qinfo, to, id);
}

void ts_query_cached(ts_module_t *m, const struct query_info *qinfo, const struct reply_info *reply,
	const struct comm_reply *to, time_t now)
{
	ts_reader_t *reader;
	const ts_snapshot_t *s = ts_reader_enter(m->readers, &reader);

	if (s->observing)
		observe_cached(m, s, qinfo, reply, to, now);
	ts_reader_leave(m->readers, reader);
}
