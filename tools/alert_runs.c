/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "alert_runs.h"

#include "alert_event.h"

#include "../src/err.h"
#include "../src/grow.h"

#include <stdlib.h>
#include <string.h>

static alert_run_t *run_of(alert_runs_t *all, const char *host, const char *boot)
{
	/* The latest first: nearly always the one. */
	for (size_t i = all->count; i-- > 0;) {
		if (strcmp(all->runs[i].boot, boot) == 0 && strcmp(all->runs[i].host, host) == 0)
			return &all->runs[i];
	}
	alert_run_t *grown = realloc(all->runs, (all->count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	all->runs = grown;
	alert_run_t *r = &grown[all->count++];
	memset(r, 0, sizeof(*r));
	snprintf(r->host, sizeof(r->host), "%s", host);
	snprintf(r->boot, sizeof(r->boot), "%s", boot);
	return r;
}

/* \return the number of spans that begin at or before n. */
static size_t spans_up_to(const alert_run_t *r, uint64_t n)
{
	size_t low = 0, high = r->count;

	if (high > 0 && r->spans[high - 1].first <= n)
		return high;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (r->spans[middle].first <= n)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int see(alert_run_t *r, uint64_t n)
{
	size_t at = spans_up_to(r, n);
	alert_span_t *before = at > 0 ? &r->spans[at - 1] : NULL;
	alert_span_t *behind = at < r->count ? &r->spans[at] : NULL;

	if (before && n <= before->last) {
		r->twice++;
		return 0;
	}
	bool joins_before = before && n == before->last + 1;
	bool joins_behind = behind && n + 1 == behind->first;
	if (joins_before && joins_behind) {
		before->last = behind->last;
		memmove(behind, behind + 1, (r->count - at - 1) * sizeof(*behind));
		r->count--;
	} else if (joins_before) {
		before->last = n;
	} else if (joins_behind) {
		behind->first = n;
	} else {
		void *grown = ts_grow(r->spans, r->count, &r->room, sizeof(*r->spans));
		if (!grown)
			return TS_ENOMEM;
		r->spans = grown;
		memmove(r->spans + at + 1, r->spans + at, (r->count - at) * sizeof(*r->spans));
		r->spans[at] = (alert_span_t){n, n};
		r->count++;
	}
	return 1;
}

int alert_runs_note(alert_runs_t *all, const json_t *event)
{
	alert_run_t *r = run_of(
		all, alert_str(event, "observer.hostname"), alert_str(event, "typosink.boot_id"));
	const char *action = alert_str(event, "event.action");
	const json_t *previous = alert_get(event, "typosink.previous");

	if (!r)
		return TS_ENOMEM;
	int fresh = see(r, (uint64_t)alert_int(event, "event.sequence"));
	if (fresh <= 0)
		return fresh;
	r->lost += alert_int(event, "typosink.lost.count");
	if (!alert_is_alert(event)) {
		r->started |= strcmp(action, "start") == 0;
		r->stopped |= strcmp(action, "stop") == 0;
	}
	if (previous) {
		r->has_previous = true;
		snprintf(r->previous, sizeof(r->previous), "%s", alert_str(previous, "boot_id"));
		r->previous_sequence = (uint64_t)alert_int(previous, "sequence");
		r->previous_clean = json_is_true(json_object_get(previous, "clean"));
		r->unwritten_max = alert_int(previous, "unwritten_max");
	}
	return 1;
}

void alert_runs_release(alert_runs_t *all)
{
	for (size_t i = 0; i < all->count; i++)
		free(all->runs[i].spans);
	free(all->runs);
	*all = (alert_runs_t){0};
}

uint64_t alert_run_missing(const alert_run_t *run)
{
	uint64_t missing = 0;

	for (size_t i = 1; i < run->count; i++)
		missing += run->spans[i].first - run->spans[i - 1].last - 1;
	return missing;
}

const alert_run_t *alert_run_next(const alert_runs_t *all, const alert_run_t *run)
{
	for (size_t i = 0; i < all->count; i++) {
		const alert_run_t *next = &all->runs[i];
		if (next->has_previous && strcmp(next->previous, run->boot) == 0 &&
			strcmp(next->host, run->host) == 0)
			return next;
	}
	return NULL;
}

uint64_t alert_run_tail(const alert_run_t *run, const alert_run_t *next)
{
	uint64_t last = run->spans[run->count - 1].last;

	return next && next->previous_sequence > last ? next->previous_sequence - last : 0;
}

bool alert_run_whole(const alert_run_t *run, const alert_run_t *next)
{
	return run->count == 1 && run->lost == 0 && (run->stopped || !next);
}
