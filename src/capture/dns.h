/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dns: reads what a replay needs of a DNS message (RFC 1035 section 4): header, first question, and
 * the records behind it one by one. Allocates nothing; pointers are into the message.
 */
#ifndef TS_CAPTURE_DNS_H
#define TS_CAPTURE_DNS_H

#include "../name.h"

#define TS_DNS_HEADER 12
#define TS_DNS_MESSAGE_MAX 65535

typedef enum ts_question {
	TS_QUESTION_NONE, /* QDCOUNT is 0: an inverse query, a server cookie query */
	TS_QUESTION_GOOD,
	TS_QUESTION_BAD, /* cut off, or its name is malformed */
} ts_question_t;

typedef struct ts_dns {
	const uint8_t *wire;
	uint32_t len;
	uint16_t id;
	uint16_t qdcount, ancount, nscount, arcount;
	uint8_t opcode, rcode;
	bool response, truncated, recursion_desired;
	uint8_t question; /* ts_question_t; of the first question */
	ts_name_t qname;  /* lower-case; GOOD only, as are the next three */
	uint16_t qtype;
	uint16_t qclass;
	uint32_t behind; /* offset of what follows the first question */
} ts_dns_t;

/** \return TS_OK; TS_EINVAL for a message shorter than a header. */
TS_MUST_CHECK int ts_dns_parse(const uint8_t *wire, size_t len, ts_dns_t *out) TS_NONNULL_ALL;

typedef struct ts_dns_rr {
	ts_name_t owner;
	uint16_t type, rrclass;
	uint32_t ttl;
	uint32_t rdata, rdlen; /* offset in the message, octets */
	uint8_t section;       /* 1 answer, 2 authority, 3 additional */
} ts_dns_rr_t;

typedef struct ts_dns_walk {
	uint32_t at, left[4];
} ts_dns_walk_t;

/** Starts a walk over the records behind the question section. */
void ts_dns_walk(const ts_dns_t *dns, ts_dns_walk_t *walk) TS_NONNULL_ALL;
/** The next record. \return 1; 0 at the end; TS_EINVAL where the message is malformed. */
TS_MUST_CHECK int ts_dns_next(
	const ts_dns_t *dns, ts_dns_walk_t *walk, ts_dns_rr_t *out) TS_NONNULL_ALL;

/**
 * Reads the name at *at, following compression pointers (backwards only, so that it ends), and sets
 * *at behind it. \return TS_OK, TS_EINVAL.
 */
TS_MUST_CHECK int ts_dns_name(
	const uint8_t *wire, size_t len, uint32_t *at, ts_name_t *out) TS_NONNULL_ALL;

#endif
