/* SPDX-License-Identifier: BSD-3-Clause */
#include "quiet.h"

#include "../src/name.h"

#include <stdlib.h>
#include <string.h>

#define LINES 4096u
#define WAYS 8u /* a cache line */

struct ts_quiet {
	_Alignas(64) _Atomic uint64_t slots[LINES][WAYS];
	uint64_t seed;
};

ts_quiet_t *ts_quiet_new(uint64_t seed)
{
	ts_quiet_t *quiet = aligned_alloc(_Alignof(ts_quiet_t), sizeof(*quiet));

	if (!quiet)
		return NULL;
	memset(quiet, 0, sizeof(*quiet));
	quiet->seed = seed;
	return quiet;
}

void ts_quiet_free(ts_quiet_t *quiet)
{
	free(quiet);
}

/* Both halves of a 128-bit product: every bit of both factors reaches every bit of it. */
static uint64_t fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t ts_quiet_key(const ts_quiet_t *quiet, const uint8_t *wire, size_t len, uint16_t qtype,
	uint16_t qclass, unsigned generation)
{
	uint64_t about = (uint64_t)generation << 32 | (uint32_t)qtype << 16 | qclass;
	uint64_t hash = fold(quiet->seed ^ about, 0x9e3779b97f4a7c15u) ^ len;
	const uint8_t *end = wire + len;
	uint64_t word = 0;

	for (; (size_t)(end - wire) > sizeof(word); wire += sizeof(word)) {
		memcpy(&word, wire, sizeof(word));
		hash = fold(hash ^ ts_lower8(word), quiet->seed | 1);
	}
	if (len >= sizeof(word)) /* the rest, and some of it again; len is in the hash */
		memcpy(&word, end - sizeof(word), sizeof(word));
	else
		memcpy(&word, wire, len);
	hash = fold(hash ^ ts_lower8(word), 0xe7037ed1a0b428dbu ^ quiet->seed);
	return hash ? hash : 1; /* 0 is an empty slot */
}

bool ts_quiet_has(const ts_quiet_t *quiet, uint64_t key)
{
	_Atomic uint64_t *line = ((ts_quiet_t *)(uintptr_t)quiet)->slots[key % LINES];

	for (unsigned i = 0; i < WAYS; i++)
		if (atomic_load_explicit(&line[i], memory_order_relaxed) == key)
			return true;
	return false;
}

void ts_quiet_add(ts_quiet_t *quiet, uint64_t key)
{
	_Atomic uint64_t *line = quiet->slots[key % LINES];
	unsigned at = 0;

	while (at < WAYS && atomic_load_explicit(&line[at], memory_order_relaxed) != 0)
		at++;
	if (at == WAYS) /* full: any of them, and the key says which */
		at = (unsigned)(key >> 32) % WAYS;
	atomic_store_explicit(&line[at], key, memory_order_relaxed);
}

size_t ts_quiet_memory(const ts_quiet_t *quiet)
{
	return quiet ? sizeof(*quiet) : 0;
}
