/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../src/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char said[8192];

static void hear(void *arg, const ts_diag_t *diag)
{
	ts_diag_t bare = *diag;
	size_t have = strlen(said);

	(void)arg;
	bare.file = "conf";
	ts_diag_format(&bare, said + have, sizeof(said) - have);
}

static int read_conf(const char *text, size_t len, ts_conf_t *conf)
{
	char path[] = "test_conf.XXXXXX";
	int fd = mkstemp(path);
	ts_reporter_t report = {hear, NULL};

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
	said[0] = '\0';
	ts_conf_init(conf);
	int err = ts_conf_read(conf, path, &report);
	unlink(path);
	return err;
}

static void conf__good(void **state)
{
	static const char text[] =
		"# comment\n\n"
		"policy-file: /etc/typosink/mil.zone\n"
		"  policy-file: \"/etc/with blank.zone\"  # comment\r\n"
		"policy-zone: mil.policy.example.\n"
		"alert-file: '/var/log/a#b'\n"
		"status-client: 192.0.2.0/24\nstatus-client: 2001:db8::1\n"
		"evidence-failure: defer\nwithout-policy: defer\nalert-client: hash\n"
		"accept-shrink: yes\nalert-queue: 1024\nalert-window: 0";
	ts_conf_t c;

	(void)state;
	assert_int_equal(read_conf(text, sizeof(text) - 1, &c), TS_OK);
	assert_string_equal(said, "");
	assert_int_equal(c.policy_files.count, 2);
	assert_string_equal(c.policy_files.items[1], "/etc/with blank.zone");
	assert_string_equal(c.policy_zones.items[0], "mil.policy.example.");
	assert_string_equal(c.alert_file, "/var/log/a#b");
	assert_int_equal(c.status_clients.count, 2);
	assert_int_equal(c.evidence_failure, TS_ON_FAILURE_DEFER);
	assert_int_equal(c.without_policy, TS_WITHOUT_POLICY_DEFER);
	assert_int_equal(c.alert_client, TS_ALERT_CLIENT_HASH);
	assert_true(c.accept_shrink);
	assert_false(c.rdata_alerts);
	assert_int_equal(c.alert_queue, 1024);
	assert_int_equal(c.alert_window, 0);
	ts_conf_release(&c);
}

static void conf__errors(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"nonsense\n", "conf:1: error: no 'name: value'"},
		{"\n\ncolour: red\n", "conf:3: error: colour: unknown option"},
		{"policy-file:\n", "policy-file: '': empty path"},
		{"policy-file: # nothing\n", "policy-file: '': empty path"},
		{"policy-file: a b\n", "more than one value"},
		{"policy-file: \"a\n", "quotation mark without its partner"},
		{"policy-zone: a..b\n", "empty label"},
		{"policy-zone: .\n", "the root will not do"},
		{"alert-file: a\nalert-file: b\n",
			"conf:2: error: alert-file: given twice (first on line 1)"},
		{"accept-shrink: maybe\n", "neither yes nor no"},
		{"alert-queue: 1\n", "no number from 16"},
		{"alert-queue: 99999999999999999999\n", "no number from 16"},
		{"alert-queue: 5x\n", "no number from 16"},
		{"alert-client: none\n", "not one of its words (full|prefix|hash)"},
		{"status-client: 192.0.2.1/24\n", "no prefix like"},
	};
	ts_conf_t c;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		int err = read_conf(rows[i].text, strlen(rows[i].text), &c);

		ts_conf_release(&c);
		assert_row(rows[i].text, err == TS_EINVAL);
		if (!strstr(said, rows[i].says))
			fail_msg("%s said '%s', not '%s'", rows[i].text, said, rows[i].says);
	}
	/* A line that does not end: told once, and the next one is read. */
	char line[6000];
	memset(line, 'a', sizeof(line));
	memcpy(line + sizeof(line) - 14, "\nalert-file: b", 14);
	assert_int_equal(read_conf(line, sizeof(line), &c), TS_EINVAL);
	assert_string_equal(c.alert_file, "b");
	assert_non_null(strstr(said, "conf:1: error: line longer than "));
	assert_null(strstr(strstr(said, "error") + 1, "error"));
	ts_conf_release(&c);
	assert_int_equal(read_conf("alert-file: a\0b\n", 16, &c), TS_EINVAL);
	ts_conf_release(&c);
	ts_conf_init(&c);
	assert_int_equal(ts_conf_read(&c, "/", NULL), TS_EIO);
	assert_int_equal(ts_conf_read(&c, "/nonexistent/x", NULL), TS_EIO);
	ts_conf_release(&c);
}

/* What the table says is the default is the default. */
static void conf__goes_on_and_defaults(void **state)
{
	ts_conf_t a, b;
	char text[4096] = "";

	(void)state;
	assert_int_equal(read_conf("bad\nalert-file: good\n", 21, &a), TS_EINVAL);
	assert_string_equal(a.alert_file, "good");
	ts_conf_release(&a);
	for (const ts_conf_option_t *o = ts_conf_options(); o->name; o++) {
		if (o->dflt)
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s: %s\n",
				o->name, o->dflt);
	}
	ts_conf_init(&a);
	assert_int_equal(read_conf(text, strlen(text), &b), TS_OK);
	assert_memory_equal(&a, &b, sizeof(a));
	ts_conf_release(&a);
	ts_conf_release(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conf__good),
		cmocka_unit_test(conf__errors),
		cmocka_unit_test(conf__goes_on_and_defaults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
