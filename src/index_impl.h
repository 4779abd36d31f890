/* SPDX-License-Identifier: BSD-3-Clause
 *
 * index_impl: what a compiled index is made of, and the keyed hashes by which it is built and
 * asked. For index.c and index_build.c; everybody else includes index.h.
 */
#ifndef TS_INDEX_IMPL_H
#define TS_INDEX_IMPL_H

#include "index.h"
#include "typo/likeness.h"

#define KEY_MAX 32     /* targets that one key leads to */
#define RELATED_MAX 48 /* suffixes near a query's own */

/* Kinds of keys, mixed into their hashes. */
enum kind {
	KIND_LABEL,   /* label, deletions, what it looks like; context */
	KIND_FLAT,    /* the whole name without dots and hyphens */
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

#define LINE 64 /* octets of a cache line */

/* One cache line: whoever is judged is waited for once. */
struct target {
	ts_meant_t meant;
	uint32_t position;
	uint32_t letters; /* that stand before its suffix, see letter_bit */
	uint16_t threshold;
	uint8_t name[LINE - sizeof(ts_meant_t) -
		     10]; /* where it is short enough; else in the pool */
};
_Static_assert(sizeof(struct target) == LINE, "a target is a cache line");

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

/* What is known of the end of a name, from a label on. */
struct end {
	uint64_t letters; /* of that label alone */
	uint64_t context; /* of the name from it on */
	uint64_t flat;    /* of the name from it on, without dots and hyphens; */
	uint64_t bare;    /* and without its TLD */
};

/* What is worked out beforehand of a delegated TLD. */
struct tld {
	struct end end;
	uint32_t related; /* suffixes of one label that are near it: where in index->related, */
	uint8_t nrelated; /* and how many */
	uint8_t flags;
};

#define TLD_NEAR 1u    /* it is, or is near, the TLD of a target */
#define TLD_WITHIN 2u  /* a target is below it, */
#define TLD_CONTEXT 4u /* right below it; */
#define TLD_LONGER 8u  /* it ends a longer suffix of a target */

/* Three bits of a word for a key, and three of another word of its line: one cache line a question,
 * and one word for most. */
struct filter {
	uint64_t *words;
	size_t n;
};

/* What says without a hash that most letters are no key's: bits for their first and how many they
 * are, and for their first and last. */
struct marks {
	uint32_t lengths[32], lasts[32];
};

struct ts_index {
	struct target *targets;
	struct suffix *suffixes;
	struct entry *entries;
	struct filter labels; /* of KIND_LABEL: large, asked where the context is a target's */
	struct filter halves; /* of KIND_HALVES: rules most pairs of deletions out */
	struct filter names;  /* of all other kinds: small, asked for every name */
	uint16_t *tld_rows; /* by the number of a TLD: its row in tlds; row 0 knows of no target */
	struct tld *tlds;
	uint32_t *related; /* of all rows */
	void *block;       /* what these stand in */
	uint8_t *pool;
	size_t count, nsuffixes, nrelated, nentries, pool_len, block_len, targets_len;
	uint64_t letter[256]; /* the keyed coefficients */
	uint64_t power[TS_NAME_MAX + 1], inverse, inverse2, salt[KINDS];
	uint32_t folds[256]; /* bit n: ts_label_fold may change the octet before one that ends in n
			      */
	uint32_t hosts[32];  /* by their first two letters: labels of ts_hosts */
	uint64_t suffix_labels;            /* bit n: a target's suffix has n labels */
	struct marks flats, alones, heads; /* of KIND_FLAT, of KIND_ALONE, of longer suffixes */
	unsigned labels_max;               /* of a target */
	uint16_t threshold;                /* the lowest of any */
	ts_class_set_t classes;            /* that any target has */
};

/* ------------------------------------------------------------------------------------------------
 * Hashing
 */
static inline uint64_t finish_hash(uint64_t h)
{
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static inline uint64_t hash_letters(const ts_index_t *index, const uint8_t *s, size_t n)
{
	uint64_t h = 0;

	for (size_t i = 0; i < n; i++)
		h += index->letter[s[i]] * index->power[i];
	return h;
}

/* What a kind and a context add to the letters. */
static inline uint64_t make_salt(const ts_index_t *index, enum kind kind, uint64_t context)
{
	return (context << 23 | context >> 41) + index->salt[kind];
}

static inline uint64_t salted_key(uint64_t letters, uint64_t salt)
{
	uint64_t h = letters ^ salt;

	h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
	return h ^ h >> 32;
}

static inline uint64_t make_key(
	const ts_index_t *index, enum kind kind, uint64_t letters, uint64_t context)
{
	return salted_key(letters, make_salt(index, kind, context));
}

/* A context grows to the left, label by label; the root's is 0. */
static inline uint64_t grow_context(uint64_t context, uint64_t letters, size_t n)
{
	return finish_hash(context * 0x9e3779b97f4a7c15u + letters + n);
}

static inline uint32_t length_mark(size_t letters)
{
	return UINT32_C(1) << (letters < 31 ? letters : 31);
}

static inline void set_mark(struct marks *marks, uint8_t first, uint8_t last, size_t letters)
{
	marks->lengths[first & 31] |= length_mark(letters);
	marks->lasts[first & 31] |= UINT32_C(1) << (last & 31);
}

static inline bool has_mark(const struct marks *marks, uint8_t first, uint8_t last, size_t letters)
{
	return marks->lengths[first & 31] & length_mark(letters) &&
	       marks->lasts[first & 31] >> (last & 31) & 1;
}

/* A label as it is, and without its hyphens as a part of a name written without dots. */
static inline uint64_t hash_label(
	const ts_index_t *index, const uint8_t *label, uint64_t *flat, size_t *n)
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

/* Puts a label before an end: its letters; n of them, flat, without hyphens. */
static inline void join_end(const ts_index_t *index, uint64_t letters, uint64_t flat, size_t n,
	size_t octets, const struct end *right, bool tld, struct end *out)
{
	out->letters = letters;
	out->context = grow_context(right->context, letters, octets);
	out->flat = flat + index->power[n] * right->flat;
	out->bare = tld ? 0 : flat + index->power[n] * right->bare;
}

static inline void grow_end(const ts_index_t *index, const uint8_t *label, const struct end *right,
	bool tld, struct end *out)
{
	uint64_t flat, letters;
	size_t n;

	letters = hash_label(index, label, &flat, &n);
	join_end(index, letters, flat, n, *label, right, tld, out);
}

/* The ends of a name in wire format, label by label from the left; *ends for the root, too. */
static inline unsigned hash_ends(const ts_index_t *index, const uint8_t *wire, struct end *ends)
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
	bool folds;                     /* it may look like something else, see ts_label_fold */
	uint64_t sum[TS_LABEL_MAX + 1]; /* sum[i]: letters before i */
};

static inline void sum_letters(const ts_index_t *index, const uint8_t *label, struct letters *l)
{
	uint32_t folds = 0;

	l->n = *label;
	l->s = label + 1;
	l->sum[0] = 0;
	for (size_t i = 0; i < l->n; i++) {
		unsigned c = l->s[i];

		l->sum[i + 1] = l->sum[i] + index->letter[c] * index->power[i];
		/* The octet behind a label is the next one's length, or the root's. */
		folds |= index->folds[c] >> (l->s[i + 1] & 31);
	}
	l->folds = folds & 1;
}

static inline uint64_t without_one(const ts_index_t *index, const struct letters *l, size_t i)
{
	return l->sum[i] + (l->sum[l->n] - l->sum[i + 1]) * index->inverse;
}

static inline uint64_t without_two(
	const ts_index_t *index, const struct letters *l, size_t i, size_t j)
{
	return l->sum[i] + (l->sum[j] - l->sum[i + 1]) * index->inverse +
	       (l->sum[l->n] - l->sum[j + 1]) * index->inverse2;
}

/* A bit for each letter, one for all else. */
static inline uint32_t letter_bit(uint8_t c)
{
	return UINT32_C(1) << (c >= 'a' && c <= 'z' ? c - 'a' : 26);
}

/* ------------------------------------------------------------------------------------------------
 * The table
 */
static inline size_t place_of(uint64_t key, size_t n)
{
	__extension__ typedef unsigned __int128 u128;

	return (size_t)((u128)key * n >> 64);
}

/* Where to look on when a place is taken. */
static inline size_t next_place(size_t i, size_t n)
{
	return i + 1 == n ? 0 : i + 1;
}

static inline uint32_t tag_of(uint64_t key)
{
	return (uint32_t)key | 1;
}

/* Three bits of a word, by 9 bits of a key. */
static inline uint64_t three_bits(unsigned by)
{
	static const uint64_t three[8] = {0x0000020000000401, 0x0000000100080001,
		0x0004000000010001, 0x0000400002000001, 0x0000001000004001, 0x0200000000100001,
		0x0010000000800001, 0x0000008000000021};
	unsigned turn = by & 63;
	uint64_t bits = three[by >> 6 & 7];

	return bits << turn | bits >> (-turn & 63);
}

static inline size_t word_of(const struct filter *filter, uint64_t key)
{
	return place_of(key, filter->n);
}

/* The second word: another one of the same line. */
static inline size_t other_word(size_t word, uint64_t key)
{
	return word ^ ((key >> 26 & 7) | 1);
}

static inline bool has_bits(const uint64_t *words, size_t word, uint64_t key)
{
	uint64_t bits = three_bits((unsigned)(key >> 8)), others;

	if ((words[word] & bits) != bits)
		return false;
	others = three_bits((unsigned)(key >> 17));
	return (words[other_word(word, key)] & others) == others;
}

static inline bool may_have(const struct filter *filter, uint64_t key)
{
	return has_bits(filter->words, word_of(filter, key), key);
}

/*
 * Halves. What is left of a label of n letters when two are deleted has m = n - 2 letters, and two
 * halves: the first h = m / 2 and the others. A query with as many letters left can only meet a
 * target one of whose halves, after 0, 1 or 2 deletions, is equal: a filter of halves rules most of
 * the pairs of deletions out at the cost of n questions instead of n * n / 2. Left and right halves
 * are hashed where they stand in what is left.
 */
static inline uint64_t half_salt(uint64_t salt, size_t m, bool right)
{
	return salt + (2 * m + right) * 0x9e3779b97f4a7c15u;
}

unsigned ts_index_suffixes_near(const ts_index_t *index, const struct letters *l, uint64_t context,
	bool two, uint32_t *related, unsigned n);

/* How many targets a look-up of that name, without a popular list, compares it with: the work that
 * tests and benches count. */
unsigned ts_index_judged(const ts_index_t *index, const ts_name_t *query);

#endif
