/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink doctor: does this installation do what its operator thinks? unbound-checkconf never
 * loads a module, so this is what there is to ask before Unbound is started.
 *
 * How to add a check: a function below and a row in the table `checks`; typosink(1) has a list that
 * a test compares with the table.
 */
#include "config.h"

#include "command.h"
#include "elf_id.h"
#include "spawn.h"
#include "unbound_conf.h"

#include "../src/conf.h"
#include "../src/json.h"
#include "../src/policy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <glob.h>
#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GROUPS_MAX 64
#define TEXT_MAX 2048
/* Releases that the module is built and tested with; others may work. */
#define OLDEST_MINOR 17
#define NEWEST_MINOR 26
/* A shipper that is further behind than this needs somebody to look at it. */
#define LAG_OCTETS (1024 * 1024)

typedef enum result { GOOD, HINT, WARN, BAD } result_t;
static const char *const result_words[] = {"good", "note", "warning", "problem"};

typedef struct doctor {
	const char *unbound;   /* program */
	const char *checkconf; /* program */
	const char *config;    /* unbound.conf */
	const char *conf_path; /* typosink.conf, as the module names it: inside the chroot */
	bool json;

	ts_unbound_conf_t *settings; /* NULL: not readable */
	bool config_holds;           /* unbound-checkconf says so: values can be asked for */
	char *chroot;                /* no slash at its end; "" for none */
	char *username;              /* "" for none */
	uid_t uid;
	gid_t groups[GROUPS_MAX];
	int ngroups;       /* 0: the user is not known, or none is configured */
	char *module_file; /* as seen from outside the chroot; NULL: none */
	ts_conf_t conf;
	bool conf_read;

	const char *check; /* name of the one that runs */
	unsigned counts[4];
} doctor_t;

/* What must change for a finding to go away: a line of text, and where. */
typedef struct change {
	const ts_setting_t *at; /* the line that is there; NULL: it must be added */
	const char *file;       /* where to add it */
	const char *line;       /* NULL: nothing to change */
} change_t;

static void print_json(doctor_t *d, result_t result, const change_t *change, const char *message)
{
	char buf[4 * TEXT_MAX];
	ts_json_t j;

	ts_json_init(&j, buf, sizeof(buf));
	ts_json_object(&j, NULL);
	ts_json_str(&j, "check", d->check);
	ts_json_str(&j, "result", result_words[result]);
	ts_json_str(&j, "message", message);
	if (change && change->line) {
		if (change->at)
			ts_json_int(&j, "line", change->at->line);
		if (change->at || change->file)
			ts_json_str(&j, "file", change->at ? change->at->file : change->file);
		ts_json_str(&j, "change", change->line);
	}
	ts_json_close(&j, '}');
	if (ts_json_finish(&j))
		puts(buf);
}

static void found(doctor_t *d, result_t result, const change_t *change, const char *fmt, ...)
	TS_PRINTF(4, 5);
static void found(doctor_t *d, result_t result, const change_t *change, const char *fmt, ...)
{
	char message[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	d->counts[result]++;
	if (d->json) {
		print_json(d, result, change, message);
		return;
	}
	for (char *c = message; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
	printf("%-8s %-14s %s\n", result_words[result], d->check, message);
	if (!change || !change->line)
		return;
	if (change->at)
		printf("%24s%s:%u: change to:\n", "", change->at->file, change->at->line);
	else if (change->file)
		printf("%24s%s: add:\n", "", change->file);
	printf("%24s    %s\n", "", change->line);
}

/* A ts_diag_fn. */
static void found_diag(void *arg, const ts_diag_t *diag)
{
	static const result_t results[] = {HINT, WARN, BAD};
	char line[TEXT_MAX];

	ts_diag_format(diag, line, sizeof(line));
	found(arg, results[diag->severity], NULL, "%s", line);
}

/* The value of an option of Unbound's server, as Unbound reads it; the caller frees it. NULL where
 * it cannot be had (the program does not know the option). */
static char *unbound_value(const doctor_t *d, const char *option)
{
	const char *argv[] = {d->checkconf, "-o", option, d->config, NULL};
	char *text;
	int code;

	if (!d->config_holds || ts_spawn(argv, &text, &code) != TS_OK)
		return NULL;
	if (code != 0) {
		free(text);
		return NULL;
	}
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static bool value_is(const doctor_t *d, const char *option, const char *want)
{
	char *value = unbound_value(d, option);
	bool same = value && strcmp(value, want) == 0;

	free(value);
	return same;
}

/* Where a server option is set, or would be. */
static change_t change_to(
	const doctor_t *d, const char *section, const char *name, const char *line)
{
	const ts_setting_t *at =
		d->settings ? ts_unbound_conf_last(d->settings, section, name) : NULL;
	return (change_t){at, d->config, line};
}

/* A path as the module names it, as it is seen from outside. */
static void outside(const doctor_t *d, const char *path, char *buf, size_t size)
{
	size_t root = strlen(d->chroot);
	/* Unbound takes names with the chroot in front as well, and so may an operator mean it. */
	bool has_root = root && strncmp(path, d->chroot, root) == 0 && path[root] == '/';
	snprintf(buf, size, "%s%s", has_root ? "" : d->chroot, path);
}

/**
 * Asks the kernel what Unbound's user may do with a file, inside the chroot: a child becomes that
 * user. Only root can; anybody else asks for himself.
 * \return 0, or an errno.
 */
static int access_as_unbound(const doctor_t *d, const char *path, int mode)
{
	size_t root = strlen(d->chroot);
	if (root && strncmp(path, d->chroot, root) == 0 && path[root] == '/')
		path += root;
	pid_t child = fork();
	if (child < 0)
		return errno;
	if (child == 0) {
		if (geteuid() == 0) {
			if (root && (chroot(d->chroot) != 0 || chdir("/") != 0))
				_exit(errno);
			if (d->ngroups && (setgroups((size_t)d->ngroups, d->groups) != 0 ||
						  setgid(d->groups[0]) != 0 || setuid(d->uid) != 0))
				_exit(errno);
			_exit(access(path, mode) == 0 ? 0 : errno);
		}
		char buf[4096];
		outside(d, path, buf, sizeof(buf));
		_exit(access(buf, mode) == 0 ? 0 : errno);
	}
	int status;
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : ECHILD;
}

static const char *who(const doctor_t *d)
{
	return d->ngroups && geteuid() == 0 ? d->username : "this user";
}

/* --- the checks */

static void check_unbound(doctor_t *d)
{
	const char *argv[] = {d->unbound, "-V", NULL};
	char *text, version[64] = "?";
	unsigned major = 0, minor = 0;
	int code;

	if (ts_spawn(argv, &text, &code) != TS_OK) {
		found(d, BAD, NULL, "%s: %s (name the program with --unbound)", d->unbound,
			strerror(errno));
		return;
	}
	const char *v = strstr(text, "Version ");
	if (v && sscanf(v, "Version %63s", version) == 1)
		sscanf(version, "%u.%u", &major, &minor);
	char *modules = strstr(text, "Linked modules:");
	if (modules)
		modules[strcspn(modules, "\n")] = '\0';
	if (!v || !modules) {
		found(d, BAD, NULL, "%s is no Unbound: it does not answer -V", d->unbound);
	} else if (!strstr(modules, " dynlib")) {
		change_t change = {NULL, NULL,
			"build Unbound with ./configure --with-dynlibmodule, or install a package "
			"that "
			"is (doc/install.md)"};
		found(d, BAD, &change,
			"%s (%s) was built without dynlib and cannot load a module: %s", d->unbound,
			version, modules);
	} else if (major != 1 || minor < OLDEST_MINOR || minor > NEWEST_MINOR) {
		found(d, WARN, NULL, "%s is release %s; typosink is tested with 1.%d to 1.%d",
			d->unbound, version, OLDEST_MINOR, NEWEST_MINOR);
	} else {
		found(d, GOOD, NULL, "%s %s, with dynlib", d->unbound, version);
	}
	free(text);
}

static void check_config(doctor_t *d)
{
	const char *argv[] = {d->checkconf, d->config, NULL};
	char *text;
	int code;

	if (ts_spawn(argv, &text, &code) != TS_OK) {
		found(d, BAD, NULL, "%s: %s (name the program with --checkconf)", d->checkconf,
			strerror(errno));
		return;
	}
	if (code == 0) {
		found(d, GOOD, NULL, "%s holds", d->config);
	} else {
		text[strcspn(text, "\n")] = '\0';
		found(d, BAD, NULL, "%s does not hold: %s", d->config, text);
	}
	free(text);
}

static void check_modules(doctor_t *d)
{
	char *modules = unbound_value(d, "module-config");
	char line[TEXT_MAX], rest[TEXT_MAX] = "";
	bool dynlib = false, dns64 = false;
	const char *before = NULL; /* what must come after dynlib and does not */
	const char *misfit = NULL; /* what Unbound refuses beside dns64 and dynlib */
	change_t change;

	if (!modules)
		return; /* `config` has said why */
	char *save = NULL;
	for (char *m = strtok_r(modules, " \t", &save); m; m = strtok_r(NULL, " \t", &save)) {
		if (strcmp(m, "dynlib") == 0) {
			dynlib = true;
			continue;
		}
		if (strcmp(m, "dns64") == 0) {
			dns64 = true;
			if (dynlib)
				before = NULL, misfit = "";
			continue;
		}
		if (!dynlib && !before)
			before = m;
		if (strcmp(m, "subnetcache") == 0 || strcmp(m, "respip") == 0)
			misfit = misfit && *misfit ? misfit : m;
		size_t n = strlen(rest);
		snprintf(rest + n, sizeof(rest) - n, " %s", m);
	}
	bool dns64_late = misfit && !*misfit;
	snprintf(line, sizeof(line), "module-config: \"%sdynlib%s\"", dns64 ? "dns64 " : "", rest);
	change = change_to(d, "server", "module-config", line);
	if (!dynlib)
		found(d, BAD, &change, "module-config does not name dynlib: nothing is loaded");
	else if (dns64_late)
		found(d, BAD, &change,
			"dns64 comes after dynlib: it would make addresses from the real answer");
	else if (before)
		found(d, BAD, &change,
			"%s comes before dynlib: what it answers by itself is out of typosink's "
			"reach",
			before);
	else
		found(d, GOOD, NULL, "dynlib is where it must be");
	if (dns64 && misfit && *misfit)
		found(d, WARN, NULL, "Unbound refuses %s beside dns64 and dynlib: one must go",
			misfit);
	free(modules);
}

static void check_module_file(doctor_t *d)
{
	change_t change =
		change_to(d, "dynlib", "dynlib-file", "dynlib-file: \"PATH/typosink.so\"");

	if (!d->config_holds)
		return;
	if (!d->module_file) {
		found(d, BAD, &change, "no dynlib-file names the module");
		return;
	}
	int err = access_as_unbound(d, d->module_file, R_OK);
	if (err == ENOENT && *d->chroot)
		found(d, BAD, &change,
			"%s is not there: Unbound opens the module inside its chroot %s",
			d->module_file, d->chroot);
	else if (err)
		found(d, BAD, &change, "%s cannot be read by %s: %s", d->module_file, who(d),
			strerror(err));
	else
		found(d, GOOD, NULL, "%s can be read by %s", d->module_file, who(d));
}

static void check_build(doctor_t *d)
{
	char id[TS_ELF_ID_MAX];
	bool named;

	if (!d->module_file)
		return;
	int code = ts_elf_build_id(d->unbound, id);
	if (code != TS_OK) {
		found(d, HINT, NULL,
			"%s has no build-id that can be read: whether the module fits is seen when "
			"Unbound loads it",
			d->unbound);
		return;
	}
	code = ts_elf_contains(d->module_file, id, &named);
	if (code != TS_OK) {
		found(d, BAD, NULL, "%s: %s", d->module_file, strerror(errno));
	} else if (!named) {
		change_t change = {NULL, NULL,
			"build the module against the Unbound that will load it: "
			"./configure --with-unbound-src=DIR (doc/install.md)"};
		found(d, BAD, &change,
			"%s was not built for this %s (build-id %s) and will refuse it",
			d->module_file, d->unbound, id);
	} else {
		found(d, GOOD, NULL, "the module was built for this very Unbound (build-id %s)",
			id);
	}
}

static void check_conf(doctor_t *d)
{
	const ts_reporter_t report = {found_diag, d};
	char path[4096];
	unsigned bad = d->counts[BAD];

	outside(d, d->conf_path, path, sizeof(path));
	int err = access_as_unbound(d, d->conf_path, R_OK);
	if (err) {
		found(d, BAD, NULL, "%s cannot be read by %s: %s%s", path, who(d), strerror(err),
			*d->chroot ? " (the module looks inside the chroot)" : "");
		return;
	}
	int code = ts_conf_read(&d->conf, path, &report);
	d->conf_read = true;
	if (code == TS_OK)
		found(d, GOOD, NULL, "%s holds", path);
	else if (bad == d->counts[BAD])
		found(d, BAD, NULL, "%s: %s", path, ts_strerror(code));
	if (!d->conf.policy_files.count && !d->conf.policy_zones.count) {
		change_t change = {NULL, path, "policy-file: \"PATH\""};
		found(d, BAD, &change, "no policy: nothing is intercepted");
	}
}

/* What the module does with the paths of typosink.conf. */
typedef enum use { READS, WRITES, KEEPS } use_t;

static void check_path(doctor_t *d, const char *option, const char *path, use_t use)
{
	char folder[4096], text[4096];

	if (!path)
		return;
	outside(d, path, text, sizeof(text));
	int err = access_as_unbound(d, path,
		use == KEEPS    ? R_OK | W_OK | X_OK
		: use == WRITES ? W_OK
				: R_OK);
	if (use == WRITES && (err == 0 || err == ENOENT)) {
		/* It is made anew whenever somebody has renamed it. */
		snprintf(folder, sizeof(folder), "%s", path);
		char *slash = strrchr(folder, '/');
		if (slash)
			slash[slash == folder] = '\0';
		err = access_as_unbound(d, slash ? folder : ".", W_OK | X_OK);
		if (err) {
			found(d, BAD, NULL, "%s: %s may not make files in the folder of %s: %s",
				option, who(d), text, strerror(err));
			return;
		}
	}
	if (err)
		found(d, BAD, NULL, "%s: %s cannot %s %s: %s%s", option, who(d),
			use == READS ? "read" : "write", text, strerror(err),
			err == ENOENT && *d->chroot ? " (paths are inside the chroot)" : "");
	else
		found(d, GOOD, NULL, "%s: %s %s %s", option, who(d),
			use == READS ? "can read" : "can write", text);
}

static void check_paths(doctor_t *d)
{
	if (!d->conf_read)
		return;
	if (geteuid() != 0 && d->ngroups && d->uid != geteuid())
		found(d, HINT, NULL, "run as root to see what user %s may do", d->username);
	for (size_t i = 0; i < d->conf.policy_files.count; i++)
		check_path(d, "policy-file", d->conf.policy_files.items[i], READS);
	const struct {
		const char *option, *path;
		use_t use;
	} paths[] = {
		{"popular-file", d->conf.popular_file, READS},
		{"alert-client-key-file", d->conf.alert_client_key_file, READS},
		{"alert-file", d->conf.alert_file, WRITES},
		{"metrics-file", d->conf.metrics_file, WRITES},
		{"state-dir", d->conf.state_dir, KEEPS},
	};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		check_path(d, paths[i].option, paths[i].path, paths[i].use);
	if (!d->conf.alert_file)
		found(d, WARN, &(change_t){NULL, d->conf_path, "alert-file: \"PATH\""},
			"no alert-file: nobody is told");
	if (!d->conf.state_dir)
		found(d, WARN, &(change_t){NULL, d->conf_path, "state-dir: \"PATH\""},
			"no state-dir: the last good policy does not survive a restart");
}

static void check_policy(doctor_t *d)
{
	const ts_reporter_t report = {found_diag, d};
	const ts_policy_options_t options = {.now = time(NULL)};
	char path[4096], name[TS_NAME_TEXT_MAX];

	if (!d->conf_read)
		return;
	for (size_t i = 0; i < d->conf.policy_files.count; i++) {
		ts_policy_t *policy;
		outside(d, d->conf.policy_files.items[i], path, sizeof(path));
		int code = ts_policy_load_file(path, &options, &report, &policy);
		if (code != TS_OK) {
			found(d, BAD, NULL, "%s does not load: %s", path, ts_strerror(code));
			continue;
		}
		ts_name_to_text(ts_policy_name(policy), name, sizeof(name));
		found(d, GOOD, NULL, "%s: policy %s, serial %u, %zu protected", path, name,
			ts_policy_serial(policy), ts_policy_members(policy));
		ts_policy_unref(policy);
	}
}

static bool same_zone(const char *a, const char *b)
{
	size_t m = strlen(a), n = strlen(b);
	m -= m > 1 && a[m - 1] == '.';
	n -= n > 1 && b[n - 1] == '.';
	return m == n && strncasecmp(a, b, n) == 0;
}

/* The clause of an auth-zone; NULL: none. */
static const ts_setting_t *auth_zone(const doctor_t *d, const char *zone)
{
	for (size_t i = 0; d->settings && i < ts_unbound_conf_count(d->settings); i++) {
		const ts_setting_t *s = ts_unbound_conf_at(d->settings, i);
		if (strcmp(s->section, "auth-zone") == 0 && strcmp(s->name, "name") == 0 &&
			same_zone(s->value, zone))
			return s;
	}
	return NULL;
}

static const ts_setting_t *clause_get(
	const doctor_t *d, const ts_setting_t *clause, const char *name)
{
	const ts_setting_t *s = NULL, *last = NULL;
	while ((s = ts_unbound_conf_in_clause(d->settings, clause->clause, name, s)))
		last = s;
	return last;
}

static void check_auth_zone(doctor_t *d)
{
	if (!d->conf_read || !d->settings)
		return;
	for (size_t i = 0; i < d->conf.policy_zones.count; i++) {
		const char *zone = d->conf.policy_zones.items[i];
		const ts_setting_t *clause = auth_zone(d, zone);
		unsigned begun = d->counts[WARN] + d->counts[BAD];
		if (!clause) {
			char line[TEXT_MAX];
			snprintf(line, sizeof(line),
				"auth-zone: name: \"%s\" primary: ADDRESS for-downstream: no "
				"for-upstream: no zonefile: \"%s.zone\"",
				zone, zone);
			found(d, BAD, &(change_t){NULL, d->config, line},
				"policy-zone %s is no auth-zone of this Unbound", zone);
			continue;
		}
		/* Both are yes by default: then clients could ask for the policy, and Unbound would
		 * take it for the real world. */
		static const char *const directions[] = {"for-downstream", "for-upstream"};
		for (size_t k = 0; k < 2; k++) {
			char line[64];
			const ts_setting_t *s = clause_get(d, clause, directions[k]);
			snprintf(line, sizeof(line), "%s: no", directions[k]);
			if (!s || strcmp(s->value, "no") != 0)
				found(d, WARN, &(change_t){s, clause->file, line},
					"auth-zone %s is also used to answer (%s)", zone,
					directions[k]);
		}
		const ts_setting_t *primary = clause_get(d, clause, "primary");
		primary = primary ? primary : clause_get(d, clause, "master");
		const ts_setting_t *file = clause_get(d, clause, "zonefile");
		if (!primary && !clause_get(d, clause, "url") && !file)
			found(d, BAD, &(change_t){NULL, clause->file, "primary: ADDRESS"},
				"auth-zone %s comes from nowhere", zone);
		if (primary && !file)
			found(d, WARN, &(change_t){NULL, clause->file, "zonefile: \"FILE\""},
				"auth-zone %s has no zonefile: after a restart there is no policy "
				"until "
				"the primary answers",
				zone);
		if (primary &&
			strspn(primary->value, "0123456789abcdefABCDEF.:@") !=
				strlen(primary->value) &&
			!clause_get(d, clause, "allow-notify"))
			found(d, WARN, &(change_t){NULL, clause->file, "allow-notify: ADDRESS"},
				"the primary of auth-zone %s is given by name (%s): its NOTIFY "
				"counts only "
				"from the addresses of that name",
				zone, primary->value);
		const ts_setting_t *zonemd = clause_get(d, clause, "zonemd-check");
		if (primary && (!zonemd || strcmp(zonemd->value, "yes") != 0))
			found(d, HINT, &(change_t){zonemd, clause->file, "zonemd-check: yes"},
				"auth-zone %s is transferred without TSIG (Unbound has none for "
				"it): let a "
				"ZONEMD prove its content",
				zone);
		if (begun == d->counts[WARN] + d->counts[BAD])
			found(d, GOOD, NULL,
				"auth-zone %s is set up (%s:%u); NOTIFY counts from %s%s", zone,
				clause->file, clause->line, primary ? primary->value : "nobody",
				clause_get(d, clause, "allow-notify") ? " and allow-notify" : "");
	}
}

static void check_serve_expired(doctor_t *d)
{
	if (!d->config_holds)
		return;
	if (!value_is(d, "serve-expired", "yes")) {
		found(d, GOOD, NULL,
			"serve-expired is off: what was cached before a policy ends with "
			"its TTL at the latest");
		return;
	}
	if (value_is(d, "serve-expired-ttl", "0")) {
		change_t change =
			change_to(d, "server", "serve-expired-ttl", "serve-expired-ttl: 86400");
		found(d, WARN, &change,
			"serve-expired without an end: a real answer from before the "
			"policy is kept for ever; typosink takes out what it can find, a limit "
			"bounds "
			"the rest");
		return;
	}
	found(d, GOOD, NULL, "serve-expired has an end");
}

static void check_answers(doctor_t *d)
{
	if (!d->config_holds)
		return;
	if (value_is(d, "ede", "no")) {
		change_t change = change_to(d, "server", "ede", "ede: yes");
		found(d, HINT, &change, "clients are not told why (\"did you mean army.mil?\")");
		return;
	}
	found(d, GOOD, NULL, "answers say why (Extended DNS Errors are on)");
}

static void check_alerts(doctor_t *d)
{
	char path[4096], when[64];
	struct stat st;
	struct tm tm;

	if (!d->conf_read || !d->conf.alert_file)
		return;
	outside(d, d->conf.alert_file, path, sizeof(path));
	if (stat(path, &st) != 0) {
		found(d, errno == ENOENT ? HINT : BAD, NULL, "%s: %s%s", path, strerror(errno),
			errno == ENOENT ? ": the module has not been loaded yet" : "");
		return;
	}
	if (!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode)) {
		found(d, BAD, NULL, "%s is no file", path);
		return;
	}
	gmtime_r(&st.st_mtime, &tm);
	strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (st.st_size == 0) {
		found(d, HINT, NULL, "%s is empty", path);
		return;
	}
	/* A start without a stop is a run that goes on or was cut off; an end in the middle of a
	 * line is a writer that was. */
	char last = '\n';
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || pread(fd, &last, 1, st.st_size - 1) != 1)
		found(d, WARN, NULL, "%s: %s", path, strerror(errno));
	else if (last != '\n')
		found(d, HINT, NULL,
			"%s ends in the middle of a line: it is being written, or a run "
			"was cut off",
			path);
	else
		found(d, GOOD, NULL, "%s, last written %s", path, when);
	if (fd >= 0)
		close(fd);
}

/* Shippers whose place in a file can be read: where they keep it, and the two keys of its JSON. */
static const struct shipper {
	const char *name, *state, *file, *offset;
} shippers[] = {
	{"rsyslog", "/var/spool/rsyslog/imfile-state:*", "filename", "curr_offs"},
	{"rsyslog", "/var/lib/rsyslog/imfile-state:*", "filename", "curr_offs"},
};

static bool shipper_place(
	doctor_t *d, const struct shipper *shipper, const char *state, const char *path, off_t size)
{
	bool mine = false;
	json_t *json = json_load_file(state, JSON_DISABLE_EOF_CHECK, NULL);
	const char *file = json_string_value(json_object_get(json, shipper->file));

	if (file && strcmp(file, path) == 0) {
		long long lag = size - (long long)json_integer_value(
					       json_object_get(json, shipper->offset));
		mine = true;
		found(d, lag > LAG_OCTETS ? WARN : GOOD, NULL, "%s is %lld octets behind (%s)",
			shipper->name, lag, state);
	}
	json_decref(json);
	return mine;
}

static void check_shipper(doctor_t *d)
{
	char path[4096];
	struct stat st;
	bool any = false;

	if (!d->conf_read || !d->conf.alert_file)
		return;
	outside(d, d->conf.alert_file, path, sizeof(path));
	if (stat(path, &st) != 0)
		return;
	for (size_t i = 0; i < sizeof(shippers) / sizeof(shippers[0]); i++) {
		glob_t states;
		if (glob(shippers[i].state, 0, NULL, &states) != 0)
			continue;
		for (size_t k = 0; k < states.gl_pathc; k++)
			any = shipper_place(
				      d, &shippers[i], states.gl_pathv[k], path, st.st_size) ||
			      any;
		globfree(&states);
	}
	if (!any)
		found(d, HINT, NULL, "no shipper that is known here reads %s", path);
}

static const struct check {
	const char *name;
	const char *oneline;
	void (*run)(doctor_t *d);
} checks[] = {
	{"unbound", "Unbound's release, and that it has dynlib", check_unbound},
	{"config", "unbound.conf holds", check_config},
	{"modules", "dynlib's place in module-config", check_modules},
	{"module", "dynlib-file, inside the chroot, for Unbound's user", check_module_file},
	{"build", "the module was built for this Unbound", check_build},
	{"conf", "typosink.conf holds", check_conf},
	{"paths", "what typosink.conf names can be read and written", check_paths},
	{"policy", "the policies load", check_policy},
	{"auth-zone", "zones that carry a policy: use, primary, NOTIFY, ZONEMD", check_auth_zone},
	{"serve-expired", "stale answers have an end", check_serve_expired},
	{"answers", "clients are told why", check_answers},
	{"alerts", "the alert file is written", check_alerts},
	{"shipper", "what ships the alerts keeps up", check_shipper},
};
#define NCHECKS (sizeof(checks) / sizeof(checks[0]))

/* --- the patient */

static void examine(doctor_t *d)
{
	const char *argv[] = {d->checkconf, "-o", "module-config", d->config, NULL};
	const ts_reporter_t report = {found_diag, d};
	char *text;
	int code;

	d->check = "config";
	if (ts_unbound_conf_read(d->config, &report, &d->settings) != TS_OK)
		d->settings = NULL;
	/* -o reads, and checks no more than that it can. */
	if (ts_spawn(argv, &text, &code) == TS_OK) {
		d->config_holds = code == 0;
		free(text);
	}
	d->chroot = unbound_value(d, "chroot");
	d->username = unbound_value(d, "username");
	if (d->chroot)
		for (size_t n = strlen(d->chroot); n && d->chroot[n - 1] == '/';)
			d->chroot[--n] = '\0';
	struct passwd *user = d->username && *d->username ? getpwnam(d->username) : NULL;
	if (user) {
		d->uid = user->pw_uid;
		d->ngroups = GROUPS_MAX;
		if (getgrouplist(d->username, user->pw_gid, d->groups, &d->ngroups) < 0)
			d->ngroups = GROUPS_MAX;
	}
	char *file = unbound_value(d, "dynlib-file");
	char path[4096];
	/* Several modules may be loaded; ours is known by its name. */
	for (size_t i = 0; d->settings && i < ts_unbound_conf_count(d->settings); i++) {
		const ts_setting_t *s = ts_unbound_conf_at(d->settings, i);
		if (strcmp(s->name, "dynlib-file") == 0 && strstr(s->value, "typosink")) {
			free(file);
			file = strdup(s->value);
		}
	}
	if (file && *file && d->chroot) {
		outside(d, file, path, sizeof(path));
		d->module_file = strdup(path);
	}
	free(file);
}

static void release(doctor_t *d)
{
	ts_unbound_conf_free(d->settings);
	ts_conf_release(&d->conf);
	free(d->chroot);
	free(d->username);
	free(d->module_file);
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	static const struct option options[] = {
		{"config", required_argument, NULL, 'c'},
		{"conf", required_argument, NULL, 't'},
		{"unbound", required_argument, NULL, 'u'},
		{"checkconf", required_argument, NULL, 'k'},
		{"json", no_argument, NULL, 'j'},
		{"list", no_argument, NULL, 'l'},
		{NULL, 0, NULL, 0},
	};
	const char *conf = getenv("TYPOSINK_CONF");
	doctor_t d = {
		.unbound = "unbound",
		.checkconf = "unbound-checkconf",
		.config = "/etc/unbound/unbound.conf",
		.conf_path = conf ? conf : SYSCONFDIR "/typosink.conf",
	};
	bool list = false;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
		switch (c) {
		case 'c':
			d.config = optarg;
			break;
		case 't':
			d.conf_path = optarg;
			break;
		case 'u':
			d.unbound = optarg;
			break;
		case 'k':
			d.checkconf = optarg;
			break;
		case 'j':
			d.json = true;
			break;
		case 'l':
			list = true;
			break;
		default:
			return command_bad_option(self, c, argv);
		}
	}
	if (optind < argc)
		return command_usage(self, "'%s' is too much", argv[optind]);
	if (list) {
		for (size_t i = 0; i < NCHECKS; i++)
			printf("%-14s %s\n", checks[i].name, checks[i].oneline);
		return EXIT_OK;
	}
	ts_conf_init(&d.conf);
	examine(&d);
	for (size_t i = 0; i < NCHECKS; i++) {
		d.check = checks[i].name;
		checks[i].run(&d);
	}
	release(&d);
	if (!d.json)
		printf("%u problem%s, %u warning%s, %u note%s, %u good\n", d.counts[BAD],
			d.counts[BAD] == 1 ? "" : "s", d.counts[WARN],
			d.counts[WARN] == 1 ? "" : "s", d.counts[HINT],
			d.counts[HINT] == 1 ? "" : "s", d.counts[GOOD]);
	return d.counts[BAD] ? EXIT_FOUND : EXIT_OK;
}

const ts_command_t cmd_doctor = {
	.name = "doctor",
	.oneline = "Checks an installation before Unbound is started",
	.usage = "doctor [-c UNBOUND.CONF] [--conf FILE] [--unbound FILE] [--checkconf FILE] "
		 "[--json] "
		 "[--list]",
	.help = "  -c, --config FILE   unbound.conf (/etc/unbound/unbound.conf)\n"
		"  --conf FILE         typosink.conf as the module names it, inside the chroot "
		"(or\n"
		"                      $TYPOSINK_CONF)\n"
		"  --unbound FILE      the server's program (unbound)\n"
		"  --checkconf FILE    Unbound's own check (unbound-checkconf)\n"
		"  --json              one JSON object a finding\n"
		"  --list              the checks\n"
		"\n"
		"Unbound's own check never loads a module, so this is what there is to ask before\n"
		"a start. Every finding that is not good comes with the line to change. Run it as\n"
		"root: what Unbound's user may do is then tried as that user, inside the chroot.\n"
		"The exit code is 1 where there is a problem; warnings and notes leave it 0.\n",
	.run = run,
};
