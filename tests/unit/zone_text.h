/* SPDX-License-Identifier: BSD-3-Clause
 *
 * zone_text: the records of a master file's text, one by one, in wire format. By ldns, whose names
 * are those of Unbound's sldns: so in a file of its own.
 */
#ifndef TS_TESTS_ZONE_TEXT_H
#define TS_TESTS_ZONE_TEXT_H

#include <stddef.h>
#include <stdint.h>

/** What is called for each; owner and rdata live only until it returns. */
typedef void zone_text_fn(void *arg, const uint8_t *owner, size_t owner_len, uint16_t type,
	uint32_t ttl, const uint8_t *rdata, size_t len);

/** \return records; 0: the text is no zone, and nothing was called. */
size_t zone_text_each(const char *text, zone_text_fn *each, void *arg);

#endif
