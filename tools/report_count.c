/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "report.h"

#include "alert_event.h"

#include "../src/siphash.h"
#include "../src/err.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* ---- counts by key ---- */

static uint32_t *slot_of(const tally_t *t, const char *key)
{
	size_t i = ts_siphash(t->key, key, strlen(key)) & t->mask;

	while (t->slots[i] && strcmp(t->rows[t->slots[i] - 1].key, key) != 0)
		i = (i + 1) & t->mask;
	return &t->slots[i];
}

static void index_rows(tally_t *t)
{
	memset(t->slots, 0, (t->mask + 1) * sizeof(*t->slots));
	for (size_t i = 0; i < t->count; i++)
		*slot_of(t, t->rows[i].key) = (uint32_t)i + 1;
}

static int by_count(const void *a, const void *b)
{
	const tally_row_t *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? 1 : -1;
	return strcmp(x->key, y->key);
}

void tally_sort(tally_t *t)
{
	if (t->count > 0)
		qsort(t->rows, t->count, sizeof(*t->rows), by_count);
}

static void prune(tally_t *t)
{
	size_t keep = t->count / 2;

	tally_sort(t);
	for (size_t i = keep; i < t->count; i++) {
		t->forgotten += t->rows[i].count;
		t->forgotten_observed += t->rows[i].observed;
		free(t->rows[i].key);
	}
	t->count = keep;
	t->pruned = true;
	index_rows(t);
}

/* Room for one more row. */
static int make_room(tally_t *t)
{
	if (t->count < t->room)
		return TS_OK;
	if (t->count >= t->max) {
		prune(t);
		return TS_OK;
	}
	size_t room = t->room ? 2 * t->room : 64;
	if (room > t->max)
		room = t->max;
	size_t slots = 1;
	while (slots < 2 * room)
		slots *= 2;
	tally_row_t *rows = realloc(t->rows, room * sizeof(*rows));
	if (!rows)
		return TS_ENOMEM;
	t->rows = rows;
	uint32_t *grown = realloc(t->slots, slots * sizeof(*grown));
	if (!grown)
		return TS_ENOMEM;
	if (!t->slots && getrandom(t->key, sizeof(t->key), 0) != (ssize_t)sizeof(t->key))
		memset(t->key, 1, sizeof(t->key)); /* slower under attack, not wrong */
	t->slots = grown;
	t->mask = slots - 1;
	t->room = room;
	index_rows(t);
	return TS_OK;
}

/* Key and notes as one block. */
static bool set_texts(tally_row_t *row, const char *key, const char *const *notes)
{
	size_t len[ROW_NOTES], size = strlen(key) + 1;
	char *block, *p;

	for (size_t i = 0; i < ROW_NOTES; i++)
		size += len[i] = strlen(notes[i]) + 1;
	block = malloc(size);
	if (!block)
		return false;
	p = stpcpy(block, key) + 1;
	for (size_t i = 0; i < ROW_NOTES; p += len[i], i++)
		row->note[i] = memcpy(p, notes[i], len[i]);
	free(row->key);
	row->key = block;
	return true;
}

int tally_add(tally_t *t, const char *key, const char *const *notes, uint64_t count, bool observed,
	int64_t when_us)
{
	uint32_t *slot = t->slots ? slot_of(t, key) : NULL;
	tally_row_t *row;
	int newer = 0;

	if (slot && *slot) {
		row = &t->rows[*slot - 1];
	} else {
		if (make_room(t) != TS_OK)
			return TS_ENOMEM;
		row = &t->rows[t->count];
		*row = (tally_row_t){.last_us = INT64_MIN};
	}
	/* Of two that were seen at once the greater one stays, in whatever order they come. */
	for (size_t i = 0; i < ROW_NOTES && row->key && newer == 0; i++)
		newer = strcmp(notes[i], row->note[i]);
	if (!row->key || (newer != 0 && when_us > row->last_us) ||
		(newer > 0 && when_us == row->last_us)) {
		if (!set_texts(row, key, notes))
			return TS_ENOMEM;
	}
	if (row == &t->rows[t->count])
		*slot_of(t, key) = (uint32_t)++t->count;
	row->count += count;
	row->observed += observed ? count : 0;
	if (when_us > row->last_us)
		row->last_us = when_us;
	return TS_OK;
}

void tally_release(tally_t *t)
{
	for (size_t i = 0; i < t->count; i++)
		free(t->rows[i].key);
	free(t->rows);
	free(t->slots);
	*t = (tally_t){0};
}

/* ---- along the time ---- */

/* Each a multiple of the one before. */
static const int64_t widths[] = {60, 300, 900, 3600, 3 * 3600, 12 * 3600, 86400, 7 * 86400,
	28 * 86400, 364 * 86400, 3640 * INT64_C(86400), 36400 * INT64_C(86400)};

/* A hundred of the widest hold all the years that four digits can say. */
enum { WIDTHS = sizeof(widths) / sizeof(widths[0]) };

#define MONDAY 345600 /* 1970-01-05 */

int64_t timeline_floor(int64_t at, int64_t width)
{
	int64_t rest = (at - MONDAY) % width;

	return at - (rest < 0 ? rest + width : rest);
}

static void widen(timeline_t *line)
{
	size_t w = 0;

	while (widths[w] <= line->width)
		w++;
	int64_t width = widths[w], start = timeline_floor(line->start, width);
	size_t count = 0;
	for (size_t i = 0; i < line->count; i++) {
		int64_t at = line->start + (int64_t)i * line->width;
		size_t to = (size_t)((at - start) / width);
		moment_t m = line->moments[i];
		line->moments[i] = (moment_t){0};
		line->moments[to].answered += m.answered;
		line->moments[to].observed += m.observed;
		line->moments[to].lost += m.lost;
		count = to + 1;
	}
	line->count = count;
	line->start = start;
	line->width = width;
}

void timeline_add(timeline_t *line, int64_t at, const moment_t *what)
{
	if (line->count == 0) {
		line->width = widths[0];
		line->start = timeline_floor(at, line->width);
		line->count = 1;
	}
	for (;;) {
		int64_t start = timeline_floor(at, line->width), end = line->start;
		end += (int64_t)line->count * line->width;
		int64_t from = start < line->start ? start : line->start;
		int64_t to = start + line->width > end ? start + line->width : end;
		size_t count = (size_t)((to - from) / line->width);
		if (count > MOMENTS_MAX) {
			widen(line);
			continue;
		}
		size_t shift = (size_t)((line->start - from) / line->width);
		if (shift > 0) {
			memmove(line->moments + shift, line->moments,
				line->count * sizeof(*line->moments));
			memset(line->moments, 0, shift * sizeof(*line->moments));
		}
		line->start = from;
		line->count = count;
		moment_t *m = &line->moments[(start - from) / line->width];
		m->answered += what->answered;
		m->observed += what->observed;
		m->lost += what->lost;
		return;
	}
}

void timeline_fit(timeline_t *line, size_t steps)
{
	while (line->count > steps && line->width < widths[WIDTHS - 1])
		widen(line);
}

/* ---- events ---- */

void report_init(report_t *r, size_t names)
{
	*r = (report_t){.top = 25};
	for (size_t i = 0; i < REPORT_TABLES; i++)
		r->tables[i].max = names;
}

void report_release(report_t *r)
{
	for (size_t i = 0; i < REPORT_TABLES; i++)
		tally_release(&r->tables[i]);
	alert_runs_release(&r->runs);
}

static int count_alert(report_t *r, const json_t *e, int64_t when)
{
	const char *name = alert_str(e, "dns.question.name");
	const char *meant = alert_str(e, "typosink.counterpart");
	const char *class = alert_str(e, "typosink.class");
	const char *zone = alert_str(e, "typosink.protected");
	const char *action = alert_str(e, "event.action");
	const char *client = alert_str(e, "source.address");
	int64_t said = alert_int(e, "typosink.count");
	uint64_t n = said > 0 ? (uint64_t)said : 1;
	const char *const none[ROW_NOTES] = {"", "", ""};

	if (!*client)
		client = alert_str(e, "source.ip");
	if (strcmp(action, "rdata") == 0) {
		const char *const notes[ROW_NOTES] = {alert_str(e, "typosink.rdata"), meant, zone};
		return tally_add(&r->tables[REPORT_FOUND], name, notes, n, false, when);
	}
	bool observed = json_is_false(alert_get(e, "typosink.applied"));
	moment_t m = {.answered = observed ? 0 : n, .observed = observed ? n : 0};
	r->lookups += n;
	r->observed += m.observed;
	if (when)
		timeline_add(&r->timeline, when / 1000000, &m);

	const struct {
		report_table_t table;
		const char *key;
		const char *const *notes;
	} rows[] = {
		{REPORT_NAMES, name, (const char *const[]){meant, class, zone}},
		{REPORT_CLIENTS, *client ? client : "unknown",
			(const char *const[]){name, meant, ""}},
		{REPORT_ZONES, zone, none},
		{REPORT_CLASSES, class, (const char *const[]){name, meant, ""}},
		{REPORT_ACTIONS, action, none},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int ret = tally_add(
			&r->tables[rows[i].table], rows[i].key, rows[i].notes, n, observed, when);
		if (ret != TS_OK)
			return ret;
	}
	return TS_OK;
}

static int count_policy(report_t *r, const json_t *e, int64_t when)
{
	bool failed = strcmp(alert_str(e, "event.outcome"), "failure") == 0;
	const char *const notes[ROW_NOTES] = {alert_str(e, "rule.version"),
		failed ? "failed" : "loaded", failed ? alert_str(e, "event.reason") : ""};

	return tally_add(
		&r->tables[REPORT_POLICIES], alert_str(e, "rule.ruleset"), notes, 1, failed, when);
}

static int count_event(report_t *r, const json_t *e)
{
	int64_t when = alert_time_us(alert_str(e, "@timestamp"));
	const char *action = alert_str(e, "event.action");
	bool alert = alert_is_alert(e);

	/* What is asked for may be one client's; losses concern everybody's. */
	if (alert ? !alert_filter_wants(&r->filter, e) : !alert_filter_in_time(&r->filter, e))
		return TS_OK;
	r->events++;
	if (when && (!r->first_us || when < r->first_us))
		r->first_us = when;
	if (when > r->last_us)
		r->last_us = when;
	if (alert)
		return count_alert(r, e, when);
	if (strcmp(action, "policy") == 0)
		return count_policy(r, e, when);
	int64_t lost = alert_int(e, "typosink.lost.count");
	if (lost > 0) {
		r->lost += (uint64_t)lost;
		if (when)
			timeline_add(
				&r->timeline, when / 1000000, &(moment_t){.lost = (uint64_t)lost});
	}
	return TS_OK;
}

int report_line(report_t *r, const char *line)
{
	json_error_t error;
	json_t *event = json_loads(line, 0, &error);
	int ret = TS_OK;

	r->lines++;
	if (!json_is_object(event) || !alert_get(event, "event.sequence")) {
		r->bad++;
	} else {
		ret = alert_runs_note(&r->runs, event);
		if (ret == 0)
			r->twice++;
		else if (ret > 0)
			ret = count_event(r, event);
	}
	json_decref(event);
	return ret;
}
