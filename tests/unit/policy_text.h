/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policy_text: policies for unit tests, written as they are in files.
 */
#ifndef TS_TESTS_POLICY_TEXT_H
#define TS_TESTS_POLICY_TEXT_H

#include "unit.h"

#include "../../src/policy_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What every policy needs; 7 lines. */
#define POLICY_HEAD                                                       \
	"$ORIGIN p.example.\n"                                            \
	"$TTL 30\n"                                                       \
	"@ IN SOA invalid. hostmaster.invalid. 7 3600 600 2147483646 0\n" \
	"@ IN NS invalid.\n"                                              \
	"version IN TXT \"2\"\n"                                          \
	"$ORIGIN typosink.ext.p.example.\n"                               \
	"sinkhole MX 10 mx.sinkhole.example.\n"
/* The same with .mil and its declared typo .ml. */
#define POLICY_MIL                       \
	POLICY_HEAD                      \
	"m1.zones.p.example. PTR mil.\n" \
	"typo.typosink.ext.m1.zones.p.example. PTR ml.\n"

/* Diagnostics, one a line, without the file's name. */
struct policy_log {
	char text[65536];
	size_t len;
};

static inline void policy_log(void *arg, const ts_diag_t *diag)
{
	struct policy_log *log = arg;
	ts_diag_t bare = *diag;
	char line[2048];

	if (!bare.line)
		bare.file = NULL;
	ts_diag_format(&bare, line, sizeof(line));
	log->len +=
		(size_t)snprintf(log->text + log->len, sizeof(log->text) - log->len, "%s\n", line);
	assert_true(log->len < sizeof(log->text));
}

/* Loads a policy from len octets of text. */
static inline int policy_from(const char *text, size_t len, const ts_policy_options_t *options,
	struct policy_log *log, ts_policy_t **out)
{
	ts_reporter_t report = {policy_log, log};

	memset(log, 0, sizeof(*log));
	return ts_policy_load_text("policy", text, len, options, &report, out);
}

static inline ts_policy_t *policy_good(const char *text)
{
	static struct policy_log log;
	ts_policy_options_t options = {.seed = 42};
	ts_policy_t *policy = NULL;
	int err = policy_from(text, strlen(text), &options, &log, &policy);

	if (err)
		fail_msg("%s\n%s", text, log.text);
	return policy;
}

static inline ts_policyset_t *policy_set(ts_policy_t **policies, size_t count)
{
	ts_policyset_options_t options = {.seed = 42};
	ts_policyset_t *set = NULL;

	assert_int_equal(ts_policyset_new(policies, count, &options, &set), TS_OK);
	for (size_t i = 0; i < count; i++)
		ts_policy_unref(policies[i]);
	return set;
}

static inline ts_policyset_t *policy_set_of(const char *text)
{
	ts_policy_t *policy = policy_good(text);

	return policy_set(&policy, 1);
}

static inline ts_name_t name_of(const char *text)
{
	ts_name_t name;

	assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
	return name;
}

#endif
