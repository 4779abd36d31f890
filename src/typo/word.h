/* SPDX-License-Identifier: BSD-3-Clause
 *
 * word: is a label a word that people know? Somebody chose it then. A Bloom filter, made at build
 * time from the system's word list (one word in a thousand that is none passes for one).
 */
#ifndef TS_TYPO_WORD_H
#define TS_TYPO_WORD_H

#include "../err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool ts_is_word(const uint8_t *label, size_t len) TS_NONNULL_ALL;

/* Shared with the generator, gen_words.c. */
#define TS_WORD_BITS (1u << 21)
#define TS_WORD_HASHES 7
extern const uint8_t ts_word_filter[TS_WORD_BITS / 8];

static inline uint64_t ts_word_hash(const uint8_t *s, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ s[i]) * 0x100000001b3u;
	return (h ^ h >> 29) * 0xbf58476d1ce4e5b9u;
}

/* Bit number i of a word. */
static inline uint32_t ts_word_bit(uint64_t hash, unsigned i)
{
	return ((uint32_t)hash + i * ((uint32_t)(hash >> 32) | 1)) % TS_WORD_BITS;
}

#endif
