/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cursor: a bounded read position with a sticky error. Read field after field, ask `bad` once at
 * the end: a read beyond the end gives zeros and leaves nothing to read, so loops end.
 */
#ifndef TS_CAPTURE_CURSOR_H
#define TS_CAPTURE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ts_cursor {
	const uint8_t *at, *end;
	bool bad; /* sticky: something beyond the end was asked for */
} ts_cursor_t;

static inline ts_cursor_t ts_cursor(const uint8_t *data, size_t len)
{
	return (ts_cursor_t){data, data + len, false};
}

static inline size_t ts_cursor_left(const ts_cursor_t *c)
{
	return (size_t)(c->end - c->at);
}

/** The next n octets, and past them; NULL where there are fewer. */
static inline const uint8_t *ts_cursor_take(ts_cursor_t *c, size_t n)
{
	const uint8_t *p = c->at;

	if (ts_cursor_left(c) < n) {
		c->at = c->end;
		c->bad = true;
		return NULL;
	}
	c->at += n;
	return p;
}

static inline void ts_cursor_skip(ts_cursor_t *c, size_t n)
{
	(void)ts_cursor_take(c, n);
}

static inline uint8_t ts_cursor_u8(ts_cursor_t *c)
{
	const uint8_t *p = ts_cursor_take(c, 1);

	return p ? *p : 0;
}

/* Network byte order. */
static inline uint16_t ts_cursor_u16(ts_cursor_t *c)
{
	const uint8_t *p = ts_cursor_take(c, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t ts_cursor_u32(ts_cursor_t *c)
{
	const uint8_t *p = ts_cursor_take(c, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

#endif
