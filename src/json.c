/* SPDX-License-Identifier: BSD-3-Clause */
#include "json.h"

#include <inttypes.h>
#include <stdio.h>
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

static void put_string(ts_json_t *j, const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	put(j, "\"", 1);
	for (size_t i = 0; i < len;) {
		size_t n = utf8_sequence(s + i, len - i);

		if (n == 0) {
			put(j, "\xef\xbf\xbd", 3);
			n = 1;
		} else if (s[i] == '"' || s[i] == '\\') {
			char escape[2] = {'\\', (char)s[i]};

			put(j, escape, 2);
		} else if (s[i] < 0x20 || s[i] == 0x7f) {
			char escape[7];

			snprintf(escape, sizeof(escape), "\\u%04x", s[i]);
			put(j, escape, 6);
		} else {
			put(j, text + i, n);
		}
		i += n;
	}
	put(j, "\"", 1);
}

/* What stands before a value: a comma where one is due, and the key. */
static void lead(ts_json_t *j, const char *key)
{
	if (j->comma)
		put(j, ",", 1);
	j->comma = true;
	if (key) {
		put_string(j, key, strlen(key));
		put(j, ":", 1);
	}
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
	char text[24];
	int n = snprintf(text, sizeof(text), "%" PRId64, value);

	lead(j, key);
	put(j, text, (size_t)n);
}

void ts_json_fixed(ts_json_t *j, const char *key, int64_t value, unsigned digits)
{
	char text[48];
	uint64_t scale = 1, magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	int n;

	for (unsigned i = 0; i < digits; i++)
		scale *= 10;
	lead(j, key);
	n = snprintf(text, sizeof(text), "%s%" PRIu64, value < 0 ? "-" : "", magnitude / scale);
	put(j, text, (size_t)n);
	if (digits) {
		n = snprintf(text, sizeof(text), ".%0*" PRIu64, (int)digits, magnitude % scale);
		put(j, text, (size_t)n);
	}
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
