/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "record.h"

#include <string.h>

static void plan_part(ts_record_plan_t *plan, ts_part_t part, const void *data, size_t len)
{
	plan->part[part] = data;
	plan->len[part] = (uint16_t)len;
	plan->size += (uint32_t)len;
}

static void plan_name(ts_record_plan_t *plan, ts_part_t part, const uint8_t *wire)
{
	if (wire)
		plan_part(plan, part, wire, ts_name_wire_len(wire));
}

static void plan_text(ts_record_plan_t *plan, ts_part_t part, const char *text)
{
	if (text)
		plan_part(plan, part, text, strnlen(text, TS_RECORD_TEXT_MAX));
}

void ts_record_plan(const ts_event_t *event, ts_record_plan_t *plan)
{
	const ts_verdict_t *v = event->verdict;

	memset(plan->len, 0, sizeof(plan->len));
	plan->size = (uint32_t)offsetof(ts_record_t, data);
	plan_name(plan, TS_PART_QNAME, event->qname);
	if (v) {
		plan_name(plan, TS_PART_PROTECTED, ts_policy_member_zone(v->policy, v->member));
		plan_part(plan, TS_PART_COUNTERPART, v->counterpart.wire, v->counterpart.len);
		plan_name(plan, TS_PART_RULESET, ts_policy_name(v->policy));
		plan_text(plan, TS_PART_MEMBER, ts_policy_member_id(v->policy, v->member));
	}
	plan_name(plan, TS_PART_SINKHOLE, event->sinkhole);
	plan_name(plan, TS_PART_RDATA, event->rdata_name);
	plan_text(plan, TS_PART_POLICY, event->policy_name);
	plan_text(plan, TS_PART_MESSAGE, event->message);
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
		if (i == TS_PART_QNAME)
			(void)ts_name_lower(p, plan->part[i], plan->len[i]);
		else
			memcpy(p, plan->part[i], plan->len[i]);
		p += plan->len[i];
	}
}

const uint8_t *ts_record_part(const ts_record_t *record, ts_part_t part)
{
	const uint8_t *p = record->data;

	for (unsigned i = 0; i < (unsigned)part; i++)
		p += record->len[i];
	return p;
}
