/* SPDX-License-Identifier: BSD-3-Clause
 *
 * report: what alert files add up to, and the page that shows it. report_count.c adds,
 * report_page.c writes; memory is bounded by `names`, however many events there are.
 */
#ifndef TS_REPORT_H
#define TS_REPORT_H

#include "alert_filter.h"
#include "alert_runs.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* ---- counts by key ---- */

enum { ROW_NOTES = 3 }; /* what stands beside a key: last seen wins */

typedef struct tally_row {
	char *key; /* one block with the notes behind it */
	const char *note[ROW_NOTES];
	uint64_t count, observed; /* look-ups; those of them that were answered as usual */
	int64_t last_us;
} tally_row_t;

/*
 * A bounded table. When it is full the rarer half of it is forgotten and added to `forgotten`: what
 * is frequent stays, whenever it came, and a flood of names that occur once cannot push it out.
 */
typedef struct tally {
	tally_row_t *rows;
	uint32_t *slots; /* open addressing: index of the row + 1 */
	size_t count, room, mask, max;
	uint8_t key[16]; /* of the hash */
	uint64_t forgotten, forgotten_observed;
	bool pruned;
} tally_t;

/** \return TS_OK or TS_ENOMEM. notes: ROW_NOTES texts. */
int tally_add(tally_t *tally, const char *key, const char *const *notes, uint64_t count,
	bool observed, int64_t when_us);
/** By count, most first; then by key. No more may be added. */
void tally_sort(tally_t *tally);
void tally_release(tally_t *tally);

/* ---- along the time ---- */

typedef struct moment {
	uint64_t answered, observed, lost;
} moment_t;

enum { MOMENTS_MAX = 2880 };

/* Equal steps from `start` on; the steps grow when there would be too many. Always one a minute at
 * first. Steps begin at whole minutes, hours and days of UTC, and weeks on a Monday. */
typedef struct timeline {
	moment_t moments[MOMENTS_MAX];
	size_t count;
	int64_t start, width; /* seconds; start: of the first moment */
} timeline_t;

/** \param at  seconds since the epoch. */
void timeline_add(timeline_t *line, int64_t at, const moment_t *what);
/** The beginning of the step of that width in which the time lies. */
int64_t timeline_floor(int64_t at, int64_t width);
/** Takes steps together until there are at most `steps`. */
void timeline_fit(timeline_t *line, size_t steps);

/* ---- all of it ---- */

/* What one key of a table is, and what stands beside it. */
typedef enum report_table {
	REPORT_NAMES,   /* notes: counterpart, class, protected zone */
	REPORT_CLIENTS, /* notes: the last name, what was meant */
	REPORT_ZONES,
	REPORT_CLASSES, /* notes: an example, what was meant */
	REPORT_ACTIONS,
	REPORT_FOUND,    /* typos in other people's data. Key: where; notes: what, meant */
	REPORT_POLICIES, /* notes: serial, "loaded" or "failed", the message */
	REPORT_TABLES
} report_table_t;

typedef struct report {
	const char *title; /* NULL: the usual one; borrowed */
	alert_filter_t filter;
	unsigned top;
	tally_t tables[REPORT_TABLES];
	timeline_t timeline;
	alert_runs_t runs;
	uint64_t lines, bad, events, twice; /* events: lines that were wanted, doubles left out */
	uint64_t lookups, observed, lost;
	int64_t first_us, last_us; /* of what is counted; 0: nothing */
	const char *const *files;  /* borrowed */
	size_t file_count;
} report_t;

/** names: rows that a table may have. */
void report_init(report_t *report, size_t names);
void report_release(report_t *report);
/** \return TS_OK, also for a line that is no event (counted as bad); TS_ENOMEM. */
int report_line(report_t *report, const char *line);
/** The page; sorts the tables, so nothing may be added any more. now_us: when it is made. */
void report_page(report_t *report, int64_t now_us, FILE *out);

/** The style sheet, and its hash as a Content-Security-Policy has it ('sha256-...'). */
extern const char report_style[], report_style_hash[];

#endif
