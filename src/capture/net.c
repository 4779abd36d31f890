/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From an Ethernet type to a UDP or TCP payload: VLAN tags, PPPoE, MPLS, IPv4 (RFC 791), IPv6 and
 * its extension headers (RFC 8200), fragments, and tunnels: IP in IP, 6in4, GRE (RFC 2784, 2890). A
 * packet may nest so many of them; deeper ones are counted.
 */
#include "internal.h"

#include "cursor.h"

#include <string.h>

#define DEPTH_MAX 8
#define EXTENSIONS_MAX 16

#define ETHERTYPE_IPV4 0x0800
#define ETHERTYPE_VLAN 0x8100
#define ETHERTYPE_QINQ 0x88a8
#define ETHERTYPE_QINQ_OLD 0x9100
#define ETHERTYPE_IPV6 0x86dd
#define ETHERTYPE_PPPOE 0x8864
#define ETHERTYPE_MPLS 0x8847
#define ETHERTYPE_MPLS_UP 0x8848
#define ETHERTYPE_TEB 0x6558 /* Ethernet in GRE */
#define ETHERTYPE_MIN 0x0600 /* below: an IEEE 802.3 length */

/* For the summary only. */
static const struct {
	uint16_t type;
	const char *name;
} ethertype_names[] = {
	{0x0806, "ARP"},
	{0x8035, "RARP"},
	{0x809b, "AppleTalk"},
	{0x8137, "IPX"},
	{0x8808, "flow control"},
	{0x8809, "slow protocols"},
	{0x8863, "PPPoE discovery"},
	{0x888e, "802.1X"},
	{0x88cc, "LLDP"},
	{0x88be, "ERSPAN"},
	{0x88e5, "MACsec"},
	{0x894f, "NSH"},
};

static const struct {
	uint8_t protocol;
	const char *name;
} protocol_names[] = {
	{1, "ICMP"},
	{2, "IGMP"},
	{50, "ESP"},
	{58, "ICMPv6"},
	{88, "EIGRP"},
	{89, "OSPF"},
	{103, "PIM"},
	{112, "VRRP"},
	{132, "SCTP"},
};

static int ip_payload(ts_capture_t *capture, ts_flow_t *flow, uint8_t protocol, const uint8_t *data,
	size_t len, unsigned depth, ts_message_t *out);

/* Tunnels in UDP, by port: what follows their header. */
static int vxlan(ts_capture_t *capture, ts_cursor_t *c, unsigned depth, ts_message_t *out)
{
	ts_cursor_skip(c, 8);
	return ts_net_ethertype(capture, ETHERTYPE_TEB, c->at, ts_cursor_left(c), depth, out);
}

static int vxlan_gpe(ts_capture_t *capture, ts_cursor_t *c, unsigned depth, ts_message_t *out)
{
	ts_cursor_skip(c, 3);
	unsigned next = ts_cursor_u8(c);
	ts_cursor_skip(c, 4);
	if (next == 1 || next == 2)
		return ts_net_ip(capture, c->at, ts_cursor_left(c), depth, out);
	if (next == 3)
		return ts_net_ethertype(
			capture, ETHERTYPE_TEB, c->at, ts_cursor_left(c), depth, out);
	ts_unread(capture, "VXLAN-GPE protocol", next, NULL);
	return 0;
}

static int geneve(ts_capture_t *capture, ts_cursor_t *c, unsigned depth, ts_message_t *out)
{
	size_t options = (ts_cursor_u8(c) & 0x3f) * (size_t)4;

	ts_cursor_skip(c, 1);
	uint16_t type = ts_cursor_u16(c);
	ts_cursor_skip(c, 4 + options);
	return ts_net_ethertype(capture, type, c->at, ts_cursor_left(c), depth, out);
}

static const struct {
	uint16_t port;
	int (*decode)(ts_capture_t *capture, ts_cursor_t *c, unsigned depth, ts_message_t *out);
} udp_tunnels[] = {
	{4789, vxlan},     /* RFC 7348 */
	{4790, vxlan_gpe}, /* draft-ietf-nvo3-vxlan-gpe */
	{6081, geneve},    /* RFC 8926 */
};

static int other_udp(ts_capture_t *capture, const ts_flow_t *flow, ts_cursor_t *c, unsigned depth,
	ts_message_t *out)
{
	for (size_t i = 0; i < sizeof(udp_tunnels) / sizeof(udp_tunnels[0]); i++)
		if (flow->to_port == udp_tunnels[i].port || flow->from_port == udp_tunnels[i].port)
			return udp_tunnels[i].decode(capture, c, depth + 1, out);
	capture->stats.other++;
	return 0;
}

static int udp(ts_capture_t *capture, ts_flow_t *flow, const uint8_t *data, size_t len,
	unsigned depth, ts_message_t *out)
{
	ts_cursor_t c = ts_cursor(data, len);

	flow->from_port = ts_cursor_u16(&c);
	flow->to_port = ts_cursor_u16(&c);
	size_t udp_len = ts_cursor_u16(&c);
	ts_cursor_skip(&c, 2); /* the checksum: captures on the sender have it unfinished */
	if (c.bad || (udp_len && udp_len < 8)) {
		ts_flaw(capture, TS_FLAW_TRANSPORT, "UDP, %zu octets", len);
		return 0;
	}
	if (!ts_port_is_dns(capture, flow->to_port) && !ts_port_is_dns(capture, flow->from_port))
		return other_udp(capture, flow, &c, depth, out);
	size_t payload = ts_cursor_left(&c);
	if (udp_len && udp_len - 8 < payload)
		payload = udp_len - 8;
	else if (udp_len && udp_len - 8 > payload)
		capture->cut = true;
	if (capture->cut)
		ts_flaw(capture, TS_FLAW_CUT, "%s", "");
	return ts_message_make(capture, flow, TS_CARRIER_UDP, c.at, payload, out);
}

static int tcp(
	ts_capture_t *capture, ts_flow_t *flow, const uint8_t *data, size_t len, ts_message_t *out)
{
	ts_cursor_t c = ts_cursor(data, len);
	ts_segment_t segment;

	flow->from_port = ts_cursor_u16(&c);
	flow->to_port = ts_cursor_u16(&c);
	segment.seq = ts_cursor_u32(&c);
	segment.ack = ts_cursor_u32(&c);
	size_t header = (ts_cursor_u8(&c) >> 4) * (size_t)4;
	segment.flags = ts_cursor_u8(&c);
	if (c.bad || header < 20 || header > len) {
		ts_flaw(capture, TS_FLAW_TRANSPORT, "TCP, %zu octets", len);
		return 0;
	}
	if (!ts_port_is_dns(capture, flow->to_port) && !ts_port_is_dns(capture, flow->from_port)) {
		capture->stats.other++;
		return 0;
	}
	if (capture->cut)
		ts_flaw(capture, TS_FLAW_CUT, "%s", "");
	segment.flow = *flow;
	segment.data = data + header;
	segment.len = len - header;
	int err = ts_streams_push(capture, &segment);
	return err ? err : ts_streams_pull(capture, out);
}

static int gre(
	ts_capture_t *capture, const uint8_t *data, size_t len, unsigned depth, ts_message_t *out)
{
	ts_cursor_t c = ts_cursor(data, len);
	unsigned flags = ts_cursor_u16(&c);
	uint16_t type = ts_cursor_u16(&c);

	if ((flags & 7) != 0) { /* version 1 is PPTP's */
		ts_unread(capture, "GRE version", flags & 7, NULL);
		return 0;
	}
	if (flags & 0xc000) /* checksum or routing: both fields are there */
		ts_cursor_skip(&c, 4);
	if (flags & 0x2000)
		ts_cursor_skip(&c, 4); /* key */
	if (flags & 0x1000)
		ts_cursor_skip(&c, 4); /* sequence number */
	if (c.bad || flags & 0x4000) {
		ts_flaw(capture, TS_FLAW_IP, "GRE");
		return 0;
	}
	return ts_net_ethertype(capture, type, c.at, ts_cursor_left(&c), depth + 1, out);
}

static int fragment(ts_capture_t *capture, ts_flow_t *flow, ts_fragment_t *f, const uint8_t *data,
	size_t len, unsigned depth, ts_message_t *out)
{
	if (capture->cut) {
		ts_flaw(capture, TS_FLAW_CUT, "a fragment");
		return 0;
	}
	f->from = flow->from;
	f->to = flow->to;
	f->data = data;
	f->len = len;
	int whole = ts_frags_add(capture, f, &data, &len);
	if (whole != 1)
		return whole;
	return ip_payload(capture, flow, f->protocol, data, len, depth + 1, out);
}

static int ipv4(
	ts_capture_t *capture, const uint8_t *data, size_t len, unsigned depth, ts_message_t *out)
{
	ts_cursor_t c = ts_cursor(data, len);
	ts_flow_t flow = {.from.family = 4, .to.family = 4};
	ts_fragment_t f;

	size_t header = (ts_cursor_u8(&c) & 15) * (size_t)4;
	ts_cursor_skip(&c, 1);
	size_t total = ts_cursor_u16(&c);
	f.id = ts_cursor_u16(&c);
	unsigned frag = ts_cursor_u16(&c);
	ts_cursor_skip(&c, 1);
	f.protocol = ts_cursor_u8(&c);
	ts_cursor_skip(&c, 2);
	const uint8_t *addr = ts_cursor_take(&c, 8);
	if (total == 0) /* left to the network card by the sender who captured */
		total = len;
	if (c.bad || header < 20 || header > len || total < header) {
		ts_flaw(capture, TS_FLAW_IP, "IPv4, %zu octets", len);
		return 0;
	}
	memcpy(flow.from.addr, addr, 4);
	memcpy(flow.to.addr, addr + 4, 4);
	if (total > len)
		capture->cut = true;
	else
		len = total; /* without Ethernet's padding */
	if (frag & 0x3fff) {
		f.offset = (frag & 0x1fff) * 8;
		f.more = frag & 0x2000;
		return fragment(capture, &flow, &f, data + header, len - header, depth, out);
	}
	return ip_payload(capture, &flow, f.protocol, data + header, len - header, depth, out);
}

static int ipv6(
	ts_capture_t *capture, const uint8_t *data, size_t len, unsigned depth, ts_message_t *out)
{
	ts_cursor_t c = ts_cursor(data, len);
	ts_flow_t flow = {.from.family = 6, .to.family = 6};

	ts_cursor_skip(&c, 4);
	size_t payload = ts_cursor_u16(&c);
	uint8_t next = ts_cursor_u8(&c);
	ts_cursor_skip(&c, 1);
	const uint8_t *addr = ts_cursor_take(&c, 32);
	if (c.bad) {
		ts_flaw(capture, TS_FLAW_IP, "IPv6, %zu octets", len);
		return 0;
	}
	memcpy(flow.from.addr, addr, 16);
	memcpy(flow.to.addr, addr + 16, 16);
	if (payload > ts_cursor_left(&c))
		capture->cut = true;
	else if (payload) /* 0: a jumbogram, or left to the network card */
		c.end = c.at + payload;
	for (unsigned i = 0; i < EXTENSIONS_MAX; i++) {
		switch (next) {
		case 0:   /* hop-by-hop options */
		case 43:  /* routing */
		case 60:  /* destination options */
		case 135: /* mobility */
		case 139: /* host identity */
		case 140: /* shim6 */
			next = ts_cursor_u8(&c);
			ts_cursor_skip(&c, ts_cursor_u8(&c) * (size_t)8 + 6);
			break;
		case 51: /* authentication: counted in units of four octets */
			next = ts_cursor_u8(&c);
			ts_cursor_skip(&c, ts_cursor_u8(&c) * (size_t)4 + 6);
			break;
		case 44: {
			ts_fragment_t f = {.protocol = ts_cursor_u8(&c)};

			ts_cursor_skip(&c, 1);
			unsigned frag = ts_cursor_u16(&c);
			f.id = ts_cursor_u32(&c);
			f.offset = frag & 0xfff8;
			f.more = frag & 1;
			if (c.bad)
				break;
			if (f.offset == 0 && !f.more) { /* an atomic fragment (RFC 6946) */
				next = f.protocol;
				break;
			}
			return fragment(capture, &flow, &f, c.at, ts_cursor_left(&c), depth, out);
		}
		default:
			return ip_payload(
				capture, &flow, next, c.at, ts_cursor_left(&c), depth, out);
		}
		if (c.bad) {
			ts_flaw(capture, TS_FLAW_IP, "IPv6 extension header");
			return 0;
		}
	}
	ts_flaw(capture, TS_FLAW_DEPTH, "IPv6 extension headers");
	return 0;
}

static int ip_payload(ts_capture_t *capture, ts_flow_t *flow, uint8_t protocol, const uint8_t *data,
	size_t len, unsigned depth, ts_message_t *out)
{
	const char *name = NULL;

	switch (protocol) {
	case 17:
		return udp(capture, flow, data, len, depth, out);
	case 6:
		return tcp(capture, flow, data, len, out);
	case 4:
	case 41:
		return ts_net_ip(capture, data, len, depth + 1, out);
	case 47:
		return gre(capture, data, len, depth, out);
	case 0:
	case 43:
	case 51:
	case 60: {
		/* IPv4 with an authentication header; and what was reassembled from IPv6 fragments
		 * may begin with extension headers. */
		ts_cursor_t c = ts_cursor(data, len);
		uint8_t next = ts_cursor_u8(&c);

		ts_cursor_skip(&c, ts_cursor_u8(&c) * (size_t)(protocol == 51 ? 4 : 8) + 6);
		if (c.bad || (flow->from.family != 6 && protocol != 51)) {
			ts_flaw(capture, TS_FLAW_IP, "IP protocol %u", protocol);
			return 0;
		}
		if (depth >= DEPTH_MAX) {
			ts_flaw(capture, TS_FLAW_DEPTH, "IP extension headers");
			return 0;
		}
		return ip_payload(capture, flow, next, c.at, ts_cursor_left(&c), depth + 1, out);
	}
	default:
		for (size_t i = 0; i < sizeof(protocol_names) / sizeof(protocol_names[0]); i++)
			if (protocol_names[i].protocol == protocol)
				name = protocol_names[i].name;
		ts_unread(capture, "IP protocol", protocol, name);
		return 0;
	}
}

int ts_net_ip(
	ts_capture_t *capture, const uint8_t *data, size_t len, unsigned depth, ts_message_t *out)
{
	if (depth > DEPTH_MAX) {
		ts_flaw(capture, TS_FLAW_DEPTH, "%s", "");
		return 0;
	}
	switch (len ? *data >> 4 : 0) {
	case 4:
		return ipv4(capture, data, len, depth, out);
	case 6:
		return ipv6(capture, data, len, depth, out);
	default:
		ts_flaw(capture, TS_FLAW_IP, "neither version 4 nor 6");
		return 0;
	}
}

int ts_net_ethertype(ts_capture_t *capture, uint16_t type, const uint8_t *data, size_t len,
	unsigned depth, ts_message_t *out)
{
	ts_cursor_t c = ts_cursor(data, len);
	const char *name = NULL;

	for (; depth <= DEPTH_MAX; depth++) {
		switch (type) {
		case ETHERTYPE_IPV4:
		case ETHERTYPE_IPV6:
			return ts_net_ip(capture, c.at, ts_cursor_left(&c), depth, out);
		case ETHERTYPE_VLAN:
		case ETHERTYPE_QINQ:
		case ETHERTYPE_QINQ_OLD:
			ts_cursor_skip(&c, 2);
			type = ts_cursor_u16(&c);
			break;
		case ETHERTYPE_TEB:
			ts_cursor_skip(&c, 12);
			type = ts_cursor_u16(&c);
			break;
		case ETHERTYPE_PPPOE: {
			ts_cursor_skip(&c, 6);
			unsigned protocol = ts_cursor_u16(&c);
			if (c.bad)
				break;
			if (protocol == 0x21 || protocol == 0x57) {
				type = ETHERTYPE_IPV4;
				break;
			}
			ts_unread(capture, "PPP protocol", protocol, NULL);
			return 0;
		}
		case ETHERTYPE_MPLS:
		case ETHERTYPE_MPLS_UP:
			while (!c.bad && !(ts_cursor_u32(&c) & 0x100)) /* bottom of the stack */
				;
			type = ETHERTYPE_IPV4;
			break;
		default:
			for (size_t i = 0; i < sizeof(ethertype_names) / sizeof(ethertype_names[0]);
				i++)
				if (ethertype_names[i].type == type)
					name = ethertype_names[i].name;
			ts_unread(capture, type < ETHERTYPE_MIN ? "802.3 frame" : "Ethernet type",
				type < ETHERTYPE_MIN ? 0 : type, name);
			return 0;
		}
		if (c.bad) {
			ts_flaw(capture, TS_FLAW_LINK, "%s", "");
			return 0;
		}
	}
	ts_flaw(capture, TS_FLAW_DEPTH, "%s", "");
	return 0;
}
