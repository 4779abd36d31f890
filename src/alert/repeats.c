/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Chained buckets for finding, and one list in order of age for ending windows: all windows are
 * equally long, so the oldest entry is always the next to end.
 */
#include "config.h"

#include "repeats.h"

#include "../siphash.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct entry *chain; /* of the bucket */
	struct entry *newer;
	uint64_t hash;
	int64_t end_us; /* monotonic */
	uint64_t count;
	int64_t first_us, last_us;
	ts_record_t *record;
};

struct ts_repeats {
	struct entry **buckets;
	size_t mask;
	struct entry *oldest, *newest;
	unsigned count, max;
	size_t octets; /* of the entries */
	int64_t window_us;
	uint8_t key[16];
	ts_repeats_fn *fn;
	void *arg;
};

/* What makes two look-ups the same one. */
#define KEY_MAX (8 + sizeof(ts_client_t) + 2 * TS_NAME_MAX)

ts_repeats_t *ts_repeats_new(
	unsigned max, int64_t window_us, const uint8_t key[16], ts_repeats_fn *fn, void *arg)
{
	ts_repeats_t *repeats = calloc(1, sizeof(*repeats));
	size_t buckets = 64;

	if (!repeats)
		return NULL;
	while (buckets < max)
		buckets *= 2;
	repeats->buckets = calloc(buckets, sizeof(*repeats->buckets));
	if (!repeats->buckets) {
		free(repeats);
		return NULL;
	}
	repeats->mask = buckets - 1;
	repeats->max = max;
	repeats->window_us = window_us;
	memcpy(repeats->key, key, sizeof(repeats->key));
	repeats->fn = fn;
	repeats->arg = arg;
	return repeats;
}

static void entry_free(struct entry *e)
{
	free(e->record);
	free(e);
}

void ts_repeats_free(ts_repeats_t *repeats)
{
	if (!repeats)
		return;
	for (struct entry *e = repeats->oldest, *next; e; e = next) {
		next = e->newer;
		entry_free(e);
	}
	free(repeats->buckets);
	free(repeats);
}

static size_t make_key(const ts_record_t *r, uint8_t key[KEY_MAX])
{
	uint8_t *p = key;

	*p++ = r->kind;
	*p++ = r->action;
	*p++ = r->applied;
	*p++ = (uint8_t)(r->qtype >> 8);
	*p++ = (uint8_t)r->qtype;
	*p++ = (uint8_t)(r->qclass >> 8);
	*p++ = (uint8_t)r->qclass;
	*p++ = r->client.family;
	memcpy(p, r->client.addr, sizeof(r->client.addr));
	p += sizeof(r->client.addr);
	memcpy(p, ts_record_part(r, TS_PART_QNAME), r->len[TS_PART_QNAME]);
	p += r->len[TS_PART_QNAME];
	if (r->len[TS_PART_RDATA])
		memcpy(p, ts_record_part(r, TS_PART_RDATA), r->len[TS_PART_RDATA]);
	return (size_t)(p - key) + r->len[TS_PART_RDATA];
}

static bool same(const ts_record_t *a, const uint8_t *key, size_t len)
{
	uint8_t other[KEY_MAX];

	return make_key(a, other) == len && memcmp(other, key, len) == 0;
}

static void end_oldest(ts_repeats_t *repeats)
{
	struct entry *e = repeats->oldest;
	struct entry **link = &repeats->buckets[e->hash & repeats->mask];

	while (*link != e)
		link = &(*link)->chain;
	*link = e->chain;
	repeats->oldest = e->newer;
	if (!repeats->oldest)
		repeats->newest = NULL;
	repeats->count--;
	repeats->octets -= sizeof(*e) + e->record->size;
	if (e->count > 0) {
		ts_repeated_t repeated = {e->record, e->count, e->first_us, e->last_us};
		repeats->fn(repeats->arg, &repeated);
	}
	entry_free(e);
}

bool ts_repeats_see(ts_repeats_t *repeats, const ts_record_t *record, int64_t now_us)
{
	uint8_t key[KEY_MAX];
	size_t len = make_key(record, key);
	uint64_t hash = ts_siphash(repeats->key, key, len);
	struct entry **bucket = &repeats->buckets[hash & repeats->mask];

	ts_repeats_expire(repeats, now_us);
	for (struct entry *e = *bucket; e; e = e->chain) {
		if (e->hash != hash || !same(e->record, key, len))
			continue;
		if (e->count++ == 0)
			e->first_us = record->time_us;
		e->last_us = record->time_us;
		return false;
	}
	if (repeats->max == 0)
		return true;
	if (repeats->count == repeats->max)
		end_oldest(repeats);

	struct entry *e = calloc(1, sizeof(*e));
	ts_record_t *copy = malloc(record->size);
	if (!e || !copy) {
		/* Without memory each look-up is an event of its own: nothing is lost. */
		free(copy);
		free(e);
		return true;
	}
	memcpy(copy, record, record->size);
	e->record = copy;
	e->hash = hash;
	e->end_us = now_us + repeats->window_us;
	e->chain = *bucket;
	*bucket = e;
	if (repeats->newest)
		repeats->newest->newer = e;
	else
		repeats->oldest = e;
	repeats->newest = e;
	repeats->count++;
	repeats->octets += sizeof(*e) + record->size;
	return true;
}

void ts_repeats_expire(ts_repeats_t *repeats, int64_t now_us)
{
	while (repeats->oldest && repeats->oldest->end_us <= now_us)
		end_oldest(repeats);
}

size_t ts_repeats_count(const ts_repeats_t *repeats)
{
	return repeats->count;
}

size_t ts_repeats_memory(const ts_repeats_t *repeats)
{
	return sizeof(*repeats) + (repeats->mask + 1) * sizeof(*repeats->buckets) + repeats->octets;
}
