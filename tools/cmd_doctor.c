/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink doctor: does this installation do what its operator thinks? unbound-checkconf never
 * loads a module, so this is what there is to ask before Unbound is started.
 *
 * The checks themselves are in doctor_host.c and doctor_typosink.c; doctor.h says how to add one.
 */
#include "config.h"

#include "command.h"
#include "doctor.h"
#include "spawn.h"

#include "../src/json.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const result_words[] = {"good", "note", "warning", "problem"};

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

void found(doctor_t *d, result_t result, const change_t *change, const char *fmt, ...)
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
void found_diag(void *arg, const ts_diag_t *diag)
{
	static const result_t results[] = {HINT, WARN, BAD};
	char line[TEXT_MAX];

	ts_diag_format(diag, line, sizeof(line));
	found(arg, results[diag->severity], NULL, "%s", line);
}

/* The value of an option of Unbound's server, as Unbound reads it; the caller frees it. NULL where
 * it cannot be had (the program does not know the option). */
char *unbound_value(const doctor_t *d, const char *option)
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

bool value_is(const doctor_t *d, const char *option, const char *want)
{
	char *value = unbound_value(d, option);
	bool same = value && strcmp(value, want) == 0;

	free(value);
	return same;
}

/* Where a server option is set, or would be. */
change_t change_to(const doctor_t *d, const char *section, const char *name, const char *line)
{
	const ts_setting_t *at =
		d->settings ? ts_unbound_conf_last(d->settings, section, name) : NULL;
	return (change_t){at, d->config, line};
}

/* A path as the module names it, as it is seen from outside. */
void outside(const doctor_t *d, const char *path, char *buf, size_t size)
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
int access_as_unbound(const doctor_t *d, const char *path, int mode)
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

const char *who(const doctor_t *d)
{
	return d->ngroups && geteuid() == 0 ? d->username : "this user";
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
	{"apparmor", "the profile of Unbound lets the module do its work", check_apparmor},
	{"alerts", "the alert file is written", check_alerts},
	{"shipper", "what ships the alerts keeps up", check_shipper},
	{"running", "what runs now is well, and what is installed", check_running},
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
		{"shipper-state", required_argument, NULL, 's'},
		{"apparmor", required_argument, NULL, 'a'},
		{NULL, 0, NULL, 0},
	};
	const char *conf = getenv("TYPOSINK_CONF");
	doctor_t d = {
		.unbound = "unbound",
		.checkconf = "unbound-checkconf",
		.config = "/etc/unbound/unbound.conf",
		.apparmor = "/etc/apparmor.d",
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
		case 's':
			d.shipper_state = optarg;
			break;
		case 'a':
			d.apparmor = optarg;
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
		 "[--shipper-state PATH] [--apparmor DIR] [--list]",
	.help = "  -c, --config FILE   unbound.conf (/etc/unbound/unbound.conf)\n"
		"  --conf FILE         typosink.conf as the module names it, inside the chroot "
		"(or\n"
		"                      $TYPOSINK_CONF)\n"
		"  --unbound FILE      the server's program (unbound)\n"
		"  --checkconf FILE    Unbound's own check (unbound-checkconf)\n"
		"  --json              one JSON object a finding\n"
		"  --shipper-state DIR where rsyslog keeps its places, beside its usual folders; "
		"or\n"
		"                      the file of 'typosink alerts --cursor'\n"
		"  --apparmor DIR      AppArmor's profiles (/etc/apparmor.d)\n"
		"  --list              the checks\n"
		"\n"
		"Unbound's own check never loads a module, so this is what there is to ask before\n"
		"a start. Every finding that is not good comes with the line to change. Run it as\n"
		"root: what Unbound's user may do is then tried as that user, inside the chroot.\n"
		"The exit code is 1 where there is a problem; warnings and notes leave it 0.\n",
	.run = run,
};
