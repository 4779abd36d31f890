/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rrtype: names of record types, as people, policies, alerts and query logs write them.
 */
#ifndef TS_RRTYPE_H
#define TS_RRTYPE_H

#include "err.h"

#include <stddef.h>
#include <stdint.h>

#define TS_TYPE_TEXT_MAX 16 /* the longest name or "TYPE65535", and the NUL */

/**
 * The name of a record type: "MX"; "TYPE12345" (RFC 3597 section 5) where it has none.
 * \param buf  room for what has no name. \return a static string, or buf.
 */
const char *ts_type_name(uint16_t type, char buf[TS_TYPE_TEXT_MAX]) TS_NONNULL_ALL;

/** Reads a name (any case) or TYPEnnn. \return the type, 0 to 65535, or TS_ENOENT. */
int ts_type_find(const char *word, size_t len) TS_NONNULL_ALL;

#endif
