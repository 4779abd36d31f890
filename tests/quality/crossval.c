/* SPDX-License-Identifier: BSD-3-Clause
 *
 * crossval: what would the matcher find of pairs that nobody tuned on? The built-in weights were
 * set by hand on the development pairs, so their own figures flatter. Here the weights start from a
 * plain prior that knows no data, are fitted to a random half of the pairs and of the popular
 * names, and are measured on the other half; mean and spread over several halves are printed.
 * Linked with a likeness.c whose weights are variables. `make quality` runs it.
 */
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS 10
#define ROUNDS 2
#define ALARMS_MAX 5 /* in a half of the popular names: 10 in all */

#define WEIGHT(name, value) extern int W_##name;
#include "../../src/typo/weights.h"
#undef WEIGHT

static const struct weight {
	const char *name;
	int *at, built_in;
} weights[] = {
#define WEIGHT(name, value) {#name, &W_##name, value},
#include "../../src/typo/weights.h"
#undef WEIGHT
};
#define NWEIGHTS (sizeof(weights) / sizeof(weights[0]))

struct sample {
	ts_name_t name;
	long meant; /* target; -1: a popular name, nobody's typo */
	bool side;
};

static ts_targets_t targets;
static ts_index_t *idx;
static struct sample *samples;
static size_t nsamples, npairs, npopular;

struct tally {
	unsigned all, right, wrong, alarms;
};

/* What is known before any data: an error speaks for a typo, a reason against it against it; length
 * bears evidence, the first letters hardly any. */
static int prior(const struct weight *w)
{
	if (strncmp(w->name, "LETTERS_", 8) == 0) {
		int letters = atoi(w->name + 8);
		return letters < 5 ? -200 * (5 - letters) : 40 * (letters - 5);
	}
	if (strcmp(w->name, "TLD_UNDELEGATED") == 0)
		return 400;
	return w->built_in > 0 ? 150 : w->built_in < 0 ? -150 : 0;
}

static struct tally measure(bool side)
{
	struct tally t = {0};

	for (size_t i = 0; i < nsamples; i++) {
		const struct sample *s = &samples[i];
		ts_match_t m;

		if (s->side != side)
			continue;
		bool found = ts_index_find(idx, &s->name, NULL, &m, 1) == 1;
		if (s->meant < 0) {
			t.alarms += found;
			continue;
		}
		t.all++;
		t.right += found && m.target == s->meant;
		t.wrong += found && m.target != s->meant;
	}
	return t;
}

/* In fifths of a pair: a wrong counterpart costs two pairs, an alarm too many two, any a fifth. */
static int worth(const struct tally *t)
{
	int over = t->alarms > ALARMS_MAX ? (int)t->alarms - ALARMS_MAX : 0;

	return 5 * (int)t->right - 10 * (int)t->wrong - 10 * over - (int)t->alarms;
}

/* Coordinate ascent, in steps that are coarse on purpose; only what gains most of a pair is kept.
 */
static void fit(bool side)
{
	static const int steps[] = {-100, -50, 50, 100};
	struct tally t = measure(side);
	int best = worth(&t);

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < NWEIGHTS; i++) {
			int old = *weights[i].at, kept = old;

			for (unsigned k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
				*weights[i].at = old + steps[k];
				t = measure(side);
				if (worth(&t) > best + 2) {
					best = worth(&t);
					kept = old + steps[k];
				}
			}
			*weights[i].at = kept;
		}
	}
}

static void set_all(bool plain)
{
	for (size_t i = 0; i < NWEIGHTS; i++)
		*weights[i].at = plain ? prior(&weights[i]) : weights[i].built_in;
}

static uint64_t rng;

static unsigned toss(void)
{
	rng = rng * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(rng >> 40) & 1;
}

struct spread {
	double sum, least, most;
	unsigned n;
};

static void add(struct spread *s, double x)
{
	s->least = s->n == 0 || x < s->least ? x : s->least;
	s->most = s->n == 0 || x > s->most ? x : s->most;
	s->sum += x;
	s->n++;
}

struct columns {
	struct spread right, wrong, alarms;
};

static void add_tally(struct columns *c, const struct tally *t)
{
	add(&c->right, 100.0 * t->right / t->all);
	add(&c->wrong, 100.0 * t->wrong / t->all);
	add(&c->alarms, 2.0 * t->alarms);
}

static void print_columns(const char *what, const struct columns *c)
{
	printf("%-36s right %.1f%% (%.1f to %.1f), wrong %.1f%% (%.1f to %.1f), "
	       "alarms %.1f (%.0f to %.0f)\n",
		what, c->right.sum / c->right.n, c->right.least, c->right.most,
		c->wrong.sum / c->wrong.n, c->wrong.least, c->wrong.most,
		c->alarms.sum / c->alarms.n, c->alarms.least, c->alarms.most);
}

static void add_sample(const char *text, const char *meant)
{
	struct sample s = {.meant = -1};

	if (ts_name_from_text(&s.name, text, strlen(text), NULL) != TS_OK ||
		ts_targets_cover(&targets, &s.name))
		return;
	for (size_t i = 0; meant && i < targets.count; i++)
		if (strcmp(targets.text[i], meant) == 0)
			s.meant = (long)i;
	if (meant && s.meant < 0)
		return;
	samples[nsamples++] = s;
}

/* Popular names that no weights could make a typo need not be asked about again and again. */
static void keep_near(void)
{
	ts_index_t *wide;
	size_t kept = npairs;
	ts_match_t m;

	for (size_t i = 0; i < targets.count; i++)
		targets.target[i].threshold = 1;
	wide = ts_targets_index(&targets);
	for (size_t i = 0; i < targets.count; i++)
		targets.target[i].threshold = TS_SCORE_ONE / 2;
	for (size_t i = npairs; i < nsamples; i++)
		if (ts_index_find(wide, &samples[i].name, NULL, &m, 1))
			samples[kept++] = samples[i];
	nsamples = kept;
	ts_index_free(wide);
}

int main(void)
{
	struct columns plain = {0}, fitted = {0}, in_sample = {0}, built_in = {0};

	if (!ts_data_dir())
		return 77;
	ts_rows_t providers = ts_data_read("mail_providers.txt", false);
	ts_rows_t pairs = ts_data_read("email_typos_dev.csv", true);
	ts_rows_t popular = ts_data_read("popular_dev.txt", false);
	for (size_t i = 0; i < providers.count; i++)
		ts_targets_add(&targets, providers.line[i], false);
	samples = calloc(pairs.count + popular.count, sizeof(*samples));
	if (!samples)
		return 1;
	for (size_t i = 0; i < pairs.count; i++)
		add_sample(pairs.line[i], ts_data_field(pairs.line[i], 1));
	npairs = nsamples;
	for (size_t i = 0; i < popular.count; i++)
		add_sample(popular.line[i], NULL);
	npopular = nsamples - npairs;
	keep_near();
	idx = ts_targets_index(&targets);
	printf("== cross-validation: %zu pairs and %zu popular names (%zu near a target), %zu "
	       "weights,\n%d random halves and their other halves, alarms as for all names\n",
		npairs, npopular, nsamples - npairs, NWEIGHTS, SEEDS);
	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		rng = seed * 0x9e3779b97f4a7c15u;
		for (size_t i = 0; i < nsamples; i++)
			samples[i].side = toss();
		for (int side = 0; side < 2; side++) {
			struct tally t;

			set_all(false);
			t = measure(!side);
			add_tally(&built_in, &t);
			set_all(true);
			t = measure(!side);
			add_tally(&plain, &t);
			fit(side);
			t = measure(side);
			add_tally(&in_sample, &t);
			t = measure(!side);
			add_tally(&fitted, &t);
		}
	}
	print_columns("a prior that knows no data:", &plain);
	print_columns("fitted to a half, on that half:", &in_sample);
	print_columns("fitted to a half, on the other:", &fitted);
	print_columns("built-in weights (seen by hand):", &built_in);
	ts_index_free(idx);
	ts_targets_free(&targets);
	free(samples);
	ts_data_free(&providers);
	ts_data_free(&pairs);
	ts_data_free(&popular);
	return 0;
}
