/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink replay: what would a policy have done to the look-ups in a recording?
 *
 * One pass over the inputs, a verdict a query. Only where a verdict depends on whether a name
 * exists, and the inputs can be read twice, they are read ahead once for answers that settle it.
 * Memory does not grow with the length of the inputs: what is counted by name is bounded.
 */
#define _GNU_SOURCE
#include "alert_event.h"
#include "command.h"
#include "policies.h"
#include "replay_live.h"
#include "verdict_json.h"

#include "../src/capture/capture.h"
#include "../src/namemap.h"
#include "../src/rrtype.h"
#include "../src/typo/suffix.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAMES_MAX (1u << 20) /* names that are kept of each sort; what is beyond is said */
#define PORTS_MAX 16
#define TOP_NAMES 10
#define DIFFERENCES_TOLD 20
#define SUGGEST_CLIENTS 3 /* what regular, two-way mail looks like */
#define SUGGEST_DAYS 2
#define SUGGEST_TRACK 16 /* clients and days told apart, a name */
#define ROW_MAX 16384

/* How often names came. */
typedef struct tally {
	ts_namemap_t *map;
	struct count {
		ts_name_t name;
		uint64_t count;
	} * counts;
	size_t len, cap;
	uint64_t more; /* names that had no room */
} tally_t;

/* A name that may be somebody's regular correspondent. */
struct regular {
	ts_name_t name;
	uint64_t queries, answers; /* answers: MX records of somebody else's */
	ts_client_t clients[SUGGEST_TRACK];
	int64_t days[SUGGEST_TRACK];
	unsigned nclients, ndays;
};

typedef struct replay {
	policies_t p, old;
	const char *evidence, *expect, *write_expect, *old_path;
	char *write_temp; /* the file's name until it is whole */
	ts_capture_options_t capture;
	uint16_t ports[PORTS_MAX];
	char **inputs;
	int ninputs;
	bool json, all, matches, unique, suggest;
	live_options_t live_options;
	live_t *live;

	ts_namemap_t *exists, *absent; /* what is known of names that verdicts ask for */
	ts_namemap_t *zones;           /* protected ones */
	bool read_ahead;               /* done, or not possible */
	bool evidence_full;
	ts_namemap_t *seen; /* for --unique */
	ts_namemap_t *regulars_map;
	struct regular *regulars;
	size_t nregulars, regulars_cap;

	FILE *gold, *gold_out;
	char *gold_line;
	size_t gold_cap;
	long long gold_frame; /* of gold_line; -1: none left */
	unsigned differences;

	bool headed; /* the table's header is printed */
	bool terminal;
	struct timespec shown;
	uint64_t queries, other, by_kind[5], by_class[64], by_action[8], changed;
	tally_t by_zone, by_name;
	int code;
} replay_t;

static const char *text_of(const uint8_t *wire, char buf[TS_NAME_TEXT_MAX])
{
	ts_name_to_text(wire, buf, TS_NAME_TEXT_MAX);
	return buf;
}

static void trouble(replay_t *r, int code)
{
	if (code > r->code)
		r->code = code;
}

/* --- names counted, within bounds --- */

static void tally_add(tally_t *t, const ts_name_t *name)
{
	uint32_t at;

	if (t->map && ts_namemap_get(t->map, name->wire, name->len, &at)) {
		t->counts[at].count++;
		return;
	}
	if (!t->map)
		t->map = ts_namemap_new((uint64_t)time(NULL));
	if (t->len == t->cap && t->cap < NAMES_MAX) {
		size_t cap = t->cap ? 2 * t->cap : 64;
		struct count *counts = realloc(t->counts, cap * sizeof(*counts));

		if (counts) {
			t->counts = counts;
			t->cap = cap;
		}
	}
	if (!t->map || t->len == t->cap ||
		ts_namemap_add(t->map, name->wire, name->len, (uint32_t)t->len) != TS_OK) {
		t->more++;
		return;
	}
	t->counts[t->len].name = *name;
	t->counts[t->len++].count = 1;
}

static int by_count(const void *a, const void *b)
{
	const struct count *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return ts_name_compare(x->name.wire, y->name.wire);
}

static void tally_print(FILE *f, tally_t *t, const char *title, size_t max)
{
	char text[TS_NAME_TEXT_MAX];

	if (!t->len)
		return;
	qsort(t->counts, t->len, sizeof(*t->counts), by_count);
	fprintf(f, "%s:\n", title);
	for (size_t i = 0; i < t->len && i < max; i++)
		fprintf(f, "  %10llu  %s\n", (unsigned long long)t->counts[i].count,
			text_of(t->counts[i].name.wire, text));
	if (t->len > max)
		fprintf(f, "  and %zu names more\n", t->len - max);
	if (t->more)
		fprintf(f, "  and %llu look-ups of names that there was no room for\n",
			(unsigned long long)t->more);
}

static void tally_release(tally_t *t)
{
	ts_namemap_free(t->map);
	free(t->counts);
}

/* --- evidence: do the names exist that verdicts depend on? --- */

static void note_existence(replay_t *r, const ts_message_t *m)
{
	const ts_dns_t *d = &m->dns;
	uint32_t value;
	unsigned label;

	/* A name that evidence can be about: a protected zone and one label. */
	if (d->question != TS_QUESTION_GOOD || d->qclass != TS_CLASS_IN || d->opcode != 0 ||
		(d->rcode != 0 && d->rcode != 3) || d->qname.nlabels == 0 ||
		!ts_namemap_find(r->zones, &d->qname, 1, &value, &label) || label != 1)
		return;
	ts_namemap_t *map = d->rcode == 0 ? r->exists : r->absent;
	if (ts_namemap_count(map) >= NAMES_MAX ||
		ts_namemap_add(map, d->qname.wire, d->qname.len, 1) != TS_OK) {
		if (!r->evidence_full)
			command_warn("more than %u names with evidence: the rest is not used",
				NAMES_MAX);
		r->evidence_full = true;
	}
}

static void read_ahead(replay_t *r)
{
	ts_capture_options_t quiet = r->capture;

	r->read_ahead = true;
	quiet.flaws_told = 0;
	quiet.report = (ts_reporter_t){0};
	for (int i = 0; i < r->ninputs; i++) {
		struct stat st;

		if (strcmp(r->inputs[i], "-") == 0 || stat(r->inputs[i], &st) != 0 ||
			!S_ISREG(st.st_mode)) {
			command_warn("%s cannot be read twice: only answers that came before a "
				     "query settle what it depends on",
				strcmp(r->inputs[i], "-") == 0 ? "standard input" : r->inputs[i]);
			return;
		}
	}
	for (int i = 0; i < r->ninputs; i++) {
		ts_capture_t *capture;
		ts_message_t m;

		if (ts_capture_open(r->inputs[i], &quiet, &capture) != TS_OK)
			continue; /* said when it is its turn */
		while (ts_capture_next(capture, &m) == 1)
			if (m.dns.response)
				note_existence(r, &m);
		ts_capture_close(capture);
	}
}

static void settle(replay_t *r, ts_verdict_t *v)
{
	uint32_t value;

	if (v->kind != TS_VERDICT_ASK)
		return;
	if (!r->read_ahead)
		read_ahead(r);
	if (ts_namemap_get(r->exists, v->ask.wire, v->ask.len, &value))
		ts_verdict_resolve(v, TS_EXISTS, TS_ON_FAILURE_DEFAULT);
	else if (ts_namemap_get(r->absent, v->ask.wire, v->ask.len, &value))
		ts_verdict_resolve(v, TS_ABSENT, TS_ON_FAILURE_DEFAULT);
}

static int load_evidence(replay_t *r)
{
	FILE *f = fopen(r->evidence, "r");
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	int code = EXIT_OK;

	if (!f) {
		command_warn("%s: %s", r->evidence, strerror(errno));
		return EXIT_TROUBLE;
	}
	while (getline(&line, &cap, f) >= 0) {
		const char *why = "malformed name";
		ts_name_t name;

		number++;
		line[strcspn(line, "#\r\n")] = '\0';
		if (line[strspn(line, " \t")] == '\0')
			continue;
		if (name_from_person(line, strlen(line), &name, &why) != TS_OK) {
			ts_diag_t diag = {TS_ERROR, r->evidence, number, NULL, why};
			command_diag(NULL, &diag);
			code = EXIT_TROUBLE;
		} else if (ts_namemap_add(r->exists, name.wire, name.len, 1) != TS_OK) {
			code = EXIT_TROUBLE;
		}
	}
	if (ferror(f)) {
		command_warn("%s: %s", r->evidence, strerror(errno));
		code = EXIT_TROUBLE;
	}
	free(line);
	fclose(f);
	return code;
}

/* --- rows --- */

static const char *time_text(int64_t us, char buf[40])
{
	time_t sec = us / 1000000;
	struct tm tm;
	size_t n;

	if (us == 0)
		return NULL;
	gmtime_r(&sec, &tm);
	n = strftime(buf, 40, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf + n, 40 - n, ".%06uZ", (unsigned)(us % 1000000));
	return buf;
}

static const char *client_text(const ts_client_t *c, char buf[INET6_ADDRSTRLEN])
{
	if (c->family == 0)
		return NULL;
	return inet_ntop(c->family == 4 ? AF_INET : AF_INET6, c->addr, buf, INET6_ADDRSTRLEN);
}

/* \return the row's length; 0 where it did not fit. */
static size_t row_json(replay_t *r, const ts_message_t *m, const ts_verdict_t *v,
	const ts_verdict_t *old, char *row, size_t size)
{
	char text[TS_NAME_TEXT_MAX], reason[TS_REASON_MAX], tm[40], addr[INET6_ADDRSTRLEN],
		type[TS_TYPE_TEXT_MAX];
	ts_query_t query = {&m->dns.qname, m->dns.qtype, m->dns.qclass};
	const char *when = time_text(m->time_us, tm), *who = client_text(&m->from, addr);
	ts_json_t j;

	ts_json_init(&j, row, size);
	ts_json_object(&j, NULL);
	ts_json_int(&j, "frame", (int64_t)m->frame);
	if (when)
		ts_json_str(&j, "time", when);
	else
		ts_json_null(&j, "time");
	if (who)
		ts_json_str(&j, "client", who);
	else
		ts_json_null(&j, "client");
	ts_json_str(&j, "qname", text_of(m->dns.qname.wire, text));
	ts_json_str(&j, "qtype", ts_type_name(m->dns.qtype, type));
	ts_verdict_reason(r->p.set, &query, v, reason, sizeof(reason));
	verdict_json(&j, &m->dns.qname, v, reason);
	if (v->kind == TS_VERDICT_ASK)
		ts_json_str(&j, "depends_on", text_of(v->ask.wire, text));
	if (old) {
		ts_verdict_reason(r->old.set, &query, old, reason, sizeof(reason));
		ts_json_object(&j, "old");
		verdict_json(&j, &m->dns.qname, old, reason);
		ts_json_close(&j, '}');
	}
	ts_json_close(&j, '}');
	return ts_json_finish(&j);
}

static void print_short(const ts_verdict_t *v)
{
	char text[TS_NAME_TEXT_MAX];

	switch (v->kind) {
	case TS_VERDICT_TYPO:
		printf("%s: did you mean %s?", ts_action_name(v->action),
			text_of(v->counterpart.wire, text));
		break;
	case TS_VERDICT_ASK:
		printf("%s: depends on %s", ts_action_name(v->action), text_of(v->ask.wire, text));
		break;
	default:
		fputs(ts_verdict_name(v->kind), stdout);
	}
}

static void row_table(
	replay_t *r, const ts_message_t *m, const ts_verdict_t *v, const ts_verdict_t *old)
{
	char text[TS_NAME_TEXT_MAX], tm[40], addr[INET6_ADDRSTRLEN], type[TS_TYPE_TEXT_MAX];
	const char *when = time_text(m->time_us, tm), *who = client_text(&m->from, addr);

	if (!r->headed)
		printf("%8s  %-27s %-15s %-6s %-30s %s\n", "FRAME", "TIME", "CLIENT", "TYPE",
			"NAME", old ? "OLD -> NEW" : "VERDICT");
	r->headed = true;
	printf("%8llu  %-27s %-15s %-6s %-30s ", (unsigned long long)m->frame, when ? when : "-",
		who ? who : "-", ts_type_name(m->dns.qtype, type),
		text_of(m->dns.qname.wire, text));
	if (old) {
		print_short(old);
		fputs(" -> ", stdout);
	}
	print_short(v);
	if (v->kind == TS_VERDICT_TYPO)
		printf(" (%s)", ts_class_get(v->match.class_id)->name);
	putchar('\n');
}

/* --- gold files --- */

static void gold_read(replay_t *r)
{
	ssize_t n = getline(&r->gold_line, &r->gold_cap, r->gold);

	r->gold_frame = -1;
	if (n <= 0)
		return;
	if (r->gold_line[n - 1] == '\n')
		r->gold_line[n - 1] = '\0';
	if (sscanf(r->gold_line, "{\"frame\":%lld", &r->gold_frame) != 1)
		r->gold_frame = 0; /* no line of ours: it differs from whatever comes */
}

static void difference(replay_t *r, char sign, const char *row)
{
	if (r->differences++ < DIFFERENCES_TOLD) {
		printf("%c ", sign);
		alert_put(stdout, row, ""); /* a gold file may hold anything */
		putchar('\n');
	}
	trouble(r, EXIT_FOUND);
}

static void gold_compare(replay_t *r, const ts_message_t *m, const char *row)
{
	while (r->gold_frame >= 0 && (uint64_t)r->gold_frame < m->frame) {
		difference(r, '-', r->gold_line);
		gold_read(r);
	}
	if (r->gold_frame < 0 || (uint64_t)r->gold_frame > m->frame) {
		difference(r, '+', row);
		return;
	}
	if (strcmp(r->gold_line, row) != 0) {
		difference(r, '-', r->gold_line);
		difference(r, '+', row);
	}
	gold_read(r);
}

/* --- names that look like regular mail --- */

static struct regular *regular_of(replay_t *r, const ts_name_t *name)
{
	unsigned start = ts_suffix_start(name);
	ts_name_t site;
	uint32_t at;

	/* By registrable name: its hosts write the same mail. */
	if (start == 0 || ts_name_from_wire(&site, ts_name_suffix(name, start - 1),
				  ts_name_suffix_len(name, start - 1)) != TS_OK)
		site = *name;
	if (ts_namemap_get(r->regulars_map, site.wire, site.len, &at))
		return &r->regulars[at];
	if (r->nregulars == r->regulars_cap) {
		size_t cap = r->regulars_cap ? 2 * r->regulars_cap : 64;
		struct regular *grown =
			cap <= NAMES_MAX / 16 ? realloc(r->regulars, cap * sizeof(*grown)) : NULL;

		if (!grown)
			return NULL;
		r->regulars = grown;
		r->regulars_cap = cap;
	}
	if (ts_namemap_add(r->regulars_map, site.wire, site.len, (uint32_t)r->nregulars) != TS_OK)
		return NULL;
	struct regular *g = &r->regulars[r->nregulars++];
	memset(g, 0, sizeof(*g));
	g->name = site;
	return g;
}

static void suggest_query(replay_t *r, const ts_message_t *m)
{
	struct regular *g = regular_of(r, &m->dns.qname);
	int64_t day = m->time_us / INT64_C(86400000000);
	unsigned i;

	if (!g)
		return;
	g->queries++;
	for (i = 0; i < g->nclients; i++)
		if (memcmp(&g->clients[i], &m->from, sizeof(m->from)) == 0)
			break;
	if (i == g->nclients && i < SUGGEST_TRACK && m->from.family)
		g->clients[g->nclients++] = m->from;
	for (i = 0; i < g->ndays; i++)
		if (g->days[i] == day)
			break;
	if (i == g->ndays && i < SUGGEST_TRACK)
		g->days[g->ndays++] = day;
}

/* An answer with MX hosts: somebody there takes mail. The sinkhole's own do not count. */
static void suggest_answer(replay_t *r, const ts_message_t *m)
{
	ts_verdict_t v;
	ts_query_t query = {&m->dns.qname, m->dns.qtype, m->dns.qclass};
	ts_dns_walk_t walk;
	ts_dns_rr_t rr;

	if (!m->dns.wire || m->dns.rcode || m->dns.qtype != TS_TYPE_MX ||
		m->dns.question != TS_QUESTION_GOOD)
		return;
	ts_verdict(r->p.set, &query, &m->to, m->time_us / 1000000, &v);
	if (v.kind != TS_VERDICT_TYPO && v.kind != TS_VERDICT_ASK)
		return;
	ts_dns_walk(&m->dns, &walk);
	while (ts_dns_next(&m->dns, &walk, &rr) == 1 && rr.section == 1) {
		uint32_t at = rr.rdata + 2;
		ts_name_t host;

		if (rr.type != TS_TYPE_MX || rr.rdlen < 3 ||
			ts_dns_name(m->dns.wire, m->dns.len, &at, &host) != TS_OK ||
			host.nlabels == 0) /* a null MX (RFC 7505) */
			continue;
		ts_query_t of_host = {&host, TS_TYPE_A, TS_CLASS_IN};
		ts_verdict(r->p.set, &of_host, NULL, m->time_us / 1000000, &v);
		if (v.kind == TS_VERDICT_ALLOWED && v.why == TS_WHY_SINKHOLE_HOST)
			continue;
		struct regular *g = regular_of(r, &m->dns.qname);
		if (g)
			g->answers++;
		return;
	}
}

static int by_queries(const void *a, const void *b)
{
	const struct regular *x = a, *y = b;

	if (x->queries != y->queries)
		return x->queries < y->queries ? 1 : -1;
	return ts_name_compare(x->name.wire, y->name.wire);
}

static void suggest_print(replay_t *r)
{
	char text[TS_NAME_TEXT_MAX], label[TS_LABEL_MAX + 1];
	unsigned printed = 0;

	qsort(r->regulars, r->nregulars, sizeof(*r->regulars), by_queries);
	printf("; Names that match but look like regular mail: at least %d clients, %d days and an "
	       "MX\n; answer. For the policy's zone, below typosink.ext; read before you add.\n",
		SUGGEST_CLIENTS, SUGGEST_DAYS);
	for (size_t i = 0; i < r->nregulars; i++) {
		const struct regular *g = &r->regulars[i];
		size_t n = 0;

		if (g->nclients < SUGGEST_CLIENTS || g->ndays < SUGGEST_DAYS || !g->answers)
			continue;
		text_of(g->name.wire, text);
		for (const char *p = text; *p && n < TS_LABEL_MAX; p++)
			label[n++] =
				(*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ? *p : '-';
		label[n] = '\0';
		printf("%s.allow IN PTR %s.\nreason.%s.allow IN TXT \"%llu look-ups by %u%s "
		       "clients "
		       "on %u%s days, MX answers\"\n",
			label, text, label, (unsigned long long)g->queries, g->nclients,
			g->nclients == SUGGEST_TRACK ? " or more" : "", g->ndays,
			g->ndays == SUGGEST_TRACK ? " or more" : "");
		printed++;
	}
	if (!printed)
		puts("; none");
}

/* --- one query --- */

static bool differs(const ts_verdict_t *a, const ts_verdict_t *b)
{
	bool match = a->kind == TS_VERDICT_TYPO || a->kind == TS_VERDICT_ASK;

	return a->kind != b->kind ||
	       (match && (a->action != b->action || a->counterpart.len != b->counterpart.len ||
				 memcmp(a->counterpart.wire, b->counterpart.wire,
					 a->counterpart.len) != 0));
}

static void judge(replay_t *r, const ts_message_t *m)
{
	static char row[ROW_MAX];
	ts_query_t query = {&m->dns.qname, m->dns.qtype, m->dns.qclass};
	time_t now = m->time_us ? m->time_us / 1000000 : time(NULL);
	ts_verdict_t v, old;

	r->queries++;
	if (r->live)
		now = time(NULL);
	ts_verdict(r->p.set, &query, r->live ? live_client(r->live) : &m->from, now, &v);
	settle(r, &v);
	if (r->live) {
		live_send(r->live, m, &v);
		return;
	}
	r->by_kind[v.kind]++;
	bool match = v.kind == TS_VERDICT_TYPO || v.kind == TS_VERDICT_ASK;
	if (match) {
		const uint8_t *zone = ts_policy_member_zone(v.policy, v.member);
		ts_name_t name;

		r->by_class[v.match.class_id]++;
		if (v.kind == TS_VERDICT_TYPO)
			r->by_action[v.action]++;
		if (ts_name_from_wire(&name, zone, ts_name_wire_len(zone)) == TS_OK)
			tally_add(&r->by_zone, &name);
		tally_add(&r->by_name, &m->dns.qname);
		if (r->suggest)
			suggest_query(r, m);
	}
	if (r->gold || r->gold_out) {
		if (!row_json(r, m, &v, NULL, row, sizeof(row)))
			return;
		if (r->gold)
			gold_compare(r, m, row);
		else
			fprintf(r->gold_out, "%s\n", row);
		return;
	}
	if (r->old.set) {
		ts_verdict(r->old.set, &query, &m->from, now, &old);
		settle(r, &old);
		if (!differs(&v, &old))
			return;
		r->changed++;
	} else if (!(r->json ? r->all || !r->matches : r->all) && !match) {
		return;
	}
	if (r->suggest)
		return;
	if (r->unique) {
		uint32_t value;

		if (ts_namemap_get(r->seen, m->dns.qname.wire, m->dns.qname.len, &value))
			return;
		if (ts_namemap_count(r->seen) < NAMES_MAX &&
			ts_namemap_add(r->seen, m->dns.qname.wire, m->dns.qname.len, 1) != TS_OK)
			trouble(r, EXIT_TROUBLE);
	}
	if (!r->json)
		row_table(r, m, &v, r->old.set ? &old : NULL);
	else if (row_json(r, m, &v, r->old.set ? &old : NULL, row, sizeof(row)))
		puts(row);
}

static void progress(replay_t *r, const ts_capture_t *capture)
{
	struct timespec now;
	uint64_t done, size;

	if (!r->terminal)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec == r->shown.tv_sec)
		return;
	r->shown = now;
	ts_capture_progress(capture, &done, &size);
	if (size)
		fprintf(stderr, "\r%3u%%  %llu queries ", (unsigned)(done * 100 / size),
			(unsigned long long)r->queries);
	else
		fprintf(stderr, "\r%llu queries ", (unsigned long long)r->queries);
}

static void tell_unread(const char *path, const ts_capture_stats_t *s)
{
	for (int i = 0; i < TS_FLAW_COUNT; i++)
		if (s->flaws[i])
			fprintf(stderr, "%s: %llu times: %s\n", path,
				(unsigned long long)s->flaws[i], ts_flaw_name((ts_flaw_t)i));
	for (unsigned i = 0; i < s->unread_count; i++) {
		const ts_unread_t *u = &s->unread[i];

		fprintf(stderr, "%s: not read: %llu times %s %u%s%s%s\n", path,
			(unsigned long long)u->count, u->layer, u->number, u->name ? " (" : "",
			u->name ? u->name : "", u->name ? ")" : "");
	}
	if (s->unread_more)
		fprintf(stderr, "%s: not read: %llu times something else\n", path,
			(unsigned long long)s->unread_more);
}

static void replay_input(replay_t *r, const char *path)
{
	ts_capture_t *capture;
	ts_message_t m;
	unsigned n = 0;
	int got;

	if (ts_capture_open(path, &r->capture, &capture) != TS_OK) {
		trouble(r, EXIT_TROUBLE);
		return;
	}
	while ((got = ts_capture_next(capture, &m)) == 1) {
		if (m.dns.response) {
			note_existence(r, &m);
			if (r->suggest)
				suggest_answer(r, &m);
		} else if (m.dns.opcode == 0 && m.dns.question == TS_QUESTION_GOOD) {
			judge(r, &m);
		} else {
			r->other++;
		}
		if ((++n & 0x3ff) == 0)
			progress(r, capture);
	}
	if (r->terminal)
		fputs("\r                                   \r", stderr);
	tell_unread(path, ts_capture_stats(capture));
	if (got < 0)
		trouble(r, EXIT_TROUBLE);
	ts_capture_close(capture);
}

static void summary(replay_t *r)
{
	FILE *f = r->json || r->suggest ? stderr : stdout;

	fprintf(f, "%s%llu queries judged, %llu other (malformed, or no QUERY)\n",
		r->headed ? "\n" : "", (unsigned long long)r->queries,
		(unsigned long long)r->other);
	for (int k = 0; k < 5; k++)
		if (r->by_kind[k])
			fprintf(f, "  %10llu  %s\n", (unsigned long long)r->by_kind[k],
				ts_verdict_name((ts_verdict_kind_t)k));
	if (r->old.set)
		fprintf(f, "  %10llu  changed\n", (unsigned long long)r->changed);
	tally_print(f, &r->by_zone, "by protected zone", SIZE_MAX);
	if (r->by_zone.len)
		fputs("by class:\n", f);
	for (unsigned i = 0; i < ts_class_count(); i++)
		if (r->by_class[i])
			fprintf(f, "  %10llu  %s\n", (unsigned long long)r->by_class[i],
				ts_class_get(i)->name);
	if (r->by_kind[TS_VERDICT_TYPO])
		fputs("by action:\n", f);
	for (int i = 0; i < 8; i++)
		if (r->by_action[i])
			fprintf(f, "  %10llu  %s\n", (unsigned long long)r->by_action[i],
				ts_action_name((ts_action_t)i));
	tally_print(f, &r->by_name, "top names", TOP_NAMES);
}

static int open_gold(replay_t *r)
{
	if (r->expect) {
		r->gold = fopen(r->expect, "r");
		if (!r->gold) {
			command_warn("%s: %s", r->expect, strerror(errno));
			return EXIT_TROUBLE;
		}
		gold_read(r);
	}
	if (r->write_expect) {
		if (asprintf(&r->write_temp, "%s.new", r->write_expect) < 0) {
			r->write_temp = NULL;
			return EXIT_TROUBLE;
		}
		r->gold_out = fopen(r->write_temp, "w");
		if (!r->gold_out) {
			command_warn("%s: %s", r->write_temp, strerror(errno));
			return EXIT_TROUBLE;
		}
	}
	return EXIT_OK;
}

static void close_gold(replay_t *r)
{
	if (r->gold) {
		while (r->gold_frame >= 0) {
			difference(r, '-', r->gold_line);
			gold_read(r);
		}
		if (r->differences > DIFFERENCES_TOLD)
			printf("and %u more\n", r->differences - DIFFERENCES_TOLD);
		if (r->differences)
			printf("%s: %u lines differ\n", r->expect, r->differences);
		fclose(r->gold);
	}
	if (r->gold_out) {
		bool bad = ferror(r->gold_out);

		if (fclose(r->gold_out) != 0 || bad ||
			(r->code == EXIT_OK && rename(r->write_temp, r->write_expect) != 0)) {
			command_warn("%s: %s", r->write_expect, strerror(errno));
			trouble(r, EXIT_TROUBLE);
		}
		if (r->code != EXIT_OK)
			unlink(r->write_temp);
	}
	r->gold = r->gold_out = NULL;
}

static int prepare(replay_t *r)
{
	uint64_t seed = (uint64_t)time(NULL);
	int code = policies_load(&r->p, true);

	if (code == EXIT_OK && r->old.count) {
		r->old.popular = r->p.popular;
		code = policies_load(&r->old, true);
	}
	if (code != EXIT_OK)
		return code;
	r->exists = ts_namemap_new(seed);
	r->absent = ts_namemap_new(seed);
	r->zones = ts_namemap_new(seed);
	r->seen = ts_namemap_new(seed);
	r->regulars_map = ts_namemap_new(seed);
	if (!r->exists || !r->absent || !r->zones || !r->seen || !r->regulars_map)
		return EXIT_TROUBLE;
	for (int k = 0; k < 2; k++) {
		const ts_policyset_t *set = k ? r->old.set : r->p.set;

		for (size_t i = 0; set && i < ts_policyset_count(set); i++) {
			const ts_policy_t *policy = ts_policyset_get(set, i);

			for (uint32_t n = 0; n < ts_policy_members(policy); n++) {
				const uint8_t *zone = ts_policy_member_zone(policy, n);

				if (ts_namemap_add(r->zones, zone, ts_name_wire_len(zone), 1) !=
					TS_OK)
					return EXIT_TROUBLE;
			}
		}
	}
	if (r->evidence)
		code = load_evidence(r);
	if (code == EXIT_OK && r->live_options.server) {
		const char *why = "";

		r->live_options.json = r->json;
		code = live_new(&r->live_options, &r->live, &why);
		if (code != EXIT_OK)
			command_warn("server '%s': %s", r->live_options.server, why);
	}
	return code == EXIT_OK ? open_gold(r) : code;
}

static void release(replay_t *r)
{
	live_free(r->live);
	policies_release(&r->p);
	policies_release(&r->old);
	ts_namemap_free(r->exists);
	ts_namemap_free(r->absent);
	ts_namemap_free(r->zones);
	ts_namemap_free(r->seen);
	ts_namemap_free(r->regulars_map);
	free(r->regulars);
	free(r->write_temp);
	tally_release(&r->by_zone);
	tally_release(&r->by_name);
	free(r->gold_line);
}

static int options(replay_t *r, const ts_command_t *self, int argc, char **argv)
{
	enum {
		OPT_JSON = 256,
		OPT_ALL,
		OPT_MATCHES,
		OPT_UNIQUE,
		OPT_EVIDENCE,
		OPT_DIFF,
		OPT_EXPECT,
		OPT_WRITE,
		OPT_SUGGEST,
		OPT_PORT,
		OPT_FILTER,
		OPT_POPULAR,
		OPT_SERVER,
		OPT_REMOTE,
		OPT_SPEED,
		OPT_QPS
	};
	static const struct option longs[] = {
		{"policy", required_argument, NULL, 'p'},
		{"json", no_argument, NULL, OPT_JSON},
		{"all", no_argument, NULL, OPT_ALL},
		{"matches", no_argument, NULL, OPT_MATCHES},
		{"unique", no_argument, NULL, OPT_UNIQUE},
		{"evidence", required_argument, NULL, OPT_EVIDENCE},
		{"diff", required_argument, NULL, OPT_DIFF},
		{"expect", required_argument, NULL, OPT_EXPECT},
		{"write-expect", required_argument, NULL, OPT_WRITE},
		{"suggest-allow", no_argument, NULL, OPT_SUGGEST},
		{"port", required_argument, NULL, OPT_PORT},
		{"filter", required_argument, NULL, OPT_FILTER},
		{"popular", required_argument, NULL, OPT_POPULAR},
		{"server", required_argument, NULL, OPT_SERVER},
		{"allow-remote", no_argument, NULL, OPT_REMOTE},
		{"speed", required_argument, NULL, OPT_SPEED},
		{"qps", required_argument, NULL, OPT_QPS},
		{NULL, 0, NULL, 0},
	};
	int c, code = EXIT_OK;
	char *end;

	opterr = 0;
	while (code == EXIT_OK && (c = getopt_long(argc, argv, ":p:", longs, NULL)) != -1) {
		switch (c) {
		case 'p':
			code = policies_add(&r->p, optarg);
			break;
		case OPT_JSON:
			r->json = true;
			break;
		case OPT_ALL:
			r->all = true;
			break;
		case OPT_MATCHES:
			r->matches = true;
			break;
		case OPT_UNIQUE:
			r->unique = true;
			break;
		case OPT_EVIDENCE:
			r->evidence = optarg;
			break;
		case OPT_DIFF:
			code = policies_add(&r->old, optarg);
			break;
		case OPT_EXPECT:
			r->expect = optarg;
			break;
		case OPT_WRITE:
			r->write_expect = optarg;
			break;
		case OPT_SUGGEST:
			r->suggest = true;
			break;
		case OPT_PORT: {
			unsigned long port = strtoul(optarg, &end, 10);

			if (*end || end == optarg || port == 0 || port > 65535)
				return command_usage(self, "'%s' is no port", optarg);
			if (r->capture.ports_count == PORTS_MAX)
				return command_usage(self, "more than %d ports", PORTS_MAX);
			r->ports[r->capture.ports_count++] = (uint16_t)port;
			break;
		}
		case OPT_FILTER:
			r->capture.filter = optarg;
			break;
		case OPT_POPULAR:
			r->p.popular = optarg;
			break;
		case OPT_SERVER:
			r->live_options.server = optarg;
			break;
		case OPT_REMOTE:
			r->live_options.allow_remote = true;
			break;
		case OPT_SPEED:
		case OPT_QPS: {
			double rate = strtod(optarg, &end);

			if (*end || !(rate > 0 && rate < 1e9))
				return command_usage(self, "'%s' is no rate", optarg);
			*(c == OPT_SPEED ? &r->live_options.speed : &r->live_options.qps) = rate;
			break;
		}
		default:
			return command_bad_option(self, c, argv);
		}
	}
	if (code != EXIT_OK)
		return code;
	if (!r->p.count)
		return command_usage(self, "which policy? (-p POLICY)");
	if (optind == argc)
		return command_usage(self, "which capture? ('-' is standard input)");
	if (r->all && r->matches)
		return command_usage(self, "--all and --matches exclude each other");
	if ((r->expect || r->write_expect) && optind + 1 != argc)
		return command_usage(self, "a gold file is that of one capture");
	if ((r->expect != NULL) + (r->write_expect != NULL) + (r->old.count != 0) + r->suggest > 1)
		return command_usage(self,
			"--expect, --write-expect, --diff and --suggest-allow exclude each other");
	if (!r->live_options.server && (r->live_options.allow_remote || r->live_options.speed > 0 ||
					       r->live_options.qps > 0))
		return command_usage(self, "--speed, --qps and --allow-remote want --server");
	if (r->live_options.server && (r->expect || r->write_expect || r->old.count || r->suggest))
		return command_usage(
			self, "--server excludes gold files, --diff and --suggest-allow");
	if (!(r->live_options.speed > 0))
		r->live_options.speed = 1;
	r->inputs = argv + optind;
	r->ninputs = argc - optind;
	return EXIT_OK;
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	replay_t *r = calloc(1, sizeof(*r));

	if (!r) {
		command_warn("out of memory");
		return EXIT_TROUBLE;
	}
	r->capture.ports = r->ports;
	r->capture.flaws_told = 10;
	r->capture.report.fn = command_diag;
	r->terminal = isatty(STDERR_FILENO);
	r->code = options(r, self, argc, argv);
	if (r->code == EXIT_OK)
		r->code = prepare(r);
	if (r->code == EXIT_OK) {
		for (int i = 0; i < r->ninputs; i++)
			replay_input(r, r->inputs[i]);
		if (r->live)
			trouble(r, live_finish(r->live));
		else if (r->gold || r->gold_out)
			close_gold(r);
		else
			summary(r);
		if (r->suggest)
			suggest_print(r);
	}
	int code = r->code;
	release(r);
	free(r);
	return code;
}

const ts_command_t cmd_replay = {
	.name = "replay",
	.oneline = "Says what a policy would have done to recorded look-ups",
	.usage = "replay -p POLICY... [OPTION...] CAPTURE...",
	.help = "A capture is a pcap, pcapng or dnstap file, a query log of Unbound or BIND, or "
		"lines\n"
		"'name type'; also compressed (gzip, xz, zstd); '-' is standard input.\n"
		"\n"
		"  -p, --policy POLICY  the policy; may repeat, in order of configuration\n"
		"  --json               one JSON object a query: frame, time, client, qname, "
		"qtype,\n"
		"                       and the keys of 'explain --json'; the summary goes to "
		"stderr\n"
		"  --all                every query in the table, not only what matches\n"
		"  --matches            with --json: only what matches\n"
		"  --unique             each name once\n"
		"  --evidence FILE      names that exist, one a line: settles 'depends on'\n"
		"  --diff OLD-POLICY    only look-ups that the two policies treat differently\n"
		"  --expect GOLD        compare with a gold file; 1 where they differ\n"
		"  --write-expect GOLD  write one\n"
		"  --suggest-allow      names that match but look like regular mail, as 'allow'\n"
		"                       records\n"
		"  --port PORT          a port that carries DNS (default 53); may repeat\n"
		"  --filter EXPRESSION  only packets that match, see pcap-filter(7)\n"
		"  --popular FILE       a list of popular names, as popular-file in typosink.conf\n"
		"\n"
		"  --server ADDR@PORT   send the queries to a resolver (UDP and TCP as recorded), "
		"and\n"
		"                       compare its answers with the policy; 1 where they differ "
		"or\n"
		"                       are missing. Never another machine's without "
		"--allow-remote\n"
		"  --speed X            X times as fast as recorded (default 1)\n"
		"  --qps N              N queries a second\n"
		"\n"
		"What is damaged or not read is counted and told on stderr. Exit code 3: an input\n"
		"could not be read to its end.\n",
	.run = run,
};
