/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz targets: the capture reader. `capture` takes a file as it is (decompression, every kind of
 * input); `packets` and `dnstap` make a sound file around octets, so that the fuzzer is at once
 * where link layers, reassembly and messages are read; `dns` is a message alone.
 */
#include "../../src/capture/capture.h"
#include "fuzz.h"

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

static void run_capture(const uint8_t *data, size_t size)
{
	read_file(data, size);
}

const fuzz_target_t fuzz_capture = {"capture", run_capture, NULL};
const fuzz_target_t fuzz_packets = {"packets", run_packets, NULL};
const fuzz_target_t fuzz_dnstap = {"dnstap", run_dnstap, NULL};
const fuzz_target_t fuzz_dns = {"dns", run_dns, NULL};
