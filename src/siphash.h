/* SPDX-License-Identifier: BSD-3-Clause
 *
 * siphash: SipHash-2-4 (Aumasson and Bernstein, 2012), a keyed hash that those who choose the input
 * cannot aim: for tables that strangers fill, and for clients that are to stay unnamed.
 */
#ifndef TS_SIPHASH_H
#define TS_SIPHASH_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

uint64_t ts_siphash(const uint8_t key[16], const void *data, size_t len) TS_NONNULL(1);

#endif
