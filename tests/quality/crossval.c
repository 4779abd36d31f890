/* SPDX-License-Identifier: BSD-3-Clause
 *
 * crossval: what would the matcher find of pairs that nobody tuned on? The built-in weights were
 * set by hand on the development pairs, so their own figures flatter. Here the weights start from a
 * plain prior that knows no data, are fitted to a random half of the pairs and of the popular
 * names, and are measured on the other half; mean and spread over several halves are printed.
 * Halves are made by pair, and by what was meant: no pair of a fitted half is then of the same
 * provider.
 *
 * Half the pairs are few, and few popular names are near a provider, so that a fit learns them by
 * heart. What is plentiful is popular names near other popular names: sets of those, as long and
 * below the same suffixes as the providers, stand in for them in the fit (never in what is
 * measured). Linked with a likeness.c whose weights are variables. `make quality` runs it.
 */
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEEDS 10
#define ROUNDS 2
#define ALARMS_MAX 5 /* in a half of the popular names: 10 in all */
#define STAND_INS 12 /* sets of popular names in the place of the providers */

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
	const ts_index_t *index;
	long meant;    /* target; -1: a popular name, nobody's typo */
	uint32_t near; /* the target, or the likeliest: what halves by target go by */
	bool side;
};

static ts_targets_t targets;
static ts_index_t *idx, *stand_in_index[STAND_INS];
static struct sample *samples, *stand_ins;
static size_t nsamples, npairs, nstand_ins, stand_ins_room;

struct tally {
	unsigned all, right, wrong, alarms, stand_in_alarms;
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
		bool found = ts_index_find(s->index, &s->name, NULL, &m, 1) == 1;
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

static struct tally measure_fit(bool side)
{
	struct tally t = measure(side);
	ts_match_t m;

	for (size_t i = 0; i < nstand_ins; i++)
		t.stand_in_alarms += (unsigned)ts_index_find(
			stand_ins[i].index, &stand_ins[i].name, NULL, &m, 1);
	return t;
}

/* In hundredths of a pair: a wrong counterpart costs two pairs, an alarm too many two, any a fifth;
 * one of a set of stand-ins as much as a pair, of which there is half the set here. */
static int worth(const struct tally *t)
{
	int over = t->alarms > ALARMS_MAX ? (int)t->alarms - ALARMS_MAX : 0;

	return 100 * (int)t->right - 200 * (int)t->wrong - 200 * over - 20 * (int)t->alarms -
	       50 * (int)t->stand_in_alarms / STAND_INS;
}

/* Coordinate ascent, in steps that are coarse on purpose; only what gains most of a pair is kept.
 */
static void fit(bool side)
{
	static const int steps[] = {-100, -50, 50, 100};
	struct tally t = measure_fit(side);
	int best = worth(&t);

	for (unsigned round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < NWEIGHTS; i++) {
			int old = *weights[i].at, kept = old;

			for (unsigned k = 0; k < sizeof(steps) / sizeof(steps[0]); k++) {
				*weights[i].at = old + steps[k];
				t = measure_fit(side);
				if (worth(&t) > best + 40) {
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
	struct sample s = {.meant = -1, .index = idx};

	if (ts_name_from_text(&s.name, text, strlen(text), NULL) != TS_OK ||
		ts_targets_cover(&targets, &s.name))
		return;
	for (size_t i = 0; meant && i < targets.count; i++)
		if (strcmp(targets.text[i], meant) == 0)
			s.meant = s.near = (uint32_t)i;
	if (meant && s.meant < 0)
		return;
	samples[nsamples++] = s;
}

/* Popular names that no weights could make a typo need not be asked about again and again: an index
 * with the lowest threshold says which are left. */
static ts_index_t *wide_index(const ts_targets_t *of)
{
	for (size_t i = 0; i < of->count; i++)
		of->target[i].threshold = 1;
	ts_index_t *wide = ts_targets_index(of);
	for (size_t i = 0; i < of->count; i++)
		of->target[i].threshold = TS_SCORE_ONE / 2;
	return wide;
}

static void keep_near(void)
{
	ts_index_t *wide = wide_index(&targets);
	size_t kept = npairs;
	ts_match_t m;

	for (size_t i = npairs; i < nsamples; i++)
		if (ts_index_find(wide, &samples[i].name, NULL, &m, 1)) {
			samples[kept] = samples[i];
			samples[kept++].near = m.target;
		}
	nsamples = kept;
	ts_index_free(wide);
}

/* A popular name as long as the provider, below the same suffix; none is the provider's own. */
static void add_like(ts_targets_t *set, const char *provider, const ts_rows_t *popular, size_t from)
{
	size_t length = strcspn(provider, ".");

	for (size_t i = 0; i < popular->count / 5; i++) {
		const char *name = popular->line[(from + i) % (popular->count / 5)];
		bool taken = strcspn(name, ".") != length ||
			     strcmp(name + length, provider + length) != 0;

		for (size_t k = 0; k < targets.count && !taken; k++)
			taken = strncmp(targets.text[k], name, length + 1) == 0;
		for (size_t k = 0; k < set->count && !taken; k++)
			taken = strcmp(set->text[k], name) == 0;
		if (!taken) {
			ts_targets_add(set, name, false);
			return;
		}
	}
}

static void add_stand_ins(const ts_rows_t *popular)
{
	for (unsigned k = 0; k < STAND_INS; k++) {
		ts_targets_t set = {0};
		ts_match_t m;

		for (size_t i = 0; i < targets.count; i++)
			add_like(
				&set, targets.text[i], popular, (k * 53 + i) * 2654435761u % 20000);
		ts_index_t *wide = wide_index(&set);
		stand_in_index[k] = ts_targets_index(&set);
		for (size_t i = 0; i < popular->count; i++) {
			struct sample s = {.meant = -1, .index = stand_in_index[k]};

			if (ts_name_from_text(&s.name, popular->line[i], strlen(popular->line[i]),
				    NULL) != TS_OK ||
				!ts_index_find(wide, &s.name, NULL, &m, 1) ||
				ts_targets_cover(&set, &s.name))
				continue;
			if (nstand_ins == stand_ins_room) {
				stand_ins_room = stand_ins_room ? 2 * stand_ins_room : 1024;
				stand_ins = realloc(stand_ins, stand_ins_room * sizeof(s));
				if (!stand_ins)
					exit(1);
			}
			stand_ins[nstand_ins++] = s;
		}
		ts_index_free(wide);
		ts_targets_free(&set);
	}
}

/* The halves of one seed: each sample by itself, or with all that are near the same target. */
static void halve(unsigned seed, bool by_target)
{
	rng = seed * 0x9e3779b97f4a7c15u;
	for (size_t i = 0; i < nsamples; i++) {
		if (by_target)
			rng = (seed * 1000 + samples[i].near) * 0x9e3779b97f4a7c15u;
		samples[i].side = toss();
	}
}

static void validate(const char *how, bool by_target)
{
	struct columns plain = {0}, fitted = {0}, in_sample = {0}, built_in = {0};

	for (unsigned seed = 1; seed <= SEEDS; seed++) {
		halve(seed, by_target);
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
	printf("%s\n", how);
	print_columns("a prior that knows no data:", &plain);
	print_columns("fitted to a half, on that half:", &in_sample);
	print_columns("fitted to a half, on the other:", &fitted);
	print_columns("built-in weights (seen by hand):", &built_in);
}

int main(void)
{
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
	idx = ts_targets_index(&targets);
	for (size_t i = 0; i < pairs.count; i++)
		add_sample(pairs.line[i], ts_data_field(pairs.line[i], 1));
	npairs = nsamples;
	for (size_t i = 0; i < popular.count; i++)
		add_sample(popular.line[i], NULL);
	keep_near();
	add_stand_ins(&popular);
	printf("== cross-validation: %zu pairs, %zu popular names near a target, %.0f near each of "
	       "%d "
	       "sets that\nstand in, %zu weights, %d random halves and their other halves, alarms "
	       "as "
	       "for all names\n",
		npairs, nsamples - npairs, (double)nstand_ins / STAND_INS, STAND_INS, NWEIGHTS,
		SEEDS);
	validate("halves by pair", false);
	validate("halves by what was meant", true);
	set_all(false);
	printf("built-in weights, alarms of a set that stands in: %.1f\n",
		(double)measure_fit(false).stand_in_alarms / STAND_INS);
	for (unsigned k = 0; k < STAND_INS; k++)
		ts_index_free(stand_in_index[k]);
	ts_index_free(idx);
	ts_targets_free(&targets);
	free(samples);
	free(stand_ins);
	ts_data_free(&providers);
	ts_data_free(&pairs);
	ts_data_free(&popular);
	return 0;
}
