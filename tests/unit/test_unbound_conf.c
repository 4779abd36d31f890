/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../tools/unbound_conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/typosink-test-XXXXXX";

static const char *in_folder(const char *name)
{
	static char path[4][256];
	static unsigned turn;
	char *p = path[turn++ % 4];
	snprintf(p, sizeof(path[0]), "%s/%s", folder, name);
	return p;
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(in_folder(name), "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void count_diag(void *arg, const ts_diag_t *diag)
{
	(void)diag;
	++*(unsigned *)arg;
}

static ts_unbound_conf_t *read_text(const char *text, unsigned *said)
{
	ts_unbound_conf_t *conf = NULL;
	const ts_reporter_t report = {count_diag, said};
	write_file("unbound.conf", text);
	assert_int_equal(ts_unbound_conf_read(in_folder("unbound.conf"), &report, &conf), TS_OK);
	return conf;
}

static void unbound_conf__ways_to_write_a_setting(void **state)
{
	static const struct {
		const char *label, *text, *value;
		unsigned line;
	} rows[] = {
		{"plain", "server:\n\tport: 53\n", "53", 2},
		{"quoted", "server:\n\tport: \"5 3\" # x\n", "5 3", 2},
		{"single quotes", "server:\n\tport: '53'\n", "53", 2},
		{"glued", "server:\nport:53\n", "53", 2},
		{"one line", "server: port: 53\n", "53", 1},
		{"comment before", "# port: 1\nserver: # port: 2\n\n port: 53", "53", 4},
		{"value on the next line", "server:\n port:\n  53\n", "53", 2},
		{"the last one counts", "server:\n port: 1\nserver:\n port: 53\n", "53", 4},
		{"an address as a value", "server:\n port: fe80::1\n", "fe80::1", 2},
		{"two values", "server:\n port: ::/0 allow\n x: y\n", "::/0", 2},
		{"no value", "server:\n port:\n x: y\n", "", 2},
		{"unclosed quote", "server:\n port: \"53\n x: y\n", "53", 2},
	};
	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		unsigned said = 0;
		ts_unbound_conf_t *conf = read_text(rows[i].text, &said);
		const ts_setting_t *s = ts_unbound_conf_last(conf, "server", "port");
		assert_row(rows[i].label, s && strcmp(s->value, rows[i].value) == 0);
		assert_row(rows[i].label, s->line == rows[i].line);
		assert_row(rows[i].label, said == 0);
		ts_unbound_conf_free(conf);
	}
}

static void unbound_conf__clauses_keep_their_settings(void **state)
{
	unsigned said = 0;
	(void)state;
	ts_unbound_conf_t *conf = read_text("auth-zone:\n name: a.example\n primary: 192.0.2.1\n"
					    " primary: 192.0.2.2\n"
					    "auth-zone:\n name: b.example\n zonefile: f\n",
		&said);
	const ts_setting_t *name = ts_unbound_conf_at(conf, 0);
	assert_string_equal(name->value, "a.example");
	const ts_setting_t *p = ts_unbound_conf_in_clause(conf, name->clause, "primary", NULL);
	assert_string_equal(p->value, "192.0.2.1");
	p = ts_unbound_conf_in_clause(conf, name->clause, "primary", p);
	assert_string_equal(p->value, "192.0.2.2");
	assert_null(ts_unbound_conf_in_clause(conf, name->clause, "primary", p));
	assert_null(ts_unbound_conf_in_clause(conf, name->clause, "zonefile", NULL));
	ts_unbound_conf_free(conf);
}

static void unbound_conf__includes(void **state)
{
	char text[1024];
	unsigned said = 0;
	(void)state;
	write_file("one.inc", "port: 1\n");
	write_file("two.inc", "dynlib:\n dynlib-file: \"/x/typosink.so\"\n");
	snprintf(text, sizeof(text),
		"server:\ninclude: \"%s/o*.inc\"\nverbosity: 2\n"
		"include-toplevel: %s/two.inc\ninterface: ::1\n"
		"include: %s/none*.inc\n",
		folder, folder, folder);
	ts_unbound_conf_t *conf = read_text(text, &said);
	assert_int_equal(said, 0);
	assert_string_equal(ts_unbound_conf_last(conf, "server", "port")->value, "1");
	assert_string_equal(
		ts_unbound_conf_last(conf, "server", "port")->file, in_folder("one.inc"));
	assert_string_equal(ts_unbound_conf_last(conf, "server", "verbosity")->value, "2");
	assert_string_equal(
		ts_unbound_conf_last(conf, "dynlib", "dynlib-file")->value, "/x/typosink.so");
	assert_non_null(ts_unbound_conf_last(conf, "server", "interface"));
	ts_unbound_conf_free(conf);
}

static void unbound_conf__bad_includes_are_said(void **state)
{
	char text[512];
	unsigned said = 0;
	(void)state;
	snprintf(text, sizeof(text),
		"include: %s/missing\nserver: port: 1\n"
		"include: %s/unbound.conf\n",
		folder, folder);
	ts_unbound_conf_t *conf = read_text(text, &said); /* the file includes itself, too */
	assert_true(said >= 2);
	assert_non_null(ts_unbound_conf_last(conf, "server", "port"));
	ts_unbound_conf_free(conf);
}

static void unbound_conf__what_cannot_be_read(void **state)
{
	ts_unbound_conf_t *conf = NULL;
	(void)state;
	assert_int_equal(ts_unbound_conf_read(in_folder("nothing"), NULL, &conf), TS_EIO);
	assert_int_equal(ts_unbound_conf_read(folder, NULL, &conf), TS_EIO);
	assert_null(conf);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(in_folder("unbound.conf"));
	unlink(in_folder("one.inc"));
	unlink(in_folder("two.inc"));
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unbound_conf__ways_to_write_a_setting),
		cmocka_unit_test(unbound_conf__clauses_keep_their_settings),
		cmocka_unit_test(unbound_conf__includes),
		cmocka_unit_test(unbound_conf__bad_includes_are_said),
		cmocka_unit_test(unbound_conf__what_cannot_be_read),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
