/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dnstap: Frame Streams (libfstrm) of protobuf messages (libprotobuf-c). What clients asked and got
 * is read; what the server asked other servers on their behalf is not, or each look-up would count
 * twice.
 */
#include "internal.h"

#include "src/capture/dnstap.pb-c.h"

#include <fstrm.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t content_type[] = "protobuf:dnstap.Dnstap";

/* dnstap's Message.Type. */
static const struct {
	const char *name;
	bool read;
	bool response;
} types[] = {
	[1] = {"AUTH_QUERY", true, false},
	[2] = {"AUTH_RESPONSE", true, true},
	[3] = {"RESOLVER_QUERY", false, false},
	[4] = {"RESOLVER_RESPONSE", false, true},
	[5] = {"CLIENT_QUERY", true, false},
	[6] = {"CLIENT_RESPONSE", true, true},
	[7] = {"FORWARDER_QUERY", false, false},
	[8] = {"FORWARDER_RESPONSE", false, true},
	[9] = {"STUB_QUERY", true, false},
	[10] = {"STUB_RESPONSE", true, true},
	[11] = {"TOOL_QUERY", true, false},
	[12] = {"TOOL_RESPONSE", true, true},
	[13] = {"UPDATE_QUERY", false, false},
	[14] = {"UPDATE_RESPONSE", false, true},
};
#define TYPES (sizeof(types) / sizeof(types[0]))

struct state {
	struct fstrm_reader *reader;
	Ts__Dnstap *tap; /* of the message handed out last */
	bool whole;      /* the stream ended between two reads */
	int result;
	bool ended;
};

static bool detect_dnstap(const uint8_t *head, size_t len)
{
	/* An escape, a length, a START control frame. */
	static const uint8_t escape[4] = {0}, start[4] = {0, 0, 0, 2};

	return len >= 12 && memcmp(head, escape, 4) == 0 && head[4] == 0 && head[5] == 0 &&
	       memcmp(head + 8, start, 4) == 0;
}

static fstrm_res stream_open(void *obj)
{
	(void)obj;
	return fstrm_res_success;
}

static fstrm_res stream_read(void *obj, void *data, size_t count)
{
	ts_capture_t *capture = obj;
	struct state *st = capture->state;
	size_t n = fread(data, 1, count, capture->stream);

	if (n == count)
		return fstrm_res_success;
	st->whole = n == 0 && feof(capture->stream);
	return st->whole ? fstrm_res_stop : fstrm_res_failure;
}

static int open_dnstap(ts_capture_t *capture)
{
	struct state *st = calloc(1, sizeof(*st));
	struct fstrm_rdwr *rdwr = fstrm_rdwr_init(capture);
	struct fstrm_reader_options *options = fstrm_reader_options_init();

	capture->state = st;
	if (!st || !rdwr || !options) {
		fstrm_rdwr_destroy(&rdwr);
		fstrm_reader_options_destroy(&options);
		return TS_ENOMEM;
	}
	fstrm_rdwr_set_open(rdwr, stream_open);
	fstrm_rdwr_set_close(rdwr, stream_open);
	fstrm_rdwr_set_read(rdwr, stream_read);
	fstrm_reader_options_add_content_type(options, content_type, sizeof(content_type) - 1);
	st->reader = fstrm_reader_init(options, &rdwr);
	fstrm_reader_options_destroy(&options);
	fstrm_rdwr_destroy(&rdwr);
	if (!st->reader || fstrm_reader_open(st->reader) != fstrm_res_success) {
		const char *below = ts_source_error(capture->source);

		ts_report(&capture->options.report, TS_ERROR, capture->path, 0, NULL, "%s",
			below ? below : "the frame stream does not begin as a dnstap stream does");
		return TS_EINVAL;
	}
	return TS_OK;
}

static bool address(ts_client_t *out, const ProtobufCBinaryData *data)
{
	if (data->len == 4 || data->len == 16) {
		out->family = data->len == 4 ? 4 : 6;
		memcpy(out->addr, data->data, data->len);
		return true;
	}
	return data->len == 0;
}

static int convert(ts_capture_t *capture, const Ts__Dnstap *tap, ts_message_t *out)
{
	const Ts__TapMessage *m = tap->message;
	ts_flow_t flow = {0};

	if (tap->type != 1 || !m) {
		ts_unread(capture, "dnstap payload", tap->type, NULL);
		return 0;
	}
	if (m->type >= TYPES || !types[m->type].read) {
		ts_unread(capture, "dnstap type", m->type,
			m->type < TYPES ? types[m->type].name : NULL);
		return 0;
	}
	bool response = types[m->type].response;
	const ProtobufCBinaryData *wire = response ? &m->response_message : &m->query_message;
	if (wire->len == 0) { /* absent, or of no octets */
		ts_flaw(capture, TS_FLAW_DNSTAP, "%s without a message", types[m->type].name);
		return 0;
	}
	ts_client_t *client = response ? &flow.to : &flow.from;
	ts_client_t *server = response ? &flow.from : &flow.to;
	if ((m->has_query_address && !address(client, &m->query_address)) ||
		(m->has_response_address && !address(server, &m->response_address))) {
		ts_flaw(capture, TS_FLAW_DNSTAP, "an address of neither 4 nor 16 octets");
		return 0;
	}
	*(response ? &flow.to_port : &flow.from_port) = (uint16_t)m->query_port;
	*(response ? &flow.from_port : &flow.to_port) = (uint16_t)m->response_port;
	uint64_t sec = response ? m->response_time_sec : m->query_time_sec;
	uint32_t nsec = response ? m->response_time_nsec : m->query_time_nsec;
	capture->time_us = sec < UINT32_MAX * UINT64_C(16)
				   ? (int64_t)sec * 1000000 + (int64_t)(nsec % 1000000000u) / 1000
				   : 0;
	bool udp = !m->has_socket_protocol || m->socket_protocol == 1 || m->socket_protocol == 5;
	return ts_message_make(
		capture, &flow, udp ? TS_CARRIER_UDP : TS_CARRIER_TCP, wire->data, wire->len, out);
}

static int next_dnstap(ts_capture_t *capture, ts_message_t *out)
{
	struct state *st = capture->state;

	while (!st->ended) {
		/* libfstrm 0.6 answers "success" to a frame that is longer than its limit, and sets
		 * neither of the two. */
		const uint8_t *data = NULL;
		size_t len = 0;
		fstrm_res res = fstrm_reader_read(st->reader, &data, &len);

		if (res != fstrm_res_success || !data) {
			const char *below = ts_source_error(capture->source);

			st->ended = true;
			if (res != fstrm_res_stop || below) {
				ts_capture_fail(capture, "%s",
					below       ? below
					: st->whole ? "the frame stream has no end frame"
						    : "the frame stream breaks off or is damaged");
				st->result = st->whole && !below ? 0 : TS_EINVAL;
			}
			break;
		}
		capture->stats.frames++;
		if (st->tap)
			ts__dnstap__free_unpacked(st->tap, NULL);
		st->tap = ts__dnstap__unpack(NULL, len, data);
		if (!st->tap) {
			ts_flaw(capture, TS_FLAW_DNSTAP, "%zu octets that are no dnstap message",
				len);
			continue;
		}
		int got = convert(capture, st->tap, out);
		if (got)
			return got;
	}
	return st->result;
}

static void close_dnstap(ts_capture_t *capture)
{
	struct state *st = capture->state;

	if (st->tap)
		ts__dnstap__free_unpacked(st->tap, NULL);
	fstrm_reader_destroy(&st->reader);
	free(st);
}

const ts_kind_t ts_kind_dnstap = {
	"dnstap", "frame", detect_dnstap, open_dnstap, next_dnstap, close_dnstap};
