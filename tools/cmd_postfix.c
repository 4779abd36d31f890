/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink postfix: answers Postfix's policy requests (Postfix's SMTPD_POLICY_README), one
 * connection on standard input and output, as its spawn(8) starts it. Two uses: the sinkhole host
 * refuses every recipient and says what was probably meant; a submission server refuses typos
 * alone.
 */
#include "command.h"
#include "policies.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define POLICIES_MAX 16

typedef struct desk {
	const char *path[POLICIES_MAX];
	struct stat seen[POLICIES_MAX]; /* of the file that was loaded, to notice a new one */
	size_t count;
	policies_t policies; /* in force */
	bool sinkhole;
} desk_t;

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* Loads all policies anew; on any error what was in force stays. \return an exit code. */
static int load(desk_t *desk)
{
	policies_t fresh = {0};
	int code = EXIT_OK;

	for (size_t i = 0; i < desk->count && code == EXIT_OK; i++) {
		/* Before it is read: what changes meanwhile is a change at the next request. */
		if (stat(desk->path[i], &desk->seen[i]) != 0)
			memset(&desk->seen[i], 0, sizeof(desk->seen[i]));
		code = policies_add(&fresh, desk->path[i]);
	}
	if (code == EXIT_OK)
		code = policies_load(&fresh, true);
	if (code != EXIT_OK) {
		policies_release(&fresh);
		return code;
	}
	policies_release(&desk->policies);
	desk->policies = fresh;
	return EXIT_OK;
}

static void load_when_changed(desk_t *desk)
{
	for (size_t i = 0; i < desk->count; i++) {
		struct stat now;

		/* A file that is just being replaced is not there for a moment: no change. */
		if (stat(desk->path[i], &now) == 0 && !same_file(&now, &desk->seen[i])) {
			(void)load(desk); /* it has said what is wrong */
			return;
		}
	}
}

/* The verdict on the domain of an address; true where it is a typo, with what was meant. */
static bool mistyped(const desk_t *desk, const char *recipient, char *meant, size_t size)
{
	const char *at = strrchr(recipient, '@');
	const char *why;
	ts_name_t qname;
	ts_verdict_t verdict;

	if (!at || name_from_person(at + 1, strlen(at + 1), &qname, &why) != TS_OK)
		return false;
	const ts_query_t query = {.qname = &qname, .qtype = TS_TYPE_MX, .qclass = TS_CLASS_IN};

	ts_verdict(desk->policies.set, &query, NULL, time(NULL), &verdict);
	/* Mail that came to the sinkhole came because a resolver has found the counterpart.
	 * Elsewhere there is no resolver to ask here, and honest mail is not refused on a guess. */
	if (verdict.kind == TS_VERDICT_ASK && desk->sinkhole)
		ts_verdict_resolve(&verdict, TS_EXISTS, TS_ON_FAILURE_DEFAULT);
	if (verdict.kind != TS_VERDICT_TYPO)
		return false;
	if (!desk->sinkhole &&
		(verdict.action == TS_ACTION_OBSERVE || verdict.action == TS_ACTION_PASS))
		return false;
	ts_name_to_text(verdict.counterpart.wire, meant, size);
	return true;
}

static void answer(desk_t *desk, const char *recipient)
{
	char meant[TS_NAME_TEXT_MAX];

	load_when_changed(desk);
	if (mistyped(desk, recipient, meant, sizeof(meant)))
		printf("action=550 5.1.2 No mail was taken: did you mean %s?\n\n", meant);
	else if (desk->sinkhole)
		puts("action=550 5.1.2 This host takes no mail: the address was mistyped\n");
	else
		puts("action=DUNNO\n");
}

static int serve(desk_t *desk)
{
	char *line = NULL, *recipient = NULL;
	size_t room = 0;
	ssize_t len;
	int code = EXIT_OK;

	while ((len = getline(&line, &room, stdin)) > 0) {
		if (line[len - 1] == '\n')
			line[--len] = '\0';
		if (strncmp(line, "recipient=", 10) == 0) {
			free(recipient);
			recipient = strdup(line + 10);
			if (!recipient) {
				code = EXIT_TROUBLE;
				break;
			}
		} else if (len == 0) {
			answer(desk, recipient ? recipient : "");
			free(recipient);
			recipient = NULL;
			if (fflush(stdout) != 0)
				break; /* command_done says it */
		}
	}
	free(recipient);
	free(line);
	return code;
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	static const struct option longs[] = {
		{"policy", required_argument, NULL, 'p'},
		{"sinkhole", no_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	desk_t desk = {.count = 0};
	int opt, code;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":p:", longs, NULL)) != -1) {
		switch (opt) {
		case 'p':
			if (desk.count == POLICIES_MAX)
				return command_usage(self, "more than %d policies", POLICIES_MAX);
			desk.path[desk.count++] = optarg;
			break;
		case 's':
			desk.sinkhole = true;
			break;
		default:
			return command_bad_option(self, opt, argv);
		}
	}
	if (optind < argc)
		return command_usage(self, "'%s' is too much", argv[optind]);
	if (desk.count == 0)
		return command_usage(self, "a policy is missing (-p)");
	code = load(&desk);
	if (code == EXIT_OK)
		code = serve(&desk);
	policies_release(&desk.policies);
	return code;
}

const ts_command_t cmd_postfix = {
	.name = "postfix",
	.oneline = "Answers Postfix's policy requests: refuses mistyped recipients with the reason",
	.usage = "postfix -p POLICY [-p POLICY...] [--sinkhole]",
	.help = "  -p, --policy POLICY  policy zone file; may repeat. A file that changes is read\n"
		"                       again before the next answer; one that does not load "
		"leaves\n"
		"                       the last good one in force.\n"
		"      --sinkhole       refuse every recipient, mistyped or not: this host takes "
		"no\n"
		"                       mail. Without it only typos are refused (\"did you mean\n"
		"                       army.mil?\"), and only those that need no look-up to be "
		"sure.\n"
		"\n"
		"Reads requests from standard input and answers on standard output, as Postfix's\n"
		"spawn(8) wants it; tools/sinkhole-host sets a host up with it.\n",
	.run = run,
};
