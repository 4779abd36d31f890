/* SPDX-License-Identifier: BSD-3-Clause
 *
 * quiet: names whose cached answers are nobody's typo, remembered so that a policy that observes
 * does not judge the same popular names at every cache hit. A table of keyed 64-bit hashes, shared
 * by all threads without a lock: a slot is one word, and what is overwritten is judged again. It
 * forgets everything when the policy changes, as the snapshot's generation is part of what is
 * hashed.
 */
#ifndef TS_MODULE_QUIET_H
#define TS_MODULE_QUIET_H

#include "../src/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ts_quiet ts_quiet_t;

/** \param seed  the key of the hash: a peer who chooses names cannot choose collisions.
 *  \return NULL: no memory. */
ts_quiet_t *ts_quiet_new(uint64_t seed);
void ts_quiet_free(ts_quiet_t *quiet);

/** The key of a look-up under one generation of the policy. wire: len octets, any case. */
uint64_t ts_quiet_key(const ts_quiet_t *quiet, const uint8_t *wire, size_t len, uint16_t qtype,
	uint16_t qclass, unsigned generation);
bool ts_quiet_has(const ts_quiet_t *quiet, uint64_t key);
void ts_quiet_add(ts_quiet_t *quiet, uint64_t key);

size_t ts_quiet_memory(const ts_quiet_t *quiet);

#endif
