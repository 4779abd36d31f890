/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "policy_text.h"

#include "../../src/verdict.h"

#include <sys/stat.h>
#include <unistd.h>

#define NOW 1800000000 /* 2027-01-15 */
/* What must be there whatever the row says; a row's text follows. */
#define BARE                                                                              \
	"$ORIGIN p.example.\n$TTL 30\n@ SOA invalid. h.invalid. 7 3600 600 9999 0\n@ NS " \
	"invalid.\n"
#define REST                                                                      \
	"version TXT \"2\"\nm1.zones PTR mil.\n$ORIGIN typosink.ext.p.example.\n" \
	"sinkhole MX 10 mx.sinkhole.example.\n"

struct row {
	const char *text;
	const char *says; /* part of what is said */
};

static void expect(
	const char *text, size_t len, int err, const char *says, const ts_policy_options_t *options)
{
	static struct policy_log log;
	ts_policy_t *policy = NULL;
	int got = policy_from(text, len, options, &log, &policy);

	if (got != err)
		fail_msg("%.400s\nreturned %d (%s), said:\n%s", text, got, ts_strerror(got),
			log.text);
	if (says && !strstr(log.text, says))
		fail_msg("%.400s\ndid not say '%s', but:\n%s", text, says, log.text);
	if (!says && log.len)
		fail_msg("%.400s\nsaid:\n%s", text, log.text);
	assert_true((policy != NULL) == (err == TS_OK));
	ts_policy_unref(policy);
}

static const ts_policy_options_t plain = {.seed = 42, .now = NOW};

static void policy__errors(void **state)
{
	static const struct row rows[] = {
		{"", "no SOA record"},
		{"garbage\n", "policy:1: error: no record"},
		{"@ SOA a. b. 1 2 3 4 5\n", "is $ORIGIN missing?"},
		{"$ORIGIN p.example.\n@ SOA a. b. 1 2 3 4\n", "policy:2: error: no record"},
		{BARE "version TXT \"2\"\n", "no protected zone"},
		{BARE "m1.zones PTR mil.\n", "no version"},
		{BARE "version TXT \"1\"\n", "version '1'"},
		{BARE "version TXT \"2\" \"2\"\n", "wants one string"},
		{BARE "version A 192.0.2.1\n", "version: must be TXT, found A"},
		{BARE "version TXT \"2\"\n" REST "version.p.example. TXT \"1\"\n",
			"given twice (first on line 5)"},
		{BARE REST "x.p.example. CH TXT \"a\"\n", "class 3"},
		{BARE REST "x.example. TXT \"a\"\n", "outside the zone"},
		{BARE REST "p.example. SOA invalid. h.invalid. 8 1 1 1 1\n", "a second SOA"},
		{BARE REST "m1.zones.p.example. PTR ml.\n", "two member zones under one label"},
		{BARE REST "m2.zones.p.example. PTR mil.\n", "mil is a member already, as 'm1'"},
		{BARE REST "m2.zones.p.example. A 192.0.2.1\n", "must be PTR, found A"},
		{BARE REST "m2.zones.p.example. PTR .\n", "the root cannot be protected"},
		{BARE REST "group.m1.zones.p.example. TXT \"a\"\n"
			   "group.m1.zones.p.example. TXT \"b\"\n",
			"two groups on one member (first on line 9)"},
		{BARE REST "group.m1.zones.p.example. TXT \"\"\n", "1 to 63 octets"},
		{BARE REST "action.typosink.ext.m9.zones.p.example. TXT \"pass\"\n",
			"there is no such member zone"},
		{BARE REST "action TXT \"drop\"\n",
			"policy:9: error: action.typosink.ext: 'drop' is no action"},
		{BARE REST "action TXT \"pass\" \"pass\"\n", "and only one"},
		{BARE REST "action TXT \"\"\n", "empty, wants an action"},
		{BARE REST "action A 192.0.2.1\n", "action.typosink.ext: must be TXT, found A"},
		{BARE REST "action TXT \"pass\"\naction TXT \"observe\"\n",
			"given twice (first on line 9)"},
		{BARE REST "sinkhole TXT \"a\"\n", "must be MX A AAAA, found TXT"},
		{BARE REST "sinkhole MX 0 .\n", "the exchange is the root"},
		{BARE REST "sinkhole A 0.0.0.0\n", "unspecified address"},
		{BARE "version TXT \"2\"\nm1.zones PTR mil.\n",
			"action sinkhole without a sinkhole"},
		{BARE "version TXT \"2\"\nm1.zones PTR mil.\n$ORIGIN typosink.ext.p.example.\n"
		      "action TXT \"pass\"\nlab.clients APL 1:198.51.100.0/24\n"
		      "action.lab.clients TXT \"sinkhole\"\n",
			"a client set's action sinkhole without a sinkhole"},
		{BARE REST "max-ttl TXT \"-1\"\n", "'-1' is no number of seconds"},
		{BARE REST "max-ttl TXT \"86401\"\n", "too long"},
		{BARE REST "qtypes TXT \"MX TXT\"\n", "go with the others"},
		{BARE REST "qtypes TXT \"NS\"\n", "'NS' is none of"},
		{BARE REST "qtypes TXT \" \"\n", "wants query types"},
		{BARE REST "classes TXT \"nonsense\"\n", "'nonsense' is no typo class"},
		{BARE REST "classes TXT \"-declared\"\n", "cannot be switched"},
		{BARE REST "classes TXT \"plural -plural\"\n", "both named and taken away"},
		{BARE REST "threshold TXT \"1.01\"\n", "no score"},
		{BARE REST "threshold TXT \".5\"\n", "no score"},
		{BARE REST "threshold TXT \"0.12345\"\n", "more than four decimals"},
		{BARE REST "evidence TXT \"hearsay\"\n", "'hearsay' is no evidence"},
		{BARE REST "typo TXT \"ml\"\n", "must be PTR, found TXT"},
		{BARE REST "typo PTR .\n", "the root cannot be a typo"},
		{BARE REST "typo PTR example.arpa.\n", "below arpa"},
		{BARE REST "typo PTR army.mil.\n",
			"army.mil is at or below the protected zone mil, so it is no typo"},
		{BARE REST "typo PTR ml.\ntypo-always PTR ml.\n",
			"also declared as `typo` on line 9"},
		{BARE REST "a1.allow PTR .\n", "the root would allow everything"},
		{BARE REST "a1.allow PTR x.ml.\na1.allow PTR y.ml.\n", "given twice"},
		{BARE REST "until.a1.allow TXT \"2027-01-31\"\n", "there is no 'a1.allow'"},
		{BARE REST "a1.allow PTR x.ml.\nuntil.a1.allow TXT \"2027-02-29\"\n",
			"'2027-02-29' is no date"},
		{BARE REST "lab.clients APL 1:198.51.100.0/24\n", "the set has no action"},
		{BARE REST "action.lab.clients TXT \"pass\"\n", "there is no client set 'lab'"},
		{BARE REST "lab.clients APL 1:198.51.100.0/24\naction.lab.clients TXT \"pass\"\n"
			   "all.clients APL 1:198.51.100.0/24\naction.all.clients TXT \"pass\"\n",
			"in common with the set"},
		{BARE REST "$INCLUDE other.zone\n",
			"policy:9: error: $INCLUDE: a policy is one file"},
		{BARE REST "$ORIGIN\n", "$ORIGIN: wants one value"},
		{BARE REST "$ORIGIN a..b\n", "$ORIGIN: empty label"},
		{BARE REST "$TTL soon\n", "$TTL: 'soon' is no number of seconds"},
		{BARE REST "$GENERATE 1-2 a A 1\n", "unknown directive '$GENERATE'"},
		{BARE REST "x TXT \"open\n", "quotation mark without its partner"},
		{BARE REST "x TXT ( \"a\"\n", "opening parenthesis without a closing one"},
		{BARE REST "x TXT ) \"a\"\n", "closing parenthesis without"},
		{" SOA a. b. 1 2 3 4 5\n", "no owner name"},
		/* Malformed ones of these leak within ldns: AddressSanitizer would tell. */
		{BARE REST "x CERT 0 1 2 AAAA\n", "a CERT record means nothing in a policy"},
		{BARE REST "x 30 IN TYPE37 0 1 2 AAAA\n", "a CERT record means nothing"},
		{BARE REST "x CH IPSECKEY 1 3 2 x. =\n", "an IPSECKEY record means nothing"},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		expect(rows[i].text, strlen(rows[i].text), TS_EPOLICY, rows[i].says, &plain);
}

static void policy__warnings(void **state)
{
	static const struct row rows[] = {
		{BARE REST "", NULL},
		{BARE REST "colour TXT \"red\"\n",
			"policy:9: warning: colour.typosink.ext: unknown property"},
		{BARE REST "action.x TXT \"pass\"\n", "unknown property"},
		{BARE REST "sinkhole.p.example. MX 10 a.example.\n", "sinkhole: unknown property"},
		{BARE REST "sinkhole A 192.0.2.25\n", "set aside for documentation"},
		{BARE REST "sinkhole AAAA 2001:db8::1\n", "set aside for documentation"},
		{BARE REST "sinkhole A 127.0.0.1\n", NULL},
		{BARE REST "typo-always PTR ml.\n", "everything below it is taken"},
		{BARE REST "typo-always PTR army.ml.\n", NULL},
		{BARE REST "action TXT \"pass\"\n", "nothing is intercepted"},
		{BARE REST "a1.allow PTR x.ml.\nuntil.a1.allow TXT \"2027-01-14\"\n",
			"the date has passed"},
		{BARE REST "a1.allow PTR x.ml.\nuntil.a1.allow TXT \"2027-01-15\"\n", NULL},
		{BARE REST "a1.allow PTR x.ml.\na2.allow PTR x.ml.\n", "allowed already, as 'a1'"},
		{BARE REST "a1.allow PTR army.mil.\n", "no need to allow it"},
		{BARE REST "k1.known PTR army.example.\n", "evidence of nothing"},
		{BARE REST "action.g.groups TXT \"pass\"\n", "no member is in group 'g'"},
		{BARE REST "group.m1.zones.p.example. TXT \"g\"\n",
			"note: group.m1.zones: group 'g' has no properties here"},
		{BARE REST "m2.zones.p.example. PTR 2.0.192.in-addr.arpa.\n",
			"note: m2.zones: below arpa"},
		{BARE REST "x.other.ext.p.example. TXT \"a\"\n", "not typosink's extension"},
		{BARE REST "coo.m1.zones.p.example. PTR x.example.\n", "change of ownership"},
		{BARE REST "m2.zones.p.example. PTR nl.\ntypo PTR ml.\n",
			"ml is declared for mil as well"},
		/* The same record twice is one record. */
		{BARE REST "action TXT \"observe\"\naction TXT \"observe\"\n", NULL},
		{BARE REST "reason.a.allow ( TXT ; comment\n \"x;\\\"y\" )\na.allow PTR x.ml.\n",
			NULL},
		{BARE REST "p.example. 30 IN ZONEMD 7 1 1 "
			   "00000000000000000000000000000000000000000000000000000000000000000000"
			   "0000000000000000000000000000\n",
			NULL},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		expect(rows[i].text, strlen(rows[i].text), TS_OK, rows[i].says, &plain);
}

static void policy__noise_is_bounded(void **state)
{
	static struct policy_log log;
	size_t len = 1 << 20;
	char *noise = calloc(1, len + 1);
	uint64_t x = 88172645463325252u;
	ts_policy_t *policy = NULL;
	size_t lines = 0;

	(void)state;
	assert_non_null(noise);
	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		noise[i] = (char)x;
	}
	assert_int_equal(policy_from(noise, len, &plain, &log, &policy), TS_EPOLICY);
	for (const char *p = log.text; (p = strchr(p, '\n')); p++)
		lines++;
	assert_in_range(lines, 10, 60);
	/* One line without an end, and a record that never closes. */
	memset(noise, 'a', len);
	expect(noise, len, TS_EPOLICY, "longer than 65535", &plain);
	memset(noise, '(', len);
	expect(noise, len, TS_EPOLICY, "longer than 65535", &plain);
	free(noise);
	expect("a\0b\n", 4, TS_EPOLICY, "NUL octet", &plain);
}

/* Cut short at any octet, it is refused or still good, and never more than that. */
static void policy__truncated(void **state)
{
	static const char text[] =
		POLICY_MIL "a1.allow PTR x.ml.\nuntil.a1.allow TXT \"2027-01-31\"\n";
	static struct policy_log log;

	(void)state;
	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		ts_policy_t *policy = NULL;
		int err = policy_from(text, len, &plain, &log, &policy);

		assert_true((err == TS_OK) == (policy != NULL));
		if (err)
			assert_non_null(strstr(log.text, "error: "));
		ts_policy_unref(policy);
	}
}

static void policy__shrink(void **state)
{
	ts_policy_options_t options = {.seed = 42, .previous_members = 11};

	(void)state;
	expect(POLICY_MIL, strlen(POLICY_MIL), TS_EPOLICY, "1 protected zones are left of 11",
		&options);
	options.accept_shrink = true;
	expect(POLICY_MIL, strlen(POLICY_MIL), TS_OK, NULL, &options);
	options = (ts_policy_options_t){.seed = 42, .previous_members = 10};
	expect(POLICY_MIL, strlen(POLICY_MIL), TS_OK, NULL, &options);
}

static void policy__files(void **state)
{
	ts_policy_t *policy = NULL;

	(void)state;
	assert_int_equal(ts_policy_load_file("/nonexistent/p", &plain, NULL, &policy), TS_EIO);
	assert_int_equal(ts_policy_load_file("/", &plain, NULL, &policy), TS_EIO);
	assert_int_equal(ts_policy_load_file("/dev/zero", &plain, NULL, &policy), TS_EIO);
	char fifo[] = "/tmp/ts-policy-XXXXXX";
	assert_non_null(mkdtemp(fifo));
	assert_int_equal(rmdir(fifo), 0);
	assert_int_equal(mkfifo(fifo, 0600), 0); /* that nobody writes to: nobody waits */
	assert_int_equal(ts_policy_load_file(fifo, &plain, NULL, &policy), TS_EIO);
	unlink(fifo);
	assert_null(policy);
}

/* What it takes and where it came from: the status says so. */
static void policy__says_what_it_holds(void **state)
{
	ts_policy_t *one = policy_good(POLICY_MIL);
	ts_policy_t *two = policy_good(POLICY_MIL "m2.zones.p.example. PTR example.com.\n");
	ts_policy_t *policies[] = {one, two};

	(void)state;
	assert_string_equal(ts_policy_source(one), "policy");
	assert_true(ts_policy_memory(two) > ts_policy_memory(one));
	ts_policyset_t *small = policy_set(policies, 1);
	ts_policyset_t *none = policy_set(NULL, 0);
	assert_true(ts_policyset_memory(small) > ts_policyset_memory(none));
	ts_policyset_free(small);
	ts_policyset_free(none);
	ts_policy_unref(two);
}

static void date__ends_with_the_day(void **state)
{
	static const struct {
		const char *text;
		time_t end; /* 0: no date */
	} rows[] = {
		{"1970-01-01", 86400},
		{"2000-02-29", 951868800},
		{"2027-01-31", 1801440000},
		{"2028-12-31", 1861920000},
		{"2100-02-29", 0},
		{"2027-13-01", 0},
		{"2027-00-01", 0},
		{"2027-01-00", 0},
		{"2027-1-01", 0},
		{"27-01-2027", 0},
		{"2027-01-31 ", 0},
		{"", 0},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		time_t end = 0;
		int err = ts_policy_date(rows[i].text, strlen(rows[i].text), &end);

		assert_row(rows[i].text, (err == TS_OK) == (rows[i].end != 0));
		assert_row(rows[i].text, end == rows[i].end);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policy__errors),
		cmocka_unit_test(policy__warnings),
		cmocka_unit_test(policy__noise_is_bounded),
		cmocka_unit_test(policy__truncated),
		cmocka_unit_test(policy__shrink),
		cmocka_unit_test(policy__files),
		cmocka_unit_test(policy__says_what_it_holds),
		cmocka_unit_test(date__ends_with_the_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
