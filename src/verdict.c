/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One walk over the labels of the query name finds everything that is declared about it; only
 * what is neither protected nor allowed is looked up among the derived typos.
 */
#include "policy_impl.h"
#include "typo/suffix.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MATCHES_MAX 8

const char *ts_verdict_name(ts_verdict_kind_t kind)
{
	static const char *const names[] = {"none", "protected", "allowed", "typo", "ask"};

	return names[kind];
}

/* A possible reading of the query name, before its evidence is weighed. */
struct reading {
	const ts_policy_t *policy;
	uint32_t order; /* of the policy */
	uint32_t member;
	bool declared;
	bool free; /* needs no evidence */
	ts_match_t match;
	ts_wire_t target; /* what stands in for the mistyped suffix */
};

/* Does a come before b? "The best score wins (tie: smaller distance, longer protected name,
 * lexical order; between policies: order of configuration)". */
static bool before(const struct reading *a, const struct reading *b)
{
	if (a->match.score != b->match.score)
		return a->match.score > b->match.score;
	if (a->match.distance != b->match.distance)
		return a->match.distance < b->match.distance;
	if (a->target.len != b->target.len)
		return a->target.len > b->target.len;
	int order = ts_name_compare(a->target.wire, b->target.wire);
	if (order)
		return order < 0;
	return a->order < b->order;
}

/* The action of the nearest place whose client sets know the client; in one place the longest
 * prefix wins, and a set whose longest prefix is an exclusion does not know it. */
static ts_action_t action_for(const ts_settings_t *s, const ts_client_t *client)
{
	if (!client || !client->family)
		return s->action;
	for (size_t i = 0; i < 3 && s->clients[i]; i++) {
		const ts_client_set_t *best = NULL;
		int best_prefix = -1;

		for (size_t j = 0; j < s->clients[i]->count; j++) {
			const ts_client_set_t *set = &s->clients[i]->sets[j];
			int prefix = -1;
			bool excluded = false;

			for (size_t k = 0; k < set->nrules; k++) {
				const ts_client_rule_t *rule = &set->rules[k];

				if (!ts_prefix_has(&rule->prefix, client->family, client->addr) ||
					rule->prefix.bits < prefix)
					continue;
				/* Of the same prefix said both ways, the exclusion. */
				excluded =
					rule->exclude || (excluded && rule->prefix.bits == prefix);
				prefix = rule->prefix.bits;
			}
			if (prefix > best_prefix && !excluded) {
				best = set;
				best_prefix = prefix;
			}
		}
		if (best)
			return best->action;
	}
	return s->action;
}

/* Is name at or below something protected or known that lies strictly below the protected zone? */
static bool is_listed(const ts_policyset_t *set, const ts_name_t *name, unsigned zone_labels)
{
	ts_namemap_hit_t hits[TS_NAMEMAP_HITS];

	for (size_t n = ts_namemap_all(set->map, name, hits); n-- > 0;) {
		const ts_set_entry_t *e = &set->entries[hits[n].value];

		if (hits[n].label + zone_labels >= name->nlabels)
			return false;
		if (e->protector || e->known)
			return true;
	}
	return false;
}

/* What the evidence makes of a reading: TYPO, ASK or NONE. Writes counterpart, ask, evidence. */
static ts_verdict_kind_t weigh(const ts_policyset_t *set, const ts_name_t *qname,
	const struct reading *r, ts_verdict_t *out)
{
	const ts_member_t *m = &r->policy->members[r->member];
	const ts_settings_t *s = m->settings;
	ts_name_t *counterpart = &out->counterpart;

	out->evidence = TS_EVIDENCE_NONE;
	if (ts_name_splice(counterpart, qname, r->match.suffix, r->match.keep, r->target.wire,
		    r->target.len) != TS_OK)
		return TS_VERDICT_NONE; /* no such name can exist */
	if (r->free)
		return TS_VERDICT_TYPO;
	if (s->evidence & TS_EVIDENCE_LISTED && is_listed(set, counterpart, m->nlabels)) {
		out->evidence = TS_EVIDENCE_LISTED;
		return TS_VERDICT_TYPO;
	}
	if (s->evidence & TS_EVIDENCE_DNS && counterpart->nlabels > m->nlabels) {
		unsigned at = counterpart->nlabels - m->nlabels - 1u;

		if (ts_name_from_wire(&out->ask, ts_name_suffix(counterpart, at),
			    ts_name_suffix_len(counterpart, at)) == TS_OK)
			return TS_VERDICT_ASK;
	}
	return TS_VERDICT_NONE;
}

/* The search: the best certain reading, the best one to ask about, and whether any failed for
 * want of evidence or of an intercepted query type. */
struct search {
	const ts_policyset_t *set;
	const ts_query_t *query;
	unsigned qtype_bit;
	struct reading typo, ask;
	bool have_typo, have_ask;
	bool wrong_type, no_evidence;
	struct reading failed;         /* the best that has no evidence */
	const struct reading *weighed; /* of these three: whose names the verdict holds; or NULL */
};

static void consider(struct search *s, const struct reading *r, ts_verdict_t *scratch)
{
	const ts_settings_t *t = r->policy->members[r->member].settings;

	if (s->have_typo && !before(r, &s->typo))
		return;
	if (!(t->qtypes & s->qtype_bit) ||
		/* The record of MTA-STS stands below the domain, never at it. */
		(s->qtype_bit == QTYPE_MTA_STS && r->match.suffix == 0)) {
		s->wrong_type = true;
		return;
	}
	s->weighed = NULL;
	switch (weigh(s->set, s->query->qname, r, scratch)) {
	case TS_VERDICT_TYPO:
		s->typo = *r;
		s->have_typo = true;
		s->weighed = &s->typo;
		break;
	case TS_VERDICT_ASK:
		if (!s->have_ask || before(r, &s->ask)) {
			s->ask = *r;
			s->have_ask = true;
			s->weighed = &s->ask;
		}
		break;
	default:
		if (!s->no_evidence || before(r, &s->failed)) {
			s->failed = *r;
			s->weighed = &s->failed;
		}
		s->no_evidence = true;
	}
}

static void consider_declared(
	struct search *s, uint32_t chain, unsigned label, ts_verdict_t *scratch)
{
	for (uint32_t i = chain; i; i = s->set->declared[i - 1].next) {
		const ts_set_declared_t *d = &s->set->declared[i - 1];
		struct reading r = {.policy = d->policy,
			.order = d->order,
			.member = d->declared->member,
			.declared = true,
			.free = d->declared->free,
			.target = d->policy->members[d->declared->member].zone};

		r.match = (ts_match_t){.score = TS_SCORE_ONE,
			.class_id = TS_CLASS_DECLARED,
			.distance = d->declared->distance,
			.suffix = (uint8_t)label};
		consider(s, &r, scratch);
	}
}

static void consider_derived(struct search *s, ts_verdict_t *scratch)
{
	const ts_name_t *qname = s->query->qname;
	bool special = false, special_known = false;

	for (size_t i = 0; i < s->set->count; i++) {
		const ts_policy_t *p = s->set->policies[i];
		ts_match_t matches[MATCHES_MAX];
		size_t n = ts_index_find(p->index, qname, s->set->popular, matches, MATCHES_MAX);

		for (size_t j = 0; j < n; j++) {
			const ts_target_ref_t *t = &p->targets[matches[j].target];
			unsigned label = matches[j].suffix;

			if (!special_known) {
				special = ts_suffix_special_use(qname);
				special_known = true;
			}
			if (special)
				return;
			struct reading r = {.policy = p,
				.order = (uint32_t)i,
				.member = t->member,
				.match = matches[j],
				.target = t->name,
				.free = !ts_suffix_is_public(ts_name_suffix(qname, label),
					ts_name_suffix_len(qname, label))};
			consider(s, &r, scratch);
		}
	}
}

static void nothing(ts_verdict_t *out, ts_verdict_kind_t kind, ts_why_t why)
{
	out->kind = kind;
	out->why = why;
	out->action = TS_ACTION_PASS;
	out->client_dependent = false;
	out->sinkhole_host = false;
	out->declared = false;
	out->policy = NULL;
	out->member = 0;
	out->sinkhole = NULL;
	out->match = (ts_match_t){0};
	out->evidence = TS_EVIDENCE_NONE;
}

/* r: the best of those that weigh() called kind. */
static void settle(const struct search *s, const struct reading *r, ts_verdict_kind_t kind,
	const ts_client_t *client, ts_verdict_t *out)
{
	const ts_settings_t *t = r->policy->members[r->member].settings;

	if (r != s->weighed) /* the verdict holds another one's names by now */
		(void)weigh(s->set, s->query->qname, r, out);
	out->kind = kind;
	out->why = TS_WHY_TYPO;
	out->action = action_for(t, client);
	out->client_dependent = t->client_dependent;
	out->sinkhole_host = false;
	out->declared = r->declared;
	out->policy = r->policy;
	out->member = r->member;
	out->sinkhole = t->sinkhole;
	out->match = r->match;
}

static bool below_arpa(const ts_name_t *name)
{
	return name->nlabels && ts_name_suffix_len(name, name->nlabels - 1u) == 6 &&
	       memcmp(ts_name_suffix(name, name->nlabels - 1u), "\4arpa", 6) == 0;
}

static bool is_mta_sts(const ts_name_t *name)
{
	return name->wire[0] == 8 && memcmp(name->wire + 1, "_mta-sts", 8) == 0;
}

#define DECLARED_LEVELS 8

void ts_verdict(const ts_policyset_t *set, const ts_query_t *query, const ts_client_t *client,
	time_t now, ts_verdict_t *out)
{
	const ts_name_t *qname = query->qname;
	const ts_set_entry_t *protector = NULL, *allow = NULL, *own = NULL, *host = NULL;
	struct {
		uint32_t chain;
		uint8_t label;
	} declared[DECLARED_LEVELS];
	ts_namemap_hit_t hits[TS_NAMEMAP_HITS];
	unsigned ndeclared = 0;

	if (query->qclass != TS_CLASS_IN) {
		nothing(out, TS_VERDICT_NONE, TS_WHY_CLASS);
		return;
	}
	unsigned bit = ts_qtype_bit(query->qtype);
	if (!(bit & set->qtypes) || (bit == QTYPE_MTA_STS && !is_mta_sts(qname))) {
		nothing(out, TS_VERDICT_NONE, TS_WHY_TYPE);
		return;
	}
	/* The longest first: the nearest place decides. */
	for (size_t n = ts_namemap_all(set->map, qname, hits); n-- > 0;) {
		const ts_set_entry_t *e = &set->entries[hits[n].value];
		unsigned label = hits[n].label;

		if (e->protector && !protector)
			protector = e;
		if (e->own && !own)
			own = e;
		if (e->allower && !allow && (!e->until || now < e->until))
			allow = e;
		if (e->host_of && label == 0)
			host = e;
		if (e->declared && ndeclared < DECLARED_LEVELS) {
			declared[ndeclared].chain = e->declared;
			declared[ndeclared++].label = (uint8_t)label;
		}
	}
	/* A sinkhole's own host comes first: with addresses given, nobody else answers for it. */
	if (host) {
		nothing(out, TS_VERDICT_ALLOWED, TS_WHY_SINKHOLE_HOST);
		out->policy = host->host_of;
		out->sinkhole = host->sinkhole;
		out->sinkhole_host = (bit & (QTYPE_A | QTYPE_AAAA)) &&
				     (host->sinkhole->a.count || host->sinkhole->aaaa.count);
		return;
	}
	if (protector) {
		nothing(out, TS_VERDICT_PROTECTED, TS_WHY_BELOW_PROTECTED);
		out->policy = protector->protector;
		out->member = protector->member;
		return;
	}
	if (below_arpa(qname)) {
		nothing(out, TS_VERDICT_ALLOWED, TS_WHY_RESERVED);
		return;
	}
	if (own) {
		nothing(out, TS_VERDICT_ALLOWED, TS_WHY_OWN_ZONE);
		return;
	}
	if (allow) {
		nothing(out, TS_VERDICT_ALLOWED, TS_WHY_ALLOW);
		out->policy = allow->allower;
		return;
	}
	struct search s; /* not all of it is set: most names have no reading */
	s.set = set;
	s.query = query;
	s.qtype_bit = bit;
	s.have_typo = s.have_ask = s.wrong_type = s.no_evidence = false;
	s.weighed = NULL;
	for (unsigned i = 0; i < ndeclared; i++)
		consider_declared(&s, declared[i].chain, declared[i].label, out);
	if (!s.have_typo) /* nothing derived beats what was declared */
		consider_derived(&s, out);
	if (s.have_typo) {
		settle(&s, &s.typo, TS_VERDICT_TYPO, client, out);
	} else if (s.have_ask) {
		settle(&s, &s.ask, TS_VERDICT_ASK, client, out);
	} else if (s.no_evidence) {
		settle(&s, &s.failed, TS_VERDICT_NONE, client, out);
		out->why = TS_WHY_NO_EVIDENCE;
		out->action = TS_ACTION_PASS;
		out->client_dependent = false;
	} else {
		nothing(out, TS_VERDICT_NONE, s.wrong_type ? TS_WHY_TYPE : TS_WHY_NO_MATCH);
	}
}

void ts_verdict_for(ts_verdict_t *verdict, const ts_client_t *client)
{
	if (verdict->kind == TS_VERDICT_TYPO || verdict->kind == TS_VERDICT_ASK)
		verdict->action =
			action_for(verdict->policy->members[verdict->member].settings, client);
}

void ts_verdict_resolve(ts_verdict_t *verdict, ts_existence_t existence, ts_on_failure_t on_failure)
{
	if (verdict->kind != TS_VERDICT_ASK)
		return;
	if (existence == TS_FAILED && on_failure == TS_ON_FAILURE_DEFAULT)
		on_failure = verdict->declared ? TS_ON_FAILURE_INTERCEPT : TS_ON_FAILURE_PASS;
	if (existence == TS_EXISTS) {
		verdict->kind = TS_VERDICT_TYPO;
		verdict->evidence = TS_EVIDENCE_DNS;
		return;
	}
	if (existence == TS_FAILED && on_failure != TS_ON_FAILURE_PASS) {
		verdict->kind = TS_VERDICT_TYPO;
		/* Who is only watched, or let through, is not deferred either. */
		if (on_failure == TS_ON_FAILURE_DEFER && verdict->action != TS_ACTION_PASS &&
			verdict->action != TS_ACTION_OBSERVE)
			verdict->action = TS_ACTION_DEFER;
		return;
	}
	verdict->kind = TS_VERDICT_NONE;
	verdict->why = TS_WHY_NO_EVIDENCE;
}

/* ---- the reason in words ---- */

struct text {
	char *buf;
	size_t size, len;
};

static void say(struct text *t, const char *fmt, ...) TS_PRINTF(2, 3);

static void say(struct text *t, const char *fmt, ...)
{
	va_list ap;

	if (t->len + 1 >= t->size)
		return;
	va_start(ap, fmt);
	int n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

static const char *name_text(const uint8_t *wire, char buf[TS_NAME_TEXT_MAX])
{
	ts_name_to_text(wire, buf, TS_NAME_TEXT_MAX);
	return buf;
}

static void say_match(
	struct text *t, const ts_policyset_t *set, const ts_query_t *query, const ts_verdict_t *v)
{
	char suffix[TS_NAME_TEXT_MAX], zone[TS_NAME_TEXT_MAX];
	const uint8_t *target = ts_policy_member_zone(v->policy, v->member);

	if (v->declared) {
		say(t, "%s is a declared typo of %s",
			name_text(ts_name_suffix(query->qname, v->match.suffix), suffix),
			name_text(target, zone));
		return;
	}
	char words[TS_EXPLAIN_MAX];
	size_t n = ts_index_explain(
		v->policy->index, query->qname, set->popular, &v->match, words, sizeof(words));
	say(t, "%.*s", (int)n, words);
}

static void say_evidence(struct text *t, const ts_verdict_t *v)
{
	char name[TS_NAME_TEXT_MAX];

	if (v->evidence == TS_EVIDENCE_LISTED)
		say(t, "; evidence: %s is at or below a listed name",
			name_text(v->counterpart.wire, name));
	else if (v->evidence == TS_EVIDENCE_DNS)
		say(t, "; evidence: %s exists", name_text(v->ask.wire, name));
}

size_t ts_verdict_reason(const ts_policyset_t *set, const ts_query_t *query, const ts_verdict_t *v,
	char *buf, size_t size)
{
	struct text t = {buf, size, 0};
	char name[TS_NAME_TEXT_MAX];

	if (size)
		buf[0] = '\0';
	switch (v->why) {
	case TS_WHY_NO_MATCH:
		say(&t, "like no protected zone");
		break;
	case TS_WHY_TYPE:
		say(&t, "this query type is not intercepted");
		break;
	case TS_WHY_CLASS:
		say(&t, "only class IN is intercepted");
		break;
	case TS_WHY_BELOW_PROTECTED:
		say(&t, "at or below the protected zone %s",
			name_text(ts_policy_member_zone(v->policy, v->member), name));
		break;
	case TS_WHY_ALLOW:
		say(&t, "allowed by the policy %s", name_text(ts_policy_name(v->policy), name));
		break;
	case TS_WHY_OWN_ZONE:
		say(&t, "in a zone of this server's own");
		break;
	case TS_WHY_SINKHOLE_HOST:
		say(&t, "a host of the sinkhole of policy %s",
			name_text(ts_policy_name(v->policy), name));
		break;
	case TS_WHY_RESERVED:
		say(&t, "below arpa, where nothing is a typo");
		break;
	case TS_WHY_NO_EVIDENCE:
		say_match(&t, set, query, v);
		say(&t, ", but there is no evidence that %s exists",
			name_text(v->counterpart.wire, name));
		break;
	case TS_WHY_TYPO:
		say_match(&t, set, query, v);
		if (v->kind == TS_VERDICT_ASK)
			say(&t, "; a typo if %s exists", name_text(v->ask.wire, name));
		else
			say_evidence(&t, v);
		break;
	}
	return t.len;
}
