/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink explain: what would the resolver say to this look-up, and why?
 */
#include "command.h"
#include "policies.h"
#include "verdict_json.h"

#include "../src/rrtype.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct explain {
	const ts_policyset_t *set;
	ts_client_t client;
	uint16_t qtype;
	bool json;
	time_t now;
};

static const char *text_of(const uint8_t *wire, char buf[TS_NAME_TEXT_MAX])
{
	ts_name_to_text(wire, buf, TS_NAME_TEXT_MAX);
	return buf;
}

static void print_json(
	const struct explain *e, const ts_name_t *name, const ts_verdict_t *v, const char *reason)
{
	char buf[16384];
	ts_json_t j;

	(void)e;
	ts_json_init(&j, buf, sizeof(buf));
	ts_json_object(&j, NULL);
	verdict_json(&j, name, v, reason);
	ts_json_close(&j, '}');
	if (ts_json_finish(&j))
		puts(buf);
}

static void print_text(const ts_name_t *name, const ts_verdict_t *v, const char *reason)
{
	char text[TS_NAME_TEXT_MAX];

	printf("%s: %s", text_of(name->wire, text), ts_verdict_name(v->kind));
	if (v->kind == TS_VERDICT_TYPO || v->kind == TS_VERDICT_ASK) {
		printf(", did you mean %s?", text_of(v->counterpart.wire, text));
		printf(" (protected %s, class %s, distance %u, score %u.%02u, action %s)",
			text_of(ts_policy_member_zone(v->policy, v->member), text),
			ts_class_get(v->match.class_id)->name, v->match.distance,
			v->match.score / TS_SCORE_ONE, v->match.score % TS_SCORE_ONE / 100,
			ts_action_name(v->action));
	}
	printf(": %s\n", reason);
}

/* \return false for a name that is none. */
static bool explain(const struct explain *e, const char *text, size_t len, unsigned line)
{
	char reason[TS_REASON_MAX];
	const char *why = "malformed name";
	ts_name_t name;
	ts_verdict_t v;

	if (name_from_person(text, len, &name, &why) != TS_OK) {
		char place[32] = "";

		if (line)
			snprintf(place, sizeof(place), "standard input:%u: ", line);
		ts_diag_t diag = {TS_ERROR, NULL, 0, NULL, why};
		char shown[512];
		ts_diag_t quoted = diag;
		snprintf(shown, sizeof(shown), "%s'%.*s'", place, (int)(len < 300 ? len : 300),
			text);
		quoted.property = shown;
		command_diag(NULL, &quoted);
		return false;
	}
	ts_query_t query = {&name, e->qtype, TS_CLASS_IN};
	ts_verdict(e->set, &query, &e->client, e->now, &v);
	ts_verdict_reason(e->set, &query, &v, reason, sizeof(reason));
	if (e->json)
		print_json(e, &name, &v, reason);
	else
		print_text(&name, &v, reason);
	return true;
}

static int explain_stdin(const struct explain *e)
{
	char *line = NULL;
	size_t cap = 0;
	unsigned number = 0;
	int code = EXIT_OK;
	ssize_t len;

	while ((len = getline(&line, &cap, stdin)) >= 0) {
		number++;
		if ((size_t)len == strspn(line, " \t\r\n"))
			continue;
		if (line[len - 1] == '\n')
			len--;
		if (!explain(e, line, (size_t)len, number))
			code = EXIT_FOUND;
	}
	if (ferror(stdin)) {
		command_warn("reading standard input: %s", strerror(errno));
		code = EXIT_TROUBLE;
	}
	free(line);
	return code;
}

static bool client_from(const char *text, ts_client_t *out)
{
	ts_client_t client = {0};

	if (inet_pton(AF_INET, text, client.addr) == 1)
		client.family = 4;
	else if (inet_pton(AF_INET6, text, client.addr) == 1)
		client.family = 6;
	else
		return false;
	*out = client;
	return true;
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"json", no_argument, NULL, 'j'},
		{"type", required_argument, NULL, 't'},
		{"client", required_argument, NULL, 'c'},
		{"popular", required_argument, NULL, 'P'},
		{NULL, 0, NULL, 0},
	};
	struct explain e = {.qtype = TS_TYPE_MX, .now = time(NULL)};
	policies_t p = {0};
	int c, type, code = EXIT_OK;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":p:", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			code = policies_add(&p, optarg);
			break;
		case 'j':
			e.json = true;
			break;
		case 't':
			type = ts_type_find(optarg, strlen(optarg));
			if (type < 0)
				code = command_usage(self, "'%s' is no record type", optarg);
			else
				e.qtype = (uint16_t)type;
			break;
		case 'c':
			if (!client_from(optarg, &e.client))
				code = command_usage(self, "'%s' is no address", optarg);
			break;
		case 'P':
			p.popular = optarg;
			break;
		default:
			code = command_bad_option(self, c, argv);
		}
		if (code != EXIT_OK)
			goto cleanup;
	}
	if (!p.count) {
		code = command_usage(self, "which policy? (-p POLICY)");
		goto cleanup;
	}
	code = policies_load(&p, true);
	if (code != EXIT_OK)
		goto cleanup;
	e.set = p.set;
	if (optind == argc)
		code = explain_stdin(&e);
	for (int i = optind; i < argc; i++) {
		if (!explain(&e, argv[i], strlen(argv[i]), 0))
			code = EXIT_FOUND;
	}
cleanup:
	policies_release(&p);
	return code;
}

const ts_command_t cmd_explain = {
	.name = "explain",
	.oneline = "Says what a look-up would get under a policy, and why",
	.usage = "explain -p POLICY... [--json] [--type TYPE] [--client ADDR] [--popular FILE] "
		 "[NAME...]",
	.help = "  -p, --policy POLICY  the policy; may repeat, in order of configuration\n"
		"  --json               one JSON object a line: name, verdict, protected, suffix,\n"
		"                       counterpart, class, distance, score, action, evidence, "
		"reason\n"
		"  --type TYPE          the query type (default MX)\n"
		"  --client ADDR        judge as for this client (client sets)\n"
		"  --popular FILE       a list of popular names, as popular-file in typosink.conf\n"
		"\n"
		"Names come from standard input, one a line, when none is given. A name may be in\n"
		"Unicode, or a mail address, which counts as its domain. What is no name is an "
		"error\n"
		"for that line; the rest goes on, and the exit code is 1.\n",
	.run = run,
};
