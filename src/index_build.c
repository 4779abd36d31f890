/* SPDX-License-Identifier: BSD-3-Clause
 *
 * index_build: compiles an index: works out under which keys each target may be asked for, and lays
 * the tables out. See index.c for what the keys are.
 */
#include "index_impl.h"

#include "typo/class_ids.h"
#include "typo/suffix.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FILTER_BITS 12 /* of a filter, for each key */
#define HUGE_PAGE ((size_t)2 << 20)

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

/* Which labels are worth a call of what likeness.c has: most are not. */
static void init_letters(ts_index_t *index)
{
	for (unsigned c = 0; c < 256; c++) {
		uint8_t in = (uint8_t)c, out;

		if (ts_label_fold(&in, 1, &out) != 1 || out != in)
			index->folds[c] = ~UINT32_C(0);
	}
	for (const ts_spelling_pair_t *p = ts_looks; p->one; p++)
		index->folds[(uint8_t)p->one[0]] |= UINT32_C(1) << (p->one[1] & 31);
	for (unsigned i = 0; ts_hosts[i]; i++)
		index->hosts[ts_hosts[i][0] & 31] |= UINT32_C(1) << (ts_hosts[i][1] & 31);
}

/* ------------------------------------------------------------------------------------------------
 * Inserting
 */
static void add_to_filter(struct filter *filter, uint64_t key)
{
	size_t word = word_of(filter, key);

	filter->words[word] |= three_bits((unsigned)(key >> 8));
	filter->words[other_word(word, key)] |= three_bits((unsigned)(key >> 17));
}

static void insert(ts_index_t *index, struct filter *filter, uint64_t key, uint32_t value)
{
	uint32_t tag = tag_of(key);
	unsigned same = 0;
	size_t i = place_of(key, index->nentries);

	for (; index->entries[i].tag; i = next_place(i, index->nentries)) {
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
	__builtin_prefetch(&filter->words[word_of(filter, key)], 1);
	b->keys[b->n++] = key;
}

static void insert_batch(
	ts_index_t *index, struct filter *filter, const struct batch *b, uint32_t value)
{
	for (size_t i = 0; i < b->n; i++)
		insert(index, filter, b->keys[i], value);
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

/* Two errors are looked for in labels of this length. */
static bool bears_two(size_t n)
{
	return n >= TS_TWO_EDITS_MIN && n <= TS_TWO_EDITS_MAX;
}

static bool wants_two(const ts_meant_t *m, size_t letters)
{
	return m->classes & TS_CLASS_BIT(TS_CLASS_TWO_EDITS) && bears_two(letters);
}

/* Of a whole name without dots and hyphens. */
static void set_flat_mark(ts_index_t *index, const uint8_t *wire)
{
	uint8_t first = 0, last = 0;
	size_t n = 0;

	for (; *wire; wire += 1 + *wire) {
		for (size_t i = 1; i <= *wire; i++) {
			if (wire[i] == '-')
				continue;
			first = n++ ? first : wire[i];
			last = wire[i];
		}
	}
	set_mark(&index->flats, first, last, n);
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
		set_flat_mark(index, m->wire);
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
			if (n != *label || memcmp(look, label + 1, n) != 0)
				insert(index, &index->labels,
					make_key(index, KIND_LABEL, hash_letters(index, look, n),
						context),
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
			set_mark(&index->alones, label[1], label[*label], *label);
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
	if (n > 1)
		set_mark(&index->heads, label[1], label[*label], *label);
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

static size_t tlds_max(void)
{
	uint32_t at = 0;
	size_t n = 0;

	for (const uint8_t *wire; (wire = ts_suffix_next(&at)) != NULL;)
		n += wire[1 + *wire] == 0;
	return n;
}

/* Nearly every query ends in a delegated TLD, most of them in one near which no target is: what
 * there is to know of it is worked out here, once. */
static int find_tlds(ts_index_t *index)
{
	struct end ends[TS_LABELS_MAX + 1];
	const uint8_t *wire;
	struct letters l;
	uint32_t at = 0, n = 0;
	uint16_t rows = 1;
	/* As long as they may be, and copied as long as they are. */
	uint32_t *related = malloc((tlds_max() * RELATED_MAX + 1) * sizeof(*related));

	if (!related)
		return TS_ENOMEM;
	while ((wire = ts_suffix_next(&at)) != NULL) {
		struct tld *tld = &index->tlds[rows];
		bool near;

		if (wire[1 + *wire])
			continue;
		sum_letters(index, wire, &l);
		hash_ends(index, wire, ends);
		near = may_have(&index->names, make_key(index, KIND_TLD, l.sum[l.n], 0));
		for (size_t i = 0; i < l.n && !near; i++)
			near = may_have(&index->names,
				make_key(index, KIND_TLD, without_one(index, &l, i), 0));
		if (near)
			tld->flags |= TLD_NEAR;
		if (may_have(&index->names, make_key(index, KIND_WITHIN, ends[0].context, 0)))
			tld->flags |= TLD_WITHIN;
		if (may_have(&index->names, make_key(index, KIND_CONTEXT, ends[0].context, 0)))
			tld->flags |= TLD_CONTEXT;
		if (may_have(&index->names, make_key(index, KIND_PLACE, ends[0].context, 0)))
			tld->flags |= TLD_LONGER;
		tld->end = ends[0];
		tld->related = n;
		unsigned all = ts_index_suffixes_near(index, &l, 0, false, related + n, 0);
		for (unsigned i = 0; i < all; i++) {
			uint32_t r = related[tld->related + i];

			/* What is below the TLD itself is asked anyway. */
			if (index->suffixes[r].context != ends[0].context ||
				index->suffixes[r].target)
				related[n++] = r;
		}
		tld->nrelated = (uint8_t)(n - tld->related);
		if (tld->flags || tld->nrelated)
			index->tld_rows[at - 1] = rows++;
	}
	index->nrelated = n;
	index->related = malloc((n + 1) * sizeof(*index->related));
	if (index->related)
		memcpy(index->related, related, n * sizeof(*related));
	free(related);
	return index->related ? TS_OK : TS_ENOMEM;
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
				k = next_place(k, index->nentries)) {
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

/* Words of as many lines as it takes. */
static size_t whole_lines(size_t octets)
{
	return (octets + LINE - 1) / LINE * (LINE / sizeof(uint64_t));
}

static size_t filter_words(size_t keys)
{
	return whole_lines(keys * FILTER_BITS / 8 + 512);
}

/* Zeroed memory in pages as large as there are. len: set to what it takes. */
static void *new_pages(size_t size, size_t *len)
{
	size_t align = size >= HUGE_PAGE ? HUGE_PAGE : LINE;
	void *block;

	size = (size + align) / align * align;
	block = aligned_alloc(align, size);
	if (!block)
		return NULL;
#ifdef MADV_HUGEPAGE
	if (align == HUGE_PAGE)
		(void)madvise(block, size, MADV_HUGEPAGE); /* advice: it may be refused */
#endif
	*len = size;
	return memset(block, 0, size);
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
	size_t ntlds = tlds_max() + 1;
	size_t words_tlds =
		whole_lines(ntlds * sizeof(struct tld) + ts_suffix_tlds() * sizeof(uint16_t));
	size_t size = (words_tlds + words[0] + words[1] + words[2]) * sizeof(uint64_t) +
		      nentries * sizeof(struct entry);
	uint64_t *at = new_pages(size, &index->block_len);

	if (!at)
		return TS_ENOMEM;
	index->block = at;
	index->names = (struct filter){at, words[0]};
	at += words[0];
	index->tlds = (struct tld *)at;
	index->tld_rows = (uint16_t *)(index->tlds + ntlds);
	at += words_tlds;
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
	init_letters(index);
	for (size_t i = 0; i < count; i++) {
		ts_name_t name;

		err = TS_EINVAL;
		if (ts_name_from_wire(&name, targets[i].wire, targets[i].len) || name.nlabels == 0)
			goto cleanup;
		sources[i] = (struct source){&targets[i], (uint32_t)i};
		if (targets[i].len > sizeof(index->targets->name))
			index->pool_len += targets[i].len;
	}
	qsort(sources, count, sizeof(*sources), compare_sources);
	err = TS_ENOMEM;
	index->pool = malloc(index->pool_len + 1);
	index->targets = new_pages(count * sizeof(*index->targets), &index->targets_len);
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
		uint8_t *wire = t->name;
		if (name.len > sizeof(t->name)) {
			wire = index->pool + at;
			at += name.len;
		}
		memcpy(wire, name.wire, name.len);
		ts_meant_init(&t->meant, wire, name.len, &name, source->classes, source->known);
		t->position = sources[i].position;
		t->threshold = source->threshold;
		for (size_t k = 0; k < name.off[t->meant.suffix]; k++)
			t->letters |= letter_bit(name.wire[k]);
		if (t->threshold < index->threshold)
			index->threshold = t->threshold;
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
	if (find_tlds(index) != TS_OK)
		goto cleanup;
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
	free(index->related);
	free(index->block);
	free(index);
}

size_t ts_index_memory(const ts_index_t *index)
{
	return sizeof(*index) + index->pool_len + index->targets_len +
	       index->nsuffixes * sizeof(*index->suffixes) +
	       index->nrelated * sizeof(*index->related) + index->block_len;
}
