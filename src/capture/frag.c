/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reassembly of IPv4 and IPv6 fragments. Bounded: so many datagrams and so many octets at a time;
 * the one that was quiet longest goes first, and is counted. A datagram whose fragments overlap
 * with different contents is dropped (RFC 5722 for IPv6; nobody sends such IPv4 in good faith).
 */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define DATAGRAMS_MAX 1024
#define OCTETS_MAX ((size_t)16 << 20)
#define RANGES_MAX 64
#define DATAGRAM_MAX 65535u
#define PATIENCE_US (60 * INT64_C(1000000)) /* RFC 8200, section 4.5 */
#define BUCKETS 1024

struct range {
	uint32_t from, to;
};

struct datagram {
	struct datagram *next;          /* in its bucket */
	struct datagram *older, *newer; /* by last fragment */
	ts_client_t from, to;
	uint32_t id;
	uint8_t protocol;
	bool bad; /* dropped: what follows is dropped as well */
	int64_t time_us;
	uint32_t total; /* octets, once the last fragment is there; else 0 */
	unsigned count;
	struct range ranges[RANGES_MAX]; /* sorted, apart */
	uint8_t *data;
	size_t size;
};

struct ts_frags {
	const uint8_t *key;
	struct datagram *buckets[BUCKETS];
	struct datagram *oldest, *newest;
	size_t count, octets;
	uint8_t *done; /* the datagram handed out last */
};

ts_frags_t *ts_frags_new(const uint8_t key[TS_FLOW_KEY])
{
	ts_frags_t *t = calloc(1, sizeof(*t));

	if (t)
		t->key = key;
	return t;
}

static struct datagram **bucket(
	ts_frags_t *t, const ts_client_t *from, const ts_client_t *to, uint32_t id)
{
	return &t->buckets[ts_flow_hash(t->key, from, to, id) & (BUCKETS - 1)];
}

static void remove_datagram(ts_frags_t *t, struct datagram *d)
{
	struct datagram **at = bucket(t, &d->from, &d->to, d->id);

	while (*at != d)
		at = &(*at)->next;
	*at = d->next;
	*(d->older ? &d->older->newer : &t->oldest) = d->newer;
	*(d->newer ? &d->newer->older : &t->newest) = d->older;
	t->count--;
	t->octets -= d->size;
	free(d->data);
	free(d);
}

void ts_frags_free(ts_frags_t *t)
{
	if (!t)
		return;
	while (t->oldest)
		remove_datagram(t, t->oldest);
	free(t->done);
	free(t);
}

static void lose(ts_capture_t *capture, struct datagram *d)
{
	if (!d->bad)
		ts_flaw(capture, TS_FLAW_FRAGMENT_LOST, "id %u", d->id);
	remove_datagram(capture->frags, d);
}

void ts_frags_flush(ts_capture_t *capture)
{
	while (capture->frags->oldest)
		lose(capture, capture->frags->oldest);
}

size_t ts_frags_crowd(const ts_frags_t *t)
{
	size_t most = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		size_t n = 0;

		for (const struct datagram *d = t->buckets[i]; d; d = d->next)
			n++;
		most = n > most ? n : most;
	}
	return most;
}

static struct datagram *find(ts_frags_t *t, const ts_fragment_t *f)
{
	struct datagram *d = *bucket(t, &f->from, &f->to, f->id);

	for (; d; d = d->next)
		if (d->id == f->id && d->protocol == f->protocol &&
			ts_flow_same(&d->from, &f->from) && ts_flow_same(&d->to, &f->to))
			return d;
	return NULL;
}

static struct datagram *add_datagram(ts_frags_t *t, const ts_fragment_t *f)
{
	struct datagram *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	struct datagram **head = bucket(t, &f->from, &f->to, f->id);
	d->next = *head;
	*head = d;
	d->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = d;
	t->newest = d;
	t->count++;
	d->from = f->from;
	d->to = f->to;
	d->id = f->id;
	d->protocol = f->protocol;
	return d;
}

static void touch(ts_frags_t *t, struct datagram *d)
{
	if (t->newest == d)
		return;
	*(d->older ? &d->older->newer : &t->oldest) = d->newer;
	d->newer->older = d->older;
	d->older = t->newest;
	d->newer = NULL;
	t->newest->newer = d;
	t->newest = d;
}

/* Puts [from, to) into the sorted ranges. False: it overlaps one with other contents, or there are
 * too many. */
static bool merge(struct datagram *d, uint32_t from, uint32_t to, const uint8_t *data)
{
	unsigned i = 0;

	while (i < d->count && d->ranges[i].to < from)
		i++;
	/* What is there already must be the same. */
	for (unsigned j = i; j < d->count && d->ranges[j].from < to; j++) {
		uint32_t a = d->ranges[j].from > from ? d->ranges[j].from : from;
		uint32_t b = d->ranges[j].to < to ? d->ranges[j].to : to;

		if (a < b && memcmp(d->data + a, data + (a - from), b - a) != 0)
			return false;
	}
	unsigned last = i;
	struct range r = {from, to};
	for (; last < d->count && d->ranges[last].from <= to; last++) {
		if (d->ranges[last].from < r.from)
			r.from = d->ranges[last].from;
		if (d->ranges[last].to > r.to)
			r.to = d->ranges[last].to;
	}
	if (last == i && d->count == RANGES_MAX)
		return false;
	memmove(d->ranges + i + 1, d->ranges + last, (d->count - last) * sizeof(r));
	d->count = d->count - (last - i) + 1;
	d->ranges[i] = r;
	return true;
}

int ts_frags_add(ts_capture_t *capture, const ts_fragment_t *f, const uint8_t **data, size_t *len)
{
	ts_frags_t *t = capture->frags;
	struct datagram *d = find(t, f);
	uint32_t end = f->offset + (uint32_t)f->len;

	if (d && capture->time_us - d->time_us > PATIENCE_US) { /* the id is used again */
		lose(capture, d);
		d = NULL;
	}
	if (!d) {
		while (t->count >= DATAGRAMS_MAX)
			lose(capture, t->oldest);
		d = add_datagram(t, f);
		if (!d)
			return TS_ENOMEM;
	}
	touch(t, d);
	d->time_us = capture->time_us;
	if (d->bad)
		return 0;
	if (f->len > DATAGRAM_MAX || end > DATAGRAM_MAX || (f->more && f->len % 8) ||
		(!f->more && d->total && d->total != end) || (d->total && end > d->total))
		goto bad;
	if (f->len == 0 && f->more)
		return 0;
	if (end > d->size) {
		size_t size = end < 4096 ? 4096 : DATAGRAM_MAX;
		uint8_t *grown = realloc(d->data, size);

		if (!grown)
			return TS_ENOMEM;
		t->octets += size - d->size;
		d->data = grown;
		d->size = size;
		/* d was touched: it is the newest. */
		while (t->octets > OCTETS_MAX && t->oldest != d)
			lose(capture, t->oldest);
	}
	if (!f->more) {
		if (d->count && d->ranges[d->count - 1].to > end)
			goto bad;
		d->total = end;
	}
	if (f->len) {
		if (!merge(d, f->offset, end, f->data))
			goto bad;
		memcpy(d->data + f->offset, f->data, f->len);
	}
	if (d->total == 0 || d->count != 1 || d->ranges[0].from != 0 || d->ranges[0].to != d->total)
		return 0;
	/* f->data may stand in the datagram handed out before: a tunnel's fragments in fragments.
	 */
	*len = d->total;
	t->octets -= d->size;
	d->size = 0;
	free(t->done);
	*data = t->done = d->data;
	d->data = NULL;
	remove_datagram(t, d);
	return 1;
bad:
	ts_flaw(capture, TS_FLAW_FRAGMENT_BAD, "id %u", d->id);
	d->bad = true;
	return 0;
}
