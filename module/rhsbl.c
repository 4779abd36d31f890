/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rhsbl: see rhsbl.h. Worker threads. The states, the counterpart check and what clients share are
 * those of every other query (query.c).
 */
#include "rhsbl.h"

#include "answer_build.h"

/* The zone's serial: the newest of the policies'. */
static uint32_t serial_of(const ts_policyset_t *set)
{
	uint32_t serial = 0;
	for (size_t i = 0; i < ts_policyset_count(set); i++) {
		uint32_t one = ts_policy_serial(ts_policyset_get(set, i));
		if (one > serial)
			serial = one;
	}
	return serial;
}

struct reply_info *ts_list_reply(const ts_module_t *m, const ts_policyset_t *set,
	const struct query_info *qinfo, const ts_verdict_t *verdict, bool no_data,
	struct regional *region, uint32_t *ttl)
{
	ts_rhsbl_answer_t list;
	ts_rhsbl_kind_t kind;
	ts_name_t domain, qname;

	if (ts_rhsbl_read(&m->rhsbl_zone, qinfo->qname, qinfo->qname_len, &domain, &kind) !=
			TS_OK ||
		ts_name_from_wire(&qname, qinfo->qname, qinfo->qname_len) != TS_OK)
		return ts_reply_empty(region, LDNS_RCODE_SERVFAIL);
	ts_rhsbl_answer(kind, &domain, verdict, no_data ? TS_TYPE_AAAA : qinfo->qtype,
		serial_of(set), &list);
	*ttl = list.answer.ttl;
	return ts_reply_build(
		m, region, &list.answer, qinfo->qname, &qname, qinfo->qclass, NULL, 0);
}
