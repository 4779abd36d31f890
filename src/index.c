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
#include "index_impl.h"

#include "typo/class_ids.h"
#include "typo/lookalike.h"
#include "typo/suffix.h"

#include <stdio.h>
#include <string.h>

#define SEEN_MAX 96 /* targets that one query is compared with */
#define SHORT_MAX 4 /* letters of a label that bears less than every error */

/*
 * A question whose line is being fetched. A look-up makes all questions that it knows of ready
 * before it asks the first: it then waits for memory about once, not once a question.
 */
struct probe {
	uint64_t key;
	const struct filter *filter;
	size_t word;
};

/* Letters of a label from which on a half of it is worth a question. */
#define HALVES_MIN 8

/* The questions of one edit in one label. */
struct one_edit {
	struct probe whole;
	struct probe left, right;      /* halves, of HALVES_MIN letters and more; */
	struct probe each[HALVES_MIN]; /* of fewer: the label without each of its letters */
};

/* The first questions of two edits in one label: halves. */
struct two_edits {
	struct probe left, right;               /* as they are; */
	struct probe without[TS_TWO_EDITS_MAX]; /* one of them without letter i of the label */
};

/* Which letters (see letter_bit) a label has once at least, twice, three times. */
struct bag {
	uint32_t has[3];
};

/*
 * Whom a deletion leads to is not always meant: the two may lie more errors apart than a short
 * label bears. most: how many letters that the target's label lacks the typed one may have after
 * one error, where the target's is by one shorter, as long, longer by one; -1: it bears no such
 * error.
 */
struct sift {
	bool ready;
	struct bag bag; /* of the typed label */
	int8_t most[3];
};

/* Who may be judged of those that the known label leads to. */
enum sifting {
	SIFT_NONE,  /* all may */
	SIFT_ONE,   /* who is one error away, or two, in a short label */
	SIFT_TWO,   /* who is two */
	SIFT_LENGTH /* whose label has `length` letters */
};

/* A label whose right-hand side is a target's. */
struct known_label {
	unsigned at; /* its number */
	uint64_t context;
	struct letters l;
	struct one_edit one;
	struct two_edits two;
	struct probe look;                  /* what it looks like, if not like itself */
	bool asks_one, asks_two, asks_look; /* these are ready */
	struct sift sift;
};

struct asking {
	const ts_index_t *index;
	const ts_popular_t *popular;
	ts_typed_t typed;
	ts_match_t *matches;
	size_t max, found;
	const struct tld *tld;    /* what is known of the TLD; NULL: nothing */
	struct known_label known; /* the last one */
	struct end *ends;   /* of the typed name's labels, from its end on: only as far as wanted */
	unsigned first_end; /* of them; that of the root is always there */
	bool idn;           /* the name is what an internationalised one looks like */
	bool rank_known;    /* typed.popularity is */
	bool use_known;     /* typed.suffix_in_use is */
	enum sifting sifting;
	unsigned length;
	unsigned nseen;
	uint32_t seen[SEEN_MAX];
	uint64_t seen_bits;     /* bit n: one of these is n modulo 64 */
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
		i = next_place(i, index->nentries)) {
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
	ts_likeness_t l;

	uint64_t bit = UINT64_C(1) << (t & 63);

	for (unsigned i = ask->seen_bits & bit ? 0 : ask->nseen; i < ask->nseen; i++)
		if (ask->seen[i] == t)
			return;
	if (ask->nseen == SEEN_MAX)
		return;
	ask->seen[ask->nseen++] = t;
	ask->seen_bits |= bit;
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
	l.odds = TS_ODDS_NEVER;
	l.score = 0;
	l.nterms = 0;
	l.tells = ask->explain;
	int labels = name->nlabels - target->meant.nlabels;
	ts_likeness(&ask->typed, labels - 2, labels + 1, &target->meant, &l);
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

static struct bag bag_of(const uint8_t *s, size_t n)
{
	struct bag bag = {{0}};

	for (size_t i = 0; i < n; i++) {
		uint32_t bit = letter_bit(s[i]);

		bag.has[2] |= bag.has[1] & bit;
		bag.has[1] |= bag.has[0] & bit;
		bag.has[0] |= bit;
	}
	return bag;
}

/* Not where other letters add to the score. */
static bool is_sifted(const struct asking *ask, const struct letters *l)
{
	return l->n < TS_TWO_EDITS_EASY && !ask->idn;
}

static void ready_sift(struct asking *ask)
{
	const struct letters *l = &ask->known.l;
	struct sift *sift = &ask->known.sift;

	sift->bag = bag_of(l->s, l->n);
	sift->ready = true;
	sift->most[0] = bears(ask, TS_ERROR_ADDED, l->n - 1) ? 1 : -1;
	sift->most[1] = bears(ask, TS_ERROR_OTHER, l->n)     ? 1
			: bears(ask, TS_ERROR_SWAPPED, l->n) ? 0
							     : -1;
	sift->most[2] = bears(ask, TS_ERROR_MISSING, l->n + 1) ? 0 : -1;
}

/* May the known label be this target's? */
static bool passes(struct asking *ask, const struct target *target)
{
	const struct sift *sift = &ask->known.sift;
	unsigned labels = ask->typed.name->nlabels - ask->known.at;
	const uint8_t *label = target->meant.wire;

	if (target->meant.nlabels < labels)
		return false;
	for (unsigned left = target->meant.nlabels - labels; left; left--)
		label += 1 + *label;
	if (ask->sifting == SIFT_LENGTH)
		return *label == ask->length;
	int more = *label - (int)ask->known.l.n, lacks = 0;
	if (more < -2 || more > 2)
		return false;
	if (!sift->ready)
		ready_sift(ask);
	int most = ask->sifting == SIFT_ONE && more >= -1 && more <= 1 ? sift->most[more + 1] : -1;
	/* likeness.c: in a short label two errors bring no letter that is not in it. */
	if (most < 1 && sift->bag.has[0] & ~target->letters)
		return false;
	struct bag meant = bag_of(label + 1, *label);
	for (unsigned i = 0; i < 3; i++)
		for (uint32_t bits = sift->bag.has[i] & ~meant.has[i]; bits; bits &= bits - 1)
			lacks++;
	return lacks <= most ||
	       (*label >= TS_TWO_EDITS_MIN && !(sift->bag.has[0] & ~meant.has[0]) &&
		       ts_odds_to_score(ts_odds_most_two(more, (unsigned)lacks, *label,
			       ask->popular != NULL)) >= ask->index->threshold);
}

/* Everything that stands under a key that a filter has. */
static void judge_key(struct asking *ask, uint64_t key)
{
	const ts_index_t *index = ask->index;
	uint32_t tag = tag_of(key);

	for (size_t i = place_of(key, index->nentries); index->entries[i].tag;
		i = next_place(i, index->nentries))
		if (index->entries[i].tag == tag && index->entries[i].value < index->count &&
			(ask->sifting == SIFT_NONE ||
				passes(ask, &index->targets[index->entries[i].value])))
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

static inline struct probe ready(const struct filter *filter, uint64_t key)
{
	size_t word = word_of(filter, key);

	__builtin_prefetch(&filter->words[word]);
	return (struct probe){key, filter, word};
}

static inline bool is_yes(const struct probe *probe)
{
	return has_bits(probe->filter->words, probe->word, probe->key);
}

static inline void ask_probe(struct asking *ask, const struct probe *probe)
{
	if (is_yes(probe))
		judge_key(ask, probe->key);
}

static inline struct probe ready_half(const ts_index_t *index, uint64_t letters, uint64_t salt)
{
	return ready(&index->halves, salted_key(letters, salt));
}

/* Where a letter is typed twice or more, without one of them is without any other of them. */
static bool is_repeated(const struct letters *l, size_t i)
{
	return i > 0 && l->s[i] == l->s[i - 1];
}

static void ready_one_edit(
	const ts_index_t *index, const struct letters *l, uint64_t context, struct one_edit *one)
{
	const uint64_t *sum = l->sum, salt = make_salt(index, KIND_LABEL, context);
	const size_t n = l->n;

	one->whole = ready(&index->labels, salted_key(sum[n], salt));
	if (n >= HALVES_MIN) {
		const uint64_t base = make_salt(index, KIND_HALVES, context);
		size_t m = n - 1, h = m / 2;

		one->left = ready_half(index, sum[h], half_salt(base, m, false));
		one->right = ready_half(
			index, (sum[n] - sum[h + 1]) * index->inverse, half_salt(base, m, true));
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (!is_repeated(l, i))
			one->each[i] =
				ready(&index->labels, salted_key(without_one(index, l, i), salt));
}

static void ask_one_edit(
	struct asking *ask, const struct letters *l, uint64_t context, const struct one_edit *one)
{
	const ts_index_t *index = ask->index;
	const uint64_t salt = make_salt(index, KIND_LABEL, context);
	const size_t n = l->n, h = (n - 1) / 2;

	if (n < HALVES_MIN) {
		for (size_t i = 0; i < n; i++)
			if (!is_repeated(l, i))
				ask_probe(ask, &one->each[i]);
		return;
	}
	/* A deletion leaves the left half as it is, or the right one. */
	size_t end = is_yes(&one->left) ? n : h + 1;
	size_t from = is_yes(&one->right) ? 0 : h + 1;
	for (size_t i = from; i < end; i++)
		if (i == from || !is_repeated(l, i))
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

static void ready_two_edits(
	const ts_index_t *index, const struct letters *l, uint64_t context, struct two_edits *two)
{
	const uint64_t base = make_salt(index, KIND_HALVES, context), *sum = l->sum;
	const uint64_t in = index->inverse, in2 = index->inverse2;
	const size_t n = l->n, m = n - 2, h = m / 2;
	const uint64_t left = half_salt(base, m, false), right = half_salt(base, m, true);

	two->left = ready_half(index, sum[h], left);
	two->right = ready_half(index, (sum[n] - sum[h + 2]) * in2, right);
	for (size_t i = 1; i < h; i++)
		two->without[i] = ready_half(index, sum[i] + (sum[h + 1] - sum[i + 1]) * in, left);
	for (size_t j = h + 2; j < n; j++)
		two->without[j] = ready_half(
			index, (sum[j] - sum[h + 1]) * in + (sum[n] - sum[j + 1]) * in2, right);
}

static void ask_two_edits(
	struct asking *ask, const struct letters *l, uint64_t context, const struct two_edits *two)
{
	const uint64_t salt = make_salt(ask->index, KIND_LABEL, context);
	const size_t n = l->n, h = (n - 2) / 2;
	bool left_whole = is_yes(&two->left), right_whole = is_yes(&two->right);
	uint64_t lefts = 0, rights = 0; /* bit i: without i the half is one */

	for (size_t i = 1; i < h; i++)
		lefts |= (uint64_t)is_yes(&two->without[i]) << i;
	for (size_t j = h + 2; lefts && j < n; j++)
		rights |= (uint64_t)is_yes(&two->without[j]) << j;
	if (!left_whole && !right_whole && !rights)
		return;
	ask->sifting = is_sifted(ask, l) ? SIFT_TWO : SIFT_NONE;
	for (size_t i = 1; i < n; i++) {
		if (i > 1 && is_repeated(l, i))
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
	ask->sifting = SIFT_NONE;
}

static const struct end *end_at(struct asking *ask, unsigned label)
{
	const ts_name_t *name = ask->typed.name;

	while (ask->first_end > label) {
		unsigned i = --ask->first_end;
		const struct end *right = &ask->ends[i + 1];
		const struct letters *l = &ask->known.l;
		bool last = i + 1u == name->nlabels;

		if (last && ask->tld)
			ask->ends[i] = ask->tld->end;
		else if (ask->known.at == i && name->plain)
			join_end(ask->index, l->sum[l->n], l->sum[l->n], l->n, l->n, right, last,
				&ask->ends[i]);
		else
			grow_end(ask->index, ts_name_suffix(name, i), right, last, &ask->ends[i]);
	}
	return &ask->ends[label];
}

/* Short names have many others about them that are no typos: of one edit, only that is looked for
 * which they bear. */
static bool bears_any(const struct asking *ask, size_t letters)
{
	return bears(ask, TS_ERROR_OTHER, letters) || bears(ask, TS_ERROR_ADDED, letters - 1);
}

static void ask_short(struct asking *ask, const struct letters *l, uint64_t salt)
{
	const ts_index_t *index = ask->index;

	if (bears(ask, TS_ERROR_MISSING, l->n + 1))
		ask_salted(ask, l->sum[l->n], salt);
	for (size_t i = 0; i + 1 < l->n && bears(ask, TS_ERROR_SWAPPED, l->n); i++) {
		uint64_t here = index->letter[l->s[i]], next = index->letter[l->s[i + 1]];
		uint64_t swap = (next - here) * (index->power[i] - index->power[i + 1]);

		if (swap)
			ask_salted(ask, l->sum[l->n] + swap, salt);
	}
}

static void ready_label(
	const struct asking *ask, unsigned at, uint64_t context, struct known_label *label)
{
	const ts_index_t *index = ask->index;

	label->at = at;
	label->context = context;
	label->sift.ready = false;
	sum_letters(index, ts_name_suffix(ask->typed.name, at), &label->l);
	size_t n = label->l.n;
	label->asks_one = n > 1 && bears_any(ask, n);
	if (label->asks_one)
		ready_one_edit(index, &label->l, context, &label->one);
	label->asks_two = index->classes & TS_CLASS_BIT(TS_CLASS_TWO_EDITS) &&
			  n + 1 >= TS_TWO_EDITS_MIN && n <= TS_TWO_EDITS_MAX;
	if (label->asks_two)
		ready_two_edits(index, &label->l, context, &label->two);
	label->asks_look = false;
	if (label->l.folds && index->classes & TS_CLASS_BIT(TS_CLASS_LOOK_ALIKE)) {
		uint8_t look[TS_LABEL_MAX];
		size_t m = ts_label_fold(label->l.s, n, look);

		/* A target stands under what it looks like as well. */
		label->asks_look = m != n || memcmp(look, label->l.s, n) != 0;
		if (label->asks_look)
			label->look = ready(&index->labels,
				make_key(index, KIND_LABEL, hash_letters(index, look, m), context));
	}
}

static void ask_label(struct asking *ask, const struct known_label *label)
{
	const ts_index_t *index = ask->index;
	const ts_name_t *name = ask->typed.name;
	const struct letters *l = &label->l;
	uint64_t salt = make_salt(index, KIND_LABEL, label->context);
	uint8_t other[TS_LABEL_MAX];

	if (l->n < 2) /* likeness.c: no typo of anything */
		return;
	if (label->asks_one) {
		ask_probe(ask, &label->one.whole); /* what it looks like may be of any length */
		ask->sifting = is_sifted(ask, l) ? SIFT_ONE : SIFT_NONE;
		ask_one_edit(ask, l, label->context, &label->one);
		ask->sifting = SIFT_NONE;
	} else {
		ask_short(ask, l, salt);
	}
	if (label->asks_look)
		ask_probe(ask, &label->look);
	if (index->classes & TS_CLASS_BIT(TS_CLASS_SOUNDSQUAT)) {
		size_t n = ts_label_sound(l->s, l->n, other);
		ask_salted(ask, hash_letters(index, other, n),
			make_salt(index, KIND_SOUND, label->context));
	}
	/* A dot left out behind a host's name: what is left is the label. */
	unsigned host =
		index->hosts[l->s[0] & 31] >> (l->s[1] & 31) & 1 ? ts_host_prefix(l->s, l->n) : 0;
	/* likeness.c: only there any other host */
	unsigned guessed = ts_tld_closed(ts_name_suffix(name, name->nlabels - 1u)) ? 4 : 0;
	uint64_t shift = index->inverse;
	ask->sifting = SIFT_LENGTH;
	for (unsigned keep = 1; keep < l->n && (keep <= guessed || keep <= host); keep++) {
		ask->length = (unsigned)l->n - keep;
		if (keep == host || (keep <= guessed && l->n >= keep + 4))
			ask_salted(ask, (l->sum[l->n] - l->sum[keep]) * shift, salt);
		shift *= index->inverse;
	}
	ask->sifting = SIFT_NONE;
}

/* Adds the suffixes of targets of which one label, with this context, is near these letters: one
 * edit, or two. */
unsigned ts_index_suffixes_near(const ts_index_t *index, const struct letters *l, uint64_t context,
	bool two, uint32_t *related, unsigned n)
{
	for (size_t i = 0; i <= l->n; i++) {
		/* i == l->n: nothing is left out; j == i + 1: one letter; else i and j - 1. */
		size_t last = two && i < l->n ? l->n : i + 1;

		for (size_t j = i + 1; j <= last; j++) {
			uint64_t h = i == l->n    ? l->sum[l->n]
				     : j == i + 1 ? without_one(index, l, i)
						  : without_two(index, l, i, j - 1);
			uint64_t key = make_key(index, KIND_SUFFIX, h, context);
			uint32_t tag = tag_of(key);

			if (!may_have(&index->names, key))
				continue;
			for (size_t k = place_of(key, index->nentries); index->entries[k].tag;
				k = next_place(k, index->nentries)) {
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
	return n;
}

/* Suffixes of targets that are near what stands at label `at`. */
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
		n = ts_index_suffixes_near(index, &l, context, two, related, n);
	}
	return n;
}

/* Asks for what stands before suffixes, of so many labels, that are near the name's; a target that
 * is such a suffix itself is judged. */
static void ask_related(
	struct asking *ask, unsigned labels, const uint32_t *related, unsigned nrelated)
{
	const ts_index_t *index = ask->index;
	const ts_name_t *name = ask->typed.name;
	unsigned at = name->nlabels - labels;
	bool summed = false;
	struct letters l;
	struct one_edit one;

	for (unsigned i = 0; i < nrelated; i++) {
		const struct suffix *s = &index->suffixes[related[i]];

		if (s->target)
			judge(ask, s->target - 1);
		if (at == 0 || s->nlabels != labels)
			continue;
		/* Behind the suffix that it is anyway, the label is asked already. */
		if (s->context == end_at(ask, at)->context)
			continue;
		if (!summed)
			sum_letters(index, ts_name_suffix(name, at - 1), &l);
		summed = true;
		/* likeness.c says why a delegated two-letter code bears no second error. */
		if (index->classes & TS_CLASS_BIT(TS_CLASS_TWO_LABELS) &&
			!(ask->typed.delegated && s->len == 4)) {
			ready_one_edit(index, &l, s->context, &one);
			ask_probe(ask, &one.whole);
			ask_one_edit(ask, &l, s->context, &one);
		} else {
			ask_salted(ask, l.sum[l.n], make_salt(index, KIND_LABEL, s->context));
		}
	}
}

static void ask_suffixes(struct asking *ask, unsigned labels)
{
	uint32_t related[RELATED_MAX];
	unsigned n = find_related(ask, ask->typed.name->nlabels - labels, related);

	ask_related(ask, labels, related, n);
}

static void ask_alone(struct asking *ask, const uint8_t *s, size_t n)
{
	if (has_mark(&ask->index->alones, s[0], s[n - 1], n))
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

/* Is the name from this label on, up to last, worth a question without its dots and hyphens?
 * letters: how many these are, where no hyphen is in the name. */
static inline bool may_be_flat(
	const struct asking *ask, const uint8_t *label, uint8_t last, size_t letters)
{
	return !ask->typed.name->plain || has_mark(&ask->index->flats, label[1], last, letters);
}

/* What is asked of every name, whatever it ends in: its letters without dots, with its TLD and
 * without it (one appended), and its labels alone. */
static void ask_names(struct asking *ask, unsigned levels)
{
	const ts_index_t *index = ask->index;
	const ts_name_t *name = ask->typed.name;
	const unsigned n = name->nlabels,
		       before_suffix = ask->typed.suffix - 1u; /* none: no label's */
	const uint8_t *label = ts_name_suffix(name, n - 1);
	const size_t tld_letters = *label;
	const uint8_t last = label[tld_letters], last_bare = n > 1 ? label[-1] : 0;
	size_t letters = 0;
	unsigned i = n;

	for (unsigned k = 1; k <= levels; k++) {
		label = ts_name_suffix(name, --i);
		letters += *label;
		if (may_be_flat(ask, label, last, letters))
			ask_name(ask, KIND_FLAT, end_at(ask, i)->flat);
		if (has_mark(&index->alones, label[1], label[*label], *label) &&
			(i == before_suffix || index->suffix_labels >> (k - 1) & 1))
			ask_name(ask, KIND_ALONE, end_at(ask, i)->letters);
		if (k > 1 && n > 2 && may_be_flat(ask, label, last_bare, letters - tld_letters))
			ask_name(ask, KIND_FLAT, bare_at(ask, i));
		if (!name->plain && i == before_suffix &&
			index->classes & TS_CLASS_BIT(TS_CLASS_COMBOSQUAT))
			ask_parts(ask, label);
	}
	/* One label more than any target: the whole name may still be one with a TLD appended. */
	if (i) {
		label = ts_name_suffix(name, --i);
		if (may_be_flat(ask, label, last_bare, letters + *label - tld_letters))
			ask_name(ask, KIND_FLAT, bare_at(ask, i));
	}
}

static void ask_all(struct asking *ask)
{
	const ts_index_t *index = ask->index;
	const ts_name_t *name = ask->typed.name;
	unsigned n = name->nlabels, levels = index->labels_max + 1;
	struct end ends[TS_LABELS_MAX + 1];
	/* Of one that is not delegated nothing is known beforehand. */
	bool unknown = ask->typed.tld < 0;
	const struct tld *tld = unknown ? NULL : &index->tlds[index->tld_rows[ask->typed.tld]];
	unsigned flags = unknown ? ~0u : tld->flags;
	bool within = flags & TLD_WITHIN;
	struct known_label *known = &ask->known;
	uint8_t twos[TS_LABELS_MAX]; /* known labels that bear two errors */
	unsigned ntwos = 0;

	known->at = n;
	if (levels > n)
		levels = n;
	ask->ends = ends;
	ask->first_end = n;
	ends[n] = (struct end){0};
	ask->use_known = false;
	ask->tld = flags && !unknown ? tld : NULL;
	if (levels > 1 && !unknown && flags & TLD_CONTEXT && within)
		ready_label(ask, n - 2, end_at(ask, n - 1)->context, known);
	ask_names(ask, levels);
	for (unsigned k = 1; flags && k <= levels; k++) {
		unsigned i = n - k;
		const uint8_t *label = ts_name_suffix(name, i);

		/* Right below the root stands nobody's label but a suffix. */
		if (k > 2 || unknown)
			within = within && (k == 1 || is_context(ask, KIND_WITHIN, i + 1));
		bool is_known = within && k > 1 &&
				(k == 2 && !unknown ? flags & TLD_CONTEXT
						    : is_context(ask, KIND_CONTEXT, i + 1));
		if (is_known && known->at != i)
			ready_label(ask, i, end_at(ask, i + 1)->context, known);
		if (flags & TLD_NEAR && index->suffix_labels >> k & 1) {
			if (k == 1 && !unknown)
				ask_related(ask, 1, index->related + tld->related, tld->nrelated);
			else if (k != 2 || flags & TLD_LONGER ||
				 has_mark(&index->heads, label[1], label[*label], *label))
				ask_suffixes(ask, k);
		}
		if (is_known) {
			ask_label(ask, known);
			if (known->asks_two)
				twos[ntwos++] = (uint8_t)i;
		}
	}
	/* Where one error explains a name two are not looked for. */
	if (ask->found && ask->matches[0].class_id != TS_CLASS_TWO_EDITS)
		return;
	while (ntwos--) {
		unsigned i = twos[ntwos];

		if (known->at != i)
			ready_label(ask, i, end_at(ask, i + 1)->context, known);
		ask_two_edits(ask, &known->l, known->context, &known->two);
	}
}

/* Of a name in other letters what it looks like is asked as well. */
static void ask_look_alike(struct asking *ask, const ts_name_t *query)
{
	ts_name_t seen;

	if (!ts_lookalike_name(query, &seen))
		return;
	ts_typed_init(&ask->typed, &seen);
	ask->typed.has_list = ask->popular != NULL;
	ask->rank_known = ask->popular != NULL;
	ask->typed.popularity = ask->popular ? ts_popular_rank(ask->popular, query) : 0;
	ask->idn = true;
	ask->nseen = 0;
	ask->seen_bits = 0;
	ask_all(ask);
}

static void find(struct asking *ask, const ts_name_t *query)
{
	ts_typed_init(&ask->typed, query);
	ask->typed.has_list = ask->popular != NULL;
	ask_all(ask);
	if (!query->plain && ask->index->classes & TS_CLASS_BIT(TS_CLASS_IDN_LOOK_ALIKE))
		ask_look_alike(ask, query);
	while (ask->found && ask->matches[0].class_id != TS_CLASS_TWO_EDITS &&
		ask->matches[ask->found - 1].class_id == TS_CLASS_TWO_EDITS)
		ask->found--;
}

static void start(struct asking *ask, const ts_index_t *index, const ts_popular_t *popular,
	ts_match_t *matches, size_t max)
{
	ask->index = index;
	ask->popular = popular;
	ask->matches = matches;
	ask->max = max;
	ask->found = 0;
	ask->nseen = 0;
	ask->seen_bits = 0;
	ask->idn = ask->rank_known = false;
	ask->sifting = SIFT_NONE;
	ask->explain = NULL;
}

size_t ts_index_find(const ts_index_t *index, const ts_name_t *query, const ts_popular_t *popular,
	ts_match_t *matches, size_t max)
{
	struct asking ask;

	if (index->count == 0 || query->nlabels == 0 || max == 0)
		return 0;
	start(&ask, index, popular, matches, max);
	find(&ask, query);
	for (size_t i = 0; i < ask.found; i++)
		matches[i].target = index->targets[matches[i].target].position;
	return ask.found;
}

unsigned ts_index_judged(const ts_index_t *index, const ts_name_t *query)
{
	struct asking ask;
	ts_match_t match;

	if (index->count == 0 || query->nlabels == 0)
		return 0;
	start(&ask, index, NULL, &match, 1);
	find(&ask, query);
	return ask.nseen;
}

size_t ts_index_explain(const ts_index_t *index, const ts_name_t *query,
	const ts_popular_t *popular, const ts_match_t *match, char *buf, size_t size)
{
	ts_likeness_t l = {.odds = TS_ODDS_NEVER};
	struct asking ask;
	char meant[TS_NAME_TEXT_MAX];
	size_t at = 0;

	if (size == 0)
		return 0;
	start(&ask, index, popular, NULL, 0);
	ask.explain = &l;
	ask.explain_target = 0;
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
