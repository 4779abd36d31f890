/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink check: is this policy one that the resolver would load, and what does it say?
 */
#include "command.h"
#include "policies.h"

#include "../src/typo/class.h"

#include <getopt.h>
#include <stdio.h>

static void print_classes(void)
{
	printf("%-22s %-4s %-44s %s\n", "class", "", "what happened", "example");
	for (unsigned i = 0; i < ts_class_count(); i++) {
		const ts_class_t *c = ts_class_get(i);

		printf("%-22s %-4s %-44s %s for %s\n", c->name, c->on ? "on" : "off", c->oneline,
			c->typed, c->intended);
	}
}

static int check_one(const char *path)
{
	unsigned count[3] = {0};
	ts_policy_t *policy = NULL;
	char name[TS_NAME_TEXT_MAX];
	int code = policies_load_one(path, false, count, &policy);

	if (code != EXIT_OK) {
		fprintf(stderr, "%s: %u error%s\n", path, count[TS_ERROR],
			count[TS_ERROR] == 1 ? "" : "s");
		return code;
	}
	ts_policy_summary_t s;
	ts_policy_summary(policy, &s);
	ts_name_to_text(ts_policy_name(policy), name, sizeof(name));
	printf("%s: policy %s, serial %u: good, %u warning%s\n", path, name,
		ts_policy_serial(policy), count[TS_WARNING], count[TS_WARNING] == 1 ? "" : "s");
	printf("  %zu protected zone%s, %zu declared typo suffix%s, %zu allowed, %zu known\n",
		ts_policy_members(policy), ts_policy_members(policy) == 1 ? "" : "s", s.declared,
		s.declared == 1 ? "" : "es", s.allowed, s.known);
	printf("  actions:");
	for (int a = TS_ACTION_SINKHOLE; a <= TS_ACTION_PASS; a++) {
		if (s.members_by_action[a])
			printf(" %s (%zu zone%s)", ts_action_name((ts_action_t)a),
				s.members_by_action[a], s.members_by_action[a] == 1 ? "" : "s");
	}
	printf("%s\n", s.client_sets ? "; client sets say otherwise for some clients" : "");
	printf("  %zu sinkhole host%s, %zu KiB of memory\n", s.sinkhole_hosts,
		s.sinkhole_hosts == 1 ? "" : "s", (ts_policy_memory(policy) + 1023) / 1024);
	ts_policy_unref(policy);
	return EXIT_OK;
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"classes", no_argument, NULL, 'c'},
		{NULL, 0, NULL, 0},
	};
	policies_t p = {0};
	bool classes = false;
	int c, code = EXIT_OK;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":p:", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			code = policies_add(&p, optarg);
			break;
		case 'c':
			classes = true;
			break;
		default:
			code = command_bad_option(self, c, argv);
		}
		if (code != EXIT_OK)
			goto cleanup;
	}
	if (optind < argc) {
		code = command_usage(self, "'%s' is too much: policies come with -p", argv[optind]);
		goto cleanup;
	}
	if (!p.count && !classes) {
		code = command_usage(self, "which policy? (-p POLICY)");
		goto cleanup;
	}
	if (classes)
		print_classes();
	for (size_t i = 0; i < p.count; i++) {
		int one = check_one(p.paths[i]);

		if (one > code)
			code = one;
	}
cleanup:
	policies_release(&p);
	return code;
}

const ts_command_t cmd_check = {
	.name = "check",
	.oneline = "Checks a policy and says what it holds",
	.usage = "check [-p POLICY]... [--classes]",
	.help = "  -p, --policy POLICY  the policy to check; may repeat\n"
		"  --classes            list the typo classes: name, on or off by default, what\n"
		"                       happened, an example\n"
		"\n"
		"Errors and warnings go to standard error, with file, line and property. The exit\n"
		"code is 0 where the policy holds, 1 where it does not, 3 where it cannot be "
		"read.\n",
	.run = run,
};
