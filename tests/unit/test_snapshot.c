/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What keeps an old policy alive while somebody reads it. How many are held is told by their
 * memory: all are equal.
 */
#include "unit.h"

#include "../../module/snapshot.h"
#include "policy_text.h"

#include <pthread.h>

#define SLOTTED 256 /* readers with a slot of their own */

static ts_snapshot_t *snapshot(unsigned generation)
{
	ts_snapshot_t *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->set = policy_set_of(POLICY_MIL);
	s->generation = generation;
	return s;
}

static ts_readers_t *readers_new(void)
{
	ts_readers_t *readers = ts_readers_new();

	assert_non_null(readers);
	ts_readers_publish(readers, snapshot(1));
	return readers;
}

static size_t held(const ts_readers_t *readers)
{
	static size_t none, one;

	if (!one) {
		ts_readers_t *other = ts_readers_new();
		none = ts_readers_memory(other);
		ts_readers_publish(other, snapshot(1));
		one = ts_readers_memory(other) - none;
		ts_readers_free(other);
	}
	return (ts_readers_memory(readers) - none) / one;
}

static size_t held_after_a_change(ts_readers_t *readers)
{
	ts_readers_publish(readers, snapshot(ts_readers_current(readers)->generation + 1));
	ts_readers_reclaim(readers);
	return held(readers);
}

static void *come_and_go(void *arg)
{
	ts_reader_t *reader;

	(void)ts_reader_enter(arg, &reader);
	ts_reader_leave(arg, reader);
	return reader;
}

/* Another thread takes the next slot; true where there was one. */
static bool another_reader(ts_readers_t *readers)
{
	pthread_t thread;
	void *slot;

	assert_int_equal(pthread_create(&thread, NULL, come_and_go, readers), 0);
	assert_int_equal(pthread_join(thread, &slot), 0);
	return slot != NULL;
}

static void snapshot__announced(void **state)
{
	ts_readers_t *readers = readers_new();
	ts_reader_t *reader;

	(void)state;
	assert_int_equal(held_after_a_change(readers), 1);
	assert_true(another_reader(readers));
	const ts_snapshot_t *s = ts_reader_enter(readers, &reader);
	assert_int_equal(s->generation, 2);
	assert_int_equal(held_after_a_change(readers), 2);
	assert_int_equal(s->generation, 2);
	ts_reader_leave(readers, reader);
	ts_readers_reclaim(readers);
	assert_int_equal(held(readers), 1);
	ts_readers_free(readers);
}

static void snapshot__pinned(void **state)
{
	ts_readers_t *readers = readers_new();
	ts_reader_t *reader;

	(void)state;
	const ts_snapshot_t *s = ts_reader_enter(readers, &reader);
	ts_snapshot_pin(s);
	ts_snapshot_pin(s);
	ts_reader_leave(readers, reader);
	assert_int_equal(held_after_a_change(readers), 2);
	assert_int_equal(held_after_a_change(readers), 2); /* the one between was nobody's */
	ts_snapshot_unpin(s);
	ts_readers_reclaim(readers);
	assert_int_equal(held(readers), 2);
	ts_snapshot_unpin(s);
	ts_readers_reclaim(readers);
	assert_int_equal(held(readers), 1);
	ts_readers_free(readers);
}

/* More threads than slots: those that have none keep everything alive. */
static void snapshot__without_a_slot(void **state)
{
	ts_readers_t *readers = readers_new();
	ts_reader_t *reader;

	(void)state;
	for (unsigned i = 0; i < SLOTTED; i++)
		assert_true(another_reader(readers));
	assert_false(another_reader(readers));
	const ts_snapshot_t *s = ts_reader_enter(readers, &reader);
	assert_null(reader);
	assert_int_equal(held_after_a_change(readers), 2);
	assert_int_equal(s->generation, 1);
	ts_reader_leave(readers, reader);
	ts_readers_reclaim(readers);
	assert_int_equal(held(readers), 1);
	ts_readers_free(readers);
}

/* A thread outlives a reload of the module: its slot of before is nothing to the next life. */
static void snapshot__next_life(void **state)
{
	ts_readers_t *before = readers_new(), *readers = readers_new();
	ts_reader_t *reader;

	(void)state;
	assert_non_null(come_and_go(before));
	(void)ts_reader_enter(readers, &reader);
	assert_int_equal(held_after_a_change(readers), 2);
	ts_reader_leave(readers, reader);
	ts_readers_reclaim(readers);
	assert_int_equal(held(readers), 1);
	ts_readers_free(before);
	ts_readers_free(readers);
}

static struct {
	ts_readers_t *readers;
	_Atomic bool over;
	_Atomic unsigned reading;
} busy;

static void *read_on(void *arg)
{
	unsigned last = 0, wrong = 0;

	(void)arg;
	while (!atomic_load(&busy.over)) {
		ts_reader_t *reader;
		const ts_snapshot_t *s = ts_reader_enter(busy.readers, &reader);
		wrong += s->generation < last || ts_policyset_count(s->set) != 1;
		if (!last)
			atomic_fetch_add(&busy.reading, 1);
		last = s->generation;
		ts_reader_leave(busy.readers, reader);
	}
	return wrong ? busy.readers : NULL;
}

/* What is freed too early the sanitizers see. */
static void snapshot__while_all_read(void **state)
{
	pthread_t threads[3];

	(void)state;
	busy.readers = readers_new();
	for (size_t i = 0; i < countof(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, NULL), 0);
	while (atomic_load(&busy.reading) < countof(threads))
		(void)sched_yield();
	for (unsigned i = 0; i < 200; i++)
		(void)held_after_a_change(busy.readers);
	atomic_store(&busy.over, true);
	for (size_t i = 0; i < countof(threads); i++) {
		void *wrong;
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	assert_int_equal(held_after_a_change(busy.readers), 1);
	ts_readers_free(busy.readers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(snapshot__announced),
		cmocka_unit_test(snapshot__pinned),
		cmocka_unit_test(snapshot__without_a_slot),
		cmocka_unit_test(snapshot__next_life),
		cmocka_unit_test(snapshot__while_all_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
