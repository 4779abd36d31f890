/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The page. Names, clients and messages are what strangers chose: nothing of them reaches the page
 * but through html_text() and its kind (report_html.h). There is no script, and the policy in the
 * head would not let one run.
 */
#include "config.h"

#include "report_html.h"

#include "../src/alert/clock.h"
#include "../src/typo/class.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- tables ---- */

typedef enum column_kind {
	COL_KEY,          /* the row's key */
	COL_KEY_COMPARED, /* with what differs from note 0 */
	COL_NOTE0,
	COL_NOTE0_COMPARED, /* from the key */
	COL_NOTE1,
	COL_NOTE2,
	COL_EXAMPLE, /* note 0 and what was meant by it, note 1 */
	COL_CLASS,   /* the key as a class, in words */
	COL_ACTION,  /* the key as an action, in words */
	COL_LOOKUPS, /* with a bar */
	COL_OBSERVED,
	COL_COUNT,
	COL_LAST,
} column_kind_t;

typedef struct column {
	const char *heading;
	column_kind_t kind;
} column_t;

typedef struct section {
	report_table_t table;
	const char *id, *heading, *lead;
	const char *rest;    /* what the rows that are left out are */
	bool observed;       /* only what was observed, by that */
	bool optional;       /* left out where empty */
	column_t columns[8]; /* ended by one without a heading */
} section_t;

static const section_t sections[] = {
	{REPORT_NAMES, "typos", "Most mistyped",
		"What was typed, and what was probably meant. Marked is where the two differ.",
		"names", false, false,
		{{"Typed", COL_KEY_COMPARED}, {"Did you mean", COL_NOTE0_COMPARED},
			{"Kind", COL_NOTE1}, {"Look-ups", COL_LOOKUPS}, {"Observed", COL_OBSERVED},
			{"Last seen", COL_LAST}}},
	{REPORT_CLIENTS, "clients", "Who mistypes most",
		"A client is usually a mail server or a forwarder: its log, searched for the name "
		"typed and the time, leads to the person.",
		"clients", false, false,
		{{"Client", COL_KEY}, {"Last typed", COL_NOTE0}, {"Did you mean", COL_NOTE1},
			{"Look-ups", COL_LOOKUPS}, {"Observed", COL_OBSERVED},
			{"Last seen", COL_LAST}}},
	{REPORT_ZONES, "zones", "Protected zones", "Whose mail it was meant to be.", "zones", false,
		false,
		{{"Zone", COL_KEY}, {"Look-ups", COL_LOOKUPS}, {"Observed", COL_OBSERVED},
			{"Last seen", COL_LAST}}},
	{REPORT_CLASSES, "kinds", "Kinds of typo", "What happened at the keyboard.", "kinds", false,
		false,
		{{"Kind", COL_KEY}, {"The person", COL_CLASS}, {"Last example", COL_EXAMPLE},
			{"Look-ups", COL_LOOKUPS}, {"Observed", COL_OBSERVED}}},
	{REPORT_ACTIONS, "answers", "What clients were told", "Counted by look-up.", "answers",
		false, false,
		{{"Answer", COL_KEY}, {"That is", COL_ACTION}, {"Look-ups", COL_LOOKUPS}}},
	{REPORT_NAMES, "observed", "Observed only",
		"Nothing was withheld for these: mail to them left the network, if there was any. "
		"Each is to be enforced, or to be allowed.",
		"names", true, false,
		{{"Typed", COL_KEY_COMPARED}, {"Did you mean", COL_NOTE0_COMPARED},
			{"Kind", COL_NOTE1}, {"Zone", COL_NOTE2}, {"Observed", COL_OBSERVED},
			{"Last seen", COL_LAST}}},
	{REPORT_FOUND, "found", "Typos in other people&rsquo;s data",
		"Names that point to a mistyped one. Not counted as look-ups.", "names", false,
		true,
		{{"Name", COL_KEY}, {"Points to", COL_NOTE0}, {"Did the owner mean", COL_NOTE1},
			{"Times", COL_COUNT}, {"Last seen", COL_LAST}}},
	{REPORT_POLICIES, "policies", "Policies", "The last state of each.", "policies", false,
		true,
		{{"Policy", COL_KEY}, {"Serial", COL_NOTE0}, {"State", COL_NOTE1},
			{"Why", COL_NOTE2}, {"Loads", COL_COUNT}, {"Of these failed", COL_OBSERVED},
			{"Last", COL_LAST}}},
};

static const struct {
	const char *action, *words;
} action_words[] = {
	{"sinkhole", "the sinkhole&rsquo;s mail server: the sender gets a bounce with the reason"},
	{"nullmx", "&ldquo;takes no mail&rdquo;: the sender gets a bounce"},
	{"nxdomain", "no such name: the sender gets a bounce"},
	{"nodata", "no such record"},
	{"refused", "refused"},
	{"defer", "a temporary failure: mail waits in the sender&rsquo;s queue"},
	{"observe", "the real answer; only counted"},
	{"pass", "the real answer"},
};

static void put_action(FILE *out, const char *action)
{
	for (size_t i = 0; i < sizeof(action_words) / sizeof(action_words[0]); i++) {
		if (strcmp(action, action_words[i].action) == 0)
			fputs(action_words[i].words, out);
	}
}

static void put_class(FILE *out, const char *name)
{
	int id = ts_class_find(name, strlen(name));

	if (id >= 0)
		html_text(out, ts_class_get((unsigned)id)->oneline);
}

/* Look-ups as a bar: what was answered, then what was only observed. */
static void put_bar(FILE *out, const tally_row_t *row, uint64_t most)
{
	double all = most ? 100.0 * (double)row->count / (double)most : 0;
	double open = most ? 100.0 * (double)row->observed / (double)most : 0;

	fprintf(out,
		"<svg class=\"bar\" viewBox=\"0 0 100 8\" preserveAspectRatio=\"none\" "
		"aria-hidden=\"true\"><rect class=\"answered\" width=\"%.2f\" height=\"8\"/>"
		"<rect class=\"observed\" x=\"%.2f\" width=\"%.2f\" height=\"8\"/></svg>",
		all - open, all - open, open);
}

static bool is_numeric(column_kind_t kind)
{
	return kind == COL_LOOKUPS || kind == COL_OBSERVED || kind == COL_COUNT;
}

static void put_cell(FILE *out, const tally_row_t *row, column_kind_t kind, uint64_t most)
{
	switch (kind) {
	case COL_KEY:
		html_name(out, row->key);
		break;
	case COL_KEY_COMPARED:
		html_compared(out, row->key, row->note[0]);
		break;
	case COL_NOTE0:
		html_name(out, row->note[0]);
		break;
	case COL_NOTE0_COMPARED:
		html_compared(out, row->note[0], row->key);
		break;
	case COL_NOTE1:
		html_name(out, row->note[1]);
		break;
	case COL_NOTE2:
		html_name(out, row->note[2]);
		break;
	case COL_EXAMPLE:
		html_compared(out, row->note[0], row->note[1]);
		fputs(" <span class=\"none\">for</span> ", out);
		html_compared(out, row->note[1], row->note[0]);
		break;
	case COL_CLASS:
		put_class(out, row->key);
		break;
	case COL_ACTION:
		put_action(out, row->key);
		break;
	case COL_LOOKUPS:
		fputs("<div class=\"meter\">", out);
		put_bar(out, row, most);
		html_number(out, row->count);
		fputs("</div>", out);
		break;
	case COL_OBSERVED:
		html_number(out, row->observed);
		break;
	case COL_COUNT:
		html_number(out, row->count);
		break;
	case COL_LAST:
		html_time(out, row->last_us);
		break;
	}
}

static void put_rest(FILE *out, const section_t *s, const tally_t *t, size_t shown, size_t rows)
{
	uint64_t rest = s->observed ? t->forgotten_observed : t->forgotten;

	if (rows == shown && !t->pruned)
		return;
	for (size_t i = shown; i < rows; i++)
		rest += s->observed ? t->rows[i].observed : t->rows[i].count;
	fputs("<p class=\"more\">and ", out);
	fputs(t->pruned ? "more than " : "", out);
	html_number(out, rows - shown);
	fprintf(out, " more %s with ", s->rest);
	html_count(out, rest, "look-up", "look-ups");
	fputs(".", out);
	if (t->pruned)
		fprintf(out,
			" There were more %s than are counted apart (--names): those that occur "
			"seldom are in the sums only, and the count of a rare one may be too low.",
			s->rest);
	fputs("</p>\n", out);
}

static int by_observed(const void *a, const void *b)
{
	const tally_row_t *x = a, *y = b;

	if (x->observed != y->observed)
		return x->observed < y->observed ? 1 : -1;
	return strcmp(x->key, y->key);
}

static void put_section(FILE *out, const section_t *s, report_t *r)
{
	tally_t *t = &r->tables[s->table];
	size_t rows = t->count;
	uint64_t most = 0;

	if (s->optional && rows == 0)
		return;
	if (s->observed && rows > 0) {
		qsort(t->rows, rows, sizeof(*t->rows), by_observed);
		while (rows > 0 && t->rows[rows - 1].observed == 0)
			rows--;
	}
	size_t shown = rows < r->top ? rows : r->top;
	fprintf(out, "<section id=\"%s\" aria-labelledby=\"%s-h\">\n<h2 id=\"%s-h\">%s</h2>\n",
		s->id, s->id, s->id, s->heading);
	if (rows == 0) {
		fputs("<p class=\"lead\">None.</p>\n</section>\n", out);
		return;
	}
	for (size_t i = 0; i < shown; i++)
		most = t->rows[i].count > most ? t->rows[i].count : most;
	fprintf(out,
		"<p class=\"lead\">%s</p>\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
		"aria-labelledby=\"%s-h\">\n<table>\n<thead><tr>",
		s->lead, s->id);
	for (const column_t *c = s->columns; c->heading; c++)
		fprintf(out, "<th scope=\"col\"%s>%s</th>",
			is_numeric(c->kind) ? " class=\"n\"" : "", c->heading);
	fputs("</tr></thead>\n<tbody>\n", out);
	for (size_t i = 0; i < shown; i++) {
		fputs("<tr>", out);
		for (const column_t *c = s->columns; c->heading; c++) {
			bool first = c == s->columns; /* what the row is about */
			fprintf(out, "<%s%s>", first ? "th scope=\"row\"" : "td",
				is_numeric(c->kind) ? " class=\"n\"" : "");
			put_cell(out, &t->rows[i], c->kind, most);
			fputs(first ? "</th>" : "</td>", out);
		}
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n</div>\n", out);
	put_rest(out, s, t, shown, rows);
	fputs("</section>\n", out);
}

/* ---- what is missing ---- */

enum { HOLES_SHOWN = 100 };

static void put_holes(FILE *out, const alert_run_t *run, uint64_t tail)
{
	size_t shown = 0;

	for (size_t i = 1; i < run->count && shown < HOLES_SHOWN; i++, shown++) {
		uint64_t from = run->spans[i - 1].last + 1, to = run->spans[i].first - 1;
		if (from == to)
			fprintf(out, "%s%" PRIu64, shown ? ", " : "", from);
		else
			fprintf(out, "%s%" PRIu64 "&ndash;%" PRIu64, shown ? ", " : "", from, to);
	}
	if (run->count > HOLES_SHOWN + 1) {
		fputs(", and ", out);
		html_number(out, run->count - 1 - HOLES_SHOWN);
		fputs(" more holes", out);
	}
	if (tail > 0) {
		uint64_t last = run->spans[run->count - 1].last;
		fprintf(out, "%s%" PRIu64 "&ndash;%" PRIu64 " at its end", shown ? ", " : "",
			last + 1, last + tail);
		shown++;
	}
	if (shown == 0)
		fputs("<span class=\"none\">none</span>", out);
}

static void put_end(FILE *out, const alert_run_t *run, const alert_run_t *next)
{
	if (run->stopped) {
		fputs("stopped", out);
	} else if (next) {
		fputs("<strong class=\"bad\">ended without a stop</strong>; up to ", out);
		html_number(out, (uint64_t)(next->unwritten_max > 0 ? next->unwritten_max : 0));
		fputs(" events that were queued then are lost", out);
	} else {
		fputs("no stop: still running, or its end is not in these files", out);
	}
}

static void put_losses(FILE *out, const report_t *r, bool whole)
{
	fputs("<section id=\"losses\" aria-labelledby=\"losses-h\">\n"
	      "<h2 id=\"losses-h\">Is anything missing?</h2>\n",
		out);
	fprintf(out, "<p class=\"verdict %s\">%s</p>\n", whole ? "good" : "bad",
		whole ? "Nothing, as far as these files can tell."
		      : "Yes: the figures on this page are too low.");
	if (r->bad > 0) {
		fputs("<p>", out);
		html_count(out, r->bad, "line is", "lines are");
		fputs(" no event of typosink, and not counted.</p>\n", out);
	}
	if (r->twice > 0) {
		fputs("<p>", out);
		html_count(out, r->twice, "event was", "events were");
		fputs(" there more than once, which shipping may do; counted once.</p>\n", out);
	}
	if (r->runs.count == 0) {
		fputs("</section>\n", out);
		return;
	}
	fputs("<p class=\"lead\">Every event of a run has a number; a hole in the numbers is an "
	      "event that these files do not have. What had no room in the queue or on the disk "
	      "never got a number: the resolver told how many there were.</p>\n"
	      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	      "aria-labelledby=\"losses-h\">\n<table><thead><tr>"
	      "<th scope=\"col\">Resolver</th><th scope=\"col\">Run</th>"
	      "<th scope=\"col\">Numbers</th><th scope=\"col\" class=\"n\">Missing</th>"
	      "<th scope=\"col\">Holes</th><th scope=\"col\" class=\"n\">Told as lost</th>"
	      "<th scope=\"col\">End</th></tr></thead>\n<tbody>\n",
		out);
	for (size_t i = 0; i < r->runs.count; i++) {
		const alert_run_t *run = &r->runs.runs[i], *next = alert_run_next(&r->runs, run);
		uint64_t tail = alert_run_tail(run, run->stopped ? NULL : next);
		fputs("<tr><th scope=\"row\">", out);
		html_name(out, run->host);
		fputs("</th><td>", out);
		html_name(out, run->boot);
		fprintf(out, "</td><td>%" PRIu64 "&ndash;%" PRIu64 "%s</td><td class=\"n\">",
			run->spans[0].first, run->spans[run->count - 1].last,
			run->spans[0].first > 1
				? "<br><span class=\"none\">older ones are not here</span>"
				: "");
		html_number(out, alert_run_missing(run) + tail);
		fputs("</td><td>", out);
		put_holes(out, run, tail);
		fputs("</td><td class=\"n\">", out);
		html_number(out, (uint64_t)(run->lost > 0 ? run->lost : 0));
		fputs("</td><td>", out);
		put_end(out, run, next);
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table>\n</div>\n</section>\n", out);
}

/* ---- the whole ---- */

static void put_figure(
	FILE *out, const char *id, uint64_t n, bool more, const char *words, const char *class)
{
	char buf[32];

	fprintf(out,
		"<li class=\"%s\"><data id=\"%s\" value=\"%" PRIu64 "\">%s%s</data>"
		"<span>%s</span></li>\n",
		class, id, n, more ? "&gt;&#8239;" : "", html_grouped(n, buf), words);
}

static void put_head(FILE *out, const report_t *r, const char *title)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src '%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"color-scheme\" content=\"light dark\">\n"
		"<meta name=\"generator\" content=\"typosink %s\">\n<title>",
		report_style_hash, PACKAGE_VERSION);
	html_text(out, title);
	fprintf(out, "</title>\n<style>%s</style>\n</head>\n<body>\n", report_style);
	fputs("<a class=\"skip\" href=\"#main\">To the figures</a>\n<header>\n<h1>", out);
	html_text(out, title);
	fputs("</h1>\n<p class=\"when\">", out);
	if (r->first_us) {
		html_time(out, r->first_us);
		fputs(" to ", out);
		html_time(out, r->last_us);
		fputs(" UTC", out);
	} else {
		fputs("No events.", out);
	}
	const struct {
		const char *words, *value;
	} limits[] = {
		{"since", r->filter.since},
		{"before", r->filter.until},
		{"protected zone", r->filter.zone},
		{"clients in", r->filter.client_text},
		{"kind", r->filter.class},
	};
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (!limits[i].value)
			continue;
		fprintf(out, " &middot; only %s ", limits[i].words);
		html_name(out, limits[i].value);
	}
	fputs("</p>\n</header>\n", out);
}

static void put_nav(FILE *out, const report_t *r)
{
	fputs("<nav aria-label=\"Sections\"><ul>\n<li><a href=\"#timeline\">Over "
	      "time</a></li>\n",
		out);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		if (!sections[i].optional || r->tables[sections[i].table].count > 0)
			fprintf(out, "<li><a href=\"#%s\">%s</a></li>\n", sections[i].id,
				sections[i].heading);
	}
	fputs("<li><a href=\"#losses\">Is anything missing?</a></li>\n</ul></nav>\n", out);
}

static void put_summary(FILE *out, const report_t *r, uint64_t lost)
{
	const tally_t *names = &r->tables[REPORT_NAMES], *clients = &r->tables[REPORT_CLIENTS];

	fputs("<p class=\"summary\">", out);
	if (r->lookups == 0) {
		fputs("Nobody looked a mistyped name up.", out);
	} else {
		html_count(out, clients->count, "client", "clients");
		fputs(" looked up ", out);
		html_count(out, names->count, "mistyped name", "mistyped names");
		fputs(", ", out);
		html_count(out, r->lookups, "time", "times");
		fputs(" in all. ", out);
		if (r->observed == 0) {
			fputs("Every time typosink answered instead, so the mail stayed here.",
				out);
		} else if (r->observed == r->lookups) {
			fputs("All of it was only observed: nothing was withheld.", out);
		} else {
			html_number(out, r->lookups - r->observed);
			fputs(" times typosink answered instead, so the mail stayed here; ", out);
			html_number(out, r->observed);
			fputs(" were only observed.", out);
		}
	}
	fputs("</p>\n<ul class=\"figures\">\n", out);
	put_figure(out, "lookups", r->lookups, false, "look-ups", "");
	put_figure(
		out, "answered", r->lookups - r->observed, false, "answered instead", "answered");
	put_figure(out, "observed-only", r->observed, false, "observed only", "observed");
	put_figure(out, "names", names->count, names->pruned, "mistyped names", "");
	put_figure(out, "client-count", clients->count, clients->pruned, "clients", "");
	put_figure(out, "missing", lost, false, "events missing", lost ? "lost" : "");
	fputs("</ul>\n", out);
}

void report_page(report_t *r, int64_t now_us, FILE *out)
{
	uint64_t lost = 0;
	bool whole = r->bad == 0;

	for (size_t i = 0; i < REPORT_TABLES; i++)
		tally_sort(&r->tables[i]);
	for (size_t i = 0; i < r->runs.count; i++) {
		const alert_run_t *run = &r->runs.runs[i], *next = alert_run_next(&r->runs, run);
		lost += alert_run_missing(run) + alert_run_tail(run, run->stopped ? NULL : next);
		lost += (uint64_t)(run->lost > 0 ? run->lost : 0);
		whole = alert_run_whole(run, next) && whole;
	}
	put_head(out, r, r->title ? r->title : "Mistyped names");
	put_nav(out, r);
	fputs("<main id=\"main\" tabindex=\"-1\">\n", out);
	put_summary(out, r, lost);
	report_chart(out, &r->timeline);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		put_section(out, &sections[i], r);
	put_losses(out, r, whole);
	fputs("</main>\n<footer><p>Made ", out);
	html_time(out, now_us);
	fprintf(out, " UTC by typosink %s from ", PACKAGE_VERSION);
	html_count(out, r->lines, "line", "lines");
	fputs(" of ", out);
	for (size_t i = 0; i < r->file_count; i++) {
		fputs(i ? ", " : "", out);
		html_name(out, strcmp(r->files[i], "-") == 0 ? "standard input" : r->files[i]);
	}
	fputs(". All times are UTC. A look-up is a question to the resolver, not a message: mail "
	      "servers ask more than once, and caches ask for many.</p></footer>\n"
	      "</body>\n</html>\n",
		out);
}
