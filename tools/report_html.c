/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "report_html.h"

#include "../src/alert/clock.h"

#include <inttypes.h>
#include <string.h>

#define REPLACEMENT 0xfffd

/* What cannot be seen, or turns the order of what can: shown by its number. */
static bool is_hidden(uint32_t c)
{
	static const uint32_t ranges[][2] = {
		{0x00, 0x1f},
		{0x7f, 0x9f},
		{0xad, 0xad},
		{0x34f, 0x34f},
		{0x61c, 0x61c},
		{0x115f, 0x1160},
		{0x17b4, 0x17b5},
		{0x180b, 0x180f},
		{0x200b, 0x200f},
		{0x2028, 0x202e},
		{0x2060, 0x206f},
		{0x3164, 0x3164},
		{0xd800, 0xf8ff},
		{0xfe00, 0xfe0f},
		{0xfeff, 0xfeff},
		{0xffa0, 0xffa0},
		{0xfff0, 0xfffb},
		{0xe0000, 0x10ffff},
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	}
	return false;
}

/* One character. \return its octets; an octet that is no UTF-8 is U+FFFD, and one octet long. */
static size_t take_char(const char *p, const char *end, uint32_t *c)
{
	unsigned char first = (unsigned char)*p;
	size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	*c = n == 1 ? first : first & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if (p + i >= end || ((unsigned char)p[i] & 0xc0) != 0x80) {
			n = 0;
			break;
		}
		*c = *c << 6 | ((unsigned char)p[i] & 0x3f);
	}
	if (n == 0)
		*c = REPLACEMENT;
	return n ? n : 1;
}

static void put_textn(FILE *out, const char *text, size_t len)
{
	const char *end = text + len;
	uint32_t c;

	while (text < end) {
		size_t n = take_char(text, end, &c);
		if (c == '&')
			fputs("&amp;", out);
		else if (c == '<')
			fputs("&lt;", out);
		else if (c == '>')
			fputs("&gt;", out);
		else if (c == '"')
			fputs("&quot;", out);
		else if (c == '\'')
			fputs("&#39;", out);
		else if (is_hidden(c))
			fprintf(out, "[U+%04" PRIX32 "]", c);
		else if (c == REPLACEMENT)
			fputs("\xef\xbf\xbd", out);
		else
			fwrite(text, 1, n, out);
		text += n;
	}
}

void html_text(FILE *out, const char *text)
{
	put_textn(out, text, strlen(text));
}

void html_name(FILE *out, const char *name)
{
	if (!*name) {
		fputs("<span class=\"none\">–</span>", out);
		return;
	}
	fputs("<bdi class=\"name\">", out);
	html_text(out, name);
	fputs("</bdi>", out);
}

static bool starts_char(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

void html_compared(FILE *out, const char *name, const char *other)
{
	size_t n = strlen(name), m = strlen(other), head = 0, tail = 0;

	if (!*name || !*other) {
		html_name(out, name);
		return;
	}
	while (head < n && head < m && name[head] == other[head])
		head++;
	while (head > 0 && !(starts_char(name[head]) && starts_char(other[head])))
		head--;
	while (tail < n - head && tail < m - head && name[n - 1 - tail] == other[m - 1 - tail])
		tail++;
	while (tail > 0 && !starts_char(name[n - tail]))
		tail--;
	fputs("<bdi class=\"name\">", out);
	put_textn(out, name, head);
	if (n - head - tail > 0) {
		fputs("<mark>", out);
		put_textn(out, name + head, n - head - tail);
		fputs("</mark>", out);
	}
	put_textn(out, name + n - tail, tail);
	fputs("</bdi>", out);
}

const char *html_grouped(uint64_t n, char buf[32])
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n), to = 0;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			buf[to++] = ',';
		buf[to++] = digits[i];
	}
	buf[to] = '\0';
	return buf;
}

void html_number(FILE *out, uint64_t n)
{
	char buf[32];

	fprintf(out, "<data value=\"%" PRIu64 "\">%s</data>", n, html_grouped(n, buf));
}

void html_count(FILE *out, uint64_t n, const char *one, const char *many)
{
	html_number(out, n);
	fprintf(out, " %s", n == 1 ? one : many);
}

void html_time(FILE *out, int64_t us)
{
	char stamp[TS_TIME_TEXT_MAX];

	if (us <= 0) {
		fputs("<span class=\"none\">–</span>", out);
		return;
	}
	ts_time_text(us, stamp);
	fprintf(out, "<time datetime=\"%.19sZ\">%.10s&nbsp;%.5s</time>", stamp, stamp, stamp + 11);
}
