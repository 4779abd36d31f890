/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One hash table of everything under which a target may be asked for, behind a small bit filter.
 *
 * A key is a keyed hash of the letters of one label and of what stands right of it (its context).
 * A target is stored under its labels as they are, with one letter deleted, and with two deleted
 * where the label is long enough to bear two errors; a query asks in the same way, so that the two
 * meet wherever they are one (two) edits apart ("symmetric deletion"). Deletions cost two
 * multiplications each, whatever the length: the hash is a polynomial whose coefficients are keyed.
 *
 * Other keys of the same table: the letters of the whole name without dots and hyphens (dots that
 * are missing, moved or too many), what a label looks (and sounds) like, the label alone (another
 * suffix), and the suffixes that targets have with their deletions. Where a query's suffix is
 * neither a target's nor near one, a look-up ends after a handful of probes.
 *
 * The table only finds whom to ask about; likeness.c judges. Bounds: a key leads to at most
 * KEY_MAX targets, a query to at most SEEN_MAX.
 */
#include "index.h"

#include "typo/class_ids.h"
#include "typo/likeness.h"
#include "typo/lookalike.h"
#include "typo/suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_MAX 32     /* targets that one key leads to */
#define SEEN_MAX 96    /* targets that one query is compared with */
#define RELATED_MAX 48 /* suffixes near the query's own */
#define LEVELS_MAX 6   /* labels of a query's end that are looked at beyond the target's */

/* Kinds of keys, mixed into their hashes. */
enum kind {
	KIND_LABEL,   /* label, deletions; context */
	KIND_FLAT,    /* the whole name without dots and hyphens */
	KIND_FOLD,    /* what the label looks like; context */
	KIND_SOUND,   /* what it sounds like; context */
	KIND_ALONE,   /* the label before the suffix, whatever the suffix */
	KIND_CONTEXT, /* a context that targets have */
	KIND_SUFFIX,  /* a label of a suffix, deletions; context: the rest of it */
	KIND_IN_USE,  /* a public suffix that targets have */
	KINDS
};

struct target {
	ts_meant_t meant;
	uint32_t position;
	uint16_t threshold;
};

struct entry {
	uint32_t tag;   /* upper bits of the key; 0: free */
	uint32_t value; /* target or suffix */
};

/* A suffix that targets have: for the errors in it. */
struct suffix {
	const uint8_t *wire;
	uint32_t target; /* which is this suffix itself, plus 1; 0: none */
	uint8_t len, nlabels;
};

struct ts_index {
	struct target *targets;
	struct suffix *suffixes;
	struct entry *entries;
	uint64_t *filter;
	uint8_t *pool;
	size_t count, nsuffixes, nentries, nwords, pool_len, used;
	uint64_t letter[256]; /* the keyed coefficients */
	uint64_t power[TS_NAME_MAX + 1], inverse, inverse2, salt[KINDS];
	uint64_t suffix_labels; /* bit n: a target's suffix has n labels */
	unsigned labels_max;    /* of a target */
	ts_class_set_t classes; /* that any target has */
};

/* ------------------------------------------------------------------------------------------------
 * Hashing
 */
static uint64_t finish_hash(uint64_t h)
{
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static uint64_t next_random(uint64_t *state)
{
	*state += 0x9e3779b97f4a7c15u;
	uint64_t z = *state;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static void init_hashes(ts_index_t *index, uint64_t seed)
{
	uint64_t base = next_random(&seed) | 1, inverse = base;

	for (int i = 0; i < 6; i++) /* Newton: the inverse of an odd number modulo 2^64 */
		inverse *= 2 - base * inverse;
	index->inverse = inverse;
	index->inverse2 = inverse * inverse;
	index->power[0] = 1;
	for (int i = 1; i <= TS_NAME_MAX; i++)
		index->power[i] = index->power[i - 1] * base;
	for (int i = 0; i < 256; i++)
		index->letter[i] = next_random(&seed);
	for (int i = 0; i < KINDS; i++)
		index->salt[i] = next_random(&seed);
}

static uint64_t hash_letters(const ts_index_t *index, const uint8_t *s, size_t n)
{
	uint64_t h = 0;

	for (size_t i = 0; i < n; i++)
		h += index->letter[s[i]] * index->power[i];
	return h;
}

static uint64_t make_key(
	const ts_index_t *index, enum kind kind, uint64_t letters, uint64_t context)
{
	return finish_hash((letters ^ (context << 23 | context >> 41)) + index->salt[kind]);
}

/* The context of what stands left of wire. */
static uint64_t hash_context(const ts_index_t *index, const uint8_t *wire)
{
	return finish_hash(hash_letters(index, wire, ts_name_wire_len(wire)));
}

static uint64_t hash_flat(const ts_index_t *index, const uint8_t *wire, const uint8_t *end)
{
	uint64_t h = 0;
	size_t at = 0;

	for (; wire < end && *wire; wire += 1 + *wire)
		for (size_t i = 1; i <= *wire; i++)
			if (wire[i] != '-')
				h += index->letter[wire[i]] * index->power[at++];
	return h;
}

/* Sums over the letters of one label, from which every deletion follows. */
struct letters {
	size_t n;
	const uint8_t *s;
	uint64_t sum[TS_LABEL_MAX + 1]; /* sum[i]: letters before i */
};

static void sum_letters(const ts_index_t *index, const uint8_t *label, struct letters *l)
{
	l->n = *label;
	l->s = label + 1;
	l->sum[0] = 0;
	for (size_t i = 0; i < l->n; i++)
		l->sum[i + 1] = l->sum[i] + index->letter[l->s[i]] * index->power[i];
}

static uint64_t without_one(const ts_index_t *index, const struct letters *l, size_t i)
{
	return l->sum[i] + (l->sum[l->n] - l->sum[i + 1]) * index->inverse;
}

static uint64_t without_two(const ts_index_t *index, const struct letters *l, size_t i, size_t j)
{
	return l->sum[i] + (l->sum[j] - l->sum[i + 1]) * index->inverse +
	       (l->sum[l->n] - l->sum[j + 1]) * index->inverse2;
}

/* ------------------------------------------------------------------------------------------------
 * The table
 */
static size_t place_of(uint64_t key, size_t n)
{
	__extension__ typedef unsigned __int128 u128;

	return (size_t)((u128)key * n >> 64);
}

static uint32_t tag_of(uint64_t key)
{
	return (uint32_t)key | 1;
}

/* Two bits of one word: one cache line a question. */
static uint64_t filter_bits(uint64_t key)
{
	return UINT64_C(1) << (key >> 6 & 63) | UINT64_C(1) << (key & 63);
}

static void insert(ts_index_t *index, uint64_t key, uint32_t value)
{
	uint32_t tag = tag_of(key);
	unsigned same = 0;

	if (!index->entries) { /* counting how many there will be */
		index->used++;
		return;
	}
	size_t i = place_of(key, index->nentries);
	for (; index->entries[i].tag; i = i + 1 == index->nentries ? 0 : i + 1) {
		if (index->entries[i].tag != tag)
			continue;
		if (index->entries[i].value == value || ++same == KEY_MAX)
			return;
	}
	index->entries[i] = (struct entry){tag, value};
	index->filter[place_of(key, index->nwords)] |= filter_bits(key);
	index->used++;
}

static inline bool may_have(const ts_index_t *index, uint64_t key)
{
	uint64_t bits = filter_bits(key);

	return (index->filter[place_of(key, index->nwords)] & bits) == bits;
}

/* Two errors are looked for in labels of this length. */
static bool bears_two(size_t n)
{
	return n >= TS_TWO_EDITS_MIN && n <= TS_TWO_EDITS_MAX;
}

static void insert_label(
	ts_index_t *index, const uint8_t *label, uint64_t context, uint32_t value, bool two)
{
	struct letters l;

	sum_letters(index, label, &l);
	insert(index, make_key(index, KIND_LABEL, l.sum[l.n], context), value);
	for (size_t i = 0; i < l.n; i++) {
		if (i > 1 && l.s[i] == l.s[i - 1]) /* the same as without that one */
			continue;
		insert(index, make_key(index, KIND_LABEL, without_one(index, &l, i), context),
			value);
		/* Two errors leave the first letter alone. */
		for (size_t j = i + 1; two && i && j < l.n; j++)
			insert(index,
				make_key(index, KIND_LABEL, without_two(index, &l, i, j), context),
				value);
	}
}

static void insert_target(ts_index_t *index, uint32_t t)
{
	const ts_meant_t *m = &index->targets[t].meant;
	const uint8_t *label = m->wire;
	uint8_t look[TS_LABEL_MAX];

	if (m->suffix)
		insert(index,
			make_key(index, KIND_FLAT, hash_flat(index, m->wire, m->wire + m->len), 0),
			t);
	if (m->known)
		return;
	for (unsigned i = 0; i < m->suffix; i++, label += 1 + *label) {
		uint64_t context = hash_context(index, label + 1 + *label);
		bool two = m->classes & TS_CLASS_BIT(TS_CLASS_TWO_EDITS) && bears_two(*label);

		insert_label(index, label, context, t, two);
		insert(index, make_key(index, KIND_CONTEXT, context, 0), 0);
		if (m->classes & TS_CLASS_BIT(TS_CLASS_LOOK_ALIKE)) {
			size_t n = ts_label_fold(label + 1, *label, look);
			insert(index,
				make_key(index, KIND_FOLD, hash_letters(index, look, n), context),
				t);
		}
		if (m->classes & TS_CLASS_BIT(TS_CLASS_SOUNDSQUAT)) {
			size_t n = ts_label_sound(label + 1, *label, look);
			insert(index,
				make_key(index, KIND_SOUND, hash_letters(index, look, n), context),
				t);
		}
		/* Nobody takes a closed TLD for another: most names that share a label end here. */
		if (i + 1u == m->suffix &&
			(!m->closed || m->classes & TS_CLASS_BIT(TS_CLASS_COMBOSQUAT)))
			insert(index,
				make_key(index, KIND_ALONE, hash_letters(index, label + 1, *label),
					0),
				t);
	}
}

static void insert_suffix(ts_index_t *index, uint32_t s)
{
	const struct suffix *suffix = &index->suffixes[s];
	const uint8_t *label = suffix->wire;
	uint64_t before = 0;

	insert(index, make_key(index, KIND_IN_USE, hash_context(index, suffix->wire), 0), s);
	for (; *label; label += 1 + *label) {
		uint64_t context = hash_context(index, label + 1 + *label) + before;
		struct letters l;

		sum_letters(index, label, &l);
		insert(index, make_key(index, KIND_SUFFIX, l.sum[l.n], context), s);
		for (size_t i = 0; i < l.n; i++) {
			insert(index,
				make_key(index, KIND_SUFFIX, without_one(index, &l, i), context),
				s);
			for (size_t j = i + 1; l.n <= TS_TWO_EDITS_MAX && j < l.n; j++)
				insert(index,
					make_key(index, KIND_SUFFIX, without_two(index, &l, i, j),
						context),
					s);
		}
		before = finish_hash(before + l.sum[l.n] + 1);
	}
}

/* ------------------------------------------------------------------------------------------------
 * Asking
 */
struct asking {
	const ts_index_t *index;
	const ts_popular_t *popular;
	ts_typed_t typed;
	ts_match_t *matches;
	size_t max, found;
	bool idn;        /* the name is what an internationalised one looks like */
	bool rank_known; /* typed.popularity is */
	unsigned nseen;
	uint32_t seen[SEEN_MAX];
	ts_likeness_t *explain; /* where the account of explain_target goes, not NULL: only that */
	uint32_t explain_target;
};

/* The order of ts_index_find. */
static bool better(const struct asking *ask, const ts_match_t *a, const ts_match_t *b)
{
	const ts_meant_t *x = &ask->index->targets[a->target].meant;
	const ts_meant_t *y = &ask->index->targets[b->target].meant;

	if (a->score != b->score)
		return a->score > b->score;
	if (a->distance != b->distance)
		return a->distance < b->distance;
	if (x->len != y->len)
		return x->len > y->len;
	return ts_name_compare(x->wire, y->wire) < 0;
}

static void judge(struct asking *ask, uint32_t t)
{
	const struct target *target = &ask->index->targets[t];
	const ts_name_t *name = ask->typed.name;
	ts_likeness_t l = {.odds = TS_ODDS_NEVER};

	for (unsigned i = 0; i < ask->nseen; i++)
		if (ask->seen[i] == t)
			return;
	if (ask->nseen == SEEN_MAX)
		return;
	ask->seen[ask->nseen++] = t;
	if (ask->popular && !ask->rank_known) {
		ask->typed.popularity = ts_popular_rank(ask->popular, name);
		ask->rank_known = true;
	}
	for (int more = -1; more <= 2; more++) {
		int first = name->nlabels - target->meant.nlabels - more;
		if (first >= 0 && first < name->nlabels)
			ts_likeness(&ask->typed, (unsigned)first, &target->meant, &l);
	}
	if (ask->idn && !ts_likeness_idn(&ask->typed, &target->meant, &l))
		return;
	if (ask->explain) {
		if (t == ask->explain_target)
			*ask->explain = l;
		return;
	}
	if (l.odds == TS_ODDS_NEVER || l.score < target->threshold)
		return;
	ts_match_t match = {.target = t,
		.score = l.score,
		.class_id = l.class_id,
		.distance = l.distance,
		.suffix = l.suffix,
		.keep = l.keep};
	size_t at = ask->found;
	while (at && better(ask, &match, &ask->matches[at - 1]))
		at--;
	if (at == ask->max)
		return;
	if (ask->found < ask->max)
		ask->found++;
	memmove(&ask->matches[at + 1], &ask->matches[at],
		(ask->found - 1 - at) * sizeof(ask->matches[0]));
	ask->matches[at] = match;
}

/* Everything that stands under a key. */
static void ask_key(struct asking *ask, uint64_t key)
{
	const ts_index_t *index = ask->index;
	uint32_t tag = tag_of(key);

	if (!may_have(index, key))
		return;
	for (size_t i = place_of(key, index->nentries); index->entries[i].tag;
		i = i + 1 == index->nentries ? 0 : i + 1)
		if (index->entries[i].tag == tag && index->entries[i].value < index->count)
			judge(ask, index->entries[i].value);
}

static void ask_one_edit(struct asking *ask, const struct letters *l, uint64_t context)
{
	const ts_index_t *index = ask->index;

	ask_key(ask, make_key(index, KIND_LABEL, l->sum[l->n], context));
	for (size_t i = 0; i < l->n; i++)
		ask_key(ask, make_key(index, KIND_LABEL, without_one(index, l, i), context));
}

static void ask_two_edits(struct asking *ask, const struct letters *l, uint64_t context)
{
	const ts_index_t *index = ask->index;

	for (size_t i = 1; i < l->n; i++)
		for (size_t j = i + 1; j < l->n; j++)
			ask_key(ask,
				make_key(index, KIND_LABEL, without_two(index, l, i, j), context));
}

/* A label whose right-hand side is a target's. */
static void ask_label(struct asking *ask, const uint8_t *label, uint64_t context)
{
	const ts_index_t *index = ask->index;
	uint8_t look[TS_LABEL_MAX];
	struct letters l;

	sum_letters(index, label, &l);
	ask_one_edit(ask, &l, context);
	if (index->classes & TS_CLASS_BIT(TS_CLASS_TWO_EDITS) && l.n + 2 >= TS_TWO_EDITS_MIN &&
		l.n <= TS_TWO_EDITS_MAX)
		ask_two_edits(ask, &l, context);
	if (index->classes & TS_CLASS_BIT(TS_CLASS_LOOK_ALIKE)) {
		size_t n = ts_label_fold(label + 1, *label, look);
		ask_key(ask, make_key(index, KIND_FOLD, hash_letters(index, look, n), context));
	}
	if (index->classes & TS_CLASS_BIT(TS_CLASS_SOUNDSQUAT)) {
		size_t n = ts_label_sound(label + 1, *label, look);
		ask_key(ask, make_key(index, KIND_SOUND, hash_letters(index, look, n), context));
	}
	/* A dot left out behind a host's name: what is left is the label. */
	unsigned host = ts_host_prefix(label + 1, *label);
	for (unsigned keep = 1; keep < l.n && (keep <= 4 || keep <= host); keep++)
		if (keep == host || keep <= 4)
			ask_key(ask, make_key(index, KIND_LABEL,
					     hash_letters(index, label + 1 + keep, l.n - keep),
					     context));
}

/* Suffixes of targets that are near what stands at label `at`; a target that is one is asked. */
static unsigned find_related(struct asking *ask, unsigned at, uint32_t *related)
{
	const ts_index_t *index = ask->index;
	const uint8_t *label = ts_name_suffix(ask->typed.name, at);
	uint64_t before = 0;
	unsigned n = 0;

	for (; *label; label += 1 + *label) {
		uint64_t context = hash_context(index, label + 1 + *label) + before;
		bool two = !ask->typed.delegated && *label <= TS_TWO_EDITS_MAX;
		struct letters l;

		sum_letters(index, label, &l);
		for (size_t i = 0; i <= l.n; i++) {
			for (size_t j = i + 1; j <= (two ? l.n + 1 : i + 1) && j <= l.n + 1; j++) {
				uint64_t h = i == l.n     ? l.sum[l.n]
					     : j == i + 1 ? without_one(index, &l, i)
							  : without_two(index, &l, i, j - 1);
				uint64_t key = make_key(index, KIND_SUFFIX, h, context);
				uint32_t tag = tag_of(key);

				if (!may_have(index, key))
					continue;
				for (size_t k = place_of(key, index->nentries);
					index->entries[k].tag;
					k = k + 1 == index->nentries ? 0 : k + 1) {
					uint32_t s = index->entries[k].value;
					unsigned r = 0;

					if (index->entries[k].tag != tag || s >= index->nsuffixes)
						continue;
					while (r < n && related[r] != s)
						r++;
					if (r == n && n < RELATED_MAX)
						related[n++] = s;
				}
			}
		}
		before = finish_hash(before + l.sum[l.n] + 1);
	}
	return n;
}

static void ask_suffixes(struct asking *ask, unsigned labels)
{
	const ts_index_t *index = ask->index;
	const ts_name_t *name = ask->typed.name;
	unsigned at = name->nlabels - labels, n;
	uint32_t related[RELATED_MAX];
	struct letters l;

	n = find_related(ask, at, related);
	for (unsigned i = 0; i < n; i++) {
		const struct suffix *s = &index->suffixes[related[i]];

		if (s->target)
			judge(ask, s->target - 1);
		if (at == 0 || s->nlabels != labels)
			continue;
		uint64_t context = hash_context(index, s->wire);
		const uint8_t *label = ts_name_suffix(name, at - 1);

		if (i == 0)
			sum_letters(index, label, &l);
		else if (l.n != *label)
			sum_letters(index, label, &l);
		ask_key(ask, make_key(index, KIND_LABEL, l.sum[l.n], context));
		/* likeness.c says why a delegated two-letter code bears no second error. */
		if (index->classes & TS_CLASS_BIT(TS_CLASS_TWO_LABELS) &&
			!(ask->typed.delegated && s->len == 4))
			ask_one_edit(ask, &l, context);
	}
}

/* What stands before a hyphen, and behind it. */
static void ask_parts(struct asking *ask, const uint8_t *label)
{
	for (unsigned i = 1; i < *label; i++) {
		if (label[1 + i] != '-')
			continue;
		ask_key(ask, make_key(ask->index, KIND_ALONE,
				     hash_letters(ask->index, label + 1, i), 0));
		ask_key(ask, make_key(ask->index, KIND_ALONE,
				     hash_letters(ask->index, label + 2 + i, *label - 1u - i), 0));
	}
}

/* Exactly: the filter alone may be wrong, and a verdict must not hang on the key of a hash. */
static bool in_use(const ts_index_t *index, const uint8_t *wire, size_t len)
{
	uint64_t key = make_key(index, KIND_IN_USE, hash_context(index, wire), 0);

	if (!may_have(index, key))
		return false;
	for (size_t i = place_of(key, index->nentries); index->entries[i].tag;
		i = i + 1 == index->nentries ? 0 : i + 1) {
		uint32_t s = index->entries[i].value;

		if (index->entries[i].tag == tag_of(key) && s < index->nsuffixes &&
			index->suffixes[s].len == len &&
			memcmp(index->suffixes[s].wire, wire, len) == 0)
			return true;
	}
	return false;
}

static void ask_all(struct asking *ask)
{
	const ts_index_t *index = ask->index;
	const ts_name_t *name = ask->typed.name;
	unsigned n = name->nlabels, levels = index->labels_max + 1;

	if (levels > n)
		levels = n;
	ask->typed.suffix_in_use = in_use(index, ts_name_suffix(name, ask->typed.suffix),
		ts_name_suffix_len(name, ask->typed.suffix));
	for (unsigned k = 1; k <= levels; k++) {
		unsigned i = n - k;
		const uint8_t *label = ts_name_suffix(name, i);
		uint64_t context = hash_context(index, label + 1 + *label);

		if (may_have(index, make_key(index, KIND_CONTEXT, context, 0)))
			ask_label(ask, label, context);
		ask_key(ask, make_key(index, KIND_FLAT,
				     hash_flat(index, label, name->wire + name->len), 0));
		/* A TLD appended: the name without it. */
		if (k >= 3 || (k + 1 <= n && k >= 2)) {
			const uint8_t *tld = ts_name_suffix(name, n - 1);
			ask_key(ask, make_key(index, KIND_FLAT, hash_flat(index, label, tld), 0));
		}
		if (index->classes & TS_CLASS_BIT(TS_CLASS_COMBOSQUAT) &&
			i == ask->typed.suffix - 1u)
			ask_parts(ask, label);
		if (index->suffix_labels >> k & 1)
			ask_suffixes(ask, k);
		if (i == ask->typed.suffix - 1u || index->suffix_labels >> (k - 1) & 1)
			ask_key(ask, make_key(index, KIND_ALONE,
					     hash_letters(index, label + 1, *label), 0));
	}
	/* One label more than any target: the whole name may still be one with a TLD appended. */
	if (levels < n) {
		const uint8_t *label = ts_name_suffix(name, n - levels - 1);
		ask_key(ask, make_key(index, KIND_FLAT,
				     hash_flat(index, label, ts_name_suffix(name, n - 1)), 0));
	}
}

static size_t find(struct asking *ask, const ts_name_t *query)
{
	ts_name_t seen;

	ts_typed_init(&ask->typed, query);
	ask->typed.has_list = ask->popular != NULL;
	ask_all(ask);
	if (ask->index->classes & TS_CLASS_BIT(TS_CLASS_IDN_LOOK_ALIKE) &&
		ts_lookalike_name(query, &seen)) {
		ts_typed_init(&ask->typed, &seen);
		ask->typed.has_list = ask->popular != NULL;
		ask->rank_known = ask->popular != NULL;
		ask->typed.popularity = ask->popular ? ts_popular_rank(ask->popular, query) : 0;
		ask->idn = true;
		ask->nseen = 0;
		ask_all(ask);
	}
	return ask->found;
}

size_t ts_index_find(const ts_index_t *index, const ts_name_t *query, const ts_popular_t *popular,
	ts_match_t *matches, size_t max)
{
	struct asking ask;

	if (index->count == 0 || query->nlabels == 0 || max == 0)
		return 0;
	ask.index = index;
	ask.popular = popular;
	ask.matches = matches;
	ask.max = max;
	ask.found = 0;
	ask.nseen = 0;
	ask.idn = ask.rank_known = false;
	ask.explain = NULL;
	find(&ask, query);
	for (size_t i = 0; i < ask.found; i++)
		matches[i].target = index->targets[matches[i].target].position;
	return ask.found;
}

size_t ts_index_explain(const ts_index_t *index, const ts_name_t *query,
	const ts_popular_t *popular, const ts_match_t *match, char *buf, size_t size)
{
	ts_likeness_t l = {.odds = TS_ODDS_NEVER};
	struct asking ask = {.index = index, .popular = popular, .explain = &l};
	char meant[TS_NAME_TEXT_MAX];
	size_t at = 0;

	if (size == 0)
		return 0;
	while (ask.explain_target < index->count &&
		index->targets[ask.explain_target].position != match->target)
		ask.explain_target++;
	buf[0] = '\0';
	if (ask.explain_target == index->count)
		return 0;
	find(&ask, query);
	ts_name_to_text(index->targets[ask.explain_target].meant.wire, meant, sizeof(meant));
	for (int i = -1; i <= l.nterms; i++) {
		int n = 0;

		if (i < 0)
			n = snprintf(buf, size, "%s of %.200s", ts_class_get(match->class_id)->name,
				meant);
		else if (i < l.nterms)
			n = snprintf(buf + at, size - at, "%s %s (%+.2f)", i ? "," : ":",
				l.terms[i].words, l.terms[i].odds / 100.0);
		else
			n = snprintf(buf + at, size - at, "; odds %+.2f, score %.2f",
				l.odds / 100.0, match->score / 10000.0);
		if (n < 0 || (size_t)n >= size - at)
			return size - 1;
		at += (size_t)n;
	}
	return at;
}

/* ------------------------------------------------------------------------------------------------
 * Building
 */
struct source {
	const ts_target_t *target;
	uint32_t position;
};

/* Canonical order, so that nothing depends on the order of the policy; what is protected stands
 * before an equal name that is only known. */
static int compare_sources(const void *a, const void *b)
{
	const struct source *x = a, *y = b;
	int order = ts_name_compare(x->target->wire, y->target->wire);

	if (order)
		return order;
	if (x->target->known != y->target->known)
		return x->target->known - y->target->known;
	return x->position < y->position ? -1 : 1;
}

static int compare_suffixes(const void *a, const void *b)
{
	return ts_name_compare(((const struct suffix *)a)->wire, ((const struct suffix *)b)->wire);
}

static void collect_suffixes(ts_index_t *index)
{
	size_t n = 0;

	for (size_t i = 0; i < index->count; i++) {
		const ts_meant_t *m = &index->targets[i].meant;
		const uint8_t *wire = m->wire;

		if (m->known)
			continue;
		for (unsigned k = 0; k < m->suffix; k++)
			wire += 1 + *wire;
		index->suffixes[n++] = (struct suffix){wire, 0, (uint8_t)ts_name_wire_len(wire),
			(uint8_t)(m->nlabels - m->suffix)};
		index->suffix_labels |= UINT64_C(1) << (m->nlabels - m->suffix);
	}
	qsort(index->suffixes, n, sizeof(*index->suffixes), compare_suffixes);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || compare_suffixes(&index->suffixes[i], &index->suffixes[i - 1]) != 0)
			index->suffixes[index->nsuffixes++] = index->suffixes[i];
	for (size_t i = 0; i < index->count; i++) {
		const ts_meant_t *m = &index->targets[i].meant;
		struct suffix key = {.wire = m->wire}, *s;

		if (m->suffix || m->known)
			continue;
		s = bsearch(&key, index->suffixes, index->nsuffixes, sizeof(key), compare_suffixes);
		s->target = (uint32_t)i + 1;
	}
}

static void insert_all(ts_index_t *index)
{
	index->used = 0;
	for (size_t i = 0; i < index->count; i++)
		insert_target(index, (uint32_t)i);
	for (size_t i = 0; i < index->nsuffixes; i++)
		insert_suffix(index, (uint32_t)i);
}

/* Counts the protected neighbours of each target: one edit away in the label before the suffix. */
static void count_neighbours(ts_index_t *index)
{
	for (size_t t = 0; t < index->count; t++) {
		ts_meant_t *m = &index->targets[t].meant;
		const uint8_t *label = m->wire;
		uint32_t seen[KEY_MAX];
		unsigned nseen = 0;
		struct letters l;

		if (m->suffix == 0 || m->known)
			continue;
		for (unsigned i = 0; i + 1u < m->suffix; i++)
			label += 1 + *label;
		uint64_t context = hash_context(index, label + 1 + *label);
		sum_letters(index, label, &l);
		for (size_t i = 0; i <= l.n + 1; i++) {
			uint64_t key = i == l.n + 1 ? make_key(index, KIND_ALONE,
							      hash_letters(index, l.s, l.n), 0)
						    : make_key(index, KIND_LABEL,
							      i == l.n ? l.sum[l.n]
								       : without_one(index, &l, i),
							      context);
			uint32_t tag = tag_of(key);

			for (size_t k = place_of(key, index->nentries); index->entries[k].tag;
				k = k + 1 == index->nentries ? 0 : k + 1) {
				uint32_t o = index->entries[k].value;
				unsigned s = 0;

				if (index->entries[k].tag != tag || o >= index->count || o == t)
					continue;
				while (s < nseen && seen[s] != o)
					s++;
				if (s < nseen || nseen == KEY_MAX)
					continue;
				int near = ts_meant_neighbour(m, &index->targets[o].meant);
				if (near)
					seen[nseen++] = o;
				m->crowd = (uint8_t)(m->crowd + (near == 1));
				m->siblings = (uint8_t)(m->siblings + (near == 2));
			}
		}
	}
}

int ts_index_new(const ts_target_t *targets, size_t count, const ts_index_options_t *options,
	ts_index_t **out)
{
	ts_index_t *index = calloc(1, sizeof(*index));
	struct source *sources = calloc(count ? count : 1, sizeof(*sources));
	int err = TS_ENOMEM;

	if (!index || !sources)
		goto cleanup;
	init_hashes(index, options->seed);
	for (size_t i = 0; i < count; i++) {
		ts_name_t name;

		err = TS_EINVAL;
		if (ts_name_from_wire(&name, targets[i].wire, targets[i].len) || name.nlabels == 0)
			goto cleanup;
		sources[i] = (struct source){&targets[i], (uint32_t)i};
		index->pool_len += targets[i].len;
	}
	qsort(sources, count, sizeof(*sources), compare_sources);
	err = TS_ENOMEM;
	index->pool = malloc(index->pool_len + 1);
	index->targets = calloc(count + 1, sizeof(*index->targets));
	index->suffixes = calloc(count + 1, sizeof(*index->suffixes));
	if (!index->pool || !index->targets || !index->suffixes)
		goto cleanup;
	size_t at = 0;
	for (size_t i = 0; i < count; i++) {
		const ts_target_t *source = sources[i].target;
		ts_name_t name;

		if (i && ts_name_compare(source->wire, sources[i - 1].target->wire) == 0)
			continue;
		if (ts_name_from_wire(&name, source->wire, source->len))
			continue;
		struct target *t = &index->targets[index->count++];
		memcpy(index->pool + at, name.wire, name.len);
		ts_meant_init(&t->meant, index->pool + at, name.len, &name, source->classes,
			source->known);
		t->position = sources[i].position;
		t->threshold = source->threshold;
		at += name.len;
		index->classes |= t->meant.classes;
		if (name.nlabels > index->labels_max)
			index->labels_max = name.nlabels;
	}
	collect_suffixes(index);
	struct suffix *suffixes =
		realloc(index->suffixes, (index->nsuffixes + 1) * sizeof(*index->suffixes));
	if (suffixes)
		index->suffixes = suffixes;
	insert_all(index); /* counts */
	index->nentries = index->used + index->used / 2 + 64;
	index->nwords = index->used / 4 + 64; /* 16 bits an entry */
	index->filter = calloc(index->nwords, sizeof(*index->filter));
	index->entries = calloc(index->nentries, sizeof(*index->entries));
	if (!index->filter || !index->entries)
		goto cleanup;
	insert_all(index);
	count_neighbours(index);
	*out = index;
	index = NULL;
	err = TS_OK;
cleanup:
	free(sources);
	ts_index_free(index);
	return err;
}

void ts_index_free(ts_index_t *index)
{
	if (!index)
		return;
	free(index->pool);
	free(index->targets);
	free(index->suffixes);
	free(index->entries);
	free(index->filter);
	free(index);
}

size_t ts_index_memory(const ts_index_t *index)
{
	return sizeof(*index) + index->pool_len + index->count * sizeof(*index->targets) +
	       index->nsuffixes * sizeof(*index->suffixes) +
	       index->nentries * sizeof(*index->entries) + index->nwords * sizeof(*index->filter);
}
