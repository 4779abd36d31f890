/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bench_index: what a look-up costs that matches nothing, what an index weighs and how long it
 * takes to build, and how many names an enumerated zone would need for the same. Prints figures;
 * judges nothing. Run under `valgrind --tool=callgrind` with "-i N" it makes N look-ups and no
 * more, so that instructions can be counted; "-i N COUNT" against COUNT generated names. "-n NAME"
 * prints what that name costs. "-t N" and "-t N COUNT" print N times what a look-up takes and
 * nothing else: two builds can so be run in turns.
 *
 * Times are of three kinds. "Each once": the load as it comes, no name twice, the tables in
 * whatever cache they stay in. "Evicted": other memory as large as a core's own caches is written
 * before every look-up, as a resolver's other work does; the median of some thousands. "Hot": each
 * name 32 times in a row, nothing but instructions.
 */
#include "../quality/data.h"

#include "../../src/index_impl.h"
#include "../../src/namemap.h"
#include "../../src/typo/likeness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static ts_name_t *queries;
static size_t nqueries;

static void load(ts_targets_t *targets, const char *file)
{
	ts_rows_t rows = ts_data_read(file, false);

	for (size_t i = 0; i < rows.count; i++)
		ts_targets_add(targets, rows.line[i], false);
	ts_data_free(&rows);
}

/* Names as registries have them: words of two or three syllables below common suffixes. */
static void generate(ts_targets_t *targets, size_t count)
{
	static const char *const syllable[] = {"ba", "cor", "den", "fi", "gor", "hal", "in", "jo",
		"ka", "lem", "mon", "nor", "ol", "pra", "que", "ris", "sta", "tor", "un", "ver",
		"wes", "xo", "yan", "zu", "bank", "city", "net", "tech", "web", "mail", "shop",
		"land"};
	static const char *const suffix[] = {"com", "com", "com", "com", "net", "org", "de", "fr",
		"co.uk", "com.br", "gov", "ru"};
	uint64_t z = 1;

	while (targets->count < count) {
		char text[128] = "";

		z = z * 6364136223846793005u + 1442695040888963407u;
		uint64_t r = z >> 20;
		for (unsigned n = 2 + (unsigned)(r % 3); n; n--, r /= 32)
			strcat(text, syllable[r % 32]);
		snprintf(text + strlen(text), 32, "%u.%s", (unsigned)(targets->count % 10),
			suffix[r % (sizeof(suffix) / sizeof(suffix[0]))]);
		ts_targets_add(targets, text, false);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* The plain way: every target, optimal string alignment, of the whole name. */
static double plain_scan(const ts_targets_t *targets)
{
	unsigned sum = 0, n = 60;
	double start = ts_seconds();

	for (unsigned i = 0; i < n; i++) {
		const ts_name_t *q = &queries[i * 1009 % nqueries];

		for (size_t t = 0; t < targets->count; t++) {
			const ts_name_t *m = &targets->name[t];
			size_t a = q->len - 2u, b = m->len - 2u;

			if (a > 62 || b > 62 || a > b + 2 || b > a + 2)
				continue;
			sum += ts_osa(q->wire + 1, a, m->wire + 1, b) <= 2;
		}
	}
	double took = (ts_seconds() - start) / n * 1e9;
	return sum == 12345678 ? 0 : took;
}

static double time_of(const ts_index_t *index, const ts_name_t *q, unsigned times)
{
	double start = ts_seconds();
	ts_match_t m;

	for (unsigned k = 0; k < times; k++)
		(void)ts_index_find(index, q, NULL, &m, 1);
	return (ts_seconds() - start) / times * 1e9;
}

/* The least of a few: what the machine did meanwhile is not the name's fault. */
static double least_of(const ts_index_t *index, const ts_name_t *q)
{
	double least = 1e9;

	for (unsigned run = 0; run < 5; run++) {
		double took = time_of(index, q, 16);
		least = took < least ? took : least;
	}
	return least;
}

/* Nanoseconds of the wall clock: cheap enough to stand around one look-up. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_each_once(const ts_index_t *index, size_t *matched)
{
	double start = ts_seconds();
	ts_match_t m;

	*matched = 0;
	for (size_t i = 0; i < nqueries; i++)
		*matched += ts_index_find(index, &queries[i], NULL, &m, 1);
	return (ts_seconds() - start) / (double)nqueries * 1e9;
}

/* What the reading of the names takes by itself, which time_each_once counts in. */
static double time_of_names(void)
{
	double start = ts_seconds();
	unsigned sum = 0;

	for (size_t i = 0; i < nqueries; i++)
		for (unsigned k = 0; k < queries[i].len; k++)
			sum += queries[i].wire[k];
	double took = (ts_seconds() - start) / (double)nqueries * 1e9;
	return sum == 1 ? 0 : took;
}

#define OTHER_WORK (3u << 20) /* octets: more than most cores have of their own */
#define EVICTED 3000

static double time_evicted(const ts_index_t *index)
{
	static uint8_t other[OTHER_WORK];
	static double took[EVICTED];
	ts_match_t m;

	for (size_t i = 0; i < EVICTED; i++) {
		ts_name_t q;

		for (size_t k = 0; k < OTHER_WORK; k += 64)
			other[k]++;
		q = queries[i * 1009 % nqueries];
		double start = now();
		(void)ts_index_find(index, &q, NULL, &m, 1);
		took[i] = now() - start;
	}
	qsort(took, EVICTED, sizeof(took[0]), by_value);
	return took[EVICTED / 2];
}

static double time_hot(const ts_index_t *index)
{
	double sum = 0;

	for (size_t i = 0; i < nqueries; i += 7)
		sum += time_of(index, &queries[i], 32);
	return sum / (double)((nqueries + 6) / 7);
}

/* One line of figures, for pairs of builds. */
static void times(const ts_targets_t *targets, unsigned runs)
{
	double start = ts_seconds();
	ts_index_t *index = ts_targets_index(targets);
	double built = ts_seconds() - start;

	while (runs--) {
		size_t matched;
		double once = time_each_once(index, &matched);

		printf("%zu: each once %.0f (names %.0f), evicted %.0f, hot %.0f ns; built in %.3f "
		       "s, %.1f MB, %zu match\n",
			targets->count, once, time_of_names(), time_evicted(index), time_hot(index),
			built, ts_index_memory(index) / 1e6, matched);
	}
	ts_index_free(index);
}

static void measure(const char *what, ts_targets_t *targets, bool scan)
{
	double start = ts_seconds();
	ts_index_t *index = ts_targets_index(targets);
	double built = ts_seconds() - start, runs[5];
	size_t matched = 0;

	printf("%-34s built in %.3f s, %.1f MB\n", what, built, ts_index_memory(index) / 1e6);
	for (unsigned run = 0; run < 5; run++)
		runs[run] = time_each_once(index, &matched);
	qsort(runs, 5, sizeof(runs[0]), by_value);
	printf("  %zu popular names, each once: %.0f ns a query (least %.0f, most %.0f), %zu "
	       "match\n"
	       "  caches evicted before each: median %.0f ns\n",
		nqueries, runs[2], runs[0], runs[4], matched, time_evicted(index));

	/* Each name by itself, and hostile ones: the worst against the median. */
	double sum = 0, *each = calloc(nqueries, sizeof(*each));
	for (size_t i = 0; each && i < nqueries; i++) {
		each[i] = time_of(index, &queries[i], 32);
		sum += each[i];
	}
	qsort(each, nqueries, sizeof(*each), by_value);
	double median = each[nqueries / 2];
	printf("  hot, 32 times each: mean %.0f ns, median %.0f ns, 99%% %.0f ns\n",
		sum / (double)nqueries, median, each[nqueries / 100 * 99]);
	/* Where the protected names are: the labels of popular names below the targets' suffixes.
	 */
	ts_namemap_t *protected = ts_namemap_new(1);
	size_t near = 0;
	unsigned most = 0;
	double worst = 0;
	char worst_name[300] = "";

	for (size_t i = 0; protected && i < targets->count; i++)
		if (ts_namemap_add(protected, targets->name[i].wire, targets->name[i].len, 0))
			exit(1);
	for (size_t i = 0; each && protected && i < nqueries; i++) {
		const char *suffix = strchr(targets->text[i * 31 % targets->count], '.');
		char text[TS_NAME_TEXT_MAX];
		uint32_t value;
		unsigned label;
		ts_name_t q;

		if (!suffix || queries[i].wire[0] > 60)
			continue;
		snprintf(text, sizeof(text), "%.*s%s", queries[i].wire[0],
			(const char *)queries[i].wire + 1, suffix);
		if (ts_name_from_text(&q, text, strlen(text), NULL) == TS_OK &&
			!ts_namemap_find(protected, &q, 0, &value, &label)) {
			unsigned judged = ts_index_judged(index, &q);

			most = judged > most ? judged : most;
			each[near] = least_of(index, &q);
			if (each[near] > worst)
				strcpy(worst_name, text);
			worst = each[near] > worst ? each[near] : worst;
			near++;
		}
	}
	ts_namemap_free(protected);
	qsort(each, near, sizeof(*each), by_value);
	if (near)
		printf("  their labels below the targets' suffixes: median %.0f ns, 99%% %.0f ns, "
		       "worst %.0f ns, %.1f times the median of all (%s); at most %u targets are "
		       "judged\n",
			each[near / 2], each[near / 100 * 99], worst, worst / median, worst_name,
			most);
	static const char *const tails[] = {"com", "gov", "mil", "co.uk", "ml", "qqq"};
	worst = 0;
	for (unsigned t = 0; t < sizeof(tails) / sizeof(tails[0]); t++) {
		for (unsigned shape = 0; shape < 8; shape++) {
			char text[300] = "";
			ts_name_t q;

			if (shape < 2) {
				memset(text, 'a', 63);
				if (shape)
					for (unsigned i = 0; i < 63; i++)
						text[i] = (char)('a' + i * 7 % 26);
				snprintf(text + 63, 20, ".%s", tails[t]);
			} else {
				unsigned n = shape == 2 ? 24 : shape - 2;
				while (strlen(text) + n + 10 < 240)
					snprintf(text + strlen(text), 30, "%.*s.", (int)n,
						"abcdefghijklmnopqrstuvwxyz");
				strcat(text, tails[t]);
			}
			if (ts_name_from_text(&q, text, strlen(text), NULL))
				continue;
			double took = least_of(index, &q);
			if (took > worst)
				strcpy(worst_name, text);
			worst = took > worst ? took : worst;
		}
	}
	printf("  hostile names: %.0f ns, %.1f times the median (%.24s...%s)\n", worst,
		worst / median, worst_name, strrchr(worst_name, '.'));
	free(each);
	if (scan) {
		double plain = plain_scan(targets);
		printf("  plain scan of all targets: %.0f ns a query, %.0f times ours\n", plain,
			plain / runs[2]);
	}
	ts_index_free(index);
}

/* Names that an enumerated zone needs for one edit and two: what a resolver without us would load.
 */
static void enumerated(const ts_targets_t *targets)
{
	double one = 0, two = 0, octets = 0;

	for (size_t i = 0; i < targets->count; i++) {
		double n = targets->name[i].wire[0], names = 38 * n + 37 * (n + 1); /* a-z 0-9 - */

		one += names;
		if (n >= TS_TWO_EDITS_MIN && n <= TS_TWO_EDITS_MAX)
			two += names * names / 2;
		octets += names * (targets->name[i].len + 40.0);
	}
	printf("an enumerated zone: %.1f million names for one edit of the second-level label "
	       "(twice "
	       "with wildcards, %.1f GB of text), %.0f million for two\n",
		one / 1e6, 2 * octets / 1e9, two / 1e6);
}

int main(int argc, char **argv)
{
	ts_targets_t targets = {0};

	if (!ts_data_dir())
		return 77;
	ts_rows_t rows = ts_data_read("popular_dev.txt", false);
	queries = calloc(rows.count, sizeof(*queries));
	for (size_t i = 0; queries && i < rows.count; i++)
		if (ts_name_from_text(
			    &queries[nqueries], rows.line[i], strlen(rows.line[i]), NULL) == TS_OK)
			nqueries++;
	if (argc == 4) {
		generate(&targets, strtoul(argv[3], NULL, 10));
	} else {
		load(&targets, "gov_domains.txt");
		load(&targets, "mil_registrable.txt");
	}
	if (argc >= 3 && strcmp(argv[1], "-t") == 0) {
		times(&targets, (unsigned)strtoul(argv[2], NULL, 10));
		return 0;
	}
	if (argc >= 3 && strcmp(argv[1], "-n") == 0) {
		ts_index_t *index = ts_targets_index(&targets);
		ts_name_t q;

		if (ts_name_from_text(&q, argv[2], strlen(argv[2]), NULL) == TS_OK)
			printf("%s: %.0f ns\n", argv[2], least_of(index, &q));
		ts_index_free(index);
		return 0;
	}
	if (argc >= 3 && strcmp(argv[1], "-i") == 0) {
		ts_index_t *index = ts_targets_index(&targets);
		size_t n = strtoul(argv[2], NULL, 10);
		ts_match_t m;
		for (size_t i = 0; i < n; i++)
			ts_index_find(index, &queries[i * 1009 % nqueries], NULL, &m, 1);
		ts_index_free(index);
		return 0;
	}
	measure("16,775 .gov and .mil names", &targets, true);
	enumerated(&targets);
	ts_targets_free(&targets);
	load(&targets, "mail_providers.txt");
	measure("52 mail providers", &targets, false);
	ts_targets_free(&targets);
	generate(&targets, 100000);
	measure("100,000 generated names", &targets, false);
	ts_targets_free(&targets);
	generate(&targets, 1000000);
	measure("1,000,000 generated names", &targets, false);
	ts_targets_free(&targets);
	free(queries);
	ts_data_free(&rows);
	return 0;
}
