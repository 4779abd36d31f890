/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An open-addressing table of 64-bit hashes beside a pool of names. The hash of a suffix is taken
 * label by label from the root, so that one walk over a name gives the hashes of all its suffixes.
 * Two things keep look-ups short: a bit per level (number of labels) that occurs, and a filter of
 * everything that is a name of the map or above one: where it has not got a suffix, nothing that
 * ends in it is there, and the walk is over. For most names that is their TLD.
 */
#include "namemap.h"

#include <stdlib.h>
#include <string.h>

struct slot {
	uint64_t hash;
	uint32_t value;
	uint32_t at; /* offset in the pool, plus 1; 0: the slot is free */
};

struct ts_namemap {
	uint64_t seed;
	struct slot *slots;
	uint8_t *reached; /* the filter: REACHED_BITS bits a slot */
	uint8_t *pool;    /* per name: length octet, wire */
	size_t nslots;    /* a power of two, or 0 */
	size_t count;
	size_t pool_len, pool_cap;
	uint64_t levels[2]; /* bit n: a name with n labels is there */
};

#define REACHED_BITS 8

/* One label mixed into the hash of the labels to its right. Multiplication by an odd key and a
 * fold: two multiplies for eight octets, keyed throughout. */
static uint64_t mix(uint64_t h, uint64_t x, uint64_t seed)
{
	__extension__ typedef unsigned __int128 u128;
	u128 m = (u128)(h ^ x ^ 0x9e3779b97f4a7c15u) * (seed | 1);

	return (uint64_t)m ^ (uint64_t)(m >> 64) ^ (seed << 32 | seed >> 32);
}

static inline uint64_t hash_label(uint64_t h, const uint8_t *label, uint64_t seed)
{
	size_t len = (size_t)*label + 1;
	uint32_t first, last;
	uint64_t x;

	for (; len >= sizeof(x); label += sizeof(x), len -= sizeof(x)) {
		memcpy(&x, label, sizeof(x));
		h = mix(h, x, seed);
	}
	if (len == 0)
		return h;
	/* All of the rest, some of it twice; how long it is stands in the label's first octet. */
	if (len >= sizeof(first)) {
		memcpy(&first, label, sizeof(first));
		memcpy(&last, label + len - sizeof(last), sizeof(last));
	} else {
		first = (uint32_t)label[0] << 8 | label[len / 2];
		last = label[len - 1];
	}
	return mix(h, (uint64_t)first << 32 | last, seed);
}

static size_t reached_bit(const ts_namemap_t *map, uint64_t hash)
{
	return hash >> 32 & (REACHED_BITS * map->nslots - 1);
}

static bool reaches(const ts_namemap_t *map, uint64_t hash)
{
	size_t bit = reached_bit(map, hash);

	return map->reached[bit / 8] >> bit % 8 & 1;
}

ts_namemap_t *ts_namemap_new(uint64_t seed)
{
	ts_namemap_t *map = calloc(1, sizeof(*map));

	if (map)
		map->seed = seed * 0xd6e8feb86659fd93u + 0xa0761d6478bd642fu;
	return map;
}

void ts_namemap_free(ts_namemap_t *map)
{
	if (!map)
		return;
	free(map->slots);
	free(map->reached);
	free(map->pool);
	free(map);
}

static inline struct slot *probe(
	const ts_namemap_t *map, uint64_t hash, const uint8_t *wire, size_t len)
{
	size_t mask = map->nslots - 1;

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct slot *s = &map->slots[i];

		if (s->at == 0)
			return s;
		if (s->hash == hash) {
			const uint8_t *p = map->pool + s->at - 1;

			if (*p == len && memcmp(p + 1, wire, len) == 0)
				return s;
		}
	}
}

static uint64_t hash_name(const ts_namemap_t *map, const uint8_t *wire, unsigned *nlabels)
{
	const uint8_t *labels[TS_LABELS_MAX];
	unsigned n = 0;
	uint64_t h = map->seed;

	for (; *wire; wire += 1 + *wire)
		labels[n++] = wire;
	*nlabels = n;
	while (n)
		h = hash_label(h, labels[--n], map->seed);
	return h;
}

/* Puts a name, and what is above it, into the filter. */
static void reach(ts_namemap_t *map, const uint8_t *wire)
{
	unsigned nlabels;

	for (; *wire; wire += 1 + *wire) {
		size_t bit = reached_bit(map, hash_name(map, wire, &nlabels));

		map->reached[bit / 8] |= (uint8_t)(1u << bit % 8);
	}
}

static int grow(ts_namemap_t *map)
{
	size_t nslots = map->nslots ? 2 * map->nslots : 16;
	struct slot *old = map->slots, *slots = calloc(nslots, sizeof(*slots));
	uint8_t *reached = calloc(nslots, REACHED_BITS / 8);

	if (!slots || !reached) {
		free(slots);
		free(reached);
		return TS_ENOMEM;
	}
	for (size_t i = 0; i < map->nslots; i++) {
		if (old[i].at == 0)
			continue;
		size_t j = old[i].hash & (nslots - 1);
		while (slots[j].at)
			j = (j + 1) & (nslots - 1);
		slots[j] = old[i];
	}
	free(old);
	free(map->reached);
	map->slots = slots;
	map->reached = reached;
	map->nslots = nslots;
	for (size_t i = 0; i < nslots; i++)
		if (slots[i].at)
			reach(map, map->pool + slots[i].at);
	return TS_OK;
}

int ts_namemap_add(ts_namemap_t *map, const uint8_t *wire, size_t len, uint32_t value)
{
	unsigned nlabels;
	uint64_t hash = hash_name(map, wire, &nlabels);

	if (2 * (map->count + 1) > map->nslots) {
		int err = grow(map);
		if (err)
			return err;
	}
	struct slot *s = probe(map, hash, wire, len);
	if (s->at)
		return TS_OK;
	if (map->pool_len + len + 1 > map->pool_cap) {
		size_t cap = map->pool_cap ? 2 * map->pool_cap : 1024;
		uint8_t *pool = realloc(map->pool, cap);

		if (!pool)
			return TS_ENOMEM;
		map->pool = pool;
		map->pool_cap = cap;
	}
	if (map->pool_len >= UINT32_MAX - TS_NAME_MAX)
		return TS_ENOMEM;
	map->pool[map->pool_len] = (uint8_t)len;
	memcpy(map->pool + map->pool_len + 1, wire, len);
	*s = (struct slot){hash, value, (uint32_t)map->pool_len + 1};
	map->pool_len += len + 1;
	map->count++;
	reach(map, wire);
	map->levels[nlabels / 64] |= UINT64_C(1) << (nlabels % 64);
	return TS_OK;
}

bool ts_namemap_get(const ts_namemap_t *map, const uint8_t *wire, size_t len, uint32_t *value)
{
	unsigned nlabels;

	if (map->count == 0)
		return false;
	const struct slot *s = probe(map, hash_name(map, wire, &nlabels), wire, len);
	if (s->at == 0)
		return false;
	*value = s->value;
	return true;
}

size_t ts_namemap_all(const ts_namemap_t *map, const ts_name_t *name, ts_namemap_hit_t *hits)
{
	uint64_t h = map->seed;
	size_t n = 0;

	if (map->count == 0)
		return 0;
	for (unsigned level = 0; level <= name->nlabels; level++) {
		unsigned i = name->nlabels - level;

		if (level) {
			h = hash_label(h, ts_name_suffix(name, i), map->seed);
			if (!reaches(map, h))
				return n;
		}
		if (!(map->levels[level / 64] >> (level % 64) & 1))
			continue;
		const struct slot *s =
			probe(map, h, ts_name_suffix(name, i), ts_name_suffix_len(name, i));
		if (s->at)
			hits[n++] = (ts_namemap_hit_t){s->value, i};
	}
	return n;
}

bool ts_namemap_find(const ts_namemap_t *map, const ts_name_t *name, unsigned first,
	uint32_t *value, unsigned *label)
{
	ts_namemap_hit_t hits[TS_NAMEMAP_HITS];
	size_t n = ts_namemap_all(map, name, hits);

	while (n && hits[n - 1].label < first)
		n--;
	if (n == 0)
		return false;
	*value = hits[n - 1].value;
	*label = hits[n - 1].label;
	return true;
}

size_t ts_namemap_count(const ts_namemap_t *map)
{
	return map->count;
}

size_t ts_namemap_memory(const ts_namemap_t *map)
{
	return sizeof(*map) + map->nslots * (sizeof(*map->slots) + REACHED_BITS / 8) +
	       map->pool_cap;
}
