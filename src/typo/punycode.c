/* SPDX-License-Identifier: BSD-3-Clause
 *
 * RFC 3492, sections 6.1 to 6.3, with its parameters for IDNA (section 5).
 */
#include "punycode.h"

#include <string.h>

enum { BASE = 36, TMIN = 1, TMAX = 26, SKEW = 38, DAMP = 700, BIAS = 72, FIRST = 0x80 };
#define CODE_POINT_MAX 0x10ffffu

static uint32_t adapt(uint32_t delta, uint32_t points, int first)
{
	uint32_t k = 0;

	delta = first ? delta / DAMP : delta / 2;
	delta += delta / points;
	for (; delta > (BASE - TMIN) * TMAX / 2; k += BASE)
		delta /= BASE - TMIN;
	return k + (BASE - TMIN + 1) * delta / (delta + SKEW);
}

static uint32_t threshold(uint32_t k, uint32_t bias)
{
	return k <= bias + TMIN ? TMIN : k >= bias + TMAX ? TMAX : k - bias;
}

static int digit_value(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		return c - 'a';
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	return c >= '0' && c <= '9' ? c - '0' + 26 : -1;
}

int ts_punycode_decode(const uint8_t *in, size_t len, uint32_t *out, size_t max)
{
	uint32_t n = FIRST, i = 0, bias = BIAS;
	size_t points = 0, at = 0;

	for (size_t j = len; j-- > 0;) {
		if (in[j] != '-')
			continue;
		for (; points < j; points++) { /* the ASCII part stands before the last hyphen */
			if (points == max)
				return TS_ERANGE;
			if (in[points] >= FIRST)
				return TS_EINVAL;
			out[points] = in[points];
		}
		at = j + 1;
		break;
	}
	while (at < len) {
		uint32_t before = i, w = 1;

		for (uint32_t k = BASE;; k += BASE) {
			int digit = at < len ? digit_value(in[at++]) : -1;
			uint32_t t = threshold(k, bias);

			if (digit < 0 || (uint32_t)digit > (UINT32_MAX - i) / w)
				return TS_EINVAL;
			i += (uint32_t)digit * w;
			if ((uint32_t)digit < t)
				break;
			if (w > UINT32_MAX / (BASE - t))
				return TS_EINVAL;
			w *= BASE - t;
		}
		if (points == max)
			return TS_ERANGE;
		points++;
		bias = adapt(i - before, (uint32_t)points, before == 0);
		if (i / points > CODE_POINT_MAX - n)
			return TS_EINVAL;
		n += i / (uint32_t)points;
		i %= (uint32_t)points;
		memmove(out + i + 1, out + i, (points - 1 - i) * sizeof(*out));
		out[i++] = n;
	}
	return (int)points;
}

int ts_punycode_encode(const uint32_t *in, size_t len, uint8_t *out, size_t max)
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	uint32_t n = FIRST, delta = 0, bias = BIAS;
	size_t done = 0, basic, o = 0;

	for (size_t j = 0; j < len; j++) {
		if (in[j] > CODE_POINT_MAX)
			return TS_EINVAL;
		if (in[j] < FIRST) {
			if (o == max)
				return TS_ERANGE;
			out[o++] = (uint8_t)in[j];
		}
	}
	basic = done = o;
	if (basic) {
		if (o == max)
			return TS_ERANGE;
		out[o++] = '-';
	}
	while (done < len) {
		uint32_t m = UINT32_MAX;

		for (size_t j = 0; j < len; j++)
			if (in[j] >= n && in[j] < m)
				m = in[j];
		if (m - n > (UINT32_MAX - delta) / (done + 1))
			return TS_ERANGE;
		delta += (m - n) * (uint32_t)(done + 1);
		n = m;
		for (size_t j = 0; j < len; j++) {
			if (in[j] < n)
				delta++;
			if (in[j] != n)
				continue;
			uint32_t q = delta;
			for (uint32_t k = BASE;; k += BASE) {
				uint32_t t = threshold(k, bias);

				if (o == max)
					return TS_ERANGE;
				if (q < t)
					break;
				out[o++] = (uint8_t)digits[t + (q - t) % (BASE - t)];
				q = (q - t) / (BASE - t);
			}
			out[o++] = (uint8_t)digits[q];
			bias = adapt(delta, (uint32_t)done + 1, done == basic);
			delta = 0;
			done++;
		}
		delta++;
		n++;
	}
	return (int)o;
}
