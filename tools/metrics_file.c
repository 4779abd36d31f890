/* SPDX-License-Identifier: BSD-3-Clause
 *
 * metrics_file: reads what a running module writes of itself (metrics-file).
 */
#include "config.h"

#include "metrics_file.h"

#include "command.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
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

int metrics_read(const char *path, json_t *samples)
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

double metrics_value(const json_t *samples, const char *name)
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

json_t *metrics_problems(const json_t *samples, double now)
{
	json_t *problems = json_array();
	double age = now - metrics_value(samples, "updated_timestamp_seconds");
	size_t i;
	json_t *s;

	if (metrics_value(samples, "running") == 0)
		json_array_append_new(problems, json_string("stopped"));
	else if (age > STALE_SECONDS)
		json_array_append_new(problems,
			json_sprintf("nothing heard for %.0f seconds: killed, or hung", age));
	if (metrics_value(samples, "alert_file_writable") == 0)
		json_array_append_new(problems, json_string("alerts cannot be written"));
	double lost = metrics_value(samples, "events_dropped_total") +
		      metrics_value(samples, "events_discarded_total");
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
