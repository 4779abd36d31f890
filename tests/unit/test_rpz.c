/* SPDX-License-Identifier: BSD-3-Clause */
#include "policy_text.h"

#include "../../src/rpz.h"

#define M(id, zone) id ".zones.p.example. PTR " zone "\n"
#define ADDRESSES "sinkhole A 192.0.2.25\nsinkhole AAAA 2001:db8::25\n"

struct made {
	ts_policyset_t *set;
	ts_rpz_t *rpz;
	char text[1 << 20];
	size_t len, records;
};

static int put_line(void *arg, const char *line)
{
	struct made *made = arg;

	made->len += (size_t)snprintf(
		made->text + made->len, sizeof(made->text) - made->len, "%s\n", line);
	assert_true(made->len < sizeof(made->text));
	return TS_OK;
}

static struct made *make_at(const char *policy, size_t top, const char *origin, time_t now)
{
	struct made *made = calloc(1, sizeof(*made));
	ts_rpz_options_t options = {.origin = name_of(origin), .serial = 7, .top = top, .now = now};

	made->set = policy_set_of(policy);
	assert_int_equal(ts_rpz_new(made->set, &options, &made->rpz), TS_OK);
	made->len = (size_t)sprintf(made->text, "\n");
	assert_int_equal(ts_rpz_write(made->rpz, put_line, made, &made->records), TS_OK);
	return made;
}

static struct made *make(const char *policy)
{
	return make_at(policy, 200, "rpz.example", 0);
}

static void release(struct made *made)
{
	ts_rpz_free(made->rpz);
	ts_policyset_free(made->set);
	free(made);
}

static bool has(const struct made *made, const char *line)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	return strstr(made->text, whole);
}

static bool notes(const struct made *made, const char *words)
{
	for (size_t i = 0; ts_rpz_note(made->rpz, i); i++)
		if (strstr(ts_rpz_note(made->rpz, i), words))
			return true;
	return false;
}

/* Each action as RPZ can say it, for the name and for everything below. */
static const struct {
	const char *action;
	const char *lines[4];
	const char *never; /* words that are not in the zone */
	const char *note;
} rows[] = {
	{"sinkhole",
		{"army.ml\t30\tMX\t10 mx.sinkhole.example.", "army.ml\t30\tA\t192.0.2.25",
			"*.army.ml\t30\tAAAA\t2001:db8::25",
			"mx.sinkhole.example\t30\tA\t192.0.2.25"},
		"CNAME", NULL},
	{"nullmx", {"army.ml\t30\tMX\t0 .", "*.army.ml\t30\tMX\t0 ."}, "army.ml\t30\tA", NULL},
	{"nxdomain", {"army.ml\t30\tCNAME\t.", "*.army.ml\t30\tCNAME\t."}, "MX", NULL},
	{"nodata", {"army.ml\t30\tCNAME\t*.", "*.army.ml\t30\tCNAME\t*."}, "MX", NULL},
	{"refused", {"army.ml\t30\tCNAME\trpz-drop."}, "MX", "refused and defer"},
	{"defer", {"*.army.ml\t30\tCNAME\trpz-drop."}, "MX", "refused and defer"},
	{"observe", {"army.ml\t30\tCNAME\trpz-passthru."}, "MX", "observe is"},
	{"pass", {NULL}, "army.ml", NULL},
};

static void rpz__actions(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		char policy[1024];

		snprintf(policy, sizeof(policy),
			POLICY_HEAD ADDRESSES M("m1", "army.mil.") "action TXT \"%s\"\n",
			rows[i].action);
		struct made *made = make(policy);
		for (size_t k = 0; k < countof(rows[i].lines) && rows[i].lines[k]; k++)
			assert_row(rows[i].lines[k], has(made, rows[i].lines[k]));
		assert_row(rows[i].action, !strstr(made->text, rows[i].never));
		assert_row(rows[i].action, !rows[i].note || notes(made, rows[i].note));
		assert_row(rows[i].action, !rows[i].note == !ts_rpz_note(made->rpz, 0));
		assert_row(rows[i].action, ts_rpz_stats(made->rpz).zones == 1);
		release(made);
	}
}

/* What passes, passes below a wildcard too; and what stands between is no hole in it. */
static void rpz__exceptions(void **state)
{
	struct made *made = make(POLICY_HEAD M("m1", "army.mil.")
			M("m2", "good.army.nil.") "a1.allow PTR x.deep.host.army.ml.\n"
						  "a2.allow PTR elsewhere.example.\n"
						  "action.tame.groups TXT \"pass\"\n"
						  "group.m2.zones.p.example. TXT \"tame\"\n");

	(void)state;
	assert_true(has(made, "x.deep.host.army.ml\t30\tCNAME\trpz-passthru."));
	assert_true(has(made, "*.x.deep.host.army.ml\t30\tCNAME\trpz-passthru."));
	assert_true(has(made, "deep.host.army.ml\t30\tMX\t10 mx.sinkhole.example."));
	assert_true(has(made, "*.deep.host.army.ml\t30\tMX\t10 mx.sinkhole.example."));
	assert_true(has(made, "host.army.ml\t30\tMX\t10 mx.sinkhole.example."));
	assert_true(has(made, "*.host.army.ml\t30\tMX\t10 mx.sinkhole.example."));
	/* An allow is said, needed or not; a protected zone only where it is needed. */
	assert_true(has(made, "elsewhere.example\t30\tCNAME\trpz-passthru."));
	assert_true(has(made, "good.army.nil\t30\tCNAME\trpz-passthru."));
	assert_false(has(made, "army.mil\t30\tCNAME\trpz-passthru."));
	assert_null(strstr(made->text, "\nexample\t")); /* no gap where nothing is above */
	assert_true(ts_rpz_stats(made->rpz).passed > 0);

	static const struct {
		const char *name;
		bool takes;
	} asked[] = {{"army.ml", true}, {"a.b.army.ml", true}, {"host.army.ml", true},
		{"y.host.army.ml", true}, {"y.deep.host.army.ml", true},
		{"x.deep.host.army.ml", false}, {"z.x.deep.host.army.ml", false},
		{"good.army.nil", false}, {"mail.good.army.nil", false}, {"army.nil", true},
		{"army.mil", false}, {"ml", false}, {"example.com", false}};
	for (size_t i = 0; i < countof(asked); i++) {
		ts_name_t name = name_of(asked[i].name);

		assert_row(asked[i].name, ts_rpz_takes(made->rpz, &name) == asked[i].takes);
	}
	release(made);
}

/* What the zone takes, the module would have taken too. */
static void rpz__never_more_than_the_verdict(void **state)
{
	struct made *made = make(POLICY_MIL M("m2", "army.mil.") M(
		"m3", "example-bank.com.") "k1.known PTR navy.mil.\na1.allow PTR host.army.ml.\n");
	char *line = made->text;
	size_t rules = 0;

	(void)state;
	while ((line = strchr(line, '\n')) && *++line) {
		char owner[300];
		ts_verdict_t v;

		if (*line == ';' || *line == '$' || *line == '@')
			continue;
		assert_int_equal(sscanf(line, "%299[^\t]", owner), 1);
		ts_name_t name = name_of(owner);
		ts_query_t query = {&name, TS_TYPE_MX, TS_CLASS_IN};
		ts_verdict(made->set, &query, NULL, 0, &v);
		bool pass =
			strstr(line, "passthru") && strstr(line, "passthru") < strchr(line, '\n');
		assert_row(owner, v.kind == (pass ? TS_VERDICT_ALLOWED : TS_VERDICT_TYPO));
		rules++;
	}
	assert_int_equal(rules + 2, made->records);
	assert_true(rules > 800);
	assert_true(has(made, "navy.ml\t30\tMX\t10 mx.sinkhole.example."));
	assert_true(notes(made, "a typo suffix that needs evidence"));
	release(made);
}

static void rpz__end_of_an_allow(void **state)
{
	const char *policy = POLICY_HEAD M(
		"m1", "army.mil.") "a1.allow PTR army.ml.\nuntil.a1.allow TXT \"2027-01-31\"\n";
	struct made *before = make_at(policy, 50, "rpz.example", 1800000000 - 1);
	struct made *after = make_at(policy, 50, "rpz.example", 1900000000);

	(void)state;
	assert_true(has(before, "army.ml\t30\tCNAME\trpz-passthru."));
	assert_true(notes(before, "2027-01-31"));
	assert_true(has(after, "army.ml\t30\tMX\t10 mx.sinkhole.example."));
	assert_null(ts_rpz_note(after->rpz, 0));
	release(before);
	release(after);
}

static void rpz__losses_are_told(void **state)
{
	struct made *made = make(POLICY_MIL "k1.known PTR army.mil.\nevidence TXT \"dns\"\n"
					    "qtypes TXT \"MX\"\nlab.clients APL 1:198.51.100.0/24\n"
					    "action.lab.clients TXT \"pass\"\n");

	(void)state;
	assert_true(notes(made, "client sets are lost"));
	assert_true(notes(made, "qtypes is lost"));
	assert_true(notes(made, "names are left out"));
	assert_true(strstr(made->text, "; note: client sets are lost"));
	assert_true(ts_rpz_stats(made->rpz).left_out > 0);
	assert_null(strstr(made->text, "\narmy.ml\t")); /* nobody knows whether it is one */
	release(made);
}

static void rpz__long_names(void **state)
{
#define L60 "aaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbbaaaaaaaaaabbbbbbbbbb"
	struct made *made = make_at(POLICY_HEAD M("m1", L60 "." L60 "." L60 ".example.com."), 0,
		"rpz." L60 ".example", 0);
	ts_rpz_options_t options = {.origin = name_of(L60 "." L60 "." L60 "." L60 ".abcdefg")};
	ts_rpz_t *rpz = NULL;

	(void)state;
	assert_int_equal(ts_rpz_stats(made->rpz).typos, 0);
	assert_true(ts_rpz_stats(made->rpz).too_long > 100);
	assert_true(notes(made, "too long"));
	assert_int_equal(made->records, 2);
	assert_int_equal(ts_rpz_new(made->set, &options, &rpz), TS_ERANGE);
	assert_null(rpz);
	release(made);
}

static int fail_line(void *arg, const char *line)
{
	(void)line;
	return ++*(int *)arg == 3 ? TS_EIO : TS_OK;
}

static void rpz__a_full_disk(void **state)
{
	struct made *made = make(POLICY_HEAD M("m1", "army.mil."));
	size_t records = 4711;
	int lines = 0;

	(void)state;
	assert_int_equal(ts_rpz_write(made->rpz, fail_line, &lines, &records), TS_EIO);
	assert_int_equal(lines, 3);
	assert_int_equal(records, 4711);
	release(made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rpz__actions),
		cmocka_unit_test(rpz__exceptions),
		cmocka_unit_test(rpz__never_more_than_the_verdict),
		cmocka_unit_test(rpz__end_of_an_allow),
		cmocka_unit_test(rpz__losses_are_told),
		cmocka_unit_test(rpz__long_names),
		cmocka_unit_test(rpz__a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
