/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "record.h"

#include <string.h>

static void plan_name(ts_record_plan_t *plan, ts_part_t part, const uint8_t *wire)
{
	plan->part[part] = wire;
	plan->len[part] = wire ? (uint16_t)ts_name_wire_len(wire) : 0;
}

static void plan_text(ts_record_plan_t *plan, ts_part_t part, const char *text)
{
	plan->part[part] = text;
	plan->len[part] = text ? (uint16_t)strnlen(text, TS_RECORD_TEXT_MAX) : 0;
}

void ts_record_plan(const ts_event_t *event, ts_record_plan_t *plan)
{
	const ts_verdict_t *v = event->verdict;

	memset(plan, 0, sizeof(*plan));
	plan_name(plan, TS_PART_QNAME, event->qname);
	if (v) {
		plan_name(plan, TS_PART_PROTECTED, ts_policy_member_zone(v->policy, v->member));
		plan->part[TS_PART_COUNTERPART] = v->counterpart.wire;
		plan->len[TS_PART_COUNTERPART] = v->counterpart.len;
		plan_name(plan, TS_PART_RULESET, ts_policy_name(v->policy));
		plan_text(plan, TS_PART_MEMBER, ts_policy_member_id(v->policy, v->member));
	}
	plan_name(plan, TS_PART_SINKHOLE, event->sinkhole);
	plan_name(plan, TS_PART_RDATA, event->rdata_name);
	plan_text(plan, TS_PART_POLICY, event->policy_name);
	plan_text(plan, TS_PART_MESSAGE, event->message);
	plan->size = (uint32_t)offsetof(ts_record_t, data);
	for (unsigned i = 0; i < TS_PARTS; i++)
		plan->size += plan->len[i];
}

void ts_record_pack(const ts_event_t *event, const ts_record_plan_t *plan, ts_record_t *out)
{
	const ts_verdict_t *v = event->verdict;
	uint8_t *p = out->data;

	*out = (ts_record_t){
		.time_us = event->time_us,
		.size = plan->size,
		.ttl = event->ttl,
		.serial = v ? ts_policy_serial(v->policy) : event->policy_serial,
		.ede = event->ede,
		.qtype = event->qtype,
		.qclass = event->qclass,
		.id = event->id,
		.client_port = event->client_port,
		.server_port = event->server_port,
		.sinkhole_preference = event->sinkhole_preference,
		.client = event->client,
		.server = event->server,
		.kind = (uint8_t)event->kind,
		.rcode = event->rcode,
		.transport = (uint8_t)event->transport,
		.applied = event->applied,
		.failed = event->failed,
	};
	if (v) {
		out->action = (uint8_t)v->action;
		out->evidence = (uint8_t)v->evidence;
		out->score = v->match.score;
		out->class_id = v->match.class_id;
		out->distance = v->match.distance;
		out->suffix = v->match.suffix;
	}
	memcpy(out->len, plan->len, sizeof(out->len));
	for (unsigned i = 0; i < TS_PARTS; i++) {
		if (plan->len[i] == 0)
			continue;
		memcpy(p, plan->part[i], plan->len[i]);
		p += plan->len[i];
	}
	/* Length octets are below 'A', so a wire name is lower-cased like a text. */
	for (uint8_t *q = out->data, *end = q + plan->len[TS_PART_QNAME]; q < end; q++)
		*q = *q >= 'A' && *q <= 'Z' ? (uint8_t)(*q + 32) : *q;
}

const uint8_t *ts_record_part(const ts_record_t *record, ts_part_t part)
{
	const uint8_t *p = record->data;

	for (unsigned i = 0; i < (unsigned)part; i++)
		p += record->len[i];
	return p;
}
