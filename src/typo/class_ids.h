/* SPDX-License-Identifier: BSD-3-Clause
 *
 * class_ids: the ids of the typo classes, for the code that finds and scores them. Everybody else
 * goes through class.h. TS_CLASS_DECLARED, id 0, is there.
 */
#ifndef TS_TYPO_CLASS_IDS_H
#define TS_TYPO_CLASS_IDS_H

#include "class.h"

enum ts_class_id {
	/* one edit in a label left of the suffix */
	TS_CLASS_OMISSION = 1,
	TS_CLASS_INSERTION,
	TS_CLASS_INSERTION_KEY,
	TS_CLASS_REPETITION,
	TS_CLASS_TRANSPOSITION,
	TS_CLASS_SUBSTITUTION,
	TS_CLASS_SUBSTITUTION_KEY,
	TS_CLASS_VOWEL_SWAP,
	TS_CLASS_LOOK_ALIKE,
	TS_CLASS_IDN_LOOK_ALIKE,
	TS_CLASS_HYPHEN,
	TS_CLASS_PLURAL,
	/* dots */
	TS_CLASS_DOT_EXTRA,
	TS_CLASS_DOT_MISSING,
	TS_CLASS_DOT_MOVED,
	/* the suffix */
	TS_CLASS_TLD_OMISSION,
	TS_CLASS_TLD_INSERTION,
	TS_CLASS_TLD_SUBSTITUTION,
	TS_CLASS_TLD_TRANSPOSITION,
	TS_CLASS_TLD_SWAP,
	TS_CLASS_SUFFIX_SWAP,
	TS_CLASS_TLD_APPENDED,
	/* two errors */
	TS_CLASS_TWO_EDITS,
	TS_CLASS_TWO_LABELS,
	/* off by default */
	TS_CLASS_BIT_FLIP,
	TS_CLASS_COMBOSQUAT,
	TS_CLASS_SOUNDSQUAT,

	TS_CLASS_COUNT
};

#define TS_CLASS_BIT(id) (UINT64_C(1) << (id))

#endif
