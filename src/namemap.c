/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An open-addressing table of 64-bit hashes beside a pool of names. The hash of a suffix is taken
 * label by label from the root, so that one walk over a name gives the hashes of all its suffixes.
 * A bit per level (number of labels) that occurs keeps look-ups short.
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
	uint8_t *pool; /* per name: length octet, wire */
	size_t nslots; /* a power of two, or 0 */
	size_t count;
	size_t pool_len, pool_cap;
	uint64_t levels[2]; /* bit n: a name with n labels is there */
};

/* One label mixed into the hash of the labels to its right. Multiplication by an odd key and a
 * fold: two multiplies for eight octets, keyed throughout. */
static uint64_t mix(uint64_t h, uint64_t x, uint64_t seed)
{
	__extension__ typedef unsigned __int128 u128;
	u128 m = (u128)(h ^ x ^ 0x9e3779b97f4a7c15u) * (seed | 1);

	return (uint64_t)m ^ (uint64_t)(m >> 64) ^ (seed << 32 | seed >> 32);
}

static uint64_t hash_label(uint64_t h, const uint8_t *label, uint64_t seed)
{
	size_t len = (size_t)*label + 1;

	while (len) {
		uint64_t x = 0;
		size_t n = len < 8 ? len : 8;

		memcpy(&x, label, n);
		h = mix(h, x, seed);
		label += n;
		len -= n;
	}
	return h;
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
	free(map->pool);
	free(map);
}

static struct slot *probe(const ts_namemap_t *map, uint64_t hash, const uint8_t *wire, size_t len)
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

static int grow(ts_namemap_t *map)
{
	size_t nslots = map->nslots ? 2 * map->nslots : 16;
	struct slot *old = map->slots, *slots = calloc(nslots, sizeof(*slots));

	if (!slots)
		return TS_ENOMEM;
	for (size_t i = 0; i < map->nslots; i++) {
		if (old[i].at == 0)
			continue;
		size_t j = old[i].hash & (nslots - 1);
		while (slots[j].at)
			j = (j + 1) & (nslots - 1);
		slots[j] = old[i];
	}
	free(old);
	map->slots = slots;
	map->nslots = nslots;
	return TS_OK;
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

bool ts_namemap_find(const ts_namemap_t *map, const ts_name_t *name, unsigned first,
	uint32_t *value, unsigned *label)
{
	uint64_t h = map->seed;
	bool found = false;

	if (map->count == 0 || first > name->nlabels)
		return false;
	for (unsigned i = name->nlabels;; i--) {
		unsigned level = name->nlabels - i;

		if (level)
			h = hash_label(h, ts_name_suffix(name, i), map->seed);
		if (map->levels[level / 64] >> (level % 64) & 1) {
			const struct slot *s =
				probe(map, h, ts_name_suffix(name, i), ts_name_suffix_len(name, i));
			if (s->at) {
				*value = s->value;
				*label = i;
				found = true;
			}
		}
		if (i == first)
			return found;
	}
}

size_t ts_namemap_count(const ts_namemap_t *map)
{
	return map->count;
}

size_t ts_namemap_memory(const ts_namemap_t *map)
{
	return sizeof(*map) + map->nslots * sizeof(*map->slots) + map->pool_cap;
}
