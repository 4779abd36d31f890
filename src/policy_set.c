/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The set of policies in force: one map from a name to everything that any of them, or this
 * Unbound, says about it, so that a query is judged in one walk over its labels.
 */
#include "policy_impl.h"

#include <stdlib.h>
#include <string.h>

struct fill {
	ts_policyset_t *set;
	size_t cap;
};

/* The entry of a name, made where it is not there yet. \return NULL: out of memory. */
static ts_set_entry_t *entry(struct fill *f, const uint8_t *wire, size_t len)
{
	ts_policyset_t *set = f->set;
	uint32_t at;

	if (ts_namemap_get(set->map, wire, len, &at))
		return &set->entries[at];
	if (set->nentries == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 64;
		void *p = realloc(set->entries, cap * sizeof(*set->entries));

		if (!p)
			return NULL;
		set->entries = p;
		f->cap = cap;
	}
	if (ts_namemap_add(set->map, wire, len, (uint32_t)set->nentries) != TS_OK)
		return NULL;
	ts_set_entry_t *e = &set->entries[set->nentries++];
	*e = (ts_set_entry_t){0};
	return e;
}

static int add_policy(struct fill *f, const ts_policy_t *p, uint32_t order)
{
	ts_policyset_t *set = f->set;

	for (size_t i = 0; i < p->nmembers; i++) {
		ts_set_entry_t *e = entry(f, p->members[i].zone.wire, p->members[i].zone.len);

		if (!e)
			return TS_ENOMEM;
		if (!e->protector) {
			e->protector = p;
			e->member = (uint32_t)i;
		}
	}
	for (size_t i = 0; i < p->nallows; i++) {
		ts_set_entry_t *e = entry(f, p->allows[i].name.wire, p->allows[i].name.len);

		if (!e)
			return TS_ENOMEM;
		if (!e->allower ||
			(e->until && (!p->allows[i].until || e->until < p->allows[i].until))) {
			e->allower = p;
			e->until = p->allows[i].until;
		}
	}
	for (size_t i = 0; i < p->nknowns; i++) {
		ts_set_entry_t *e = entry(f, p->knowns[i].name.wire, p->knowns[i].name.len);

		if (!e)
			return TS_ENOMEM;
		e->known = true;
	}
	for (size_t i = 0; i < p->nhosts; i++) {
		ts_set_entry_t *e = entry(f, p->hosts[i].name.wire, p->hosts[i].name.len);

		if (!e)
			return TS_ENOMEM;
		if (e->host_of)
			continue;
		e->host_of = p;
		e->sinkhole = p->hosts[i].sinkhole;
		if (e->sinkhole->a.count || e->sinkhole->aaaa.count)
			set->qtypes |= QTYPE_A | QTYPE_AAAA;
	}
	for (size_t i = 0; i < p->ndeclared; i++) {
		const ts_declared_t *d = &p->declared[i];
		ts_set_entry_t *e = entry(f, d->suffix.wire, d->suffix.len);

		if (!e)
			return TS_ENOMEM;
		set->declared[set->ndeclared++] = (ts_set_declared_t){p, d, order, e->declared};
		e->declared = (uint32_t)set->ndeclared;
	}
	set->qtypes |= p->qtypes;
	set->actions |= p->actions;
	set->has_clients = set->has_clients || p->has_clients;
	return TS_OK;
}

int ts_policyset_new(ts_policy_t *const *policies, size_t count,
	const ts_policyset_options_t *options, ts_policyset_t **out)
{
	ts_policyset_t *set = calloc(1, sizeof(*set));
	struct fill f = {.set = set};
	size_t ndeclared = 0;
	int err = TS_ENOMEM;

	if (!set)
		return TS_ENOMEM;
	for (size_t i = 0; i < count; i++)
		ndeclared += policies[i]->ndeclared;
	set->popular = options->popular;
	set->map = ts_namemap_new(options->seed);
	set->policies = calloc(count + 1, sizeof(ts_policy_t *));
	set->declared = calloc(ndeclared + 1, sizeof(*set->declared));
	if (!set->map || !set->policies || !set->declared)
		goto cleanup;
	for (size_t i = 0; i < count; i++) {
		set->policies[set->count++] = ts_policy_ref(policies[i]);
		err = add_policy(&f, policies[i], (uint32_t)i);
		if (err)
			goto cleanup;
	}
	for (size_t i = 0; i < options->allow_count; i++) {
		const ts_name_t *name = &options->allow[i];

		if (name->nlabels == 0) /* a forward zone for the root is everybody's */
			continue;
		ts_set_entry_t *e = entry(&f, name->wire, name->len);
		if (!e) {
			err = TS_ENOMEM;
			goto cleanup;
		}
		e->own = true;
	}
	*out = set;
	set = NULL;
	err = TS_OK;
cleanup:
	ts_policyset_free(set);
	return err;
}

void ts_policyset_free(ts_policyset_t *set)
{
	if (!set)
		return;
	for (size_t i = 0; i < set->count; i++)
		ts_policy_unref(set->policies[i]);
	ts_namemap_free(set->map);
	free(set->policies);
	free(set->entries);
	free(set->declared);
	free(set);
}

size_t ts_policyset_count(const ts_policyset_t *set)
{
	return set->count;
}

const ts_policy_t *ts_policyset_get(const ts_policyset_t *set, size_t i)
{
	return set->policies[i];
}

size_t ts_policyset_memory(const ts_policyset_t *set)
{
	size_t memory = sizeof(*set) + ts_namemap_memory(set->map) +
			set->nentries * sizeof(*set->entries) +
			set->ndeclared * sizeof(*set->declared);

	for (size_t i = 0; i < set->count; i++)
		memory += ts_policy_memory(set->policies[i]);
	return memory;
}

bool ts_policyset_has_clients(const ts_policyset_t *set)
{
	return set->has_clients;
}

bool ts_policyset_has_action(const ts_policyset_t *set, ts_action_t action)
{
	return set->actions >> action & 1;
}

time_t ts_policyset_next_change(const ts_policyset_t *set, time_t now)
{
	time_t next = 0;

	for (size_t i = 0; i < set->nentries; i++) {
		const ts_set_entry_t *e = &set->entries[i];

		if (e->allower && e->until > now && (!next || e->until < next))
			next = e->until;
	}
	return next;
}
