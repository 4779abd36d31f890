/* SPDX-License-Identifier: BSD-3-Clause
 *
 * lookalike: what an internationalised name looks like in plain letters. The table is made at build
 * time (gen_lookalike.c) from the Unicode character database: compatibility decompositions with
 * their marks stripped, base letters by character name (l with stroke is l), and letters of other
 * scripts that look like Latin ones (Unicode TR 39). Pure, bounded, any thread.
 */
#ifndef TS_TYPO_LOOKALIKE_H
#define TS_TYPO_LOOKALIKE_H

#include "../name.h"

/**
 * Rewrites each internationalised label ("xn--", or UTF-8) of name that looks like plain letters.
 * \return false: there is none, and *seen is not written.
 */
bool ts_lookalike_name(const ts_name_t *name, ts_name_t *seen) TS_NONNULL_ALL;

/* The generated table, in order of code points. */
struct ts_lookalike {
	uint32_t point;
	char plain[4]; /* not ended where all four are used */
};
extern const struct ts_lookalike ts_lookalikes[];
extern const unsigned ts_nlookalikes;

#endif
