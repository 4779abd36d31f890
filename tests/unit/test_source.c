/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Where the module's policies come from, in a stand-in for Unbound (module_host.h): auth-zones,
 * last good copies that cannot be kept, memory that runs out.
 */
#include "module_host.h"

#include "../../module/source.h"
#include "../../src/policy_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define POLICY                                                                              \
	"$ORIGIN p.example.\n$TTL 30\n"                                                     \
	"@ IN SOA invalid. hostmaster.invalid. 1 3600 600 2147483646 0\n@ IN NS invalid.\n" \
	"version IN TXT \"2\"\nm1.zones PTR army.mil.\n$ORIGIN typosink.ext.p.example.\n"   \
	"sinkhole MX 10 mx.sinkhole.example.\nsinkhole A 192.0.2.25\n"

/* A source, and what is said of it. */
typedef struct bench {
	host_t *host;
	ts_module_t m;
	ts_source_t source;
	ts_policy_options_t options;
	char said[1024]; /* the last diagnostic */
	char why[1024];  /* of the last look */
} bench_t;

static void hear(void *arg, const ts_diag_t *diag)
{
	bench_t *b = arg;

	ts_diag_format(diag, b->said, sizeof(b->said));
}

/* zone: the source is the auth-zone p.example, else the file policy.zone. */
static void bench_begin(bench_t *b, bool zone)
{
	static char path[128];

	memset(b, 0, sizeof(*b));
	b->host = host_new(0, POLICY, "");
	snprintf(path, sizeof(path), "%s/policy.zone", b->host->folder);
	b->m.env = &b->host->env;
	b->m.state_dir = b->host->folder;
	b->m.report = (ts_reporter_t){hear, b};
	b->options.seed = 1;
	b->source = (ts_source_t){.is_zone = zone, .name = zone ? "p.example" : path, .path = path};
	assert_int_equal(ts_name_from_text(&b->source.zone, "p.example", 9, NULL), TS_OK);
}

static ts_look_t bench_look(bench_t *b, bool at_once)
{
	return ts_source_look(&b->m, &b->source, &b->options, at_once, b->why, sizeof(b->why));
}

static void bench_end(bench_t *b)
{
	ts_policy_unref(b->source.policy);
	host_free(b->host);
}

/* Files in the folder whose name begins with this. */
static unsigned count_files(const bench_t *b, const char *prefix)
{
	char command[256], line[32] = "";

	snprintf(command, sizeof(command), "ls -d %s/%s* 2>/dev/null | wc -l", b->host->folder,
		prefix);
	FILE *out = popen(command, "r");
	assert_non_null(out);
	assert_non_null(fgets(line, sizeof(line), out));
	assert_int_equal(pclose(out), 0);
	return (unsigned)strtoul(line, NULL, 10);
}

/* --- last good copies */

/* Called before a file is opened by this name. */
static struct {
	const char *path;
	void (*call)(void);
} opening;

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);

FILE *__wrap_fopen(const char *path, const char *mode)
{
	if (opening.path && strcmp(path, opening.path) == 0) {
		opening.path = NULL;
		opening.call();
	}
	return __real_fopen(path, mode);
}

static void copies__are_recalled(void **state)
{
	bench_t b;
	ts_source_t later;

	(void)state;
	bench_begin(&b, false);
	later = b.source;
	assert_int_equal(ts_source_recall(&b.m, &later, &b.options), TS_ENOENT);
	assert_int_equal(bench_look(&b, true), TS_LOOK_LOADED);
	assert_null(strstr(b.said, "could not be kept"));
	assert_int_equal(count_files(&b, "policy-file-"), 1);
	assert_int_equal(ts_source_recall(&b.m, &later, &b.options), TS_OK);
	assert_int_equal(ts_policy_serial(later.policy), 1);
	ts_policy_unref(later.policy);
	b.m.state_dir = NULL; /* then none is kept, and none is there */
	assert_int_equal(ts_source_recall(&b.m, &later, &b.options), TS_ENOENT);
	host_write("policy.zone", POLICY);
	assert_int_equal(bench_look(&b, true), TS_LOOK_LOADED);
	assert_null(strstr(b.said, "could not be kept"));
	bench_end(&b);
}

static void write_it_anew(void)
{
	host_write("policy.zone", POLICY "; and more\n");
}

static void take_it_away(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/policy.zone", host->folder);
	assert_int_equal(unlink(path), 0);
}

/* Whatever keeps a copy from being written: the policy is in force, a warning says why, and nothing
 * half written is left. */
static void copies__that_cannot_be_kept(void **state)
{
	enum obstacle { NO_FOLDER, A_FOLDER_THERE, DISK_FULL, CHANGED, GONE, SPEECHLESS };
	static const struct {
		const char *what;
		enum obstacle obstacle;
		bool zone;
		const char *said;
	} rows[] = {
		{"no state-dir", NO_FOLDER, false, "No such file or directory"},
		{"no state-dir, zone", NO_FOLDER, true, "No such file or directory"},
		{"a folder in its place", A_FOLDER_THERE, false, "Is a directory"},
		{"a folder in its place, zone", A_FOLDER_THERE, true, "Is a directory"},
		{"disk full", DISK_FULL, false, "File too large"},
		{"disk full, zone", DISK_FULL, true, "File too large"},
		{"written to meanwhile", CHANGED, false, "the file has changed meanwhile"},
		{"gone meanwhile", GONE, false, ""},
		{"no text", SPEECHLESS, true, "a record has no text"},
	};
	struct rlimit all, little;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &all), 0);
	little = all;
	little.rlim_cur = 16;
	for (size_t i = 0; i < countof(rows); i++) {
		bench_t b;
		char path[256], nowhere[128];

		bench_begin(&b, rows[i].zone);
		if (rows[i].zone)
			zone_new(b.host, POLICY);
		snprintf(nowhere, sizeof(nowhere), "%s/nowhere", b.host->folder);
		switch (rows[i].obstacle) {
		case NO_FOLDER:
			b.m.state_dir = nowhere;
			break;
		case A_FOLDER_THERE: /* its name is known once it is there */
			assert_int_equal(bench_look(&b, true), TS_LOOK_LOADED);
			snprintf(path, sizeof(path),
				"for f in %s/policy-*-*; do rm $f; mkdir $f; done", b.host->folder);
			assert_int_equal(system(path), 0);
			b.source.has_tried = false;
			break;
		case DISK_FULL:
			assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
			break;
		case CHANGED:
		case GONE:
			opening.path = b.source.path;
			opening.call = rows[i].obstacle == GONE ? take_it_away : write_it_anew;
			break;
		case SPEECHLESS:
			b.host->speechless = true;
		}
		assert_row(rows[i].what, bench_look(&b, true) == TS_LOOK_LOADED);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
		assert_row(rows[i].what, b.source.policy && strstr(b.said, rows[i].said));
		assert_row(rows[i].what,
			(rows[i].said[0] != '\0') == (strstr(b.said, "could not be kept") != NULL));
		assert_row(rows[i].what,
			count_files(&b, "policy-") == (rows[i].obstacle == A_FOLDER_THERE));
		if (rows[i].zone)
			zone_free(b.host);
		bench_end(&b);
	}
	(void)signal(SIGXFSZ, SIG_DFL);
}

/* --- auth-zones */

/* What an operator is told while a zone is on its way, and that nothing is said of it twice. */
static void zones__on_their_way(void **state)
{
	bench_t b;
	struct module_env validating;

	(void)state;
	bench_begin(&b, true);
	b.m.env->auth_zones = NULL;
	assert_int_equal(bench_look(&b, true), TS_LOOK_SAME);
	b.m.env->auth_zones = &b.host->zones;
	for (int turn = 0; turn < 25; turn++) {
		ts_look_t look = bench_look(&b, false);
		assert_int_equal(look, turn == 8 ? TS_LOOK_MISSING : TS_LOOK_SAME);
		assert_string_equal(b.why, "unbound.conf has no auth-zone p.example");
	}
	zone_new(b.host, POLICY);
	b.host->serial = 0;
	assert_int_equal(bench_look(&b, false), TS_LOOK_SAME);
	assert_string_equal(b.why, "auth-zone p.example has no data yet");
	/* It is there: looked at once more, in case that Unbound still refuses it; and not as long
	 * as it looks for the keys of its ZONEMD. */
	b.host->serial = 1;
	assert_int_equal(bench_look(&b, false), TS_LOOK_SAME);
	b.host->zone->zonemd_callback_env = &validating;
	assert_int_equal(bench_look(&b, true), TS_LOOK_SAME);
	assert_null(b.source.policy);
	b.host->zone->zonemd_callback_env = NULL;
	assert_int_equal(bench_look(&b, false), TS_LOOK_LOADED);
	assert_int_equal(ts_policy_serial(b.source.policy), 1);
	assert_int_equal(bench_look(&b, true), TS_LOOK_SAME);
	/* Expired: said once, and what comes after it is taken although its serial is the same. */
	b.host->zone->zone_expired = 1;
	assert_int_equal(bench_look(&b, false), TS_LOOK_REFUSED);
	assert_non_null(strstr(b.why, "has expired"));
	b.source.in_trouble = true;
	assert_int_equal(bench_look(&b, false), TS_LOOK_SAME);
	b.host->zone->zone_expired = 0;
	assert_int_equal(bench_look(&b, false), TS_LOOK_SAME);
	assert_int_equal(bench_look(&b, false), TS_LOOK_LOADED);
	zone_free(b.host);
	bench_end(&b);
}

static void zones__that_are_no_policy(void **state)
{
	bench_t b;

	(void)state;
	bench_begin(&b, true);
	zone_new(b.host,
		POLICY "$ORIGIN p.example.\nm1.zones IN PTR army.mil.\nx.zones TXT \"?\"\n");
	assert_int_equal(bench_look(&b, true), TS_LOOK_REFUSED);
	assert_non_null(strstr(b.why, "auth-zone p.example"));
	assert_null(b.source.policy);
	assert_int_equal(bench_look(&b, true), TS_LOOK_SAME); /* of that serial, once */
	zone_free(b.host);
	bench_end(&b);
}

#define MANY 3000

/* More than fits where the records are first put; every one of them counts. The first is larger
 * than that by itself. */
static void zones__that_are_large(void **state)
{
	bench_t b;
	size_t size = 64 * MANY + 70000, n;
	char *text = malloc(size);

	(void)state;
	assert_non_null(text);
	n = (size_t)snprintf(text, size, "%s$ORIGIN p.example.\n", POLICY);
	for (unsigned i = 2; i <= MANY; i++)
		n += (size_t)snprintf(
			text + n, size - n, "m%u.zones PTR name-%u.example.mil.\n", i, i);
	n += (size_t)snprintf(text + n, size - n, "long.other.ext TXT");
	for (unsigned i = 0; i < 256; i++)
		n += (size_t)snprintf(text + n, size - n, " %0*d", i < 255 ? 255 : 240, 0);
	n += (size_t)snprintf(text + n, size - n, "\n");
	assert_true(n < size);
	bench_begin(&b, true);
	zone_new(b.host, text);
	assert_int_equal(bench_look(&b, true), TS_LOOK_LOADED);
	assert_int_equal(ts_policy_members(b.source.policy), MANY);
	zone_free(b.host);
	bench_end(&b);
	free(text);
}

/* Each allocation of a look fails in turn: the policy that is in force stays, it is said, and the
 * next look takes the new one. */
static void memory__of_a_look(void **state)
{
	(void)state;
	for (int zone = 0; zone < 2; zone++) {
		bench_t b;
		unsigned n = 0, refused = 0;

		bench_begin(&b, zone);
		if (zone)
			zone_new(b.host, POLICY);
		for (bool more = true; more; n++) {
			ts_look_t look = TS_LOOK_SAME;
			const ts_policy_t *before = b.source.policy;

			b.source.has_tried = false;
			REFUSING(true, n, look = bench_look(&b, true));
			more = refusals.ever;
			if (look == TS_LOOK_LOADED)
				continue; /* what failed was the copy's, or nothing */
			refused++;
			assert_int_equal(look, TS_LOOK_REFUSED);
			assert_non_null(strstr(b.why, "out of memory"));
			assert_ptr_equal(b.source.policy, before);
			assert_int_equal(bench_look(&b, true), TS_LOOK_LOADED);
		}
		assert_true(refused > 5 && n > refused);
		if (zone)
			zone_free(b.host);
		bench_end(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zones__on_their_way),
		cmocka_unit_test(zones__that_are_no_policy),
		cmocka_unit_test(zones__that_are_large),
		cmocka_unit_test(memory__of_a_look),
		cmocka_unit_test(copies__are_recalled),
		cmocka_unit_test(copies__that_cannot_be_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
