/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From drafts to the snapshot: "nearest wins" is applied, references are checked, and everything is
 * laid out in the snapshot's arena.
 */
#include "policy_draft.h"
#include "typo/likeness.h"
#include "typo/suffix.h"

#include <stdlib.h>
#include <string.h>

#define DECLARED_SAME_MAX 16 /* protected zones that may share one declared suffix */
#define DEFAULT_TTL 30u
#define DEFAULT_THRESHOLD (TS_SCORE_ONE / 2)

static int layout_members(struct build *b)
{
	ts_policy_t *p = b->policy;
	char text[TS_NAME_TEXT_MAX];
	ts_member_t *members = ts_arena_alloc(&p->arena, sizeof(*members) * (b->ndrafts + 1));

	if (!members)
		return TS_ENOMEM;
	p->members = members;
	for (size_t i = 0; i < b->ndrafts; i++) {
		struct draft *d = &b->drafts[i];
		uint32_t at;

		if (d->skipped)
			continue;
		if (ts_namemap_get(b->zones, d->zone.wire, d->zone.len, &at)) {
			ERROR(b, d->record, "%s is a member already, as '%s'",
				ts_draft_wire_text(d->zone.wire, text), members[at].id);
			d->skipped = true;
			continue;
		}
		ts_member_t *m = &members[p->nmembers];
		int err = ts_draft_copy_name(&p->arena, &d->zone, &m->zone);
		if (!err)
			err = ts_namemap_add(
				b->zones, d->zone.wire, d->zone.len, (uint32_t)p->nmembers);
		if (err)
			return err;
		m->nlabels = d->zone.nlabels;
		m->id = d->id;
		p->nmembers++;
	}
	if (p->nmembers == 0)
		ERROR(b, NULL, "no protected zone: there is no '<id>.zones PTR'");
	else if (b->options->previous_members > 10 * p->nmembers && !b->options->accept_shrink)
		ERROR(b, NULL,
			"%zu protected zones are left of %zu: refused unless 'accept-shrink: yes'",
			p->nmembers, b->options->previous_members);
	return TS_OK;
}

static int layout_rrset(struct build *b, const struct rr *list, ts_sink_rrset_t *out)
{
	ts_sink_rrset_t set = {.ttl = UINT32_MAX};

	for (const struct rr *rr = list; rr; rr = rr->next)
		set.count++;
	ts_answer_rr_t *rrs = ts_arena_alloc(&b->policy->arena, sizeof(*rrs) * (set.count + 1u));
	if (!rrs)
		return TS_ENOMEM;
	set.rr = rrs;
	for (const struct rr *rr = list; rr; rr = rr->next, rrs++) {
		const struct record *r = rr->record;

		rrs->rdata = ts_arena_copy(&b->policy->arena, r->rdata, r->rdlen);
		if (!rrs->rdata)
			return TS_ENOMEM;
		rrs->rdlen = r->rdlen;
		if (r->ttl < set.ttl)
			set.ttl = r->ttl;
	}
	*out = set;
	return TS_OK;
}

static int layout_sinkhole(struct build *b, struct scope *s)
{
	if (!s->seen[P_SINKHOLE])
		return TS_OK;
	ts_sinkhole_t *sink = ts_arena_alloc(&b->policy->arena, sizeof(*sink));
	if (!sink)
		return TS_ENOMEM;
	sink->max_ttl = s->seen[P_MAX_TTL]        ? s->max_ttl
			: b->zone.seen[P_MAX_TTL] ? b->zone.max_ttl
						  : DEFAULT_TTL;
	int err = layout_rrset(b, s->sink[0], &sink->mx);
	if (!err)
		err = layout_rrset(b, s->sink[1], &sink->a);
	if (!err)
		err = layout_rrset(b, s->sink[2], &sink->aaaa);
	s->sinkhole = sink;
	return err;
}

/* The same prefix in two sets of one place would make the answer a matter of luck. */
static void check_overlap(struct build *b, const struct item *set, const struct item *others)
{
	for (const struct item *o = others; o; o = o->next) {
		for (size_t i = 0; i < set->nrules; i++) {
			for (size_t j = 0; j < o->nrules; j++) {
				const ts_client_rule_t *x = &set->rules[i], *y = &o->rules[j];

				if (x->exclude || y->exclude ||
					memcmp(&x->prefix, &y->prefix, sizeof(x->prefix)) != 0)
					continue;
				ERROR(b, set->seen[P_CLIENTS],
					"has a prefix of %u bits in common with the set '%s' on "
					"line %u",
					x->prefix.bits, o->id, o->seen[P_CLIENTS]->line);
				return;
			}
		}
	}
}

static int layout_clients(struct build *b, struct scope *s)
{
	if (!s->nsets)
		return TS_OK;
	ts_client_sets_t *all = ts_arena_alloc(&b->policy->arena, sizeof(*all));
	ts_client_set_t *sets = ts_arena_alloc(&b->policy->arena, sizeof(*sets) * s->nsets);
	if (!all || !sets)
		return TS_ENOMEM;
	for (const struct item *i = s->sets; i; i = i->next) {
		if (!i->seen[P_CLIENTS]) {
			ERROR(b, i->seen[P_CLIENT_ACTION], "there is no client set '%s'", i->id);
			continue;
		}
		if (!i->seen[P_CLIENT_ACTION]) {
			ERROR(b, i->seen[P_CLIENTS], "the set has no action, so it does nothing");
			continue;
		}
		check_overlap(b, i, i->next);
		sets[all->count++] = (ts_client_set_t){i->action, i->id, i->rules, i->nrules};
	}
	all->sets = sets;
	s->clients = all;
	b->policy->has_clients = b->policy->has_clients || all->count > 0;
	return TS_OK;
}

/* The nearest of member, group and zone that has property p; NULL: none. */
static const struct scope *nearest(
	const struct build *b, const struct scope *member, const struct scope *group, int p)
{
	if (member && member->seen[p])
		return member;
	if (group && group->seen[p])
		return group;
	return b->zone.seen[p] ? &b->zone : NULL;
}

static int layout_settings(struct build *b, const struct scope *member, const struct scope *group,
	const struct record *blame, const ts_settings_t **out)
{
	ts_settings_t *t = ts_arena_alloc(&b->policy->arena, sizeof(*t));
	const struct scope *near[P_SIMPLE];
	const struct scope *places[3] = {member, group, &b->zone};
	const char *needs_sinkhole = NULL;
	size_t n = 0;

	if (!t)
		return TS_ENOMEM;
	for (int p = 0; p < P_SIMPLE; p++)
		near[p] = nearest(b, member, group, p);
	t->action = near[P_ACTION] ? near[P_ACTION]->action : TS_ACTION_SINKHOLE;
	t->max_ttl = near[P_MAX_TTL] ? near[P_MAX_TTL]->max_ttl : DEFAULT_TTL;
	t->qtypes =
		near[P_QTYPES] ? near[P_QTYPES]->qtypes : QTYPE_DEFAULT | QTYPE_MTA_STS | QTYPE_ANY;
	t->classes = near[P_CLASSES] ? near[P_CLASSES]->classes : ts_class_defaults();
	t->threshold = near[P_THRESHOLD] ? near[P_THRESHOLD]->threshold : DEFAULT_THRESHOLD;
	t->evidence = near[P_EVIDENCE] ? near[P_EVIDENCE]->evidence
				       : TS_EVIDENCE_LISTED | TS_EVIDENCE_DNS;
	t->sinkhole = near[P_SINKHOLE] ? near[P_SINKHOLE]->sinkhole : NULL;
	b->policy->actions |= 1u << t->action;
	if (t->action == TS_ACTION_SINKHOLE)
		needs_sinkhole = "action sinkhole";
	for (size_t i = 0; i < 3; i++) {
		if (!places[i] || !places[i]->clients)
			continue;
		t->clients[n++] = places[i]->clients;
		for (size_t j = 0; j < places[i]->clients->count; j++) {
			ts_action_t action = places[i]->clients->sets[j].action;

			t->client_dependent = t->client_dependent || action != t->action;
			b->policy->actions |= 1u << action;
			if (action == TS_ACTION_SINKHOLE && !needs_sinkhole)
				needs_sinkhole = "a client set's action sinkhole";
		}
	}
	if (needs_sinkhole && !t->sinkhole) {
		const struct record *at = near[P_ACTION] ? near[P_ACTION]->seen[P_ACTION] : blame;

		ERROR(b, at, "%s without a sinkhole: 'sinkhole' has no MX, A or AAAA record",
			needs_sinkhole);
	}
	b->policy->qtypes |= t->qtypes;
	*out = t;
	return TS_OK;
}

static int layout_scopes(struct build *b)
{
	ts_policy_t *p = b->policy;
	int err = layout_sinkhole(b, &b->zone);

	if (!err)
		err = layout_clients(b, &b->zone);
	for (size_t i = 0; !err && i < b->ngroups; i++) {
		err = layout_sinkhole(b, b->group_at[i]);
		if (!err)
			err = layout_clients(b, b->group_at[i]);
	}
	for (struct scope *s = b->scopes; !err && s; s = s->next) {
		err = layout_sinkhole(b, s);
		if (!err)
			err = layout_clients(b, s);
	}
	/* Members without properties of their own share what their group, or the zone, says. */
	ts_member_t *m = (ts_member_t *)(uintptr_t)p->members;
	for (size_t i = 0; !err && i < b->ndrafts; i++) {
		struct draft *d = &b->drafts[i];
		struct scope *shared = d->group ? d->group : &b->zone;

		if (d->skipped)
			continue;
		if (d->scope) {
			err = layout_settings(b, d->scope, d->group, d->record, &m->settings);
		} else {
			if (!shared->settings)
				err = layout_settings(
					b, NULL, d->group, d->record, &shared->settings);
			m->settings = shared->settings;
		}
		if (!err && d->scope && d->scope->named & ts_class_not_for_suffixes() &&
			ts_suffix_is_public(m->zone.wire, m->zone.len))
			WARN(b, d->scope->seen[P_CLASSES],
				"a class that never applies to a TLD or public suffix is named");
		m++;
	}
	return err;
}

static void check_groups(struct build *b)
{
	for (size_t i = 0; i < b->ngroups; i++) {
		const struct scope *g = b->group_at[i];
		const struct record *first = NULL;

		for (int p = 0; p < P_SIMPLE && !first; p++)
			first = g->seen[p];
		if (!first && g->sets)
			first = g->sets->seen[P_CLIENTS] ? g->sets->seen[P_CLIENTS]
							 : g->sets->seen[P_CLIENT_ACTION];
		if (first && !g->used)
			WARN(b, first, "no member is in %s", g->label);
		if (first || !g->used)
			continue;
		for (size_t j = 0; j < b->ndrafts; j++) {
			if (b->drafts[j].group == g) {
				NOTE(b, b->drafts[j].group_record, "%s has no properties here",
					g->label);
				break;
			}
		}
	}
}

static bool listed_in(const struct typo *list, const ts_wire_t *suffix)
{
	for (; list; list = list->next) {
		if (ts_draft_wire_equal(&list->suffix, suffix))
			return true;
	}
	return false;
}

/* What is declared so far; how often each suffix is, and for whom first. */
struct declarations {
	ts_declared_t *list;
	size_t count, cap;
	ts_namemap_t *suffixes;
	struct tally {
		uint32_t count, member;
	} * tally;
	size_t ntally, tally_cap;
};

/* A suffix that is new is counted, and may not be a protected zone; one that another zone declared
 * as well is worth a word. */
static int tally_declared(
	struct build *b, struct declarations *d, const struct typo *t, uint32_t member)
{
	const ts_member_t *members = b->policy->members;
	char suffix[TS_NAME_TEXT_MAX], zone[TS_NAME_TEXT_MAX];
	ts_name_t name;
	unsigned label;
	uint32_t at;

	if (ts_namemap_get(d->suffixes, t->suffix.wire, t->suffix.len, &at)) {
		struct tally *c = &d->tally[at];

		if (c->count++ == 1)
			WARN(b, t->record,
				"%s is declared for %s as well; where both have evidence, the "
				"smaller "
				"distance, then the longer protected name wins",
				ts_draft_wire_text(t->suffix.wire, suffix),
				ts_draft_wire_text(members[c->member].zone.wire, zone));
		else if (c->count == DECLARED_SAME_MAX + 1)
			ERROR(b, t->record, "%s is declared for more than %d protected zones",
				ts_draft_wire_text(t->suffix.wire, suffix), DECLARED_SAME_MAX);
		return TS_OK;
	}
	void *list = ts_grow(d->tally, d->ntally, &d->tally_cap, sizeof(*d->tally));
	if (!list)
		return TS_ENOMEM;
	d->tally = list;
	d->tally[d->ntally] = (struct tally){1, member};
	int err = ts_namemap_add(d->suffixes, t->suffix.wire, t->suffix.len, (uint32_t)d->ntally);
	if (!err)
		err = ts_name_from_wire(&name, t->suffix.wire, t->suffix.len);
	if (err)
		return err;
	d->ntally++;
	if (ts_namemap_find(b->zones, &name, 0, &at, &label))
		ERROR(b, t->record, "%s is at or below the protected zone %s, so it is no typo",
			ts_draft_wire_text(t->suffix.wire, suffix),
			ts_draft_wire_text(members[at].zone.wire, zone));
	return TS_OK;
}

static int declare(
	struct build *b, struct declarations *d, const struct typo *t, uint32_t member, bool always)
{
	void *list = ts_grow(d->list, d->count, &d->cap, sizeof(*d->list));

	if (!list)
		return TS_ENOMEM;
	d->list = list;
	d->list[d->count++] = (ts_declared_t){.suffix = t->suffix,
		.member = member,
		.distance =
			(uint8_t)ts_osa_names(t->suffix.wire, b->policy->members[member].zone.wire),
		.free = always || !ts_suffix_is_public(t->suffix.wire, t->suffix.len)};
	return tally_declared(b, d, t, member);
}

/* What one member declares, or its group or the zone for it. */
static int declare_of(
	struct build *b, struct declarations *d, const struct draft *draft, uint32_t member)
{
	const struct scope *from[2] = {nearest(b, draft->scope, draft->group, P_TYPO),
		nearest(b, draft->scope, draft->group, P_TYPO_ALWAYS)};

	for (int always = 0; always < 2; always++) {
		const struct scope *s = from[always], *other = from[!always];
		bool nearer = other &&
			      (other == draft->scope || (other == draft->group && s == &b->zone));

		for (const struct typo *t = s ? s->typos[always] : NULL; t; t = t->next) {
			/* Said both ways in two places: the nearer one. */
			if (nearer && listed_in(other->typos[!always], &t->suffix))
				continue;
			int err = declare(b, d, t, member, always);

			if (err)
				return err;
		}
	}
	return TS_OK;
}

static int layout_declared(struct build *b)
{
	ts_policy_t *p = b->policy;
	struct declarations d = {.suffixes = ts_namemap_new(b->options->seed)};
	uint32_t member = 0;
	int err = d.suffixes ? TS_OK : TS_ENOMEM;

	for (size_t i = 0; !err && i < b->ndrafts; i++) {
		if (!b->drafts[i].skipped)
			err = declare_of(b, &d, &b->drafts[i], member++);
	}
	if (err || !d.count)
		goto cleanup;
	p->declared = ts_arena_copy(&p->arena, d.list, sizeof(*d.list) * d.count);
	if (p->declared)
		p->ndeclared = d.count;
	else
		err = TS_ENOMEM;
cleanup:
	free(d.list);
	free(d.tally);
	ts_namemap_free(d.suffixes);
	return err;
}

static int layout_items(struct build *b)
{
	ts_policy_t *p = b->policy;
	ts_allow_t *allows = ts_arena_alloc(&p->arena, sizeof(*allows) * (b->nitems + 1));
	ts_known_t *knowns = ts_arena_alloc(&p->arena, sizeof(*knowns) * (b->nitems + 1));
	ts_namemap_t *seen = ts_namemap_new(b->options->seed);
	ts_namemap_t *known = ts_namemap_new(b->options->seed);
	char text[TS_NAME_TEXT_MAX], zone[TS_NAME_TEXT_MAX];
	int err = TS_ENOMEM;

	if (!allows || !knowns || !seen || !known)
		goto cleanup;
	p->allows = allows;
	p->knowns = knowns;
	for (size_t i = 0; i < b->nitems; i++) {
		const struct item *item = b->items[i];
		uint32_t at;
		unsigned label;
		ts_name_t name;

		if (item->kind == P_CLIENTS)
			continue;
		if (!item->seen[item->kind]) {
			const struct record *sub =
				item->seen[P_UNTIL] ? item->seen[P_UNTIL] : item->seen[P_REASON];

			ERROR(b, sub, "there is no '%s.allow'", item->id);
			continue;
		}
		if (!item->name.wire) /* an error that was told */
			continue;
		const struct record *r = item->seen[item->kind];
		err = ts_name_from_wire(&name, item->name.wire, item->name.len);
		if (err)
			goto cleanup;
		bool below = ts_namemap_find(b->zones, &name, 0, &at, &label);
		if (item->kind == P_ALLOW) {
			if (below)
				WARN(b, r,
					"%s is at or below the protected zone %s: no need to allow "
					"it",
					ts_draft_wire_text(name.wire, text),
					ts_draft_wire_text(p->members[at].zone.wire, zone));
			if (ts_namemap_get(seen, name.wire, name.len, &at))
				WARN(b, r, "%s is allowed already, as '%s'; the later end counts",
					ts_draft_wire_text(name.wire, text), b->items[at]->id);
			err = ts_namemap_add(seen, name.wire, name.len, (uint32_t)i);
			if (err)
				goto cleanup;
			allows[p->nallows++] = (ts_allow_t){item->name, item->until, item->reason};
			continue;
		}
		if (!below)
			WARN(b, r, "%s is below no protected zone, so it is evidence of nothing",
				ts_draft_wire_text(name.wire, text));
		else if (label == 0)
			NOTE(b, r, "%s is protected, which says more",
				ts_draft_wire_text(name.wire, text));
		if (ts_namemap_get(known, name.wire, name.len, &at))
			continue;
		err = ts_namemap_add(known, name.wire, name.len, (uint32_t)i);
		if (err)
			goto cleanup;
		knowns[p->nknowns++] =
			(ts_known_t){item->name, below && label > 0 ? at : NO_MEMBER};
	}
	err = TS_OK;
cleanup:
	ts_namemap_free(seen);
	ts_namemap_free(known);
	return err;
}

static bool same_rrset(const ts_sink_rrset_t *a, const ts_sink_rrset_t *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (a->rr[i].rdlen != b->rr[i].rdlen ||
			memcmp(a->rr[i].rdata, b->rr[i].rdata, a->rr[i].rdlen) != 0)
			return false;
	}
	return true;
}

/* The exchanges of one sinkhole. A host that two of them name must have the same addresses. */
static int layout_hosts(struct build *b, const struct scope *s, ts_namemap_t *map,
	ts_sink_host_t **hosts, size_t *cap)
{
	ts_policy_t *p = b->policy;
	char text[TS_NAME_TEXT_MAX];

	if (!s->sinkhole)
		return TS_OK;
	for (size_t i = 0; i < s->sinkhole->mx.count; i++) {
		const ts_answer_rr_t *rr = &s->sinkhole->mx.rr[i];
		ts_name_t host;
		uint32_t at;
		int err = ts_name_from_wire(&host, rr->rdata + 2, rr->rdlen - 2u);

		if (err)
			return err;
		if (ts_namemap_get(map, host.wire, host.len, &at)) {
			const ts_sinkhole_t *other = (*hosts)[at].sinkhole;

			if (!same_rrset(&other->a, &s->sinkhole->a) ||
				!same_rrset(&other->aaaa, &s->sinkhole->aaaa))
				ERROR(b, s->seen[P_SINKHOLE],
					"the exchange %s has other addresses in another sinkhole",
					ts_draft_wire_text(host.wire, text));
			continue;
		}
		void *list = ts_grow(*hosts, p->nhosts, cap, sizeof(**hosts));
		if (!list)
			return TS_ENOMEM;
		*hosts = list;
		ts_sink_host_t *h = &(*hosts)[p->nhosts];
		h->sinkhole = s->sinkhole;
		err = ts_draft_copy_name(&p->arena, &host, &h->name);
		if (!err)
			err = ts_namemap_add(map, host.wire, host.len, (uint32_t)p->nhosts);
		if (err)
			return err;
		p->nhosts++;
	}
	return TS_OK;
}

static int layout_all_hosts(struct build *b)
{
	ts_policy_t *p = b->policy;
	ts_namemap_t *map = ts_namemap_new(b->options->seed);
	ts_sink_host_t *hosts = NULL;
	size_t cap = 0;
	int err = TS_ENOMEM;

	if (!map)
		goto cleanup;
	err = layout_hosts(b, &b->zone, map, &hosts, &cap);
	for (size_t i = 0; !err && i < b->ngroups; i++)
		err = layout_hosts(b, b->group_at[i], map, &hosts, &cap);
	for (const struct scope *s = b->scopes; !err && s; s = s->next)
		err = layout_hosts(b, s, map, &hosts, &cap);
	if (err || !p->nhosts)
		goto cleanup;
	p->hosts = ts_arena_copy(&p->arena, hosts, sizeof(*hosts) * p->nhosts);
	if (!p->hosts)
		err = TS_ENOMEM;
cleanup:
	free(hosts);
	ts_namemap_free(map);
	return err;
}

static int layout_index(struct build *b)
{
	ts_policy_t *p = b->policy;
	size_t max = p->nmembers + p->nknowns;
	ts_target_ref_t *refs = ts_arena_alloc(&p->arena, sizeof(*refs) * (max + 1));
	ts_target_t *targets = calloc(max + 1, sizeof(*targets));
	ts_index_options_t options = {.seed = b->options->seed};
	int err = TS_ENOMEM;

	if (!refs || !targets)
		goto cleanup;
	for (size_t i = 0; i < max; i++) {
		bool known = i >= p->nmembers;
		ts_wire_t name;
		uint32_t member = (uint32_t)i;

		if (known) {
			name = p->knowns[i - p->nmembers].name;
			member = p->knowns[i - p->nmembers].member;
			if (member == NO_MEMBER)
				continue;
		} else {
			name = p->members[i].zone;
		}
		const ts_settings_t *t = p->members[member].settings;
		refs[p->ntargets] = (ts_target_ref_t){name, member};
		targets[p->ntargets++] =
			(ts_target_t){name.wire, name.len, known, t->threshold, t->classes};
	}
	p->targets = refs;
	err = ts_index_new(targets, p->ntargets, &options, &p->index);
cleanup:
	free(targets);
	return err;
}

int ts_draft_layout(struct build *b)
{
	int err = layout_members(b);

	if (!err)
		err = layout_scopes(b);
	if (err)
		return err;
	check_groups(b);
	err = layout_declared(b);
	if (!err)
		err = layout_items(b);
	if (!err)
		err = layout_all_hosts(b);
	if (err)
		return err;
	return b->limit->count[TS_ERROR] ? TS_EPOLICY : layout_index(b);
}
