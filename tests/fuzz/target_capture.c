/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz targets: the capture reader. `capture` takes a file as it is (decompression, every kind of
 * input); `packets` and `dnstap` make a sound file around octets, so that the fuzzer is at once
 * where link layers, reassembly and messages are read; `dns` is a message alone.
 */
#include "../../src/capture/capture.h"
#include "fuzz.h"

#include "src/capture/dnstap.pb-c.h"

#include <stdlib.h>
#include <string.h>

static void read_message(const ts_dns_t *dns)
{
	ts_dns_walk_t walk;
	ts_dns_rr_t rr;
	unsigned records = 0;

	if (dns->question == TS_QUESTION_GOOD)
		fuzz_good_name(&dns->qname);
	if (!dns->wire)
		return;
	ts_dns_walk(dns, &walk);
	while (ts_dns_next(dns, &walk, &rr) == 1) {
		uint32_t at = rr.rdata;
		ts_name_t target;

		PROMISED(++records <= 3 * 65535u);
		PROMISED(rr.section >= 1 && rr.section <= 3);
		PROMISED((size_t)rr.rdata + rr.rdlen <= dns->len);
		fuzz_good_name(&rr.owner);
		if (ts_dns_name(dns->wire, dns->len, &at, &target) == TS_OK) {
			PROMISED(at > rr.rdata && at <= dns->len);
			fuzz_good_name(&target);
		}
	}
}

static void read_file(const void *data, size_t size)
{
	static const uint16_t ports[] = {53, 5353, 8053};
	fuzz_diags_t diags = {{0}};
	ts_capture_options_t options = {ports, 3, NULL, 3, {fuzz_diag, &diags}};
	ts_capture_t *capture;
	ts_message_t m;
	fuzz_file_t file;

	fuzz_file(&file, data, size);
	int ret = ts_capture_open(file.path, &options, &capture);
	if (ret == TS_OK) {
		unsigned messages = 0;

		while (messages++ < 100000 && (ret = ts_capture_next(capture, &m)) == 1) {
			PROMISED(m.frame >= 1 && m.frame <= ts_capture_stats(capture)->frames);
			read_message(&m.dns);
		}
		ts_capture_close(capture);
	}
	/* What cannot be read is told. */
	PROMISED(ret >= 0 || diags.count[TS_ERROR]);
	fuzz_file_end(&file);
}

static void run_dns(const uint8_t *data, size_t size)
{
	ts_dns_t dns;

	if (ts_dns_parse(data, size, &dns) == TS_OK)
		read_message(&dns);
	else
		PROMISED(size < TS_DNS_HEADER || size > TS_DNS_MESSAGE_MAX);
}

static void put32(FILE *out, uint32_t n)
{
	fwrite(&n, sizeof(n), 1, out);
}

/* A link layer, then packets, each with its length before it. */
static void run_packets(const uint8_t *data, size_t size)
{
	static const uint16_t links[] = {101, 1, 113, 276, 0, 108, 228, 229, 9, 10, 239, 51, 12};
	fuzz_bytes_t b = {data, data + size};
	char *text = NULL;
	size_t len = 0, got;
	FILE *out = open_memstream(&text, &len);
	uint32_t number = 0;

	if (!out)
		return;
	put32(out, 0xa1b2c3d4);
	put32(out, 2 | 4 << 16);
	put32(out, 0);
	put32(out, 0);
	put32(out, 65535);
	put32(out, links[fuzz_u8(&b) % (sizeof(links) / sizeof(links[0]))]);
	while (fuzz_left(&b)) {
		uint32_t want = fuzz_u16(&b) & 0x7ff;
		const uint8_t *packet = fuzz_take(&b, want, &got);

		put32(out, 1764000000 + number++);
		put32(out, 0);
		put32(out, (uint32_t)got);
		put32(out, want); /* longer than what is there: cut by who captured it */
		fwrite(packet, 1, got, out);
	}
	fclose(out);
	read_file(text, len);
	free(text);
}

static void put_be32(FILE *out, uint32_t n)
{
	uint8_t octets[4] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};

	fwrite(octets, 4, 1, out);
}

/* Frames of a dnstap stream, each with its length before it. */
static void run_dnstap(const uint8_t *data, size_t size)
{
	static const char type[] = "protobuf:dnstap.Dnstap";
	fuzz_bytes_t b = {data, data + size};
	char *text = NULL;
	size_t len = 0, got;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	put_be32(out, 0);
	put_be32(out, 12 + sizeof(type) - 1);
	put_be32(out, 2);
	put_be32(out, 1);
	put_be32(out, sizeof(type) - 1);
	fwrite(type, 1, sizeof(type) - 1, out);
	while (fuzz_left(&b)) {
		const uint8_t *frame = fuzz_take(&b, fuzz_u16(&b), &got);

		put_be32(out, (uint32_t)got);
		fwrite(frame, 1, got, out);
	}
	put_be32(out, 0);
	put_be32(out, 4);
	put_be32(out, 3);
	fclose(out);
	read_file(text, len);
	free(text);
}

/* Takes or gives a field: what is there, nothing, too short, too long, another's. */
static void change_octets(protobuf_c_boolean *has, ProtobufCBinaryData *field,
	const Ts__TapMessage *m, unsigned *dice)
{
	static uint8_t octets[] = {32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0};
	static const size_t lengths[] = {0, 1, 4, 5, 11, 12, 16, 17};

	*has = 1;
	switch (fuzz_dice(dice, 5)) {
	case 0:
		*has = 0;
		break;
	case 1:
		field->len = field->len ? fuzz_dice(dice, (unsigned)field->len) : 0;
		break;
	case 2:
		*field = fuzz_dice(dice, 2) ? m->query_message : m->response_message;
		break;
	default:
		field->data = octets;
		field->len = lengths[fuzz_dice(dice, sizeof(lengths) / sizeof(lengths[0]))];
	}
}

/* Changes a field; what it points to afterwards is the message's own or static. */
static void change_tap(Ts__Dnstap *tap, Ts__TapMessage *m, unsigned *dice)
{
	static const uint64_t numbers[] = {0, 1, 2, 3, 53, 65535, 65536, UINT32_MAX - 1, UINT32_MAX,
		UINT32_MAX * UINT64_C(16), UINT64_MAX};
	uint64_t number = numbers[fuzz_dice(dice, sizeof(numbers) / sizeof(numbers[0]))];

	switch (fuzz_dice(dice, 14)) {
	case 0:
		tap->type = fuzz_dice(dice, 3);
		break;
	case 1:
		tap->message = fuzz_dice(dice, 4) ? m : NULL;
		break;
	case 2:
		m->has_socket_protocol = fuzz_dice(dice, 4) > 0;
		m->socket_protocol = fuzz_dice(dice, 8);
		break;
	case 3:
		change_octets(&m->has_query_address, &m->query_address, m, dice);
		break;
	case 4:
		change_octets(&m->has_response_address, &m->response_address, m, dice);
		break;
	case 5:
		change_octets(&m->has_query_message, &m->query_message, m, dice);
		break;
	case 6:
		change_octets(&m->has_response_message, &m->response_message, m, dice);
		break;
	case 7:
		m->has_query_port = m->has_response_port = 1;
		*(fuzz_dice(dice, 2) ? &m->query_port : &m->response_port) = (uint32_t)number;
		break;
	case 8:
		m->has_query_time_sec = m->has_response_time_sec = 1;
		m->query_time_sec = m->response_time_sec = number;
		break;
	case 9:
		m->has_query_time_nsec = m->has_response_time_nsec = 1;
		m->query_time_nsec = m->response_time_nsec = (uint32_t)number;
		break;
	default:
		m->type = fuzz_dice(dice, 17);
	}
}

/* Another field in one of the frames, or a frame more. */
static size_t mutate_dnstap(uint8_t *data, size_t size, size_t max, unsigned dice)
{
	fuzz_span_t frames[64] = {{0, 0}};
	unsigned count = 0;
	uint8_t made[4096];

	for (size_t at = 0; at + 2 <= size && count < 64; count++) {
		size_t len = 2 + (size_t)(data[at] << 8 | data[at + 1]);

		frames[count] = (fuzz_span_t){at, len < size - at ? len : size - at};
		at += frames[count].len;
	}
	fuzz_span_t span = frames[count ? fuzz_dice(&dice, count) : 0];
	Ts__Dnstap *was =
		span.len > 2 ? ts__dnstap__unpack(NULL, span.len - 2, data + span.at + 2) : NULL;
	Ts__TapMessage m = TS__TAP_MESSAGE__INIT;
	Ts__Dnstap tap = TS__DNSTAP__INIT;
	tap.type = 1;
	m.type = 5;
	if (was)
		tap = *was;
	if (was && was->message)
		m = *was->message;
	tap.message = &m;
	for (unsigned n = 1 + fuzz_dice(&dice, 3); n--;)
		change_tap(&tap, &m, &dice);
	size_t changed = 0, len = ts__dnstap__get_packed_size(&tap);
	if (len + 2 <= sizeof(made)) {
		made[0] = (uint8_t)(len >> 8);
		made[1] = (uint8_t)len;
		ts__dnstap__pack(&tap, made + 2);
		if (fuzz_dice(&dice, 4) == 0)
			span.len = 0; /* beside what it was made of */
		changed = fuzz_splice(data, size, max, span, made, len + 2);
	}
	if (was)
		ts__dnstap__free_unpacked(was, NULL);
	return changed;
}

static void run_capture(const uint8_t *data, size_t size)
{
	read_file(data, size);
}

const fuzz_target_t fuzz_capture = {"capture", run_capture, NULL};
const fuzz_target_t fuzz_packets = {"packets", run_packets, NULL};
const fuzz_target_t fuzz_dnstap = {"dnstap", run_dnstap, mutate_dnstap};
const fuzz_target_t fuzz_dns = {"dns", run_dns, NULL};
