/* SPDX-License-Identifier: BSD-3-Clause
 *
 * suffix: public suffixes and delegated TLDs, compiled in at build time from the publicsuffix
 * package, so that libpsl need not live in the resolver's process. Read-only, any thread.
 */
#ifndef TS_TYPO_SUFFIX_H
#define TS_TYPO_SUFFIX_H

#include "../name.h"

/** What the end of a name is, found in one walk. */
typedef struct ts_suffix_view {
	unsigned start; /* see ts_suffix_start */
	int tld;        /* number of its delegated TLD, below ts_suffix_tlds(); -1: no such TLD */
} ts_suffix_view_t;

void ts_suffix_look(const ts_name_t *name, ts_suffix_view_t *out) TS_NONNULL_ALL;

/** One more than the highest number of a TLD. */
unsigned ts_suffix_tlds(void);

/** True where the one-label name of suffix `i` (i == name->nlabels - 1) is a delegated TLD. */
bool ts_suffix_tld_delegated(const ts_name_t *name) TS_NONNULL_ALL;

/**
 * The label index at which the public suffix of name starts (ICANN section of the list, with its
 * wildcard and exception rules; a TLD that no rule names is a public suffix by the list's implicit
 * rule "*"). For "www.example.co.uk" it is 2. For the root it is 0.
 */
unsigned ts_suffix_start(const ts_name_t *name) TS_NONNULL_ALL;

/**
 * True where wire (lower-case) is a delegated TLD or a public suffix that the list names: what
 * needs evidence before it is taken as a mistyped suffix.
 */
bool ts_suffix_is_public(const uint8_t *wire, size_t len) TS_NONNULL_ALL;

/**
 * Walks over all public suffixes and delegated TLDs that the list names, in no order.
 * \param at  0 at first. \return wire format, or NULL: no more.
 */
const uint8_t *ts_suffix_next(uint32_t *at) TS_NONNULL_ALL;

/**
 * True where the name's TLD, or the name, is set aside for special use (RFC 6761, 6762, 7686,
 * 8375, 9476, ICANN's .internal): never a typo of anything.
 */
bool ts_suffix_special_use(const ts_name_t *name) TS_NONNULL_ALL;

#endif
