/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The builder: records in, a checked and compiled snapshot out.
 *
 * Three passes. Member zones first, because everything else refers to them; then each record is
 * led to the row of the table of properties that it belongs to, and read into a scope (the zone, a
 * group, a member); last, "nearest wins" is applied, references are checked, and the snapshot is
 * laid out in its arena. Drafts live in an arena of their own that goes when the work is done.
 */
#include "policy_value.h"
#include "rrtype.h"
#include "typo/suffix.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECLARED_SAME_MAX 16 /* protected zones that may share one declared suffix */
#define DEFAULT_TTL 30u
#define DEFAULT_THRESHOLD (TS_SCORE_ONE / 2)
#define ID_TEXT_MAX (4 * TS_LABEL_MAX + 1)

struct record {
	const uint8_t *owner, *rdata;
	uint32_t ttl;
	unsigned line;
	uint16_t type, qclass, rdlen;
	uint8_t owner_len;
};

struct ts_policy_builder {
	char *source;
	ts_arena_t arena;
	struct record *records;
	size_t count, cap;
};

enum property {
	P_ACTION,
	P_SINKHOLE,
	P_MAX_TTL,
	P_QTYPES,
	P_CLASSES,
	P_THRESHOLD,
	P_TYPO,
	P_TYPO_ALWAYS,
	P_EVIDENCE,
	P_SIMPLE, /* those above stand alone, those below belong to an <id> */
	P_ALLOW = P_SIMPLE,
	P_KNOWN,
	P_CLIENTS,
	P_UNTIL,
	P_REASON,
	P_CLIENT_ACTION,
	P_COUNT
};

/* One <id>.allow, <id>.known or <id>.clients with what stands below it. */
struct item {
	struct item *next;
	enum property kind;
	const char *id;
	const struct record *seen[P_COUNT];
	ts_wire_t name;
	time_t until;
	const char *reason;
	ts_action_t action;
	const ts_client_rule_t *rules;
	size_t nrules;
};

struct rr {
	struct rr *next;
	const struct record *record;
};

struct typo {
	struct typo *next;
	ts_wire_t suffix;
	uint8_t nlabels;
	const struct record *record;
};

struct scope {
	struct scope *next;
	const char *label; /* for messages: "the zone", "group 'careful'", "member 'm1'" */
	const struct record *seen[P_SIMPLE];
	ts_action_t action;
	uint32_t max_ttl;
	unsigned qtypes, evidence;
	ts_class_set_t classes, named;
	uint16_t threshold;
	struct rr *sink[3];    /* MX, A, AAAA */
	struct typo *typos[2]; /* typo, typo-always */
	struct item *sets;
	size_t nsets;
	bool used; /* a group: some member is in it */
	/* compiled */
	const ts_sinkhole_t *sinkhole;
	const ts_client_sets_t *clients;
	const ts_settings_t *settings;
};

struct draft {
	const struct record *record;
	const char *id;
	ts_name_t zone;
	struct scope *scope, *group; /* NULL: none of its own */
	const struct record *group_record;
	bool skipped;
};

struct build {
	ts_policy_builder_t *builder;
	const ts_policy_options_t *options;
	ts_diag_limit_t *limit;
	ts_policy_t *policy;
	ts_arena_t arena; /* drafts */
	ts_name_t apex;
	const struct record *soa;
	const struct record *version;
	unsigned versions;
	struct draft *drafts;
	size_t ndrafts, drafts_cap;
	struct item **items;
	size_t nitems, items_cap;
	struct scope zone;
	struct scope *scopes; /* list: of the members that have one */
	struct scope **group_at;
	size_t ngroups, groups_cap;
	ts_namemap_t *ids, *group_ids, *item_ids, *zones;
	unsigned foreign; /* records below other extensions */
	const struct record *foreign_first;
};

#define ERROR(b, record, ...) say(b, TS_ERROR, record, __VA_ARGS__)
#define WARN(b, record, ...) say(b, TS_WARNING, record, __VA_ARGS__)
#define NOTE(b, record, ...) say(b, TS_NOTE, record, __VA_ARGS__)

static void say(struct build *b, ts_severity_t severity, const struct record *r, const char *fmt,
	...) TS_PRINTF(4, 5);

/* The owner as its author wrote it: relative to the apex where it is below. */
static void owner_text(const struct build *b, const struct record *r, char *buf, size_t size)
{
	ts_name_t owner, relative;
	static const uint8_t root[1] = {0};

	buf[0] = '\0';
	if (ts_name_from_wire(&owner, r->owner, r->owner_len) != TS_OK)
		return;
	if (b->soa && ts_name_is_below(&owner, b->apex.wire, b->apex.len)) {
		if (owner.nlabels == b->apex.nlabels) {
			snprintf(buf, size, "@");
			return;
		}
		if (ts_name_splice(&relative, &owner, owner.nlabels - b->apex.nlabels, 0, root,
			    1) == TS_OK)
			owner = relative;
	}
	ts_name_to_text(owner.wire, buf, size);
}

static void say(
	struct build *b, ts_severity_t severity, const struct record *r, const char *fmt, ...)
{
	char message[768], owner[TS_NAME_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (r)
		owner_text(b, r, owner, sizeof(owner));
	ts_diag_limited(b->limit, severity, r ? r->line : 0, r ? owner : NULL, "%s", message);
}

static const char *wire_text(const uint8_t *wire, char buf[TS_NAME_TEXT_MAX])
{
	ts_name_to_text(wire, buf, TS_NAME_TEXT_MAX);
	return buf;
}

/* DNSSEC's records, and ZONEMD, come with a signed zone and mean nothing here. */
static bool is_zone_machinery(uint16_t type)
{
	static const uint16_t types[] = {43, 46, 47, 48, 50, 51, 59, 60, 63};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

static bool same_rdata(const struct record *a, const struct record *b)
{
	return a->type == b->type && a->rdlen == b->rdlen &&
	       memcmp(a->rdata, b->rdata, a->rdlen) == 0;
}

static ts_value_t value_of(const struct record *r, char *why)
{
	return (ts_value_t){r->rdata, r->rdlen, why};
}

static void *grow(void *array, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return array;
	size_t want = *cap ? 2 * *cap : 16;
	void *p = realloc(array, want * size);
	if (p)
		*cap = want;
	return p;
}

static int copy_name(ts_arena_t *arena, const ts_name_t *name, ts_wire_t *out)
{
	uint8_t *wire = ts_arena_copy(arena, name->wire, name->len);

	if (!wire)
		return TS_ENOMEM;
	*out = (ts_wire_t){wire, name->len};
	return TS_OK;
}

static bool wire_equal(const ts_wire_t *a, const ts_wire_t *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

static bool below_arpa(const ts_name_t *name)
{
	static const uint8_t arpa[] = "\4arpa";

	return ts_name_is_below(name, arpa, sizeof(arpa));
}

/* ---- the properties: one function a row, each reads one record into its scope or item ---- */

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
	if (below_arpa(&name)) {
		snprintf(v->why, TS_WHY_MAX, "nothing below arpa is ever a typo");
		return TS_EINVAL;
	}
	struct typo *t = ts_arena_alloc(&b->arena, sizeof(*t));
	if (!t)
		return TS_ENOMEM;
	err = copy_name(&b->policy->arena, &name, &t->suffix);
	if (err)
		return err;
	for (struct typo *o = s->typos[always]; o; o = o->next) {
		if (wire_equal(&o->suffix, &t->suffix))
			return TS_OK;
	}
	for (struct typo *o = s->typos[!always]; o; o = o->next) {
		if (wire_equal(&o->suffix, &t->suffix)) {
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
	return copy_name(&b->policy->arena, &name, &item->name);
}

static int read_known(struct build *b, struct scope *s, struct item *item, const struct record *r,
	const ts_value_t *v)
{
	ts_name_t name;
	int err = ts_value_name(v, &name);

	(void)s, (void)r;
	return err ? err : copy_name(&b->policy->arena, &name, &item->name);
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

/* ---- from an owner name to its row ---- */

static bool label_is(const ts_name_t *name, unsigned i, const char *text)
{
	const uint8_t *label = ts_name_suffix(name, i);
	size_t len = strlen(text);

	return *label == len && memcmp(label + 1, text, len) == 0;
}

/* Label i of a name as a name of its own: the key of the maps of ids. */
static void label_name(const ts_name_t *name, unsigned i, ts_name_t *out)
{
	const uint8_t *label = ts_name_suffix(name, i);

	memcpy(out->wire, label, (size_t)*label + 1);
	out->wire[*label + 1] = 0;
	out->off[0] = 0;
	out->off[1] = (uint8_t)(*label + 1);
	out->nlabels = 1;
	out->len = (uint8_t)(*label + 2);
}

static const char *label_text(struct build *b, const ts_name_t *name, unsigned i)
{
	ts_name_t label;
	char text[TS_NAME_TEXT_MAX];

	label_name(name, i, &label);
	return ts_arena_copy(
		&b->policy->arena, text, ts_name_to_text(label.wire, text, sizeof(text)));
}

static int new_scope(struct build *b, const char *kind, const char *id, struct scope **out)
{
	struct scope *s = ts_arena_alloc(&b->arena, sizeof(*s));
	char label[ID_TEXT_MAX + 16];

	if (!s)
		return TS_ENOMEM;
	int n = snprintf(label, sizeof(label), "%s '%s'", kind, id);
	s->label = ts_arena_copy(&b->arena, label, (size_t)n);
	if (!s->label)
		return TS_ENOMEM;
	*out = s;
	return TS_OK;
}

static int group_scope(struct build *b, const ts_name_t *key, const char *id, struct scope **out)
{
	uint32_t at;
	struct scope *s = NULL;

	if (ts_namemap_get(b->group_ids, key->wire, key->len, &at)) {
		*out = b->group_at[at];
		return TS_OK;
	}
	void *list = grow(b->group_at, b->ngroups, &b->groups_cap, sizeof(*b->group_at));
	if (!list)
		return TS_ENOMEM;
	b->group_at = list;
	int err = new_scope(b, "group", id, &s);
	if (!err)
		err = ts_namemap_add(b->group_ids, key->wire, key->len, (uint32_t)b->ngroups);
	if (err)
		return err;
	b->group_at[b->ngroups++] = s;
	*out = s;
	return TS_OK;
}

static int member_scope(struct build *b, struct draft *d, struct scope **out)
{
	if (!d->scope) {
		int err = new_scope(b, "member", d->id, &d->scope);

		if (err)
			return err;
		d->scope->next = b->scopes;
		b->scopes = d->scope;
	}
	*out = d->scope;
	return TS_OK;
}

static struct draft *find_draft(struct build *b, const ts_name_t *owner, unsigned i)
{
	ts_name_t key;
	uint32_t at;

	label_name(owner, i, &key);
	return ts_namemap_get(b->ids, key.wire, key.len, &at) ? &b->drafts[at] : NULL;
}

/* The item whose name starts at label i of the owner. */
static int find_item(struct build *b, struct scope *s, const ts_name_t *owner, unsigned i,
	enum property kind, struct item **out)
{
	const uint8_t *wire = ts_name_suffix(owner, i);
	size_t len = ts_name_suffix_len(owner, i);
	uint32_t at;

	if (ts_namemap_get(b->item_ids, wire, len, &at)) {
		*out = b->items[at];
		return TS_OK;
	}
	void *list = grow(b->items, b->nitems, &b->items_cap, sizeof(*b->items));
	if (!list)
		return TS_ENOMEM;
	b->items = list;
	struct item *item = ts_arena_alloc(&b->arena, sizeof(*item));
	if (!item)
		return TS_ENOMEM;
	item->kind = kind;
	item->id = label_text(b, owner, i);
	if (!item->id)
		return TS_ENOMEM;
	int err = ts_namemap_add(b->item_ids, wire, len, (uint32_t)b->nitems);
	if (err)
		return err;
	b->items[b->nitems++] = item;
	if (kind == P_CLIENTS) {
		item->next = s->sets;
		s->sets = item;
		s->nsets++;
	}
	*out = item;
	return TS_OK;
}

static int read_property(struct build *b, struct scope *s, struct item *item, enum property p,
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
		if (!same_rdata(*seen, r))
			ERROR(b, r, "given twice (first on line %u)", (*seen)->line);
		return TS_OK;
	}
	if (!*seen)
		*seen = r;
	ts_value_t v = value_of(r, why);
	int err = row->read(b, s, item, r, &v);
	if (err == TS_EINVAL) {
		ERROR(b, r, "%s", why);
		return TS_OK;
	}
	return err;
}

/* A record below typosink.ext of a scope; n: labels of the owner left of that. */
static int route_property(struct build *b, struct scope *s, const ts_name_t *owner, unsigned n,
	const struct record *r)
{
	struct item *item = NULL;
	enum property p;

	for (p = 0; p < P_COUNT; p++) {
		const struct row *row = &rows[p];

		if (row->of != P_COUNT) {
			if (n == 3 && label_is(owner, 2, rows[row->of].label) &&
				label_is(owner, 0, row->label))
				break;
		} else if (p >= P_SIMPLE) {
			if (n == 2 && label_is(owner, 1, row->label))
				break;
		} else if (n == 1 && label_is(owner, 0, row->label)) {
			break;
		}
	}
	if (p == P_COUNT) {
		WARN(b, r, "unknown property, ignored");
		return TS_OK;
	}
	if (p >= P_SIMPLE) {
		bool sub = rows[p].of != P_COUNT;
		int err = find_item(b, s, owner, sub, sub ? rows[p].of : p, &item);

		if (err)
			return err;
	}
	return read_property(b, s, item, p, r);
}

static void foreign(struct build *b, const struct record *r)
{
	if (b->foreign++ == 0)
		b->foreign_first = r;
}

static int read_group(struct build *b, struct draft *d, const struct record *r)
{
	char why[TS_WHY_MAX], type[TS_TYPE_TEXT_MAX];
	const char *text;
	size_t len;
	ts_name_t key;

	if (r->type != TS_TYPE_TXT) {
		ERROR(b, r, "must be TXT, found %s", ts_type_name(r->type, type));
		return TS_OK;
	}
	ts_value_t v = value_of(r, why);
	if (ts_value_string(&v, &text, &len) != TS_OK) {
		ERROR(b, r, "%s", why);
		return TS_OK;
	}
	if (len == 0 || len > TS_LABEL_MAX) {
		ERROR(b, r, "a group's name has 1 to %d octets: it is a label", TS_LABEL_MAX);
		return TS_OK;
	}
	if (d->group_record) {
		if (!same_rdata(d->group_record, r))
			ERROR(b, r, "two groups on one member (first on line %u)",
				d->group_record->line);
		return TS_OK;
	}
	d->group_record = r;
	/* The name of a group as the label that its properties stand below. */
	uint8_t wire[TS_LABEL_MAX + 2];
	wire[0] = (uint8_t)len;
	memcpy(wire + 1, text, len);
	wire[len + 1] = 0;
	int err = ts_name_from_wire(&key, wire, len + 2);
	if (err)
		return err;
	const char *id = label_text(b, &key, 0);
	if (!id)
		return TS_ENOMEM;
	err = group_scope(b, &key, id, &d->group);
	if (!err)
		d->group->used = true;
	return err;
}

static bool is_member_record(const ts_name_t *owner, unsigned n)
{
	return n == 2 && label_is(owner, 1, "zones");
}

/* Anything but apex and member zones. n: labels of the owner left of the apex. */
static int route(struct build *b, const ts_name_t *owner, unsigned n, const struct record *r)
{
	struct draft *d = NULL;
	struct scope *s = NULL;
	char type[TS_TYPE_TEXT_MAX];

	if (n == 1 && label_is(owner, 0, "version")) {
		if (r->type != TS_TYPE_TXT)
			ERROR(b, r, "must be TXT, found %s", ts_type_name(r->type, type));
		else if (b->version && same_rdata(b->version, r))
			return TS_OK;
		else if (b->versions++ == 0)
			b->version = r;
		else
			ERROR(b, r,
				"given twice (first on line %u): a catalog zone has one version",
				b->version->line);
		return TS_OK;
	}
	if (n >= 3 && label_is(owner, n - 1, "zones")) {
		bool ours = n >= 4 && label_is(owner, n - 3, "ext") &&
			    label_is(owner, n - 4, "typosink");

		if (n > 3 && label_is(owner, n - 3, "ext") && !ours) {
			foreign(b, r);
			return TS_OK;
		}
		d = find_draft(b, owner, n - 2);
		if (!d) {
			if (ours)
				ERROR(b, r, "there is no such member zone");
			else
				WARN(b, r, "there is no such member zone, ignored");
			return TS_OK;
		}
		if (n == 3 && label_is(owner, 0, "group"))
			return read_group(b, d, r);
		if (n == 3 && label_is(owner, 0, "coo")) {
			NOTE(b, r, "change of ownership means nothing to a policy, ignored");
			return TS_OK;
		}
		if (ours && n > 4) {
			int err = member_scope(b, d, &s);

			return err ? err : route_property(b, s, owner, n - 4, r);
		}
	} else if (n >= 2 && label_is(owner, n - 1, "ext")) {
		if (!label_is(owner, n - 2, "typosink")) {
			foreign(b, r);
			return TS_OK;
		}
		if (n >= 5 && label_is(owner, n - 3, "groups")) {
			ts_name_t key;
			const char *id = label_text(b, owner, n - 4);

			if (!id)
				return TS_ENOMEM;
			label_name(owner, n - 4, &key);
			int err = group_scope(b, &key, id, &s);
			return err ? err : route_property(b, s, owner, n - 4, r);
		}
		if (n > 2)
			return route_property(b, &b->zone, owner, n - 2, r);
	}
	WARN(b, r, "unknown property, ignored");
	return TS_OK;
}

/* ---- pass one: apex and members ---- */

static size_t bounded_name_len(const uint8_t *p, size_t len)
{
	size_t i = 0;

	while (i < len && p[i]) {
		if (p[i] > TS_LABEL_MAX)
			return 0;
		i += 1 + (size_t)p[i];
	}
	return i < len && i < TS_NAME_MAX ? i + 1 : 0;
}

static int read_soa(struct build *b)
{
	ts_policy_builder_t *builder = b->builder;
	const struct record *soa = NULL;

	for (size_t i = 0; i < builder->count; i++) {
		const struct record *r = &builder->records[i];

		if (r->type != TS_TYPE_SOA || r->qclass != TS_CLASS_IN)
			continue;
		if (!soa)
			soa = r;
		else if (r->owner_len != soa->owner_len ||
			 memcmp(r->owner, soa->owner, r->owner_len) != 0 || !same_rdata(soa, r))
			ERROR(b, r, "a second SOA record (first on line %u)", soa->line);
	}
	if (!soa) {
		ERROR(b, NULL, "no SOA record: a policy is a zone");
		return TS_EPOLICY;
	}
	size_t mname = bounded_name_len(soa->rdata, soa->rdlen);
	size_t rname = mname ? bounded_name_len(soa->rdata + mname, soa->rdlen - mname) : 0;
	if (!rname || soa->rdlen != mname + rname + 20) {
		ERROR(b, soa, "malformed SOA record");
		return TS_EPOLICY;
	}
	if (ts_name_from_wire(&b->apex, soa->owner, soa->owner_len) != TS_OK)
		return TS_EPOLICY;
	if (b->apex.nlabels == 0) {
		ERROR(b, soa, "the zone is the root: is $ORIGIN missing?");
		return TS_EPOLICY;
	}
	const uint8_t *serial = soa->rdata + mname + rname;
	b->soa = soa;
	b->policy->serial = (uint32_t)serial[0] << 24 | (uint32_t)serial[1] << 16 |
			    (uint32_t)serial[2] << 8 | serial[3];
	b->policy->soa = ts_arena_copy(&b->policy->arena, soa->rdata, soa->rdlen);
	b->policy->soa_len = soa->rdlen;
	if (!b->policy->soa)
		return TS_ENOMEM;
	return copy_name(&b->policy->arena, &b->apex, &b->policy->name);
}

static int read_member(struct build *b, const ts_name_t *owner, const struct record *r)
{
	char why[TS_WHY_MAX], type[TS_TYPE_TEXT_MAX];
	ts_value_t v = value_of(r, why);
	ts_name_t key;
	uint32_t at;

	if (r->type != TS_TYPE_PTR) {
		ERROR(b, r, "must be PTR, found %s", ts_type_name(r->type, type));
		return TS_OK;
	}
	label_name(owner, 0, &key);
	if (ts_namemap_get(b->ids, key.wire, key.len, &at)) {
		if (!same_rdata(b->drafts[at].record, r))
			ERROR(b, r, "two member zones under one label (first on line %u)",
				b->drafts[at].record->line);
		return TS_OK;
	}
	void *list = grow(b->drafts, b->ndrafts, &b->drafts_cap, sizeof(*b->drafts));
	if (!list)
		return TS_ENOMEM;
	b->drafts = list;
	struct draft *d = &b->drafts[b->ndrafts];
	*d = (struct draft){.record = r, .id = label_text(b, owner, 0)};
	if (!d->id)
		return TS_ENOMEM;
	/* What does not hold is skipped, yet its label is known, so that what refers to it is not
	 * blamed as well. */
	if (ts_value_name(&v, &d->zone) != TS_OK) {
		ERROR(b, r, "%s", why);
		d->skipped = true;
	} else if (d->zone.nlabels == 0) {
		ERROR(b, r, "the root cannot be protected");
		d->skipped = true;
	} else if (below_arpa(&d->zone)) {
		NOTE(b, r, "below arpa, where nobody types names: skipped");
		d->skipped = true;
	}
	int err = ts_namemap_add(b->ids, key.wire, key.len, (uint32_t)b->ndrafts);
	if (!err)
		b->ndrafts++;
	return err;
}

static int read_records(struct build *b)
{
	ts_policy_builder_t *builder = b->builder;
	bool have_ns = false;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < builder->count; i++) {
			const struct record *r = &builder->records[i];
			ts_name_t owner;
			int err = ts_name_from_wire(&owner, r->owner, r->owner_len);

			if (err)
				return err;
			if (r->qclass != TS_CLASS_IN) {
				if (pass == 0)
					ERROR(b, r, "class %u: a policy is of class IN", r->qclass);
				continue;
			}
			if (!ts_name_is_below(&owner, b->apex.wire, b->apex.len)) {
				if (pass == 0)
					ERROR(b, r, "outside the zone");
				continue;
			}
			if (is_zone_machinery(r->type))
				continue;
			unsigned n = owner.nlabels - b->apex.nlabels;
			if (n == 0) {
				have_ns = have_ns || r->type == TS_TYPE_NS;
				if (pass == 0 && r->type != TS_TYPE_SOA && r->type != TS_TYPE_NS)
					NOTE(b, r,
						"a record at the apex means nothing here, ignored");
				continue;
			}
			if (is_member_record(&owner, n) != (pass == 0))
				continue;
			err = pass == 0 ? read_member(b, &owner, r) : route(b, &owner, n, r);
			if (err)
				return err;
		}
	}
	if (!have_ns)
		WARN(b, b->soa, "no NS record at the apex: name servers will not load the zone");
	if (b->foreign)
		NOTE(b, b->foreign_first, "not typosink's extension: %u record%s ignored",
			b->foreign, b->foreign == 1 ? "" : "s");
	if (!b->version) {
		if (!b->versions)
			ERROR(b, NULL,
				"no version: a catalog zone has 'version TXT \"2\"' (RFC 9432)");
	} else {
		char why[TS_WHY_MAX];
		ts_value_t v = value_of(b->version, why);
		const char *text;
		size_t len;

		if (ts_value_string(&v, &text, &len) != TS_OK)
			ERROR(b, b->version, "%s", why);
		else if (len != 1 || *text != '2')
			ERROR(b, b->version, "version '%.*s': only \"2\" (RFC 9432) is understood",
				(int)len, text);
	}
	return TS_OK;
}

/* ---- pass three: the snapshot ---- */

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
				wire_text(d->zone.wire, text), members[at].id);
			d->skipped = true;
			continue;
		}
		ts_member_t *m = &members[p->nmembers];
		int err = copy_name(&p->arena, &d->zone, &m->zone);
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

/* Optimal string alignment (Damerau 1964, restricted: no edit of what was transposed), over the
 * octets of two names with dots between their labels. */
static uint8_t distance(const ts_wire_t *x, const ts_wire_t *y)
{
	uint8_t row[3][TS_NAME_MAX + 1], a[TS_NAME_MAX], b[TS_NAME_MAX];
	unsigned la = 0, lb = 0;

	for (const uint8_t *p = x->wire; *p; p += 1 + *p) {
		if (la)
			a[la++] = 0;
		memcpy(a + la, p + 1, *p);
		la += *p;
	}
	for (const uint8_t *p = y->wire; *p; p += 1 + *p) {
		if (lb)
			b[lb++] = 0;
		memcpy(b + lb, p + 1, *p);
		lb += *p;
	}
	for (unsigned j = 0; j <= lb; j++)
		row[0][j] = (uint8_t)j;
	for (unsigned i = 1; i <= la; i++) {
		uint8_t *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = (uint8_t)i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned d = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1u < d)
				d = up[j] + 1u;
			if (now[j - 1] + 1u < d)
				d = now[j - 1] + 1u;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				up2[j - 2] + 1u < d)
				d = up2[j - 2] + 1u;
			now[j] = (uint8_t)d;
		}
	}
	return row[la % 3][lb];
}

static bool listed_in(const struct typo *list, const ts_wire_t *suffix)
{
	for (; list; list = list->next) {
		if (wire_equal(&list->suffix, suffix))
			return true;
	}
	return false;
}

static int layout_declared(struct build *b)
{
	ts_policy_t *p = b->policy;
	ts_declared_t *out;
	ts_namemap_t *seen = ts_namemap_new(b->options->seed);
	struct tally {
		uint32_t count, member;
	} *tally = NULL;
	size_t ntally = 0, cap = 0, n = 0;
	uint32_t member = 0;
	int err = TS_ENOMEM;

	if (!seen)
		goto cleanup;
	for (int round = 0; round < 2; round++) {
		out = round ? ts_arena_alloc(&p->arena, sizeof(*out) * (n + 1)) : NULL;
		if (round && !out)
			goto cleanup;
		p->declared = out;
		n = 0;
		member = 0;
		for (size_t i = 0; i < b->ndrafts; i++) {
			struct draft *d = &b->drafts[i];
			const struct scope *from[2];

			if (d->skipped)
				continue;
			from[0] = nearest(b, d->scope, d->group, P_TYPO);
			from[1] = nearest(b, d->scope, d->group, P_TYPO_ALWAYS);
			for (int always = 0; always < 2; always++) {
				const struct scope *s = from[always], *other = from[!always];

				for (const struct typo *t = s ? s->typos[always] : NULL; t;
					t = t->next) {
					/* Said both ways in two places: the nearer one. */
					if (other && listed_in(other->typos[!always], &t->suffix) &&
						(other == d->scope ||
							(other == d->group && s == &b->zone)))
						continue;
					if (!round) {
						n++;
						continue;
					}
					out[n] = (ts_declared_t){.suffix = t->suffix,
						.member = member,
						.distance = distance(
							&t->suffix, &p->members[member].zone),
						.free = always ||
							!ts_suffix_is_public(
								t->suffix.wire, t->suffix.len)};
					n++;
					uint32_t at;
					char a[TS_NAME_TEXT_MAX], z[TS_NAME_TEXT_MAX];
					if (!ts_namemap_get(
						    seen, t->suffix.wire, t->suffix.len, &at)) {
						ts_name_t name;
						unsigned label;
						void *list =
							grow(tally, ntally, &cap, sizeof(*tally));

						if (!list)
							goto cleanup;
						tally = list;
						tally[ntally] = (struct tally){1, member};
						if (ts_namemap_add(seen, t->suffix.wire,
							    t->suffix.len,
							    (uint32_t)ntally) != TS_OK)
							goto cleanup;
						ntally++;
						if (ts_name_from_wire(&name, t->suffix.wire,
							    t->suffix.len) == TS_OK &&
							ts_namemap_find(
								b->zones, &name, 0, &at, &label))
							ERROR(b, t->record,
								"%s is at or below the protected "
								"zone %s, so it is no typo",
								wire_text(t->suffix.wire, a),
								wire_text(p->members[at].zone.wire,
									z));
						continue;
					}
					struct tally *c = &tally[at];
					if (c->count++ == 1)
						WARN(b, t->record,
							"%s is declared for %s as well; where both "
							"have evidence, the smaller distance, then "
							"the longer protected name wins",
							wire_text(t->suffix.wire, a),
							wire_text(p->members[c->member].zone.wire,
								z));
					else if (c->count == DECLARED_SAME_MAX + 1)
						ERROR(b, t->record,
							"%s is declared for more than %d protected "
							"zones",
							wire_text(t->suffix.wire, a),
							DECLARED_SAME_MAX);
				}
			}
			member++;
		}
	}
	p->ndeclared = n;
	err = TS_OK;
cleanup:
	free(tally);
	ts_namemap_free(seen);
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
					wire_text(name.wire, text),
					wire_text(p->members[at].zone.wire, zone));
			if (ts_namemap_get(seen, name.wire, name.len, &at))
				WARN(b, r, "%s is allowed already, as '%s'; the later end counts",
					wire_text(name.wire, text), b->items[at]->id);
			err = ts_namemap_add(seen, name.wire, name.len, (uint32_t)i);
			if (err)
				goto cleanup;
			allows[p->nallows++] = (ts_allow_t){item->name, item->until, item->reason};
			continue;
		}
		if (!below)
			WARN(b, r, "%s is below no protected zone, so it is evidence of nothing",
				wire_text(name.wire, text));
		else if (label == 0)
			NOTE(b, r, "%s is protected, which says more", wire_text(name.wire, text));
		if (ts_namemap_get(known, name.wire, name.len, &at))
			continue;
		err = ts_namemap_add(known, name.wire, name.len, (uint32_t)i);
		if (err)
			goto cleanup;
		knowns[p->nknowns++] =
			(ts_known_t){item->name, below && label > 0 ? at : NO_MEMBER};
		err = TS_OK;
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
					wire_text(host.wire, text));
			continue;
		}
		void *list = grow(*hosts, p->nhosts, cap, sizeof(**hosts));
		if (!list)
			return TS_ENOMEM;
		*hosts = list;
		ts_sink_host_t *h = &(*hosts)[p->nhosts];
		h->sinkhole = s->sinkhole;
		err = copy_name(&p->arena, &host, &h->name);
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

/* ---- the builder itself ---- */

ts_policy_builder_t *ts_policy_builder_new(const char *source)
{
	ts_policy_builder_t *builder = calloc(1, sizeof(*builder));

	if (!builder)
		return NULL;
	ts_arena_init(&builder->arena);
	builder->source = strdup(source);
	if (!builder->source) {
		free(builder);
		return NULL;
	}
	return builder;
}

void ts_policy_builder_free(ts_policy_builder_t *builder)
{
	if (!builder)
		return;
	ts_arena_release(&builder->arena);
	free(builder->records);
	free(builder->source);
	free(builder);
}

int ts_policy_builder_add(ts_policy_builder_t *builder, const uint8_t *owner, size_t owner_len,
	uint16_t type, uint16_t qclass, uint32_t ttl, const uint8_t *rdata, size_t rdlen,
	const ts_place_t *place)
{
	ts_name_t name;

	if (ts_name_from_wire(&name, owner, owner_len) != TS_OK || rdlen > UINT16_MAX)
		return TS_EINVAL;
	void *list = grow(builder->records, builder->count, &builder->cap, sizeof(struct record));
	if (!list)
		return TS_ENOMEM;
	builder->records = list;
	struct record *r = &builder->records[builder->count];
	r->owner = ts_arena_copy(&builder->arena, name.wire, name.len);
	r->rdata = ts_arena_copy(&builder->arena, rdata, rdlen);
	if (!r->owner || !r->rdata)
		return TS_ENOMEM;
	r->owner_len = name.len;
	r->rdlen = (uint16_t)rdlen;
	r->type = type;
	r->qclass = qclass;
	r->ttl = ttl;
	r->line = place ? place->line : 0;
	builder->count++;
	return TS_OK;
}

static int compile(struct build *b)
{
	int err = read_soa(b);

	if (!err)
		err = read_records(b);
	if (!err)
		err = layout_members(b);
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
	if (b->limit->count[TS_ERROR])
		return TS_EPOLICY;
	return layout_index(b);
}

int ts_policy_builder_finish_limited(ts_policy_builder_t *builder,
	const ts_policy_options_t *options, ts_diag_limit_t *limit, ts_policy_t **out)
{
	struct build b = {.builder = builder, .options = options, .limit = limit};
	int err = TS_ENOMEM;

	b.zone.label = "the zone";
	ts_arena_init(&b.arena);
	b.policy = calloc(1, sizeof(*b.policy));
	if (!b.policy)
		goto cleanup;
	atomic_init(&b.policy->refs, 1);
	ts_arena_init(&b.policy->arena);
	b.policy->source =
		ts_arena_copy(&b.policy->arena, builder->source, strlen(builder->source));
	b.ids = ts_namemap_new(options->seed);
	b.group_ids = ts_namemap_new(options->seed);
	b.item_ids = ts_namemap_new(options->seed);
	b.zones = ts_namemap_new(options->seed);
	if (!b.policy->source || !b.ids || !b.group_ids || !b.item_ids || !b.zones)
		goto cleanup;
	err = compile(&b);
	if (err == TS_OK && limit->count[TS_ERROR])
		err = TS_EPOLICY;
	if (err == TS_OK) {
		*out = b.policy;
		b.policy = NULL;
	}
cleanup:
	ts_policy_unref(b.policy);
	ts_namemap_free(b.ids);
	ts_namemap_free(b.group_ids);
	ts_namemap_free(b.item_ids);
	ts_namemap_free(b.zones);
	ts_arena_release(&b.arena);
	free(b.drafts);
	free(b.items);
	free(b.group_at);
	return err;
}

int ts_policy_builder_finish(ts_policy_builder_t *builder, const ts_policy_options_t *options,
	const ts_reporter_t *report, ts_policy_t **out)
{
	ts_diag_limit_t limit = {.report = report, .file = builder->source};
	int err = ts_policy_builder_finish_limited(builder, options, &limit, out);

	if (err == TS_ENOMEM)
		ts_diag_limited(&limit, TS_ERROR, 0, NULL, "out of memory");
	ts_diag_limit_finish(&limit);
	return err;
}
