/* SPDX-License-Identifier: BSD-3-Clause */
#include "spelling.h"

#include "likeness.h"
#include "lookalike.h"
#include "punycode.h"

#include <string.h>

static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

/* A label under way to its taker. */
struct pen {
	ts_spelling_fn fn;
	void *arg;
	uint8_t out[1 + TS_LABEL_MAX];
};

/* head, then middle, then tail. What no host may be called is left out: RFC 952, no hyphen at
 * either end. */
static int write_label(struct pen *pen, const uint8_t *head, size_t nhead, const void *middle,
	size_t nmiddle, const uint8_t *tail, size_t ntail)
{
	size_t n = nhead + nmiddle + ntail;

	if (n == 0 || n > TS_LABEL_MAX)
		return 0;
	pen->out[0] = (uint8_t)n;
	memcpy(pen->out + 1, head, nhead);
	memcpy(pen->out + 1 + nhead, middle, nmiddle);
	memcpy(pen->out + 1 + nhead + nmiddle, tail, ntail);
	if (pen->out[1] == '-' || pen->out[n] == '-')
		return 0;
	return pen->fn(pen->arg, pen->out, 1 + n);
}

/* What of one spelling stands for `from` in the other. */
static int replace_all(
	struct pen *pen, const uint8_t *s, size_t n, const char *from, const char *to)
{
	size_t nfrom = strlen(from);
	int stop = 0;

	for (size_t i = 0; i + nfrom <= n && !stop; i++)
		if (memcmp(s + i, from, nfrom) == 0)
			stop = write_label(pen, s, i, to, strlen(to), s + i + nfrom, n - i - nfrom);
	return stop;
}

static int replace_pair(
	struct pen *pen, const uint8_t *s, size_t n, const char *one, const char *other)
{
	int stop = replace_all(pen, s, n, one, other);

	return stop ? stop : replace_all(pen, s, n, other, one);
}

/* Letters of other scripts, of those that registries take: Latin with marks, Greek, Cyrillic. */
static int write_idns(struct pen *pen, const uint8_t *s, size_t n)
{
	int stop = 0;

	for (unsigned k = 0; k < ts_nlookalikes && !stop; k++) {
		const struct ts_lookalike *like = &ts_lookalikes[k];
		uint32_t points[TS_LABEL_MAX];

		if (like->plain[1] ||
			!(like->point < 0x590 || (like->point >= 0x1e00 && like->point < 0x1f00)))
			continue;
		for (size_t i = 0; i < n && !stop; i++) {
			uint8_t ace[TS_LABEL_MAX];

			if (s[i] != (uint8_t)like->plain[0])
				continue;
			for (size_t j = 0; j < n; j++)
				points[j] = j == i ? like->point : s[j];
			int len = ts_punycode_encode(points, n, ace, sizeof(ace));
			if (len > 0)
				stop = write_label(pen, ace, 0, "xn--", 4, ace, (size_t)len);
		}
	}
	return stop;
}

int ts_spelling_label(const uint8_t *label, ts_class_set_t classes, ts_spelling_fn fn, void *arg)
{
	struct pen pen = {.fn = fn, .arg = arg};
	const uint8_t *s = label + 1;
	size_t n = *label;
	int stop = 0;

	for (size_t i = 0; i < n && !stop; i++)
		stop = write_label(&pen, s, i, "", 0, s + i + 1, n - i - 1);
	for (size_t i = 0; i + 1 < n && !stop; i++)
		if (s[i] != s[i + 1])
			stop = write_label(
				&pen, s, i, (uint8_t[]){s[i + 1], s[i]}, 2, s + i + 2, n - i - 2);
	for (size_t i = 0; i + 2 < n && !stop; i++) {
		stop = write_label(
			&pen, s, i, (uint8_t[]){s[i + 1], s[i + 2], s[i]}, 3, s + i + 3, n - i - 3);
		if (!stop)
			stop = write_label(&pen, s, i, (uint8_t[]){s[i + 2], s[i], s[i + 1]}, 3,
				s + i + 3, n - i - 3);
	}
	for (const char *c = alphabet; *c && !stop; c++) {
		for (size_t i = 0; i <= n && !stop; i++) {
			stop = write_label(&pen, s, i, c, 1, s + i, n - i);
			if (!stop && i < n && s[i] != (uint8_t)*c)
				stop = write_label(&pen, s, i, c, 1, s + i + 1, n - i - 1);
		}
	}
	for (unsigned k = 0; ts_looks[k].one && !stop; k++)
		stop = replace_pair(&pen, s, n, ts_looks[k].one, ts_looks[k].other);
	for (unsigned k = 0;
		classes & TS_CLASS_BIT(TS_CLASS_SOUNDSQUAT) && ts_sounds[k].one && !stop; k++)
		stop = replace_pair(&pen, s, n, ts_sounds[k].one, ts_sounds[k].other);
	if (!stop && classes & TS_CLASS_BIT(TS_CLASS_IDN_LOOK_ALIKE))
		stop = write_idns(&pen, s, n);
	return stop;
}

/* Dots are 0xff in the text of a name, which no key of a keyboard writes. */
#define DOT 0xff

static int write_name(const uint8_t *text, size_t n, ts_spelling_fn fn, void *arg)
{
	uint8_t wire[TS_NAME_MAX];
	size_t start = 0;

	if (n == 0 || n + 2 > sizeof(wire))
		return 0;
	for (size_t i = 0; i <= n; i++) {
		if (i < n && text[i] != DOT) {
			wire[i + 1] = text[i];
			continue;
		}
		if (i == start || i - start > TS_LABEL_MAX || text[start] == '-' ||
			text[i - 1] == '-')
			return 0;
		wire[start] = (uint8_t)(i - start);
		start = i + 1;
	}
	wire[n + 1] = 0;
	return fn(arg, wire, n + 2);
}

int ts_spelling_dots(const ts_name_t *name, ts_spelling_fn fn, void *arg)
{
	uint8_t s[TS_NAME_MAX], t[2 * TS_NAME_MAX];
	size_t n = 0;
	int stop = 0;

	for (unsigned i = 0; i < name->nlabels; i++) {
		const uint8_t *label = ts_name_suffix(name, i);

		if (n)
			s[n++] = DOT;
		memcpy(s + n, label + 1, *label);
		n += *label;
	}
	for (size_t i = 0; i < n && !stop; i++) {
		memcpy(t, s, n);
		if (s[i] == DOT) {
			memmove(t + i, t + i + 1, n - i - 1);
			stop = write_name(t, n - 1, fn, arg);
			for (int k = -1; k <= 1 && !stop; k += 2) {
				memcpy(t, s, n);
				t[i] = t[(int)i + k];
				t[(int)i + k] = DOT;
				stop = write_name(t, n, fn, arg);
			}
		} else if (s[i] == '-') {
			t[i] = DOT;
			stop = write_name(t, n, fn, arg);
		}
		if (!stop && i) {
			memcpy(t, s, i);
			t[i] = DOT;
			memcpy(t + i + 1, s + i, n - i);
			stop = write_name(t, n + 1, fn, arg);
		}
	}
	for (unsigned k = 0; ts_generic_tlds[k] && !stop; k++) {
		size_t m = strlen(ts_generic_tlds[k]) - 1;

		memcpy(t, s, n);
		t[n] = DOT;
		memcpy(t + n + 1, ts_generic_tlds[k] + 1, m);
		stop = write_name(t, n + 1 + m, fn, arg);
	}
	for (unsigned k = 0; ts_hosts[k] && !stop; k++) {
		size_t m = strlen(ts_hosts[k]);

		memcpy(t, ts_hosts[k], m);
		memcpy(t + m, s, n);
		stop = write_name(t, n + m, fn, arg);
	}
	return stop;
}
