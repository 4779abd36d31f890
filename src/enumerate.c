/* SPDX-License-Identifier: BSD-3-Clause */
#include "enumerate.h"

#include "grow.h"
#include "policy_impl.h"
#include "typo/class_ids.h"
#include "typo/likeness.h"
#include "typo/spelling.h"
#include "typo/suffix.h"

#include <stdlib.h>
#include <string.h>

/* A slip in the label before the suffix: what a second error is added to. */
struct slip {
	uint16_t score;
	uint8_t label[1 + TS_LABEL_MAX];
};

struct run {
	const ts_policyset_t *set;
	const ts_policy_t *policy;
	uint32_t member;
	const ts_enumerate_options_t *options;
	ts_arena_t *arena;
	uint16_t qtype;
	ts_name_t zone;  /* the member's */
	unsigned suffix; /* label at which its public suffix starts */
	ts_class_set_t classes;

	ts_candidate_t *found;
	size_t nfound, room;
	ts_namemap_t *seen; /* names proposed */
	struct slip *slips;
	size_t nslips, slips_room;

	/* The place where a spelling of a label goes, see spell_label. */
	const ts_name_t *base;
	unsigned at;
	bool collect; /* remember the slips */
};

static int propose(struct run *run, const uint8_t *wire, size_t len, uint16_t *score)
{
	ts_verdict_t v;
	ts_name_t name;
	uint32_t before;

	*score = 0;
	if (ts_namemap_get(run->seen, wire, len, &before))
		return TS_OK;
	int err = ts_namemap_add(run->seen, wire, len, 0);
	if (err || ts_name_from_wire(&name, wire, len) != TS_OK)
		return err;
	if (run->options->registrable && !ts_suffix_tld_delegated(&name))
		return TS_OK;
	ts_query_t query = {&name, run->qtype, TS_CLASS_IN};
	ts_verdict(run->set, &query, NULL, run->options->now, &v);
	if ((v.kind != TS_VERDICT_TYPO && v.kind != TS_VERDICT_ASK) || v.policy != run->policy ||
		v.member != run->member)
		return TS_OK;
	/* A label before what was mistyped says nothing new. */
	if (v.match.suffix > 0 && v.evidence == TS_EVIDENCE_NONE && v.kind == TS_VERDICT_TYPO)
		return TS_OK;
	void *found = ts_grow(run->found, run->nfound, &run->room, sizeof(*run->found));
	if (!found)
		return TS_ENOMEM;
	run->found = found;
	ts_candidate_t c = {.wire = ts_arena_copy(run->arena, name.wire, name.len),
		.len = name.len,
		.kind = v.kind,
		.declared = v.declared,
		.class_id = v.match.class_id,
		.distance = v.match.distance,
		.score = v.match.score,
		.action = v.action,
		.meant = ts_arena_copy(run->arena, v.counterpart.wire, v.counterpart.len),
		.meant_len = v.counterpart.len};
	if (!c.wire || !c.meant)
		return TS_ENOMEM;
	run->found[run->nfound++] = c;
	*score = c.score;
	return TS_OK;
}

static int propose_name(void *arg, const uint8_t *wire, size_t len)
{
	uint16_t score;

	return propose(arg, wire, len, &score);
}

static int remember(struct run *run, uint16_t score, const uint8_t *label)
{
	/* Whoever made letters of another script up makes no slip beside. */
	if (*label > 4 && memcmp(label + 1, "xn--", 4) == 0)
		return TS_OK;
	void *slips = ts_grow(run->slips, run->nslips, &run->slips_room, sizeof(*run->slips));
	if (!slips)
		return TS_ENOMEM;
	run->slips = slips;
	struct slip *slip = &run->slips[run->nslips++];
	memset(slip, 0, sizeof(*slip));
	slip->score = score;
	memcpy(slip->label, label, 1u + *label);
	return TS_OK;
}

/* base with another label at `at`. */
static bool with_label(const ts_name_t *base, unsigned at, const uint8_t *label, ts_name_t *out)
{
	uint8_t wire[2 * TS_NAME_MAX];
	size_t head = base->off[at], tail = base->off[at + 1], n = base->len - tail;

	memcpy(wire, base->wire, head);
	memcpy(wire + head, label, 1u + *label);
	memcpy(wire + head + 1 + *label, base->wire + tail, n);
	n += head + 1 + *label;
	return n <= TS_NAME_MAX && ts_name_from_wire(out, wire, n) == TS_OK;
}

static int propose_label(void *arg, const uint8_t *label, size_t len)
{
	struct run *run = arg;
	ts_name_t name;
	uint16_t score;

	(void)len;
	if (!with_label(run->base, run->at, label, &name))
		return TS_OK;
	int err = propose(run, name.wire, name.len, &score);
	if (!err && score && run->collect)
		err = remember(run, score, label);
	return err;
}

static int spell_label(struct run *run, const ts_name_t *base, unsigned at)
{
	run->base = base;
	run->at = at;
	return ts_spelling_label(ts_name_suffix(base, at), run->classes, propose_label, run);
}

/* Everything that the policies know below the zone. */
static int each_below(
	struct run *run, int (*fn)(struct run *, const ts_name_t *, void *), void *arg)
{
	int err = TS_OK;

	for (size_t p = 0; p < run->set->count; p++) {
		const ts_policy_t *policy = run->set->policies[p];

		for (size_t i = 0; i < policy->nmembers + policy->nknowns && !err; i++) {
			const ts_wire_t *w = i < policy->nmembers
						     ? &policy->members[i].zone
						     : &policy->knowns[i - policy->nmembers].name;
			ts_name_t name;

			if (ts_name_from_wire(&name, w->wire, w->len) == TS_OK &&
				name.nlabels > run->zone.nlabels &&
				ts_name_is_below(&name, run->zone.wire, run->zone.len))
				err = fn(run, &name, arg);
		}
	}
	return err;
}

static int dots_of_known(struct run *run, const ts_name_t *name, void *arg)
{
	(void)arg;
	return ts_spelling_dots(name, propose_name, run);
}

/* A name below a mistyped suffix. */
static int below_suffix(struct run *run, const ts_name_t *name, void *arg)
{
	const ts_name_t *spelt = arg;
	unsigned labels = name->nlabels - (unsigned)run->zone.nlabels;
	ts_name_t out;
	uint16_t score;

	if (ts_name_splice(&out, name, labels, 0, spelt->wire, spelt->len) != TS_OK)
		return TS_OK;
	return propose(run, out.wire, out.len, &score);
}

/* A spelling of a zone that is a TLD or a public suffix. */
static int propose_suffix(void *arg, const uint8_t *wire, size_t len)
{
	struct run *run = arg;
	ts_name_t spelt;
	uint32_t before;
	uint16_t score;
	int err;

	if (ts_namemap_get(run->seen, wire, len, &before) ||
		ts_name_from_wire(&spelt, wire, len) != TS_OK)
		return TS_OK;
	err = propose(run, wire, len, &score);
	if (!err && score == 0 && ts_suffix_is_public(wire, len))
		err = each_below(run, below_suffix, &spelt);
	return err;
}

static int propose_suffix_label(void *arg, const uint8_t *label, size_t len)
{
	struct run *run = arg;
	ts_name_t name;

	(void)len;
	return with_label(run->base, run->at, label, &name)
		       ? propose_suffix(run, name.wire, name.len)
		       : TS_OK;
}

static int spell_suffix(struct run *run, const ts_name_t *base, unsigned at)
{
	run->base = base;
	run->at = at;
	return ts_spelling_label(ts_name_suffix(base, at), run->classes, propose_suffix_label, run);
}

/* What was declared in so many words. */
static int declared(struct run *run)
{
	int err = TS_OK;

	for (size_t i = 0; i < run->policy->ndeclared && !err; i++) {
		const ts_declared_t *d = &run->policy->declared[i];

		if (d->member == run->member)
			err = propose_suffix(run, d->suffix.wire, d->suffix.len);
	}
	return err;
}

/* The same name below another suffix: common TLDs, and those of the same country. */
static int other_suffixes(struct run *run)
{
	const uint8_t *own = ts_name_suffix(&run->zone, run->zone.nlabels - 1u), *wire;
	bool generic = run->zone.nlabels == run->suffix + 1u;
	uint32_t at = 0;
	int err = TS_OK;

	if (!(run->classes &
		    (TS_CLASS_BIT(TS_CLASS_TLD_SWAP) | TS_CLASS_BIT(TS_CLASS_SUFFIX_SWAP))))
		return TS_OK;
	while (!err && (wire = ts_suffix_next(&at)) != NULL) {
		const uint8_t *tld = wire;
		ts_name_t name;
		uint16_t score;

		while (tld[1 + *tld])
			tld += 1 + *tld;
		if (tld == wire ? !generic : strcmp((const char *)tld, (const char *)own) != 0)
			continue;
		if (ts_name_splice(&name, &run->zone, run->suffix, 0, wire,
			    ts_name_wire_len(wire)) == TS_OK)
			err = propose(run, name.wire, name.len, &score);
	}
	return err;
}

static int combinations(struct run *run)
{
	static const char *const words[] = {"login", "mail", "webmail", "secure", "account",
		"support", "online", "my", "service", "office"};
	const uint8_t *label = ts_name_suffix(&run->zone, run->suffix - 1);
	int err = TS_OK;

	if (!(run->classes & TS_CLASS_BIT(TS_CLASS_COMBOSQUAT)))
		return TS_OK;
	run->base = &run->zone;
	run->at = run->suffix - 1;
	for (unsigned i = 0; i < 2 * sizeof(words) / sizeof(words[0]) && !err; i++) {
		const char *word = words[i / 2];
		size_t n = strlen(word), all = *label + 1u + n;
		uint8_t out[1 + TS_LABEL_MAX];

		if (all > TS_LABEL_MAX)
			continue;
		out[0] = (uint8_t)all;
		size_t own = i % 2 ? n + 1 : 0, other = i % 2 ? 0 : *label + 1u;
		memcpy(out + 1 + own, label + 1, *label);
		memcpy(out + 1 + other, word, n);
		out[1 + (i % 2 ? n : *label)] = '-';
		err = propose_label(run, out, 1 + all);
	}
	return err;
}

static int by_score(const void *a, const void *b)
{
	const struct slip *x = a, *y = b;

	return x->score != y->score ? (int)y->score - (int)x->score
				    : memcmp(x->label, y->label, sizeof(x->label));
}

/* A second error beside the likeliest first ones: in the same label, and in the suffix. */
static int second_errors(struct run *run)
{
	const ts_class_set_t two = TS_CLASS_BIT(TS_CLASS_TWO_EDITS) |
				   TS_CLASS_BIT(TS_CLASS_TWO_LABELS) |
				   TS_CLASS_BIT(TS_CLASS_LOOK_ALIKE);
	ts_class_set_t all = run->classes;
	int err = TS_OK;

	if (!(all & two) || run->nslips == 0)
		return TS_OK;
	qsort(run->slips, run->nslips, sizeof(*run->slips), by_score);
	run->classes &= ~TS_CLASS_BIT(TS_CLASS_IDN_LOOK_ALIKE);
	run->collect = false;
	for (size_t i = 0; i < run->nslips && i < TS_ENUMERATE_DOUBLES && !err; i++) {
		ts_name_t name;

		if (!with_label(&run->zone, run->suffix - 1, run->slips[i].label, &name))
			continue;
		err = spell_label(run, &name, run->suffix - 1);
		for (unsigned at = run->suffix; at < name.nlabels && !err; at++)
			err = spell_label(run, &name, at);
	}
	run->classes = all;
	return err;
}

static int enumerate_name(struct run *run)
{
	ts_class_set_t all = run->classes;
	int err = declared(run);

	for (unsigned at = 0; at < run->zone.nlabels && !err; at++) {
		run->collect = at + 1 == run->suffix;
		if (at >= run->suffix)
			run->classes = all & ~TS_CLASS_BIT(TS_CLASS_IDN_LOOK_ALIKE);
		err = spell_label(run, &run->zone, at);
	}
	run->collect = false;
	run->classes = all;
	if (!err)
		err = ts_spelling_dots(&run->zone, propose_name, run);
	if (!err)
		err = each_below(run, dots_of_known, NULL);
	if (!err)
		err = other_suffixes(run);
	if (!err)
		err = combinations(run);
	if (!err && !run->options->single_only)
		err = second_errors(run);
	return err;
}

static int enumerate_suffix(struct run *run)
{
	int err = declared(run);

	for (unsigned at = 0; at < run->zone.nlabels && !err; at++)
		err = spell_suffix(run, &run->zone, at);
	return err;
}

static int by_score_then(const ts_candidate_t *x, const ts_candidate_t *y)
{
	if (x->score != y->score)
		return (int)y->score - (int)x->score;
	if (x->distance != y->distance)
		return (int)x->distance - (int)y->distance;
	return ts_name_compare(x->wire, y->wire);
}

static int by_kind(const void *a, const void *b)
{
	const ts_candidate_t *x = a, *y = b;

	if (x->class_id != y->class_id)
		return (int)x->class_id - (int)y->class_id;
	if (x->distance != y->distance)
		return (int)x->distance - (int)y->distance;
	return by_score_then(x, y);
}

static int by_likelihood(const void *a, const void *b)
{
	const ts_candidate_t *x = a, *y = b;

	if (x->declared != y->declared)
		return x->declared ? -1 : 1;
	if (x->ways != y->ways)
		return x->ways < y->ways ? -1 : 1;
	return by_score_then(x, y);
}

static void order(ts_candidate_t *list, size_t count)
{
	size_t end;

	if (!count)
		return;
	qsort(list, count, sizeof(*list), by_kind);
	for (size_t start = 0; start < count; start = end) {
		uint32_t times = list[start].distance > 1 ? 5 : 1;

		for (end = start; end < count && list[end].class_id == list[start].class_id &&
				  list[end].distance == list[start].distance;
			end++)
			;
		for (size_t i = start; i < end; i++)
			list[i].ways = (uint32_t)(end - start + 2 * (i - start)) * times;
	}
	qsort(list, count, sizeof(*list), by_likelihood);
}

static uint16_t first_qtype(unsigned qtypes)
{
	static const uint16_t types[] = {
		TS_TYPE_MX, TS_TYPE_A, TS_TYPE_AAAA, TS_TYPE_HTTPS, TS_TYPE_SVCB, TS_TYPE_SRV};

	for (unsigned i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (ts_qtype_bit(types[i]) & qtypes)
			return types[i];
	return TS_TYPE_MX;
}

int ts_enumerate(const ts_policyset_t *set, const ts_policy_t *policy, uint32_t member,
	const ts_enumerate_options_t *options, ts_arena_t *arena, const ts_candidate_t **out,
	size_t *count)
{
	const ts_member_t *m = &policy->members[member];
	struct run run = {.set = set,
		.policy = policy,
		.member = member,
		.options = options,
		.arena = arena,
		.classes = m->settings->classes,
		.qtype = first_qtype(m->settings->qtypes)};
	ts_candidate_t *list;
	int err = ts_name_from_wire(&run.zone, m->zone.wire, m->zone.len);

	if (err)
		return err;
	run.suffix = ts_suffix_start(&run.zone);
	run.seen = ts_namemap_new(0); /* nobody chooses these names to collide */
	err = run.seen ? TS_OK : TS_ENOMEM;
	if (!err && run.zone.nlabels)
		err = run.suffix ? enumerate_name(&run) : enumerate_suffix(&run);
	if (err)
		goto cleanup;
	order(run.found, run.nfound);
	if (options->max && run.nfound > options->max)
		run.nfound = options->max;
	list = ts_arena_alloc(arena, run.nfound * sizeof(*list) + 1);
	err = list ? TS_OK : TS_ENOMEM;
	if (err)
		goto cleanup;
	if (run.nfound)
		memcpy(list, run.found, run.nfound * sizeof(*list));
	*out = list;
	*count = run.nfound;
cleanup:
	ts_namemap_free(run.seen);
	free(run.found);
	free(run.slips);
	return err;
}
