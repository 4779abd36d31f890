/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The matcher: a table of what is a typo of what, and the index against an obvious reference (every
 * target compared with every name).
 */
#include "unit.h"

#include "../../src/index_impl.h"
#include "../../src/typo/likeness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const ts_index_options_t options = {42};

static ts_name_t name_of(const char *text)
{
	ts_name_t name;

	if (ts_name_from_text(&name, text, strlen(text), NULL) != TS_OK)
		fail_msg("bad name '%s'", text);
	return name;
}

/* Each row is about a class: found as that, or (found false) nothing is, with it and the defaults
 * on. Rows without a class are about names that are nobody's typo. */
static const struct {
	const char *protect, *typed, *class_name;
	bool found;
	unsigned suffix, keep;
} rows[] = {
	{"example.com", "example.com", NULL, false, 0, 0},
	{"example.com", "www.example.com", NULL, false, 0, 0},
	{"example.com", "unrelated.org", NULL, false, 0, 0},
	{"ge.com", "me.com", NULL, false, 0, 0},

	{"example.com", "exmple.com", "omission", true, 0, 0},
	{"example.com", "www.exmple.com", "omission", true, 1, 0},
	{"disa.mil", "dia.mil", "omission", false, 0, 0},
	{"gmail.com", "mail.com", "omission", false, 0, 0},
	{"example.com", "examtple.com", "insertion", true, 0, 0},
	{"very-long-example.com", "very-long-eoxample.com", "insertion", true, 0, 0},
	{"example.com", "example2.com", "insertion", false, 0, 0},
	{"ex.com", "exa.com", "insertion", false, 0, 0},
	{"example.com", "exanmple.com", "insertion-key", true, 0, 0},
	{"ex.com", "exd.com", "insertion-key", false, 0, 0},
	{"exa.com", "exsa.com", "insertion-key", true, 0, 0},
	{"exam.com", "dexam.com", "insertion-key", false, 0, 0},
	{"example.com", "dexample.com", "insertion-key", true, 0, 0},
	{"example.com", "exaample.com", "repetition", true, 0, 0},
	{"ex.com", "exx.com", "repetition", false, 0, 0},
	{"example.com", "exmaple.com", "transposition", true, 0, 0},
	{"ex.com", "xe.com", "transposition", false, 0, 0},
	{"example.com", "exavple.com", "substitution", true, 0, 0},
	{"usa.gov", "tsa.gov", "substitution", false, 0, 0},
	{"exampl1.com", "exampl2.com", "substitution-key", false, 0, 0},
	{"example.com", "examole.com", "substitution-key", true, 0, 0},
	{"ge.com", "fe.com", "substitution-key", false, 0, 0},
	{"example.com", "exemple.com", "vowel-swap", true, 0, 0},
	{"exa.com", "exe.com", "vowel-swap", false, 0, 0},
	{"example.com", "exarnple.com", "look-alike", true, 0, 0},
	{"exo.com", "ex0.com", "look-alike", false, 0, 0},
	{"exbur-no.com", "exburn0.com", "look-alike", false, 0,
		0}, /* no m: the hyphen is between */
	{"example.com", "xn--exmple-cua.com", "idn-look-alike", true, 0, 0},
	{"example.com", "mail.xn--exmple-cua.com", "idn-look-alike", true, 1, 0},
	{"example.com", "xn--bcher-kva.com", "idn-look-alike", false, 0, 0},
	{"azad.gov", "xn--azf-fla.gov", "idn-look-alike", true, 0, 0},
	{"example.com", "ex-ample.com", "hyphen", true, 0, 0},
	{"my-example.com", "myexample.com", "hyphen", true, 0, 0},
	{"ex.com", "e-x.com", "hyphen", false, 0, 0},
	{"myexample.com", "myexamples.com", "plural", true, 0, 0},
	{"exam.com", "exams.com", "plural", false, 0, 0},

	{"example.com", "ex.ample.com", "dot-extra", true, 0, 0},
	{"my-example.com", "my.example.com", "dot-extra", true, 0, 0},
	{"ex.com", "e.x.com", "dot-extra", false, 0, 0},
	{"mail.example.com", "mailexample.com", "dot-missing", true, 0, 0},
	{"us.army.mil", "usarmy.mil", "dot-missing", true, 0, 0},
	{"ca.ibm.com", "caibm.com", "dot-missing", true, 0, 0},
	{"example.com", "wwwexample.com", "dot-missing", true, 0, 3},
	{"example.com", "examplecom", "dot-missing", true, 0, 0},
	{"example.com", "theexample.com", "dot-missing", false, 0, 0},
	{"example.com", "examplec.om", "dot-moved", true, 0, 0},
	{"ex.com", "exc.om", "dot-moved", false, 0, 0},

	{"mil", "army.ml", "tld-omission", true, 1, 0},
	{"mil", "army.il", "tld-omission", true, 1, 0},
	{"mil", "army.mi", "tld-omission", true, 1, 0},
	{"army.mil", "army.ml", "tld-omission", true, 0, 0},
	{"example.com", "example.cm", "tld-omission", true, 0, 0},
	{"example.info", "example.in", "tld-omission", false, 0, 0},
	{"mil", "army.mill", "tld-insertion", true, 1, 0},
	{"example.co", "example.coop", "tld-insertion", false, 0, 0},
	{"example.com", "example.comcom", "tld-insertion", true, 0, 0},
	{"example.co.uk", "mail.example.co.ukk.uk", "tld-insertion", false, 0, 0},
	{"example.co.uk", "mail.example.co.ukuk", "tld-insertion", true, 1, 0},
	{"myexample.com", "myexmaple.comcom", "tld-insertion", false, 0, 0},
	{"example.com", "example.community", "tld-insertion", false, 0, 0},
	{"exam.de", "exam.dev", "tld-insertion", false, 0, 0},
	{"mil", "army.nil", "tld-substitution", true, 1, 0},
	{"example.com", "example.con", "tld-substitution", true, 0, 0},
	{"example.de", "example.be", "tld-substitution", false, 0, 0},
	{"mil", "us.army.mli", "tld-transposition", true, 2, 0},
	{"example.com", "example.cmo", "tld-transposition", true, 0, 0},
	{"example.li", "exmaple.il", "tld-transposition", false, 0, 0},
	{"myexample.com", "myexample.net", "tld-swap", true, 0, 0},
	{"mil", "army.com", "tld-swap", false, 0, 0},
	{"army.mil", "army.com", "tld-swap", false, 0, 0},
	{"boston.gov", "boston.com", "tld-swap", false, 0, 0},
	{"long-example.gov.uk", "long-example.co.uk", "suffix-swap", true, 0, 0},
	{"gov.uk", "example.co.uk", "suffix-swap", false, 0, 0},
	{"army.mil", "army.mil.com", "tld-appended", true, 0, 0},
	{"example.com", "example.com.br", "tld-appended", false, 0, 0},

	{"example.com", "exmaplle.com", "two-edits", true, 0, 0},
	{"exam.com", "eaxmm.com", "two-edits", false, 0, 0},
	{"hampton-example.com", "hampcpton-example.com", "two-edits", true, 0, 0},
	{"example.com", "exmaple.con", "two-labels", true, 0, 0},
	{"example.de", "exmaple.be", "two-labels", false, 0, 0},

	{"example.com", "exaiple.com", "bit-flip", true, 0, 0},
	{"exam.com", "exai.com", "bit-flip", false, 0, 0},
	{"example.com", "example-login.com", "combosquat", true, 0, 0},
	{"exam.com", "exam-login.com", "combosquat", false, 0, 0},
	{"example.com", "eksample.com", "soundsquat", true, 0, 0},
	{"exam.com", "eksam.com", "soundsquat", false, 0, 0},
};

static bool ask_one(const char *protect, const char *typed, ts_class_set_t classes, bool known,
	ts_match_t *match)
{
	ts_name_t meant = name_of(protect), name = name_of(typed);
	ts_target_t target = {meant.wire, meant.len, known, 5000, classes};
	ts_index_t *index;

	assert_int_equal(ts_index_new(&target, 1, &options, &index), TS_OK);
	size_t found = ts_index_find(index, &name, NULL, match, 1);
	if (found) {
		char why[TS_EXPLAIN_MAX];
		ts_name_t counterpart;

		size_t n = ts_index_explain(index, &name, NULL, match, why, sizeof(why));
		assert_true(n > 10 && n == strlen(why));
		assert_int_equal(ts_name_splice(&counterpart, &name, match->suffix, match->keep,
					 meant.wire, meant.len),
			TS_OK);
		for (size_t size = 0; size < 40; size++) {
			char cut[40];
			n = ts_index_explain(index, &name, NULL, match, cut, size);
			assert_true(size == 0 || n < size);
		}
	}
	ts_index_free(index);
	return found > 0;
}

static void find__classes(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		const char *label = rows[i].typed, *name = rows[i].class_name;
		ts_class_set_t classes = ts_class_defaults();
		ts_match_t m;

		if (name) {
			int id = ts_class_find(name, strlen(name));

			assert_row(name, id > 0);
			classes |= TS_CLASS_BIT(id);
		}
		bool found = ask_one(rows[i].protect, label, classes, false, &m);
		assert_row(label, found == rows[i].found);
		if (!found)
			continue;
		if (strcmp(ts_class_get(m.class_id)->name, name) != 0)
			fail_msg("%s: %s, not %s", label, ts_class_get(m.class_id)->name, name);
		assert_row(label, m.suffix == rows[i].suffix);
		assert_row(label, m.keep == rows[i].keep);
		assert_row(label, m.score >= 5000 && m.score <= TS_SCORE_ONE);
		/* Without its class it is not found, or found as a class that is left. */
		uint8_t id = m.class_id;
		if (ask_one(rows[i].protect, label, classes & ~TS_CLASS_BIT(id), false, &m))
			assert_row(label, m.class_id != id);
	}
}

/* A class without a row for what it is, and one for what it is not, is not tested. */
static void find__classes_all_have_rows(void **state)
{
	(void)state;
	for (unsigned id = 0; id < ts_class_count(); id++) {
		const char *name = ts_class_get(id)->name;
		bool is = false, is_not = false;

		if (id == TS_CLASS_DECLARED) /* the policy's, not the index's: test_verdict.c */
			continue;
		for (size_t i = 0; i < countof(rows); i++)
			if (rows[i].class_name && strcmp(rows[i].class_name, name) == 0) {
				is |= rows[i].found;
				is_not |= !rows[i].found;
			}
		assert_row(name, is);
		assert_row(name, is_not);
	}
}

/* The example of every row of the class table does what it says. */
static void find__examples_of_the_table(void **state)
{
	(void)state;
	for (unsigned id = 1; id < ts_class_count(); id++) {
		const ts_class_t *c = ts_class_get(id);
		ts_match_t m;

		/* Errors in two labels are made of two classes more. */
		ts_class_set_t set = id == TS_CLASS_TWO_LABELS ? ts_class_defaults() : 0;

		assert_row(
			c->name, ask_one(c->intended, c->typed, set | TS_CLASS_BIT(id), false, &m));
		assert_row(c->name, m.class_id == id);
	}
}

/* Of two that may have been meant the one that takes one error is, though the other scores higher.
 */
static void find__one_error_before_two(void **state)
{
	static const char *const protect[] = {
		"examplepord.com", "exampllewprd.com", "eaxmplewrod.com"};
	ts_name_t names[countof(protect)], typed = name_of("exampleword.com");
	ts_target_t targets[countof(protect)];
	ts_index_t *index;
	ts_match_t m[8];

	(void)state;
	for (size_t i = 0; i < countof(protect); i++) {
		names[i] = name_of(protect[i]);
		targets[i] = (ts_target_t){
			names[i].wire, names[i].len, false, 5000, ts_class_defaults()};
	}
	assert_int_equal(ts_index_new(targets, 3, &options, &index), TS_OK);
	assert_int_equal(ts_index_find(index, &typed, NULL, m, 8), 1);
	assert_int_equal(m[0].target, 0);
	assert_int_equal(m[0].class_id, TS_CLASS_SUBSTITUTION);
	uint16_t score = m[0].score;
	ts_index_free(index);
	/* Both of the others are found without it, and score higher. */
	assert_int_equal(ts_index_new(targets + 1, 2, &options, &index), TS_OK);
	assert_int_equal(ts_index_find(index, &typed, NULL, m, 8), 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(m[i].class_id, TS_CLASS_TWO_EDITS);
		assert_true(m[i].score > score);
	}
	ts_index_free(index);
}

static void find__known_names_lend_dots_only(void **state)
{
	ts_match_t m;

	(void)state;
	assert_true(ask_one("us.army.mil", "usarmy.mil", ts_class_defaults(), true, &m));
	assert_false(ask_one("us.army.mil", "us.army.ml", ts_class_defaults(), true, &m));
	assert_false(ask_one("example.com", "exmaple.com", ts_class_defaults(), true, &m));
	assert_false(ask_one("example.com", "wwwexample.com", ts_class_defaults(), true, &m));
}

/* ------------------------------------------------------------------------------------------------
 * The reference
 */
static uint64_t rng = 1;

static unsigned dice(unsigned n)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(rng >> 33) % n;
}

static const char *const endings[] = {
	"com", "net", "org", "mil", "gov", "co.uk", "gov.uk", "fr", "de"};

static void random_label(char *out, unsigned least)
{
	static const char letters[] = "abcdeilmnorstuvw-0";
	unsigned n = least + dice(8);

	for (unsigned i = 0; i < n; i++)
		out[i] = letters[dice(i == 0 || i + 1 == n ? 16 : 18)];
	out[n] = '\0';
}

static void random_name(char *out, size_t size)
{
	char a[40], b[40];

	random_label(a, 1);
	random_label(b, 2);
	if (dice(5) == 0)
		snprintf(out, size, "%s.%s.%s", a, b, endings[dice(countof(endings))]);
	else if (dice(60) == 0)
		snprintf(out, size, "%s", endings[dice(countof(endings))]);
	else
		snprintf(out, size, "%s.%s", b, endings[dice(countof(endings))]);
}

/* One to three random edits, dots included; sometimes a label before, or a TLD behind. */
static void mistype(const char *from, char *out, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz.-01";
	char s[300];

	snprintf(s, sizeof(s), "%s%s%s", dice(6) ? "" : "x.", from, dice(20) ? "" : ".com");
	for (unsigned edits = 1 + (dice(3) == 0) + (dice(9) == 0); edits; edits--) {
		size_t n = strlen(s), i = dice((unsigned)n);

		switch (dice(4)) {
		case 0:
			memmove(s + i, s + i + 1, n - i);
			break;
		case 1:
			memmove(s + i + 1, s + i, n - i + 1);
			s[i] = letters[dice(sizeof(letters) - 1)];
			break;
		case 2:
			s[i] = letters[dice(sizeof(letters) - 1)];
			break;
		default:
			if (i + 1 < n) {
				char c = s[i];
				s[i] = s[i + 1];
				s[i + 1] = c;
			}
		}
		if (s[0] == '\0')
			snprintf(s, sizeof(s), "x");
	}
	snprintf(out, size, "%s", s);
}

struct setting {
	ts_name_t names[300];
	ts_target_t targets[300];
	ts_meant_t meant[300];
	size_t count;
};

/* Where no target's threshold is low the index need not look for what cannot reach it. */
static void make_setting(struct setting *s, size_t count, bool low)
{
	char text[200];

	s->count = 0;
	while (s->count < count) {
		size_t i = s->count;
		bool again = false;

		random_name(text, sizeof(text));
		s->names[i] = name_of(text);
		for (size_t k = 0; k < i; k++)
			again |= s->names[k].len == s->names[i].len &&
				 memcmp(s->names[k].wire, s->names[i].wire, s->names[i].len) == 0;
		if (again)
			continue;
		s->targets[i] = (ts_target_t){s->names[i].wire, s->names[i].len, dice(10) == 0,
			(uint16_t)(dice(3) || !low ? 5000 : 100), ~UINT64_C(0)};
		if (dice(3))
			s->targets[i].classes = ts_class_defaults();
		s->count++;
	}
	for (size_t i = 0; i < count; i++)
		ts_meant_init(&s->meant[i], s->names[i].wire, s->names[i].len, &s->names[i],
			s->targets[i].classes, s->targets[i].known);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < count && !s->meant[i].known; k++) {
			int near = k == i ? 0 : ts_meant_neighbour(&s->meant[i], &s->meant[k]);
			s->meant[i].crowd = (uint8_t)(s->meant[i].crowd + (near == 1));
			s->meant[i].siblings = (uint8_t)(s->meant[i].siblings + (near == 2));
		}
	}
}

/* The best match by comparing with everything. */
static bool reference(const struct setting *s, const ts_name_t *q, ts_match_t *best)
{
	ts_typed_t typed;
	bool found = false;

	ts_typed_init(&typed, q);
	for (size_t i = 0; i < s->count; i++) {
		const ts_name_t *t = &s->names[i];
		unsigned at = s->meant[i].suffix;

		typed.suffix_in_use |=
			!s->meant[i].known &&
			ts_name_suffix_len(t, at) == ts_name_suffix_len(q, typed.suffix) &&
			memcmp(ts_name_suffix(t, at), ts_name_suffix(q, typed.suffix),
				ts_name_suffix_len(t, at)) == 0;
	}
	for (size_t i = 0; i < s->count; i++) {
		ts_likeness_t l = {.odds = TS_ODDS_NEVER};

		ts_likeness(&typed, 0, q->nlabels - 1, &s->meant[i], &l);
		if (l.odds == TS_ODDS_NEVER || l.score < s->targets[i].threshold)
			continue;
		ts_match_t m = {(uint32_t)i, l.score, l.class_id, l.distance, l.suffix, l.keep};
		bool two = m.class_id == TS_CLASS_TWO_EDITS;
		bool best_two = found && best->class_id == TS_CLASS_TWO_EDITS;
		bool wins = !found || m.score > best->score;
		if (found && two != best_two) {
			wins = best_two;
		} else if (found && m.score == best->score) {
			const ts_name_t *a = &s->names[i], *b = &s->names[best->target];
			wins = m.distance != best->distance ? m.distance < best->distance
			       : a->len != b->len           ? a->len > b->len
							    : ts_name_compare(a->wire, b->wire) < 0;
		}
		if (wins)
			*best = m;
		found = true;
	}
	return found;
}

static void find__agrees_with_the_reference(void **state)
{
	const char *many = getenv("TYPOSINK_TEST_MANY");
	struct setting *s = calloc(1, sizeof(*s));
	unsigned rounds = many ? 100 : 6, found = 0;

	(void)state;
	assert_non_null(s);
	for (unsigned round = 0; round < rounds; round++) {
		ts_index_t *index, *shuffled;
		ts_target_t mixed[300];
		uint32_t from[300];

		make_setting(s, 40 + dice(260), round % 2);
		for (uint32_t i = 0; i < s->count; i++)
			from[i] = i;
		for (uint32_t i = (uint32_t)s->count - 1; i; i--) {
			uint32_t k = dice(i + 1), t = from[i];
			from[i] = from[k];
			from[k] = t;
		}
		for (size_t i = 0; i < s->count; i++)
			mixed[i] = s->targets[from[i]];
		assert_int_equal(ts_index_new(s->targets, s->count, &options, &index), TS_OK);
		assert_int_equal(
			ts_index_new(mixed, s->count, &(ts_index_options_t){7}, &shuffled), TS_OK);
		for (unsigned i = 0; i < 1000; i++) {
			char typed[200], base[200];
			ts_name_t q;
			ts_match_t want = {0}, got = {0}, other;

			if (dice(8))
				ts_name_to_text(s->names[dice((unsigned)s->count)].wire, base,
					sizeof(base));
			else
				random_name(base, sizeof(base));
			mistype(base, typed, sizeof(typed));
			if (ts_name_from_text(&q, typed, strlen(typed), NULL) || q.nlabels == 0)
				continue;
			bool is = reference(s, &q, &want);
			bool has = ts_index_find(index, &q, NULL, &got, 1) == 1;
			if (is != has ||
				(is && (want.target != got.target || want.score != got.score ||
					       want.class_id != got.class_id)))
				fail_msg("round %u, %s: the reference has %s %s %u, the index %s "
					 "%s %u",
					round, typed, is ? "a match" : "nothing",
					is ? ts_class_get(want.class_id)->name : "",
					is ? want.score : 0, has ? "a match" : "nothing",
					has ? ts_class_get(got.class_id)->name : "",
					has ? got.score : 0);
			/* Neither the order of the policy nor the key of the hashes matters. */
			bool same = ts_index_find(shuffled, &q, NULL, &other, 1) == 1;
			assert_row(typed, same == has);
			if (has)
				assert_row(typed, from[other.target] == got.target &&
							  other.score == got.score);
			found += is;
		}
		for (size_t i = 0; i < s->count; i++) {
			ts_match_t m[8];
			size_t n = ts_index_find(index, &s->names[i], NULL, m, 8);
			for (size_t k = 0; k < n; k++)
				assert_true(m[k].target != i);
		}
		ts_index_free(index);
		ts_index_free(shuffled);
	}
	assert_true(found > rounds * 100);
	free(s);
}

/* Any bytes, the longest names, and many matches: nothing but an answer. */
static void find__hostile_names(void **state)
{
	struct setting *s = calloc(1, sizeof(*s));
	ts_index_t *index;

	(void)state;
	assert_non_null(s);
	make_setting(s, 300, true);
	assert_int_equal(ts_index_new(s->targets, s->count, &options, &index), TS_OK);
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t wire[TS_NAME_MAX];
		unsigned at = 0;
		ts_name_t q;
		ts_match_t m[8];

		while (at < 250 && dice(12)) {
			unsigned n = 1 + dice(dice(2) ? 63 : 4);

			if (at + n + 2 > sizeof(wire))
				break;
			wire[at++] = (uint8_t)n;
			while (n--)
				wire[at++] = (uint8_t)(i % 3 ? dice(256) : 'a');
		}
		wire[at++] = 0;
		assert_int_equal(ts_name_from_wire(&q, wire, at), TS_OK);
		size_t n = ts_index_find(index, &q, NULL, m, 1 + dice(8));
		for (size_t k = 1; k < n; k++)
			assert_true(m[k].score <= m[k - 1].score);
	}
	ts_index_free(index);
	free(s);
}

/* Targets that a name's deletions lead to, and that it is no typo of, are not judged: work that is
 * counted, not timed. The pattern stands for 26 targets. */
static void find__crowds_are_sifted(void **state)
{
	static const struct {
		const char *label, *pattern, *query;
		unsigned judged, found;
	} crowds[] = {
		{"another letter of four", "a?ad.gov", "azad.gov", 1, 0}, /* itself */
		{"another letter, and one less", "nc?cd.gov", "nccc.gov", 1, 1},
		{"two letters that are not there", "sc?rt.gov", "scqrw.gov", 1, 0},
		{"what a host's name may stand before", "chester?t.gov", "manchester.gov", 0, 0},
		{"but where it may", "c?ester.gov", "manchester.gov", 1, 1},
		{"letters enough", "example?.gov", "exampl.gov", 26, 0},
	};
	ts_name_t names[26];
	ts_target_t targets[26];

	(void)state;
	for (size_t k = 0; k < countof(crowds); k++) {
		ts_name_t query = name_of(crowds[k].query);
		ts_index_t *index;
		ts_match_t m;

		for (int i = 0; i < 26; i++) {
			char text[40];

			snprintf(text, sizeof(text), "%s", crowds[k].pattern);
			*strchr(text, '?') = (char)('a' + i);
			names[i] = name_of(text);
			targets[i] = (ts_target_t){
				names[i].wire, names[i].len, false, 5000, ts_class_defaults()};
		}
		assert_int_equal(ts_index_new(targets, 26, &options, &index), TS_OK);
		unsigned judged = ts_index_judged(index, &query);
		if (judged != crowds[k].judged)
			fail_msg("%s: %u are judged, not %u", crowds[k].label, judged,
				crowds[k].judged);
		assert_row(crowds[k].label,
			ts_index_find(index, &query, NULL, &m, 1) == crowds[k].found);
		ts_index_free(index);
	}
}

/* How many letters typed are not among those meant, or not as often. */
static unsigned lacking(const uint8_t *typed, const uint8_t *meant)
{
	unsigned n = 0;
	bool used[TS_LABEL_MAX] = {false};

	for (unsigned i = 1; i <= *typed; i++) {
		unsigned k = 1;

		while (k <= *meant && (used[k - 1] || meant[k] != typed[i]))
			k++;
		if (k <= *meant)
			used[k - 1] = true;
		else
			n++;
	}
	return n;
}

/* What is skipped because it cannot score enough cannot: no score is above what index.c reckons
 * with at most. */
static void odds_most__no_score_is_above(void **state)
{
	static const struct {
		const char *tld;
		bool listed;
	} ways[] = {{"com", false}, {"gov", false}, {"de", true}, {"gov", true}};
	/* Of the label alone, and but what has questions of its own. */
	const ts_class_set_t label_classes =
		ts_class_defaults() &
		~(TS_CLASS_BIT(TS_CLASS_LOOK_ALIKE) | TS_CLASS_BIT(TS_CLASS_DOT_MISSING));
	unsigned ones = 0, twos = 0;

	(void)state;
	for (unsigned i = 0; i < 200000; i++) {
		unsigned way = dice(countof(ways));
		char label[40], base[80], slip[300];
		ts_name_t meant_name, name;
		ts_meant_t meant;
		ts_typed_t typed;
		ts_likeness_t l = {.odds = TS_ODDS_NEVER};

		random_label(label, 2);
		label[2 + dice(6)] = '\0';
		snprintf(base, sizeof(base), "%s.%s", label, ways[way].tld);
		meant_name = name_of(base);
		mistype(label, slip, 60);
		snprintf(slip + strlen(slip), 10, ".%s", ways[way].tld);
		if (ts_name_from_text(&name, slip, strlen(slip), NULL) || name.nlabels != 2)
			continue;
		ts_meant_init(
			&meant, meant_name.wire, meant_name.len, &meant_name, label_classes, false);
		ts_typed_init(&typed, &name);
		typed.has_list = ways[way].listed;
		if (!ts_likeness(&typed, 0, 0, &meant, &l))
			continue;
		int n = *name.wire, m = *meant_name.wire, most;
		unsigned lacks = lacking(name.wire, meant_name.wire);
		const uint8_t *tld = ts_name_suffix(&name, 1);
		if (l.distance == 1) {
			enum ts_error error = n < m        ? TS_ERROR_MISSING
					      : n > m      ? TS_ERROR_ADDED
					      : lacks == 0 ? TS_ERROR_SWAPPED
							   : TS_ERROR_OTHER;
			assert_row(slip,
				lacks == (error == TS_ERROR_ADDED || error == TS_ERROR_OTHER));
			most = ts_odds_most(error, (size_t)m, tld, ways[way].listed);
			ones++;
		} else {
			if (n >= TS_TWO_EDITS_EASY && m >= TS_TWO_EDITS_EASY)
				continue;
			most = ts_odds_most_two(m - n, lacks, (size_t)m, ways[way].listed);
			twos++;
		}
		if (l.odds > most)
			fail_msg("%s for %s: %d, at most %d", slip, base, l.odds, most);
	}
	assert_true(ones > 20000 && twos > 1000);
}

static void new__no_targets_and_bad_ones(void **state)
{
	static const uint8_t root[] = {0}, cut[] = {3, 'c', 'o'};
	ts_target_t bad[] = {{root, 1, false, 5000, 0}, {cut, 3, false, 5000, 0}};
	ts_index_t *index = NULL;
	ts_name_t q = name_of("example.com");
	ts_match_t m;

	(void)state;
	assert_int_equal(ts_index_new(NULL, 0, &options, &index), TS_OK);
	assert_int_equal(ts_index_find(index, &q, NULL, &m, 1), 0);
	assert_true(ts_index_memory(index) > 0);
	ts_index_free(index);
	assert_int_equal(ts_index_new(&bad[0], 1, &options, &index), TS_EINVAL);
	assert_int_equal(ts_index_new(&bad[1], 1, &options, &index), TS_EINVAL);
	ts_index_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(find__classes),
		cmocka_unit_test(find__classes_all_have_rows),
		cmocka_unit_test(find__examples_of_the_table),
		cmocka_unit_test(find__one_error_before_two),
		cmocka_unit_test(find__known_names_lend_dots_only),
		cmocka_unit_test(find__agrees_with_the_reference),
		cmocka_unit_test(find__hostile_names),
		cmocka_unit_test(find__crowds_are_sifted),
		cmocka_unit_test(odds_most__no_score_is_above),
		cmocka_unit_test(new__no_targets_and_bad_ones),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
