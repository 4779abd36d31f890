/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"

#include <string.h>

static void put(ts_json_t *j, const char *text, size_t len)
{
	/* One octet stays free for the NUL. */
	if (j->full || len >= j->size - j->len) {
		j->full = true;
		return;
	}
	memcpy(j->buf + j->len, text, len);
	j->len += len;
}

/* Length of the well-formed UTF-8 sequence at s (RFC 3629 section 4), 0 where there is none. */
static size_t utf8_sequence(const unsigned char *s, size_t len)
{
	size_t n;
	unsigned low = 0x80, high = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3;
		if (s[0] == 0xe0)
			low = 0xa0; /* overlong */
		if (s[0] == 0xed)
			high = 0x9f; /* surrogates */
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4;
		if (s[0] == 0xf0)
			low = 0x90;
		if (s[0] == 0xf4)
			high = 0x8f;
	} else {
		return 0;
	}
	if (len < n || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	}
	return n;
}

/* Octets that stand in a string as they are: printable ASCII without the two that are escaped. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* Length of the run of plain octets at s: eight at a time, since nearly all text is nothing else.
 */
static size_t plain_run(const unsigned char *s, size_t len)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	size_t n = 0;

	for (; n + 8 <= len; n += 8) {
		uint64_t v, quote, slash;

		memcpy(&v, s + n, sizeof(v));
		quote = v ^ ones * '"';
		slash = v ^ ones * '\\';
		/* A borrow out of a lower octet may set a bit too many: then the octets are looked
		 * at one by one, which decides. */
		uint64_t odd = (v - ones * 0x20) | (v + ones) | (quote - ones) | (slash - ones) | v;
		if (odd & tops)
			break;
	}
	while (n < len && is_plain(s[n]))
		n++;
	return n;
}

static void put_string(ts_json_t *j, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	put(j, "\"", 1);
	for (size_t i = 0; i < len;) {
		size_t n = plain_run(s + i, len - i);

		if (n > 0) {
			put(j, text + i, n);
		} else if ((n = utf8_sequence(s + i, len - i)) == 0) {
			put(j, "\xef\xbf\xbd", 3);
			n = 1;
		} else if (s[i] == '"' || s[i] == '\\') {
			char escape[2] = {'\\', (char)s[i]};

			put(j, escape, 2);
		} else if (n == 1) { /* a control character */
			static const char hex[] = "0123456789abcdef";
			char escape[6] = {'\\', 'u', '0', '0', hex[s[i] >> 4], hex[s[i] & 15]};

			put(j, escape, 6);
		} else {
			put(j, text + i, n);
		}
		i += n;
	}
	put(j, "\"", 1);
}

/* The decimal digits of value, at least `width` of them, before end. \return where they begin. */
static char *digits(char *end, uint64_t value, unsigned width)
{
	char *p = end;

	do
		*--p = (char)('0' + value % 10);
	while ((value /= 10) > 0 || p > end - width);
	return p;
}

/* What stands before a value: a comma where one is due, and the key. */
static void lead(ts_json_t *j, const char *key)
{
	size_t n = key ? strlen(key) : 0;
	char *p = j->buf + j->len;

	/* A key is the program's own word: nothing in it is ever escaped. */
	if (j->full || n + 4 >= j->size - j->len) {
		j->full = true;
		return;
	}
	if (j->comma)
		*p++ = ',';
	j->comma = true;
	if (key) {
		*p++ = '"';
		memcpy(p, key, n);
		p += n;
		*p++ = '"';
		*p++ = ':';
	}
	j->len = (size_t)(p - j->buf);
}

void ts_json_init(ts_json_t *j, char *buf, size_t size)
{
	*j = (ts_json_t){.buf = buf, .size = size, .full = size == 0};
}

size_t ts_json_finish(ts_json_t *j)
{
	if (j->full) {
		if (j->size)
			j->buf[0] = '\0';
		return 0;
	}
	j->buf[j->len] = '\0';
	return j->len;
}

void ts_json_object(ts_json_t *j, const char *key)
{
	lead(j, key);
	put(j, "{", 1);
	j->comma = false;
}

void ts_json_array(ts_json_t *j, const char *key)
{
	lead(j, key);
	put(j, "[", 1);
	j->comma = false;
}

void ts_json_close(ts_json_t *j, char bracket)
{
	put(j, &bracket, 1);
	j->comma = true;
}

void ts_json_str(ts_json_t *j, const char *key, const char *value)
{
	ts_json_strn(j, key, value, strlen(value));
}

void ts_json_strn(ts_json_t *j, const char *key, const char *value, size_t len)
{
	lead(j, key);
	put_string(j, value, len);
}

void ts_json_int(ts_json_t *j, const char *key, int64_t value)
{
	ts_json_fixed(j, key, value, 0);
}

void ts_json_fixed(ts_json_t *j, const char *key, int64_t value, unsigned places)
{
	char text[48], *end = text + sizeof(text), *p = end;
	uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value, scale = 1;

	for (unsigned i = 0; i < places; i++)
		scale *= 10;
	if (places > 0) {
		p = digits(p, magnitude % scale, places);
		*--p = '.';
	}
	p = digits(p, magnitude / scale, 1);
	if (value < 0)
		*--p = '-';
	lead(j, key);
	put(j, p, (size_t)(end - p));
}

void ts_json_bool(ts_json_t *j, const char *key, bool value)
{
	lead(j, key);
	if (value)
		put(j, "true", 4);
	else
		put(j, "false", 5);
}

void ts_json_null(ts_json_t *j, const char *key)
{
	lead(j, key);
	put(j, "null", 4);
}
