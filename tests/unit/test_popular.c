/* SPDX-License-Identifier: BSD-3-Clause */
#include "unit.h"

#include "../../src/popular.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static unsigned warnings, errors;

static void count(void *arg, const ts_diag_t *diag)
{
	(void)arg;
	warnings += diag->severity == TS_WARNING;
	errors += diag->severity == TS_ERROR;
}

static const ts_reporter_t reporter = {count, NULL};

static int load(const char *text, size_t len, ts_popular_t **out)
{
	char path[] = "/tmp/typosink-popular-XXXXXX";
	int fd = mkstemp(path), err;

	warnings = errors = 0;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), (ssize_t)len);
	close(fd);
	err = ts_popular_load(path, &reporter, out);
	unlink(path);
	return err;
}

static uint32_t rank_of(const ts_popular_t *popular, const char *text)
{
	ts_name_t name;

	assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
	return ts_popular_rank(popular, &name);
}

static void load__both_forms(void **state)
{
	static const struct {
		const char *label, *text;
	} rows[] = {
		{"Tranco", "1,example.com\r\n2,example.net\r\n3,co.uk\r\n4,www.example.net\r\n"},
		{"names alone", "example.com\nexample.net\nco.uk\nwww.example.net"},
		{"more columns",
			"1,example.com,9\n2,example.net,9\n3,co.uk,9\n4,www.example.net,9\n"},
	};
	ts_popular_t *popular;

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_row(
			rows[i].label, load(rows[i].text, strlen(rows[i].text), &popular) == TS_OK);
		assert_int_equal(warnings + errors, 0);
		assert_int_equal(ts_popular_count(popular), 4);
		assert_int_equal(rank_of(popular, "example.com"), 1);
		assert_int_equal(rank_of(popular, "EXAMPLE.com"), 1);
		assert_int_equal(rank_of(popular, "mail.example.com"), 1);
		/* The host's rank is worse than the domain's: the better one counts. */
		assert_int_equal(rank_of(popular, "www.example.net"), 2);
		assert_int_equal(rank_of(popular, "example.org"), 0);
		/* A public suffix lends its rank to nobody. */
		assert_int_equal(rank_of(popular, "example.co.uk"), 0);
		assert_int_equal(rank_of(popular, "."), 0);
		assert_true(ts_popular_memory(popular) > 0);
		ts_popular_free(popular);
	}
}

static void load__bad_lines(void **state)
{
	static const char some[] =
		"1,example.com\n0,example.net\n2,\n3,a..b\n4x,c.example\n5,ok.com\n";
	char many[4096] = "good.com\n", nul[] = "1,good.com\n2,a\0b.com\n";
	ts_popular_t *popular = NULL;

	(void)state;
	assert_int_equal(load(some, sizeof(some) - 1, &popular), TS_OK);
	assert_int_equal(ts_popular_count(popular), 2);
	assert_int_equal(warnings, 4);
	ts_popular_free(popular);
	for (int i = 0; i < 30; i++)
		strcat(many, "a..b\n");
	assert_int_equal(load(many, strlen(many), &popular), TS_OK);
	assert_int_equal(warnings, 11); /* ten, and the count */
	ts_popular_free(popular);
	assert_int_equal(load(nul, sizeof(nul) - 1, &popular), TS_OK);
	assert_int_equal(ts_popular_count(popular), 1);
	ts_popular_free(popular);
	popular = NULL;
	assert_int_equal(load("", 0, &popular), TS_EINVAL);
	assert_int_equal(load("a..b\n", 5, &popular), TS_EINVAL);
	assert_true(errors > 0);
	assert_int_equal(ts_popular_load("/nonexistent/list", &reporter, &popular), TS_EIO);
	assert_int_equal(ts_popular_load("/", &reporter, &popular), TS_EIO);
	assert_null(popular);
	ts_popular_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(load__both_forms),
		cmocka_unit_test(load__bad_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
