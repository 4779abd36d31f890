/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_value.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define MAX_TTL 86400u

static int fail(const ts_value_t *v, const char *fmt, ...) TS_PRINTF(2, 3);

static int fail(const ts_value_t *v, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(v->why, TS_WHY_MAX, fmt, ap);
	va_end(ap);
	return TS_EINVAL;
}

/* The words of a TXT record: separated by blanks or commas, or by standing in strings of their own.
 */
struct words {
	const uint8_t *p, *end; /* of the rest of the record */
	const uint8_t *stop;    /* of the string at p */
};

static bool next_word(struct words *w, const char **word, size_t *len)
{
	for (;;) {
		while (w->p < w->stop && (*w->p == ' ' || *w->p == ',' || *w->p == '\t'))
			w->p++;
		if (w->p < w->stop) {
			const uint8_t *start = w->p;

			while (w->p < w->stop && *w->p != ' ' && *w->p != ',' && *w->p != '\t')
				w->p++;
			*word = (const char *)start;
			*len = (size_t)(w->p - start);
			return true;
		}
		if (w->p >= w->end)
			return false;
		w->stop = w->p + 1 + *w->p;
		w->p++;
	}
}

static int txt_words(const ts_value_t *v, struct words *w)
{
	size_t p = 0;

	if (v->rdlen == 0)
		return fail(v, "empty record");
	while (p < v->rdlen)
		p += 1 + (size_t)v->rdata[p];
	if (p != v->rdlen)
		return fail(v, "malformed TXT record");
	*w = (struct words){v->rdata, v->rdata + v->rdlen, v->rdata};
	return TS_OK;
}

int ts_value_string(const ts_value_t *v, const char **text, size_t *len)
{
	struct words w;
	int err = txt_words(v, &w);

	if (err)
		return err;
	if (v->rdlen != 1u + v->rdata[0])
		return fail(v, "wants one string, not several");
	*text = (const char *)v->rdata + 1;
	*len = v->rdata[0];
	return TS_OK;
}

/* Exactly one word. */
static int one_word(const ts_value_t *v, const char *what, const char **word, size_t *len)
{
	struct words w;
	const char *more;
	size_t more_len;
	int err = txt_words(v, &w);

	if (err)
		return err;
	if (!next_word(&w, word, len))
		return fail(v, "empty, wants %s", what);
	if (next_word(&w, &more, &more_len))
		return fail(v, "wants %s, and only one", what);
	return TS_OK;
}

int ts_value_action(const ts_value_t *v, ts_action_t *out)
{
	const char *word;
	size_t len;
	int err = one_word(v, "an action", &word, &len);

	if (err)
		return err;
	int action = ts_action_find(word, len);
	if (action < 0)
		return fail(v,
			"'%.*s' is no action: sinkhole, nullmx, nxdomain, nodata, refused, defer, "
			"observe, pass",
			(int)len, word);
	*out = (ts_action_t)action;
	return TS_OK;
}

int ts_value_ttl(const ts_value_t *v, uint32_t *out)
{
	const char *word;
	size_t len;
	uint32_t n = 0;
	int err = one_word(v, "a number of seconds", &word, &len);

	if (err)
		return err;
	for (size_t i = 0; i < len; i++) {
		if (word[i] < '0' || word[i] > '9' || len > 9)
			return fail(v, "'%.*s' is no number of seconds", (int)len, word);
		n = n * 10 + (uint32_t)(word[i] - '0');
	}
	if (n > MAX_TTL)
		return fail(v,
			"%.*s seconds are too long: at most %u, so that a mistake can be undone",
			(int)len, word, MAX_TTL);
	*out = n;
	return TS_OK;
}

int ts_value_score(const ts_value_t *v, uint16_t *out)
{
	const char *word;
	size_t len, i = 0;
	unsigned n = 0, scale = TS_SCORE_ONE;
	int err = one_word(v, "a score from 0.00 to 1.00", &word, &len);

	if (err)
		return err;
	if (len > 0 && (word[0] == '0' || word[0] == '1')) {
		n = (unsigned)(word[i++] - '0') * TS_SCORE_ONE;
		if (i < len && word[i] == '.' && i + 1 < len) {
			for (i++; i < len && word[i] >= '0' && word[i] <= '9'; i++) {
				scale /= 10;
				n += (unsigned)(word[i] - '0') * scale;
				if (scale == 0 && word[i] != '0')
					return fail(v, "'%.*s' has more than four decimals",
						(int)len, word);
			}
		}
	}
	if (i == 0 || i != len || n > TS_SCORE_ONE)
		return fail(v, "'%.*s' is no score from 0.00 to 1.00", (int)len, word);
	*out = (uint16_t)n;
	return TS_OK;
}

static bool is_word(const char *word, size_t len, const char *what)
{
	return strlen(what) == len && strncasecmp(word, what, len) == 0;
}

int ts_value_qtypes(const ts_value_t *v, unsigned *out)
{
	static const struct {
		const char *name;
		unsigned bit;
	} types[] = {{"MX", QTYPE_MX}, {"A", QTYPE_A}, {"AAAA", QTYPE_AAAA}, {"HTTPS", QTYPE_HTTPS},
		{"SVCB", QTYPE_SVCB}, {"SRV", QTYPE_SRV}};
	struct words w;
	const char *word;
	size_t len;
	unsigned set = 0;
	int err = txt_words(v, &w);

	if (err)
		return err;
	while (next_word(&w, &word, &len)) {
		unsigned bit = 0;

		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			if (is_word(word, len, types[i].name))
				bit = types[i].bit;
		}
		if (!bit && (is_word(word, len, "ANY") || is_word(word, len, "TXT")))
			return fail(v,
				"%.*s cannot be named: ANY, and TXT of _mta-sts, go with the "
				"others",
				(int)len, word);
		if (!bit)
			return fail(v, "'%.*s' is none of MX, A, AAAA, HTTPS, SVCB, SRV", (int)len,
				word);
		set |= bit;
	}
	if (!set)
		return fail(v, "empty, wants query types");
	/* An MTA-STS policy of the stranger's must not decide where mail goes. */
	if (set & QTYPE_MX)
		set |= QTYPE_MTA_STS;
	*out = set | QTYPE_ANY;
	return TS_OK;
}

int ts_value_classes(const ts_value_t *v, ts_class_set_t *out, ts_class_set_t *named)
{
	struct words w;
	const char *word;
	size_t len;
	ts_class_set_t add = 0, take = 0, all;
	bool absolute = false, any = false;
	int err = txt_words(v, &w);

	if (err)
		return err;
	*named = 0;
	all = ts_class_count() >= 64 ? ~(ts_class_set_t)0
				     : ((ts_class_set_t)1 << ts_class_count()) - 1;
	while (next_word(&w, &word, &len)) {
		bool minus = *word == '-';
		int id;

		any = true;
		if (minus) {
			word++;
			len--;
		}
		absolute = absolute || !minus;
		if (!minus && is_word(word, len, "default")) {
			add |= ts_class_defaults();
			continue;
		}
		if (!minus && is_word(word, len, "all")) {
			add |= all;
			continue;
		}
		id = ts_class_find(word, len);
		if (id < 0)
			return fail(v,
				"'%.*s' is no typo class ('typosink check --classes' lists them)",
				(int)len, word);
		if (id == TS_CLASS_DECLARED)
			return fail(v,
				"'%.*s' cannot be switched: leave `typo` records out instead",
				(int)len, word);
		if (minus)
			take |= (ts_class_set_t)1 << id;
		else
			*named |= (ts_class_set_t)1 << id;
	}
	if (!any)
		return fail(v, "empty, wants typo classes");
	if (*named & take)
		return fail(v, "a class is both named and taken away");
	add |= *named;
	*out = (absolute ? add : ts_class_defaults()) & ~take;
	return TS_OK;
}

int ts_value_evidence(const ts_value_t *v, unsigned *out)
{
	struct words w;
	const char *word;
	size_t len;
	unsigned set = 0;
	int err = txt_words(v, &w);

	if (err)
		return err;
	while (next_word(&w, &word, &len)) {
		if (is_word(word, len, "listed"))
			set |= TS_EVIDENCE_LISTED;
		else if (is_word(word, len, "dns"))
			set |= TS_EVIDENCE_DNS;
		else
			return fail(v, "'%.*s' is no evidence: listed, dns", (int)len, word);
	}
	if (!set)
		return fail(v, "empty, wants listed, dns or both (`typo-always` needs none)");
	*out = set;
	return TS_OK;
}

int ts_value_until(const ts_value_t *v, time_t *out)
{
	const char *word;
	size_t len;
	int err = one_word(v, "a date (YYYY-MM-DD)", &word, &len);

	if (err)
		return err;
	if (ts_policy_date(word, len, out) != TS_OK)
		return fail(v, "'%.*s' is no date (YYYY-MM-DD)", (int)len, word);
	return TS_OK;
}

int ts_value_text(const ts_value_t *v, ts_arena_t *arena, const char **out)
{
	struct words w;
	size_t o = 0;
	int err = txt_words(v, &w);

	if (err)
		return err;
	char *text = ts_arena_alloc(arena, (size_t)v->rdlen + 1);
	if (!text)
		return TS_ENOMEM;
	for (size_t p = 0; p < v->rdlen; p += 1 + (size_t)v->rdata[p]) {
		memcpy(text + o, v->rdata + p + 1, v->rdata[p]);
		o += v->rdata[p];
	}
	if (memchr(text, 0, o))
		return fail(v, "NUL octet in a text");
	*out = text;
	return TS_OK;
}

int ts_value_name(const ts_value_t *v, ts_name_t *out)
{
	if (ts_name_from_wire(out, v->rdata, v->rdlen) != TS_OK)
		return fail(v, "malformed name");
	return TS_OK;
}

int ts_value_mx(const ts_value_t *v, ts_name_t *host)
{
	ts_name_t name;

	if (v->rdlen < 3 || ts_name_from_wire(&name, v->rdata + 2, v->rdlen - 2u) != TS_OK)
		return fail(v, "malformed MX record");
	if (name.nlabels == 0)
		return fail(v,
			"the exchange is the root: action \"nullmx\" says that nobody takes mail");
	*host = name;
	return TS_OK;
}

int ts_value_prefixes(
	const ts_value_t *v, ts_arena_t *arena, const ts_client_rule_t **out, size_t *count)
{
	const uint8_t *p = v->rdata, *end = v->rdata + v->rdlen;
	size_t n = 0;

	if (v->rdlen == 0)
		return fail(v, "empty, wants address prefixes");
	/* The shortest item has four octets. */
	ts_client_rule_t *rules = ts_arena_alloc(arena, sizeof(*rules) * (v->rdlen / 4u + 1));
	if (!rules)
		return TS_ENOMEM;
	while (p < end) {
		ts_client_rule_t *r = &rules[n];
		unsigned family, octets, bits;

		if (end - p < 4)
			return fail(v, "malformed APL record");
		family = (unsigned)p[0] << 8 | p[1];
		octets = p[3] & 0x7f;
		if (family != 1 && family != 2)
			return fail(
				v, "address family %u is neither 1 (IPv4) nor 2 (IPv6)", family);
		bits = family == 1 ? 32 : 128;
		if (p[2] > bits || octets > bits / 8 || end - p < 4 + (int)octets)
			return fail(v, "malformed APL record");
		r->exclude = p[3] & 0x80;
		r->prefix = (ts_prefix_t){.family = family == 1 ? 4 : 6, .bits = p[2]};
		memcpy(r->prefix.addr, p + 4, octets);
		for (unsigned bit = p[2]; bit < bits; bit++) {
			if (r->prefix.addr[bit / 8] >> (7 - bit % 8) & 1)
				return fail(
					v, "a prefix of %u bits has bits set behind them", p[2]);
		}
		p += 4 + octets;
		n++;
	}
	*out = rules;
	*count = n;
	return TS_OK;
}
