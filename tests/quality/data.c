/* SPDX-License-Identifier: BSD-3-Clause */
#include "data.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void *need(void *p)
{
	if (!p) {
		fprintf(stderr, "out of memory\n");
		exit(1);
	}
	return p;
}

const char *ts_data_dir(void)
{
	const char *dir = getenv("TYPOSINK_DATA");

	if (!dir)
		dir = "../shared/data";
	if (access(dir, R_OK | X_OK) == 0)
		return dir;
	fprintf(stderr, "SKIPPED: no test data in %s (TYPOSINK_DATA says where it is)\n", dir);
	return NULL;
}

ts_rows_t ts_data_read(const char *file, bool header)
{
	char path[4096], *line = NULL;
	size_t size = 0, room = 0;
	ts_rows_t rows = {NULL, 0};

	snprintf(path, sizeof(path), "%s/%s", ts_data_dir() ? ts_data_dir() : ".", file);
	FILE *in = fopen(path, "r");
	if (!in) {
		perror(path);
		exit(1);
	}
	while (getline(&line, &size, in) >= 0) {
		bool quoted = false;
		char *o = line;

		line[strcspn(line, "\r\n")] = '\0';
		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (header) {
			header = false;
			continue;
		}
		size_t len = strlen(line);
		char *copy = need(calloc(1, len + 16)); /* absent fields read as empty */
		for (const char *p = line; *p; p++) {
			if (*p == '"')
				quoted = !quoted;
			else
				*o++ = (char)(*p == ',' && !quoted ? 0 : *p);
		}
		memcpy(copy, line, (size_t)(o - line));
		if (rows.count == room) {
			room = room ? 2 * room : 1024;
			rows.line = need(realloc(rows.line, room * sizeof(*rows.line)));
		}
		rows.line[rows.count++] = copy;
	}
	free(line);
	fclose(in);
	return rows;
}

const char *ts_data_field(const char *line, unsigned i)
{
	while (i--)
		line += strlen(line) + 1;
	return line;
}

void ts_data_free(ts_rows_t *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->line[i]);
	free(rows->line);
	*rows = (ts_rows_t){NULL, 0};
}

void ts_targets_add(ts_targets_t *targets, const char *text, bool known)
{
	if (targets->count == targets->room) {
		targets->room = targets->room ? 2 * targets->room : 64;
		targets->name = need(realloc(targets->name, targets->room * sizeof(ts_name_t)));
		targets->target =
			need(realloc(targets->target, targets->room * sizeof(ts_target_t)));
		targets->text = need(realloc(targets->text, targets->room * sizeof(char *)));
	}
	size_t i = targets->count;
	if (ts_name_from_text(&targets->name[i], text, strlen(text), NULL) != TS_OK ||
		targets->name[i].nlabels == 0)
		return;
	targets->target[i] = (ts_target_t){
		NULL, targets->name[i].len, known, TS_SCORE_ONE / 2, ts_class_defaults()};
	targets->text[i] = need(strdup(text));
	targets->count++;
}

void ts_targets_free(ts_targets_t *targets)
{
	for (size_t i = 0; i < targets->count; i++)
		free(targets->text[i]);
	free(targets->text);
	free(targets->name);
	free(targets->target);
	*targets = (ts_targets_t){NULL, NULL, NULL, 0, 0};
}

ts_index_t *ts_targets_index(const ts_targets_t *targets)
{
	const ts_index_options_t options = {.seed = 1};
	ts_index_t *index;

	for (size_t i = 0; i < targets->count; i++)
		targets->target[i].wire = targets->name[i].wire;
	if (ts_index_new(targets->target, targets->count, &options, &index) != TS_OK)
		need(NULL);
	return index;
}

bool ts_targets_cover(const ts_targets_t *targets, const ts_name_t *name)
{
	for (size_t i = 0; i < targets->count; i++)
		if (!targets->target[i].known &&
			ts_name_is_below(name, targets->name[i].wire, targets->name[i].len))
			return true;
	return false;
}

double ts_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
