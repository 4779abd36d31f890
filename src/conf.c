/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf.h"

#include "prefix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_LEN 4096

enum kind { PATH, ZONE, ZONES, PATHS, PREFIXES, BOOLEAN, NUMBER, WORD };

struct row {
	enum kind kind;
	size_t offset; /* in ts_conf_t */
	unsigned min, max;
	const char *const *words; /* of WORD, by value */
};

static const char *const on_failure[] = {"default", "intercept", "pass", "defer", NULL};
static const char *const without[] = {"pass", "defer", NULL};
static const char *const client[] = {"full", "prefix", "hash", NULL};

/* docs[i] says to people what rows[i] says to the parser. */
static const ts_conf_option_t docs[] = {
	{"policy-file", "PATH", NULL, "a policy, as a master file; may repeat"},
	{"policy-zone", "NAME", NULL, "a policy, as an auth-zone of this Unbound; may repeat"},
	{"alert-file", "PATH", NULL, "where alerts go, one JSON object a line"},
	{"metrics-file", "PATH", NULL, "where counters go, in the Prometheus text format"},
	{"state-dir", "PATH", NULL, "where the last good policies and the last sequence are kept"},
	{"popular-file", "PATH", NULL,
		"a list of popular names (rank,name), which are less likely typos"},
	{"rhsbl-zone", "NAME", NULL, "answer list look-ups of domains below this name"},
	{"alert-client-key-file", "PATH", NULL, "the key for 'alert-client: hash'"},
	{"status-client", "PREFIX", NULL, "who may ask for the state over DNS; may repeat"},
	{"evidence-failure", "default|intercept|pass|defer", "default",
		"what a failed check of the counterpart means"},
	{"without-policy", "pass|defer", "pass", "what happens while no policy could be loaded"},
	{"alert-client", "full|prefix|hash", "full", "how alerts name the client"},
	{"accept-shrink", "yes|no", "no", "load a policy that lost nine tenths of its zones"},
	{"rdata-alerts", "yes|no", "no", "also alert on typos in other people's answers"},
	{"alert-queue", "NUMBER", "65536", "events that may wait to be written"},
	{"alert-window", "SECONDS", "60", "how long repeats are counted before they are told"},
	{"alert-table", "NUMBER", "65536", "repeats that are remembered"},
	{"evidence-max", "NUMBER", "64", "checks of counterparts in flight"},
	{NULL, NULL, NULL, NULL},
};

#define AT(field) offsetof(ts_conf_t, field)
static const struct row rows[] = {
	{PATHS, AT(policy_files), 0, 0, NULL},
	{ZONES, AT(policy_zones), 0, 0, NULL},
	{PATH, AT(alert_file), 0, 0, NULL},
	{PATH, AT(metrics_file), 0, 0, NULL},
	{PATH, AT(state_dir), 0, 0, NULL},
	{PATH, AT(popular_file), 0, 0, NULL},
	{ZONE, AT(rhsbl_zone), 0, 0, NULL},
	{PATH, AT(alert_client_key_file), 0, 0, NULL},
	{PREFIXES, AT(status_clients), 0, 0, NULL},
	{WORD, AT(evidence_failure), 0, 0, on_failure},
	{WORD, AT(without_policy), 0, 0, without},
	{WORD, AT(alert_client), 0, 0, client},
	{BOOLEAN, AT(accept_shrink), 0, 0, NULL},
	{BOOLEAN, AT(rdata_alerts), 0, 0, NULL},
	{NUMBER, AT(alert_queue), 16, 1u << 24, NULL},
	{NUMBER, AT(alert_window), 0, 86400, NULL},
	{NUMBER, AT(alert_clients_max), 16, 1u << 24, NULL},
	{NUMBER, AT(evidence_max), 0, 65536, NULL},
};
#define OPTIONS (sizeof(rows) / sizeof(rows[0]))
_Static_assert(sizeof(docs) / sizeof(docs[0]) == OPTIONS + 1, "a row of each for every option");

const ts_conf_option_t *ts_conf_options(void)
{
	return docs;
}

void ts_conf_init(ts_conf_t *conf)
{
	*conf = (ts_conf_t){.evidence_failure = TS_ON_FAILURE_DEFAULT,
		.without_policy = TS_WITHOUT_POLICY_PASS,
		.alert_client = TS_ALERT_CLIENT_FULL,
		.alert_queue = 65536,
		.alert_window = 60,
		.alert_clients_max = 65536,
		.evidence_max = 64};
}

static void release_list(ts_conf_list_t *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

void ts_conf_release(ts_conf_t *conf)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		void *at = (char *)conf + rows[i].offset;

		switch (rows[i].kind) {
		case PATH:
		case ZONE:
			free(*(char **)at);
			break;
		case PATHS:
		case ZONES:
		case PREFIXES:
			release_list(at);
			break;
		case BOOLEAN:
		case NUMBER:
		case WORD:
			break;
		}
	}
	*conf = (ts_conf_t){0};
}

static int append(ts_conf_list_t *list, const char *value)
{
	char **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (!items)
		return TS_ENOMEM;
	list->items = items;
	items[list->count] = strdup(value);
	if (!items[list->count])
		return TS_ENOMEM;
	list->count++;
	return TS_OK;
}

static int replace(char **at, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return TS_ENOMEM;
	free(*at);
	*at = copy;
	return TS_OK;
}

static int set_number(
	unsigned *at, const struct row *row, const char *value, char *why, size_t size)
{
	unsigned long n = 0;

	for (const char *p = value; *p; p++) {
		if (*p < '0' || *p > '9' || n > row->max) {
			snprintf(why, size, "no number from %u to %u", row->min, row->max);
			return TS_EINVAL;
		}
		n = n * 10 + (unsigned long)(*p - '0');
	}
	if (!*value || n < row->min || n > row->max) {
		snprintf(why, size, "no number from %u to %u", row->min, row->max);
		return TS_EINVAL;
	}
	*at = (unsigned)n;
	return TS_OK;
}

/* \return TS_OK, TS_ENOMEM, or TS_EINVAL with why. */
static int set(ts_conf_t *conf, const struct row *row, const char *value, char *why, size_t size)
{
	void *at = (char *)conf + row->offset;
	const char *sentence = NULL;
	ts_prefix_t prefix;
	ts_name_t name;
	int err;

	switch (row->kind) {
	case ZONE:
	case ZONES:
		err = ts_name_from_text(&name, value, strlen(value), &sentence);
		if (err || name.nlabels == 0) {
			snprintf(why, size, "%s", err ? sentence : "the root will not do");
			return TS_EINVAL;
		}
		return row->kind == ZONE ? replace(at, value) : append(at, value);
	case PATH:
	case PATHS:
		if (!*value) {
			snprintf(why, size, "empty path");
			return TS_EINVAL;
		}
		return row->kind == PATH ? replace(at, value) : append(at, value);
	case PREFIXES:
		if (ts_prefix_parse(value, &prefix) != TS_OK) {
			snprintf(why, size, "no prefix like 192.0.2.0/24 or 2001:db8::/32");
			return TS_EINVAL;
		}
		return append(at, value);
	case BOOLEAN:
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0) {
			snprintf(why, size, "neither yes nor no");
			return TS_EINVAL;
		}
		*(bool *)at = *value == 'y';
		return TS_OK;
	case NUMBER:
		return set_number(at, row, value, why, size);
	case WORD:
		for (unsigned i = 0; row->words[i]; i++) {
			if (strcmp(row->words[i], value) == 0) {
				*(unsigned *)at = i;
				return TS_OK;
			}
		}
		snprintf(why, size, "not one of its words");
		return TS_EINVAL;
	}
	return TS_EINVAL;
}
_Static_assert(sizeof(ts_on_failure_t) == sizeof(unsigned), "WORD is written as unsigned");

static bool may_repeat(enum kind kind)
{
	return kind == PATHS || kind == ZONES || kind == PREFIXES;
}

/* Cuts "name: value # comment" in place. \return NULL, or what is wrong. */
static const char *cut(char *line, char **name, char **value)
{
	char *p = line + strspn(line, " \t\r");

	*name = NULL;
	if (!*p || *p == '#')
		return NULL;
	*name = p;
	p += strcspn(p, ": \t\r#");
	if (*p != ':')
		return "no 'name: value'";
	*p++ = '\0';
	p += strspn(p, " \t\r");
	if (*p == '"' || *p == '\'') {
		char quote = *p++;

		*value = p;
		p = strchr(p, quote);
		if (!p)
			return "quotation mark without its partner";
		*p++ = '\0';
	} else {
		bool comment = *p == '#';

		*value = p;
		p += comment ? 0 : strcspn(p, " \t\r");
		if (!*p || comment) {
			*p = '\0';
			return NULL;
		}
		*p++ = '\0';
	}
	p += strspn(p, " \t\r");
	if (*p && *p != '#')
		return "more than one value (put quotation marks around blanks)";
	return NULL;
}

static int read_line(ts_conf_t *conf, const char *path, unsigned number, char *line,
	const ts_reporter_t *report, unsigned seen[OPTIONS])
{
	char why[160], *name, *value = NULL;
	const char *wrong = cut(line, &name, &value);
	size_t i;

	if (wrong) {
		ts_report(report, TS_ERROR, path, number, NULL, "%s", wrong);
		return TS_EINVAL;
	}
	if (!name)
		return TS_OK;
	for (i = 0; i < OPTIONS; i++) {
		if (strcmp(docs[i].name, name) == 0)
			break;
	}
	if (i == OPTIONS) {
		ts_report(report, TS_ERROR, path, number, name, "unknown option");
		return TS_EINVAL;
	}
	if (seen[i] && !may_repeat(rows[i].kind)) {
		ts_report(report, TS_ERROR, path, number, name, "given twice (first on line %u)",
			seen[i]);
		return TS_EINVAL;
	}
	seen[i] = number;
	int err = set(conf, &rows[i], value, why, sizeof(why));
	if (err == TS_EINVAL)
		ts_report(report, TS_ERROR, path, number, name, "'%s': %s (%s)", value, why,
			docs[i].value);
	return err;
}

int ts_conf_read(ts_conf_t *conf, const char *path, const ts_reporter_t *report)
{
	unsigned seen[OPTIONS] = {0}, number = 0;
	char line[LINE_MAX_LEN];
	int result = TS_OK, fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	FILE *f = NULL;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		ts_report(report, TS_ERROR, path, 0, NULL, "%s", strerror(errno));
		result = TS_EIO;
		goto cleanup;
	}
	if (!S_ISREG(st.st_mode)) {
		ts_report(report, TS_ERROR, path, 0, NULL, "not a regular file");
		result = TS_EIO;
		goto cleanup;
	}
	f = fdopen(fd, "r");
	if (!f) {
		result = TS_ENOMEM;
		goto cleanup;
	}
	fd = -1;
	while (fgets(line, sizeof(line), f)) {
		size_t len = strlen(line);
		int err;

		number++;
		if (len + 1 == sizeof(line) && line[len - 1] != '\n') {
			int c;

			ts_report(report, TS_ERROR, path, number, NULL,
				"line longer than %d characters", LINE_MAX_LEN - 2);
			result = TS_EINVAL;
			while ((c = getc(f)) != EOF && c != '\n')
				;
			continue;
		}
		if (len && line[len - 1] == '\n') {
			line[len - 1] = '\0';
		} else if (!feof(f)) {
			ts_report(report, TS_ERROR, path, number, NULL, "NUL octet");
			result = TS_EINVAL;
			continue;
		}
		err = read_line(conf, path, number, line, report, seen);
		if (err == TS_ENOMEM) {
			result = err;
			goto cleanup;
		}
		if (err)
			result = err;
	}
	if (ferror(f)) {
		ts_report(report, TS_ERROR, path, 0, NULL, "%s", strerror(errno));
		result = TS_EIO;
	}
cleanup:
	if (f)
		fclose(f);
	if (fd >= 0)
		close(fd);
	return result;
}
