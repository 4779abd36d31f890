/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_impl.h"
#include "typo/suffix.h"

#include <stdio.h>
#include <string.h>

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void put32(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
}

/* The policy's SOA with the answer's TTL as minimum, owned by the registrable name of the typo, so
 * that a downstream cache keeps the absence of that name alone. */
static void add_soa(
	ts_answer_t *out, const ts_policy_t *policy, const ts_name_t *qname, bool nxdomain)
{
	unsigned suffix = ts_suffix_start(qname);
	unsigned owner = suffix ? suffix - 1 : 0;

	if (nxdomain && owner == 0 && qname->nlabels)
		owner = 1;
	out->soa = true;
	out->soa_label = (uint8_t)owner;
	out->soa_rdlen = policy->soa_len;
	memcpy(out->soa_rdata, policy->soa, policy->soa_len);
	put32(out->soa_rdata + policy->soa_len - 4, out->ttl);
}

static void add_rrset(ts_answer_t *out, uint16_t type, const ts_sink_rrset_t *set)
{
	out->type = type;
	out->count = set->count;
	memcpy(out->rr, set->rr, set->count * sizeof(*set->rr));
	out->ttl = smaller(out->ttl, set->ttl);
}

/* The RRset that a sinkhole has for this type; NULL: NODATA. */
static const ts_sink_rrset_t *rrset_for(const ts_sinkhole_t *sinkhole, uint16_t qtype)
{
	const ts_sink_rrset_t *set = NULL;

	if (qtype == TS_TYPE_MX)
		set = &sinkhole->mx;
	else if (qtype == TS_TYPE_A)
		set = &sinkhole->a;
	else if (qtype == TS_TYPE_AAAA)
		set = &sinkhole->aaaa;
	return set && set->count ? set : NULL;
}

static void start(ts_answer_t *out, uint16_t type, uint32_t ttl)
{
	out->rcode = 0;
	out->type = type;
	out->count = 0;
	out->ttl = ttl;
	out->soa = false;
	out->ede = -1;
}

static bool host_answer(const ts_verdict_t *v, const ts_query_t *query, ts_answer_t *out)
{
	const ts_sink_rrset_t *set = rrset_for(v->sinkhole, query->qtype);

	start(out, query->qtype, v->sinkhole->max_ttl);
	if (set)
		add_rrset(out, query->qtype, set);
	else
		add_soa(out, v->policy, query->qname, false);
	return true;
}

size_t ts_answer_hint(const ts_verdict_t *v, char buf[TS_HINT_MAX])
{
	char name[TS_NAME_TEXT_MAX];

	ts_name_to_text(v->counterpart.wire, name, sizeof(name));
	return (size_t)snprintf(buf, TS_HINT_MAX, "did you mean %s?", name);
}

bool ts_answer_make(const ts_verdict_t *v, const ts_query_t *query, ts_answer_t *out)
{
	/* RFC 7505: preference 0, exchange the root. */
	static const uint8_t null_mx[3] = {0, 0, 0};
	static const ts_answer_rr_t null_rr = {null_mx, sizeof(null_mx)};
	static const ts_sink_rrset_t null_set = {UINT32_MAX, 1, &null_rr};
	const ts_sink_rrset_t *set = NULL;
	/* RFC 8482: one RRset will do for ANY, and MX is what it is about. */
	uint16_t type = query->qtype == TS_TYPE_ANY ? TS_TYPE_MX : query->qtype;

	if (v->kind == TS_VERDICT_ALLOWED && v->sinkhole_host)
		return host_answer(v, query, out);
	if (v->kind != TS_VERDICT_TYPO)
		return false;
	start(out, type, v->policy->members[v->member].settings->max_ttl);
	switch (v->action) {
	case TS_ACTION_SINKHOLE:
		set = v->sinkhole ? rrset_for(v->sinkhole, type) : NULL;
		out->ede = TS_EDE_FORGED;
		break;
	case TS_ACTION_NULLMX:
		set = type == TS_TYPE_MX ? &null_set : NULL;
		out->ede = TS_EDE_FORGED;
		break;
	case TS_ACTION_NXDOMAIN:
		out->rcode = 3;
		out->ede = TS_EDE_BLOCKED;
		break;
	case TS_ACTION_NODATA:
		out->ede = TS_EDE_BLOCKED;
		break;
	case TS_ACTION_REFUSED:
		out->rcode = 5;
		out->ede = TS_EDE_BLOCKED;
		return true;
	case TS_ACTION_DEFER:
		out->rcode = 2;
		return true;
	case TS_ACTION_OBSERVE:
	case TS_ACTION_PASS:
		return false;
	}
	if (set)
		add_rrset(out, type, set);
	else
		add_soa(out, v->policy, query->qname, out->rcode == 3);
	return true;
}
