/* SPDX-License-Identifier: BSD-3-Clause
 *
 * quality: how much of what people mistype is found, how often the wrong name is meant, and how
 * many false alarms there are. Prints figures; judges nothing. `make quality` runs it.
 */
#include "data.h"

#include "../../src/typo/class_ids.h"
#include "../../src/typo/keyboard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool verbose;

/* The target meant, or -1; the match where one is found. */
static long ask(const ts_index_t *index, const ts_targets_t *targets, const ts_popular_t *popular,
	const char *text, ts_match_t *match)
{
	ts_name_t name;

	if (ts_name_from_text(&name, text, strlen(text), NULL) != TS_OK ||
		ts_targets_cover(targets, &name) ||
		ts_index_find(index, &name, popular, match, 1) == 0)
		return -1;
	return match->target;
}

/* The same for names of which few are protected: asking the index first is faster. */
static long ask_many(
	const ts_index_t *index, const ts_targets_t *targets, const char *text, ts_match_t *match)
{
	ts_name_t name;

	if (ts_name_from_text(&name, text, strlen(text), NULL) != TS_OK ||
		ts_index_find(index, &name, NULL, match, 1) == 0 ||
		ts_targets_cover(targets, &name))
		return -1;
	return match->target;
}

static void load(ts_targets_t *targets, const char *file, bool known)
{
	ts_rows_t rows = ts_data_read(file, false);

	for (size_t i = 0; i < rows.count; i++)
		ts_targets_add(targets, rows.line[i], known);
	ts_data_free(&rows);
}

struct tally {
	unsigned right, wrong, missed, alarms;
};

static void print_tally(const char *what, const struct tally *t)
{
	unsigned all = t->right + t->wrong + t->missed;

	printf("%-44s right %5.1f%%  wrong %4.1f%%  missed %4.1f%% of %u", what,
		100.0 * t->right / all, 100.0 * t->wrong / all, 100.0 * t->missed / all, all);
	printf("; false alarms %u\n", t->alarms);
}

/* One bit a row, by a seed: the halves. */
static bool in_half(size_t i, unsigned seed)
{
	uint64_t z = (i + 1) * 0x9e3779b97f4a7c15u + seed * 0xbf58476d1ce4e5b9u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	return (z ^ z >> 27) >> 33 & 1;
}

static ts_popular_t *partial_list(const ts_rows_t *popular)
{
	char path[] = "/tmp/typosink-quality-XXXXXX";
	int fd = mkstemp(path);
	ts_popular_t *list = NULL;

	FILE *out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!out) {
		perror(path);
		exit(1);
	}
	for (size_t i = 0; i < popular->count; i++)
		if (i * 2654435761u % 100 < 95)
			fprintf(out, "%zu,%s\n", i + 1, popular->line[i]);
	fclose(out);
	if (ts_popular_load(path, NULL, &list) != TS_OK)
		exit(1);
	unlink(path);
	return list;
}

/* What dnstwist proposes: "PROPOSAL NAME" lines, from list-dnstwist. */
static ts_rows_t dnstwist;

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void load_dnstwist(const char *path)
{
	char *line = NULL;
	size_t size = 0, room = 0;
	FILE *in = path ? fopen(path, "r") : NULL;

	while (in && getline(&line, &size, in) >= 0) {
		char *space = strchr(line, ' ');

		if (!space)
			continue;
		line[strcspn(line, "\n")] = '\0';
		*space = '\0';
		if (dnstwist.count == room) {
			room = room ? 2 * room : 4096;
			dnstwist.line = realloc(dnstwist.line, room * sizeof(char *));
		}
		size_t n = strlen(line) + strlen(space + 1) + 2;
		dnstwist.line[dnstwist.count] = malloc(n);
		memcpy(dnstwist.line[dnstwist.count++], line, n);
	}
	free(line);
	if (in)
		fclose(in);
	if (dnstwist.count)
		qsort(dnstwist.line, dnstwist.count, sizeof(char *), by_text);
	else
		printf("SKIPPED: no list of what dnstwist proposes, no column of it\n");
}

/* 1: dnstwist proposes typed for meant; -1: for others only; 0: not at all. */
static int dnstwist_says(const char *typed, const char *meant)
{
	size_t low = 0, high = dnstwist.count;
	int says = 0;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (strcmp(dnstwist.line[mid], typed) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < dnstwist.count && strcmp(dnstwist.line[low], typed) == 0; low++)
		if (strcmp(ts_data_field(dnstwist.line[low], 1), meant) == 0)
			return 1;
		else
			says = -1;
	return says;
}

static void mail_pairs(void)
{
	ts_rows_t pairs = ts_data_read("email_typos_dev.csv", true);
	ts_rows_t popular = ts_data_read("popular_dev.txt", false);
	ts_popular_t *list = partial_list(&popular);
	ts_targets_t targets = {0};
	signed char *result = calloc(pairs.count, 1);
	struct tally twist = {0};
	struct {
		unsigned right, wrong, alarms, dnstwist;
	} by_class[TS_CLASS_COUNT] = {0};

	load(&targets, "mail_providers.txt", false);
	ts_index_t *index = ts_targets_index(&targets);
	printf("== mail providers (%zu protected), pairs of a typo and what was meant\n",
		targets.count);
	for (int with = 0; with < 2; with++) {
		struct tally t = {0};

		for (size_t i = 0; i < pairs.count; i++) {
			const char *typed = pairs.line[i], *meant = ts_data_field(typed, 1);
			ts_match_t m;
			long got = ask(index, &targets, with ? list : NULL, typed, &m);
			int r = got < 0 ? 0 : strcmp(targets.text[got], meant) == 0 ? 1 : -1;

			t.right += r > 0;
			t.wrong += r < 0;
			t.missed += r == 0;
			if (!with) {
				result[i] = (signed char)r;
				by_class[got < 0 ? 0 : m.class_id].right += r > 0;
				by_class[got < 0 ? 0 : m.class_id].wrong += r < 0;
				int theirs = dnstwist_says(typed, meant);
				twist.right += theirs > 0;
				twist.wrong += theirs < 0;
				twist.missed += theirs == 0;
				by_class[got < 0 ? 0 : m.class_id].dnstwist += theirs > 0;
			}
			if (verbose && r <= 0)
				printf("  %s %s (%s)%s%s\n", r ? "wrong" : "missed", typed, meant,
					got < 0 ? "" : " -> ", got < 0 ? "" : targets.text[got]);
		}
		for (size_t i = 0; i < popular.count; i++) {
			ts_match_t m;
			long got = ask(index, &targets, with ? list : NULL, popular.line[i], &m);
			ts_name_t name;

			if (!with && dnstwist_says(popular.line[i], "") != 0 &&
				ts_name_from_text(&name, popular.line[i], strlen(popular.line[i]),
					NULL) == TS_OK &&
				!ts_targets_cover(&targets, &name))
				twist.alarms++;
			if (got < 0)
				continue;
			t.alarms++;
			if (!with)
				by_class[m.class_id].alarms++;
			if (verbose)
				printf("  alarm %s -> %s (%s, %.2f)\n", popular.line[i],
					targets.text[got], ts_class_get(m.class_id)->name,
					m.score / 10000.0);
		}
		print_tally(with ? "with a popular list of 95% coverage" : "built-in defaults", &t);
	}
	if (dnstwist.count)
		print_tally("dnstwist, the same names", &twist);
	double least = 100, most = 0, sum = 0;
	for (unsigned seed = 1; seed <= 10; seed++) {
		for (int side = 0; side < 2; side++) {
			unsigned n = 0, right = 0;

			for (size_t i = 0; i < pairs.count; i++)
				if (in_half(i, seed) == side) {
					n++;
					right += result[i] > 0;
				}
			double share = 100.0 * right / n;
			least = share < least ? share : least;
			most = share > most ? share : most;
			sum += share;
		}
	}
	printf("random halves, 10 seeds: right %.1f%% to %.1f%%, mean %.1f%%\n", least, most,
		sum / 20);
	printf("%-20s %6s %6s %6s  %s\n", "by class", "right", "wrong", "alarms", "dnstwist right");
	for (unsigned c = 0; c < TS_CLASS_COUNT; c++) {
		if (by_class[c].right + by_class[c].wrong + by_class[c].alarms +
				by_class[c].dnstwist ==
			0)
			continue;
		printf("%-20s %6u %6u %6u", c ? ts_class_get(c)->name : "(not found)",
			by_class[c].right, by_class[c].wrong, by_class[c].alarms);
		if (dnstwist.count)
			printf("  %6u", by_class[c].dnstwist);
		printf("\n");
	}
	free(result);
	ts_index_free(index);
	ts_targets_free(&targets);
	ts_popular_free(list);
	ts_data_free(&popular);
	ts_data_free(&pairs);
}

/* All texts at one edit from s (ASCII letters). */
static size_t one_edits(const char *s, char (*out)[64])
{
	size_t n = strlen(s), count = 0;

	for (size_t i = 0; i < n; i++)
		snprintf(out[count++], 64, "%.*s%s", (int)i, s, s + i + 1);
	for (size_t i = 0; i + 1 < n; i++)
		if (s[i] != s[i + 1])
			snprintf(out[count++], 64, "%.*s%c%c%s", (int)i, s, s[i + 1], s[i],
				s + i + 2);
	for (size_t i = 0; i <= n; i++) {
		for (char c = 'a'; c <= 'z'; c++) {
			if (i < n && s[i] != c)
				snprintf(out[count++], 64, "%.*s%c%s", (int)i, s, c, s + i + 1);
			snprintf(out[count++], 64, "%.*s%c%s", (int)i, s, c, s + i);
		}
	}
	return count;
}

struct share {
	unsigned found, all;
};

static void count_share(struct share *s, const ts_index_t *index, const ts_targets_t *targets,
	const char *typed, const char *meant)
{
	ts_name_t name;
	ts_match_t m;

	if (ts_name_from_text(&name, typed, strlen(typed), NULL) ||
		ts_targets_cover(targets, &name))
		return;
	long got = ask(index, targets, NULL, typed, &m);
	s->all++;
	s->found += got >= 0 && (!meant || strcmp(targets->text[got], meant) == 0);
	if (verbose && (got < 0 || (meant && strcmp(targets->text[got], meant) != 0)))
		printf("  missed %s (%s)\n", typed, meant ? meant : "");
}

/* ------------------------------------------------------------------------------------------------
 * Every slip of one error in the first label of the providers, which no pair was collected of: how
 * much is found, by kind and by letters; all of a kind alike, kinds weighed by their shares of what
 * was counted at sign-ups (SOURCES.md; insertions are a third each of three kinds).
 */
enum slip { OMITTED, SWAPPED, DOUBLED, NEAR_KEY, OTHER_KEY, NEAR_ADDED, OTHER_ADDED, SLIPS };
static const struct {
	const char *name;
	double share;
} slips[SLIPS] = {[OMITTED] = {"omission", 20.5},
	[SWAPPED] = {"transposition", 6.2},
	[DOUBLED] = {"repetition", 4.9},
	[NEAR_KEY] = {"neighbouring key", 16.6},
	[OTHER_KEY] = {"another letter", 5.0},
	[NEAR_ADDED] = {"neighbouring key too", 4.9},
	[OTHER_ADDED] = {"another letter too", 4.9}};

#define SLIP_LETTERS 7 /* that many and more are one column */

static enum slip slip_of(const char *typed, size_t n, const char *meant, size_t m)
{
	size_t i = 0;

	while (i < n && i < m && typed[i] == meant[i])
		i++;
	if (n < m)
		return OMITTED;
	char c = typed[i], before = i ? typed[i - 1] : 0, after = i + 1 < n ? typed[i + 1] : 0;
	if (n == m)
		return i + 1 < m && c == meant[i + 1] && after == meant[i] ? SWAPPED
		       : ts_keys_adjacent((uint8_t)c, (uint8_t)meant[i])   ? NEAR_KEY
									   : OTHER_KEY;
	if (c == before || c == after)
		return DOUBLED;
	return ts_keys_adjacent((uint8_t)c, (uint8_t)before) ||
			       ts_keys_adjacent((uint8_t)c, (uint8_t)after)
		       ? NEAR_ADDED
		       : OTHER_ADDED;
}

static void every_slip(void)
{
	struct share found[SLIPS][SLIP_LETTERS + 1] = {0}, sums[SLIPS] = {0};
	ts_targets_t targets = {0};
	static char typed[4096][64];
	double sum = 0, all = 0;

	load(&targets, "mail_providers.txt", false);
	ts_index_t *index = ts_targets_index(&targets);
	for (size_t i = 0; i < targets.count; i++) {
		size_t m = strcspn(targets.text[i], "."), n, edits;
		char label[64], name[256];

		snprintf(label, sizeof(label), "%.*s", (int)m, targets.text[i]);
		edits = one_edits(label, typed);
		for (size_t k = 0; k < edits; k++) {
			n = strlen(typed[k]);
			enum slip slip = slip_of(typed[k], n, label, m);
			struct share *s = &found[slip][m < SLIP_LETTERS ? m : SLIP_LETTERS];

			snprintf(name, sizeof(name), "%s%s", typed[k], targets.text[i] + m);
			count_share(s, index, &targets, name, targets.text[i]);
		}
	}
	printf("== every slip of one error in the providers' first labels, %% found by letters\n"
	       "%-24s",
		"");
	for (unsigned m = 2; m <= SLIP_LETTERS; m++)
		printf(" %4u%s", m, m == SLIP_LETTERS ? "+" : " ");
	printf("  all\n");
	for (unsigned k = 0; k < SLIPS; k++) {
		printf("%-24s", slips[k].name);
		for (unsigned m = 2; m <= SLIP_LETTERS; m++) {
			const struct share *s = &found[k][m];

			printf(s->all ? " %4.0f " : "    - ",
				100.0 * s->found / (s->all + !s->all));
			sums[k].found += s->found;
			sums[k].all += s->all;
		}
		printf(" %4.0f\n", 100.0 * sums[k].found / sums[k].all);
		sum += slips[k].share * sums[k].found / sums[k].all;
		all += slips[k].share;
	}
	printf("weighed by how often people make them: %.1f%%\n", 100 * sum / all);
	ts_index_free(index);
	ts_targets_free(&targets);
}

static void government(void)
{
	ts_rows_t popular = ts_data_read("popular_dev.txt", false);
	ts_rows_t mil = ts_data_read("mil_registrable.txt", false);
	ts_targets_t targets = {0};
	unsigned alarms = 0, ask_for_evidence = 0;

	load(&targets, "gov_domains.txt", false);
	load(&targets, "mil_registrable.txt", false);
	ts_targets_add(&targets, "mil", false);
	ts_targets_add(&targets, "gov", false);
	ts_index_t *index = ts_targets_index(&targets);
	printf("== .gov and .mil (%zu protected)\n", targets.count);
	for (size_t i = 0; i < popular.count; i++) {
		ts_match_t m;
		long got = ask_many(index, &targets, popular.line[i], &m);

		if (got < 0)
			continue;
		/* mil and gov themselves need evidence (the verdict's business). */
		bool evidence = strchr(targets.text[got], '.') == NULL;
		ask_for_evidence += evidence;
		alarms += !evidence;
		if (verbose)
			printf("  %s %s -> %s\n", evidence ? "needs evidence" : "alarm",
				popular.line[i], targets.text[got]);
	}
	printf("popular names called a typo: %u (and %u that only evidence would make one)\n",
		alarms, ask_for_evidence);
	ts_index_free(index);
	ts_targets_free(&targets);

	struct share tld = {0}, tld_any = {0}, swapped = {0}, dots = {0}, trio[3] = {{0}};
	static const char *const hosts[] = {"mail", "www", "us", "smtp", "webmail", "mx"};
	char(*edits)[64] = calloc(1024, sizeof(*edits)), typed[256];
	size_t nedits = one_edits("mil", edits);

	load(&targets, "mil_registrable.txt", false);
	for (size_t h = 0; h < sizeof(hosts) / sizeof(hosts[0]); h++)
		for (size_t i = 0; i < mil.count; i++) {
			snprintf(typed, sizeof(typed), "%s.%s", hosts[h], mil.line[i]);
			ts_targets_add(&targets, typed, true);
		}
	index = ts_targets_index(&targets);
	for (size_t i = 0; i < mil.count; i++) {
		const char *name = mil.line[i];
		size_t n = strlen(name) - 4;

		for (size_t e = 0; e < nedits; e++) {
			snprintf(typed, sizeof(typed), "%.*s.%s", (int)n, name, edits[e]);
			count_share(&tld, index, &targets, typed, name);
			count_share(&tld_any, index, &targets, typed, NULL);
		}
		for (size_t k = 0; n >= 5 && k + 1 < n; k++) {
			if (name[k] == name[k + 1])
				continue;
			snprintf(typed, sizeof(typed), "%.*s%c%c%s", (int)k, name, name[k + 1],
				name[k], name + k + 2);
			count_share(&swapped, index, &targets, typed, NULL);
		}
		for (size_t h = 0; h < sizeof(hosts) / sizeof(hosts[0]); h++) {
			snprintf(typed, sizeof(typed), "%s%s", hosts[h], name);
			count_share(&dots, index, &targets, typed, NULL);
		}
		snprintf(typed, sizeof(typed), "%.*smil", (int)n, name);
		count_share(&dots, index, &targets, typed, NULL);
	}
	printf("236 .mil names protected: TLD edits %u of %u (%u of them likelier another "
	       "protected name's), transpositions %u of %u, missing "
	       "dots "
	       "%u of %u\n",
		tld_any.found, tld_any.all, tld_any.found - tld.found, swapped.found, swapped.all,
		dots.found, dots.all);
	alarms = 0;
	for (size_t i = 0; i < popular.count; i++) {
		ts_match_t m;
		alarms += ask_many(index, &targets, popular.line[i], &m) >= 0;
	}
	printf("popular names called a typo of them: %u\n", alarms);
	ts_index_free(index);
	ts_targets_free(&targets);

	ts_targets_add(&targets, "mil", false);
	load(&targets, "mil_registrable.txt", true);
	index = ts_targets_index(&targets);
	for (size_t i = 0; i < mil.count; i++) {
		static const char *const tlds[] = {"ml", "il", "mi"};
		for (int k = 0; k < 3; k++) {
			snprintf(typed, sizeof(typed), "%.*s.%s", (int)strlen(mil.line[i]) - 4,
				mil.line[i], tlds[k]);
			count_share(&trio[k], index, &targets, typed, "mil");
		}
	}
	printf("mil protected: X.ml %u of %u, X.il %u of %u, X.mi %u of %u\n", trio[0].found,
		trio[0].all, trio[1].found, trio[1].all, trio[2].found, trio[2].all);
	ts_index_free(index);
	ts_targets_free(&targets);
	free(edits);
	ts_data_free(&mil);
	ts_data_free(&popular);
}

/* Rows of (typed, meant), each judged with its own target alone protected. */
static void alone(
	const char *file, const char *title, unsigned typed_at, unsigned meant_at, bool bad)
{
	ts_rows_t rows = ts_data_read(file, true);
	unsigned caught = 0, all = 0;

	for (size_t i = 0; i < rows.count; i++) {
		const char *typed = ts_data_field(rows.line[i], typed_at);
		const char *meant = ts_data_field(rows.line[i], meant_at);
		ts_targets_t targets = {0};
		ts_match_t m;

		if (!*meant)
			continue;
		ts_targets_add(&targets, meant, false);
		ts_index_t *index = ts_targets_index(&targets);
		long got = ask(index, &targets, NULL, typed, &m);
		all++;
		caught += got >= 0;
		if (verbose && (got >= 0) == bad)
			printf("  %s (%s)\n", typed, meant);
		ts_index_free(index);
		ts_targets_free(&targets);
	}
	printf("%-44s %u of %u\n", title, caught, all);
	ts_data_free(&rows);
}

static void internationalised(void)
{
	ts_rows_t rows = ts_data_read("idn_dev.csv", true);
	ts_targets_t targets = {0};
	unsigned right = 0, all = 0;

	for (size_t i = 0; i < rows.count; i++) {
		const char *meant = ts_data_field(rows.line[i], 2);
		bool there = !*meant;

		for (size_t k = 0; k < targets.count && !there; k++)
			there = strcmp(targets.text[k], meant) == 0;
		if (!there)
			ts_targets_add(&targets, meant, false);
	}
	ts_index_t *index = ts_targets_index(&targets);
	for (size_t i = 0; i < rows.count; i++) {
		const char *typed = rows.line[i], *meant = ts_data_field(typed, 2);
		ts_match_t m;

		if (!*meant)
			continue;
		long got = ask(index, &targets, NULL, typed, &m);
		all++;
		right += got >= 0 && strcmp(targets.text[got], meant) == 0;
		if (verbose && (got < 0 || strcmp(targets.text[got], meant) != 0))
			printf("  %s (%s) %s\n", ts_data_field(typed, 1), meant,
				got < 0 ? "" : targets.text[got]);
	}
	printf("%-44s %u of %u (%.1f%%)\n", "IDN look-alikes with the right target", right, all,
		100.0 * right / all);
	ts_index_free(index);
	ts_targets_free(&targets);
	ts_data_free(&rows);
}

int main(int argc, char **argv)
{
	verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	if (!ts_data_dir())
		return 77;
	load_dnstwist(argc > 1 + verbose ? argv[1 + verbose] : NULL);
	mail_pairs();
	every_slip();
	government();
	printf("== one by one\n");
	alone("known_incidents.csv", "known incidents, caught", 0, 1, false);
	alone("real_false_positives.csv", "real false positives, caught", 0, 1, true);
	internationalised();
	ts_data_free(&dnstwist);
	return 0;
}
