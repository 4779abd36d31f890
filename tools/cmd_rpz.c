/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink rpz: the likeliest typos as a response policy zone.
 */
#include "command.h"
#include "output.h"
#include "policies.h"

#include "../src/rpz.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define TOP_DEFAULT 1000

struct rpz {
	const ts_command_t *self;
	policies_t policies;
	ts_rpz_options_t options;
	bool have_origin, have_serial;
	const char *output, *coverage;
};

static int number_arg(const struct rpz *r, const char *option, const char *text, unsigned long max,
	unsigned long *out)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n > max)
		return command_usage(r->self, "--%s '%s': a number up to %lu", option, text, max);
	*out = n;
	return EXIT_OK;
}

/* "rpz." before the name of the first policy, and the highest serial. */
static int defaults(struct rpz *r)
{
	const ts_policyset_t *set = r->policies.set;
	const uint8_t *name = ts_policy_name(ts_policyset_get(set, 0));
	uint8_t wire[TS_NAME_MAX + 4] = {3, 'r', 'p', 'z'};
	size_t len = ts_name_wire_len(name);

	memcpy(wire + 4, name, len);
	if (!r->have_origin && ts_name_from_wire(&r->options.origin, wire, len + 4) != TS_OK)
		return command_usage(r->self, "which --origin? the policy's own name is too long");
	for (size_t i = 0; i < ts_policyset_count(set) && !r->have_serial; i++) {
		uint32_t serial = ts_policy_serial(ts_policyset_get(set, i));

		if (serial > r->options.serial)
			r->options.serial = serial;
	}
	return EXIT_OK;
}

static int put_line(void *arg, const char *line)
{
	FILE *out = arg;

	return fputs(line, out) < 0 || fputc('\n', out) < 0 ? TS_EIO : TS_OK;
}

static int write_zone(const struct rpz *r, const ts_rpz_t *rpz)
{
	char *text = NULL;
	size_t len = 0, records = 0;
	ts_rpz_stats_t stats = ts_rpz_stats(rpz);
	struct stat old;
	int code = EXIT_OK, err;
	FILE *out = open_memstream(&text, &len);

	err = out ? ts_rpz_write(rpz, put_line, out, &records) : TS_ENOMEM;
	if (out && fclose(out) != 0)
		err = TS_ENOMEM;
	if (err) {
		command_warn("out of memory");
		code = EXIT_TROUBLE;
	} else if (r->output) {
		code = output_file(
			r->output, text, len, true, stat(r->output, &old) == 0 ? &old : NULL);
	} else {
		fwrite(text, 1, len, stdout); /* command_done() looks for errors */
	}
	free(text);
	for (size_t i = 0; code == EXIT_OK && ts_rpz_note(rpz, i); i++)
		command_warn("warning: %s", ts_rpz_note(rpz, i));
	if (code == EXIT_OK)
		command_warn("%zu protected zones, %zu typos and %zu names that pass: %zu records, "
			     "%zu octets",
			stats.zones, stats.typos, stats.passing, records, len);
	return code;
}

/* ---- coverage ---- */

struct share {
	size_t pairs, rpz, module, maybe, others, bad;
};

/* One line "typed,intended,...". */
static void measure(const struct rpz *r, const ts_rpz_t *rpz, char *line, struct share *share)
{
	char *meant_text = strchr(line, ',');
	const char *why;
	ts_name_t typed, meant;
	ts_verdict_t v;

	if (meant_text)
		*meant_text++ = '\0';
	if (!meant_text || name_from_person(line, strlen(line), &typed, &why) != TS_OK ||
		name_from_person(meant_text, strcspn(meant_text, ",\r\n"), &meant, &why) != TS_OK) {
		share->bad++;
		return;
	}
	ts_query_t query = {&meant, TS_TYPE_MX, TS_CLASS_IN};
	ts_verdict(r->policies.set, &query, NULL, r->options.now, &v);
	if (v.kind != TS_VERDICT_PROTECTED) {
		share->others++;
		return;
	}
	share->pairs++;
	query.qname = &typed;
	ts_verdict(r->policies.set, &query, NULL, r->options.now, &v);
	if ((v.kind != TS_VERDICT_TYPO && v.kind != TS_VERDICT_ASK) ||
		v.counterpart.len != meant.len ||
		memcmp(v.counterpart.wire, meant.wire, meant.len) != 0)
		return;
	share->module += v.kind == TS_VERDICT_TYPO;
	share->maybe += v.kind == TS_VERDICT_ASK;
	share->rpz += ts_rpz_takes(rpz, &typed);
}

static double percent(size_t part, size_t all)
{
	return all ? 100.0 * (double)part / (double)all : 0.0;
}

static int coverage(const struct rpz *r, const ts_rpz_t *rpz)
{
	FILE *in = fopen(r->coverage, "r");
	struct share s = {0};
	char *line = NULL;
	size_t cap = 0;
	int code = EXIT_OK;

	while (in && getline(&line, &cap, in) >= 0) {
		if (*line != '#' && *line != '\n')
			measure(r, rpz, line, &s);
	}
	if (!in || ferror(in)) {
		command_warn("%s: %s", r->coverage, strerror(errno));
		code = EXIT_TROUBLE;
	} else {
		command_warn(
			"%s: of %zu pairs the zone takes %zu (%.1f%%), the module %zu (%.1f%%)",
			r->coverage, s.pairs, s.rpz, percent(s.rpz, s.pairs), s.module,
			percent(s.module, s.pairs));
		if (s.maybe)
			command_warn("%s: and the module %zu more (%.1f%%) where a name exists",
				r->coverage, s.maybe, percent(s.maybe, s.pairs));
		if (s.others)
			command_warn("%s: %zu lines mean no protected name, and do not count",
				r->coverage, s.others);
		if (s.bad)
			command_warn(
				"%s: %zu lines are no pair \"typed,intended\"", r->coverage, s.bad);
	}
	free(line);
	if (in)
		fclose(in);
	return code;
}

static int option(struct rpz *r, int c, char **argv)
{
	const char *why = "malformed name";
	unsigned long n;
	int code = EXIT_OK;

	switch (c) {
	case 'p':
		return policies_add(&r->policies, optarg);
	case 'o':
		r->output = optarg;
		return EXIT_OK;
	case 'c':
		r->coverage = optarg;
		return EXIT_OK;
	case 'P':
		r->policies.popular = optarg;
		return EXIT_OK;
	case 'r':
		r->options.registrable = true;
		return EXIT_OK;
	case 't':
		code = number_arg(r, "top", optarg, 10000000, &n);
		if (code == EXIT_OK)
			r->options.top = n;
		return code;
	case 's':
		code = number_arg(r, "serial", optarg, UINT32_MAX, &n);
		if (code == EXIT_OK)
			r->options.serial = (uint32_t)n;
		r->have_serial = true;
		return code;
	case 'O':
		r->have_origin = true;
		if (ts_name_from_text(&r->options.origin, optarg, strlen(optarg), &why) != TS_OK)
			return command_usage(r->self, "--origin '%s': %s", optarg, why);
		return EXIT_OK;
	default:
		return command_bad_option(r->self, c, argv);
	}
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"output", required_argument, NULL, 'o'},
		{"origin", required_argument, NULL, 'O'},
		{"top", required_argument, NULL, 't'},
		{"serial", required_argument, NULL, 's'},
		{"registrable", no_argument, NULL, 'r'},
		{"popular", required_argument, NULL, 'P'},
		{"coverage", required_argument, NULL, 'c'},
		{NULL, 0, NULL, 0},
	};
	struct rpz r = {.self = self, .options = {.top = TOP_DEFAULT, .now = time(NULL)}};
	ts_rpz_t *rpz = NULL;
	int c, code = EXIT_OK;

	opterr = 0;
	while (code == EXIT_OK && (c = getopt_long(argc, argv, ":p:o:", options, NULL)) != -1)
		code = option(&r, c, argv);
	if (code == EXIT_OK && optind < argc)
		code = command_usage(self, "what is '%s'?", argv[optind]);
	if (code == EXIT_OK && !r.policies.count)
		code = command_usage(self, "which policy? (-p POLICY)");
	if (code == EXIT_OK)
		code = policies_load(&r.policies, true);
	if (code == EXIT_OK)
		code = defaults(&r);
	if (code != EXIT_OK)
		goto cleanup;
	switch (ts_rpz_new(r.policies.set, &r.options, &rpz)) {
	case TS_OK:
		code = write_zone(&r, rpz);
		break;
	case TS_ERANGE:
		code = command_usage(self, "the --origin is too long");
		break;
	default:
		command_warn("out of memory");
		code = EXIT_TROUBLE;
	}
	if (code == EXIT_OK && r.coverage)
		code = coverage(&r, rpz);
cleanup:
	ts_rpz_free(rpz);
	policies_release(&r.policies);
	return code;
}

const ts_command_t cmd_rpz = {
	.name = "rpz",
	.oneline = "Writes the likeliest typos as a response policy zone",
	.usage = "rpz -p POLICY... [-o FILE] [--top N] [--origin NAME] [--serial N] "
		 "[--registrable]\n"
		 "                    [--popular FILE] [--coverage FILE]",
	.help = "  -p, --policy POLICY  the policy; may repeat, in order of configuration\n"
		"  -o, --output FILE    where to write the zone, whole or not at all (default:\n"
		"                       standard output)\n"
		"  --top N              so many typos of each protected zone, the likeliest\n"
		"                       (default 1000; 0: all that are known)\n"
		"  --origin NAME        the name of the zone (default: rpz. before the policy's)\n"
		"  --serial N           the serial of the zone (default: the policy's)\n"
		"  --registrable        only typos below TLDs that exist\n"
		"  --popular FILE       a list of popular names, as popular-file in typosink.conf\n"
		"  --coverage FILE      also says what share of real typos, lines "
		"\"typed,intended\",\n"
		"                       the zone takes, and what share the module\n"
		"\n"
		"For resolvers that cannot load the module. What RPZ cannot say is said as a\n"
		"warning. The same policies and options give the same zone.\n",
	.run = run,
};
