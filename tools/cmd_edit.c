/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink allow, typosink protect: edits to a policy file that leave the rest of it as it is. The
 * records are added at the end under absolute names, the serial is raised where it stands, and the
 * result is loaded and judged before it takes the old file's place.
 */
#include "command.h"
#include "output.h"
#include "policies.h"

#include "../src/policy_file.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#define REASON_MAX 200 /* characters: one TXT string, with room for what is escaped */
#define FILE_MAX ((off_t)256 * 1024 * 1024)

/* Skips blanks, parentheses, line ends and comments. */
static const char *skip(const char *p)
{
	for (;;) {
		p += strspn(p, " \t\r\n()");
		if (*p != ';')
			return p;
		p += strcspn(p, "\n");
	}
}

static size_t token(const char *p)
{
	size_t n = 0;

	if (*p == '"') {
		for (n = 1; p[n] && p[n] != '"' && p[n] != '\n'; n++)
			n += p[n] == '\\' && p[n + 1];
		return n + (p[n] == '"');
	}
	for (; p[n] && !strchr(" \t\r\n();\"", p[n]); n++)
		n += p[n] == '\\' && p[n + 1];
	return n;
}

/* The serial of the SOA record in the text of a policy that loads. \return NULL: not found. */
static const char *find_serial(const char *text, size_t *len)
{
	const char *p = skip(text);

	while (*p) {
		size_t n = token(p);

		if (n == 3 && strncasecmp(p, "SOA", 3) == 0) {
			for (int i = 0; i < 3; i++) /* to mname, rname, serial */
				p = skip(p + token(p));
			*len = token(p);
			return *len && strspn(p, "0123456789") >= *len ? p : NULL;
		}
		p = skip(p + n);
	}
	return NULL;
}

/* The next serial: today's first where the old one is a date's or smaller, else one more. */
static uint32_t next_serial(uint32_t old, time_t now)
{
	struct tm tm;

	gmtime_r(&now, &tm);
	uint32_t today =
		(uint32_t)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday) * 100;
	return old >= 1970010100u && old < today ? today : old + 1;
}

static char *read_file(const char *path, struct stat *st)
{
	char *text = NULL;
	size_t have = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, st) != 0) {
		command_warn("%s: %s", path, strerror(errno));
	} else if (!S_ISREG(st->st_mode) || st->st_size > FILE_MAX) {
		command_warn("%s: no regular file of a policy's size", path);
	} else if (!(text = malloc((size_t)st->st_size + 1))) {
		command_warn("out of memory");
	} else {
		while (have < (size_t)st->st_size &&
			(n = read(fd, text + have, (size_t)st->st_size - have)) > 0)
			have += (size_t)n;
		text[have] = '\0';
		if (n < 0 || strlen(text) != have) {
			command_warn("%s: %s", path, n < 0 ? strerror(errno) : "a NUL octet");
			free(text);
			text = NULL;
		}
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* A label that says what it is about and that no other record has: the serial is in it. */
static void make_id(const ts_name_t *name, uint32_t serial, char *out, size_t size)
{
	char text[TS_NAME_TEXT_MAX];

	ts_name_to_text(name->wire, text, sizeof(text));
	for (char *p = text; *p; p++) {
		if (!isalnum((unsigned char)*p))
			*p = '-';
	}
	snprintf(out, size, "%.40s-%u", text, serial);
}

static void escape(const char *text, char *out)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			*out++ = '\\';
		if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
			out += sprintf(out, "\\%03u", (unsigned char)*text);
		else
			*out++ = *text;
	}
	*out = '\0';
}

struct edit {
	const ts_command_t *self;
	bool allow; /* else protect */
	const char *path, *until, *reason;
	ts_name_t name;
};

/* Does the new policy say what was asked for? */
static bool holds(ts_policy_t *policy, const struct edit *e, time_t now)
{
	ts_policyset_options_t options = {.seed = 1};
	ts_query_t query = {&e->name, TS_TYPE_MX, TS_CLASS_IN};
	ts_policyset_t *set = NULL;
	ts_verdict_t v = {0};

	if (ts_policyset_new(&policy, 1, &options, &set) != TS_OK)
		return false;
	ts_verdict(set, &query, NULL, now, &v);
	ts_policyset_free(set);
	/* With MX switched off in qtypes there is nothing to look at. */
	return v.why == TS_WHY_TYPE || v.kind == TS_VERDICT_PROTECTED ||
	       (e->allow && v.kind == TS_VERDICT_ALLOWED);
}

static int edit(const struct edit *e)
{
	char path[PATH_MAX], zone[TS_NAME_TEXT_MAX], name[TS_NAME_TEXT_MAX], id[64];
	char reason[4 * REASON_MAX + 1] = "", *text = NULL, *fresh = NULL;
	unsigned count[3] = {0};
	ts_policy_t *old = NULL, *policy = NULL;
	time_t now = time(NULL);
	ts_reporter_t report = {command_diag, NULL};
	ts_policy_options_t options = {.seed = 1, .now = now};
	size_t serial_len = 0, size;
	struct stat st;
	int code = EXIT_TROUBLE, n = 0;

	if (!realpath(e->path, path)) { /* a link stays a link */
		command_warn("%s: %s", e->path, strerror(errno));
		return EXIT_TROUBLE;
	}
	text = read_file(path, &st);
	if (!text)
		return EXIT_TROUBLE;
	code = policies_load_one(path, true, count, &old);
	if (code != EXIT_OK)
		goto cleanup;
	code = EXIT_TROUBLE;
	const char *serial = find_serial(text, &serial_len);
	if (!serial) {
		command_warn("%s: the serial of the SOA record was not found", path);
		goto cleanup;
	}
	uint32_t raised = next_serial(ts_policy_serial(old), now);
	make_id(&e->name, raised, id, sizeof(id));
	ts_name_to_text(ts_policy_name(old), zone, sizeof(zone));
	ts_name_to_text(e->name.wire, name, sizeof(name));
	if (e->reason)
		escape(e->reason, reason);
	size = strlen(text) + strlen(reason) + 4096 + 3 * sizeof(zone);
	fresh = malloc(size);
	if (!fresh) {
		command_warn("out of memory");
		goto cleanup;
	}
	n = snprintf(fresh, size, "%.*s%u%s%s", (int)(serial - text), text, raised,
		serial + serial_len, text[strlen(text) - 1] == '\n' ? "" : "\n");
	if (e->allow) {
		n += snprintf(fresh + n, size - (size_t)n, "%s.allow.typosink.ext.%s. IN PTR %s.\n",
			id, zone, name);
		if (e->until)
			n += snprintf(fresh + n, size - (size_t)n,
				"until.%s.allow.typosink.ext.%s. IN TXT \"%s\"\n", id, zone,
				e->until);
		if (e->reason)
			n += snprintf(fresh + n, size - (size_t)n,
				"reason.%s.allow.typosink.ext.%s. IN TXT \"%s\"\n", id, zone,
				reason);
	} else {
		n += snprintf(
			fresh + n, size - (size_t)n, "%s.zones.%s. IN PTR %s.\n", id, zone, name);
	}
	int err = ts_policy_load_text(path, fresh, (size_t)n, &options, &report, &policy);
	if (err) {
		code = err == TS_EPOLICY ? EXIT_FOUND : EXIT_TROUBLE;
		command_warn("%s stays as it was", path);
		goto cleanup;
	}
	if (ts_policy_serial(policy) != raised || !holds(policy, e, now)) {
		command_warn("%s stays as it was: the change would not have the effect", path);
		code = EXIT_FOUND;
		goto cleanup;
	}
	code = output_file(path, fresh, (size_t)n, true, &st);
	if (code == EXIT_OK)
		printf("%s: %s %s, serial %u\n", e->path, name, e->allow ? "allowed" : "protected",
			raised);
cleanup:
	ts_policy_unref(old);
	ts_policy_unref(policy);
	free(text);
	free(fresh);
	return code;
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"until", required_argument, NULL, 'u'},
		{"reason", required_argument, NULL, 'r'},
		{NULL, 0, NULL, 0},
	};
	struct edit e = {.self = self, .allow = self == &cmd_allow};
	const char *why = "malformed name";
	time_t end;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":p:", options, NULL)) != -1) {
		if (c == 'p')
			e.path = optarg;
		else if (c == 'u' && e.allow)
			e.until = optarg;
		else if (c == 'r' && e.allow)
			e.reason = optarg;
		else
			return command_bad_option(self, c, argv);
	}
	if (!e.path)
		return command_usage(self, "which policy? (-p FILE)");
	if (optind + 1 != argc)
		return command_usage(self, "one name, please");
	if (name_from_person(argv[optind], strlen(argv[optind]), &e.name, &why) != TS_OK)
		return command_usage(self, "'%s': %s", argv[optind], why);
	if (e.name.nlabels == 0)
		return command_usage(self, "the root will not do");
	if (e.until && ts_policy_date(e.until, strlen(e.until), &end) != TS_OK)
		return command_usage(self, "'%s' is no date (YYYY-MM-DD)", e.until);
	if (e.until && end <= time(NULL))
		return command_usage(self, "%s has passed", e.until);
	if (e.reason && strlen(e.reason) > REASON_MAX)
		return command_usage(self, "a reason has at most %d characters", REASON_MAX);
	return edit(&e);
}

const ts_command_t cmd_allow = {
	.name = "allow",
	.oneline = "Lets a name pass: edits a policy file in place",
	.usage = "allow NAME -p FILE [--until DATE] [--reason TEXT]",
	.help = "  -p, --policy FILE  the policy file to edit\n"
		"  --until DATE       the last day (UTC, YYYY-MM-DD); without it, for ever\n"
		"  --reason TEXT      why, for those who read the policy\n"
		"\n"
		"Comments stay, the serial is raised, and the result is checked before it takes\n"
		"the old file's place; mode and owner are kept. In force within 3 seconds.\n",
	.run = run,
};

const ts_command_t cmd_protect = {
	.name = "protect",
	.oneline = "Protects one more zone: edits a policy file in place",
	.usage = "protect NAME -p FILE",
	.help = "  -p, --policy FILE  the policy file to edit\n"
		"\n"
		"Comments stay, the serial is raised, and the result is checked before it takes\n"
		"the old file's place; mode and owner are kept. In force within 3 seconds.\n",
	.run = run,
};
