/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Reassembly of TCP streams into DNS messages (RFC 1035 section 4.2.2: two octets of length before
 * each). Each direction is a stream of its own.
 *
 * A stream is "in step" when the next octet in order is the first of a length field. It is from the
 * SYN on; where there was no SYN, or behind a hole, the next segment that looks like the beginning
 * of a message puts it in step. A hole is given up when the other side has acknowledged what is
 * missing (the capture lost it, the network did not), when more waits behind it than we keep, when
 * the stream ends, and at the end of the input.
 *
 * Bounded: so many streams, so many octets in all; the stream that was quiet longest goes first.
 */
#include "internal.h"

#include "cursor.h"

#include <stdlib.h>
#include <string.h>

#define STREAMS_MAX 65536
#define OCTETS_MAX ((size_t)64 << 20)
#define STREAM_OCTETS_MAX ((size_t)256 << 10) /* out of order, one stream */
#define STREAM_SEGMENTS_MAX 256
#define BUCKETS 16384
#define FRAME_MAX (2 + TS_DNS_MESSAGE_MAX)
#define HEAD (2 + TS_DNS_HEADER) /* octets from which a message's beginning is recognised */

struct segment {
	struct segment *next;
	uint32_t seq, len;
	uint8_t data[];
};

struct stream {
	struct stream *next;          /* in its bucket */
	struct stream *older, *newer; /* by last segment */
	ts_flow_t flow;
	uint32_t isn, seq; /* seq: of the next octet in order */
	uint32_t fin;      /* where it ends, when ends is set */
	bool opened;       /* a SYN was seen, isn is its number */
	bool in_step;
	bool ends;
	bool told;         /* that it is out of step */
	uint8_t guess_len; /* octets, too few to tell whether a message begins with them */
	uint8_t guess[HEAD];
	bool acknowledged; /* what is missing was acknowledged: give the hole up */
	uint32_t rest_len; /* the beginning of a message */
	uint8_t *rest;
	struct segment *waiting; /* out of order, sorted, apart */
	size_t waiting_octets;
	unsigned waiting_count;
};

struct ts_streams {
	const uint8_t *key;
	struct stream *buckets[BUCKETS];
	struct stream *oldest, *newest;
	size_t count, octets;
	/* The stream that is being pulled: its octets in order that are not yet handed out. */
	struct stream *current;
	uint8_t *work;
	size_t at, len, size;
};

ts_streams_t *ts_streams_new(const uint8_t key[TS_FLOW_KEY])
{
	ts_streams_t *t = calloc(1, sizeof(*t));

	if (t)
		t->key = key;
	return t;
}

static struct stream **bucket(ts_streams_t *t, const ts_flow_t *f)
{
	uint32_t ports = (uint32_t)f->from_port << 16 | f->to_port;

	return &t->buckets[ts_flow_hash(t->key, &f->from, &f->to, ports) & (BUCKETS - 1)];
}

static struct stream *find(ts_streams_t *t, const ts_flow_t *f)
{
	struct stream *s = *bucket(t, f);

	for (; s; s = s->next)
		if (s->flow.from_port == f->from_port && s->flow.to_port == f->to_port &&
			ts_flow_same(&s->flow.from, &f->from) && ts_flow_same(&s->flow.to, &f->to))
			return s;
	return NULL;
}

size_t ts_streams_crowd(const ts_streams_t *t)
{
	size_t most = 0;

	for (size_t i = 0; i < BUCKETS; i++) {
		size_t n = 0;

		for (const struct stream *s = t->buckets[i]; s; s = s->next)
			n++;
		most = n > most ? n : most;
	}
	return most;
}

static void drop_rest(ts_streams_t *t, struct stream *s)
{
	t->octets -= s->rest_len;
	free(s->rest);
	s->rest = NULL;
	s->rest_len = 0;
}

/* What a segment that waits takes: a thousand small ones are not free. */
static size_t cost(size_t len)
{
	return sizeof(struct segment) + len;
}

static void drop_waiting(ts_streams_t *t, struct stream *s)
{
	while (s->waiting) {
		struct segment *next = s->waiting->next;

		free(s->waiting);
		s->waiting = next;
	}
	t->octets -= s->waiting_octets;
	s->waiting_octets = 0;
	s->waiting_count = 0;
}

static void remove_stream(ts_streams_t *t, struct stream *s)
{
	struct stream **at = bucket(t, &s->flow);

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	*(s->older ? &s->older->newer : &t->oldest) = s->newer;
	*(s->newer ? &s->newer->older : &t->newest) = s->older;
	t->count--;
	drop_rest(t, s);
	drop_waiting(t, s);
	if (t->current == s)
		t->current = NULL;
	free(s);
}

void ts_streams_free(ts_streams_t *t)
{
	if (!t)
		return;
	while (t->oldest)
		remove_stream(t, t->oldest);
	free(t->work);
	free(t);
}

static struct stream *add_stream(ts_streams_t *t, const ts_flow_t *flow)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->flow = *flow;
	struct stream **head = bucket(t, flow);
	s->next = *head;
	*head = s;
	s->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = s;
	t->newest = s;
	t->count++;
	return s;
}

static void touch(ts_streams_t *t, struct stream *s)
{
	if (t->newest == s)
		return;
	*(s->older ? &s->older->newer : &t->oldest) = s->newer;
	s->newer->older = s->older;
	s->older = t->newest;
	s->newer = NULL;
	t->newest->newer = s;
	t->newest = s;
}

/* Room for one stream more, or for what s (the newest; NULL: none) has just taken. */
static void make_room(ts_capture_t *capture, const struct stream *s)
{
	ts_streams_t *t = capture->streams;

	while (t->oldest && t->oldest != s &&
		(t->octets > OCTETS_MAX || (!s && t->count >= STREAMS_MAX))) {
		if (t->oldest->rest_len || t->oldest->waiting)
			ts_flaw(capture, TS_FLAW_TCP_EVICTED, "%s", "");
		remove_stream(t, t->oldest);
	}
}

enum answer { NO, YES, TOO_SHORT };

/* Does a message begin here? Its length, and a header of which a resolver's client could be the
 * author. */
static enum answer begins(const uint8_t *data, size_t len)
{
	ts_cursor_t c = ts_cursor(data, len);
	size_t size = ts_cursor_u16(&c);

	ts_cursor_skip(&c, 2);
	unsigned flags = ts_cursor_u16(&c);
	unsigned qdcount = ts_cursor_u16(&c);
	unsigned ancount = ts_cursor_u16(&c);
	if (len >= 2 && size < TS_DNS_HEADER)
		return NO;
	if (len < HEAD)
		return TOO_SHORT;
	if ((flags >> 11 & 15) > 6 || (flags & 0x40))
		return NO;
	if (qdcount > 1 || (qdcount == 0 && ancount == 0))
		return NO;
	if (!(flags & 0x8000) && ancount > 16)
		return NO;
	/* The name in the question. */
	ts_cursor_skip(&c, 4);
	while (qdcount && !c.bad) {
		unsigned label = ts_cursor_u8(&c);

		if (label > TS_LABEL_MAX)
			return NO;
		if (label == 0)
			break;
		ts_cursor_skip(&c, label);
	}
	return YES;
}

/* Cuts off the message at the end of the work buffer that is not whole. \return its octets. */
static size_t cut_partial(ts_streams_t *t)
{
	size_t at = t->at;

	while (t->len - at >= 2) {
		size_t size = (size_t)t->work[at] << 8 | t->work[at + 1];

		if (t->len - at < 2 + size)
			break;
		at += 2 + size;
	}
	size_t partial = t->len - at;
	t->len = at;
	return partial;
}

static int reserve(ts_streams_t *t, size_t room)
{
	if (t->len + room <= t->size)
		return TS_OK;
	size_t size = t->len + room + FRAME_MAX;
	uint8_t *work = realloc(t->work, size);

	if (!work)
		return TS_ENOMEM;
	t->work = work;
	t->size = size;
	return TS_OK;
}

/* Takes octets that are in order. The work buffer only ever gets what is in step. */
static int append(ts_capture_t *capture, struct stream *s, const uint8_t *data, size_t len)
{
	ts_streams_t *t = capture->streams;
	size_t guess = s->guess_len;

	if (reserve(t, guess + len))
		return TS_ENOMEM;
	uint8_t *at = t->work + t->len;
	memcpy(at, s->guess, guess);
	memcpy(at + guess, data, len);
	s->seq += (uint32_t)len;
	s->guess_len = 0;
	if (!s->in_step) {
		enum answer answer = begins(at, guess + len);

		if (answer == NO && guess) { /* the guess was wrong */
			memmove(at, at + guess, len);
			guess = 0;
			answer = begins(at, len);
		}
		if (answer == TOO_SHORT) {
			s->guess_len = (uint8_t)(guess + len);
			memcpy(s->guess, at, s->guess_len);
		} else if (answer == NO && !s->told) {
			ts_flaw(capture, TS_FLAW_TCP_START, "%zu octets", len);
			s->told = true;
		}
		if (answer != YES)
			return TS_OK;
		s->in_step = true;
		s->told = false;
	}
	t->len += guess + len;
	return TS_OK;
}

/* What waited and is now in order. */
static int drain(ts_capture_t *capture, struct stream *s)
{
	ts_streams_t *t = capture->streams;
	int err = TS_OK;

	while (!err && s->waiting && (int32_t)(s->waiting->seq - s->seq) <= 0) {
		struct segment *w = s->waiting;
		uint32_t old = s->seq - w->seq;

		if (old < w->len)
			err = append(capture, s, w->data + old, w->len - old);
		s->waiting = w->next;
		s->waiting_octets -= cost(w->len);
		s->waiting_count--;
		t->octets -= cost(w->len);
		free(w);
	}
	return err;
}

static int give_up_hole(ts_capture_t *capture, struct stream *s)
{
	size_t partial = cut_partial(capture->streams);

	ts_flaw(capture, TS_FLAW_TCP_HOLE, "%u octets are missing, %zu before it are of no use",
		s->waiting->seq - s->seq, partial);
	s->seq = s->waiting->seq;
	s->in_step = false;
	s->guess_len = 0;
	s->told = true;
	s->acknowledged = false;
	return drain(capture, s);
}

/* Keeps a segment that lies behind a hole. What overlaps one that is there is cut or dropped. */
static int keep(ts_streams_t *t, struct stream *s, uint32_t seq, const uint8_t *data, size_t len)
{
	struct segment **at = &s->waiting;

	while (*at && (int32_t)((*at)->seq - seq) <= 0) {
		uint32_t end = (*at)->seq + (*at)->len;

		if ((int32_t)(end - seq) > 0) {
			uint32_t old = end - seq;

			if (old >= len)
				return TS_OK;
			seq += old;
			data += old;
			len -= old;
		}
		at = &(*at)->next;
	}
	if (*at && (int32_t)((*at)->seq - seq) < (int32_t)len)
		len = (*at)->seq - seq;
	if (len == 0)
		return TS_OK;
	struct segment *w = malloc(sizeof(*w) + len);
	if (!w)
		return TS_ENOMEM;
	w->seq = seq;
	w->len = (uint32_t)len;
	memcpy(w->data, data, len);
	w->next = *at;
	*at = w;
	s->waiting_octets += cost(len);
	s->waiting_count++;
	t->octets += cost(len);
	return TS_OK;
}

/* Makes s the stream that is pulled: its rest becomes the beginning of the work buffer. */
static int load(ts_streams_t *t, struct stream *s)
{
	t->len = 0;
	if (reserve(t, s->rest_len))
		return TS_ENOMEM;
	t->at = 0;
	t->len = s->rest_len;
	if (s->rest_len)
		memcpy(t->work, s->rest, s->rest_len);
	drop_rest(t, s);
	t->current = s;
	return TS_OK;
}

int ts_streams_push(ts_capture_t *capture, const ts_segment_t *segment)
{
	ts_streams_t *t = capture->streams;
	struct stream *s = find(t, &segment->flow);
	const uint8_t *data = segment->data;
	size_t len = segment->len;
	uint32_t seq = segment->seq;

	t->current = NULL;
	if (segment->flags & TS_TCP_ACK) {
		ts_flow_t back = {segment->flow.to, segment->flow.from, segment->flow.to_port,
			segment->flow.from_port};
		struct stream *other = find(t, &back);

		if (other && other->waiting && (int32_t)(segment->ack - other->waiting->seq) >= 0)
			other->acknowledged = true;
	}
	if (segment->flags & TS_TCP_RST) {
		if (s && s->rest_len)
			ts_flaw(capture, TS_FLAW_TCP_PARTIAL, "reset");
		if (s)
			remove_stream(t, s);
		return TS_OK;
	}
	if (!s) {
		if (len == 0 && !(segment->flags & TS_TCP_SYN))
			return TS_OK;
		make_room(capture, NULL);
		s = add_stream(t, &segment->flow);
		if (!s)
			return TS_ENOMEM;
		s->seq = seq;
	}
	touch(t, s);
	if (segment->flags & TS_TCP_SYN) {
		if (!s->opened || s->isn != seq) { /* else it is sent again */
			if (s->rest_len)
				ts_flaw(capture, TS_FLAW_TCP_PARTIAL, "a new connection begins");
			drop_rest(t, s);
			drop_waiting(t, s);
			s->guess_len = 0;
			s->isn = seq;
			s->seq = seq + 1;
			s->opened = s->in_step = true;
			s->ends = s->told = s->acknowledged = false;
		}
		seq++; /* data behind it: TCP Fast Open (RFC 7413) */
	}
	if (segment->flags & TS_TCP_FIN) {
		s->ends = true;
		s->fin = seq + (uint32_t)len;
	}
	int err = load(t, s);
	if (err)
		return err;
	int32_t ahead = (int32_t)(seq - s->seq);
	if (ahead < 0) { /* sent again */
		size_t old = (size_t)(-(int64_t)ahead);

		old = old < len ? old : len;
		data += old;
		len -= old;
		ahead = 0;
	}
	if (ahead > 0 && len) {
		err = keep(t, s, seq, data, len);
		make_room(capture, s);
	} else if (len)
		err = append(capture, s, data, len);
	if (!err)
		err = drain(capture, s);
	while (!err && s->waiting &&
		(s->acknowledged || s->waiting_octets > STREAM_OCTETS_MAX ||
			s->waiting_count > STREAM_SEGMENTS_MAX))
		err = give_up_hole(capture, s);
	return err;
}

int ts_streams_pull(ts_capture_t *capture, ts_message_t *out)
{
	ts_streams_t *t = capture->streams;
	struct stream *s = t->current;

	if (!s)
		return 0;
	while (t->len - t->at >= 2) {
		const uint8_t *frame = t->work + t->at;
		size_t size = (size_t)frame[0] << 8 | frame[1];

		if (t->len - t->at < 2 + size)
			break;
		t->at += 2 + size;
		if (ts_message_make(capture, &s->flow, TS_CARRIER_TCP, frame + 2, size, out))
			return 1;
		/* Too short for a message: whatever this stream carries, it is out of step. */
		s->in_step = false;
		s->told = true;
		t->at = t->len;
	}
	size_t left = t->len - t->at;
	t->current = NULL;
	if (left == 0)
		return 0;
	if (s->ends && (int32_t)(s->seq - s->fin) >= 0) {
		ts_flaw(capture, TS_FLAW_TCP_PARTIAL, "%zu octets", left);
		return 0;
	}
	s->rest = malloc(left);
	if (!s->rest)
		return TS_ENOMEM;
	memcpy(s->rest, t->work + t->at, left);
	s->rest_len = (uint32_t)left;
	t->octets += left;
	make_room(capture, s);
	return 0;
}

bool ts_streams_flush(ts_capture_t *capture)
{
	ts_streams_t *t = capture->streams;

	while (t->oldest) {
		struct stream *s = t->oldest;

		if (s->waiting && load(t, s) == TS_OK && give_up_hole(capture, s) == TS_OK)
			return true;
		if (s->rest_len)
			ts_flaw(capture, TS_FLAW_TCP_PARTIAL, "the input ends, %u octets",
				s->rest_len);
		remove_stream(t, s);
	}
	return false;
}
