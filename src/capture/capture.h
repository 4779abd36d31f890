/* SPDX-License-Identifier: BSD-3-Clause
 *
 * capture: the DNS messages in a recording, one after the other, whatever the recording is: pcap,
 * pcapng, dnstap, query logs, lists of names; plain or compressed. A library of its own
 * (libcapture), so that libpcap and its like never get into the resolver's process.
 *
 * Owned and used by one thread. Memory is bounded whatever the input: fragments, TCP streams and
 * names of what could not be read live in tables of fixed size, and what they drop is counted.
 * Damage is counted, told with its frame's number, and never ends the reading as long as the next
 * frame can be found.
 */
#ifndef TS_CAPTURE_H
#define TS_CAPTURE_H

#include "../diag.h"
#include "../verdict.h"
#include "dns.h"

#include <stdio.h>

typedef struct ts_capture ts_capture_t;

typedef enum ts_carrier { TS_CARRIER_UDP, TS_CARRIER_TCP, TS_CARRIER_NONE } ts_carrier_t;

/** A DNS message, or a line of a log that stands for one. Valid until the next ts_capture_next().
 */
typedef struct ts_message {
	uint64_t frame;   /* number of the frame that completed it, or line; 1-based */
	int64_t time_us;  /* microseconds since the epoch; 0 where the input has no times */
	ts_client_t from; /* family 0 where not known */
	ts_client_t to;
	uint16_t from_port, to_port;
	uint8_t carrier; /* ts_carrier_t; NONE: a line of text */
	ts_dns_t dns;    /* wire is NULL where only the question is known (text) */
} ts_message_t;

/** What can be wrong with a frame. ts_flaw_name() has the words. */
typedef enum ts_flaw {
	TS_FLAW_LINK,
	TS_FLAW_IP,
	TS_FLAW_TRANSPORT,
	TS_FLAW_CUT,
	TS_FLAW_DEPTH,
	TS_FLAW_FRAGMENT_BAD,
	TS_FLAW_FRAGMENT_LOST,
	TS_FLAW_TCP_START,
	TS_FLAW_TCP_HOLE,
	TS_FLAW_TCP_PARTIAL,
	TS_FLAW_TCP_EVICTED,
	TS_FLAW_DNS_SHORT,
	TS_FLAW_DNS_QUESTION,
	TS_FLAW_DNSTAP,
	TS_FLAW_LINE,
	TS_FLAW_COUNT
} ts_flaw_t;

/** "TCP stream with a hole". */
const char *ts_flaw_name(ts_flaw_t flaw);

/** Something well formed that is not read: how it is called and how often it came. */
typedef struct ts_unread {
	const char *layer; /* "Ethernet type", "IP protocol", "link layer", "dnstap type" */
	uint32_t number;
	const char *name; /* "ARP"; NULL where it has none here */
	uint64_t count;
} ts_unread_t;

#define TS_UNREAD_MAX 64

typedef struct ts_capture_stats {
	uint64_t frames;    /* packets, dnstap frames or lines */
	uint64_t queries;   /* DNS messages with QR=0, malformed ones included */
	uint64_t responses; /* with QR=1 */
	uint64_t other;     /* UDP and TCP packets on no DNS port */
	uint64_t flaws[TS_FLAW_COUNT];
	ts_unread_t unread[TS_UNREAD_MAX];
	unsigned unread_count;
	uint64_t unread_more; /* what did not fit into the table */
	uint64_t ports_more;
} ts_capture_stats_t;

typedef struct ts_capture_options {
	const uint16_t *ports; /* UDP and TCP ports that carry DNS; count 0: 53 */
	size_t ports_count;
	const char *filter;   /* pcap-filter(7) expression for packets; NULL: all */
	unsigned flaws_told;  /* so many of each flaw are reported; the rest only counted */
	ts_reporter_t report; /* damage, with "frame N" or "line N" as property */
} ts_capture_options_t;

/**
 * Opens a recording; "-" is standard input. What it is is found out from its first octets.
 * \return TS_OK, TS_EIO (reported), TS_EINVAL (an input that is none of the kinds; reported),
 * TS_ENOMEM.
 */
TS_MUST_CHECK int ts_capture_open(
	const char *path, const ts_capture_options_t *options, ts_capture_t **out) TS_NONNULL_ALL;

/**
 * The next message.
 * \return 1; 0 at the end; TS_EINVAL or TS_EIO where the rest cannot be read (reported); TS_ENOMEM.
 */
TS_MUST_CHECK int ts_capture_next(ts_capture_t *capture, ts_message_t *out) TS_NONNULL_ALL;

void ts_capture_close(ts_capture_t *capture);

/** What was read so far; lives as long as the capture. */
const ts_capture_stats_t *ts_capture_stats(const ts_capture_t *capture) TS_NONNULL_ALL;
/** "pcap", "pcapng", "dnstap" or "text", and " (gzip)" or the like behind it. */
const char *ts_capture_kind(const ts_capture_t *capture) TS_NONNULL_ALL;
/** Octets of the file read so far, and its size; size is 0 where not known (a pipe). */
void ts_capture_progress(
	const ts_capture_t *capture, uint64_t *done, uint64_t *size) TS_NONNULL_ALL;

#endif
