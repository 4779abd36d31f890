/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the parts of the capture reader share. How a frame becomes messages:
 *
 *   capture.c   finds out the kind of input (one table) and asks it for messages
 *   source.c    the file or pipe, decompressed, as a stdio stream
 *   kind_*.c    pcap and pcapng; dnstap; text
 *   link.c      link layers (one table) down to a network layer
 *   net.c       IPv4, IPv6, tunnels, UDP and TCP headers
 *   frag.c      reassembly of fragments, bounded
 *   tcp.c       reassembly of streams, bounded
 *   dns.c       the message
 *
 * To add a link layer: a function and a row in link.c. To add a kind of input: kind_<name>.c with a
 * ts_kind_t, and a row in capture.c.
 */
#ifndef TS_CAPTURE_INTERNAL_H
#define TS_CAPTURE_INTERNAL_H

#include "capture.h"

#include <string.h>

/* --- source.c --- */
#define TS_HEAD_MAX 4096 /* octets that a kind is recognised by */

typedef struct ts_source ts_source_t;

/** Opens a file, or takes standard input for "-". \param why  set on error; a static or errno
 * sentence. */
TS_MUST_CHECK int ts_source_open(const char *path, ts_source_t **out, const char **why);
/** Decompressed octets at the beginning, without consuming them. */
const uint8_t *ts_source_head(const ts_source_t *source, size_t *len);
/** A stdio stream over the decompressed octets. Closing it leaves the source to be freed. */
FILE *ts_source_stream(ts_source_t *source);
/** What went wrong below the stream: a sentence, or NULL. */
const char *ts_source_error(const ts_source_t *source);
const char *ts_source_codec(const ts_source_t *source); /* "gzip"; NULL: plain */
void ts_source_progress(const ts_source_t *source, uint64_t *done, uint64_t *size);
void ts_source_free(ts_source_t *source);

/* --- capture.c: the parts' common state --- */
typedef struct ts_kind {
	const char *name;
	const char *unit; /* "frame" or "line" */
	bool (*detect)(const uint8_t *head, size_t len);
	int (*open)(ts_capture_t *capture);
	int (*next)(ts_capture_t *capture, ts_message_t *out);
	void (*close)(ts_capture_t *capture);
} ts_kind_t;

extern const ts_kind_t ts_kind_pcap, ts_kind_pcapng, ts_kind_dnstap, ts_kind_text;

typedef struct ts_frags ts_frags_t;
typedef struct ts_streams ts_streams_t;

/* Addresses and ports of what is being decoded. */
typedef struct ts_flow {
	ts_client_t from, to;
	uint16_t from_port, to_port;
} ts_flow_t;

#define TS_FLOW_KEY 16

struct ts_capture {
	const ts_kind_t *kind;
	char kind_name[32];
	char *path; /* for diagnostics */
	ts_source_t *source;
	FILE *stream;
	void *state; /* the kind's */
	ts_capture_options_t options;
	uint64_t ports[65536 / 64]; /* bit set: DNS */
	uint8_t key[TS_FLOW_KEY];   /* of the hash of both: at random */
	ts_frags_t *frags;
	ts_streams_t *streams;
	int64_t time_us; /* of the frame at hand */
	bool cut;        /* the frame at hand was cut short by the one who captured it */
	ts_capture_stats_t stats;
};

/** Counts a flaw of the frame at hand and, while there are few of it, reports it. */
void ts_flaw(ts_capture_t *capture, ts_flaw_t flaw, const char *fmt, ...) TS_PRINTF(3, 4);
/** Counts something that is not read. */
void ts_unread(ts_capture_t *capture, const char *layer, uint32_t number, const char *name);
/** Reports an error that ends the reading. */
void ts_capture_fail(ts_capture_t *capture, const char *fmt, ...) TS_PRINTF(2, 3);

static inline bool ts_port_is_dns(const ts_capture_t *capture, uint16_t port)
{
	return capture->ports[port / 64] >> (port % 64) & 1;
}

/** Where a flow (number: its ports; or of fragments: their id) belongs in a table. Who made the
 * capture has chosen all of it but the key, and cannot aim at a bucket. */
uint64_t ts_flow_hash(const uint8_t key[TS_FLOW_KEY], const ts_client_t *from,
	const ts_client_t *to, uint32_t number);

/** Are the two ends of flows the same address? */
static inline bool ts_flow_same(const ts_client_t *a, const ts_client_t *b)
{
	return a->family == b->family && memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
}

/**
 * Fills a message from octets, counting it. \return 1, or 0 where it is no message.
 */
int ts_message_make(ts_capture_t *capture, const ts_flow_t *flow, ts_carrier_t carrier,
	const uint8_t *wire, size_t len, ts_message_t *out);

/* --- link.c --- */
/** The name of a link layer, or NULL where it is not read. */
const char *ts_link_name(int dlt);
/** Decodes a frame. \return 1: *out is a message; 0: none (TCP may hold some, see tcp.c). */
int ts_link_decode(
	ts_capture_t *capture, int dlt, const uint8_t *data, size_t len, ts_message_t *out);

/* --- net.c --- */
/** Decodes what an Ethernet type announces. \param depth  encapsulations so far. */
int ts_net_ethertype(ts_capture_t *capture, uint16_t type, const uint8_t *data, size_t len,
	unsigned depth, ts_message_t *out);
/** Decodes IPv4 or IPv6, by the version in the first octet. */
int ts_net_ip(
	ts_capture_t *capture, const uint8_t *data, size_t len, unsigned depth, ts_message_t *out);

/* --- frag.c --- */
typedef struct ts_fragment {
	ts_client_t from, to;
	uint32_t id;
	uint8_t protocol;
	uint32_t offset; /* octets */
	bool more;
	const uint8_t *data;
	size_t len;
} ts_fragment_t;

/** \param key  the caller's, for as long as the table is. \return NULL: no memory. */
ts_frags_t *ts_frags_new(const uint8_t key[TS_FLOW_KEY]);
void ts_frags_free(ts_frags_t *frags);
/** Takes a fragment in. \return 1: the datagram is whole, at *data until the next call; 0: not
 * yet, or dropped; TS_ENOMEM. */
int ts_frags_add(
	ts_capture_t *capture, const ts_fragment_t *fragment, const uint8_t **data, size_t *len);
/** Counts what never got whole. */
void ts_frags_flush(ts_capture_t *capture);
/** Datagrams in the fullest bucket. */
size_t ts_frags_crowd(const ts_frags_t *frags);

/* --- tcp.c --- */
#define TS_TCP_FIN 0x01
#define TS_TCP_SYN 0x02
#define TS_TCP_RST 0x04
#define TS_TCP_ACK 0x10

typedef struct ts_segment {
	ts_flow_t flow;
	uint32_t seq, ack;
	uint8_t flags;
	const uint8_t *data;
	size_t len;
} ts_segment_t;

/** \param key  the caller's, for as long as the table is. \return NULL: no memory. */
ts_streams_t *ts_streams_new(const uint8_t key[TS_FLOW_KEY]);
void ts_streams_free(ts_streams_t *streams);
/** Takes a segment in; then ts_streams_pull() until it says 0. */
int ts_streams_push(ts_capture_t *capture, const ts_segment_t *segment);
int ts_streams_pull(ts_capture_t *capture, ts_message_t *out);
/** At the end of the input: gives up holes. Call ts_streams_pull() again; \return false: all done.
 */
bool ts_streams_flush(ts_capture_t *capture);
/** Streams in the fullest bucket. */
size_t ts_streams_crowd(const ts_streams_t *streams);

#endif
