/* SPDX-License-Identifier: BSD-3-Clause
 *
 * record: an event as it travels through the queue: one flat block without pointers, so that
 * nothing of the policy it speaks of need live on. Fixed fields first, then the texts and names
 * one behind the other, each as long as its length field says.
 */
#ifndef TS_ALERT_RECORD_H
#define TS_ALERT_RECORD_H

#include "event.h"

/** The variable parts, in the order in which they are packed. */
typedef enum ts_part {
	TS_PART_QNAME,       /* wire format, lower-cased: forwarders randomize the case (0x20) */
	TS_PART_PROTECTED,   /* wire format */
	TS_PART_COUNTERPART, /* wire format */
	TS_PART_RULESET,     /* wire format: the policy's zone */
	TS_PART_SINKHOLE,    /* wire format, may be empty */
	TS_PART_RDATA,       /* wire format, may be empty */
	TS_PART_MEMBER,      /* text: the member's id in the policy */
	TS_PART_POLICY,      /* text: a policy's name, for events about it */
	TS_PART_MESSAGE,     /* text, cut at TS_RECORD_TEXT_MAX */
	TS_PARTS
} ts_part_t;

#define TS_RECORD_TEXT_MAX 1000

typedef struct ts_record {
	int64_t time_us;
	uint32_t size; /* octets of the whole, this header included */
	uint32_t ttl;
	uint32_t serial; /* of the policy */
	int32_t ede;
	uint16_t len[TS_PARTS];
	uint16_t qtype, qclass, id;
	uint16_t client_port, server_port, sinkhole_preference;
	uint16_t score;
	ts_client_t client, server;
	uint8_t kind, action, class_id, distance, evidence, rcode, transport;
	uint8_t suffix; /* label where the typo starts: of the rdata name where there is one, else
			   of the qname */
	bool applied, failed;
	uint8_t data[];
} ts_record_t;

/** Is it about a client's look-up, and to be counted where it repeats itself? */
static inline bool ts_record_is_alert(const ts_record_t *record)
{
	return record->kind == TS_EVENT_ALERT || record->kind == TS_EVENT_RDATA ||
	       record->kind == TS_EVENT_RHSBL;
}

/** What ts_record_pack() needs, before there is a place for it: sizes and borrowed pointers. */
typedef struct ts_record_plan {
	const void *part[TS_PARTS];
	uint16_t len[TS_PARTS];
	uint32_t size;
} ts_record_plan_t;

/** Measures the event. plan borrows from it; part[i] is written where len[i] is not 0. */
void ts_record_plan(const ts_event_t *event, ts_record_plan_t *plan) TS_NONNULL_ALL;
/** Writes it to out, which has plan->size octets and the alignment of a ts_record_t. */
void ts_record_pack(
	const ts_event_t *event, const ts_record_plan_t *plan, ts_record_t *out) TS_NONNULL_ALL;

/** The octets of a part; its length is record->len[part]. Not NUL-terminated. */
const uint8_t *ts_record_part(const ts_record_t *record, ts_part_t part) TS_NONNULL_ALL;

#endif
