/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Opening a recording: what is refused, and in which words; filters; compressed inputs that are
 * whole, of several members, padded, cut off or damaged. The capture holds one query for army.ml
 * MX.
 */
#include "config.h"

#include "unit.h"

#include "../../src/capture/capture.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

static char path[] = "/tmp/ts-capture-open-XXXXXX";
static char said[4096];

static void hear(void *arg, const ts_diag_t *diag)
{
	size_t have = strlen(said);

	(void)arg;
	ts_diag_format(diag, said + have, sizeof(said) - have);
}

static const uint8_t query[] = {                                               /* IPv4, UDP, DNS */
	0x45, 0, 0, 53, 0, 1, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 53, /* */
	0x30, 0x39, 0, 53, 0, 33, 0, 0,                                        /* */
	0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 4, 'a', 'r', 'm', 'y', 2, 'm', 'l', 0, 0, 15, 0, 1};

/* A capture file of raw IP with that query, or of another link layer. */
static size_t pcap(uint8_t *out, uint32_t dlt)
{
	const uint32_t head[] = {0xa1b2c3d4, 2 | 4u << 16, 0, 0, 65535, dlt};
	const uint32_t frame[] = {1795460474, 482913, sizeof(query), sizeof(query)};

	memcpy(out, head, sizeof(head));
	memcpy(out + sizeof(head), frame, sizeof(frame));
	memcpy(out + sizeof(head) + sizeof(frame), query, sizeof(query));
	return sizeof(head) + sizeof(frame) + sizeof(query);
}

static size_t gzip(const uint8_t *data, size_t len, uint8_t *out, size_t room)
{
	z_stream z = {.next_in = (Bytef *)(uintptr_t)data,
		.avail_in = (uInt)len,
		.next_out = out,
		.avail_out = (uInt)room};

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	len = room - z.avail_out;
	deflateEnd(&z);
	return len;
}

/* Queries for army.ml that an input has; negative: the error. */
static int read_input(const uint8_t *data, size_t len, const char *filter, char *kind)
{
	ts_capture_options_t options = {.filter = filter, .flaws_told = 3, .report = {hear, NULL}};
	ts_capture_t *capture;
	ts_message_t m;
	uint64_t done, size;
	int got, count = 0;
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	fclose(f);
	said[0] = '\0';
	int err = ts_capture_open(path, &options, &capture);
	if (err)
		return err;
	strcpy(kind, ts_capture_kind(capture));
	while ((got = ts_capture_next(capture, &m)) == 1)
		count += m.dns.qtype == 15 && !m.dns.response;
	ts_capture_progress(capture, &done, &size);
	if (got == 0) /* all of it was read */
		assert_true(done == len && size == len);
	ts_capture_close(capture);
	return got < 0 ? got : count;
}

static void open__what_it_says(void **state)
{
	enum { RAW = 101, USB = 189 };
	static const struct {
		const char *label;
		uint32_t dlt;
		size_t cut; /* octets that are missing at the end */
		const char *filter;
		int result;
		const char *says;
	} rows[] = {
		{"as it is", RAW, 0, NULL, 1, ""},
		{"filter takes", RAW, 0, "port 53", 1, ""},
		{"filter leaves", RAW, 0, "port 5353", 0, ""},
		{"filter is none", RAW, 0, "port port", TS_EINVAL, "filter: "},
		{"link layer", USB, 0, NULL, TS_EINVAL,
			"frames of link layer 189 (USB_LINUX) are not read"},
		{"link layer without a name", 60000, 0, NULL, TS_EINVAL,
			"frames of link layer 60000 (unknown) are not read"},
		{"cut in the head", RAW, sizeof(query) + 16 + 10, NULL, TS_EINVAL, "truncated"},
		{"cut in a frame", RAW, 10, NULL, TS_EINVAL, "the rest cannot be read"},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		uint8_t data[256];
		char kind[32] = "";
		size_t len = pcap(data, rows[i].dlt);
		int result = read_input(data, len - rows[i].cut, rows[i].filter, kind);

		if (result != rows[i].result || !strstr(said, rows[i].says) ||
			(*rows[i].says == '\0' && *said))
			fail_msg("%s: %d, said '%s'", rows[i].label, result, said);
	}
}

static void open__gzip(void **state)
{
	static const struct {
		const char *label;
		unsigned members;
		size_t padding, cut;
		bool damaged;
		int result;
		const char *says;
	} rows[] = {
		{"whole", 1, 0, 0, false, 1, ""},
		{"two members", 2, 0, 0, false, 1, ""},
		{"padded", 2, 500, 0, false, 1, ""},
		{"cut off", 1, 0, 20, false, TS_EINVAL, "the rest cannot be read"},
		{"damaged", 1, 0, 0, true, TS_EIO, "the compressed data is damaged"},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		uint8_t plain[256], data[2048] = {0};
		char kind[32] = "";
		size_t len = pcap(plain, 101), at = 0;

		for (unsigned k = 0; k < rows[i].members; k++) {
			size_t from = len * k / rows[i].members;
			size_t to = len * (k + 1) / rows[i].members;

			at += gzip(plain + from, to - from, data + at, sizeof(data) - at);
		}
		at += rows[i].padding;
		if (rows[i].damaged)
			memset(data + at - 30, 0xff, 10);
		int result = read_input(data, at - rows[i].cut, NULL, kind);

		if (result != rows[i].result || !strstr(said, rows[i].says))
			fail_msg("%s: %d, said '%s'", rows[i].label, result, said);
		assert_string_equal(kind, rows[i].damaged ? "" : "pcap (gzip)");
	}
}

/* A line of text each: what it asks, who, when and how; or what is said of it. */
static void text__lines(void **state)
{
	static const struct {
		const char *line;
		uint16_t qtype, qclass; /* 0: no query */
		const char *from;       /* "": not known */
		uint16_t port;
		int64_t time_us; /* of 2026 in winter, in a zone two hours east of Greenwich */
		uint8_t carrier;
		bool rd;
		const char *says;
	} rows[] = {
		{"army.ml", 15, 1, "", 0, 0, TS_CARRIER_NONE, true, ""},
		{"  army.ml\tIN  AAAA \r", 28, 1, "", 0, 0, TS_CARRIER_NONE, true, ""},
		{"army.ml CH TYPE257", 257, 3, "", 0, 0, TS_CARRIER_NONE, true, ""},
		{"army.ml hs any", 255, 4, "", 0, 0, TS_CARRIER_NONE, true, ""},
		{"army.ml XX MX", 0, 0, "", 0, 0, 0, false, "unknown class"},
		{"army.ml XYZ", 0, 0, "", 0, 0, 0, false, "unknown record type"},
		{"army..ml MX", 0, 0, "", 0, 0, 0, false, "empty label"},
		{"army.ml IN MX now", 0, 0, "", 0, 0, 0, false, "more than a name"},
		{"# army.ml", 0, 0, "", 0, 0, 0, false, ""},
		{"\t \r", 0, 0, "", 0, 0, 0, false, ""},
		/* Unbound */
		{"[1764000001] unbound[1:0] info: 2001:db8::1 army.ml. MX IN", 15, 1, "2001:db8::1",
			0, INT64_C(1764000001000000), TS_CARRIER_NONE, true, ""},
		{"[1764000001] unbound[1:0] query: 192.0.2.1 army.ml. A CH", 1, 3, "192.0.2.1", 0,
			INT64_C(1764000001000000), TS_CARRIER_NONE, true, ""},
		{"[1764000001] unbound[1:0] reply: 192.0.2.1 army.ml. A IN NXDOMAIN 0.1 1 45", 1, 1,
			"192.0.2.1", 0, INT64_C(1764000001000000), TS_CARRIER_NONE, true, ""},
		{"[17x] unbound[1:0] info: 192.0.2.1 army.ml. A IN", 1, 1, "192.0.2.1", 0, 0,
			TS_CARRIER_NONE, true, ""},
		{"[-1] unbound[1:0] info: 192.0.2.1 army.ml. A IN", 1, 1, "192.0.2.1", 0, 0,
			TS_CARRIER_NONE, true, ""},
		{"[99999999999999] unbound[1:0] info: 192.0.2.1 army.ml. A IN", 1, 1, "192.0.2.1",
			0, 0, TS_CARRIER_NONE, true, ""},
		{"[1764000001] unbound[1:0] info: start of service (unbound 1.17.1).", 0, 0, "", 0,
			0, 0, false, ""},
		{"[1764000001] unbound[1:0] notice: sent", 0, 0, "", 0, 0, 0, false, ""},
		{"[1764000001] unbound[1:0] info: 192.0.2 army.ml. A IN", 0, 0, "", 0, 0, 0, false,
			""},
		{"[1764000001] unbound[1:0] info: 192.0.2.1 army.ml. A NONE", 0, 0, "", 0, 0, 0,
			false, ""},
		{"[1764000001] unbound[1:0] info: 192.0.2.1 army.ml. XYZ IN", 0, 0, "", 0, 0, 0,
			false, "unknown record type"},
		/* BIND */
		{"24-Nov-2026 06:34:58.123 queries: info: client @0x7f01 192.0.2.1#53421 "
		 "(army.ml): "
		 "view in: query: army.ml IN MX +E(0)TK (192.0.2.53)",
			15, 1, "192.0.2.1", 53421, INT64_C(1795494898123000), TS_CARRIER_TCP, true,
			""},
		{"2026-11-24T06:34:58Z client 2001:db8::1#53 (army.ml): query: army.ml IN A - "
		 "(::1)",
			1, 1, "2001:db8::1", 53, INT64_C(1795502098000000), TS_CARRIER_NONE, false,
			""},
		{"2026-11-24T06:34:58.5+01:30 client 192.0.2.1#1 (army.ml): query: army.ml IN A", 1,
			1, "192.0.2.1", 1, INT64_C(1795496698500000), TS_CARRIER_NONE, true, ""},
		{"2026-11-24T06:34:58-0130 client 192.0.2.1#1 (army.ml): query: army.ml IN A +", 1,
			1, "192.0.2.1", 1, INT64_C(1795507498000000), TS_CARRIER_NONE, true, ""},
		{"client army.ml: query: army.ml IN A", 0, 0, "", 0, 0, 0, false,
			"no client address"},
		{"client 192.0.2.1 5: query: army.ml IN A", 0, 0, "", 0, 0, 0, false,
			"no client address"},
		{"client 1234567890123456789012345678901234567890123456789#5: query: army.ml IN A",
			0, 0, "", 0, 0, 0, false, "no client address"},
		{"client 192.0.2.1#5 (army.ml): query: army.ml IN", 0, 0, "", 0, 0, 0, false,
			"no name, class and type behind 'query:'"},
		{"24-Nov-2026 06:34:58.123 named[1]: client 192.0.2.1#5: bad", 0, 0, "", 0, 0, 0,
			false, ""},
		{": query: army.ml by the client ", 0, 0, "", 0, 0, 0, false, "more than a name"},
	};

	(void)state;
	setenv("TZ", "EET-2", 1);
	tzset();
	for (size_t i = 0; i < countof(rows); i++) {
		ts_capture_options_t options = {.flaws_told = 3, .report = {hear, NULL}};
		const char *label = rows[i].line;
		char from[INET6_ADDRSTRLEN] = "";
		ts_capture_t *capture;
		ts_message_t m;
		FILE *f = fopen(path, "w");

		assert_non_null(f);
		fprintf(f, "%s\n", rows[i].line);
		fclose(f);
		said[0] = '\0';
		assert_row(label, ts_capture_open(path, &options, &capture) == TS_OK);
		int got = ts_capture_next(capture, &m);
		assert_row(label, got == (rows[i].qtype != 0));
		if (got == 1) {
			assert_row(label, m.dns.qtype == rows[i].qtype);
			assert_row(label, m.dns.qclass == rows[i].qclass);
			assert_row(label, m.dns.qname.len == 9);
			if (m.from.family)
				inet_ntop(m.from.family == 4 ? AF_INET : AF_INET6, m.from.addr,
					from, sizeof(from));
			assert_string_equal(from, rows[i].from);
			assert_row(label, m.from_port == rows[i].port);
			assert_row(label, m.time_us == rows[i].time_us);
			assert_row(label, m.carrier == rows[i].carrier);
			assert_row(label, m.dns.recursion_desired == rows[i].rd);
			assert_row(label, ts_capture_next(capture, &m) == 0);
		}
		if (rows[i].says[0] ? !strstr(said, rows[i].says) : said[0] != '\0')
			fail_msg("%s: %s", label, said);
		ts_capture_close(capture);
	}
}

/* Replies are queries only where the queries were not logged. A line may be too long, or the last
 * without its end. */
static void text__of_several_lines(void **state)
{
	static const char reply[] =
		"[1] unbound[1:0] reply: 192.0.2.1 army.ml. MX IN NXDOMAIN 0 1 45\n";
	static const char query_line[] = "[1] unbound[1:0] query: 192.0.2.1 army.ml. MX IN\n";
	static char text[20000];
	char kind[32];

	(void)state;
	size_t len = (size_t)sprintf(text, "%s%s", reply, reply);
	assert_int_equal(read_input((uint8_t *)text, len, NULL, kind), 2);
	assert_string_equal(kind, "text");
	len = (size_t)sprintf(text, "%s%s%s", query_line, reply, reply);
	assert_int_equal(read_input((uint8_t *)text, len, NULL, kind), 1);
	memset(text, 'a', 9000);
	len = 9000 + (size_t)sprintf(text + 9000, "\narmy.ml MX\nnavy.ml MX");
	assert_int_equal(read_input((uint8_t *)text, len, NULL, kind), 2);
	assert_non_null(strstr(said, "longer than 8191 characters"));
}

static void open__nothing_to_read(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *says;
	} rows[] = {
		{"", 0, "the input is empty"},
		{"\0\1\2\3\4\5\6\7", 8, "not a pcap, pcapng or dnstap file, nor text"},
	};
	ts_capture_options_t options = {.report = {hear, NULL}};
	ts_capture_t *capture;
	char kind[32];

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_int_equal(read_input((const uint8_t *)rows[i].text, rows[i].len, NULL, kind),
			TS_EINVAL);
		assert_non_null(strstr(said, rows[i].says));
	}
	assert_int_equal(ts_capture_open("/nonexistent/x", &options, &capture), TS_EIO);
	assert_int_equal(ts_capture_open("/", &options, &capture), TS_EIO);
}

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open__what_it_says),
		cmocka_unit_test(open__gzip),
		cmocka_unit_test(text__lines),
		cmocka_unit_test(text__of_several_lines),
		cmocka_unit_test(open__nothing_to_read),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
