/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink alerts: reads alert files, follows, filters, translates, and proves them whole.
 */
#include "config.h"

#include "alert_event.h"
#include "alert_file.h"
#include "alert_filter.h"
#include "alert_runs.h"
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FOLLOW_PAUSE_NS 200000000

struct alerts {
	const alert_format_t *format;
	alert_filter_t filter;
	const char *cursor;
	bool follow, check;
	unsigned long bad;
	alert_runs_t runs;
};

static volatile sig_atomic_t stop; /* a signal handler may touch nothing else */

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* ---- replay check ---- */

static void judge_run(const alert_run_t *r, const alert_run_t *next)
{
	uint64_t tail = alert_run_tail(r, next);

	for (size_t i = 1; i < r->count; i++) {
		alert_put(stdout, r->boot, "");
		printf(": missing %" PRIu64 " to %" PRIu64 "\n", r->spans[i - 1].last + 1,
			r->spans[i].first - 1);
	}
	alert_put(stdout, r->boot, "");
	printf(": %" PRIu64 " to %" PRIu64 ", %" PRIu64 " missing, %" PRIu64 " twice, %" PRId64
	       " told as lost",
		r->spans[0].first, r->spans[r->count - 1].last, alert_run_missing(r), r->twice,
		r->lost);
	if (r->spans[0].first > 1)
		printf("; older ones are not in these files");
	if (r->stopped)
		printf("; stopped");
	else if (tail > 0)
		printf("; ended without a stop, %" PRIu64 " missing at its end", tail);
	else if (next)
		printf("; ended without a stop, what was queued then is lost");
	else
		printf("; no stop: still running, or its end is not in these files");
	putchar('\n');
}

static int judge(const struct alerts *a)
{
	bool whole = a->bad == 0;

	for (size_t i = 0; i < a->runs.count; i++) {
		const alert_run_t *r = &a->runs.runs[i], *next = alert_run_next(&a->runs, r);
		judge_run(r, next);
		whole = alert_run_whole(r, next) && whole;
	}
	printf("%s\n", whole ? "whole" : "not whole");
	return whole ? EXIT_OK : EXIT_FOUND;
}

/* ---- reading ---- */

static void take_line(struct alerts *a, const alert_file_t *file, const char *line)
{
	json_error_t error;
	json_t *event = json_loads(line, 0, &error);

	if (!event || !json_is_object(event) || !alert_get(event, "event.sequence")) {
		/* jansson quotes what it read, which is not to reach a terminal as it is. */
		fprintf(stderr, "%s: line %lu: ", file->path, file->number);
		alert_put(stderr, event ? "no alert of typosink" : error.text, "");
		fputc('\n', stderr);
		a->bad++;
	} else if (a->check) {
		if (alert_runs_note(&a->runs, event) < 0) {
			command_warn("%s", ts_strerror(TS_ENOMEM));
			exit(EXIT_TROUBLE);
		}
	} else if (alert_filter_wants(&a->filter, event)) {
		a->format->print(event, line, stdout);
	}
	json_decref(event);
}

static int save(const struct alerts *a, const alert_file_t *file)
{
	/* First what was read is out, then the cursor says so: at least once. */
	if (fflush(stdout) != 0)
		return EXIT_TROUBLE;
	if (a->cursor && alert_cursor_save(a->cursor, file) != 0) {
		command_warn("%s: %s", a->cursor, strerror(errno));
		return EXIT_TROUBLE;
	}
	return EXIT_OK;
}

static int read_file(struct alerts *a, const char *path)
{
	alert_file_t file = {0};
	const char *line;
	bool lost = false;
	int code = EXIT_OK;

	int ret = a->cursor ? alert_cursor_open(a->cursor, path, &file, &lost)
			    : alert_file_open(&file, path);
	if (ret != 0) {
		command_warn("%s: %s", errno == EBADMSG ? a->cursor : path, strerror(errno));
		return EXIT_TROUBLE;
	}
	if (lost)
		command_warn("%s: the file it was at is gone; starting at the beginning of %s",
			a->cursor, path);
	while (!stop && code == EXIT_OK) {
		bool any = false;
		while (!stop && (line = alert_file_next(&file))) {
			take_line(a, &file, line);
			any = true;
		}
		if (any)
			code = save(a, &file);
		if (code != EXIT_OK || ((a->follow || a->cursor) && alert_file_turn(&file)))
			continue;
		if (!a->follow)
			break;
		nanosleep(&(struct timespec){.tv_nsec = FOLLOW_PAUSE_NS}, NULL);
	}
	if (!a->follow && code == EXIT_OK && alert_file_torn(&file))
		command_warn("%s: the last line has no end and was left out", path);
	if (code == EXIT_OK)
		code = save(a, &file);
	alert_file_close(&file);
	return code;
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	enum { CURSOR = ALERT_OPT_OWN, CHECK };
	static const struct option options[] = {
		ALERT_FILTER_OPTIONS,
		{"cursor", required_argument, NULL, CURSOR},
		{"follow", no_argument, NULL, 'f'},
		{"format", required_argument, NULL, 'F'},
		{"replay-check", no_argument, NULL, CHECK},
		{NULL, 0, NULL, 0},
	};
	struct alerts a = {.format = &format_text};
	int opt, code = EXIT_OK;

	opterr = 0;
	optind = 0;
	while ((opt = getopt_long(argc, argv, ":" ALERT_FILTER_LETTERS "fF:", options, NULL)) !=
		-1) {
		switch (opt) {
		case 'f':
			a.follow = true;
			break;
		case 'F':
			a.format = alert_format_find(optarg);
			if (!a.format)
				return command_usage(self, "no format '%s'", optarg);
			break;
		case CURSOR:
			a.cursor = optarg;
			break;
		case CHECK:
			a.check = true;
			break;
		default:
			code = alert_filter_option(&a.filter, self, opt, optarg);
			if (code == EXIT_OK)
				break;
			if (code == EXIT_USAGE)
				return code;
			return command_bad_option(self, opt, argv);
		}
	}
	int files = argc - optind;
	if (files == 0 && (a.cursor || a.follow))
		return command_usage(self, "a file is missing");
	if (files > 1 && (a.cursor || a.follow))
		return command_usage(self, "--follow and --cursor take one file");
	if (a.check && (a.follow || a.cursor))
		return command_usage(self, "--replay-check reads whole files");

	struct sigaction action = {.sa_handler = on_signal};
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	if (files == 0)
		code = read_file(&a, "-");
	for (int i = optind; i < argc && code == EXIT_OK; i++)
		code = read_file(&a, argv[i]);
	if (code == EXIT_OK && a.check)
		code = judge(&a);
	else if (code == EXIT_OK && a.bad > 0)
		code = EXIT_FOUND;
	alert_runs_release(&a.runs);
	return code;
}

const ts_command_t cmd_alerts = {
	.name = "alerts",
	.oneline = "read, follow, filter, translate and check alert files",
	.usage = "alerts [OPTION...] [FILE...]",
	.help = "Reads standard input where no file is named.\n\n"
		"  -F, --format FORMAT    text (default), ecs, tsv, ocsf, cef, rfc5424 or eve\n"
		"  -f, --follow           go on reading, through rotation, until "
		"interrupted\n" ALERT_FILTER_HELP
		"      --cursor FILE      go on where the last call with this cursor ended\n"
		"      --replay-check     prove files whole by boot_id and sequence; exit 1 if "
		"not\n\n"
		"ocsf and eve have a form for alerts only; other events are left out there.\n",
	.run = run,
};
