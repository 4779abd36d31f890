/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A plain scan of all targets, one edit each: right, and slow. The compiled index replaces it.
 */
#include "index.h"

#include "typo/class_ids.h"
#include "typo/suffix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LETTERS_MIN 5     /* shorter labels bear no error yet, */
#define TLD_LETTERS_MIN 4 /* nor do shorter ones bear one in their suffix */

struct target {
	ts_name_t name;
	ts_class_set_t classes;
	uint16_t threshold;
	uint8_t suffix; /* label at which its public suffix starts; 0: it is one */
	bool known;
};

struct ts_index {
	size_t count;
	struct target targets[];
};

int ts_index_new(const ts_target_t *targets, size_t count, const ts_index_options_t *options,
	ts_index_t **out)
{
	ts_index_t *index = malloc(sizeof(*index) + count * sizeof(index->targets[0]));

	(void)options;
	if (!index)
		return TS_ENOMEM;
	index->count = count;
	for (size_t i = 0; i < count; i++) {
		struct target *t = &index->targets[i];

		if (ts_name_from_wire(&t->name, targets[i].wire, targets[i].len) ||
			t->name.nlabels == 0) {
			free(index);
			return TS_EINVAL;
		}
		t->classes = targets[i].classes;
		t->threshold = targets[i].threshold;
		t->known = targets[i].known;
		t->suffix = (uint8_t)ts_suffix_start(&t->name);
		if (t->suffix == 0)
			t->classes &= ~ts_class_not_for_suffixes();
	}
	*out = index;
	return TS_OK;
}

void ts_index_free(ts_index_t *index)
{
	free(index);
}

size_t ts_index_memory(const ts_index_t *index)
{
	return sizeof(*index) + index->count * sizeof(index->targets[0]);
}

/* The one edit that makes typed (n octets) of meant (m octets): an offset into the group of classes
 * 0 omission, 1 insertion, 2 substitution, 3 transposition; -1: more than one, or none. */
static int one_edit(const uint8_t *typed, size_t n, const uint8_t *meant, size_t m)
{
	size_t left = 0, right = 0, least = n < m ? n : m;

	while (left < least && typed[left] == meant[left])
		left++;
	while (right < least - left && typed[n - 1 - right] == meant[m - 1 - right])
		right++;
	n -= left + right;
	m -= left + right;
	typed += left;
	meant += left;
	if (n == 0 && m == 1)
		return 0;
	if (n == 1 && m == 0)
		return 1;
	if (n == 1 && m == 1)
		return 2;
	if (n == 2 && m == 2 && typed[0] == meant[1] && typed[1] == meant[0])
		return 3;
	return -1;
}

static const uint8_t name_class[] = {
	TS_CLASS_OMISSION, TS_CLASS_INSERTION, TS_CLASS_SUBSTITUTION, TS_CLASS_TRANSPOSITION};
static const uint8_t tld_class[] = {TS_CLASS_TLD_OMISSION, TS_CLASS_TLD_INSERTION,
	TS_CLASS_TLD_SUBSTITUTION, TS_CLASS_TLD_TRANSPOSITION};

/* The same number of labels, one of which is wrong by one edit. */
static int match_label(const ts_name_t *q, unsigned first, const struct target *t)
{
	int class_id = -1;

	for (unsigned i = 0; i < t->name.nlabels; i++) {
		const uint8_t *a = ts_name_suffix(q, first + i), *b = ts_name_suffix(&t->name, i);

		if (*a == *b && memcmp(a, b, *a + 1u) == 0)
			continue;
		int edit = one_edit(a + 1, *a, b + 1, *b);
		bool suffix = i >= t->suffix;
		if (class_id >= 0 || edit < 0 || (!suffix && *b < LETTERS_MIN))
			return -1;
		class_id = suffix ? tld_class[edit] : name_class[edit];
	}
	return class_id;
}

/* The same letters, with the dots elsewhere: one missing, one more, or one moved by a letter. */
static int match_dots(const ts_name_t *q, unsigned first, const struct target *t)
{
	uint8_t a[TS_NAME_MAX], b[TS_NAME_MAX];
	size_t n = ts_name_suffix_len(q, first) - 2, m = t->name.len - 2u;
	unsigned labels = q->nlabels - first;

	memcpy(a, ts_name_suffix(q, first) + 1, n);
	memcpy(b, t->name.wire + 1, m);
	for (unsigned i = first + 1; i < q->nlabels; i++)
		a[q->off[i] - q->off[first] - 1] = 0xff;
	for (unsigned i = 1; i < t->name.nlabels; i++)
		b[t->name.off[i] - 1] = 0xff;
	switch (one_edit(a, n, b, m)) {
	case 0:
		return labels + 1 == t->name.nlabels ? TS_CLASS_DOT_MISSING : -1;
	case 1:
		return labels == t->name.nlabels + 1u ? TS_CLASS_DOT_EXTRA : -1;
	case 3:
		return labels == t->name.nlabels ? TS_CLASS_DOT_MOVED : -1;
	default:
		return -1;
	}
}

static bool try_at(const ts_name_t *q, int first, const struct target *t, ts_match_t *match)
{
	unsigned meant = t->suffix ? t->name.wire[t->name.off[t->suffix - 1]] : TLD_LETTERS_MIN;
	int class_id = -1;

	if (first < 0 || first >= q->nlabels || meant < TLD_LETTERS_MIN)
		return false;
	if (!t->known && q->nlabels - first == t->name.nlabels)
		class_id = match_label(q, (unsigned)first, t);
	if (class_id < 0 && t->suffix > 0)
		class_id = match_dots(q, (unsigned)first, t);
	if (class_id < 0 || (t->known && class_id != TS_CLASS_DOT_MISSING) ||
		!(t->classes & TS_CLASS_BIT((unsigned)class_id)) || t->threshold > 8000)
		return false;
	match->class_id = (uint8_t)class_id;
	match->suffix = (uint8_t)first;
	return true;
}

size_t ts_index_find(const ts_index_t *index, const ts_name_t *query, const ts_popular_t *popular,
	ts_match_t *matches, size_t max)
{
	size_t found = 0;

	(void)popular;
	for (size_t i = 0; i < index->count && found < max; i++) {
		const struct target *t = &index->targets[i];
		int first = query->nlabels - t->name.nlabels;
		ts_match_t match = {.target = (uint32_t)i, .score = 8000, .distance = 1};

		if (ts_name_is_below(query, t->name.wire, t->name.len))
			continue;
		if (try_at(query, first, t, &match) || try_at(query, first - 1, t, &match) ||
			try_at(query, first + 1, t, &match))
			matches[found++] = match;
	}
	return found;
}

size_t ts_index_explain(const ts_index_t *index, const ts_name_t *query,
	const ts_popular_t *popular, const ts_match_t *match, char *buf, size_t size)
{
	char meant[TS_NAME_TEXT_MAX];
	int n;

	(void)query;
	(void)popular;
	ts_name_to_text(index->targets[match->target].name.wire, meant, sizeof(meant));
	n = snprintf(buf, size, "%s: %s of %s", ts_class_get(match->class_id)->name,
		ts_class_get(match->class_id)->oneline, meant);
	return n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1;
}
