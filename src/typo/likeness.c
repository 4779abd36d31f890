/* SPDX-License-Identifier: BSD-3-Clause */
#include "likeness.h"

#include "keyboard.h"
#include "suffix.h"
#include "word.h"

#include <string.h>

/* The weights (weights.h): constants, but variables in the program that cross-validates them. */
#ifdef TS_WEIGHTS_VARY
#define WEIGHT(name, value) int W_##name = value;
#include "weights.h"
#else
enum {
#define WEIGHT(name, value) W_##name = value,
#include "weights.h"
};
#endif
#undef WEIGHT

#define CROWD_MAX 3 /* protected neighbours that are counted */

static int length_odds(size_t letters)
{
	const int by_length[] = {W_LETTERS_0, W_LETTERS_1, W_LETTERS_2, W_LETTERS_3, W_LETTERS_4,
		W_LETTERS_5, W_LETTERS_6, W_LETTERS_7, W_LETTERS_8, W_LETTERS_9, W_LETTERS_10,
		W_LETTERS_11};
	size_t last = sizeof(by_length) / sizeof(by_length[0]) - 1;

	return by_length[letters < last ? letters : last];
}

/* Letters that bear one error in a label of `meant`. A letter more leaves fewer strangers of that
 * length; a letter less leaves what was meant to bear it. */
static size_t bearing(size_t meant, bool added)
{
	return meant + (added && meant > 2);
}

uint16_t ts_odds_to_score(int odds)
{
	/* The logistic function at 0, 0.5, 1 ... 8, in ten-thousandths; straight lines between. */
	static const uint16_t at[] = {5000, 6225, 7311, 8176, 8808, 9241, 9526, 9707, 9820, 9890,
		9933, 9959, 9975, 9985, 9991, 9994, 9997};
	int x = odds < 0 ? -odds : odds, i = x / 50, y;

	y = i >= 16 ? at[16] : at[i] + (at[i + 1] - at[i]) * (x % 50) / 50;
	return (uint16_t)(odds < 0 ? 10000 - y : y);
}

#define MOST(a, b) ((a) > (b) ? (a) : (b))

/* The most that is added for what else may be said of an error in a label: nothing, as long as all
 * of that lowers a score. */
static inline int odds_else(bool listed)
{
	int odds = MOST(MOST(MOST(W_FIRST_LETTER, W_FIRST_LETTER_GONE), W_FIRST_LETTER_ADDED), 0) +
		   MOST(W_DIGIT, 0) + MOST(W_WORD, 0) + MOST(W_HOST_LABEL, 0) +
		   CROWD_MAX * MOST(W_CROWD, 0);

	if (listed)
		odds += MOST(MOST(W_UNPOPULAR, 0),
			MOST(W_POPULAR_HEAD, MOST(W_POPULAR_BODY, W_POPULAR_TAIL)));
	return odds;
}

int ts_odds_most(enum ts_error error, size_t meant, const uint8_t *tld, bool listed)
{
	const int each[] = {/* the calls of find_edit, by what they do to the letters */
		[TS_ERROR_SWAPPED] = W_TRANSPOSITION,
		[TS_ERROR_MISSING] =
			MOST(MOST(W_OMISSION, W_OMISSION_OF_DOUBLE), MOST(W_HYPHEN, W_PLURAL)),
		[TS_ERROR_ADDED] = MOST(MOST(W_REPETITION, MOST(W_INSERTION, W_INSERTION_KEY)),
			MOST(W_HYPHEN, W_PLURAL)),
		[TS_ERROR_OTHER] = MOST(
			MOST(W_SUBSTITUTION, W_SUBSTITUTION_KEY), MOST(W_VOWEL_SWAP, W_BIT_FLIP))};
	int odds = each[error] + length_odds(bearing(meant, error == TS_ERROR_ADDED));

	if (meant < 5 && ts_tld_closed(tld))
		odds += W_SHORT_CLOSED;
	else if (meant < 5 && (*tld != 3 || memcmp(tld + 1, "com", 3) != 0))
		odds += W_SHORT_NOT_COM;
	return odds + odds_else(listed);
}

int ts_odds_most_two(int more, unsigned lacks, size_t meant, bool listed)
{
	/* The most of one operation, see operation_odds. */
	const int swap = W_TRANSPOSITION, omit = MOST(W_OMISSION, W_OMISSION_OF_DOUBLE);
	const int other =
		MOST(MOST(W_SUBSTITUTION, W_SUBSTITUTION_KEY), MOST(W_VOWEL_SWAP, W_LOOK_ALIKE));
	const int add = MOST(W_REPETITION, MOST(W_INSERTION, W_INSERTION_KEY));
	/* Of two, by how many letters they take and how many they bring, at least. */
	const int most[5][3] = {{2 * add, 2 * add, 2 * add},
		{MOST(add + swap, add + other), MOST(add + swap, add + other), add + other},
		{MOST(MOST(2 * swap, add + omit), MOST(other + swap, 2 * other)),
			MOST(add + omit, MOST(other + swap, 2 * other)), 2 * other},
		{MOST(omit + swap, omit + other), omit + other, TS_ODDS_NEVER},
		{2 * omit, TS_ODDS_NEVER, TS_ODDS_NEVER}};

	if (lacks > 2)
		return TS_ODDS_NEVER;
	int odds = most[more + 2][lacks] + W_SECOND_EDIT + W_SECOND_EDIT_SHORT;
	if (more == 0 && lacks == 0)
		odds = MOST(odds, W_MOVED + length_odds(meant));
	return odds + odds_else(listed);
}

unsigned ts_osa(const uint8_t *a, size_t n, const uint8_t *b, size_t m)
{
	uint8_t rows[3][TS_NAME_MAX + 1], *before = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= m; j++)
		last[j] = (uint8_t)j;
	for (size_t i = 1; i <= n; i++) {
		row[0] = (uint8_t)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned d = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1u < d)
				d = last[j] + 1u;
			if (row[j - 1] + 1u < d)
				d = row[j - 1] + 1u;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				before[j - 2] + 1u < d)
				d = before[j - 2] + 1u;
			row[j] = (uint8_t)d;
		}
		uint8_t *t = before;
		before = last, last = row, row = t;
	}
	return last[m];
}

/* The next letter that the eye keeps, from *i on, which moves behind it; -1: no more. */
static inline int next_look(const uint8_t *s, size_t n, size_t *i)
{
	while (*i < n) {
		uint8_t c = s[(*i)++], next = *i < n ? s[*i] : 0;

		switch (c) {
		case '-':
			continue;
		case '0':
			return 'o';
		case '1':
		case 'i':
			return 'l';
		case '3':
			return 'e';
		case '5':
			return 's';
		case 'r':
			if (next != 'n')
				return c;
			++*i;
			return 'm';
		case 'v':
			if (next != 'v')
				return c;
			++*i;
			return 'w';
		default:
			return c;
		}
	}
	return -1;
}

size_t ts_label_fold(const uint8_t *in, size_t len, uint8_t *out)
{
	size_t o = 0, i = 0;
	int c;

	while ((c = next_look(in, len, &i)) >= 0)
		out[o++] = (uint8_t)c;
	return o;
}

const ts_spelling_pair_t ts_looks[] = {{"rn", "m"}, {"vv", "w"}, {NULL, NULL}};

const ts_spelling_pair_t ts_sounds[] = {{"ph", "f"}, {"ck", "k"}, {"ks", "x"}, {"kw", "q"},
	{"qu", "q"}, {"ee", "i"}, {"ea", "i"}, {"oo", "u"}, {"ou", "u"}, {"ie", "i"}, {"ei", "i"},
	{"ai", "e"}, {"ay", "e"}, {"wh", "w"}, {NULL, NULL}};

/* Spelling that a listener cannot hear. */
size_t ts_label_sound(const uint8_t *in, size_t len, uint8_t *out)
{
	size_t o = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = in[i];

		if (c == '-')
			continue;
		for (unsigned p = 0; i + 1 < len && ts_sounds[p].one; p++) {
			if (in[i] == (uint8_t)ts_sounds[p].one[0] &&
				in[i + 1] == (uint8_t)ts_sounds[p].one[1]) {
				c = (uint8_t)ts_sounds[p].other[0];
				i++;
				break;
			}
		}
		if (c == 'c')
			c = 'k';
		if (c == 'z')
			c = 's';
		if (c == 'y')
			c = 'i';
		if (o && out[o - 1] == c)
			continue;
		out[o++] = c;
	}
	return o;
}

static bool is_vowel(uint8_t c)
{
	return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

/* ------------------------------------------------------------------------------------------------
 * One edit: what it is, and the classes that it may be called, likeliest first.
 */
struct call {
	uint8_t class_id;
	int16_t odds;
	const char *words;
};

struct edit {
	uint8_t distance;
	bool first; /* it is at the first letter */
	bool digit; /* a digit came, went, or became another */
	uint8_t ncalls;
	struct call calls[6];
};

static void call(struct edit *e, enum ts_class_id class_id, int odds, const char *words)
{
	e->calls[e->ncalls++] = (struct call){(uint8_t)class_id, (int16_t)odds, words};
}

static bool sounds_alike(const uint8_t *typed, size_t n, const uint8_t *meant, size_t m)
{
	uint8_t a[TS_LABEL_MAX], b[TS_LABEL_MAX];
	size_t x = ts_label_sound(typed, n, a), y = ts_label_sound(meant, m, b);

	return x == y && memcmp(a, b, x) == 0;
}

/* What octets are: letters that next_look changes, or skips; digits. */
#define LOOKS 1u
#define DIGIT 2u

static const uint8_t kinds[256] = {['-'] = LOOKS,
	['i'] = LOOKS,
	['r'] = LOOKS,
	['v'] = LOOKS,
	['0'] = LOOKS | DIGIT,
	['1'] = LOOKS | DIGIT,
	['2'] = DIGIT,
	['3'] = LOOKS | DIGIT,
	['4'] = DIGIT,
	['5'] = LOOKS | DIGIT,
	['6'] = DIGIT,
	['7'] = DIGIT,
	['8'] = DIGIT,
	['9'] = DIGIT};

static bool looks_alike_from(
	const uint8_t *typed, size_t n, const uint8_t *meant, size_t m, size_t same)
{
	int a, b;

	/* An r or a v may be one with what follows. */
	while (same && (typed[same - 1] == 'r' || typed[same - 1] == 'v'))
		same--;
	size_t i = same, j = same;
	do {
		a = next_look(typed, n, &i);
		b = next_look(meant, m, &j);
	} while (a == b && a >= 0);
	return a == b;
}

static unsigned count_digits(const uint8_t *s, size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++)
		if (kinds[s[i]] & DIGIT)
			sum += UINT32_C(1) << (s[i] - '0') * 3;
	return sum;
}

/* same: octets that the two, which differ, begin with alike, all of them. */
static inline bool looks_alike(
	const uint8_t *typed, size_t n, const uint8_t *meant, size_t m, size_t same)
{
	/* What stands behind them, and before it: are these but letters that look like no others?
	 */
	unsigned is = (same ? kinds[typed[same - 1]] : 0) | (same < n ? kinds[typed[same]] : 0) |
		      (same < m ? kinds[meant[same]] : 0);

	return is & LOOKS && looks_alike_from(typed, n, meant, m, same);
}

/* What one operation at meant[j] is worth in a word with two errors. */
static int operation_odds(const uint8_t *typed, size_t n, size_t i, const uint8_t *meant, size_t j,
	unsigned eaten, unsigned written)
{
	if (eaten == 2)
		return W_TRANSPOSITION;
	if (written == 0)
		return j > 0 && meant[j - 1] == meant[j] ? W_OMISSION_OF_DOUBLE : W_OMISSION;
	if (eaten == 1 && looks_alike(typed + i, 1, meant + j, 1, 0))
		return W_LOOK_ALIKE;
	if (eaten == 1)
		return ts_keys_adjacent(typed[i], meant[j])       ? W_SUBSTITUTION_KEY
		       : is_vowel(typed[i]) && is_vowel(meant[j]) ? W_VOWEL_SWAP
								  : W_SUBSTITUTION;
	uint8_t before = i ? typed[i - 1] : 0, after = i + 1 < n ? typed[i + 1] : 0;
	if (typed[i] == before || typed[i] == after)
		return W_REPETITION;
	return ts_keys_adjacent(typed[i], before) || ts_keys_adjacent(typed[i], after)
		       ? W_INSERTION_KEY
		       : W_INSERTION;
}

/* Two labels whose octets differ from left on, up to the last `right`, or one more. */
struct pair {
	const uint8_t *typed, *meant;
	size_t n, m, left, right;
};

/* The odds of two errors of which the first, at `from`, eats and writes so many letters.
 * TS_ODDS_NEVER: it takes more than two. */
static inline int two_edits_from(
	const struct pair *p, size_t from, unsigned eaten, unsigned written)
{
	const uint8_t *typed = p->typed, *meant = p->meant;
	size_t n = p->n, m = p->m, i = from + written, j = from + eaten;

	if (i > n || j > m ||
		(eaten == 2 && (typed[from] != meant[from + 1] || typed[from + 1] != meant[from])))
		return TS_ODDS_NEVER;
	while (i < n && j < m && typed[i] == meant[j])
		i++, j++;
	size_t x = n - i, y = m - j, least = x < y ? x : y;
	size_t same = p->right < least ? p->right : least;
	unsigned e2 = (unsigned)(y - same), w2 = (unsigned)(x - same);
	if (e2 + w2 == 0 || e2 > 2 || w2 > 2 || (e2 == 2) != (w2 == 2) ||
		(e2 == 2 && (typed[i] != meant[j + 1] || typed[i + 1] != meant[j])))
		return TS_ODDS_NEVER;
	return operation_odds(typed, n, from, meant, from, eaten, written) +
	       operation_odds(typed, n, i, meant, j, e2, w2);
}

/* The likeliest way to two errors: the best sum over the ways to cut it into two operations. left
 * is not 0. TS_ODDS_NEVER: it takes more than two. */
static int two_edits_odds(struct pair *p)
{
	const int longer = (int)p->n - (int)p->m;
	int best = TS_ODDS_NEVER, odds;

	/* What left has taken may be right's as well. */
	if (p->right < p->n && p->right < p->m &&
		p->typed[p->n - 1 - p->right] == p->meant[p->m - 1 - p->right])
		p->right++;
	/* The first operation starts at left, or, where a run of one letter ends, one before it:
	 * letters that are the same are no error there. No operation makes good for more than one
	 * letter. */
	for (size_t from = p->left - 1; longer >= 0 && from <= p->left; from++)
		if ((odds = two_edits_from(p, from, 0, 1)) > best)
			best = odds;
	for (size_t from = p->left - 1; longer <= 0 && from <= p->left; from++)
		if ((odds = two_edits_from(p, from, 1, 0)) > best)
			best = odds;
	for (unsigned both = 1; longer >= -1 && longer <= 1 && both <= 2; both++)
		if ((odds = two_edits_from(p, p->left, both, both)) > best)
			best = odds;
	return best;
}

/* Lengths that two errors may lie between. */
static bool bears_two(size_t n, size_t m)
{
	return m >= TS_TWO_EDITS_MIN && n + 1 >= TS_TWO_EDITS_MIN && m <= TS_TWO_EDITS_MAX &&
	       n <= TS_TWO_EDITS_MAX;
}

static bool is_short(size_t n, size_t m)
{
	return n < TS_TWO_EDITS_EASY || m < TS_TWO_EDITS_EASY;
}

/* A letter that was not meant at all: with two errors in a short label too little is left of it. */
static bool has_other(const uint8_t *x, size_t a, const uint8_t *meant, size_t m)
{
	for (size_t i = 0; i < a; i++)
		if (!memchr(meant, x[i], m))
			return true;
	return false;
}

/* Works out what happened to meant (m octets) that made it typed (n octets). false: more than what
 * anybody does by mistake. The two differ. */
static bool find_edit(const uint8_t *typed, size_t n, const uint8_t *meant, size_t m,
	ts_class_set_t classes, struct edit *e)
{
	size_t left = 0, right = 0, least = n < m ? n : m;

	e->ncalls = 0;
	e->distance = 1;
	if (least >= 8) {
		uint64_t differ = ts_octets8(typed) ^ ts_octets8(meant);
		left = differ ? (size_t)__builtin_ctzll(differ) / 8 : 8;
	}
	while (left < least && typed[left] == meant[left])
		left++;
	while (right < least - left && typed[n - 1 - right] == meant[m - 1 - right])
		right++;
	e->first = left == 0;
	size_t a = n - left - right, b = m - left - right;
	const uint8_t *x = typed + left, *y = meant + left;

	bool alike = false;

	if (a == 0 && b == 1) {
		bool doubled = left > 0 && meant[left - 1] == *y;

		if (*y == '-')
			call(e, TS_CLASS_HYPHEN, W_HYPHEN, "a hyphen left out");
		if (left == m - 1 && *y == 's')
			call(e, TS_CLASS_PLURAL, W_PLURAL, "an s dropped at the end");
		else if (*y != '-')
			call(e, TS_CLASS_OMISSION, doubled ? W_OMISSION_OF_DOUBLE : W_OMISSION,
				doubled ? "one of a double letter left out" : "a letter left out");
	} else if (a == 1 && b == 0) {
		uint8_t before = left ? typed[left - 1] : 0, after = left + 1 < n ? x[1] : 0;

		if (*x == '-')
			call(e, TS_CLASS_HYPHEN, W_HYPHEN, "a hyphen put in");
		else if (*x == before || *x == after)
			call(e, TS_CLASS_REPETITION, W_REPETITION, "a letter typed twice");
		else if (left == n - 1 && *x == 's')
			; /* a plural */
		else if (ts_keys_adjacent(*x, before) || ts_keys_adjacent(*x, after))
			call(e, TS_CLASS_INSERTION_KEY, W_INSERTION_KEY,
				"a neighbouring key hit too");
		if (left == n - 1 && *x == 's' && *x != before)
			call(e, TS_CLASS_PLURAL, W_PLURAL, "an s added at the end");
		else if (*x != '-')
			call(e, TS_CLASS_INSERTION, W_INSERTION, "a letter too many");
	} else if (a == 1 && b == 1) {
		if (ts_keys_adjacent(*x, *y))
			call(e, TS_CLASS_SUBSTITUTION_KEY, W_SUBSTITUTION_KEY,
				"a neighbouring key for a letter");
		if (is_vowel(*x) && is_vowel(*y))
			call(e, TS_CLASS_VOWEL_SWAP, W_VOWEL_SWAP, "another vowel");
		if (((*x ^ *y) & ((*x ^ *y) - 1)) == 0)
			call(e, TS_CLASS_BIT_FLIP, W_BIT_FLIP, "one bit of a letter flipped");
		call(e, TS_CLASS_SUBSTITUTION, W_SUBSTITUTION, "another letter");
		alike = looks_alike(typed, n, meant, m, left);
	} else if (a == 2 && b == 2 && x[0] == y[1] && x[1] == y[0]) {
		call(e, TS_CLASS_TRANSPOSITION, W_TRANSPOSITION, "two letters swapped");
	} else {
		int odds = TS_ODDS_NEVER;
		bool turned = a == 3 && b == 3 && /* a letter two places off */
			      ((x[0] == y[1] && x[1] == y[2] && x[2] == y[0]) ||
				      (x[0] == y[2] && x[1] == y[0] && x[2] == y[1]));

		alike = looks_alike(typed, n, meant, m, left);
		if (!e->first && bears_two(n, m) && !(is_short(n, m) && has_other(x, a, meant, m)))
			odds = two_edits_odds(&(struct pair){typed, meant, n, m, left, right});
		if (odds > TS_ODDS_NEVER) {
			e->distance = 2;
			call(e, TS_CLASS_TWO_EDITS, odds + W_SECOND_EDIT,
				"two errors in one label");
			if (turned)
				call(e, TS_CLASS_TRANSPOSITION, W_MOVED, "a letter two places off");
		} else if (alike || classes & TS_CLASS_BIT(TS_CLASS_SOUNDSQUAT)) {
			e->distance = 0; /* worked out where it is wanted */
		} else {                 /* most of what is compared */
			return false;
		}
	}
	if (alike)
		call(e, TS_CLASS_LOOK_ALIKE, W_LOOK_ALIKE, "letters that look alike");
	if (classes & TS_CLASS_BIT(TS_CLASS_SOUNDSQUAT) && sounds_alike(typed, n, meant, m))
		call(e, TS_CLASS_SOUNDSQUAT, W_SOUND, "it sounds alike");
	if (e->ncalls && e->distance == 0)
		e->distance = (uint8_t)ts_osa(x, a, y, b);
	e->digit = e->ncalls && count_digits(x, a) != count_digits(y, b);
	return e->ncalls > 0;
}

/* ------------------------------------------------------------------------------------------------
 * The account that is kept of a candidate.
 */
static void add_term(ts_likeness_t *l, const char *words, int odds)
{
	if (odds == 0)
		return;
	if (l->tells && l->nterms < TS_TERMS_MAX)
		l->terms[l->nterms++] = (ts_term_t){words, (int16_t)odds};
	l->odds += odds;
}

/* Adds the likeliest call of an edit that the target's classes allow. false: none is allowed. */
static bool add_edit(ts_likeness_t *l, const struct edit *e, ts_class_set_t classes)
{
	const struct call *best = NULL;

	for (unsigned i = 0; i < e->ncalls; i++)
		if (classes & TS_CLASS_BIT(e->calls[i].class_id) &&
			(!best || e->calls[i].odds > best->odds))
			best = &e->calls[i];
	if (!best)
		return false;
	l->class_id = best->class_id;
	l->distance = (uint8_t)(l->distance + e->distance);
	add_term(l, best->words, best->odds);
	return true;
}

static bool is_com(const ts_meant_t *meant)
{
	return meant->len >= 5 && memcmp(meant->wire + meant->len - 5, "\3com", 5) == 0;
}

static bool same_label(const uint8_t *a, const uint8_t *b)
{
	return *a == *b && memcmp(a + 1, b + 1, *a) == 0;
}

static const uint8_t *label_at(const uint8_t *wire, unsigned i)
{
	while (i--)
		wire += 1 + *wire;
	return wire;
}

/* The class of a suffix edit by the class of the edit. */
static enum ts_class_id tld_class(uint8_t class_id)
{
	switch (class_id) {
	case TS_CLASS_OMISSION:
	case TS_CLASS_PLURAL:
		return TS_CLASS_TLD_OMISSION;
	case TS_CLASS_TRANSPOSITION:
		return TS_CLASS_TLD_TRANSPOSITION;
	case TS_CLASS_INSERTION:
	case TS_CLASS_INSERTION_KEY:
	case TS_CLASS_REPETITION:
		return TS_CLASS_TLD_INSERTION;
	default:
		return TS_CLASS_TLD_SUBSTITUTION;
	}
}

#define ANY_EDIT                                                                             \
	(TS_CLASS_BIT(TS_CLASS_OMISSION) | TS_CLASS_BIT(TS_CLASS_INSERTION) |                \
		TS_CLASS_BIT(TS_CLASS_INSERTION_KEY) | TS_CLASS_BIT(TS_CLASS_REPETITION) |   \
		TS_CLASS_BIT(TS_CLASS_TRANSPOSITION) | TS_CLASS_BIT(TS_CLASS_SUBSTITUTION) | \
		TS_CLASS_BIT(TS_CLASS_SUBSTITUTION_KEY) | TS_CLASS_BIT(TS_CLASS_PLURAL) |    \
		TS_CLASS_BIT(TS_CLASS_VOWEL_SWAP))

static bool is_idn(const uint8_t *label)
{
	return *label > 4 && memcmp(label + 1, "xn--", 4) == 0;
}

const char *const ts_generic_tlds[] = {"\3com", "\3net", "\3org", "\4info", "\3biz", "\2co", NULL};

static bool is_generic(const uint8_t *suffix)
{
	for (unsigned i = 0; ts_generic_tlds[i]; i++)
		if (strcmp((const char *)suffix, ts_generic_tlds[i]) == 0)
			return true;
	return false;
}

/*
 * The suffix: labels labels at typed and at meant, which differ. One edit in one of them, or (swap)
 * another suffix altogether. letters: of the label before, which carries what the suffix does not.
 * false: *l is of no use any more.
 */
static bool add_suffix(ts_likeness_t *l, const ts_typed_t *typed, const uint8_t *a,
	const ts_meant_t *meant, const uint8_t *b, unsigned labels, size_t letters)
{
	const uint8_t *x = NULL, *y = NULL, *p = a, *q = b;
	struct edit e;
	unsigned wrong = 0;

	for (unsigned i = 0; i < labels; i++, p += 1 + *p, q += 1 + *q) {
		if (!same_label(p, q)) {
			wrong++;
			x = p;
			y = q;
		}
	}
	/* A lower-case letter typed as something that looks like it is an edit like others. */
	bool near = wrong == 1 && find_edit(x + 1, *x, y + 1, *y, meant->classes, &e) &&
		    e.distance == 1;
	/* Nobody chose a TLD that does not exist: it may be two edits away, or have run on. */
	if (wrong == 1 && !near && !typed->delegated) {
		memset(&e, 0, sizeof(e));
		if (*x > *y + 1u && memcmp(x + 1, y + 1, *y) == 0 && meant->suffix &&
			!meant->closed && l->distance == 0) {
			e.distance = (uint8_t)(*x - *y);
			call(&e, TS_CLASS_INSERTION, W_INSERTION, "letters behind the suffix");
		} else if (*y > 2 && *x <= TS_TWO_EDITS_MAX && ts_osa(x + 1, *x, y + 1, *y) == 2) {
			e.distance = 2;
			call(&e, TS_CLASS_SUBSTITUTION, W_SUBSTITUTION + W_SECOND_EDIT,
				"two errors in the suffix");
		}
		near = e.ncalls > 0;
	}
	if (near) {
		int odds = W_TLD_DELEGATED;
		const char *words = "in a suffix that others use";

		if (!add_edit(l, &e, ANY_EDIT))
			return false;
		if (e.first)
			add_term(l, "at its first letter", W_TLD_FIRST_LETTER);
		l->class_id = (uint8_t)tld_class(l->class_id);
		if (!(meant->classes & TS_CLASS_BIT(l->class_id)))
			return false;
		if (!typed->delegated)
			odds = W_TLD_UNDELEGATED, words = "in a TLD that does not exist";
		else if (!ts_suffix_is_public(a, ts_name_wire_len(a)))
			odds = W_SUFFIX_NOT_PUBLIC, words = "in a suffix nobody registers under";
		add_term(l, words, odds);
		if (typed->delegated) {
			if (*y == 2 && (l->class_id == TS_CLASS_TLD_SUBSTITUTION ||
					       l->class_id == TS_CLASS_TLD_INSERTION))
				add_term(
					l, "two-letter codes are close to other TLDs", W_TLD_SHORT);
			if (!meant->closed)
				add_term(l, "length of the name before it",
					length_odds(letters) / 3);
		}
		return true;
	}
	if (labels == 1 && !meant->closed && typed->delegated &&
		meant->classes & TS_CLASS_BIT(TS_CLASS_TLD_SWAP) &&
		(is_generic(a) || is_idn(a) || (typed->suffix_in_use && is_generic(b)))) {
		l->class_id = TS_CLASS_TLD_SWAP;
		l->distance = (uint8_t)(l->distance + ts_osa(a + 1, *a, b + 1, *b));
		add_term(l, "another common TLD", W_TLD_SWAP);
		if (is_generic(b) && strcmp((const char *)a, "\3com") == 0)
			add_term(l, "which is everybody's first choice", W_TLD_SWAP_TO_COM);
		add_term(l, "length of the name", length_odds(letters));
		if (meant->siblings)
			add_term(l, "protected under several suffixes", W_TLD_SWAP_SIBLINGS);
		if (meant->suffix &&
			ts_is_word(label_at(meant->wire, meant->suffix - 1u) + 1, letters))
			add_term(l, "a word of the language", W_WORD);
		return true;
	}
	return false;
}

/* Terms are many octets, and seldom wanted: neither cleared nor copied whole. */
static void start(ts_likeness_t *l, const ts_likeness_t *best, unsigned first, unsigned keep)
{
	l->odds = 0;
	l->score = 0;
	l->class_id = l->distance = l->nterms = 0;
	l->tells = best->tells;
	l->suffix = (uint8_t)first;
	l->keep = (uint8_t)keep;
}

static void copy(ts_likeness_t *to, const ts_likeness_t *from)
{
	memcpy(to, from, offsetof(ts_likeness_t, terms));
	for (unsigned i = 0; i < from->nterms; i++)
		to->terms[i] = from->terms[i];
}

static bool finish(
	ts_likeness_t *l, const ts_typed_t *typed, const ts_meant_t *meant, ts_likeness_t *best)
{
	if (meant->crowd && l->class_id < TS_CLASS_DOT_EXTRA) {
		int near = meant->crowd < CROWD_MAX ? meant->crowd : CROWD_MAX;
		add_term(l, "protected names around it", W_CROWD * near);
	}
	if (typed->popularity) {
		int odds = typed->popularity <= 10000    ? W_POPULAR_HEAD
			   : typed->popularity <= 100000 ? W_POPULAR_BODY
							 : W_POPULAR_TAIL;
		/* A strong typo stays one: what many mistype is looked up often. */
		if (l->odds >= W_STRONG && l->odds + odds < 0)
			odds = -l->odds;
		add_term(l, "it is a popular name", odds);
	} else if (typed->has_list && typed->delegated) {
		add_term(l, "no popular name", W_UNPOPULAR);
	}
	if (l->odds <= best->odds)
		return false;
	l->score = ts_odds_to_score(l->odds);
	copy(best, l);
	return true;
}

/* Many names may be compared with one label. */
static bool is_word(ts_typed_t *typed, unsigned label)
{
	if (typed->asked != label + 1) {
		const uint8_t *s = ts_name_suffix(typed->name, label);

		typed->asked = (uint8_t)(label + 1);
		typed->is_word = ts_is_word(s + 1, *s);
	}
	return typed->is_word;
}

/* As many labels as the target has. */
static bool compare_labels(
	ts_typed_t *typed, unsigned first, const ts_meant_t *meant, ts_likeness_t *best)
{
	const uint8_t *a = ts_name_suffix(typed->name, first), *b = meant->wire;
	const uint8_t *x = NULL, *y = NULL;
	ts_likeness_t l;
	start(&l, best, first, 0);
	unsigned wrong = 0, where = 0, i;
	size_t letters = 5;

	/* A label inside a public suffix (the co of co.il) is nobody's name. */
	if (typed->delegated && meant->suffix && first + meant->suffix > typed->suffix)
		return false;

	for (i = 0; i < meant->suffix; i++, a += 1 + *a, b += 1 + *b) {
		if (!same_label(a, b)) {
			if (wrong++)
				return false;
			x = a;
			y = b;
			where = i;
		}
		letters = *b;
	}
	size_t rest = meant->len - (size_t)(b - meant->wire);
	bool suffix_wrong = (size_t)(typed->name->wire + typed->name->len - a) != rest ||
			    memcmp(a, b, rest) != 0;

	if (wrong) {
		struct edit e;

		/* One letter is too little to be like anything. */
		if (*x < 2)
			return false;
		if (!find_edit(x + 1, *x, y + 1, *y, meant->classes, &e) ||
			!add_edit(&l, &e, meant->classes))
			return false;
		if (e.first && l.class_id != TS_CLASS_TRANSPOSITION)
			add_term(&l, "at the first letter",
				*x < *y   ? W_FIRST_LETTER_GONE
				: *x > *y ? W_FIRST_LETTER_ADDED
					  : W_FIRST_LETTER);
		if (e.digit && l.class_id != TS_CLASS_LOOK_ALIKE)
			add_term(&l, "a digit, which is seldom a slip", W_DIGIT);
		int odds = length_odds(bearing(*y, e.distance == 1 && *x > *y));
		if (l.class_id == TS_CLASS_TWO_EDITS && is_short(*x, *y))
			odds = W_SECOND_EDIT_SHORT;
		/* Length makes one error likelier than a stranger's name; it does not make two
		 * likelier than one. */
		if (suffix_wrong && odds > 0)
			odds = 0;
		add_term(&l, "length of the name", odds);
		if (*y < 5 && meant->closed)
			add_term(&l, "offices are called by short names", W_SHORT_CLOSED);
		if (*y < 5 && !is_com(meant) && !meant->closed)
			add_term(&l, "not in com, the fullest TLD", W_SHORT_NOT_COM);
		if (typed->delegated && is_word(typed, first + where))
			add_term(&l, "a word of the language", W_WORD);
		if (where + 1 < meant->suffix)
			add_term(&l, "below a name that is right", W_HOST_LABEL);
	}
	if (suffix_wrong) {
		if (wrong && (l.distance > 1 ||
				     (typed->delegated && meant->nlabels &&
					     *label_at(meant->wire, meant->nlabels - 1u) == 2)))
			return false; /* too little is left of either label */
		if (!add_suffix(&l, typed, a, meant, b, meant->nlabels - meant->suffix, letters))
			return false;
	}
	if (wrong && suffix_wrong) {
		if (!(meant->classes & TS_CLASS_BIT(TS_CLASS_TWO_LABELS)) ||
			l.class_id == TS_CLASS_TLD_SWAP)
			return false;
		l.class_id = TS_CLASS_TWO_LABELS;
		add_term(&l, "an error in two labels", W_SECOND_LABEL);
		if (typed->delegated)
			add_term(&l, "in a TLD that others use", W_SECOND_LABEL_DELEGATED);
	}
	return (wrong || suffix_wrong) && finish(&l, typed, meant, best);
}

/* Copies the octets of a name from a label on, with 0xff (in no key of a keyboard) for dots. */
static size_t flatten(const uint8_t *wire, uint8_t *out)
{
	size_t o = 0;

	while (*wire) {
		if (o)
			out[o++] = 0xff;
		memcpy(out + o, wire + 1, *wire);
		o += *wire;
		wire += 1 + *wire;
	}
	return o;
}

unsigned ts_osa_names(const uint8_t *a, const uint8_t *b)
{
	uint8_t x[TS_NAME_MAX], y[TS_NAME_MAX];
	size_t n = flatten(a, x), m = flatten(b, y);

	return ts_osa(x, n, y, m);
}

/* A dot is an octet, and so is what it stands for. more: labels. */
static inline bool may_be_dots(
	const ts_typed_t *typed, unsigned first, const ts_meant_t *meant, int more)
{
	int octets = (int)ts_name_suffix_len(typed->name, first) - meant->len;

	return octets == more || (more == 1 && octets == 0);
}

/* The same letters with the dots elsewhere: one missing, one more, one moved by a letter, or one in
 * a hyphen's place. */
static bool compare_dots(
	const ts_typed_t *typed, unsigned first, const ts_meant_t *meant, ts_likeness_t *best)
{
	uint8_t a[TS_NAME_MAX], b[TS_NAME_MAX];
	int labels = typed->name->nlabels - (int)first - meant->nlabels, odds;
	const char *words;
	enum ts_class_id class_id;

	if (labels == 0) { /* a moved dot: somewhere it stands elsewhere */
		const uint8_t *p = ts_name_suffix(typed->name, first), *q = meant->wire;

		while (*p && *p == *q)
			p += 1 + *p, q += 1 + *q;
		if (!*p)
			return false;
	}
	size_t n = flatten(ts_name_suffix(typed->name, first), a), m = flatten(meant->wire, b);
	size_t left = 0, right = 0, least = n < m ? n : m;

	while (left < least && a[left] == b[left])
		left++;
	while (right < least - left && a[n - 1 - right] == b[m - 1 - right])
		right++;
	size_t x = n - left - right, y = m - left - right;
	const uint8_t *p = a + left, *q = b + left;

	if (labels == -1 && x == 0 && y == 1 && *q == 0xff)
		class_id = TS_CLASS_DOT_MISSING, odds = W_DOT_MISSING, words = "a dot left out";
	else if (labels == 1 && y == 0 && x == 1 && *p == 0xff)
		class_id = TS_CLASS_DOT_EXTRA, odds = W_DOT_EXTRA, words = "a dot put in";
	else if (labels == 1 && y == 1 && x == 1 && *p == 0xff && *q == '-')
		class_id = TS_CLASS_DOT_EXTRA, odds = W_DOT_MISSING, words = "a dot for a hyphen";
	else if (labels == 0 && x == 2 && y == 2 && p[0] == q[1] && p[1] == q[0] &&
		 (p[0] == 0xff || p[1] == 0xff))
		class_id = TS_CLASS_DOT_MOVED, odds = W_DOT_MOVED,
		words = "a dot moved by a letter";
	else
		return false;
	if (!(meant->classes & TS_CLASS_BIT(class_id)))
		return false;

	ts_likeness_t l;
	start(&l, best, first, 0);
	l.class_id = (uint8_t)class_id;
	l.distance = 1;
	add_term(&l, words, odds);
	if (!typed->delegated) {
		add_term(&l, "in a TLD that does not exist", W_TLD_UNDELEGATED);
	} else if (!(meant->closed && class_id == TS_CLASS_DOT_MISSING)) {
		/* The letters that were run together, or torn apart. */
		size_t letters = 0;
		for (size_t i = 0;
			i < m - ts_name_wire_len(label_at(meant->wire, meant->suffix)) + 1; i++)
			letters += b[i] != 0xff;
		add_term(&l, "length of the name", length_odds(letters));
	}
	return finish(&l, typed, meant, best);
}

const char *const ts_hosts[] = {
	"webmail", "email", "mail", "smtp", "imap", "www", "pop3", "pop", "mx1", "mx2", "mx", NULL};

unsigned ts_host_prefix(const uint8_t *label, size_t len)
{
	for (unsigned i = 0; ts_hosts[i]; i++) {
		if ((uint8_t)ts_hosts[i][0] != label[0])
			continue;
		size_t n = strlen(ts_hosts[i]);

		if (len > n && memcmp(label, ts_hosts[i], n) == 0)
			return (unsigned)n;
	}
	return 0;
}

/* A host's label run into the name: "wwwexample.com". */
static bool compare_prefixed(
	const ts_typed_t *typed, unsigned first, const ts_meant_t *meant, ts_likeness_t *best)
{
	const uint8_t *a = ts_name_suffix(typed->name, first), *b = meant->wire;
	unsigned keep = *a > *b ? *a - (unsigned)*b : 0;
	size_t rest = meant->len - 1u - *b;

	if (keep == 0 || memcmp(a + 1 + keep, b + 1, *b) != 0 ||
		ts_name_suffix_len(typed->name, first) - 1 - *a != rest ||
		memcmp(a + 1 + *a, b + 1 + *b, rest) != 0 ||
		!(meant->classes & TS_CLASS_BIT(TS_CLASS_DOT_MISSING)))
		return false;
	unsigned host = ts_host_prefix(a + 1, *a);
	/* Where not everybody can register, a host of one's own is likelier than a neighbour. */
	if (keep != host && !(meant->closed && keep <= 4 && *b >= 4))
		return false;
	ts_likeness_t l;
	start(&l, best, first, keep);
	l.class_id = TS_CLASS_DOT_MISSING;
	l.distance = 1;
	if (keep == host)
		add_term(&l, "the dot behind a host's name left out", W_DOT_MISSING);
	else
		add_term(&l, "perhaps a host's name without its dot", W_DOT_MISSING_GUESSED);
	if (!meant->closed)
		add_term(&l, "length of the name", length_odds(*b));
	return finish(&l, typed, meant, best);
}

/* The whole name, and one more TLD behind it. */
static bool compare_appended(
	const ts_typed_t *typed, unsigned first, const ts_meant_t *meant, ts_likeness_t *best)
{
	const uint8_t *a = ts_name_suffix(typed->name, first);

	if (memcmp(a, meant->wire, meant->len - 1u) != 0 ||
		!(meant->classes & TS_CLASS_BIT(TS_CLASS_TLD_APPENDED)) || meant->suffix == 0)
		return false;
	bool branch = typed->delegated && typed->suffix + 1 != typed->name->nlabels;
	if (typed->delegated && !branch && !is_generic(a + meant->len - 1))
		return false;
	ts_likeness_t l;
	start(&l, best, first, 0);
	l.class_id = TS_CLASS_TLD_APPENDED;
	l.distance = a[meant->len - 1];
	add_term(&l, "one more TLD", W_TLD_APPENDED);
	if (branch)
		add_term(&l, "as a branch in that country has it", W_TLD_APPENDED_BRANCH);
	if (!typed->delegated)
		add_term(&l, "which does not exist", W_TLD_UNDELEGATED - W_TLD_APPENDED);
	return finish(&l, typed, meant, best);
}

/* The same name below another suffix of the same TLD: the two suffixes may differ in length. */
static bool compare_suffix_swap(
	const ts_typed_t *typed, unsigned first, const ts_meant_t *meant, ts_likeness_t *best)
{
	const uint8_t *a = ts_name_suffix(typed->name, first), *b = meant->wire;

	if (*a != *b || meant->suffix == 0 || !typed->delegated ||
		!(meant->classes & TS_CLASS_BIT(TS_CLASS_SUFFIX_SWAP)))
		return false;
	size_t letters = 0;
	for (unsigned i = 0; i < meant->suffix; i++, a += 1 + *a, b += 1 + *b) {
		if (!same_label(a, b))
			return false;
		letters = *b;
	}
	unsigned n = ts_name_wire_labels(a), m = meant->nlabels - meant->suffix;
	if ((n == 1 && m == 1) || !same_label(label_at(a, n - 1), label_at(b, m - 1)))
		return false;
	if (n == m && memcmp(a, b, ts_name_wire_len(b)) == 0)
		return false;
	ts_likeness_t l;
	start(&l, best, first, 0);
	l.class_id = TS_CLASS_SUFFIX_SWAP;
	l.distance = (uint8_t)ts_osa(a + 1, *a, b + 1, *b);
	add_term(&l, "another suffix of the same TLD", W_SUFFIX_SWAP);
	add_term(&l, "length of the name", length_odds(letters));
	return finish(&l, typed, meant, best);
}

/* "example-login.com", "loginexample.com": the name and a word, at a hyphen or without one; the
 * suffix may be any, the name's own TLD may be the word. */
static bool compare_combo(
	const ts_typed_t *typed, unsigned first, const ts_meant_t *meant, ts_likeness_t *best)
{
	const uint8_t *a = ts_name_suffix(typed->name, first), *b = meant->wire;

	if (!(meant->classes & TS_CLASS_BIT(TS_CLASS_COMBOSQUAT)) || meant->suffix != 1 ||
		*a < *b + 2u)
		return false;
	bool head = memcmp(a + 1, b + 1, *b) == 0 && a[1 + *b] == '-';
	bool tail = memcmp(a + 1 + *a - *b, b + 1, *b) == 0 && a[*a - *b] == '-';
	if (!head && !tail)
		return false;
	ts_likeness_t l;
	start(&l, best, first, 0);
	l.class_id = TS_CLASS_COMBOSQUAT;
	l.distance = (uint8_t)(*a - *b);
	add_term(&l, "the name and a word", W_COMBO);
	add_term(&l, "length of the name", length_odds(*b));
	return finish(&l, typed, meant, best);
}

bool ts_likeness_idn(const ts_typed_t *seen, const ts_meant_t *meant, ts_likeness_t *best)
{
	const ts_name_t *name = seen->name;

	if (!(meant->classes & TS_CLASS_BIT(TS_CLASS_IDN_LOOK_ALIKE)) || meant->known)
		return false;
	if (ts_name_is_below(name, meant->wire, meant->len)) {
		ts_likeness_t l;
		start(&l, best, name->nlabels - (unsigned)meant->nlabels, 0);
		best->odds = TS_ODDS_NEVER;
		l.distance = 1;
		l.class_id = TS_CLASS_IDN_LOOK_ALIKE;
		add_term(&l, "letters of another script, or with marks", W_IDN_LOOK_ALIKE);
		return finish(&l, seen, meant, best);
	}
	if (best->odds == TS_ODDS_NEVER)
		return false;
	/* Something else is wrong as well; such letters do not come by themselves. */
	best->class_id = TS_CLASS_IDN_LOOK_ALIKE;
	best->distance++;
	add_term(best, "letters of another script, or with marks", W_IDN_AND_MORE);
	best->score = ts_odds_to_score(best->odds);
	return true;
}

int ts_meant_neighbour(const ts_meant_t *a, const ts_meant_t *b)
{
	if (a->suffix == 0 || a->suffix != b->suffix || b->known)
		return 0;
	const uint8_t *x = a->wire, *y = b->wire;
	for (unsigned i = 0; i + 1u < a->suffix; i++, x += 1 + *x, y += 1 + *y)
		if (!same_label(x, y))
			return 0;
	const uint8_t *s = x + 1 + *x, *t = y + 1 + *y;
	size_t n = ts_name_wire_len(s);
	bool same_suffix = n == ts_name_wire_len(t) && memcmp(s, t, n) == 0;
	if (same_label(x, y))
		return same_suffix || a->closed || b->closed ? 0 : 2;
	return same_suffix && ts_osa(x + 1, *x, y + 1, *y) == 1 ? 1 : 0;
}

void ts_typed_init(ts_typed_t *typed, const ts_name_t *name)
{
	ts_suffix_view_t view;

	ts_suffix_look(name, &view);
	*typed = (ts_typed_t){.name = name,
		.suffix = (uint8_t)view.start,
		.delegated = view.tld >= 0,
		.tld = view.tld};
}

bool ts_tld_closed(const uint8_t *tld)
{
	static const char closed[][4] = {"mil", "gov", "edu", "int"};

	if (*tld != 3)
		return false;
	for (unsigned i = 0; i < sizeof(closed) / sizeof(closed[0]); i++)
		if (memcmp(tld + 1, closed[i], 3) == 0)
			return true;
	return false;
}

void ts_meant_init(ts_meant_t *meant, const uint8_t *wire, size_t len, const ts_name_t *name,
	ts_class_set_t classes, bool known)
{
	const uint8_t *tld = ts_name_suffix(name, name->nlabels ? name->nlabels - 1u : 0);

	*meant = (ts_meant_t){.wire = wire,
		.len = (uint8_t)len,
		.nlabels = name->nlabels,
		.suffix = (uint8_t)ts_suffix_start(name),
		.classes = classes,
		.known = known};
	if (meant->suffix == 0)
		meant->classes &= ~ts_class_not_for_suffixes();
	meant->closed = ts_tld_closed(tld);
}

bool ts_likeness(
	ts_typed_t *typed, int least, int most, const ts_meant_t *meant, ts_likeness_t *best)
{
	const int labels = typed->name->nlabels, same = labels - meant->nlabels;
	/* Where compare_suffix_swap and compare_combo have something to say. */
	const int swap = typed->suffix - meant->suffix, combo = typed->suffix - 1;
	bool better = false;

	if (most >= labels)
		most = labels - 1;
	for (int at = most; at >= 0 && at >= least; at--) {
		unsigned first = (unsigned)at;
		int more = same - at;

		if (more >= -1 && more <= 1 && meant->suffix > 0 && (!meant->known || more == -1) &&
			may_be_dots(typed, first, meant, more))
			better |= compare_dots(typed, first, meant, best);
		if (meant->known)
			continue;
		if (more == 0) {
			better |= compare_labels(typed, first, meant, best);
			if (meant->suffix > 0)
				better |= compare_prefixed(typed, first, meant, best);
		}
		if (more == 1)
			better |= compare_appended(typed, first, meant, best);
		if (at == swap)
			better |= compare_suffix_swap(typed, first, meant, best);
		if (at == combo && meant->suffix > 0)
			better |= compare_combo(typed, first, meant, best);
	}
	return better;
}
