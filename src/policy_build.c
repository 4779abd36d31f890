/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The builder: records in, a checked and compiled snapshot out.
 *
 * Three passes. Member zones first, because everything else refers to them; then each record is
 * led to the row of the table of properties that it belongs to, and read into a scope (the zone, a
 * group, a member); last, "nearest wins" is applied, references are checked, and the snapshot is
 * laid out in its arena. Drafts live in an arena of their own that goes when the work is done.
 */
#include "policy_draft.h"

#include <stdlib.h>
#include <string.h>

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
	void *list =
		ts_grow(builder->records, builder->count, &builder->cap, sizeof(struct record));
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
	err = ts_draft_read(&b);
	if (!err)
		err = ts_draft_layout(&b);
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
