/* SPDX-License-Identifier: BSD-3-Clause
 *
 * answer: what a verdict answers with, free of any host's types. Filled from a verdict while the
 * policy set is held; all pointers are into the policy, the verdict or the answer itself.
 */
#ifndef TS_ANSWER_H
#define TS_ANSWER_H

#include "verdict.h"

#define TS_ANSWER_RRS_MAX 64
#define TS_EDE_FORGED 4   /* RFC 8914 section 4.5 */
#define TS_EDE_BLOCKED 15 /* RFC 8914 section 4.16 */
#define TS_HINT_MAX (TS_NAME_TEXT_MAX + 32)

typedef struct ts_answer_rr {
	const uint8_t *rdata; /* uncompressed */
	uint16_t rdlen;
} ts_answer_rr_t;

typedef struct ts_answer {
	uint8_t rcode;  /* 0, 2 (SERVFAIL), 3 (NXDOMAIN), 5 (REFUSED) */
	uint16_t type;  /* of the answer's RRset */
	uint16_t count; /* RRs in the answer section, owner = qname; 0: none */
	uint32_t ttl;   /* seconds, of everything in the answer */
	ts_answer_rr_t rr[TS_ANSWER_RRS_MAX];
	bool soa;          /* NODATA, NXDOMAIN: an SOA in the authority section */
	uint8_t soa_label; /* its owner is this suffix of the qname */
	uint16_t soa_rdlen;
	uint8_t soa_rdata[2 * TS_NAME_MAX + 20];
	int ede; /* info code, or -1; its text: ts_answer_hint() */
} ts_answer_t;

/**
 * The answer to an intercepted look-up (TYPO with an action other than observe and pass) or to a
 * look-up of a sinkhole host whose addresses the policy holds.
 * \return true: answer with *out; false: the look-up goes on as usual.
 */
bool ts_answer_make(
	const ts_verdict_t *verdict, const ts_query_t *query, ts_answer_t *out) TS_NONNULL_ALL;

/** "did you mean army.mil?", in presentation form, into buf. \return its length. */
size_t ts_answer_hint(const ts_verdict_t *verdict, char buf[TS_HINT_MAX]) TS_NONNULL_ALL;

#endif
