/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From an owner name to the scope and the property that it means: the apex and the member zones
 * first, because everything else refers to them, then each other record (RFC 9432 says what a
 * catalog zone looks like).
 */
#include "policy_draft.h"

#include <stdio.h>
#include <string.h>

#define ID_TEXT_MAX (4 * TS_LABEL_MAX + 1)

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
	void *list = ts_grow(b->group_at, b->ngroups, &b->groups_cap, sizeof(*b->group_at));
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

	ts_draft_label_name(owner, i, &key);
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
	void *list = ts_grow(b->items, b->nitems, &b->items_cap, sizeof(*b->items));
	if (!list)
		return TS_ENOMEM;
	b->items = list;
	struct item *item = ts_arena_alloc(&b->arena, sizeof(*item));
	if (!item)
		return TS_ENOMEM;
	item->kind = kind;
	item->id = ts_draft_label_text(b, owner, i);
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

/* A record below typosink.ext of a scope; n: labels of the owner left of that. */
static int route_property(struct build *b, struct scope *s, const ts_name_t *owner, unsigned n,
	const struct record *r)
{
	struct item *item = NULL;
	enum property kind, p = ts_draft_property_at(owner, n, &kind);

	if (p == P_COUNT) {
		WARN(b, r, "unknown property, ignored");
		return TS_OK;
	}
	if (kind != P_COUNT) {
		int err = find_item(b, s, owner, kind != p, kind, &item);

		if (err)
			return err;
	}
	return ts_draft_read_property(b, s, item, p, r);
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
	ts_value_t v = ts_draft_value_of(r, why);
	if (ts_value_string(&v, &text, &len) != TS_OK) {
		ERROR(b, r, "%s", why);
		return TS_OK;
	}
	if (len == 0 || len > TS_LABEL_MAX) {
		ERROR(b, r, "a group's name has 1 to %d octets: it is a label", TS_LABEL_MAX);
		return TS_OK;
	}
	if (d->group_record) {
		if (!ts_draft_same_rdata(d->group_record, r))
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
	const char *id = ts_draft_label_text(b, &key, 0);
	if (!id)
		return TS_ENOMEM;
	err = group_scope(b, &key, id, &d->group);
	if (!err)
		d->group->used = true;
	return err;
}

static bool is_member_record(const ts_name_t *owner, unsigned n)
{
	return n == 2 && ts_draft_label_is(owner, 1, "zones");
}

/* Anything but apex and member zones. n: labels of the owner left of the apex. */
static int route(struct build *b, const ts_name_t *owner, unsigned n, const struct record *r)
{
	struct draft *d = NULL;
	struct scope *s = NULL;
	char type[TS_TYPE_TEXT_MAX];

	if (n == 1 && ts_draft_label_is(owner, 0, "version")) {
		if (r->type != TS_TYPE_TXT)
			ERROR(b, r, "must be TXT, found %s", ts_type_name(r->type, type));
		else if (b->version && ts_draft_same_rdata(b->version, r))
			return TS_OK;
		else if (b->versions++ == 0)
			b->version = r;
		else
			ERROR(b, r,
				"given twice (first on line %u): a catalog zone has one version",
				b->version->line);
		return TS_OK;
	}
	if (n >= 3 && ts_draft_label_is(owner, n - 1, "zones")) {
		bool ours = n >= 4 && ts_draft_label_is(owner, n - 3, "ext") &&
			    ts_draft_label_is(owner, n - 4, "typosink");

		if (n > 3 && ts_draft_label_is(owner, n - 3, "ext") && !ours) {
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
		if (n == 3 && ts_draft_label_is(owner, 0, "group"))
			return read_group(b, d, r);
		if (n == 3 && ts_draft_label_is(owner, 0, "coo")) {
			NOTE(b, r, "change of ownership means nothing to a policy, ignored");
			return TS_OK;
		}
		if (ours && n > 4) {
			int err = member_scope(b, d, &s);

			return err ? err : route_property(b, s, owner, n - 4, r);
		}
	} else if (n >= 2 && ts_draft_label_is(owner, n - 1, "ext")) {
		if (!ts_draft_label_is(owner, n - 2, "typosink")) {
			foreign(b, r);
			return TS_OK;
		}
		if (n >= 5 && ts_draft_label_is(owner, n - 3, "groups")) {
			ts_name_t key;
			const char *id = ts_draft_label_text(b, owner, n - 4);

			if (!id)
				return TS_ENOMEM;
			ts_draft_label_name(owner, n - 4, &key);
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
			 memcmp(r->owner, soa->owner, r->owner_len) != 0 ||
			 !ts_draft_same_rdata(soa, r))
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
	return ts_draft_copy_name(&b->policy->arena, &b->apex, &b->policy->name);
}

static int read_member(struct build *b, const ts_name_t *owner, const struct record *r)
{
	char why[TS_WHY_MAX], type[TS_TYPE_TEXT_MAX];
	ts_value_t v = ts_draft_value_of(r, why);
	ts_name_t key;
	uint32_t at;

	if (r->type != TS_TYPE_PTR) {
		ERROR(b, r, "must be PTR, found %s", ts_type_name(r->type, type));
		return TS_OK;
	}
	ts_draft_label_name(owner, 0, &key);
	if (ts_namemap_get(b->ids, key.wire, key.len, &at)) {
		if (!ts_draft_same_rdata(b->drafts[at].record, r))
			ERROR(b, r, "two member zones under one label (first on line %u)",
				b->drafts[at].record->line);
		return TS_OK;
	}
	void *list = ts_grow(b->drafts, b->ndrafts, &b->drafts_cap, sizeof(*b->drafts));
	if (!list)
		return TS_ENOMEM;
	b->drafts = list;
	struct draft *d = &b->drafts[b->ndrafts];
	*d = (struct draft){.record = r, .id = ts_draft_label_text(b, owner, 0)};
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
	} else if (ts_draft_below_arpa(&d->zone)) {
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
		ts_value_t v = ts_draft_value_of(b->version, why);
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

int ts_draft_read(struct build *b)
{
	int err = read_soa(b);

	return err ? err : read_records(b);
}
