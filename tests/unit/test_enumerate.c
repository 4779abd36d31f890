/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_text.h"

#include "../../src/enumerate.h"
#include "../../src/typo/class_ids.h"
#include "../../src/typo/suffix.h"

#define M(id, zone) id ".zones.p.example. PTR " zone "\n"
#define KNOWN(id, name) id ".known PTR " name "\n"

struct listing {
	ts_policyset_t *set;
	ts_arena_t arena;
	const ts_candidate_t *c;
	size_t count;
};

static struct listing list_of(const char *policy, uint32_t member, size_t max, bool single)
{
	struct listing l = {.set = policy_set_of(policy)};
	ts_enumerate_options_t options = {.max = max, .single_only = single};

	ts_arena_init(&l.arena);
	assert_int_equal(ts_enumerate(l.set, ts_policyset_get(l.set, 0), member, &options, &l.arena,
				 &l.c, &l.count),
		TS_OK);
	return l;
}

static void release(struct listing *l)
{
	ts_arena_release(&l->arena);
	ts_policyset_free(l->set);
}

/* The candidate of that name; NULL: there is none. */
static const ts_candidate_t *candidate(const struct listing *l, const char *text)
{
	ts_name_t name = name_of(text);

	for (size_t i = 0; i < l->count; i++)
		if (l->c[i].len == name.len && memcmp(l->c[i].wire, name.wire, name.len) == 0)
			return &l->c[i];
	return NULL;
}

/* What holds of every listing: the verdict says the same of each, best first, each once. */
static void check_listing(const struct listing *l, uint32_t member)
{
	char text[TS_NAME_TEXT_MAX];

	for (size_t i = 0; i < l->count; i++) {
		const ts_candidate_t *c = &l->c[i];
		ts_verdict_t v;
		ts_name_t name;

		assert_int_equal(ts_name_from_wire(&name, c->wire, c->len), TS_OK);
		ts_name_to_text(c->wire, text, sizeof(text));
		ts_query_t query = {&name, TS_TYPE_MX, TS_CLASS_IN};
		ts_verdict(l->set, &query, NULL, 0, &v);
		assert_row(text, v.kind == TS_VERDICT_TYPO || v.kind == TS_VERDICT_ASK);
		assert_row(text, v.kind == c->kind && v.declared == c->declared);
		assert_row(text, v.member == member && v.action == c->action);
		assert_row(text, v.match.class_id == c->class_id && v.match.score == c->score);
		assert_row(text, v.match.distance == c->distance);
		assert_row(text, v.counterpart.len == c->meant_len &&
					 memcmp(v.counterpart.wire, c->meant, c->meant_len) == 0);
		if (i) {
			assert_row(text, c[-1].declared >= c->declared);
			assert_row(text, c[-1].declared > c->declared || c[-1].ways <= c->ways);
			assert_row(text, c[-1].declared > c->declared || c[-1].ways < c->ways ||
						 c[-1].score >= c->score);
		}
		for (size_t k = 0; k < i && i < 2000; k++)
			assert_row(text, l->c[k].len != c->len ||
						 memcmp(l->c[k].wire, c->wire, c->len) != 0);
	}
}

static const struct {
	const char *typed, *class_name; /* NULL: not listed */
} army[] = {
	{"army.ml", "tld-omission"}, {"army.mi", "tld-omission"}, {"army.il", "tld-omission"},
	{"army.mli", "tld-transposition"}, {"army.mill", "tld-insertion"},
	{"army.mul", "tld-substitution"}, {"army.mil.com", "tld-appended"},
	{"armymil", "dot-missing"}, {"arm.ymil", "dot-moved"},
	{"usarmy.mil", "dot-missing"},                      /* us.army.mil is known */
	{"wwwarmy.mil", "dot-missing"}, {"army.mil", NULL}, /* protected */
	{"navy.ml", NULL},                                  /* another zone's */
	{"army.nil", NULL},                                 /* allowed */
};

static void enumerate__a_name(void **state)
{
	struct listing l = list_of(POLICY_HEAD M("m1", "army.mil.") M("m2", "navy.mil.")
					   KNOWN("k1", "us.army.mil.") "a1.allow PTR army.nil.\n",
		0, 0, false);

	(void)state;
	check_listing(&l, 0);
	for (size_t i = 0; i < countof(army); i++) {
		const ts_candidate_t *c = candidate(&l, army[i].typed);

		assert_row(army[i].typed, !c == !army[i].class_name);
		if (c)
			assert_string_equal(ts_class_get(c->class_id)->name, army[i].class_name);
	}
	release(&l);
}

/* Asked for a few, it gives the first of all. */
static void enumerate__the_likeliest(void **state)
{
	const char *policy = POLICY_HEAD M("m1", "example-bank.com.");
	struct listing all = list_of(policy, 0, 0, false), few = list_of(policy, 0, 25, false);

	(void)state;
	assert_int_equal(few.count, 25);
	assert_true(all.count > 1000);
	check_listing(&few, 0);
	for (size_t i = 0; i < few.count; i++)
		assert_int_equal(ts_name_compare(few.c[i].wire, all.c[i].wire), 0);
	release(&few);

	static const char *const typos[] = {"examplebank.com", "exmaple-bank.com",
		"example-bank.con", "example-bank.cm", "xn--exmple-bank-l7a.com",
		"exmaple-bank.con", "exmaple-bnak.com", "exarnple-bank.com", "example.bank.com",
		"wwwexample-bank.com"};
	for (size_t i = 0; i < countof(typos); i++)
		assert_row(typos[i], candidate(&all, typos[i]));
	/* One error only. */
	struct listing single = list_of(policy, 0, 0, true);
	assert_true(single.count < all.count);
	assert_null(candidate(&single, "exmaple-bnak.com"));
	assert_non_null(candidate(&single, "exmaple-bank.com"));
	release(&single);

	/* What nobody can register is left out. */
	ts_enumerate_options_t options = {.registrable = true};
	const ts_candidate_t *list;
	size_t count, delegated = 0;
	assert_int_equal(ts_enumerate(all.set, ts_policyset_get(all.set, 0), 0, &options,
				 &all.arena, &list, &count),
		TS_OK);
	struct listing some = {.c = list, .count = count};
	for (size_t i = 0; i < all.count; i++) {
		char text[TS_NAME_TEXT_MAX];
		ts_name_t name;

		assert_int_equal(ts_name_from_wire(&name, all.c[i].wire, all.c[i].len), TS_OK);
		ts_name_to_text(all.c[i].wire, text, sizeof(text));
		if (ts_suffix_tld_delegated(&name)) {
			delegated++;
			assert_row(text, candidate(&some, text));
		}
	}
	assert_int_equal(delegated, count);
	assert_true(count > 500 && count < all.count);
	release(&all);
}

/* `mil` itself: undelegated suffixes stand for themselves, delegated ones with what is known. */
static void enumerate__a_tld(void **state)
{
	struct listing l = list_of(POLICY_MIL KNOWN("k1", "army.mil.") KNOWN("k2", "navy.mil.")
					   M("m2", "us.af.mil."),
		0, 0, false);

	(void)state;
	check_listing(&l, 0);
	assert_non_null(candidate(&l, "mli"));
	assert_int_equal(candidate(&l, "army.ml")->class_id, TS_CLASS_DECLARED);
	assert_int_equal(candidate(&l, "army.il")->class_id, TS_CLASS_TLD_OMISSION);
	assert_non_null(candidate(&l, "us.af.ml"));
	assert_non_null(candidate(&l, "mi")); /* no such TLD: all below it */
	assert_null(candidate(&l, "ml"));     /* all of Mali is not meant */
	assert_null(candidate(&l, "il"));
	release(&l);
}

/* Suffixes of two labels; and a zone of which the policy wants nothing. */
/* What people do comes before what is most surely no real name. */
static void enumerate__common_slips_first(void **state)
{
	static const char *const common[] = {"gmal.com", "gmil.com", "gmai.com", "mail.com",
		"gmial.com", "gamil.com", "gmaill.com", "ggmail.com", "gmail.co", "gmail.cm",
		"gmail.om", "gmailcom", "gmail.ocm"};
	struct listing l = list_of(
		POLICY_HEAD M("m1", "gmail.com.") "threshold TXT \"0.00\"\n", 0, 120, false);

	(void)state;
	check_listing(&l, 0);
	for (size_t i = 0; i < countof(common); i++)
		assert_row(common[i], candidate(&l, common[i]));
	release(&l);
}

static void enumerate__other_suffixes(void **state)
{
	struct listing l = list_of(POLICY_HEAD M("m1", "long-example.gov.uk."), 0, 0, true);

	(void)state;
	check_listing(&l, 0);
	assert_int_equal(candidate(&l, "long-example.co.uk")->class_id, TS_CLASS_SUFFIX_SWAP);
	release(&l);
	l = list_of(POLICY_HEAD M("m1", "example.com.") "classes TXT \"omission\"\n", 0, 0, false);
	check_listing(&l, 0);
	assert_int_equal(l.count, 7); /* one a letter */
	release(&l);
	l = list_of(POLICY_HEAD M("m1", "example.com.") "threshold TXT \"1.00\"\n", 0, 0, false);
	assert_int_equal(l.count, 0);
	release(&l);
}

/* A word beside the name, before it or behind it; only where the policy asks for that class. */
static void enumerate__combinations(void **state)
{
	static const char *const words[] = {
		"example-login.com", "login-example.com", "mail-example.com", "example-office.com"};
	struct listing l = list_of(
		POLICY_HEAD M("m1",
			"example.com.") "classes TXT \"combosquat\"\nthreshold TXT \"0.00\"\n",
		0, 0, true);

	(void)state;
	check_listing(&l, 0);
	for (size_t i = 0; i < countof(words); i++) {
		const ts_candidate_t *c = candidate(&l, words[i]);

		assert_row(words[i], c && c->class_id == TS_CLASS_COMBOSQUAT);
	}
	release(&l);
	l = list_of(POLICY_HEAD M("m1", "example.com."), 0, 0, true);
	assert_null(candidate(&l, words[0]));
	release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enumerate__a_name),
		cmocka_unit_test(enumerate__the_likeliest),
		cmocka_unit_test(enumerate__a_tld),
		cmocka_unit_test(enumerate__common_slips_first),
		cmocka_unit_test(enumerate__other_suffixes),
		cmocka_unit_test(enumerate__combinations),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
