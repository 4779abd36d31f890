/* SPDX-License-Identifier: BSD-3-Clause */
#include "rhsbl.h"

#include "policy_impl.h"

#include <string.h>

/* SOA and NS name "invalid.", as catalog zones do: nobody is to be asked but who answers. */
#define INVALID 7, 'i', 'n', 'v', 'a', 'l', 'i', 'd', 0

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

bool ts_rhsbl_covers(const ts_name_t *zone, const uint8_t *qname, size_t len)
{
	size_t at = len - zone->len;

	if (len < zone->len)
		return false;
	/* From the end, where names differ soonest; length octets are below 'A'. */
	for (size_t i = zone->len; i-- > 0;) {
		if (lower(qname[at + i]) != zone->wire[i])
			return false;
	}
	/* It may begin in the middle of a label. */
	for (size_t i = 0; i < at; i += qname[i] + 1u) {
		if (i + qname[i] + 1u > at)
			return false;
	}
	return true;
}

int ts_rhsbl_read(const ts_name_t *zone, const uint8_t *qname, size_t len, ts_name_t *domain,
	ts_rhsbl_kind_t *kind)
{
	static const uint8_t test[] = {4, 't', 'e', 's', 't', 0};
	static const uint8_t invalid[] = {INVALID};
	uint8_t wire[TS_NAME_MAX];

	if (len < zone->len || len > TS_NAME_MAX)
		return TS_EINVAL;
	memcpy(wire, qname, len - zone->len);
	wire[len - zone->len] = 0;
	if (ts_name_from_wire(domain, wire, len - zone->len + 1) != TS_OK)
		return TS_EINVAL;
	if (domain->nlabels == 0)
		*kind = TS_RHSBL_APEX;
	else if (domain->len == sizeof(test) && memcmp(domain->wire, test, sizeof(test)) == 0)
		*kind = TS_RHSBL_TEST;
	else if (ts_name_is_below(domain, invalid, sizeof(invalid)))
		*kind = TS_RHSBL_NEVER;
	else
		*kind = TS_RHSBL_DOMAIN;
	return TS_OK;
}

bool ts_rhsbl_listed(const ts_verdict_t *v)
{
	return v->kind == TS_VERDICT_TYPO && v->action != TS_ACTION_PASS &&
	       v->action != TS_ACTION_OBSERVE;
}

static void put32(uint8_t *p, uint32_t n)
{
	p[0] = (uint8_t)(n >> 24);
	p[1] = (uint8_t)(n >> 16);
	p[2] = (uint8_t)(n >> 8);
	p[3] = (uint8_t)n;
}

static void add_soa_rdata(ts_answer_t *a, uint32_t serial)
{
	static const uint8_t names[] = {
		INVALID, 10, 'h', 'o', 's', 't', 'm', 'a', 's', 't', 'e', 'r', INVALID};
	static const uint32_t times[] = {3600, 600, 2147483646};
	uint8_t *p = a->soa_rdata;

	memcpy(p, names, sizeof(names));
	p += sizeof(names);
	put32(p, serial);
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		put32(p + 4 + 4 * i, times[i]);
	put32(p + 16, a->ttl);
	a->soa_rdlen = (uint16_t)(sizeof(names) + 20);
}

/* TXT rdata: strings of up to 255 octets each. */
static uint16_t text_rdata(uint8_t *out, const char *text)
{
	size_t left = strlen(text), n;
	uint8_t *p = out;

	for (; left > 0; left -= n, text += n) {
		n = left < 255 ? left : 255;
		*p++ = (uint8_t)n;
		memcpy(p, text, n);
		p += n;
	}
	return (uint16_t)(p - out);
}

static void add_rr(ts_answer_t *a, uint16_t type, const uint8_t *rdata, uint16_t rdlen)
{
	a->type = type;
	a->count = 1;
	a->rr[0] = (ts_answer_rr_t){rdata, rdlen};
}

static void answer_apex(ts_answer_t *a, uint16_t qtype)
{
	static const uint8_t ns[] = {INVALID};

	if (qtype == TS_TYPE_NS)
		add_rr(a, qtype, ns, sizeof(ns));
	else if (qtype == TS_TYPE_SOA || qtype == TS_TYPE_ANY)
		add_rr(a, TS_TYPE_SOA, a->soa_rdata, a->soa_rdlen);
}

static void answer_listed(ts_rhsbl_answer_t *out, uint16_t qtype, bool declared, const char *words)
{
	static const uint8_t addresses[2][4] = {{127, 0, 0, 3}, {127, 0, 0, 2}};

	if (qtype == TS_TYPE_A || qtype == TS_TYPE_ANY)
		add_rr(&out->answer, TS_TYPE_A, addresses[declared], 4);
	else if (qtype == TS_TYPE_TXT)
		add_rr(&out->answer, TS_TYPE_TXT, out->text, text_rdata(out->text, words));
}

void ts_rhsbl_answer(ts_rhsbl_kind_t kind, const ts_name_t *domain, const ts_verdict_t *v,
	uint16_t qtype, uint32_t serial, ts_rhsbl_answer_t *out)
{
	ts_answer_t *a = &out->answer;
	char words[TS_HINT_MAX];

	a->rcode = 0;
	a->type = qtype;
	a->count = 0;
	a->ttl = TS_RHSBL_TTL;
	a->ede = -1;
	a->soa_label = domain->nlabels;
	if (kind == TS_RHSBL_DOMAIN && ts_rhsbl_listed(v)) {
		a->ttl = v->policy->members[v->member].settings->max_ttl;
		(void)ts_answer_hint(v, words);
		answer_listed(out, qtype, v->declared, words);
	} else if (kind == TS_RHSBL_TEST)
		answer_listed(out, qtype, true, "the list's test entry (RFC 5782)");
	else if (kind != TS_RHSBL_APEX)
		a->rcode = 3;
	add_soa_rdata(a, serial);
	if (kind == TS_RHSBL_APEX)
		answer_apex(a, qtype);
	a->soa = a->count == 0;
}
