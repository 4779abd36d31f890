/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns.h"

#include "cursor.h"

#include <string.h>

int ts_dns_name(const uint8_t *wire, size_t len, uint32_t *at, ts_name_t *out)
{
	size_t p = *at, used = 0;
	size_t floor = p; /* a pointer must lead further back than all before it */
	size_t behind = 0;
	uint8_t name[TS_NAME_MAX];

	for (unsigned c = 1; c != 0;) {
		if (p >= len)
			return TS_EINVAL;
		c = wire[p];
		if (c >= 0xc0) {
			if (p + 1 >= len)
				return TS_EINVAL;
			size_t to = (c & 0x3fu) << 8 | wire[p + 1];
			if (!behind)
				behind = p + 2;
			if (to >= floor)
				return TS_EINVAL;
			p = floor = to;
			continue;
		}
		if (c > TS_LABEL_MAX || p + 1 + c > len || used + 1 + c > TS_NAME_MAX)
			return TS_EINVAL;
		memcpy(name + used, wire + p, 1 + c);
		used += 1 + c;
		p += 1 + c;
	}
	int err = ts_name_from_wire(out, name, used);
	if (err == TS_OK)
		*at = (uint32_t)(behind ? behind : p);
	return err;
}

int ts_dns_parse(const uint8_t *wire, size_t len, ts_dns_t *out)
{
	ts_cursor_t c = ts_cursor(wire, len);

	if (len < TS_DNS_HEADER)
		return TS_EINVAL;
	out->wire = wire;
	out->len = (uint32_t)len;
	out->id = ts_cursor_u16(&c);
	unsigned flags = ts_cursor_u16(&c);
	out->response = flags >> 15;
	out->opcode = flags >> 11 & 15;
	out->truncated = flags >> 9 & 1;
	out->recursion_desired = flags >> 8 & 1;
	out->rcode = flags & 15;
	out->qdcount = ts_cursor_u16(&c);
	out->ancount = ts_cursor_u16(&c);
	out->nscount = ts_cursor_u16(&c);
	out->arcount = ts_cursor_u16(&c);
	out->behind = TS_DNS_HEADER;
	if (out->qdcount == 0) {
		out->question = TS_QUESTION_NONE;
		return TS_OK;
	}
	out->question = TS_QUESTION_BAD;
	uint32_t at = TS_DNS_HEADER;
	if (ts_dns_name(wire, len, &at, &out->qname))
		return TS_OK;
	c.at = wire + at;
	out->qtype = ts_cursor_u16(&c);
	out->qclass = ts_cursor_u16(&c);
	if (c.bad)
		return TS_OK;
	out->question = TS_QUESTION_GOOD;
	out->behind = at + 4;
	return TS_OK;
}

void ts_dns_walk(const ts_dns_t *dns, ts_dns_walk_t *walk)
{
	walk->at = dns->behind;
	/* Whatever follows the first question is skipped by the first ts_dns_next(). */
	walk->left[0] = dns->qdcount ? dns->qdcount - 1u : 0;
	walk->left[1] = dns->ancount;
	walk->left[2] = dns->nscount;
	walk->left[3] = dns->arcount;
	if (dns->question == TS_QUESTION_BAD)
		memset(walk->left, 0, sizeof(walk->left));
}

int ts_dns_next(const ts_dns_t *dns, ts_dns_walk_t *walk, ts_dns_rr_t *out)
{
	for (unsigned section = 0; section < 4; section++) {
		while (walk->left[section]) {
			ts_dns_rr_t rr = {.section = (uint8_t)section};
			uint32_t at = walk->at;

			walk->left[section]--;
			if (ts_dns_name(dns->wire, dns->len, &at, &rr.owner))
				return TS_EINVAL;
			ts_cursor_t c = ts_cursor(dns->wire, dns->len);
			ts_cursor_skip(&c, at);
			rr.type = ts_cursor_u16(&c);
			rr.rrclass = ts_cursor_u16(&c);
			if (section) {
				rr.ttl = ts_cursor_u32(&c);
				rr.rdlen = ts_cursor_u16(&c);
				rr.rdata = (uint32_t)(c.at - dns->wire);
				ts_cursor_skip(&c, rr.rdlen);
			}
			if (c.bad)
				return TS_EINVAL;
			walk->at = (uint32_t)(c.at - dns->wire);
			if (section == 0)
				continue;
			*out = rr;
			return 1;
		}
	}
	return 0;
}
