/* SPDX-License-Identifier: BSD-3-Clause */
#include "lookalike.h"

#include "punycode.h"

#include <string.h>

static const struct ts_lookalike *look_up(uint32_t point)
{
	unsigned low = 0, high = ts_nlookalikes;

	while (low < high) {
		unsigned mid = (low + high) / 2;

		if (ts_lookalikes[mid].point == point)
			return &ts_lookalikes[mid];
		if (ts_lookalikes[mid].point < point)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* Symbols and the like: whoever typed them has them by accident, or as decoration. */
static bool is_decoration(uint32_t point)
{
	return (point >= 0x200b && point <= 0x200f) || (point >= 0x2010 && point <= 0x2bff) ||
	       (point >= 0xfe00 && point <= 0xfe0f) || (point >= 0x1f000 && point <= 0x1faff) ||
	       point == 0xfeff || point == 0xad;
}

static int decode_utf8(const uint8_t *s, size_t len, uint32_t *out)
{
	int n = 0;

	for (size_t i = 0; i < len;) {
		unsigned more = s[i] < 0x80   ? 0
				: s[i] < 0xc2 ? 9
				: s[i] < 0xe0 ? 1
				: s[i] < 0xf0 ? 2
					      : 3;
		uint32_t c = more ? s[i] & (0x3fu >> more) : s[i];

		if (more == 9 || i + more >= len + (more == 0))
			return -1;
		for (i++; more; more--, i++) {
			if ((s[i] & 0xc0) != 0x80)
				return -1;
			c = c << 6 | (s[i] & 0x3fu);
		}
		out[n++] = c;
	}
	return n;
}

/* One label in plain letters; 0: it has some that look like none, or is plain already. */
static size_t plain_label(const uint8_t *label, uint8_t *out)
{
	uint32_t points[TS_LABEL_MAX];
	size_t len = *label, o = 0;
	bool wide = false;
	int n;

	for (size_t i = 1; i <= len; i++)
		wide |= label[i] >= 0x80;
	if (wide)
		n = decode_utf8(label + 1, len, points);
	else if (len > 4 && memcmp(label + 1, "xn--", 4) == 0)
		n = ts_punycode_decode(label + 5, len - 4, points, TS_LABEL_MAX);
	else
		return 0;
	for (int i = 0; i < n; i++) {
		const struct ts_lookalike *like;

		if (points[i] < 0x80) {
			if (o == TS_LABEL_MAX)
				return 0;
			out[o++] = (uint8_t)points[i];
			continue;
		}
		like = look_up(points[i]);
		if (!like && is_decoration(points[i]))
			continue;
		if (!like)
			return 0;
		for (unsigned k = 0; k < sizeof(like->plain) && like->plain[k]; k++) {
			if (o == TS_LABEL_MAX)
				return 0;
			out[o++] = (uint8_t)like->plain[k];
		}
	}
	return o;
}

bool ts_lookalike_name(const ts_name_t *name, ts_name_t *seen)
{
	uint8_t wire[TS_NAME_MAX], plain[TS_LABEL_MAX];
	size_t o = 0;
	bool any = false;

	if (name->plain) /* as most names are */
		return false;
	for (unsigned i = 0; i < name->nlabels; i++) {
		const uint8_t *label = ts_name_suffix(name, i), *from = label + 1;
		size_t n = plain_label(label, plain);

		if (n)
			from = plain, any = true;
		else
			n = *label;
		if (o + 2 + n > sizeof(wire))
			return false;
		wire[o++] = (uint8_t)n;
		memcpy(wire + o, from, n);
		o += n;
	}
	if (!any)
		return false;
	wire[o++] = 0;
	return ts_name_from_wire(seen, wire, o) == TS_OK;
}
