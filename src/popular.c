/* SPDX-License-Identifier: BSD-3-Clause */
#include "popular.h"

#include "namemap.h"
#include "typo/suffix.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define BAD_LINES_SHOWN 10

struct ts_popular {
	ts_namemap_t *ranks;
};

/*
 * One line, cut at its end: "rank,domain[,...]" (Tranco, Umbrella, Majestic's first columns) or a
 * domain alone, whose rank is the line's number. *why is set where it is bad.
 */
static int parse_line(const char *line, size_t len, uint32_t number, ts_name_t *name,
	uint32_t *rank, const char **why)
{
	const char *comma = memchr(line, ',', len);

	*rank = number;
	if (comma && comma > line && isdigit((unsigned char)line[0])) {
		uint64_t value = 0;

		for (const char *p = line; p < comma; p++) {
			if (!isdigit((unsigned char)*p) || value > UINT32_MAX / 10) {
				*why = "the rank is not a number";
				return TS_EINVAL;
			}
			value = value * 10 + (uint64_t)(*p - '0');
		}
		if (value == 0) {
			*why = "ranks start at 1";
			return TS_EINVAL;
		}
		*rank = (uint32_t)value;
		len -= (size_t)(comma + 1 - line);
		line = comma + 1;
		comma = memchr(line, ',', len);
		if (comma)
			len = (size_t)(comma - line);
	}
	return ts_name_from_text(name, line, len, why);
}

int ts_popular_load(const char *path, const ts_reporter_t *report, ts_popular_t **out)
{
	ts_popular_t *popular = calloc(1, sizeof(*popular));
	uint32_t number = 0, bad = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t got;
	FILE *file = NULL;
	int err = TS_ENOMEM;

	if (!popular)
		goto cleanup;
	/* The list is the operator's, not the querier's, but any seed will do. */
	popular->ranks = ts_namemap_new((uintptr_t)popular);
	if (!popular->ranks)
		goto cleanup;
	err = TS_EIO;
	file = fopen(path, "re");
	if (!file) {
		ts_report(report, TS_ERROR, path, 0, NULL, "cannot open: %s", strerror(errno));
		goto cleanup;
	}
	while ((got = getline(&line, &size, file)) >= 0) {
		const char *why = "bad name";
		size_t len = (size_t)got;
		ts_name_t name;
		uint32_t rank;

		number++;
		while (len && isspace((unsigned char)line[len - 1]))
			len--;
		if (len == 0 || line[0] == '#')
			continue;
		err = parse_line(line, len, number, &name, &rank, &why);
		if (err) {
			if (++bad <= BAD_LINES_SHOWN)
				ts_report(report, TS_WARNING, path, number, NULL, "%s", why);
			continue;
		}
		err = ts_namemap_add(popular->ranks, name.wire, name.len, rank);
		if (err)
			goto cleanup;
	}
	if (ferror(file)) {
		err = TS_EIO;
		ts_report(report, TS_ERROR, path, 0, NULL, "cannot read: %s", strerror(errno));
		goto cleanup;
	}
	if (bad > BAD_LINES_SHOWN)
		ts_report(report, TS_WARNING, path, 0, NULL, "%u bad lines in all", bad);
	if (ts_namemap_count(popular->ranks) == 0) {
		err = TS_EINVAL;
		ts_report(report, TS_ERROR, path, 0, NULL, "no line holds a name");
		goto cleanup;
	}
	*out = popular;
	popular = NULL;
	err = TS_OK;
cleanup:
	free(line);
	if (file)
		fclose(file);
	ts_popular_free(popular);
	return err;
}

void ts_popular_free(ts_popular_t *popular)
{
	if (!popular)
		return;
	ts_namemap_free(popular->ranks);
	free(popular);
}

uint32_t ts_popular_rank(const ts_popular_t *popular, const ts_name_t *name)
{
	unsigned start = ts_suffix_start(name);
	ts_namemap_hit_t hits[TS_NAMEMAP_HITS];
	size_t n = ts_namemap_all(popular->ranks, name, hits);
	uint32_t best = 0;

	/* Lists hold registrable names and hosts; what only a public suffix has is no name's rank.
	 */
	for (size_t i = 0; i < n; i++)
		if (hits[i].label < start && (best == 0 || hits[i].value < best))
			best = hits[i].value;
	return best;
}

size_t ts_popular_count(const ts_popular_t *popular)
{
	return ts_namemap_count(popular->ranks);
}

size_t ts_popular_memory(const ts_popular_t *popular)
{
	return sizeof(*popular) + ts_namemap_memory(popular->ranks);
}
