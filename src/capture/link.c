/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Link layers: one function and one row each. Numbers are those that libpcap gives (DLT_*).
 */
#include "internal.h"

#include "cursor.h"

#include <pcap/dlt.h>
#include <string.h>

typedef int link_fn(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out);

static int short_frame(ts_capture_t *capture)
{
	ts_flaw(capture, TS_FLAW_LINK, "%s", "");
	return 0;
}

static int by_ethertype(ts_capture_t *capture, ts_cursor_t *c, uint16_t type, ts_message_t *out)
{
	if (c->bad)
		return short_frame(capture);
	return ts_net_ethertype(capture, type, c->at, ts_cursor_left(c), 0, out);
}

static int by_version(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	if (c->bad || ts_cursor_left(c) == 0)
		return short_frame(capture);
	return ts_net_ip(capture, c->at, ts_cursor_left(c), 0, out);
}

static int link_ethernet(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	ts_cursor_skip(c, 12);
	return by_ethertype(capture, c, ts_cursor_u16(c), out);
}

/* IEEE 802.2 LLC; SNAP with an Ethernet type is what carries IP. */
static int llc(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	const uint8_t *h = ts_cursor_take(c, 3);

	if (!h)
		return short_frame(capture);
	if (h[0] != 0xaa || h[1] != 0xaa) {
		ts_unread(capture, "LLC service", h[0], NULL);
		return 0;
	}
	ts_cursor_skip(c, 3); /* the SNAP header's organisation */
	return by_ethertype(capture, c, ts_cursor_u16(c), out);
}

static int link_fddi(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	ts_cursor_skip(c, 13);
	return llc(capture, c, out);
}

static int link_sll(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	ts_cursor_skip(c, 14);
	return by_ethertype(capture, c, ts_cursor_u16(c), out);
}

static int link_sll2(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	uint16_t type = ts_cursor_u16(c);

	ts_cursor_skip(c, 18);
	return by_ethertype(capture, c, type, out);
}

/* BSD loopback: an address family in the byte order of whoever captured; the IP version is in the
 * packet itself and says the same without guessing. */
static int link_null(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	uint32_t family = ts_cursor_u32(c);

	if (c->bad)
		return short_frame(capture);
	if (family > 0xffff) /* the other byte order */
		family = family >> 24 | (family >> 8 & 0xff00);
	switch (family) {
	case 2:  /* AF_INET */
	case 24: /* AF_INET6 on NetBSD, OpenBSD and BSD/OS; FreeBSD, Darwin: */
	case 28:
	case 30:
		return by_version(capture, c, out);
	default:
		ts_unread(capture, "loopback address family", family, NULL);
		return 0;
	}
}

static int link_raw(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	return by_version(capture, c, out);
}

static int ppp_protocol(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	uint32_t protocol = ts_cursor_u8(c);

	if (!(protocol & 1)) /* two octets unless compressed to one (RFC 1661, section 5) */
		protocol = protocol << 8 | ts_cursor_u8(c);
	if (protocol == 0x21 || protocol == 0x57)
		return by_version(capture, c, out);
	if (c->bad)
		return short_frame(capture);
	ts_unread(capture, "PPP protocol", protocol, NULL);
	return 0;
}

static int link_ppp(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	if (ts_cursor_left(c) >= 2 && c->at[0] == 0xff && c->at[1] == 0x03)
		ts_cursor_skip(c, 2); /* address and control, as in HDLC framing */
	return ppp_protocol(capture, c, out);
}

static int link_pppoe(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	ts_cursor_skip(c, 6);
	return ppp_protocol(capture, c, out);
}

#define NFULA_PAYLOAD 9

/* NFLOG: attributes, native byte order, each padded to four octets; one is the packet. */
static int link_nflog(ts_capture_t *capture, ts_cursor_t *c, ts_message_t *out)
{
	ts_cursor_skip(c, 4);
	while (ts_cursor_left(c) >= 4) {
		uint16_t len, type;

		memcpy(&len, c->at, 2);
		memcpy(&type, c->at + 2, 2);
		if (len < 4 || len > ts_cursor_left(c))
			return short_frame(capture);
		if ((type & 0x7fff) == NFULA_PAYLOAD) {
			ts_cursor_t payload = ts_cursor(c->at + 4, len - 4u);
			return by_version(capture, &payload, out);
		}
		size_t padded = (len + 3u) & ~(size_t)3;
		ts_cursor_skip(c, padded < ts_cursor_left(c) ? padded : ts_cursor_left(c));
	}
	ts_unread(capture, "NFLOG without packet", 0, NULL);
	return 0;
}

static const struct {
	int dlt;
	const char *name;
	link_fn *decode;
} links[] = {
	{DLT_EN10MB, "Ethernet", link_ethernet},
	{DLT_RAW, "raw IP", link_raw},
	{DLT_IPV4, "raw IPv4", link_raw},
	{DLT_IPV6, "raw IPv6", link_raw},
	{DLT_NULL, "BSD loopback", link_null},
	{DLT_LOOP, "OpenBSD loopback", link_null},
	{DLT_LINUX_SLL, "Linux cooked v1", link_sll},
	{DLT_LINUX_SLL2, "Linux cooked v2", link_sll2},
	{DLT_PPP, "PPP", link_ppp},
	{DLT_PPP_SERIAL, "PPP in HDLC framing", link_ppp},
	{DLT_PPP_ETHER, "PPPoE", link_pppoe},
	{DLT_FDDI, "FDDI", link_fddi},
	{DLT_NFLOG, "Linux netfilter log", link_nflog},
};

const char *ts_link_name(int dlt)
{
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt)
			return links[i].name;
	return NULL;
}

int ts_link_decode(
	ts_capture_t *capture, int dlt, const uint8_t *data, size_t len, ts_message_t *out)
{
	ts_cursor_t c = ts_cursor(data, len);

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].dlt == dlt)
			return links[i].decode(capture, &c, out);
	ts_unread(capture, "link layer", (uint32_t)dlt, NULL);
	return 0;
}
