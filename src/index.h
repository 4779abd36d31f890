/* SPDX-License-Identifier: BSD-3-Clause
 *
 * index: which protected zone was meant by a name? Compiled once from the targets of a policy,
 * immutable, shared by all threads, freed whole. A look-up allocates nothing, takes no lock, makes
 * no system call, and its work is bounded whatever the name.
 *
 * A match says how to make the counterpart of the query name:
 *
 *   q = p0 . p1 . [ mistyped suffix ]      counterpart = p0 . p1 . [keep octets] . target
 *
 * where the suffix starts at label `suffix`, and `keep`, if not 0, is how many octets of that
 * label are kept as a label of their own (a missing dot: "caibm.com" has suffix 0, keep 2, target
 * "ibm.com"). ts_name_splice() does it.
 */
#ifndef TS_INDEX_H
#define TS_INDEX_H

#include "name.h"
#include "popular.h"
#include "typo/class.h"

#define TS_SCORE_ONE 10000 /* scores are ten-thousandths: 9100 is 0.91 */

typedef struct ts_index ts_index_t;

/** A name that may have been meant. */
typedef struct ts_target {
	const uint8_t *wire;    /* lower-case wire format; borrowed during the build only */
	uint8_t len;            /* octets */
	bool known;             /* evidence only (`known`): no typo of its own but missing dots */
	uint16_t threshold;     /* least score, ten-thousandths */
	ts_class_set_t classes; /* classes that count for it */
} ts_target_t;

typedef struct ts_match {
	uint32_t target;  /* position in the array the index was built from */
	uint16_t score;   /* ten-thousandths, at least the target's threshold */
	uint8_t class_id; /* typo class */
	uint8_t distance; /* optimal string alignment distance of the suffix and the target */
	uint8_t suffix;   /* label of the query name at which the mistyped suffix starts */
	uint8_t keep;     /* octets of that label which the counterpart keeps as a label */
} ts_match_t;

/** Room for the words of ts_index_explain. */
#define TS_EXPLAIN_MAX 512

typedef struct ts_index_options {
	uint64_t seed; /* key of the hashes; random in the resolver, fixed in tests */
} ts_index_options_t;

/**
 * Compiles an index. Classes in ts_class_not_for_suffixes() are dropped for targets that are a TLD
 * or a public suffix.
 * \param targets  borrowed until the call returns; duplicates are allowed.
 * \return TS_OK, TS_ENOMEM, or TS_EINVAL for a malformed target.
 */
TS_MUST_CHECK int ts_index_new(const ts_target_t *targets, size_t count,
	const ts_index_options_t *options, ts_index_t **out) TS_NONNULL(3, 4);

void ts_index_free(ts_index_t *index);

/** Octets that the index holds. */
size_t ts_index_memory(const ts_index_t *index) TS_NONNULL_ALL;

/**
 * Finds the targets that query is a typo of, best first (score, then smaller distance, then longer
 * target, then canonical order); two errors in one label are looked for only where nothing else is
 * found.
 * A name at or below a (not `known`) target finds nothing here is NOT promised: the verdict
 * asks about protection first.
 * \param popular  list that lowers the score of popular names; may be NULL.
 * \param matches  at most max are written, one a target; max 1 to 8.
 * \return matches written.
 */
size_t ts_index_find(const ts_index_t *index, const ts_name_t *query, const ts_popular_t *popular,
	ts_match_t *matches, size_t max) TS_NONNULL(1, 2, 4);

/**
 * Says in words why the match scored what it did: "omission in 'gmial', 5 letters, ...".
 * \param buf  TS_EXPLAIN_MAX characters are enough. \return characters written.
 */
size_t ts_index_explain(const ts_index_t *index, const ts_name_t *query,
	const ts_popular_t *popular, const ts_match_t *match, char *buf, size_t size)
	TS_NONNULL(1, 2, 4, 5);

#endif
