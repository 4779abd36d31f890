/* SPDX-License-Identifier: BSD-3-Clause */
#include "internal.h"

#include "../siphash.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define DNS_PORT 53

/* The kinds of input, asked in this order; text takes what looks like text. */
static const ts_kind_t *const kinds[] = {
	&ts_kind_pcap,
	&ts_kind_pcapng,
	&ts_kind_dnstap,
	&ts_kind_text,
};

static const char *const flaw_names[TS_FLAW_COUNT] = {
	[TS_FLAW_LINK] = "link-layer header malformed or cut off",
	[TS_FLAW_IP] = "IP header malformed or cut off",
	[TS_FLAW_TRANSPORT] = "UDP or TCP header malformed or cut off",
	[TS_FLAW_CUT] = "packet cut short by the capture's snap length",
	[TS_FLAW_DEPTH] = "too many encapsulations",
	[TS_FLAW_FRAGMENT_BAD] = "fragment overlaps another or runs beyond 65535 octets",
	[TS_FLAW_FRAGMENT_LOST] = "datagram of which fragments are missing",
	[TS_FLAW_TCP_START] = "TCP data before the first whole message",
	[TS_FLAW_TCP_HOLE] = "TCP stream with a hole",
	[TS_FLAW_TCP_PARTIAL] = "TCP stream that ends in the middle of a message",
	[TS_FLAW_TCP_EVICTED] = "TCP stream dropped for want of room",
	[TS_FLAW_DNS_SHORT] = "shorter than a DNS header",
	[TS_FLAW_DNS_QUESTION] = "malformed question",
	[TS_FLAW_DNSTAP] = "malformed dnstap frame",
	[TS_FLAW_LINE] = "line not understood",
};

const char *ts_flaw_name(ts_flaw_t flaw)
{
	return flaw_names[flaw];
}

void ts_flaw(ts_capture_t *capture, ts_flaw_t flaw, const char *fmt, ...)
{
	char where[48], detail[512];
	va_list ap;

	if (capture->stats.flaws[flaw]++ >= capture->options.flaws_told)
		return;
	snprintf(where, sizeof(where), "%s %llu", capture->kind->unit,
		(unsigned long long)capture->stats.frames);
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	ts_report(&capture->options.report, TS_WARNING, capture->path, 0, where, "%s%s%s",
		flaw_names[flaw], *detail ? ": " : "", detail);
}

void ts_unread(ts_capture_t *capture, const char *layer, uint32_t number, const char *name)
{
	ts_capture_stats_t *s = &capture->stats;

	for (unsigned i = 0; i < s->unread_count; i++) {
		ts_unread_t *u = &s->unread[i];

		if (u->number == number && strcmp(u->layer, layer) == 0) {
			u->count++;
			return;
		}
	}
	if (s->unread_count == TS_UNREAD_MAX) {
		s->unread_more++;
		return;
	}
	s->unread[s->unread_count++] = (ts_unread_t){layer, number, name, 1};
}

void ts_capture_fail(ts_capture_t *capture, const char *fmt, ...)
{
	char where[48], what[512];
	va_list ap;

	snprintf(where, sizeof(where), "after %s %llu", capture->kind->unit,
		(unsigned long long)capture->stats.frames);
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	ts_report(&capture->options.report, TS_ERROR, capture->path, 0, where,
		"the rest cannot be read: %s", what);
}

uint64_t ts_flow_hash(const uint8_t key[TS_FLOW_KEY], const ts_client_t *from,
	const ts_client_t *to, uint32_t number)
{
	uint8_t data[2 * sizeof(from->addr) + sizeof(number)];

	memcpy(data, from->addr, sizeof(from->addr));
	memcpy(data + sizeof(from->addr), to->addr, sizeof(to->addr));
	memcpy(data + 2 * sizeof(from->addr), &number, sizeof(number));
	return ts_siphash(key, data, sizeof(data));
}

int ts_message_make(ts_capture_t *capture, const ts_flow_t *flow, ts_carrier_t carrier,
	const uint8_t *wire, size_t len, ts_message_t *out)
{
	if (ts_dns_parse(wire, len, &out->dns)) {
		ts_flaw(capture, TS_FLAW_DNS_SHORT, "%zu octets", len);
		return 0;
	}
	if (out->dns.question == TS_QUESTION_BAD)
		ts_flaw(capture, TS_FLAW_DNS_QUESTION, "%s",
			capture->cut ? "cut off" : "its name breaks the format");
	if (out->dns.response)
		capture->stats.responses++;
	else
		capture->stats.queries++;
	out->frame = capture->stats.frames;
	out->time_us = capture->time_us;
	out->from = flow->from;
	out->to = flow->to;
	out->from_port = flow->from_port;
	out->to_port = flow->to_port;
	out->carrier = (uint8_t)carrier;
	return 1;
}

int ts_capture_open(const char *path, const ts_capture_options_t *options, ts_capture_t **out)
{
	ts_capture_t *c = calloc(1, sizeof(*c));
	const char *why;
	size_t len;
	int err = TS_ENOMEM;

	if (!c)
		return TS_ENOMEM;
	c->options = *options;
	c->path = strdup(strcmp(path, "-") == 0 ? "standard input" : path);
	if (!c->path)
		goto cleanup;
	if (getrandom(c->key, sizeof(c->key), 0) != (ssize_t)sizeof(c->key)) {
		ts_report(&options->report, TS_ERROR, c->path, 0, NULL,
			"no random number to be had: %s", strerror(errno));
		err = TS_EIO;
		goto cleanup;
	}
	c->frags = ts_frags_new(c->key);
	c->streams = ts_streams_new(c->key);
	if (!c->frags || !c->streams)
		goto cleanup;
	for (size_t i = 0; i < options->ports_count; i++)
		c->ports[options->ports[i] / 64] |= UINT64_C(1) << (options->ports[i] % 64);
	if (options->ports_count == 0)
		c->ports[DNS_PORT / 64] |= UINT64_C(1) << (DNS_PORT % 64);
	err = ts_source_open(path, &c->source, &why);
	if (err) {
		ts_report(&options->report, TS_ERROR, c->path, 0, NULL, "%s", why);
		goto cleanup;
	}
	const uint8_t *head = ts_source_head(c->source, &len);
	if (len == 0) {
		why = ts_source_error(c->source);
		ts_report(&options->report, TS_ERROR, c->path, 0, NULL, "%s",
			why ? why : "the input is empty");
		err = why ? TS_EIO : TS_EINVAL;
		goto cleanup;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !c->kind; i++)
		if (kinds[i]->detect(head, len))
			c->kind = kinds[i];
	if (!c->kind) {
		ts_report(&options->report, TS_ERROR, c->path, 0, NULL,
			"not a pcap, pcapng or dnstap file, nor text");
		err = TS_EINVAL;
		goto cleanup;
	}
	const char *codec = ts_source_codec(c->source);
	snprintf(c->kind_name, sizeof(c->kind_name), "%s%s%s%s", c->kind->name, codec ? " (" : "",
		codec ? codec : "", codec ? ")" : "");
	err = TS_ENOMEM;
	c->stream = ts_source_stream(c->source);
	if (!c->stream)
		goto cleanup;
	err = c->kind->open(c);
	if (err)
		goto cleanup;
	*out = c;
	return TS_OK;
cleanup:
	ts_capture_close(c);
	return err;
}

int ts_capture_next(ts_capture_t *capture, ts_message_t *out)
{
	return capture->kind->next(capture, out);
}

void ts_capture_close(ts_capture_t *c)
{
	if (!c)
		return;
	if (c->kind && c->state)
		c->kind->close(c);
	if (c->stream)
		fclose(c->stream);
	ts_source_free(c->source);
	ts_frags_free(c->frags);
	ts_streams_free(c->streams);
	free(c->path);
	free(c);
}

const ts_capture_stats_t *ts_capture_stats(const ts_capture_t *capture)
{
	return &capture->stats;
}

const char *ts_capture_kind(const ts_capture_t *capture)
{
	return capture->kind_name;
}

void ts_capture_progress(const ts_capture_t *capture, uint64_t *done, uint64_t *size)
{
	ts_source_progress(capture->source, done, size);
}
