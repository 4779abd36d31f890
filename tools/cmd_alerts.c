/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink alerts: reads alert files, follows, filters, translates, and proves them whole.
 */
#include "config.h"

#include "alert_event.h"
#include "alert_file.h"
#include "command.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define FOLLOW_PAUSE_NS 200000000
#define STAMP_LEN 27 /* 2026-11-23T19:01:14.482913Z */

struct prefix {
	int family; /* 0: none */
	uint8_t addr[16];
	unsigned bits;
};

struct alerts {
	const alert_format_t *format;
	const char *zone, *class, *since, *until, *cursor;
	struct prefix client;
	bool follow, check;
	unsigned long bad;
	struct run *runs;
	size_t run_count;
};

static volatile sig_atomic_t stop; /* a signal handler may touch nothing else */

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* ---- filters ---- */

static bool parse_prefix(const char *text, struct prefix *p)
{
	char addr[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	char *end;

	if (n == 0 || n >= sizeof(addr))
		return false;
	memcpy(addr, text, n);
	addr[n] = '\0';
	p->family = strchr(addr, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(p->family, addr, p->addr) != 1)
		return false;
	unsigned max = p->family == AF_INET ? 32 : 128;
	p->bits = max;
	if (slash) {
		unsigned long bits = strtoul(slash + 1, &end, 10);
		if (slash[1] < '0' || slash[1] > '9' || *end || bits > max)
			return false;
		p->bits = (unsigned)bits;
	}
	return true;
}

static bool in_prefix(const struct prefix *p, const char *text)
{
	uint8_t addr[16];

	if (inet_pton(p->family, text, addr) != 1)
		return false;
	unsigned whole = p->bits / 8, rest = p->bits % 8;
	return memcmp(addr, p->addr, whole) == 0 &&
	       (rest == 0 || (addr[whole] ^ p->addr[whole]) >> (8 - rest) == 0);
}

/* A date, or a date and a time in UTC, as far as it goes: stamps then compare as texts. */
static bool is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd.ddddddZ";
	size_t n = strlen(text);

	if (n < 4 || n > STAMP_LEN)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';
		if (form[i] == 'd' ? !digit : text[i] != form[i])
			return text[i] == 'Z' && i == 19 && n == 20;
	}
	return true;
}

static int compare_time(const char *stamp, const char *given)
{
	size_t n = strlen(given);

	if (n > 0 && given[n - 1] == 'Z')
		n--;
	return strncmp(stamp, given, n);
}

static bool below(const char *name, const char *zone)
{
	size_t n = strlen(name), z = strlen(zone);

	return n >= z && strcasecmp(name + n - z, zone) == 0 && (n == z || name[n - z - 1] == '.');
}

static bool wanted(const struct alerts *a, const json_t *event)
{
	const char *stamp = alert_str(event, "@timestamp");

	if (a->since && compare_time(stamp, a->since) < 0)
		return false;
	if (a->until && compare_time(stamp, a->until) >= 0)
		return false;
	if (a->zone && !below(alert_str(event, "typosink.protected"), a->zone))
		return false;
	if (a->class && strcmp(alert_str(event, "typosink.class"), a->class) != 0)
		return false;
	return a->client.family == 0 || in_prefix(&a->client, alert_str(event, "source.ip"));
}

/* ---- replay check ---- */

struct run {
	char host[256], boot[64];
	uint64_t *seen;
	size_t count, room;
	bool started, stopped;
	int64_t lost;
	bool has_previous, previous_clean;
	char previous[64];
	uint64_t previous_sequence;
};

static struct run *run_of(struct alerts *a, const char *host, const char *boot)
{
	for (size_t i = 0; i < a->run_count; i++) {
		if (strcmp(a->runs[i].boot, boot) == 0 && strcmp(a->runs[i].host, host) == 0)
			return &a->runs[i];
	}
	struct run *grown = realloc(a->runs, (a->run_count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	a->runs = grown;
	struct run *r = &grown[a->run_count++];
	memset(r, 0, sizeof(*r));
	snprintf(r->host, sizeof(r->host), "%s", host);
	snprintf(r->boot, sizeof(r->boot), "%s", boot);
	return r;
}

static int note_sequence(struct alerts *a, const json_t *event)
{
	const char *action = alert_str(event, "event.action");
	struct run *r = run_of(
		a, alert_str(event, "observer.hostname"), alert_str(event, "typosink.boot_id"));
	const json_t *previous = alert_get(event, "typosink.previous");

	if (!r)
		return TS_ENOMEM;
	if (r->count == r->room) {
		size_t room = r->room ? 2 * r->room : 1024;
		uint64_t *grown = realloc(r->seen, room * sizeof(*grown));
		if (!grown)
			return TS_ENOMEM;
		r->seen = grown;
		r->room = room;
	}
	r->seen[r->count++] = (uint64_t)alert_int(event, "event.sequence");
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
	}
	return TS_OK;
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* \return whether the run is whole as far as these files can tell. */
static bool judge_run(const struct alerts *a, const struct run *r)
{
	uint64_t missing = 0, twice = 0, first = r->seen[0], last;
	bool tail_known = false, whole = true;

	for (size_t i = 1; i < r->count; i++) {
		if (r->seen[i] == r->seen[i - 1]) {
			twice++;
		} else if (r->seen[i] > r->seen[i - 1] + 1) {
			printf("%s: missing %" PRIu64 " to %" PRIu64 "\n", r->boot,
				r->seen[i - 1] + 1, r->seen[i] - 1);
			missing += r->seen[i] - r->seen[i - 1] - 1;
		}
	}
	last = r->seen[r->count - 1];
	printf("%s: %" PRIu64 " to %" PRIu64 ", %" PRIu64 " missing, %" PRIu64 " twice, %" PRId64
	       " told as lost",
		r->boot, first, last, missing, twice, r->lost);
	whole = missing == 0 && r->lost == 0;
	if (first > 1)
		printf("; older ones are not in these files");
	for (size_t i = 0; i < a->run_count && !r->stopped; i++) {
		const struct run *next = &a->runs[i];
		if (!next->has_previous || strcmp(next->previous, r->boot) != 0 ||
			strcmp(next->host, r->host) != 0)
			continue;
		tail_known = true;
		if (next->previous_sequence > last)
			printf("; ended without a stop, %" PRIu64 " missing at its end",
				next->previous_sequence - last);
		else
			printf("; ended without a stop, what was queued then is lost");
		whole = false;
	}
	if (r->stopped)
		printf("; stopped");
	else if (!tail_known)
		printf("; no stop: still running, or its end is not in these files");
	putchar('\n');
	return whole;
}

static int judge(struct alerts *a)
{
	bool whole = a->bad == 0;

	for (size_t i = 0; i < a->run_count; i++)
		qsort(a->runs[i].seen, a->runs[i].count, sizeof(uint64_t), by_number);
	for (size_t i = 0; i < a->run_count; i++)
		whole = judge_run(a, &a->runs[i]) && whole;
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
		if (note_sequence(a, event) != TS_OK) {
			command_warn("%s", ts_strerror(TS_ENOMEM));
			exit(EXIT_TROUBLE);
		}
	} else if (wanted(a, event)) {
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
	enum { SINCE = 256, UNTIL, CURSOR, CHECK };
	static const struct option options[] = {
		{"class", required_argument, NULL, 'c'},
		{"client", required_argument, NULL, 'C'},
		{"cursor", required_argument, NULL, CURSOR},
		{"follow", no_argument, NULL, 'f'},
		{"format", required_argument, NULL, 'F'},
		{"protected", required_argument, NULL, 'z'},
		{"replay-check", no_argument, NULL, CHECK},
		{"since", required_argument, NULL, SINCE},
		{"until", required_argument, NULL, UNTIL},
		{NULL, 0, NULL, 0},
	};
	struct alerts a = {.format = &format_text};
	int opt, code = EXIT_OK;

	opterr = 0;
	optind = 0;
	while ((opt = getopt_long(argc, argv, ":c:C:fF:z:", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			a.class = optarg;
			break;
		case 'C':
			if (!parse_prefix(optarg, &a.client))
				return command_usage(self, "'%s' is no address prefix", optarg);
			break;
		case 'f':
			a.follow = true;
			break;
		case 'F':
			a.format = alert_format_find(optarg);
			if (!a.format)
				return command_usage(self, "no format '%s'", optarg);
			break;
		case 'z':
			a.zone = optarg;
			break;
		case SINCE:
		case UNTIL:
			if (!is_time(optarg))
				return command_usage(self,
					"'%s' is no time; 2026-11-23 or 2026-11-23T19:00:00Z is",
					optarg);
			*(opt == SINCE ? &a.since : &a.until) = optarg;
			break;
		case CURSOR:
			a.cursor = optarg;
			break;
		case CHECK:
			a.check = true;
			break;
		default:
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
	for (size_t i = 0; i < a.run_count; i++)
		free(a.runs[i].seen);
	free(a.runs);
	return code;
}

const ts_command_t cmd_alerts = {
	.name = "alerts",
	.oneline = "read, follow, filter, translate and check alert files",
	.usage = "alerts [OPTION...] [FILE...]",
	.help = "Reads standard input where no file is named.\n\n"
		"  -F, --format FORMAT    text (default), ecs, tsv, ocsf, cef, rfc5424 or eve\n"
		"  -f, --follow           go on reading, through rotation, until interrupted\n"
		"  -z, --protected ZONE   only alerts about this protected zone or one below it\n"
		"  -C, --client PREFIX    only alerts about clients in this address prefix\n"
		"  -c, --class CLASS      only alerts of this typo class\n"
		"      --since TIME       only events from then on (2026-11-23, "
		"2026-11-23T19:00:00Z)\n"
		"      --until TIME       only events before then\n"
		"      --cursor FILE      go on where the last call with this cursor ended\n"
		"      --replay-check     prove files whole by boot_id and sequence; exit 1 if "
		"not\n\n"
		"ocsf and eve have a form for alerts only; other events are left out there.\n",
	.run = run,
};
