/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alert_filter: which alerts are wanted; the options that say so are the same in every command that
 * reads alert files.
 */
#ifndef TS_ALERT_FILTER_H
#define TS_ALERT_FILTER_H

#include "command.h"

#include "../src/prefix.h"

#include <jansson.h>
#include <stdbool.h>

/* The strings are borrowed; all zero: everything is wanted. */
typedef struct alert_filter {
	const char *zone, *class, *since, *until, *client_text;
	ts_prefix_t client; /* where client_text is set */
} alert_filter_t;

/* What getopt_long gives for those that have no letter; a command's own begin at ALERT_OPT_OWN. */
enum { ALERT_OPT_SINCE = 256, ALERT_OPT_UNTIL, ALERT_OPT_OWN };

#define ALERT_FILTER_LETTERS "c:C:z:"
/* Rows for the table of getopt_long. */
#define ALERT_FILTER_OPTIONS                                                               \
	{"class", required_argument, NULL, 'c'}, {"client", required_argument, NULL, 'C'}, \
		{"protected", required_argument, NULL, 'z'},                               \
		{"since", required_argument, NULL, ALERT_OPT_SINCE},                       \
	{                                                                                  \
		"until", required_argument, NULL, ALERT_OPT_UNTIL                          \
	}
#define ALERT_FILTER_HELP                                                                        \
	"  -z, --protected ZONE   only alerts about this protected zone or one below it\n"       \
	"  -C, --client PREFIX    only alerts about clients in this address prefix\n"            \
	"  -c, --class CLASS      only alerts of this typo class\n"                              \
	"      --since TIME       only events from then on (2026-11-23, 2026-11-23T19:00:00Z)\n" \
	"      --until TIME       only events before then\n"

/**
 * Takes one option.
 * \return EXIT_OK; EXIT_USAGE, said; -1: not an option of the filter.
 */
int alert_filter_option(
	alert_filter_t *filter, const ts_command_t *self, int opt, const char *value);

/** Is the event within the times that were asked for? */
bool alert_filter_in_time(const alert_filter_t *filter, const json_t *event);
/** Is it wanted altogether? */
bool alert_filter_wants(const alert_filter_t *filter, const json_t *event);

#endif
