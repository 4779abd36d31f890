/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink status: how the module of a running resolver is, from its metrics file.
 */
#include "config.h"

#include "command.h"
#include "metrics_file.h"
#include "status_server.h"

#include "../src/alert/clock.h"
#include "../src/conf.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static void clean(const char *text)
{
	for (; *text; text++)
		putchar((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text);
}

static void print_people(const json_t *samples, const json_t *problems, double now)
{
	static const struct {
		const char *name, *words;
	} rows[] = {
		{"events_submitted_total", "events"},
		{"events_written_total", "lines written"},
		{"events_suppressed_total", "repeats counted"},
		{"events_dropped_total", "dropped at a full queue"},
		{"events_discarded_total", "not writable, discarded"},
		{"queue_depth", "in the queue"},
		{"queue_high_water", "most ever in the queue"},
	};
	size_t i;
	json_t *s;

	printf("running for %.0f s, heard of %.0f s ago\n",
		now - metrics_value(samples, "start_timestamp_seconds"),
		now - metrics_value(samples, "updated_timestamp_seconds"));
	json_array_foreach((json_t *)(uintptr_t)samples, i, s)
	{
		const char *name = json_string_value(json_object_get(s, "name"));
		json_t *labels = json_object_get(s, "labels");
		double value = json_number_value(json_object_get(s, "value"));
		if (strcmp(name, "policy_serial") == 0) {
			printf("policy ");
			clean(json_string_value(json_object_get(labels, "policy")));
			printf(" serial %.0f\n", value);
		} else if (strcmp(name, "policy_loaded_timestamp_seconds") == 0) {
			printf("policy ");
			clean(json_string_value(json_object_get(labels, "policy")));
			printf(" loaded %.0f s ago\n", now - value);
		} else if (strcmp(name, "lookups_total") == 0) {
			printf("%12.0f  ", value);
			clean(json_string_value(json_object_get(labels, "protected")));
			printf("  %s  %s\n", json_string_value(json_object_get(labels, "class")),
				json_string_value(json_object_get(labels, "action")));
		}
	}
	for (size_t k = 0; k < sizeof(rows) / sizeof(rows[0]); k++)
		printf("%12.0f  %s\n", metrics_value(samples, rows[k].name), rows[k].words);
	json_array_foreach((json_t *)(uintptr_t)problems, i, s)
	{
		printf("PROBLEM: ");
		clean(json_string_value(s));
		putchar('\n');
	}
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"json", no_argument, NULL, 'j'},
		{"server", no_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	const char *config = getenv("TYPOSINK_CONF"), *path = NULL;
	ts_reporter_t report = {command_diag, NULL};
	json_t *samples = json_array(), *problems = NULL;
	bool as_json = false, over_dns = false;
	ts_conf_t conf;
	int opt, code = EXIT_TROUBLE;

	ts_conf_init(&conf);
	opterr = 0;
	optind = 0;
	while ((opt = getopt_long(argc, argv, ":c:js", options, NULL)) != -1) {
		if (opt == 'c') {
			config = optarg;
		} else if (opt == 'j') {
			as_json = true;
		} else if (opt == 's') {
			over_dns = true;
		} else {
			code = command_bad_option(self, opt, argv);
			goto cleanup;
		}
	}
	if (over_dns) {
		code = argc == optind
			       ? command_usage(self, "a server's address is missing")
			       : status_servers(argv + optind, (size_t)(argc - optind), as_json);
		goto cleanup;
	}
	if (argc - optind > 1) {
		code = command_usage(self, "one metrics file, please");
		goto cleanup;
	}
	if (argc - optind == 1) {
		path = argv[optind];
	} else if (config) {
		if (ts_conf_read(&conf, config, &report) != TS_OK)
			goto cleanup;
		path = conf.metrics_file;
	}
	if (!path) {
		code = command_usage(self, "%s",
			config ? "the configuration names no metrics-file"
			       : "a metrics file or a configuration is missing");
		goto cleanup;
	}
	code = metrics_read(path, samples);
	if (code != EXIT_OK)
		goto cleanup;
	double now = (double)ts_clock_system.wall_us(NULL) / 1e6;
	problems = metrics_problems(samples, now);
	if (as_json) {
		json_t *all = json_pack("{s:b, s:O, s:O}", "healthy",
			json_array_size(problems) == 0, "problems", problems, "samples", samples);
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
	} else {
		print_people(samples, problems, now);
	}
	if (json_array_size(problems) > 0)
		code = EXIT_FOUND;
cleanup:
	json_decref(samples);
	json_decref(problems);
	ts_conf_release(&conf);
	return code;
}

const ts_command_t cmd_status = {
	.name = "status",
	.oneline = "how a running module is: look-ups, losses, policies",
	.usage = "status [--json] [-c CONFIG | METRICS-FILE | --server ADDR[@PORT]...]",
	.help = "  -c, --config FILE  take metrics-file from this typosink.conf (or "
		"$TYPOSINK_CONF)\n"
		"  -j, --json         for scripts\n"
		"  -s, --server       ask these resolvers over DNS (their status-client must name "
		"us)\n\n"
		"Exit status 1 where something wants a person: stopped, not heard of, losses, a "
		"policy\n"
		"that did not load; with --server, also one that does not answer or is behind.\n",
	.run = run,
};
