/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink status: how the module of a running resolver is, from its metrics file.
 */
#include "config.h"

#include "command.h"
#include "status_server.h"

#include "../src/alert/clock.h"
#include "../src/conf.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define STALE_SECONDS 35 /* three intervals and a bit */

/* Reads `key="value",...}`; \return behind the brace, or NULL. */
static const char *read_labels(const char *p, json_t *labels)
{
	char key[64], value[4096];

	while (*p && *p != '}') {
		size_t k = strcspn(p, "=\"}"), v = 0;
		if (p[k] != '=' || p[k + 1] != '"' || k >= sizeof(key))
			return NULL;
		memcpy(key, p, k);
		key[k] = '\0';
		for (p += k + 2; *p && *p != '"' && v + 1 < sizeof(value); p++) {
			if (*p == '\\' && p[1])
				p++;
			value[v++] = *p == 'n' && p[-1] == '\\' ? ' ' : *p;
		}
		if (*p != '"')
			return NULL;
		value[v] = '\0';
		json_t *text = json_string(value);
		json_object_set_new(labels, key, text ? text : json_string("(not UTF-8)"));
		p++;
		p += *p == ',';
	}
	return *p == '}' ? p + 1 : NULL;
}

/* One sample: {"name":..., "labels":{...}, "value":...} with the prefix taken off the name. */
static json_t *read_sample(const char *line)
{
	static const char prefix[] = "typosink_";
	size_t n = strcspn(line, "{ ");
	const char *p = line + n;
	json_t *labels = json_object();
	char *end;

	if (strncmp(line, prefix, sizeof(prefix) - 1) != 0)
		goto bad;
	if (*p == '{' && !(p = read_labels(p + 1, labels)))
		goto bad;
	double value = strtod(p, &end);
	if (end == p || (*end != '\n' && *end != '\0'))
		goto bad;
	return json_pack("{s:s#, s:o, s:f}", "name", line + sizeof(prefix) - 1,
		n - (sizeof(prefix) - 1), "labels", labels, "value", value);
bad:
	json_decref(labels);
	return NULL;
}

static int read_metrics(const char *path, json_t *samples)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	unsigned number = 0;
	int code = EXIT_OK;

	if (!f) {
		command_warn("%s: %s", path, strerror(errno));
		return EXIT_TROUBLE;
	}
	errno = 0;
	while (code == EXIT_OK && getline(&line, &size, f) > 0) {
		number++;
		if (line[0] == '#' || line[0] == '\n')
			continue;
		json_t *sample = read_sample(line);
		if (!sample) {
			command_warn("%s:%u: not a metric of typosink", path, number);
			code = EXIT_TROUBLE;
		}
		json_array_append_new(samples, sample);
	}
	if (code == EXIT_OK && ferror(f)) {
		command_warn("%s: %s", path, strerror(errno));
		code = EXIT_TROUBLE;
	} else if (code == EXIT_OK && json_array_size(samples) == 0) {
		command_warn("%s: no metrics in it", path);
		code = EXIT_TROUBLE;
	}
	free(line);
	fclose(f);
	return code;
}

static double value_of(const json_t *samples, const char *name)
{
	size_t i;
	json_t *s;

	json_array_foreach((json_t *)(uintptr_t)samples, i, s)
	{
		if (strcmp(json_string_value(json_object_get(s, "name")), name) == 0)
			return json_number_value(json_object_get(s, "value"));
	}
	return 0;
}

/* What a person should look at, as a list of sentences. */
static json_t *find_problems(const json_t *samples, double now)
{
	json_t *problems = json_array();
	double age = now - value_of(samples, "updated_timestamp_seconds");
	size_t i;
	json_t *s;

	if (value_of(samples, "running") == 0)
		json_array_append_new(problems, json_string("stopped"));
	else if (age > STALE_SECONDS)
		json_array_append_new(problems,
			json_sprintf("nothing heard for %.0f seconds: killed, or hung", age));
	if (value_of(samples, "alert_file_writable") == 0)
		json_array_append_new(problems, json_string("alerts cannot be written"));
	double lost = value_of(samples, "events_dropped_total") +
		      value_of(samples, "events_discarded_total");
	if (lost > 0)
		json_array_append_new(problems, json_sprintf("%.0f events lost", lost));
	json_array_foreach((json_t *)(uintptr_t)samples, i, s)
	{
		json_t *labels = json_object_get(s, "labels");
		if (strcmp(json_string_value(json_object_get(s, "name")),
			    "policy_last_error_info") != 0)
			continue;
		json_array_append_new(
			problems, json_sprintf("policy %s did not load: %s",
					  json_string_value(json_object_get(labels, "policy")),
					  json_string_value(json_object_get(labels, "error"))));
	}
	return problems;
}

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
		now - value_of(samples, "start_timestamp_seconds"),
		now - value_of(samples, "updated_timestamp_seconds"));
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
		printf("%12.0f  %s\n", value_of(samples, rows[k].name), rows[k].words);
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
	code = read_metrics(path, samples);
	if (code != EXIT_OK)
		goto cleanup;
	double now = (double)ts_clock_system.wall_us(NULL) / 1e6;
	problems = find_problems(samples, now);
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
