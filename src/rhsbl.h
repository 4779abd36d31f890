/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rhsbl: the policy as a list of domain names (RFC 5782 section 2.3 and 5). A mail server looks up
 * <domain>.<zone>: A 127.0.0.2 for a declared typo, 127.0.0.3 for a derived one, and TXT with the
 * words for the person who mistyped it. Pure: no allocation, no I/O; any thread.
 */
#ifndef TS_RHSBL_H
#define TS_RHSBL_H

#include "answer.h"

/** TTL of what no policy gives one to: names that are not listed, the zone's own records. */
#define TS_RHSBL_TTL 30

typedef enum ts_rhsbl_kind {
	TS_RHSBL_APEX,
	TS_RHSBL_TEST,   /* "test", always listed */
	TS_RHSBL_NEVER,  /* "invalid" and all below it: never listed */
	TS_RHSBL_DOMAIN, /* the verdict on an MX look-up of the domain decides */
} ts_rhsbl_kind_t;

/** Is qname (wire format, any case) at or below zone? Where it is not, a few instructions. */
bool ts_rhsbl_covers(const ts_name_t *zone, const uint8_t *qname, size_t len) TS_NONNULL_ALL;

/**
 * Reads a name that zone covers.
 * \param domain  the name without the zone; the root for the apex.
 * \return TS_OK, or TS_EINVAL for a malformed name.
 */
TS_MUST_CHECK int ts_rhsbl_read(const ts_name_t *zone, const uint8_t *qname, size_t len,
	ts_name_t *domain, ts_rhsbl_kind_t *kind) TS_NONNULL_ALL;

/** Is the domain with this verdict listed? What is only observed is not: its mail is to pass. */
bool ts_rhsbl_listed(const ts_verdict_t *verdict) TS_NONNULL_ALL;

/** An answer and what it points to. Not to be copied. */
typedef struct ts_rhsbl_answer {
	ts_answer_t answer; /* soa_label counts the labels of the query name */
	uint8_t text[TS_HINT_MAX + TS_HINT_MAX / 255 + 1];
} ts_rhsbl_answer_t;

/**
 * The answer to a look-up in the list.
 * \param verdict  on the domain; only looked at for TS_RHSBL_DOMAIN, and NULL otherwise.
 * \param serial  the zone's, for its SOA.
 */
void ts_rhsbl_answer(ts_rhsbl_kind_t kind, const ts_name_t *domain, const ts_verdict_t *verdict,
	uint16_t qtype, uint32_t serial, ts_rhsbl_answer_t *out) TS_NONNULL(2, 6);

#endif
