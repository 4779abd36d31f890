/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "unit.h"

#include "../../src/alert/ring.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

static void ring__empty(void **state)
{
	(void)state;
	ts_ring_t *ring = ts_ring_new(1);
	assert_non_null(ring);
	assert_null(ts_ring_peek(ring));
	assert_true(ts_ring_memory(ring) >= 65536);
	ts_ring_free(ring);
	ts_ring_free(NULL);
}

/* A record is seen only once it is committed, and those behind it wait for it. */
static void ring__commit_order(void **state)
{
	(void)state;
	ts_ring_t *ring = ts_ring_new(65536);
	char *first = ts_ring_reserve(ring, 5, false);
	char *second = ts_ring_reserve(ring, 200, false);

	assert_non_null(first);
	assert_non_null(second);
	memcpy(first, "first", 5);
	memcpy(second, "second", 6);
	ts_ring_commit(second);
	assert_null(ts_ring_peek(ring));
	ts_ring_commit(first);
	assert_memory_equal(ts_ring_peek(ring), "first", 5);
	ts_ring_release(ring);
	assert_memory_equal(ts_ring_peek(ring), "second", 6);
	ts_ring_release(ring);
	assert_null(ts_ring_peek(ring));
	ts_ring_free(ring);
}

/* Full is said, changes nothing, and room comes back; the last part is for urgent records. */
static void ring__full(void **state)
{
	(void)state;
	ts_ring_t *ring = ts_ring_new(65536);

	for (unsigned lap = 0; lap < 5; lap++) {
		unsigned n = 0, urgent = 0;
		void *p;
		while ((p = ts_ring_reserve(ring, 100, false))) {
			memset(p, 0xff, 100);
			ts_ring_commit(p);
			n++;
		}
		while ((p = ts_ring_reserve(ring, 100, true))) {
			memset(p, 0xff, 100);
			ts_ring_commit(p);
			urgent++;
		}
		assert_in_range(n, 400, 512);
		assert_in_range(urgent, 16, 64);
		for (unsigned i = 0; i < n + urgent; i++) {
			assert_non_null(ts_ring_peek(ring));
			ts_ring_release(ring);
		}
		assert_null(ts_ring_peek(ring));
	}
	assert_null(ts_ring_reserve(ring, 65536, true));
	assert_null(ts_ring_reserve(ring, 17000, true)); /* a quarter of it is the most */
	ts_ring_free(ring);
}

/* Room that is left in two pieces, at the end of the array and at its start, is too little for a
 * record that fits into neither, urgent or not: what is unread stays as it is. */
static void ring__room_in_two_pieces(void **state)
{
	ts_ring_t *ring = ts_ring_new(65536);
	const size_t length = 6000; /* ten leave less than one more at the end */

	(void)state;
	for (unsigned i = 0; i < 10; i++) {
		uint8_t *p = ts_ring_reserve(ring, length, true);
		assert_non_null(p);
		memset(p, (int)i, length);
		ts_ring_commit(p);
	}
	assert_non_null(ts_ring_peek(ring));
	ts_ring_release(ring);
	assert_null(ts_ring_reserve(ring, length + 4000, true));
	for (unsigned i = 1; i < 10; i++) {
		const uint8_t *p = ts_ring_peek(ring);
		assert_non_null(p);
		for (size_t at = 0; at < length; at++)
			assert_int_equal(p[at], i);
		ts_ring_release(ring);
	}
	assert_null(ts_ring_peek(ring));
	ts_ring_free(ring);
}

/* Old contents (0xff everywhere) are never mistaken for a header: sizes that wrap at every place.
 */
static void ring__wraps(void **state)
{
	(void)state;
	ts_ring_t *ring = ts_ring_new(65536);
	uint32_t next = 0, seen = 0;

	for (unsigned i = 0; i < 200000; i++) {
		size_t len = 4 + (i * 2654435761u >> 16) % 3000;
		uint8_t *p = ts_ring_reserve(ring, len, false);
		if (p) {
			memset(p, 0xff, len);
			memcpy(p, &next, 4);
			next++;
			ts_ring_commit(p);
		}
		if (!p || i % 3 == 0) {
			const void *q = ts_ring_peek(ring);
			assert_non_null(q);
			assert_memory_equal(q, &seen, 4);
			seen++;
			ts_ring_release(ring);
		}
	}
	assert_true(seen > 60000);
	ts_ring_free(ring);
}

/* Producers that outrun the consumer: what was not refused arrives, once, whole and in order. */
#define PRODUCERS 4
#define RECORDS 50000

struct producer {
	ts_ring_t *ring;
	uint32_t id;
	uint64_t sent, sum;
	_Atomic unsigned *running;
	pthread_t thread;
};

struct message {
	uint32_t id, number, len;
	uint8_t body[];
};

static void *produce(void *arg)
{
	struct producer *p = arg;

	for (uint32_t i = 0; i < RECORDS; i++) {
		uint32_t len = (i * 40503u + p->id) % 700;
		struct message *m = ts_ring_reserve(p->ring, sizeof(*m) + len, false);
		if (!m) {
			sched_yield();
			continue;
		}
		m->id = p->id;
		m->number = i;
		m->len = len;
		memset(m->body, (int)(i & 0xff), len);
		p->sent++;
		p->sum += i;
		ts_ring_commit(m);
	}
	atomic_fetch_sub(p->running, 1);
	return NULL;
}

static void ring__many_producers(void **state)
{
	(void)state;
	ts_ring_t *ring = ts_ring_new(65536);
	_Atomic unsigned running = PRODUCERS;
	struct producer producers[PRODUCERS];
	uint64_t got[PRODUCERS] = {0}, sum[PRODUCERS] = {0};
	int64_t last[PRODUCERS];
	unsigned torn = 0, disorder = 0;

	for (uint32_t i = 0; i < PRODUCERS; i++) {
		last[i] = -1;
		producers[i] = (struct producer){.ring = ring, .id = i, .running = &running};
		assert_int_equal(
			pthread_create(&producers[i].thread, NULL, produce, &producers[i]), 0);
	}
	for (;;) {
		bool done = atomic_load(&running) == 0;
		const struct message *m = ts_ring_peek(ring);
		if (!m) {
			if (done)
				break;
			sched_yield();
			continue;
		}
		for (uint32_t i = 0; i < m->len; i++)
			torn += m->body[i] != (m->number & 0xff);
		disorder += m->number <= last[m->id];
		last[m->id] = m->number;
		got[m->id]++;
		sum[m->id] += m->number;
		ts_ring_release(ring);
	}
	for (uint32_t i = 0; i < PRODUCERS; i++) {
		pthread_join(producers[i].thread, NULL);
		assert_int_equal(got[i], producers[i].sent);
		assert_int_equal(sum[i], producers[i].sum);
		assert_true(got[i] > 0);
	}
	assert_int_equal(torn, 0);
	assert_int_equal(disorder, 0);
	ts_ring_free(ring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ring__empty),
		cmocka_unit_test(ring__commit_order),
		cmocka_unit_test(ring__full),
		cmocka_unit_test(ring__room_in_two_pieces),
		cmocka_unit_test(ring__wraps),
		cmocka_unit_test(ring__many_producers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
