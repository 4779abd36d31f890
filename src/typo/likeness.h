/* SPDX-License-Identifier: BSD-3-Clause
 *
 * likeness: how likely was this name meant to be that one? The one place that decides what is a
 * typo, of which class, and with what score; index.c only finds whom to ask about. Pure, bounded,
 * allocates nothing; any thread. doc/matching.md explains the weights.
 *
 * The score is a probability: log-odds added up from a few terms, each with a reason, and put
 * through the logistic function. Log-odds are in hundredths of a natural logarithm.
 */
#ifndef TS_TYPO_LIKENESS_H
#define TS_TYPO_LIKENESS_H

#include "../name.h"
#include "class_ids.h"

/** A name that may have been meant. */
typedef struct ts_meant {
	const uint8_t *wire; /* lower case */
	ts_class_set_t classes;
	uint8_t len;
	uint8_t nlabels;
	uint8_t suffix;   /* label at which its public suffix starts; 0: it is one */
	uint8_t crowd;    /* other protected names one edit away, at most 255 */
	uint8_t siblings; /* other protected names that differ in the suffix alone */
	bool known;       /* evidence only: nothing but missing dots */
	bool closed;      /* below a TLD that not everybody can register in: mil, gov, edu, int */
} ts_meant_t;

/** The name that was typed, with what is worked out once for all candidates. */
typedef struct ts_typed {
	const ts_name_t *name;
	uint8_t suffix;      /* label at which its public suffix starts */
	bool delegated;      /* its TLD is delegated */
	int tld;             /* number of its TLD, see suffix.h; -1: not delegated */
	bool suffix_in_use;  /* a protected name has this public suffix */
	bool has_list;       /* there is a list of popular names */
	uint32_t popularity; /* rank in the operator's list; 0: not listed, or no list */
	uint8_t asked;       /* the label, plus 1, of which `is_word` is known; 0: of none */
	bool is_word;
} ts_typed_t;

/** What one error does to the letters of a label. */
enum ts_error { TS_ERROR_SWAPPED, TS_ERROR_MISSING, TS_ERROR_ADDED, TS_ERROR_OTHER };

/** The most that log-odds can be for one such error in a label of `meant` letters below that TLD (a
 * label), all else right, looks apart; it grows with the letters: where it is too little there is
 * nothing to look for. listed: there is a popular list. */
int ts_odds_most(enum ts_error error, size_t meant, const uint8_t *tld, bool listed) TS_NONNULL_ALL;

/** The same for two errors in a label that is short (of less than TS_TWO_EDITS_EASY letters, as
 * typed or as meant). more: letters it was meant to have more, -2 to 2; lacks: letters typed that
 * are not among those meant, or not as often. */
int ts_odds_most_two(int more, unsigned lacks, size_t meant, bool listed);

/** Not everybody can register below it. \param tld  a label: length octet and letters. */
bool ts_tld_closed(const uint8_t *tld) TS_NONNULL_ALL;

#define TS_TERMS_MAX 10

/** One reason and its weight. words are static. */
typedef struct ts_term {
	const char *words;
	int16_t odds;
} ts_term_t;

typedef struct ts_likeness {
	int odds;
	uint16_t score; /* ten-thousandths */
	uint8_t class_id;
	uint8_t distance; /* optimal string alignment */
	uint8_t suffix;   /* label of the typed name at which the mistyped part starts */
	uint8_t keep;     /* see index.h */
	bool tells;       /* the terms are wanted */
	uint8_t nterms;   /* 0 where they are not */
	ts_term_t terms[TS_TERMS_MAX];
} ts_likeness_t;

void ts_typed_init(ts_typed_t *typed, const ts_name_t *name) TS_NONNULL_ALL;
void ts_meant_init(ts_meant_t *meant, const uint8_t *wire, size_t len, const ts_name_t *name,
	ts_class_set_t classes, bool known) TS_NONNULL_ALL;

/**
 * Compares what stands at the labels least to most of the typed name, to its end, with what may
 * have been meant; *best is replaced where this is likelier. Set best->odds to TS_ODDS_NEVER, and
 * best->tells, before the first call. Labels that the name does not have are passed over.
 * \return true: *best was replaced.
 */
bool ts_likeness(ts_typed_t *typed, int least, int most, const ts_meant_t *meant,
	ts_likeness_t *best) TS_NONNULL_ALL;
#define TS_ODDS_NEVER (-10000)

/**
 * For a name that is what an internationalised one looks like (lookalike.h): judges it after
 * ts_likeness has, which finds nothing where it looks exactly like what was meant.
 * \return false: it is no typo of it.
 */
bool ts_likeness_idn(
	const ts_typed_t *seen, const ts_meant_t *meant, ts_likeness_t *best) TS_NONNULL_ALL;

/** 1: the two differ by one edit before the same suffix; 2: in the suffix alone; else 0. */
int ts_meant_neighbour(const ts_meant_t *a, const ts_meant_t *b) TS_NONNULL_ALL;

/** What a listener hears, in letters. \param out  len octets. \return octets written. */
size_t ts_label_sound(const uint8_t *in, size_t len, uint8_t *out) TS_NONNULL_ALL;

/** Ten-thousandths for log-odds (hundredths): the logistic function. */
uint16_t ts_odds_to_score(int odds);

/** Optimal string alignment distance (Damerau 1964, restricted: no edit of what was transposed);
 * at most TS_NAME_MAX octets each. */
unsigned ts_osa(const uint8_t *a, size_t n, const uint8_t *b, size_t m) TS_NONNULL_ALL;

/** The same of two names, dots counted as letters. */
unsigned ts_osa_names(const uint8_t *a, const uint8_t *b) TS_NONNULL_ALL;

/**
 * The letters that the eye keeps: rn is m, vv is w, 0 is o, 1 and i are l, hyphens are nothing. Two
 * labels that look alike, or differ by a hyphen, fold to the same.
 * \param out  len octets. \return octets written.
 */
size_t ts_label_fold(const uint8_t *in, size_t len, uint8_t *out) TS_NONNULL_ALL;

#define TS_TWO_EDITS_MIN 5  /* letters of a label that bears two errors; */
#define TS_TWO_EDITS_EASY 7 /* bears them well; */
#define TS_TWO_EDITS_MAX 24 /* and up to which two are looked for: bounded work */

/* Tables that spelling.c writes by, each ended by NULL. */
typedef struct ts_spelling_pair {
	const char *one, *other;
} ts_spelling_pair_t;

extern const ts_spelling_pair_t ts_looks[];  /* look alike, and are more than one letter */
extern const ts_spelling_pair_t ts_sounds[]; /* sound alike: heard, as */
extern const char *const ts_generic_tlds[];  /* wire format: people take them for one another */
extern const char *const ts_hosts[];         /* labels of hosts, longest first */

/** Host labels that everybody uses: where their dot is missing, the rest was meant.
 * \return octets of such a prefix of label (no label is nothing but one), the longest; 0: none. */
unsigned ts_host_prefix(const uint8_t *label, size_t len) TS_NONNULL_ALL;

#endif
