/* SPDX-License-Identifier: BSD-3-Clause
 *
 * prefix: an address prefix as people write it, and whether an address is in it.
 */
#ifndef TS_PREFIX_H
#define TS_PREFIX_H

#include "err.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct ts_prefix {
	uint8_t family; /* 4 or 6 */
	uint8_t bits;
	uint8_t addr[16];
} ts_prefix_t;

/**
 * Reads "192.0.2.0/24", "2001:db8::/32", or an address alone (all its bits).
 * \return TS_OK; TS_EINVAL, also where bits are set behind the prefix.
 */
TS_MUST_CHECK int ts_prefix_parse(const char *text, ts_prefix_t *out) TS_NONNULL_ALL;

/** Is the address (4 or 16 octets, by family) in the prefix? */
bool ts_prefix_has(const ts_prefix_t *prefix, uint8_t family, const uint8_t *addr) TS_NONNULL_ALL;

#endif
