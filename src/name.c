/* SPDX-License-Identifier: BSD-3-Clause */
#include "name.h"

#include <string.h>

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* A label of 45 octets may be taken for a hyphen. */
bool ts_name_lower(uint8_t *out, const uint8_t *in, size_t len)
{
	const uint64_t ones = 0x0101010101010101u;
	uint64_t octets, odd = 0; /* the top bit of an octet: it may not be plain */

	if (len < sizeof(octets)) {
		uint32_t first, last;

		if (len >= sizeof(first)) { /* all of it, some of it twice */
			memcpy(&first, in, sizeof(first));
			memcpy(&last, in + len - sizeof(last), sizeof(last));
			octets = ts_lower8((uint64_t)last << 32 | first);
			first = (uint32_t)octets;
			last = (uint32_t)(octets >> 32);
			memcpy(out, &first, sizeof(first));
			memcpy(out + len - sizeof(last), &last, sizeof(last));
			return !((octets | ((octets ^ '-' * ones) - ones)) & 0x80 * ones);
		}
		for (; len; len--) {
			odd |= *in & 0x80 || *in == '-' ? 0x80 : 0;
			*out++ = lower(*in++);
		}
		return !odd;
	}
	for (size_t i = 0, last = len - sizeof(octets);; i += sizeof(octets)) {
		if (i > last)
			i = last; /* the rest, and some of it again */
		memcpy(&octets, in + i, sizeof(octets));
		octets = ts_lower8(octets);
		memcpy(out + i, &octets, sizeof(octets));
		odd |= octets | ((octets ^ '-' * ones) - ones);
		if (i == last)
			return !(odd & 0x80 * ones);
	}
}

int ts_name_from_wire(ts_name_t *name, const uint8_t *wire, size_t len)
{
	size_t p = 0;
	unsigned n = 0;

	if (len == 0 || len > TS_NAME_MAX)
		return TS_EINVAL;
	for (size_t label; (label = wire[p]) != 0; p += 1 + label) {
		/* The root label must still fit behind this one. */
		if (label > TS_LABEL_MAX || p + 1 + label >= len)
			return TS_EINVAL;
		name->off[n++] = (uint8_t)p;
	}
	if (p + 1 != len)
		return TS_EINVAL;
	name->plain = ts_name_lower(name->wire, wire, len);
	name->off[n] = (uint8_t)p;
	name->nlabels = (uint8_t)n;
	name->len = (uint8_t)len;
	return TS_OK;
}

static int fail(const char **why, const char *sentence, int err)
{
	if (why)
		*why = sentence;
	return err;
}

int ts_name_from_text(ts_name_t *name, const char *text, size_t len, const char **why)
{
	size_t out = 1, label = 0; /* label: where the length octet of the open label stands */
	unsigned n = 0;
	uint8_t wire[TS_NAME_MAX];

	if (len == 0)
		return fail(why, "empty name", TS_EINVAL);
	if (len == 1 && text[0] == '.') {
		static const uint8_t root[1] = {0};
		return ts_name_from_wire(name, root, 1);
	}
	for (size_t i = 0; i <= len; i++) {
		if (i == len || text[i] == '.') {
			size_t octets = out - label - 1;

			if (octets == 0) {
				if (i == len && n > 0) /* the final dot was there */
					break;
				return fail(why, "empty label", TS_EINVAL);
			}
			if (octets > TS_LABEL_MAX)
				return fail(why, "label longer than 63 octets", TS_ERANGE);
			wire[label] = (uint8_t)octets;
			if (out >= TS_NAME_MAX)
				return fail(why, "name longer than 255 octets", TS_ERANGE);
			label = out++;
			n++;
			continue;
		}
		unsigned c = (unsigned char)text[i];
		if (c == '\\') {
			if (i + 1 >= len)
				return fail(why, "escape at the end of the name", TS_EINVAL);
			c = (unsigned char)text[++i];
			if (c >= '0' && c <= '9') {
				if (i + 2 >= len || text[i + 1] < '0' || text[i + 1] > '9' ||
					text[i + 2] < '0' || text[i + 2] > '9')
					return fail(why, "\\DDD needs three digits", TS_EINVAL);
				c = (c - '0') * 100 + (unsigned)(text[i + 1] - '0') * 10 +
				    (unsigned)(text[i + 2] - '0');
				if (c > 255)
					return fail(why, "\\DDD above 255", TS_EINVAL);
				i += 2;
			}
		} else if (c <= 0x20 || c == 0x7f) {
			return fail(why, "blank or control character in a name", TS_EINVAL);
		}
		if (out >= TS_NAME_MAX)
			return fail(why, "name longer than 255 octets", TS_ERANGE);
		wire[out++] = (uint8_t)c;
	}
	wire[label] = 0;
	return ts_name_from_wire(name, wire, label + 1);
}

static bool is_special(uint8_t c)
{
	return c == '.' || c == '\\' || c == '"' || c == ';' || c == '(' || c == ')' || c == '@' ||
	       c == '$';
}

size_t ts_name_to_text(const uint8_t *wire, char *buf, size_t size)
{
	size_t o = 0;

	if (size == 0)
		return 0;
	if (*wire == 0 && size > 1)
		buf[o++] = '.';
	for (bool first = true; *wire; first = false) {
		size_t label = *wire++;

		if (!first && o + 1 < size)
			buf[o++] = '.';
		for (; label; label--, wire++) {
			uint8_t c = *wire;

			if (c <= 0x20 || c >= 0x7f) {
				if (o + 4 >= size)
					break;
				buf[o++] = '\\';
				buf[o++] = (char)('0' + c / 100);
				buf[o++] = (char)('0' + c / 10 % 10);
				buf[o++] = (char)('0' + c % 10);
			} else {
				if (is_special(c)) {
					if (o + 2 >= size)
						break;
					buf[o++] = '\\';
				}
				if (o + 1 < size)
					buf[o++] = (char)c;
			}
		}
		wire += label; /* what a full buffer cut off */
	}
	buf[o] = '\0';
	return o;
}

size_t ts_name_wire_len(const uint8_t *wire)
{
	const uint8_t *p = wire;

	while (*p)
		p += 1 + *p;
	return (size_t)(p - wire) + 1;
}

unsigned ts_name_wire_labels(const uint8_t *wire)
{
	unsigned n = 0;

	for (; *wire; wire += 1 + *wire)
		n++;
	return n;
}

bool ts_name_is_below(const ts_name_t *name, const uint8_t *zone, size_t zone_len)
{
	unsigned labels = ts_name_wire_labels(zone);

	if (labels > name->nlabels)
		return false;
	unsigned i = name->nlabels - labels;
	return ts_name_suffix_len(name, i) == zone_len &&
	       memcmp(ts_name_suffix(name, i), zone, zone_len) == 0;
}

int ts_name_compare(const uint8_t *a, const uint8_t *b)
{
	const uint8_t *la[TS_LABELS_MAX], *lb[TS_LABELS_MAX];
	unsigned na = 0, nb = 0;

	for (; *a; a += 1 + *a)
		la[na++] = a;
	for (; *b; b += 1 + *b)
		lb[nb++] = b;
	while (na && nb) {
		const uint8_t *x = la[--na], *y = lb[--nb];
		int order = memcmp(x + 1, y + 1, *x < *y ? *x : *y);

		if (order)
			return order;
		if (*x != *y)
			return *x < *y ? -1 : 1;
	}
	return (na > nb) - (na < nb);
}

int ts_name_splice(ts_name_t *out, const ts_name_t *name, unsigned labels, unsigned keep,
	const uint8_t *zone, size_t zone_len)
{
	size_t at = name->off[labels];
	size_t mid = keep ? 1 + (size_t)keep : 0;
	unsigned n = labels;

	if (at + mid + zone_len > TS_NAME_MAX)
		return TS_ERANGE;
	/* What is kept stays at its place; out may be name. */
	if (out != name) {
		memcpy(out->off, name->off, labels);
		memcpy(out->wire, name->wire, at + mid);
	}
	if (keep) {
		out->off[n++] = (uint8_t)at;
		out->wire[at] = (uint8_t)keep;
	}
	out->plain = ts_name_lower(out->wire + at + mid, zone, zone_len) && name->plain;
	for (at += mid; out->wire[at]; at += 1 + (size_t)out->wire[at])
		out->off[n++] = (uint8_t)at;
	out->off[n] = (uint8_t)at;
	out->nlabels = (uint8_t)n;
	out->len = (uint8_t)(at + 1);
	return TS_OK;
}
