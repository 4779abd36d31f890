/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink new-policy: a commented policy to start from.
 */
#include "command.h"
#include "output.h"
#include "policies.h"

#include "../src/policy_file.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct new_policy {
	const ts_command_t *self;
	char *members; /* the records, as they are read from the command line */
	char *sinkhole;
	char *lists;
	size_t nmembers, nlists;
	const char *zone, *action;
	bool mail_only, have_sinkhole;
};

/* Appends to a string on the heap. */
static int append(char **text, const char *fmt, ...) TS_PRINTF(2, 3);

static int append(char **text, const char *fmt, ...)
{
	size_t have = *text ? strlen(*text) : 0;
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	char *p = n < 0 ? NULL : realloc(*text, have + (size_t)n + 1);
	if (!p) {
		command_warn("out of memory");
		return EXIT_TROUBLE;
	}
	va_start(ap, fmt);
	vsnprintf(p + have, (size_t)n + 1, fmt, ap);
	va_end(ap);
	*text = p;
	return EXIT_OK;
}

/* A name of the command line in presentation format, with its final dot. */
static int name_arg(struct new_policy *n, const char *option, const char *value,
	char text[TS_NAME_TEXT_MAX + 1])
{
	const char *why = "malformed";
	ts_name_t name;

	if (name_from_person(value, strlen(value), &name, &why) != TS_OK)
		return command_usage(n->self, "--%s '%s': %s", option, value, why);
	size_t len = ts_name_to_text(name.wire, text, TS_NAME_TEXT_MAX);
	if (name.nlabels)
		memcpy(text + len, ".", 2);
	return EXIT_OK;
}

static int add_protect(struct new_policy *n, const char *option, const char *value)
{
	char text[TS_NAME_TEXT_MAX + 1];
	int code = name_arg(n, option, value, text);

	return code ? code : append(&n->members, "m%zu.zones\tIN PTR  %s\n", ++n->nmembers, text);
}

static int add_typo(struct new_policy *n, const char *option, const char *value)
{
	char text[TS_NAME_TEXT_MAX + 1];
	int code = name_arg(n, option, value, text);

	if (code)
		return code;
	if (!n->nmembers)
		return command_usage(
			n->self, "--%s goes behind the --protect that it is a typo of", option);
	return append(
		&n->members, "%s.typosink.ext.m%zu.zones\tIN PTR  %s\n", option, n->nmembers, text);
}

static int add_list(struct new_policy *n, const char *option, const char *value)
{
	char text[TS_NAME_TEXT_MAX + 1];
	int code = name_arg(n, option, value, text);

	return code ? code : append(&n->lists, "n%zu.%s\tIN PTR  %s\n", ++n->nlists, option, text);
}

static int add_mx(struct new_policy *n, const char *option, const char *value)
{
	char text[TS_NAME_TEXT_MAX + 1];
	int code = name_arg(n, option, value, text);

	n->have_sinkhole = true;
	return code ? code : append(&n->sinkhole, "sinkhole\tIN MX   10 %s\n", text);
}

static int add_address(struct new_policy *n, const char *option, const char *value)
{
	bool six = strcmp(option, "sinkhole-aaaa") == 0;
	unsigned char addr[16];

	if (inet_pton(six ? AF_INET6 : AF_INET, value, addr) != 1)
		return command_usage(
			n->self, "--%s '%s': no IPv%c address", option, value, six ? '6' : '4');
	n->have_sinkhole = true;
	return append(&n->sinkhole, "sinkhole\tIN %s %s\n", six ? "AAAA" : "A   ", value);
}

static int set_action(struct new_policy *n, const char *option, const char *value)
{
	if (ts_action_find(value, strlen(value)) < 0)
		return command_usage(n->self,
			"--%s '%s': sinkhole, nullmx, nxdomain, nodata, "
			"refused, defer, observe or pass",
			option, value);
	n->action = value;
	return EXIT_OK;
}

static int set_zone(struct new_policy *n, const char *option, const char *value)
{
	char text[TS_NAME_TEXT_MAX + 1];

	n->zone = value;
	return name_arg(n, option, value, text);
}

/* The options that take a value and go into the policy, in the order of getopt's table below. */
static int (*const adders[])(struct new_policy *, const char *, const char *) = {add_protect,
	add_typo, add_typo, add_mx, add_address, add_address, set_action, add_list, add_list,
	set_zone};

static int compose(const struct new_policy *n, char **out)
{
	char zone[TS_NAME_TEXT_MAX + 1], date[16];
	time_t now = time(NULL);
	struct tm tm;
	struct new_policy copy = *n;
	int code = name_arg(&copy, "zone", n->zone, zone);

	if (code)
		return code;
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%Y%m%d", &tm);
	return append(out,
		"; A policy for typosink. typosink-policy(5) explains every property; check this\n"
		"; file with \"typosink check -p\" after each change, and raise the serial.\n"
		"; To switch everything off at once, set the action to \"pass\".\n"
		"\n"
		"$ORIGIN %s\n"
		"$TTL 30\n"
		"@\tIN SOA  invalid. hostmaster.invalid. %s01 3600 600 2147483646 0\n"
		"@\tIN NS   invalid.\n"
		"version\tIN TXT  \"2\"\n"
		"\n"
		"; Protected zones, with the typos that are declared of them. Others are derived.\n"
		"%s"
		"\n"
		"$ORIGIN typosink.ext.%s\n"
		"; What an intercepted look-up gets: sinkhole, nullmx, nxdomain, nodata, refused,\n"
		"; defer, observe (an alert only) or pass.\n"
		"action\tIN TXT  \"%s\"\n"
		"%s%s%s"
		"%s"
		"\n"
		"; Names that are never intercepted, with everything below, until that day (UTC):\n"
		";a1.allow\tIN PTR  partner.example.\n"
		";until.a1.allow\tIN TXT  \"2027-01-31\"\n"
		";reason.a1.allow\tIN TXT  \"ticket 4711\"\n"
		"%s"
		"\n"
		"; Clients that get something else (the longest prefix wins, \"!\" excludes):\n"
		";lab.clients\tIN APL  1:198.51.100.0/24 2:2001:db8:1::/48\n"
		";action.lab.clients\tIN TXT  \"observe\"\n",
		zone, date, n->members, zone, n->action,
		n->sinkhole ? "\n; The mail server that takes, or refuses, what was misaddressed. "
			      "Addresses"
			      " given here\n; are served by the module itself.\n"
			    : "",
		n->sinkhole ? n->sinkhole : "",
		n->mail_only
			? "\n; Mail only: addresses of web sites and the like are left alone.\n"
			  "qtypes\tIN TXT  \"MX\"\n"
			: "",
		n->mail_only ? ""
			     : "\n; Which look-ups are intercepted; \"MX\" alone is mail only.\n"
			       ";qtypes\tIN TXT  \"MX A AAAA HTTPS SVCB SRV\"\n",
		n->lists ? n->lists : "");
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	static const struct option options[] = {
		{"protect", required_argument, NULL, 256},
		{"typo", required_argument, NULL, 256},
		{"typo-always", required_argument, NULL, 256},
		{"sinkhole-mx", required_argument, NULL, 256},
		{"sinkhole-a", required_argument, NULL, 256},
		{"sinkhole-aaaa", required_argument, NULL, 256},
		{"action", required_argument, NULL, 256},
		{"allow", required_argument, NULL, 256},
		{"known", required_argument, NULL, 256},
		{"zone", required_argument, NULL, 256},
		{"mail-only", no_argument, NULL, 'm'},
		{"output", required_argument, NULL, 'o'},
		{"force", no_argument, NULL, 'f'},
		{NULL, 0, NULL, 0},
	};
	struct new_policy n = {.self = self, .zone = "policy.example", .action = "sinkhole"};
	ts_reporter_t report = {command_diag, NULL};
	ts_policy_options_t check = {.seed = 1, .now = time(NULL)};
	ts_policy_t *policy = NULL;
	const char *output = NULL;
	char *text = NULL;
	bool force = false;
	int c, at = 0, code = EXIT_OK;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:", options, &at)) != -1) {
		switch (c) {
		case 256:
			code = adders[at](&n, options[at].name, optarg);
			break;
		case 'm':
			n.mail_only = true;
			break;
		case 'o':
			output = optarg;
			break;
		case 'f':
			force = true;
			break;
		default:
			code = command_bad_option(self, c, argv);
		}
		if (code != EXIT_OK)
			goto cleanup;
	}
	if (optind < argc)
		code = command_usage(
			self, "'%s' is too much: zones come with --protect", argv[optind]);
	else if (!n.nmembers)
		code = command_usage(self, "which zone? (--protect NAME)");
	else if (!n.have_sinkhole && strcmp(n.action, "sinkhole") == 0)
		code = command_usage(self,
			"where does mail go? (--sinkhole-mx NAME, --sinkhole-a ADDRESS, or another "
			"--action)");
	if (code == EXIT_OK)
		code = compose(&n, &text);
	if (code != EXIT_OK)
		goto cleanup;
	/* What does not hold is not written. */
	int err = ts_policy_load_text("new policy", text, strlen(text), &check, &report, &policy);
	if (err) {
		code = err == TS_EPOLICY ? EXIT_FOUND : EXIT_TROUBLE;
		goto cleanup;
	}
	if (output)
		code = output_file(output, text, strlen(text), force, NULL);
	else
		fputs(text, stdout);
cleanup:
	ts_policy_unref(policy);
	free(n.members);
	free(n.sinkhole);
	free(n.lists);
	free(text);
	return code;
}

const ts_command_t cmd_new_policy = {
	.name = "new-policy",
	.oneline = "Writes a commented policy to start from",
	.usage = "new-policy --protect NAME [--typo SUFFIX]... --sinkhole-mx NAME "
		 "[--sinkhole-a ADDRESS] [OPTION...]",
	.help = "  --protect NAME           a zone to protect; may repeat\n"
		"  --typo SUFFIX            a declared typo of the zone before it; may repeat\n"
		"  --typo-always SUFFIX     one that needs no evidence; may repeat\n"
		"  --sinkhole-mx NAME       the host that takes the mail; may repeat\n"
		"  --sinkhole-a ADDRESS     its IPv4 address; may repeat\n"
		"  --sinkhole-aaaa ADDRESS  its IPv6 address; may repeat\n"
		"  --action ACTION          sinkhole (default), nullmx, nxdomain, nodata, "
		"refused,\n"
		"                           defer, observe or pass\n"
		"  --allow NAME             a name that is never intercepted; may repeat\n"
		"  --known NAME             a name that exists, as evidence; may repeat\n"
		"  --mail-only              intercept MX look-ups alone\n"
		"  --zone NAME              the name of the policy zone (default policy.example)\n"
		"  -o, --output FILE        write here, not to standard output; an existing file "
		"stays\n"
		"  --force                  replace an existing file\n"
		"\n"
		"The policy is checked before it is written, and written whole or not at all.\n",
	.run = run,
};
