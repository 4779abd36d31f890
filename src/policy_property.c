/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The table of properties: one function a row, each reads one record into its scope or item.
 */
#include "policy_draft.h"
#include "typo/suffix.h"

#include <stdio.h>
#include <string.h>

typedef int read_fn(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v);

static int read_action(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	(void)item;
	int err = ts_value_action(v, &s->action);

	if (!err && s == &b->zone && s->action == TS_ACTION_PASS)
		WARN(b, r,
			"pass for the whole zone: nothing is intercepted and nothing is alerted");
	return err;
}

static int read_max_ttl(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	(void)b, (void)item, (void)r;
	return ts_value_ttl(v, &s->max_ttl);
}

static int read_qtypes(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	(void)b, (void)item, (void)r;
	return ts_value_qtypes(v, &s->qtypes);
}

static int read_classes(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	(void)b, (void)item, (void)r;
	return ts_value_classes(v, &s->classes, &s->named);
}

static int read_threshold(struct build *b, struct scope *s, struct item *item,
	const struct record *r, const ts_value_t *v)
{
	(void)b, (void)item, (void)r;
	return ts_value_score(v, &s->threshold);
}

static int read_evidence(struct build *b, struct scope *s, struct item *item,
	const struct record *r, const ts_value_t *v)
{
	(void)b, (void)item, (void)r;
	return ts_value_evidence(v, &s->evidence);
}

static bool is_documentation(const uint8_t *a, size_t len)
{
	static const uint8_t v4[][3] = {{192, 0, 2}, {198, 51, 100}, {203, 0, 113}};

	if (len == 4) {
		for (size_t i = 0; i < 3; i++) {
			if (memcmp(a, v4[i], 3) == 0)
				return true;
		}
		return false;
	}
	/* RFC 3849 and RFC 9637. */
	return (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8) ||
	       (a[0] == 0x3f && a[1] == 0xff && a[2] < 0x10);
}

static int read_sinkhole(struct build *b, struct scope *s, struct item *item,
	const struct record *r, const ts_value_t *v)
{
	size_t list = r->type == TS_TYPE_MX ? 0 : r->type == TS_TYPE_A ? 1 : 2, n = 0;
	struct rr **at = &s->sink[list];

	(void)item;
	if (r->type == TS_TYPE_MX) {
		ts_name_t host;
		int err = ts_value_mx(v, &host);

		if (err)
			return err;
	} else {
		static const uint8_t zero[16] = {0};
		size_t len = r->type == TS_TYPE_A ? 4 : 16;

		if (r->rdlen != len) {
			snprintf(v->why, TS_WHY_MAX, "malformed address");
			return TS_EINVAL;
		}
		if (memcmp(r->rdata, zero, len) == 0) {
			snprintf(v->why, TS_WHY_MAX, "the unspecified address takes no mail");
			return TS_EINVAL;
		}
		if (is_documentation(r->rdata, len))
			WARN(b, r,
				"the address is set aside for documentation: put your sinkhole's "
				"here");
	}
	/* In canonical order, so that the order of the file changes nothing. */
	for (; *at; at = &(*at)->next, n++) {
		const struct record *o = (*at)->record;
		size_t min = o->rdlen < r->rdlen ? o->rdlen : r->rdlen;
		int order = memcmp(o->rdata, r->rdata, min);

		if (order == 0 && o->rdlen == r->rdlen)
			return TS_OK;
		if (order > 0 || (order == 0 && o->rdlen > r->rdlen))
			break;
	}
	for (struct rr *p = *at; p; p = p->next)
		n++;
	if (n >= TS_ANSWER_RRS_MAX) {
		snprintf(v->why, TS_WHY_MAX, "more than %d records of one type", TS_ANSWER_RRS_MAX);
		return TS_EINVAL;
	}
	struct rr *rr = ts_arena_alloc(&b->arena, sizeof(*rr));
	if (!rr)
		return TS_ENOMEM;
	*rr = (struct rr){*at, r};
	*at = rr;
	return TS_OK;
}

static int read_suffix(
	struct build *b, struct scope *s, const struct record *r, const ts_value_t *v, bool always)
{
	ts_name_t name;
	int err = ts_value_name(v, &name);

	if (err)
		return err;
	if (name.nlabels == 0) {
		snprintf(v->why, TS_WHY_MAX, "the root cannot be a typo");
		return TS_EINVAL;
	}
	if (ts_draft_below_arpa(&name)) {
		snprintf(v->why, TS_WHY_MAX, "nothing below arpa is ever a typo");
		return TS_EINVAL;
	}
	struct typo *t = ts_arena_alloc(&b->arena, sizeof(*t));
	if (!t)
		return TS_ENOMEM;
	err = ts_draft_copy_name(&b->policy->arena, &name, &t->suffix);
	if (err)
		return err;
	for (struct typo *o = s->typos[always]; o; o = o->next) {
		if (ts_draft_wire_equal(&o->suffix, &t->suffix))
			return TS_OK;
	}
	for (struct typo *o = s->typos[!always]; o; o = o->next) {
		if (ts_draft_wire_equal(&o->suffix, &t->suffix)) {
			snprintf(v->why, TS_WHY_MAX, "also declared as `%s` on line %u",
				always ? "typo" : "typo-always", o->record->line);
			return TS_EINVAL;
		}
	}
	if (always && ts_suffix_is_public(name.wire, name.len))
		WARN(b, r,
			"a delegated TLD or public suffix: everything below it is taken, mail for "
			"its "
			"real owners as well (`typo` asks for evidence)");
	t->nlabels = name.nlabels;
	t->record = r;
	t->next = s->typos[always];
	s->typos[always] = t;
	return TS_OK;
}

static int read_typo(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	(void)item;
	return read_suffix(b, s, r, v, false);
}

static int read_typo_always(struct build *b, struct scope *s, struct item *item,
	const struct record *r, const ts_value_t *v)
{
	(void)item;
	return read_suffix(b, s, r, v, true);
}

static int read_allow(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	ts_name_t name;
	int err = ts_value_name(v, &name);

	(void)s, (void)r;
	if (err)
		return err;
	if (name.nlabels == 0) {
		snprintf(v->why, TS_WHY_MAX,
			"the root would allow everything: say action \"pass\" to switch off");
		return TS_EINVAL;
	}
	return ts_draft_copy_name(&b->policy->arena, &name, &item->name);
}

static int read_known(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	ts_name_t name;
	int err = ts_value_name(v, &name);

	(void)s, (void)r;
	return err ? err : ts_draft_copy_name(&b->policy->arena, &name, &item->name);
}

static int read_clients(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	(void)s, (void)r;
	return ts_value_prefixes(v, &b->policy->arena, &item->rules, &item->nrules);
}

static int read_until(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	int err = ts_value_until(v, &item->until);

	(void)s;
	if (!err && b->options->now && item->until <= b->options->now)
		WARN(b, r, "the date has passed: the name is no longer allowed");
	return err;
}

static int read_reason(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	(void)s, (void)r;
	return ts_value_text(v, &b->policy->arena, &item->reason);
}

static int read_client_action(struct build *b, struct scope *s, struct item *item,
	const struct record *r, const ts_value_t *v)
{
	(void)b, (void)s, (void)r;
	return ts_value_action(v, &item->action);
}

static const ts_property_t docs[P_COUNT + 1] = {
	[P_ACTION] = {"action", "TXT", "what an intercepted look-up gets"},
	[P_SINKHOLE] = {"sinkhole", "MX A AAAA", "the records it is answered with"},
	[P_MAX_TTL] = {"max-ttl", "TXT", "seconds that an answer lives at most"},
	[P_QTYPES] = {"qtypes", "TXT", "which look-ups are intercepted"},
	[P_CLASSES] = {"classes", "TXT", "which typo classes count"},
	[P_THRESHOLD] = {"threshold", "TXT", "the score from which a candidate is a typo"},
	[P_TYPO] = {"typo", "PTR", "a declared typo suffix, with evidence where it needs it"},
	[P_TYPO_ALWAYS] = {"typo-always", "PTR", "a declared typo suffix that needs no evidence"},
	[P_EVIDENCE] = {"evidence", "TXT", "what a public typo suffix needs"},
	[P_ALLOW] = {"<id>.allow", "PTR", "never intercepted, with everything below"},
	[P_KNOWN] = {"<id>.known", "PTR", "evidence: this name exists"},
	[P_CLIENTS] = {"<id>.clients", "APL", "a set of clients"},
	[P_UNTIL] = {"until.<id>.allow", "TXT", "the last day (UTC) on which it is allowed"},
	[P_REASON] = {"reason.<id>.allow", "TXT", "why it is allowed"},
	[P_CLIENT_ACTION] = {"action.<id>.clients", "TXT", "what these clients get"},
};

static const struct row {
	const char *label; /* the label that names it */
	enum property of;  /* below an item of that kind; P_COUNT: not */
	uint16_t types[3];
	bool single; /* one record, not a set of them */
	read_fn *read;
} rows[P_COUNT] = {
	[P_ACTION] = {"action", P_COUNT, {TS_TYPE_TXT}, true, read_action},
	[P_SINKHOLE] = {"sinkhole", P_COUNT, {TS_TYPE_MX, TS_TYPE_A, TS_TYPE_AAAA}, false,
		read_sinkhole},
	[P_MAX_TTL] = {"max-ttl", P_COUNT, {TS_TYPE_TXT}, true, read_max_ttl},
	[P_QTYPES] = {"qtypes", P_COUNT, {TS_TYPE_TXT}, true, read_qtypes},
	[P_CLASSES] = {"classes", P_COUNT, {TS_TYPE_TXT}, true, read_classes},
	[P_THRESHOLD] = {"threshold", P_COUNT, {TS_TYPE_TXT}, true, read_threshold},
	[P_TYPO] = {"typo", P_COUNT, {TS_TYPE_PTR}, false, read_typo},
	[P_TYPO_ALWAYS] = {"typo-always", P_COUNT, {TS_TYPE_PTR}, false, read_typo_always},
	[P_EVIDENCE] = {"evidence", P_COUNT, {TS_TYPE_TXT}, true, read_evidence},
	[P_ALLOW] = {"allow", P_COUNT, {TS_TYPE_PTR}, true, read_allow},
	[P_KNOWN] = {"known", P_COUNT, {TS_TYPE_PTR}, true, read_known},
	[P_CLIENTS] = {"clients", P_COUNT, {TS_TYPE_APL}, true, read_clients},
	[P_UNTIL] = {"until", P_ALLOW, {TS_TYPE_TXT}, true, read_until},
	[P_REASON] = {"reason", P_ALLOW, {TS_TYPE_TXT}, true, read_reason},
	[P_CLIENT_ACTION] = {"action", P_CLIENTS, {TS_TYPE_TXT}, true, read_client_action},
};

const ts_property_t *ts_policy_properties(void)
{
	return docs;
}

enum property ts_draft_property_at(const ts_name_t *owner, unsigned n, enum property *item)
{
	*item = P_COUNT;
	for (enum property p = 0; p < P_COUNT; p++) {
		const struct row *row = &rows[p];

		if (row->of != P_COUNT) {
			if (n == 3 && ts_draft_label_is(owner, 2, rows[row->of].label) &&
				ts_draft_label_is(owner, 0, row->label)) {
				*item = row->of;
				return p;
			}
		} else if (p >= P_SIMPLE) {
			if (n == 2 && ts_draft_label_is(owner, 1, row->label)) {
				*item = p;
				return p;
			}
		} else if (n == 1 && ts_draft_label_is(owner, 0, row->label)) {
			return p;
		}
	}
	return P_COUNT;
}

int ts_draft_read_property(struct build *b, struct scope *s, struct item *item, enum property p,
	const struct record *r)
{
	const struct row *row = &rows[p];
	const struct record **seen = item ? &item->seen[p] : &s->seen[p];
	char why[TS_WHY_MAX], type[TS_TYPE_TEXT_MAX];
	bool fits = false;

	for (size_t i = 0; i < 3; i++)
		fits = fits || (row->types[i] && row->types[i] == r->type);
	if (!fits) {
		ERROR(b, r, "must be %s, found %s", docs[p].types, ts_type_name(r->type, type));
		return TS_OK;
	}
	if (row->single && *seen) {
		if (!ts_draft_same_rdata(*seen, r))
			ERROR(b, r, "given twice (first on line %u)", (*seen)->line);
		return TS_OK;
	}
	if (!*seen)
		*seen = r;
	ts_value_t v = ts_draft_value_of(r, why);
	int err = row->read(b, s, item, r, &v);
	if (err == TS_EINVAL) {
		ERROR(b, r, "%s", why);
		return TS_OK;
	}
	return err;
}
