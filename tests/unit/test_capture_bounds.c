/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the capture reader keeps of what is not whole yet is bounded, whoever made the capture: each
 * bound is exceeded here, and what it drops is counted; and flows that were made to fall into one
 * bucket do not.
 */
#include "unit.h"

#include "../../src/capture/internal.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t octets[65536];

static ts_capture_t *capture_new(void)
{
	ts_capture_t *capture = calloc(1, sizeof(*capture));

	assert_non_null(capture);
	capture->frags = ts_frags_new(capture->key);
	capture->streams = ts_streams_new(capture->key);
	assert_true(capture->frags && capture->streams);
	capture->kind = &ts_kind_pcap; /* for words */
	return capture;
}

static void capture_free(ts_capture_t *capture)
{
	ts_frags_free(capture->frags);
	ts_streams_free(capture->streams);
	free(capture);
}

static ts_client_t host(uint32_t n)
{
	return (ts_client_t){4, {10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n}};
}

static void fragment(ts_capture_t *capture, uint32_t id, uint32_t offset, size_t len)
{
	ts_fragment_t f = {host(1), host(2), id, 17, offset, true, octets, len};
	const uint8_t *data;
	size_t n;

	assert_int_equal(ts_frags_add(capture, &f, &data, &n), 0);
}

static void fragments__so_many_datagrams(void **state)
{
	ts_capture_t *capture = capture_new();

	(void)state;
	for (uint32_t id = 0; id < 3000; id++)
		fragment(capture, id, 0, 8);
	assert_int_equal(capture->stats.flaws[TS_FLAW_FRAGMENT_LOST], 3000 - 1024);
	ts_frags_flush(capture);
	assert_int_equal(capture->stats.flaws[TS_FLAW_FRAGMENT_LOST], 3000);
	capture_free(capture);
}

/* 16 MiB are 256 datagrams of the largest size. */
static void fragments__so_many_octets(void **state)
{
	ts_capture_t *capture = capture_new();

	(void)state;
	for (uint32_t id = 0; id < 900; id++)
		fragment(capture, id, 60000, 8);
	assert_in_range(capture->stats.flaws[TS_FLAW_FRAGMENT_LOST], 900 - 257, 900 - 256);
	capture_free(capture);
}

/* Datagrams that begin small and grow when they are all there. */
static void fragments__that_grow(void **state)
{
	ts_capture_t *capture = capture_new();

	(void)state;
	for (uint32_t id = 0; id < 900; id++)
		fragment(capture, id, 0, 8);
	assert_int_equal(capture->stats.flaws[TS_FLAW_FRAGMENT_LOST], 0);
	for (uint32_t id = 0; id < 900; id++)
		fragment(capture, id, 60000, 8);
	assert_true(capture->stats.flaws[TS_FLAW_FRAGMENT_LOST] >= 900 - 257);
	capture_free(capture);
}

/* A datagram in very many pieces is no datagram. */
static void fragments__so_many_pieces(void **state)
{
	ts_capture_t *capture = capture_new();

	(void)state;
	for (uint32_t i = 0; i < 64; i++)
		fragment(capture, 1, 16 * i, 8);
	assert_int_equal(capture->stats.flaws[TS_FLAW_FRAGMENT_BAD], 0);
	fragment(capture, 1, 16 * 64, 8);
	assert_int_equal(capture->stats.flaws[TS_FLAW_FRAGMENT_BAD], 1);
	capture_free(capture);
}

static void segment(ts_capture_t *capture, uint32_t client, uint8_t flags, uint32_t seq, size_t len)
{
	ts_segment_t s = {{host(client), host(0), 4321, 53}, seq, 0, flags, octets, len};
	ts_message_t m;

	assert_int_equal(ts_streams_push(capture, &s), TS_OK);
	while (ts_streams_pull(capture, &m) == 1)
		;
}

static void streams__so_many(void **state)
{
	ts_capture_t *capture = capture_new();

	(void)state;
	for (uint32_t n = 1; n <= 70000; n++) {
		segment(capture, n, TS_TCP_SYN, 0, 0);
		segment(capture, n, TS_TCP_ACK, 1, 1); /* half of a length */
	}
	assert_int_equal(capture->stats.flaws[TS_FLAW_TCP_EVICTED], 70000 - 65536);
	capture_free(capture);
}

/* Streams that are all there before the first of them keeps anything: 64 MiB are 320 times 200 KiB.
 */
static void streams__so_many_octets_out_of_order(void **state)
{
	enum { COUNT = 500, EACH = 204800 };
	ts_capture_t *capture = capture_new();

	(void)state;
	for (uint32_t n = 1; n <= COUNT; n++) {
		segment(capture, n, TS_TCP_SYN, 0, 0);
		segment(capture, n, TS_TCP_ACK, 3 * EACH, 1);
	}
	for (uint32_t n = 1; n <= COUNT; n++)
		for (uint32_t at = 0; at < EACH; at += 51200)
			segment(capture, n, TS_TCP_ACK, 100 + at, 51200);
	assert_true(capture->stats.flaws[TS_FLAW_TCP_EVICTED] >= COUNT - (64u << 20) / EACH - 1);
	capture_free(capture);
}

/* An octet at a time costs more than an octet. */
static void streams__so_many_small_segments(void **state)
{
	enum { STREAMS = 20000, SEGMENTS = 250 };
	ts_capture_t *capture = capture_new();
	size_t before = mallinfo2().uordblks;

	(void)state;
	for (uint32_t n = 1; n <= STREAMS; n++) {
		segment(capture, n, TS_TCP_SYN, 0, 0);
		for (uint32_t i = 0; i < SEGMENTS; i++)
			segment(capture, n, TS_TCP_ACK, 100 + 2 * i, 1);
	}
	assert_true(capture->stats.flaws[TS_FLAW_TCP_EVICTED] > 0);
	/* The sanitizers' allocators do not say. */
	size_t after = mallinfo2().uordblks;
	assert_true(after < before + ((size_t)256 << 20));
	capture_free(capture);
}

/* One stream does not wait for ever for what is missing. */
static void stream__so_much_behind_a_hole(void **state)
{
	static const struct {
		const char *label;
		size_t len;
		unsigned segments;
	} rows[] = {{"octets", 30000, 12}, {"segments", 1, 260}};

	(void)state;
	for (size_t r = 0; r < countof(rows); r++) {
		ts_capture_t *capture = capture_new();

		segment(capture, 1, TS_TCP_SYN, 0, 0);
		for (uint32_t i = 0; i < rows[r].segments; i++)
			segment(capture, 1, TS_TCP_ACK, 100 + i * 2 * (uint32_t)rows[r].len,
				rows[r].len);
		assert_row(rows[r].label, capture->stats.flaws[TS_FLAW_TCP_HOLE] > 0);
		capture_free(capture);
	}
}

/* Who makes a capture and knows the key can make all its flows fall into one bucket. */
enum { AIMED = 48, BUCKETS_LOG2 = 14 };

static void aim(const uint8_t key[TS_FLOW_KEY], ts_flow_t flows[AIMED])
{
	unsigned n = 0;

	for (uint32_t i = 0; n < AIMED; i++) {
		ts_client_t from = host(i >> 16);
		ts_client_t to = host(1);
		uint16_t port = (uint16_t)i;

		if (!(ts_flow_hash(key, &from, &to, (uint32_t)port << 16 | 53)
			    << (64 - BUCKETS_LOG2)))
			flows[n++] = (ts_flow_t){from, to, port, 53};
	}
}

static void push_all(ts_capture_t *capture, const ts_flow_t flows[AIMED])
{
	for (unsigned n = 0; n < AIMED; n++) {
		ts_segment_t s = {flows[n], 0, 0, TS_TCP_SYN, octets, 0};
		ts_fragment_t f = {flows[n].from, flows[n].to,
			(uint32_t)flows[n].from_port << 16 | 53, 17, 0, true, octets, 8};
		const uint8_t *data;
		size_t len;

		assert_int_equal(ts_streams_push(capture, &s), TS_OK);
		assert_int_equal(ts_frags_add(capture, &f, &data, &len), 0);
	}
}

static void flows__aimed_at_one_bucket(void **state)
{
	static const uint8_t keys[][TS_FLOW_KEY] = {{0}, {1}};
	ts_flow_t flows[AIMED];

	(void)state;
	for (size_t k = 0; k < countof(keys); k++) {
		ts_capture_t *capture = capture_new();

		aim(keys[0], flows);
		memcpy(capture->key, keys[k], TS_FLOW_KEY);
		push_all(capture, flows);
		if (k == 0) { /* the key is known */
			assert_int_equal(ts_streams_crowd(capture->streams), AIMED);
			assert_int_equal(ts_frags_crowd(capture->frags), AIMED);
		} else { /* it is another one */
			assert_in_range(ts_streams_crowd(capture->streams), 1, 3);
			assert_in_range(ts_frags_crowd(capture->frags), 1, 5);
		}
		capture_free(capture);
	}
}

/* No two inputs are read with the same key. */
static void flows__key_is_random(void **state)
{
	static const ts_capture_options_t options;
	char path[] = "/tmp/test_capture_bounds.XXXXXX";
	int fd = mkstemp(path);
	ts_capture_t *a, *b;

	(void)state;
	assert_int_equal(write(fd, "army.ml\n", 8), 8);
	assert_int_equal(ts_capture_open(path, &options, &a), TS_OK);
	assert_int_equal(ts_capture_open(path, &options, &b), TS_OK);
	assert_memory_not_equal(a->key, b->key, TS_FLOW_KEY);
	ts_capture_close(a);
	ts_capture_close(b);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fragments__so_many_datagrams),
		cmocka_unit_test(fragments__so_many_octets),
		cmocka_unit_test(fragments__that_grow),
		cmocka_unit_test(fragments__so_many_pieces),
		cmocka_unit_test(streams__so_many),
		cmocka_unit_test(streams__so_many_octets_out_of_order),
		cmocka_unit_test(streams__so_many_small_segments),
		cmocka_unit_test(stream__so_much_behind_a_hole),
		cmocka_unit_test(flows__aimed_at_one_bucket),
		cmocka_unit_test(flows__key_is_random),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
