/* SPDX-License-Identifier: BSD-3-Clause
 *
 * namemap: an immutable map from domain names to small numbers, asked for the longest (or any)
 * suffix of a name. Keyed hashing (a peer who chooses names cannot choose collisions), no
 * allocation and no lock in a look-up. Built by one thread, then shared by all.
 */
#ifndef TS_NAMEMAP_H
#define TS_NAMEMAP_H

#include "name.h"

typedef struct ts_namemap ts_namemap_t;

/** An empty map under construction. seed: the key of the hash. \return NULL: out of memory. */
ts_namemap_t *ts_namemap_new(uint64_t seed);
void ts_namemap_free(ts_namemap_t *map);

/**
 * Adds name -> value; an equal name that is there already keeps its value.
 * \param wire  lower-case wire format, copied. \return TS_OK (added or there), TS_ENOMEM.
 */
TS_MUST_CHECK int ts_namemap_add(
	ts_namemap_t *map, const uint8_t *wire, size_t len, uint32_t value) TS_NONNULL_ALL;

/** Finds exactly this name. \return false: not there. */
bool ts_namemap_get(
	const ts_namemap_t *map, const uint8_t *wire, size_t len, uint32_t *value) TS_NONNULL_ALL;

/** A suffix of a name that is in the map, and the label at which it starts. */
typedef struct ts_namemap_hit {
	uint32_t value;
	uint32_t label;
} ts_namemap_hit_t;

#define TS_NAMEMAP_HITS (TS_LABELS_MAX + 1)

/**
 * Finds all suffixes of name that are in the map, in one walk: the shortest first. (The root
 * counts, where it was added.) \param hits  room for TS_NAMEMAP_HITS. \return how many.
 */
size_t ts_namemap_all(
	const ts_namemap_t *map, const ts_name_t *name, ts_namemap_hit_t *hits) TS_NONNULL_ALL;

/**
 * Finds the longest suffix of name that starts at label `first` or further right and is in the map.
 * \param label  set to the label at which it starts. \return false: none is.
 */
bool ts_namemap_find(const ts_namemap_t *map, const ts_name_t *name, unsigned first,
	uint32_t *value, unsigned *label) TS_NONNULL_ALL;

size_t ts_namemap_count(const ts_namemap_t *map) TS_NONNULL_ALL;
size_t ts_namemap_memory(const ts_namemap_t *map) TS_NONNULL_ALL;

#endif
