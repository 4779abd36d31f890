/* SPDX-License-Identifier: BSD-3-Clause
 *
 * suffix_table: what the generator of the public suffix table and its reader (suffix.c) share.
 */
#ifndef TS_TYPO_SUFFIX_TABLE_H
#define TS_TYPO_SUFFIX_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define TS_SUFFIX_RULE 1u      /* the name is a public suffix */
#define TS_SUFFIX_WILDCARD 2u  /* every name one label below it is */
#define TS_SUFFIX_EXCEPTION 4u /* it is not, although its parent has a wildcard */
#define TS_SUFFIX_TLD 8u       /* a delegated TLD */
#define TS_SUFFIX_PARENT 16u   /* there are rules below it */

/* The table is fixed when it is built, so that its longest probe is known and a plain hash (FNV-1a,
 * label by label from the root) is safe: who chooses names cannot add to it. */
struct ts_suffix_slot {
	uint32_t hash;
	uint32_t at; /* offset in the pool (flags, wire), plus 1; 0: free */
};

/* suffix_data.c, made by gen_suffix. */
extern const uint8_t ts_suffix_pool[];
extern const struct ts_suffix_slot ts_suffix_slots[];
extern const uint32_t ts_suffix_nslots; /* a power of two */

/* The suffixes of one label once more, those of up to TS_TLD_MAX letters: nearly every name ends in
 * one of these, and such a label is one number. */
struct ts_tld_slot {
	uint64_t key;  /* its octets and the root's, the first lowest; 0: free */
	uint32_t slot; /* its place in ts_suffix_slots */
	uint32_t flags;
};

#define TS_TLD_MAX 6 /* with its length and the root 8 octets */
#define TS_TLD_BITS 12
extern const struct ts_tld_slot ts_tld_slots[1 << TS_TLD_BITS];

static inline uint32_t ts_tld_place(uint64_t key)
{
	return (uint32_t)(key * 0x9e3779b97f4a7c15u >> (64 - TS_TLD_BITS));
}

static inline uint32_t ts_tld_next(uint32_t place)
{
	return (place + 1) & ((1u << TS_TLD_BITS) - 1);
}

#define TS_SUFFIX_HASH_START 0x811c9dc5u

static inline uint32_t ts_suffix_hash_label(uint32_t h, const uint8_t *label)
{
	for (size_t i = 0; i <= *label; i++)
		h = (h ^ label[i]) * 0x01000193u;
	return h ^ h >> 15;
}

static inline uint32_t ts_suffix_hash_wire(const uint8_t *wire)
{
	const uint8_t *labels[128];
	uint32_t h = TS_SUFFIX_HASH_START;
	unsigned n = 0;

	for (; *wire; wire += 1 + *wire)
		labels[n++] = wire;
	while (n)
		h = ts_suffix_hash_label(h, labels[--n]);
	return h;
}

#endif
