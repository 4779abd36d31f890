/* SPDX-License-Identifier: BSD-3-Clause
 *
 * snapshot: hazard pointers, one a thread, and pins. See snapshot.h for who may call what.
 */
#include "snapshot.h"

#include <stdlib.h>

#define SLOTS 256 /* threads with a slot of their own; further ones share a count */

struct ts_reader {
	_Alignas(64) _Atomic(const ts_snapshot_t *) hazard;
};

struct ts_readers {
	ts_reader_t slots[SLOTS];
	_Atomic unsigned used;     /* slots given out */
	_Atomic unsigned slotless; /* readers inside that have no slot */
	_Atomic(ts_snapshot_t *) current;
	_Atomic unsigned generation; /* copies of current's */
	_Atomic bool observing;
	unsigned long id; /* of this life of the module, see mine */
	ts_snapshot_t *retired;
};

/* The calling thread's slot. A thread outlives a reload of the module (Unbound's first worker
 * does), and the shared object may stay mapped: the id tells a slot of an earlier life. */
static __thread struct {
	unsigned long id;
	ts_reader_t *slot; /* NULL: none was left */
} mine;

static unsigned long lives;

ts_readers_t *ts_readers_new(void)
{
	ts_readers_t *readers = aligned_alloc(64, sizeof(*readers));
	if (!readers)
		return NULL;
	for (size_t i = 0; i < SLOTS; i++)
		atomic_init(&readers->slots[i].hazard, NULL);
	atomic_init(&readers->used, 0);
	atomic_init(&readers->slotless, 0);
	atomic_init(&readers->current, NULL);
	atomic_init(&readers->generation, 0);
	atomic_init(&readers->observing, false);
	readers->id = ++lives;
	readers->retired = NULL;
	return readers;
}

static void snapshot_free(ts_snapshot_t *snapshot)
{
	if (!snapshot)
		return;
	ts_policyset_free(snapshot->set);
	free(snapshot);
}

void ts_readers_free(ts_readers_t *readers)
{
	if (!readers)
		return;
	while (readers->retired) {
		ts_snapshot_t *next = readers->retired->next;
		snapshot_free(readers->retired);
		readers->retired = next;
	}
	snapshot_free(atomic_load(&readers->current));
	free(readers);
}

const ts_snapshot_t *ts_reader_enter(ts_readers_t *readers, ts_reader_t **reader)
{
	if (mine.id != readers->id) {
		unsigned i = atomic_fetch_add(&readers->used, 1);
		mine.slot = i < SLOTS ? &readers->slots[i] : NULL;
		mine.id = readers->id;
	}
	*reader = mine.slot;
	if (!mine.slot) {
		/* Nothing is freed while the count is not 0. */
		atomic_fetch_add(&readers->slotless, 1);
		return atomic_load(&readers->current);
	}
	const ts_snapshot_t *seen = atomic_load(&readers->current), *before;
	do {
		before = seen;
		atomic_store(&mine.slot->hazard, before);
		seen = atomic_load(&readers->current);
	} while (seen != before);
	return seen;
}

void ts_reader_leave(ts_readers_t *readers, ts_reader_t *reader)
{
	if (reader)
		atomic_store_explicit(&reader->hazard, NULL, memory_order_release);
	else
		atomic_fetch_sub(&readers->slotless, 1);
}

void ts_snapshot_pin(const ts_snapshot_t *snapshot)
{
	atomic_fetch_add(&((ts_snapshot_t *)(uintptr_t)snapshot)->pins, 1);
}

void ts_snapshot_unpin(const ts_snapshot_t *snapshot)
{
	atomic_fetch_sub(&((ts_snapshot_t *)(uintptr_t)snapshot)->pins, 1);
}

const _Atomic bool *ts_readers_observing(const ts_readers_t *readers)
{
	return &readers->observing;
}

const _Atomic unsigned *ts_readers_generation(const ts_readers_t *readers)
{
	return &readers->generation;
}

const ts_snapshot_t *ts_readers_current(const ts_readers_t *readers)
{
	return atomic_load(&((ts_readers_t *)(uintptr_t)readers)->current);
}

void ts_readers_publish(ts_readers_t *readers, ts_snapshot_t *snapshot)
{
	ts_snapshot_t *old = atomic_exchange(&readers->current, snapshot);
	atomic_store(&readers->generation, snapshot->generation);
	atomic_store(&readers->observing, snapshot->observing);
	if (old) {
		old->next = readers->retired;
		readers->retired = old;
	}
}

static bool announced(ts_readers_t *readers, const ts_snapshot_t *snapshot)
{
	if (atomic_load(&readers->slotless))
		return true;
	for (size_t i = 0; i < SLOTS; i++)
		if (atomic_load(&readers->slots[i].hazard) == snapshot)
			return true;
	return false;
}

void ts_readers_reclaim(ts_readers_t *readers)
{
	ts_snapshot_t **link = &readers->retired;
	while (*link) {
		ts_snapshot_t *old = *link;
		/* In this order: a pin is taken by one who has announced it. */
		if (announced(readers, old) || atomic_load(&old->pins)) {
			link = &old->next;
			continue;
		}
		*link = old->next;
		snapshot_free(old);
	}
}

size_t ts_readers_memory(const ts_readers_t *readers)
{
	const ts_snapshot_t *current = ts_readers_current(readers);
	size_t sum = sizeof(*readers);
	if (current)
		sum += sizeof(*current) + ts_policyset_memory(current->set);
	for (const ts_snapshot_t *old = readers->retired; old; old = old->next)
		sum += sizeof(*old) + ts_policyset_memory(old->set);
	return sum;
}
