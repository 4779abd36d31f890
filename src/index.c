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
#include <sys/mman.h>

#define KEY_MAX 32     /* targets that one key leads to */
#define SEEN_MAX 96    /* targets that one query is compared with */
#define RELATED_MAX 48 /* suffixes near the query's own */
#define SHORT_MAX 4    /* letters of a label that bears less than every error */
#define FILTER_BITS 12 /* of a filter, for each key */
#define HUGE_PAGE ((size_t)2 << 20)
#define LINE 64 /* octets of a cache line */
#define MARK_WORDS 4
#define TLD_WORDS (ts_suffix_tlds() / 64 + 1)

/* Kinds of keys, mixed into their hashes. */
enum kind {
	KIND_LABEL,   /* label, deletions; context */
	KIND_FLAT,    /* the whole name without dots and hyphens */
	KIND_FOLD,    /* what the label looks like; context */
	KIND_SOUND,   /* what it sounds like; context */
	KIND_ALONE,   /* the label before the suffix, whatever the suffix */
	KIND_CONTEXT, /* a context that targets have */
	KIND_WITHIN,  /* a context, or the end of one: in the filter only */
	KIND_SUFFIX,  /* a label of a suffix, deletions; context: the rest of it */
	KIND_IN_USE,  /* a public suffix that targets have */
	KIND_PLACE,   /* what stands around a label of a suffix: in the filter only */
	KIND_HALVES,  /* of what two deletions leave of a label; context: in the filter only */
	KIND_TLD,     /* a TLD that targets have, deletions: in the filter only */
	KINDS
};

struct target {
	ts_meant_t meant;
	uint32_t position;
	uint32_t letters; /* that stand before its suffix, see letters_of */
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
	uint64_t context;
};

/* Three bits of one word for a key: one cache line a question. */
struct filter {
	uint64_t *words;
	size_t n;
};

struct ts_index {
	struct target *targets;
	struct suffix *suffixes;
	struct entry *entries;
	struct filter labels; /* of KIND_LABEL: large, asked where the context is a target's */
	struct filter halves; /* of KIND_HALVES: rules most pairs of deletions out */
	struct filter names;  /* of all other kinds: small, asked for every name */
	/* Bit n: TLD n is, or is near, one that targets have; a target is below it. */
	uint64_t *near_tlds, *target_tlds;
	void *block; /* what these stand in */
	uint8_t *pool;
	size_t count, nsuffixes, nentries, pool_len, block_len;
	uint64_t letter[256]; /* the keyed coefficients */
	uint64_t power[TS_NAME_MAX + 1], inverse, inverse2, salt[KINDS];
	uint64_t suffix_labels;                         /* bit n: a target's suffix has n labels */
	uint64_t flats[MARK_WORDS], alones[MARK_WORDS]; /* marks of keys of these kinds */
	unsigned labels_max;                            /* of a target */
	uint16_t threshold;                             /* the lowest of any */
	ts_class_set_t classes;                         /* that any target has */
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

/* What a kind and a context add to the letters. */
static uint64_t make_salt(const ts_index_t *index, enum kind kind, uint64_t context)
{
	return (context << 23 | context >> 41) + index->salt[kind];
}

static inline uint64_t salted_key(uint64_t letters, uint64_t salt)
{
	uint64_t h = letters ^ salt;

	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static uint64_t make_key(
	const ts_index_t *index, enum kind kind, uint64_t letters, uint64_t context)
{
	return salted_key(letters, make_salt(index, kind, context));
}

/* A context grows to the left, label by label; the root's is 0. */
static uint64_t grow_context(uint64_t context, uint64_t letters, size_t n)
{
	return finish_hash(context * 0x9e3779b97f4a7c15u + letters + n);
}

static void set_bit(uint64_t *bits, unsigned n)
{
	bits[n / 64] |= UINT64_C(1) << n % 64;
}

static bool has_bit(const uint64_t *bits, unsigned n)
{
	return bits[n / 64] >> n % 64 & 1;
}

/* What says without a hash that most letters are no key's: the first of them and how many. */
static unsigned mark_of(uint8_t first, size_t letters)
{
	return (first & 31u) << 3 | (letters & 7);
}

/* A label as it is, and without its hyphens as a part of a name written without dots. */
static uint64_t hash_label(const ts_index_t *index, const uint8_t *label, uint64_t *flat, size_t *n)
{
	uint64_t h = 0;
	bool hyphen = false;

	for (size_t i = 0; i < *label; i++) {
		h += index->letter[label[1 + i]] * index->power[i];
		hyphen |= label[1 + i] == '-';
	}
	*flat = h;
	*n = *label;
	if (hyphen) {
		*flat = 0;
		*n = 0;
		for (size_t i = 0; i < *label; i++)
			if (label[1 + i] != '-')
				*flat += index->letter[label[1 + i]] * index->power[(*n)++];
	}
	return h;
}

/* What is known of the end of a name, from a label on. */
struct end {
	uint64_t letters; /* of that label alone */
	uint64_t context; /* of the name from it on */
	uint64_t flat;    /* of the name from it on, without dots and hyphens; */
	uint64_t bare;    /* and without its TLD */
};

/* Puts a label before an end. */
static void grow_end(const ts_index_t *index, const uint8_t *label, const struct end *right,
	bool tld, struct end *out)
{
	uint64_t flat;
	size_t n;

	out->letters = hash_label(index, label, &flat, &n);
	out->context = grow_context(right->context, out->letters, *label);
	out->flat = flat + index->power[n] * right->flat;
	out->bare = tld ? 0 : flat + index->power[n] * right->bare;
}

/* The ends of a name in wire format, label by label from the left; *ends for the root, too. */
static unsigned hash_ends(const ts_index_t *index, const uint8_t *wire, struct end *ends)
{
	unsigned n = ts_name_wire_labels(wire);
	const uint8_t *labels[TS_LABELS_MAX];

	for (unsigned i = 0; i < n; i++, wire += 1 + *wire)
		labels[i] = wire;
	ends[n] = (struct end){0};
	for (unsigned i = n; i-- > 0;)
		grow_end(index, labels[i], &ends[i + 1], i + 1 == n, &ends[i]);
	return n;
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

/* A bit for each letter of a label, one for all else. */
static uint32_t letters_of(const uint8_t *label)
{
	uint32_t bits = 0;

	for (unsigned i = 1; i <= *label; i++)
		bits |= UINT32_C(1) << (label[i] >= 'a' && label[i] <= 'z' ? label[i] - 'a' : 26);
	return bits;
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

static inline uint64_t filter_bits(uint64_t key)
{
	static const uint64_t three[8] = {0x0000020000000401, 0x0000000100080001,
		0x0004000000010001, 0x0000400002000001, 0x0000001000004001, 0x0200000000100001,
		0x0010000000800001, 0x0000008000000021};
	unsigned turn = key >> 8 & 63;
	uint64_t bits = three[key >> 14 & 7];

	return bits << turn | bits >> (-turn & 63);
}

static inline bool may_have(const struct filter *filter, uint64_t key)
{
	uint64_t bits = filter_bits(key);

	return (filter->words[place_of(key, filter->n)] & bits) == bits;
}

static void add_to_filter(struct filter *filter, uint64_t key)
{
	filter->words[place_of(key, filter->n)] |= filter_bits(key);
}

static void insert(ts_index_t *index, struct filter *filter, uint64_t key, uint32_t value)
{
	uint32_t tag = tag_of(key);
	unsigned same = 0;
	size_t i = place_of(key, index->nentries);

	for (; index->entries[i].tag; i = i + 1 == index->nentries ? 0 : i + 1) {
		if (index->entries[i].tag != tag)
			continue;
		if (index->entries[i].value == value || ++same == KEY_MAX)
			return;
	}
	index->entries[i] = (struct entry){tag, value};
	add_to_filter(filter, key);
}

/* Many keys of one value: what they touch is fetched while the others are worked out. */
struct batch {
	size_t n;
	uint64_t keys[1 + TS_LABEL_MAX + TS_TWO_EDITS_MAX * TS_TWO_EDITS_MAX / 2];
};

static void gather(ts_index_t *index, const struct filter *filter, struct batch *b, uint64_t key)
{
	__builtin_prefetch(&index->entries[place_of(key, index->nentries)], 1);
	__builtin_prefetch(&filter->words[place_of(key, filter->n)], 1);
	b->keys[b->n++] = key;
}

static void insert_batch(
	ts_index_t *index, struct filter *filter, const struct batch *b, uint32_t value)
{
	for (size_t i = 0; i < b->n; i++)
		insert(index, filter, b->keys[i], value);
}

/* Two errors are looked for in labels of this length. */
static bool bears_two(size_t n)
{
	return n >= TS_TWO_EDITS_MIN && n <= TS_TWO_EDITS_MAX;
}

/*
 * Halves. What is left of a label of n letters when two are deleted has m = n - 2 letters, and two
 * halves: the first h = m / 2 and the others. A query with as many letters left can only meet a
 * target one of whose halves, after 0, 1 or 2 deletions, is equal: a filter of halves rules most of
 * the pairs of deletions out at the cost of n questions instead of n * n / 2. Left and right halves
 * are hashed where they stand in what is left.
 */
static uint64_t half_salt(uint64_t salt, size_t m, bool right)
{
	return salt + (2 * m + right) * 0x9e3779b97f4a7c15u;
}

static void insert_half(ts_index_t *index, uint64_t letters, uint64_t salt)
{
	add_to_filter(&index->halves, salted_key(letters, salt));
}

/* All halves of a target's label that are left after up to `most` deletions, two at most. */
static void insert_halves(ts_index_t *index, const struct letters *l, uint64_t context, size_t most)
{
	const uint64_t base = make_salt(index, KIND_HALVES, context), *sum = l->sum;
	const uint64_t in = index->inverse, in2 = index->inverse2;
	const size_t n = l->n;

	for (size_t gone = 0; gone <= most && gone < n; gone++) {
		size_t m = n - gone, h = m / 2;
		uint64_t left = half_salt(base, m, false), right = half_salt(base, m, true);

		/* None of them in the left half, or all of them. */
		insert_half(index, sum[h], left);
		insert_half(index,
			(sum[n] - sum[h + gone]) * (gone == 2     ? in2
							   : gone ? in
								  : 1),
			right);
		if (gone == 0)
			continue;
		for (size_t i = gone - 1; i <= h; i++) /* one in the left */
			insert_half(index, sum[i] + (sum[h + 1] - sum[i + 1]) * in, left);
		for (size_t j = h + gone - 1; j < n; j++) /* one in the right */
			insert_half(index,
				gone == 1
					? sum[j] - sum[h] + (sum[n] - sum[j + 1]) * in
					: (sum[j] - sum[h + 1]) * in + (sum[n] - sum[j + 1]) * in2,
				right);
		if (gone == 1)
			continue;
		for (size_t i = 1; i <= h; i++) /* two in the left */
			for (size_t j = i + 1; j <= h + 1; j++)
				insert_half(index,
					sum[i] + (sum[j] - sum[i + 1]) * in +
						(sum[h + 2] - sum[j + 1]) * in2,
					left);
		for (size_t i = h; i < n; i++) /* two in the right */
			for (size_t j = i + 1; j < n; j++)
				insert_half(index,
					sum[i] - sum[h] + (sum[j] - sum[i + 1]) * in +
						(sum[n] - sum[j + 1]) * in2,
					right);
	}
}

static void insert_label(
	ts_index_t *index, const uint8_t *label, uint64_t context, uint32_t value, bool two)
{
	uint64_t salt = make_salt(index, KIND_LABEL, context);
	struct batch b;
	struct letters l;

	b.n = 0;
	sum_letters(index, label, &l);
	gather(index, &index->labels, &b, salted_key(l.sum[l.n], salt));
	for (size_t i = 0; i < l.n; i++) {
		if (i > 1 && l.s[i] == l.s[i - 1]) /* the same as without that one */
			continue;
		gather(index, &index->labels, &b, salted_key(without_one(index, &l, i), salt));
		/* Two errors leave the first letter alone. */
		for (size_t j = i + 1; two && i && j < l.n; j++)
			gather(index, &index->labels, &b,
				salted_key(without_two(index, &l, i, j), salt));
	}
	insert_batch(index, &index->labels, &b, value);
	insert_halves(index, &l, context, two ? 2 : 1);
}

static bool wants_two(const ts_meant_t *m, size_t letters)
{
	return m->classes & TS_CLASS_BIT(TS_CLASS_TWO_EDITS) && bears_two(letters);
}

/* Of a whole name without dots and hyphens. */
static unsigned flat_mark(const uint8_t *wire)
{
	uint8_t first = 0;
	size_t n = 0;

	for (; *wire; wire += 1 + *wire)
		for (size_t i = 1; i <= *wire; i++)
			if (wire[i] != '-' && n++ == 0)
				first = wire[i];
	return mark_of(first, n);
}

static void insert_target(ts_index_t *index, uint32_t t)
{
	const ts_meant_t *m = &index->targets[t].meant;
	const uint8_t *label = m->wire;
	struct end ends[TS_LABELS_MAX + 1];
	uint8_t look[TS_LABEL_MAX];

	hash_ends(index, m->wire, ends);
	if (m->suffix) {
		insert(index, &index->names, make_key(index, KIND_FLAT, ends[0].flat, 0), t);
		set_bit(index->flats, flat_mark(m->wire));
	}
	if (m->known)
		return;
	for (unsigned i = 1; m->suffix && i < m->nlabels; i++)
		add_to_filter(&index->names, make_key(index, KIND_WITHIN, ends[i].context, 0));
	for (unsigned i = 0; i < m->suffix; i++, label += 1 + *label) {
		uint64_t context = ends[i + 1].context;

		insert_label(index, label, context, t, wants_two(m, *label));
		add_to_filter(&index->names, make_key(index, KIND_CONTEXT, context, 0));
		if (m->classes & TS_CLASS_BIT(TS_CLASS_LOOK_ALIKE)) {
			size_t n = ts_label_fold(label + 1, *label, look);
			insert(index, &index->labels,
				make_key(index, KIND_FOLD, hash_letters(index, look, n), context),
				t);
		}
		if (m->classes & TS_CLASS_BIT(TS_CLASS_SOUNDSQUAT)) {
			size_t n = ts_label_sound(label + 1, *label, look);
			insert(index, &index->labels,
				make_key(index, KIND_SOUND, hash_letters(index, look, n), context),
				t);
		}
		/* Nobody takes a closed TLD for another: most names that share a label end here. */
		if (i + 1u == m->suffix &&
			(!m->closed || m->classes & TS_CLASS_BIT(TS_CLASS_COMBOSQUAT))) {
			insert(index, &index->names,
				make_key(index, KIND_ALONE, ends[i].letters, 0), t);
			set_bit(index->alones, mark_of(label[1], *label));
		}
	}
}

/* How many keys that is, at most: those of labels, and others. */
static void count_target(
	const ts_index_t *index, uint32_t t, size_t *labels, size_t *halves, size_t *names)
{
	const ts_meant_t *m = &index->targets[t].meant;
	const uint8_t *label = m->wire;

	*names += 1;
	for (unsigned i = 0; i < m->suffix && !m->known; i++, label += 1 + *label) {
		size_t n = *label;

		*labels += 3 + n + (wants_two(m, n) ? (n - 1) * (n - 2) / 2 : 0);
		*halves += 3 * n + (wants_two(m, n) ? n + (n - 1) * (n - 2) / 4 : 0);
		*names += 2;
	}
	*names += m->nlabels;
}

static const uint8_t *label_of_tld(const uint8_t *wire)
{
	while (wire[1 + *wire])
		wire += 1 + *wire;
	return wire;
}

static void insert_suffix(ts_index_t *index, uint32_t s)
{
	const struct suffix *suffix = &index->suffixes[s];
	const uint8_t *label = suffix->wire;
	struct end ends[TS_LABELS_MAX + 1];
	uint64_t before = 0;
	struct letters l;
	unsigned n = hash_ends(index, label, ends);

	insert(index, &index->names, make_key(index, KIND_IN_USE, ends[0].context, 0), s);
	for (unsigned at = 0; at < n; at++, label += 1 + *label) {
		uint64_t context = ends[at + 1].context + before;

		add_to_filter(&index->names, make_key(index, KIND_PLACE, context, 0));
		sum_letters(index, label, &l);
		insert(index, &index->names, make_key(index, KIND_SUFFIX, l.sum[l.n], context), s);
		for (size_t i = 0; i < l.n; i++) {
			insert(index, &index->names,
				make_key(index, KIND_SUFFIX, without_one(index, &l, i), context),
				s);
			for (size_t j = i + 1; l.n <= TS_TWO_EDITS_MAX && j < l.n; j++)
				insert(index, &index->names,
					make_key(index, KIND_SUFFIX, without_two(index, &l, i, j),
						context),
					s);
		}
		before = finish_hash(before + l.sum[l.n] + 1);
	}
	/* The TLD again, by which TLDs that are near none are sorted out. */
	sum_letters(index, label_of_tld(suffix->wire), &l);
	add_to_filter(&index->names, make_key(index, KIND_TLD, l.sum[l.n], 0));
	for (size_t i = 0; i < l.n; i++)
		add_to_filter(
			&index->names, make_key(index, KIND_TLD, without_one(index, &l, i), 0));
}

static void count_suffix(const ts_index_t *index, uint32_t s, size_t *names)
{
	const uint8_t *label = index->suffixes[s].wire;

	*names += 2 + TS_LABEL_MAX;
	for (; *label; label += 1 + *label)
		*names +=
			1 + *label + (*label <= TS_TWO_EDITS_MAX ? *label * (*label - 1u) / 2 : 0);
}

/* Most queries end in a TLD near which no target is, and below which none is: bits say so. */
static void find_tlds(ts_index_t *index)
{
	struct end ends[TS_LABELS_MAX + 1];
	const uint8_t *wire;
	struct letters l;
	uint32_t at = 0;

	while ((wire = ts_suffix_next(&at)) != NULL) {
		unsigned tld = at - 1;
		bool near;

		if (wire[1 + *wire])
			continue;
		sum_letters(index, wire, &l);
		near = may_have(&index->names, make_key(index, KIND_TLD, l.sum[l.n], 0));
		for (size_t i = 0; i < l.n && !near; i++)
			near = may_have(&index->names,
				make_key(index, KIND_TLD, without_one(index, &l, i), 0));
		if (near)
			set_bit(index->near_tlds, tld);
		hash_ends(index, wire, ends);
		if (may_have(&index->names, make_key(index, KIND_WITHIN, ends[0].context, 0)))
			set_bit(index->target_tlds, tld);
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
	struct end *ends;   /* of the typed name's labels, from its end on: only as far as wanted */
	unsigned first_end; /* of them; that of the root is always there */
	bool idn;           /* the name is what an internationalised one looks like */
	bool rank_known;    /* typed.popularity is */
	bool use_known;     /* typed.suffix_in_use is */
	uint32_t letters;   /* that whom to judge must have, see letters_of */
	unsigned nseen;
	uint32_t seen[SEEN_MAX];
	ts_likeness_t *explain; /* where the account of explain_target goes, not NULL: only that */
	uint32_t explain_target;
};

/* Exactly: the filter alone may be wrong, and a verdict must not hang on the key of a hash. */
static bool in_use(const ts_index_t *index, const uint8_t *wire, size_t len)
{
	struct end ends[TS_LABELS_MAX + 1];
	uint64_t key;

	hash_ends(index, wire, ends);
	key = make_key(index, KIND_IN_USE, ends[0].context, 0);

	if (!may_have(&index->names, key))
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

/* The order of ts_index_find. */
static bool better(const struct asking *ask, const ts_match_t *a, const ts_match_t *b)
{
	const ts_meant_t *x = &ask->index->targets[a->target].meant;
	const ts_meant_t *y = &ask->index->targets[b->target].meant;

	if ((a->class_id == TS_CLASS_TWO_EDITS) != (b->class_id == TS_CLASS_TWO_EDITS))
		return b->class_id == TS_CLASS_TWO_EDITS;
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
	if (!ask->use_known) {
		unsigned at = ask->typed.suffix;

		ask->use_known = true;
		ask->typed.suffix_in_use =
			in_use(ask->index, ts_name_suffix(name, at), ts_name_suffix_len(name, at));
	}
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

/* Everything that stands under a key that a filter has. */
static void judge_key(struct asking *ask, uint64_t key)
{
	const ts_index_t *index = ask->index;
	uint32_t tag = tag_of(key);

	for (size_t i = place_of(key, index->nentries); index->entries[i].tag;
		i = i + 1 == index->nentries ? 0 : i + 1)
		if (index->entries[i].tag == tag && index->entries[i].value < index->count &&
			!(ask->letters & ~index->targets[index->entries[i].value].letters))
			judge(ask, index->entries[i].value);
}

static inline void ask_name(struct asking *ask, enum kind kind, uint64_t letters)
{
	uint64_t key = make_key(ask->index, kind, letters, 0);

	if (may_have(&ask->index->names, key))
		judge_key(ask, key);
}

static inline void ask_salted(struct asking *ask, uint64_t letters, uint64_t salt)
{
	uint64_t key = salted_key(letters, salt);

	if (may_have(&ask->index->labels, key))
		judge_key(ask, key);
}

static bool has_half(const ts_index_t *index, uint64_t letters, uint64_t salt)
{
	return may_have(&index->halves, salted_key(letters, salt));
}

/* Letters of a label from which on a half of it is worth a question. */
#define HALVES_MIN 8

/* Where a letter is typed twice or more, without one of them is without any other of them. */
static void ask_one_edit(
	struct asking *ask, const struct letters *l, uint64_t salt, uint64_t context)
{
	const ts_index_t *index = ask->index;
	const uint64_t *sum = l->sum;
	size_t n = l->n, from = 0, end = n;

	ask_salted(ask, sum[n], salt);
	if (n >= HALVES_MIN) {
		const uint64_t base = make_salt(index, KIND_HALVES, context);
		size_t m = n - 1, h = m / 2;

		/* A deletion leaves the left half as it is, or the right one. */
		if (!has_half(index, sum[h], half_salt(base, m, false)))
			end = h + 1;
		if (!has_half(index, (sum[n] - sum[h + 1]) * index->inverse,
			    half_salt(base, m, true)))
			from = h + 1;
	}
	for (size_t i = from; i < end; i++)
		if (i == from || l->s[i] != l->s[i - 1])
			ask_salted(ask, without_one(index, l, i), salt);
}

/* Pairs of deletions, the first at i: the second from j on, before end. */
static void ask_pairs(
	struct asking *ask, const struct letters *l, uint64_t salt, size_t i, size_t j, size_t end)
{
	const uint64_t in = ask->index->inverse, in2 = ask->index->inverse2;
	const uint64_t left = l->sum[i] - l->sum[i + 1] * in, all = l->sum[l->n];

	/* without_two, with what does not change taken out of the loop */
	for (; j < end; j++)
		ask_salted(ask, left + l->sum[j] * in + (all - l->sum[j + 1]) * in2, salt);
}

static void ask_two_edits(struct asking *ask, const uint8_t *label, uint64_t context)
{
	const ts_index_t *index = ask->index;
	const uint64_t salt = make_salt(index, KIND_LABEL, context);
	const uint64_t base = make_salt(index, KIND_HALVES, context);
	const size_t n = *label, m = n - 2, h = m / 2;
	struct letters letters, *l = &letters;
	const uint64_t *sum = letters.sum;
	const uint64_t left = half_salt(base, m, false), right = half_salt(base, m, true);

	sum_letters(index, label, &letters);
	/* likeness.c: in a short label two errors bring no other letter. */
	ask->letters = n < TS_TWO_EDITS_EASY ? letters_of(label) : 0;
	bool left_whole = has_half(index, sum[h], left);
	bool right_whole = has_half(index, (sum[n] - sum[h + 2]) * index->inverse2, right);
	uint64_t lefts = 0, rights = 0; /* bit i: without i the half is one */

	for (size_t i = 1; i < h; i++)
		if (has_half(index, sum[i] + (sum[h + 1] - sum[i + 1]) * index->inverse, left))
			lefts |= UINT64_C(1) << i;
	for (size_t j = h + 2; lefts && j < n; j++)
		if (has_half(index,
			    (sum[j] - sum[h + 1]) * index->inverse +
				    (sum[n] - sum[j + 1]) * index->inverse2,
			    right))
			rights |= UINT64_C(1) << j;
	if (!left_whole && !right_whole && !rights)
		return;
	for (size_t i = 1; i < n; i++) {
		if (i > 1 && l->s[i] == l->s[i - 1])
			continue;
		if (i >= h) {
			if (left_whole)
				ask_pairs(ask, l, salt, i, i + 1, n);
			continue;
		}
		if (right_whole)
			ask_pairs(ask, l, salt, i, i + 1, h + 2);
		if (!(lefts >> i & 1))
			continue;
		for (uint64_t bits = rights; bits; bits &= bits - 1) {
			size_t j = (size_t)__builtin_ctzll(bits);
			ask_pairs(ask, l, salt, i, j, j + 1);
		}
	}
}

static const struct end *end_at(struct asking *ask, unsigned label)
{
	const ts_name_t *name = ask->typed.name;

	while (ask->first_end > label) {
		unsigned i = --ask->first_end;
		grow_end(ask->index, ts_name_suffix(name, i), &ask->ends[i + 1],
			i + 1u == name->nlabels, &ask->ends[i]);
	}
	return &ask->ends[label];
}

/* Is such an error in a label of that many letters, meant, enough for any target? */
static bool bears(const struct asking *ask, enum ts_error error, size_t meant)
{
	const ts_name_t *name = ask->typed.name;

	if (meant > SHORT_MAX)
		return true;
	int odds = ts_odds_most(
		error, meant, ts_name_suffix(name, name->nlabels - 1u), ask->popular != NULL);
	return ts_odds_to_score(odds) >= ask->index->threshold;
}

/* Short names have many others about them that are no typos: of one edit, only that is looked for
 * which they bear. */
static void ask_short(struct asking *ask, const struct letters *l, uint64_t salt, uint64_t context)
{
	const ts_index_t *index = ask->index;

	if (bears(ask, TS_ERROR_OTHER, l->n) || bears(ask, TS_ERROR_ADDED, l->n - 1)) {
		ask_one_edit(ask, l, salt, context);
		return;
	}
	if (bears(ask, TS_ERROR_MISSING, l->n + 1))
		ask_salted(ask, l->sum[l->n], salt);
	for (size_t i = 0; i + 1 < l->n && bears(ask, TS_ERROR_SWAPPED, l->n); i++) {
		uint64_t here = index->letter[l->s[i]], next = index->letter[l->s[i + 1]];
		uint64_t swap = (next - here) * (index->power[i] - index->power[i + 1]);

		if (swap)
			ask_salted(ask, l->sum[l->n] + swap, salt);
	}
}

/* A label whose right-hand side is a target's. */
static void ask_label(struct asking *ask, const uint8_t *label, uint64_t context)
{
	const ts_index_t *index = ask->index;
	const ts_name_t *name = ask->typed.name;
	uint64_t salt = make_salt(index, KIND_LABEL, context);
	bool closed = ts_tld_closed(ts_name_suffix(name, name->nlabels - 1u));
	uint8_t look[TS_LABEL_MAX];
	struct letters l;

	if (*label < 2) /* likeness.c: no typo of anything */
		return;
	sum_letters(index, label, &l);
	if (l.n <= SHORT_MAX)
		ask_short(ask, &l, salt, context);
	else
		ask_one_edit(ask, &l, salt, context);
	if (index->classes & TS_CLASS_BIT(TS_CLASS_LOOK_ALIKE)) {
		size_t n = ts_label_fold(label + 1, *label, look);
		ask_salted(ask, hash_letters(index, look, n), make_salt(index, KIND_FOLD, context));
	}
	if (index->classes & TS_CLASS_BIT(TS_CLASS_SOUNDSQUAT)) {
		size_t n = ts_label_sound(label + 1, *label, look);
		ask_salted(
			ask, hash_letters(index, look, n), make_salt(index, KIND_SOUND, context));
	}
	/* A dot left out behind a host's name: what is left is the label. */
	unsigned host = ts_host_prefix(label + 1, *label);
	unsigned guessed = closed ? 4 : 0; /* likeness.c: only there any other host */
	uint64_t shift = index->inverse;
	for (unsigned keep = 1; keep < l.n && (keep <= guessed || keep <= host); keep++) {
		if (keep == host || (keep <= guessed && l.n >= keep + 4))
			ask_salted(ask, (l.sum[l.n] - l.sum[keep]) * shift, salt);
		shift *= index->inverse;
	}
}

/* Suffixes of targets that are near what stands at label `at`; a target that is one is asked. */
static unsigned find_related(struct asking *ask, unsigned at, uint32_t *related)
{
	const ts_index_t *index = ask->index;
	const uint8_t *label = ts_name_suffix(ask->typed.name, at);
	uint64_t before = 0;
	unsigned n = 0;

	for (; *label; label += 1 + *label) {
		uint64_t context = end_at(ask, ++at)->context + before;
		bool two = !ask->typed.delegated && *label <= TS_TWO_EDITS_MAX;
		bool there = may_have(&index->names, make_key(index, KIND_PLACE, context, 0));
		struct letters l;

		before = finish_hash(before + end_at(ask, at - 1)->letters + 1);
		if (!there)
			continue;
		sum_letters(index, label, &l);
		for (size_t i = 0; i <= l.n; i++) {
			/* i == l.n: nothing is left out; j == i + 1: one letter; else i and j - 1.
			 */
			size_t last = two && i < l.n ? l.n : i + 1;

			for (size_t j = i + 1; j <= last; j++) {
				uint64_t h = i == l.n     ? l.sum[l.n]
					     : j == i + 1 ? without_one(index, &l, i)
							  : without_two(index, &l, i, j - 1);
				uint64_t key = make_key(index, KIND_SUFFIX, h, context);
				uint32_t tag = tag_of(key);

				if (!may_have(&index->names, key))
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
	}
	return n;
}

static void ask_suffixes(struct asking *ask, unsigned labels)
{
	const ts_index_t *index = ask->index;
	const ts_name_t *name = ask->typed.name;
	unsigned at = name->nlabels - labels, n;
	uint32_t related[RELATED_MAX];
	bool summed = false;
	struct letters l;

	n = find_related(ask, at, related);
	for (unsigned i = 0; i < n; i++) {
		const struct suffix *s = &index->suffixes[related[i]];

		if (s->target)
			judge(ask, s->target - 1);
		if (at == 0 || s->nlabels != labels)
			continue;
		/* Behind the suffix that it is anyway, the label is asked already. */
		if (s->context == end_at(ask, at)->context)
			continue;
		uint64_t salt = make_salt(index, KIND_LABEL, s->context);

		if (!summed)
			sum_letters(index, ts_name_suffix(name, at - 1), &l);
		summed = true;
		ask_salted(ask, l.sum[l.n], salt);
		/* likeness.c says why a delegated two-letter code bears no second error. */
		if (index->classes & TS_CLASS_BIT(TS_CLASS_TWO_LABELS) &&
			!(ask->typed.delegated && s->len == 4))
			ask_one_edit(ask, &l, salt, s->context);
	}
}

static void ask_alone(struct asking *ask, const uint8_t *s, size_t n)
{
	if (has_bit(ask->index->alones, mark_of(*s, n)))
		ask_name(ask, KIND_ALONE, hash_letters(ask->index, s, n));
}

/* What stands before a hyphen, and behind it. */
static void ask_parts(struct asking *ask, const uint8_t *label)
{
	for (unsigned i = 1; i < *label; i++) {
		if (label[1 + i] != '-')
			continue;
		ask_alone(ask, label + 1, i);
		ask_alone(ask, label + 2 + i, *label - 1u - i);
	}
}

/* What a set of TLDs says of the typed name's; of one that is not delegated it says nothing. */
static bool may_be_in(const struct asking *ask, const uint64_t *tlds)
{
	int tld = ask->typed.tld;

	return tld < 0 || has_bit(tlds, (unsigned)tld);
}

/* The flat name without its TLD. */
static uint64_t bare_at(struct asking *ask, unsigned label)
{
	uint64_t flat;
	size_t n;

	if (label + 2u < ask->typed.name->nlabels || label >= ask->first_end)
		return end_at(ask, label)->bare;
	/* It is one label, and nothing may be known, or wanted, of what is right of it. */
	(void)hash_label(ask->index, ts_name_suffix(ask->typed.name, label), &flat, &n);
	return flat;
}

/* Does a target's label (KIND_CONTEXT), or something left of which one does (KIND_WITHIN), stand
 * before what the typed name ends in, from this label on? */
static bool is_context(struct asking *ask, enum kind kind, unsigned label)
{
	return may_have(
		&ask->index->names, make_key(ask->index, kind, end_at(ask, label)->context, 0));
}

/* Is the name from this label on worth a question without its dots and hyphens? letters: of it,
 * where no hyphen is in the name. */
static inline bool may_be_flat(const struct asking *ask, const uint8_t *label, size_t letters)
{
	return !ask->typed.name->plain || has_bit(ask->index->flats, mark_of(label[1], letters));
}

static void ask_all(struct asking *ask)
{
	const ts_index_t *index = ask->index;
	const ts_name_t *name = ask->typed.name;
	unsigned n = name->nlabels, levels = index->labels_max + 1;
	unsigned before_suffix = ask->typed.suffix - 1u; /* the label; none: no label's number */
	struct end ends[TS_LABELS_MAX + 1];
	bool near = may_be_in(ask, index->near_tlds), within = may_be_in(ask, index->target_tlds);
	size_t letters = 0, tld_letters = *ts_name_suffix(name, n - 1);
	uint8_t twos[TS_LABELS_MAX];
	unsigned ntwos = 0;

	if (levels > n)
		levels = n;
	ask->ends = ends;
	ask->first_end = n;
	ends[n] = (struct end){0};
	ask->use_known = false;
	for (unsigned k = 1; k <= levels; k++) {
		unsigned i = n - k;
		const uint8_t *label = ts_name_suffix(name, i);

		letters += *label;
		within = within && (k == 1 || is_context(ask, KIND_WITHIN, i + 1));
		/* Right below the root stands nobody's label but a suffix. */
		if (within && k > 1 && is_context(ask, KIND_CONTEXT, i + 1)) {
			ask_label(ask, label, end_at(ask, i + 1)->context);
			if (*label + 1 >= TS_TWO_EDITS_MIN && *label <= TS_TWO_EDITS_MAX)
				twos[ntwos++] = (uint8_t)i;
		}
		if (may_be_flat(ask, label, letters))
			ask_name(ask, KIND_FLAT, end_at(ask, i)->flat);
		/* A TLD appended: the name without it. */
		if ((k >= 3 || (k == 2 && n > 2)) && may_be_flat(ask, label, letters - tld_letters))
			ask_name(ask, KIND_FLAT, bare_at(ask, i));
		if (!name->plain && index->classes & TS_CLASS_BIT(TS_CLASS_COMBOSQUAT) &&
			i == before_suffix)
			ask_parts(ask, label);
		if (near && index->suffix_labels >> k & 1)
			ask_suffixes(ask, k);
		if (i == before_suffix || index->suffix_labels >> (k - 1) & 1)
			ask_alone(ask, label + 1, *label);
	}
	/* One label more than any target: the whole name may still be one with a TLD appended. */
	if (levels < n) {
		unsigned i = n - levels - 1;
		const uint8_t *label = ts_name_suffix(name, i);

		if (may_be_flat(ask, label, letters + *label - tld_letters))
			ask_name(ask, KIND_FLAT, bare_at(ask, i));
	}
	/* Where one error explains a name two are not looked for. */
	bool one = ask->found && ask->matches[0].class_id != TS_CLASS_TWO_EDITS;
	if (!one && index->classes & TS_CLASS_BIT(TS_CLASS_TWO_EDITS))
		for (unsigned i = 0; i < ntwos; i++)
			ask_two_edits(ask, ts_name_suffix(name, twos[i]),
				end_at(ask, twos[i] + 1u)->context);
	ask->letters = 0;
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
	while (ask->found && ask->matches[0].class_id != TS_CLASS_TWO_EDITS &&
		ask->matches[ask->found - 1].class_id == TS_CLASS_TWO_EDITS)
		ask->found--;
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
	ask.letters = 0;
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
		index->suffixes[n++] = (struct suffix){.wire = wire,
			.len = (uint8_t)ts_name_wire_len(wire),
			.nlabels = (uint8_t)(m->nlabels - m->suffix)};
		index->suffix_labels |= UINT64_C(1) << (m->nlabels - m->suffix);
	}
	qsort(index->suffixes, n, sizeof(*index->suffixes), compare_suffixes);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || compare_suffixes(&index->suffixes[i], &index->suffixes[i - 1]) != 0)
			index->suffixes[index->nsuffixes++] = index->suffixes[i];
	for (size_t i = 0; i < index->nsuffixes; i++) {
		struct end ends[TS_LABELS_MAX + 1];

		hash_ends(index, index->suffixes[i].wire, ends);
		index->suffixes[i].context = ends[0].context;
	}
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
		struct end ends[TS_LABELS_MAX + 1];
		struct letters l;

		if (m->suffix == 0 || m->known)
			continue;
		for (unsigned i = 0; i + 1u < m->suffix; i++)
			label += 1 + *label;
		hash_ends(index, label + 1 + *label, ends);
		uint64_t salt = make_salt(index, KIND_LABEL, ends[0].context);
		sum_letters(index, label, &l);
		for (size_t i = 0; i <= l.n + 1; i++) {
			uint64_t key = i == l.n + 1
					       ? make_key(index, KIND_ALONE, l.sum[l.n], 0)
					       : salted_key(i == l.n ? l.sum[l.n]
								     : without_one(index, &l, i),
							 salt);
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

static size_t filter_words(size_t keys)
{
	return keys * FILTER_BITS / 64 + 64;
}

/*
 * All that is asked at random lies in one block, in pages as large as there are: a question is then
 * a wait for its line alone, not for the tables of small pages as well, and a block of such pages
 * is there ten times sooner. What every name is asked for stands first.
 */
static int lay_out(ts_index_t *index, size_t labels, size_t halves, size_t names)
{
	size_t words[3] = {filter_words(names), filter_words(halves), filter_words(labels)};
	size_t nentries = (labels + names) / 3 * 4 + 64;
	size_t size = (2 * TLD_WORDS + words[0] + words[1] + words[2]) * sizeof(uint64_t) +
		      nentries * sizeof(struct entry);
	size_t align = size >= HUGE_PAGE ? HUGE_PAGE : LINE;
	uint64_t *at;

	size = (size + align - 1) / align * align;
	at = aligned_alloc(align, size);
	if (!at)
		return TS_ENOMEM;
#ifdef MADV_HUGEPAGE
	if (align == HUGE_PAGE)
		(void)madvise(at, size, MADV_HUGEPAGE); /* advice: it may be refused */
#endif
	memset(at, 0, size);
	index->block = at;
	index->block_len = size;
	index->names = (struct filter){at, words[0]};
	at += words[0];
	index->near_tlds = at;
	at += TLD_WORDS;
	index->target_tlds = at;
	at += TLD_WORDS;
	index->halves = (struct filter){at, words[1]};
	at += words[1];
	index->labels = (struct filter){at, words[2]};
	at += words[2];
	index->entries = (struct entry *)at;
	index->nentries = nentries;
	return TS_OK;
}

int ts_index_new(const ts_target_t *targets, size_t count, const ts_index_options_t *options,
	ts_index_t **out)
{
	ts_index_t *index = calloc(1, sizeof(*index));
	struct source *sources = calloc(count ? count : 1, sizeof(*sources));
	int err = TS_ENOMEM;

	if (!index || !sources)
		goto cleanup;
	index->threshold = UINT16_MAX;
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
		for (unsigned k = 0; k < t->meant.suffix; k++)
			t->letters |= letters_of(ts_name_suffix(&name, k));
		if (t->threshold < index->threshold)
			index->threshold = t->threshold;
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
	size_t labels = 0, halves = 0, names = 0;
	for (size_t i = 0; i < index->count; i++)
		count_target(index, (uint32_t)i, &labels, &halves, &names);
	for (size_t i = 0; i < index->nsuffixes; i++)
		count_suffix(index, (uint32_t)i, &names);
	if (lay_out(index, labels, halves, names) != TS_OK)
		goto cleanup;
	insert_all(index);
	find_tlds(index);
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
	free(index->block);
	free(index);
}

size_t ts_index_memory(const ts_index_t *index)
{
	return sizeof(*index) + index->pool_len + index->count * sizeof(*index->targets) +
	       index->nsuffixes * sizeof(*index->suffixes) + index->block_len;
}
