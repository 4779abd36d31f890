/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Text, a line a query: what dnsperf takes ("name type"), and the query logs of Unbound and BIND.
 * The form is found out line by line (one table), so that a log may hold anything between the
 * queries.
 */
#define _GNU_SOURCE
#include "internal.h"

#include "../rrtype.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define LINE_SIZE 8192
#define WORDS_MAX 12

struct state {
	bool queries_seen; /* Unbound logged queries, so that its replies are not counted again */
	char line[LINE_SIZE];
};

struct word {
	const char *at;
	size_t len;
};

static bool detect_text(const uint8_t *head, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (head[i] < 0x20 && !strchr("\t\n\r\f\033", head[i]))
			return false;
		else if (head[i] == 0)
			return false;
	return true;
}

static int open_text(ts_capture_t *capture)
{
	capture->state = calloc(1, sizeof(struct state));
	return capture->state ? TS_OK : TS_ENOMEM;
}

static void close_text(ts_capture_t *capture)
{
	free(capture->state);
}

static unsigned split(const char *line, struct word words[WORDS_MAX])
{
	unsigned n = 0;

	while (n < WORDS_MAX) {
		line += strspn(line, " \t\r");
		if (*line == '\0')
			break;
		words[n].at = line;
		words[n].len = strcspn(line, " \t\r");
		line += words[n++].len;
	}
	return n;
}

static bool address(ts_client_t *out, const char *at, size_t len)
{
	char text[INET6_ADDRSTRLEN];

	if (len >= sizeof(text))
		return false;
	memcpy(text, at, len);
	text[len] = '\0';
	if (inet_pton(AF_INET, text, out->addr) == 1)
		out->family = 4;
	else if (inet_pton(AF_INET6, text, out->addr) == 1)
		out->family = 6;
	else
		return false;
	return true;
}

static bool is_word(const struct word *w, const char *text)
{
	return strlen(text) == w->len && strncasecmp(w->at, text, w->len) == 0;
}

static int class_of(const struct word *w)
{
	static const struct {
		const char *name;
		int number;
	} classes[] = {{"IN", 1}, {"CH", 3}, {"HS", 4}, {"ANY", 255}};

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (is_word(w, classes[i].name))
			return classes[i].number;
	return -1;
}

/* The time that a log line begins with; 0: none that we know. Times without a zone are local. */
static int64_t time_of(const char *line)
{
	static const char *const forms[] = {"%Y-%m-%dT%H:%M:%S", "%d-%b-%Y %H:%M:%S"};
	char *end;

	if (*line == '[') { /* Unbound: seconds since the epoch */
		long long sec = strtoll(line + 1, &end, 10);

		return *end == ']' && sec > 0 && sec < INT64_C(1) << 36 ? sec * 1000000 : 0;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = {.tm_isdst = -1};
		const char *rest = strptime(line, forms[i], &tm);
		int64_t us = 0;

		if (!rest)
			continue;
		if (*rest == '.') {
			int64_t unit = 100000;

			for (rest++; isdigit((unsigned char)*rest); rest++, unit /= 10)
				us += (*rest - '0') * unit;
		}
		if (*rest == 'Z')
			return timegm(&tm) * INT64_C(1000000) + us;
		if (*rest == '+' || *rest == '-') {
			int hours = 0, minutes = 0;

			if (sscanf(rest + 1, "%2d%*[:]%2d", &hours, &minutes) < 2)
				sscanf(rest + 1, "%2d%2d", &hours, &minutes);
			int east = (hours * 60 + minutes) * 60 * (*rest == '+' ? 1 : -1);
			return (timegm(&tm) - east) * INT64_C(1000000) + us;
		}
		return mktime(&tm) * INT64_C(1000000) + us;
	}
	return 0;
}

/* 1: a message; 0: a line of this form, but no query; -1: not this form; -2: this form, damaged. */
typedef int line_fn(struct state *st, const char *line, ts_message_t *out, const char **why);

static int question(ts_message_t *out, const struct word *name, const struct word *type,
	const struct word *qclass, const char **why)
{
	int t = type ? ts_type_find(type->at, type->len) : TS_TYPE_MX;
	int c = qclass ? class_of(qclass) : TS_CLASS_IN;

	if (t < 0) {
		*why = "unknown record type";
		return -2;
	}
	if (c < 0) {
		*why = "unknown class";
		return -2;
	}
	if (ts_name_from_text(&out->dns.qname, name->at, name->len, why))
		return -2;
	out->dns.question = TS_QUESTION_GOOD;
	out->dns.qdcount = 1;
	out->dns.qtype = (uint16_t)t;
	out->dns.qclass = (uint16_t)c;
	return 1;
}

/* "24-Nov-2026 06:34:58.123 queries: info: client @0x7f01 192.0.2.1#53421 (example.com): view in:
 * query: example.com IN MX +E(0)TK (192.0.2.53)" */
static int line_bind(struct state *st, const char *line, ts_message_t *out, const char **why)
{
	struct word w[WORDS_MAX];
	const char *client = strstr(line, "client ");
	const char *query = strstr(line, ": query: ");

	(void)st;
	if (!client)
		return -1;
	if (!query || query < client)
		return strstr(line, "named[") ? 0 : -1;
	client += 7;
	if (*client == '@')
		client += strcspn(client, " ");
	client += strspn(client, " ");
	size_t len = strcspn(client, "# ");
	if (client[len] != '#' || !address(&out->from, client, len)) {
		*why = "no client address";
		return -2;
	}
	out->from_port = (uint16_t)strtoul(client + len + 1, NULL, 10);
	unsigned n = split(query + 9, w);
	if (n < 3) {
		*why = "no name, class and type behind 'query:'";
		return -2;
	}
	if (n > 3 && (*w[3].at == '+' || *w[3].at == '-')) {
		out->dns.recursion_desired = *w[3].at == '+';
		for (size_t i = 1; i < w[3].len; i++)
			if (w[3].at[i] == 'T')
				out->carrier = TS_CARRIER_TCP;
	}
	return question(out, &w[0], &w[2], &w[1], why);
}

/* "[1764000000] unbound[123:0] info: 192.0.2.1 example.com. MX IN", and for a reply
 * " NOERROR 0.000000 1 45" behind it; "query:" and "reply:" with log-tag-queryreply. */
static int line_unbound(struct state *st, const char *line, ts_message_t *out, const char **why)
{
	static const char *const tags[] = {" info: ", " query: ", " reply: "};
	static const char *const rcodes[] = {
		"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMPL", "REFUSED"};
	const char *unbound = strstr(line, "unbound[");
	struct word w[WORDS_MAX];
	unsigned n = 0;

	if (!unbound)
		return -1;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]) && n == 0; i++) {
		const char *at = strstr(unbound, tags[i]);

		if (at)
			n = split(at + strlen(tags[i]), w);
	}
	if (n < 4 || !address(&out->from, w[0].at, w[0].len) || class_of(&w[3]) < 0)
		return 0;
	if (n == 4) {
		st->queries_seen = true;
	} else if (st->queries_seen) {
		out->dns.response = true;
		for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++)
			if (is_word(&w[4], rcodes[i]))
				out->dns.rcode = (uint8_t)i;
	}
	return question(out, &w[1], &w[2], &w[3], why);
}

/* "example.com MX", "example.com IN MX", or a bare name, which is asked for its MX. */
static int line_plain(struct state *st, const char *line, ts_message_t *out, const char **why)
{
	struct word w[WORDS_MAX];
	unsigned n = split(line, w);

	(void)st;
	if (n > 3) {
		*why = "more than a name, a class and a type";
		return -2;
	}
	return question(out, &w[0], n > 1 ? &w[n - 1] : NULL, n > 2 ? &w[1] : NULL, why);
}

static line_fn *const forms[] = {line_bind, line_unbound, line_plain};

/* Reads a line. \return its length; -1: the end; -2: longer than we read. */
static ssize_t read_line(ts_capture_t *capture, char *line)
{
	size_t n = 0;
	int c;

	while ((c = getc_unlocked(capture->stream)) != EOF && c != '\n')
		if (n < LINE_SIZE)
			line[n++] = c ? (char)c : '?';
	if (c == EOF && n == 0)
		return -1;
	if (n == LINE_SIZE)
		return -2;
	line[n] = '\0';
	return (ssize_t)n;
}

static int next_text(ts_capture_t *capture, ts_message_t *out)
{
	struct state *st = capture->state;

	for (;;) {
		const char *why = "";
		ssize_t n = read_line(capture, st->line);
		int got = -1;

		if (n == -1) {
			if (!ts_source_error(capture->source))
				return 0;
			ts_capture_fail(capture, "%s", ts_source_error(capture->source));
			return TS_EIO;
		}
		capture->stats.frames++;
		if (n == -2) {
			ts_flaw(capture, TS_FLAW_LINE, "longer than %d characters", LINE_SIZE - 1);
			continue;
		}
		size_t blank = strspn(st->line, " \t\r");
		if (st->line[blank] == '\0' || strchr("#;", st->line[blank]))
			continue;
		for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && got == -1; i++) {
			memset(out, 0, offsetof(ts_message_t, dns.qname));
			out->carrier = TS_CARRIER_NONE;
			out->dns.recursion_desired = true;
			got = forms[i](st, st->line, out, &why);
		}
		if (got == 0)
			ts_unread(capture, "log line", 0, "no query");
		if (got == -2)
			ts_flaw(capture, TS_FLAW_LINE, "%s", why);
		if (got != 1)
			continue;
		out->frame = capture->stats.frames;
		out->time_us = time_of(st->line);
		if (out->dns.response)
			capture->stats.responses++;
		else
			capture->stats.queries++;
		return 1;
	}
}

const ts_kind_t ts_kind_text = {"text", "line", detect_text, open_text, next_text, close_text};
