/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink report: one page for people from alert files.
 */
#include "config.h"

#include "alert_file.h"
#include "alert_filter.h"
#include "command.h"
#include "output.h"
#include "report.h"

#include "../src/alert/clock.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define NAMES 100000
#define NAMES_MAX 10000000
#define TOP_MAX 100000

static bool parse_number(const char *text, unsigned long max, unsigned long *out)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (*end || errno != 0 || n == 0 || n > max)
		return false;
	*out = n;
	return true;
}

static int read_file(report_t *report, const char *path)
{
	alert_file_t file = {0};
	const char *line;
	int code = EXIT_OK;

	if (alert_file_open(&file, path) != 0) {
		command_warn("%s: %s", path, strerror(errno));
		return EXIT_TROUBLE;
	}
	while (code == EXIT_OK && (line = alert_file_next(&file))) {
		if (report_line(report, line) != TS_OK) {
			command_warn("%s", ts_strerror(TS_ENOMEM));
			code = EXIT_TROUBLE;
		}
	}
	if (code == EXIT_OK && alert_file_torn(&file))
		command_warn("%s: the last line has no end and was left out", path);
	alert_file_close(&file);
	return code;
}

static int write_page(report_t *report, const char *to)
{
	int64_t now = ts_clock_system.wall_us(NULL);
	char *page = NULL;
	size_t size = 0;

	if (!to || strcmp(to, "-") == 0) {
		report_page(report, now, stdout);
		return EXIT_OK; /* whether it went out is asked at the end */
	}
	FILE *f = open_memstream(&page, &size);
	if (!f) {
		command_warn("%s", ts_strerror(TS_ENOMEM));
		return EXIT_TROUBLE;
	}
	report_page(report, now, f);
	int code = EXIT_TROUBLE;
	bool whole = !ferror(f);
	if (fclose(f) == 0 && whole)
		code = output_file(to, page, size, true, NULL);
	else
		command_warn("%s", ts_strerror(TS_ENOMEM));
	free(page);
	return code;
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	enum { NAMES_OPT = ALERT_OPT_OWN, TITLE };
	static const struct option options[] = {
		ALERT_FILTER_OPTIONS,
		{"names", required_argument, NULL, NAMES_OPT},
		{"output", required_argument, NULL, 'o'},
		{"title", required_argument, NULL, TITLE},
		{"top", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	static const char *const standard_input[] = {"-"};
	unsigned long names = NAMES, top = 0;
	const char *to = NULL, *title = NULL;
	alert_filter_t filter = {0};
	int opt, code = EXIT_OK;

	opterr = 0;
	optind = 0;
	while ((opt = getopt_long(argc, argv, ":" ALERT_FILTER_LETTERS "n:o:", options, NULL)) !=
		-1) {
		switch (opt) {
		case 'n':
			if (!parse_number(optarg, TOP_MAX, &top))
				return command_usage(
					self, "--top: '%s' is no number of rows", optarg);
			break;
		case 'o':
			to = optarg;
			break;
		case NAMES_OPT:
			if (!parse_number(optarg, NAMES_MAX, &names))
				return command_usage(
					self, "--names: '%s' is no number of names", optarg);
			break;
		case TITLE:
			title = optarg;
			break;
		default:
			code = alert_filter_option(&filter, self, opt, optarg);
			if (code == EXIT_OK)
				break;
			if (code == EXIT_USAGE)
				return code;
			return command_bad_option(self, opt, argv);
		}
	}
	report_t *report = malloc(sizeof(*report));
	if (!report) {
		command_warn("%s", ts_strerror(TS_ENOMEM));
		return EXIT_TROUBLE;
	}
	report_init(report, names);
	report->filter = filter;
	report->title = title;
	report->top = top ? (unsigned)top : report->top;
	report->file_count = argc > optind ? (size_t)(argc - optind) : 1;
	report->files = argc > optind ? (const char *const *)argv + optind : standard_input;
	for (size_t i = 0; i < report->file_count && code == EXIT_OK; i++)
		code = read_file(report, report->files[i]);
	if (code == EXIT_OK)
		code = write_page(report, to);
	if (code == EXIT_OK && report->bad > 0) {
		command_warn("%llu lines are no events of typosink; they are not in the figures",
			(unsigned long long)report->bad);
		code = EXIT_FOUND;
	}
	report_release(report);
	free(report);
	return code;
}

const ts_command_t cmd_report = {
	.name = "report",
	.oneline = "one page for people, from alert files",
	.usage = "report [OPTION...] [FILE...]",
	.help = "Writes a page of HTML that needs nothing beside itself: what was mistyped, by "
		"whom,\n"
		"when, and whether anything is missing. Reads standard input where no file is "
		"named;\n"
		"rotated files may be named in any order.\n\n"
		"  -o, --output FILE      write there, whole or not at all (standard output)\n"
		"  -n, --top N            rows that a table shows (25)\n"
		"      --title TEXT       heading of the page\n"
		"      --names N          names and clients that are counted apart (100000); more\n"
		"                         than these are kept in the sums\n" ALERT_FILTER_HELP "\n"
		"Exit status 1 where lines were no events; the page says how many.\n",
	.run = run,
};
