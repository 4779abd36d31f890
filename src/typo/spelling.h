/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spelling: writes down how a label or a name comes out when somebody slips: the other direction of
 * likeness.c, which judges what was written. It proposes more than would be judged a typo, and some
 * twice; whoever asks judges and sorts. Pure, bounded, allocates nothing; any thread.
 */
#ifndef TS_TYPO_SPELLING_H
#define TS_TYPO_SPELLING_H

#include "../name.h"
#include "class_ids.h"

/** Takes one spelling. \return not 0: no more, please; the proposer returns it. */
typedef int (*ts_spelling_fn)(void *arg, const uint8_t *spelt, size_t len);

/**
 * Proposes what one slip makes of a label (letters, digits, hyphens; at most 63 octets each): a
 * letter left out, put in (an s as well as any other), another, two swapped, one moved by two
 * places, a hyphen in or out, look-alikes of several letters; and, where `classes` has them,
 * letters of other scripts that look alike, and what sounds alike.
 * \param label  length octet and letters, lower case. fn gets the same shape.
 */
int ts_spelling_label(const uint8_t *label, ts_class_set_t classes, ts_spelling_fn fn, void *arg)
	TS_NONNULL(1, 3);

/**
 * Proposes the names that one slip at a dot, or a TLD too many, makes of a name: fn gets wire
 * format. A host's label that is run into the first one ("wwwexample.com") is proposed too.
 */
int ts_spelling_dots(const ts_name_t *name, ts_spelling_fn fn, void *arg) TS_NONNULL(1, 2);

#endif
