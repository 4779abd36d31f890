/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rpz: the likeliest typos as a response policy zone (draft-vixie-dnsop-dns-rpz), for resolvers
 * that cannot load the module. Which names: enumerate.h. What each gets: ts_verdict() and
 * ts_answer_make(), as far as RPZ can say it; what it cannot say is told as notes. For tools: it
 * allocates and takes a while. Any thread, as long as the policy set lives.
 *
 * The tree is complete in the sense of DNS wildcards: where a rule stands below another's wildcard,
 * the names between them have rules of their own, for an empty non-terminal hides a wildcard
 * (RFC 4592 section 2.2.2).
 */
#ifndef TS_RPZ_H
#define TS_RPZ_H

#include "verdict.h"

typedef struct ts_rpz ts_rpz_t;

typedef struct ts_rpz_options {
	ts_name_t origin; /* the name of the zone */
	uint32_t serial;  /* of its SOA */
	size_t top;       /* typos wanted of each protected zone; 0: all */
	time_t now;       /* seconds since the epoch, for `allow` records that end */
	bool registrable; /* only typos below TLDs that exist */
} ts_rpz_options_t;

typedef struct ts_rpz_stats {
	size_t zones;    /* protected */
	size_t typos;    /* that the zone takes */
	size_t left_out; /* that are typos only if another name exists: RPZ cannot ask */
	size_t passed;   /* whose action is `pass` */
	size_t too_long; /* that do not fit below the origin */
	size_t passing;  /* names that the zone lets pass: allowed, or in the way of a wildcard */
} ts_rpz_stats_t;

/** \return TS_OK; TS_ERANGE where the origin leaves no room for any name; TS_ENOMEM. */
TS_MUST_CHECK int ts_rpz_new(
	const ts_policyset_t *set, const ts_rpz_options_t *options, ts_rpz_t **out) TS_NONNULL_ALL;
void ts_rpz_free(ts_rpz_t *rpz);

ts_rpz_stats_t ts_rpz_stats(const ts_rpz_t *rpz) TS_NONNULL_ALL;

/** What is lost against the module, in words, one a note. \return NULL behind the last. */
const char *ts_rpz_note(const ts_rpz_t *rpz, size_t i) TS_NONNULL_ALL;

/** Takes one line without its newline. \return TS_OK, or an error that ends the writing. */
typedef int (*ts_rpz_line_fn)(void *arg, const char *line);

/**
 * Writes the zone in master file format, in canonical order: the same for the same policies and
 * options. \param records  how many it has, its SOA and NS included. \return TS_OK, or fn's error.
 */
TS_MUST_CHECK int ts_rpz_write(const ts_rpz_t *rpz, ts_rpz_line_fn fn, void *arg, size_t *records)
	TS_NONNULL(1, 2, 4);

/** Does the zone take a look-up of this name as one of a typo? */
bool ts_rpz_takes(const ts_rpz_t *rpz, const ts_name_t *name) TS_NONNULL_ALL;

#endif
