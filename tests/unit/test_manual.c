/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the tables of properties and options name is in the manual and in the example, and the
 * policies that ship load.
 */
#include "policy_text.h"

#include "../../src/conf.h"
#include "../../src/verdict.h"

#include <regex.h>

static char *slurp(const char *name)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", srcdir ? srcdir : ".", name);
	FILE *f = fopen(path, "r");
	if (!f)
		fail_msg("%s cannot be read", path);
	char *text = calloc(1, 1 << 20);
	assert_non_null(text);
	assert_true(fread(text, 1, (1 << 20) - 1, f) > 0);
	fclose(f);
	return text;
}

static bool has_line(const char *text, const char *pattern)
{
	regex_t re;

	assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB | REG_NEWLINE), 0);
	bool found = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

/* "until.<id>.allow" as a pattern of the owner name at the start of a line. */
static void owner_pattern(const char *name, char *out, size_t size)
{
	size_t o = (size_t)snprintf(out, size, "^");

	for (; *name; name++) {
		if (strncmp(name, "<id>", 4) == 0) {
			o += (size_t)snprintf(out + o, size - o, "[a-z0-9]+");
			name += 3;
		} else {
			o += (size_t)snprintf(
				out + o, size - o, *name == '.' ? "\\%c" : "%c", *name);
		}
	}
	snprintf(out + o, size - o, "[.[:blank:]]");
}

static void properties__in_example_and_manual(void **state)
{
	char *example = slurp("zones/example.zone"), *manual = slurp("doc/man/typosink-policy.5");
	char pattern[256];

	(void)state;
	for (const ts_property_t *p = ts_policy_properties(); p->name; p++) {
		owner_pattern(p->name, pattern, sizeof(pattern));
		assert_row(p->name, has_line(example, pattern));
		snprintf(pattern, sizeof(pattern), "^\\.It Cm %s \\(", p->name);
		assert_row(p->name, has_line(manual, pattern));
	}
	free(example);
	free(manual);
}

static void options__in_manual(void **state)
{
	char *manual = slurp("doc/man/typosink.conf.5");
	char pattern[256];

	(void)state;
	for (const ts_conf_option_t *o = ts_conf_options(); o->name; o++) {
		snprintf(pattern, sizeof(pattern), "^\\.It Cm %s : ", o->name);
		assert_row(o->name, has_line(manual, pattern));
	}
	free(manual);
}

/* Names that a typo filter once blocked pass all policies that ship; .ml is caught. */
static void zones__load_and_let_pass(void **state)
{
	static const char *const files[] = {
		"zones/example.zone", "zones/mil.zone", "zones/providers.zone"};
	const char *data = getenv("TYPOSINK_DATA"), *srcdir = getenv("srcdir");
	char path[4096], line[1024];
	ts_policy_t *policies[countof(files)];

	(void)state;
	for (size_t i = 0; i < countof(files); i++) {
		char *text = slurp(files[i]);

		policies[i] = policy_good(text);
		free(text);
	}
	ts_policyset_t *set = policy_set(policies, countof(files));
	ts_name_t qname = name_of("mail.navy.ml");
	ts_query_t query = {&qname, TS_TYPE_MX, TS_CLASS_IN};
	ts_verdict_t v;
	ts_verdict(set, &query, NULL, 0, &v);
	assert_int_equal(v.kind, TS_VERDICT_TYPO);
	assert_int_equal(v.evidence, TS_EVIDENCE_LISTED);
	qname = name_of("gmial.com");
	ts_verdict(set, &query, NULL, 0, &v);
	assert_int_equal(v.kind, TS_VERDICT_TYPO);

	if (data)
		snprintf(path, sizeof(path), "%s/real_false_positives.csv", data);
	else
		snprintf(path, sizeof(path), "%s/../shared/data/real_false_positives.csv",
			srcdir ? srcdir : ".");
	FILE *f = fopen(path, "r");
	if (!f) {
		print_message("%s is absent: real false positives are not tried\n", path);
		ts_policyset_free(set);
		skip();
	}
	for (unsigned n = 0; fgets(line, sizeof(line), f); n++) {
		line[strcspn(line, ",\r\n")] = '\0';
		if (n == 0)
			continue;
		qname = name_of(line);
		ts_verdict(set, &query, NULL, 0, &v);
		assert_row(line, v.kind != TS_VERDICT_TYPO && v.kind != TS_VERDICT_ASK);
	}
	fclose(f);
	ts_policyset_free(set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(properties__in_example_and_manual),
		cmocka_unit_test(options__in_manual),
		cmocka_unit_test(zones__load_and_let_pass),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
