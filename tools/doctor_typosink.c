/* SPDX-License-Identifier: BSD-3-Clause
 *
 * doctor_typosink: the checks of what is ours: typosink.conf and what it names, the policies, the
 * alerts and what ships them, and what runs at the moment.
 */
#include "config.h"

#include "alert_file.h"
#include "command.h"
#include "doctor.h"
#include "metrics_file.h"

#include "../src/policy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A shipper that is further behind than this needs somebody to look at it. */
#define LAG_OCTETS (1024 * 1024)

void check_conf(doctor_t *d)
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

void check_paths(doctor_t *d)
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

void check_policy(doctor_t *d)
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

void check_auth_zone(doctor_t *d)
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

void check_alerts(doctor_t *d)
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

/* Where rsyslog's imfile keeps how far it has read: the work folder of Debian, and of others. */
static const char *const rsyslog_places[] = {"/var/spool/rsyslog", "/var/lib/rsyslog"};

static void found_lag(
	doctor_t *d, const char *name, const char *state, off_t size, long long offset)
{
	long long lag = (long long)size - offset;
	found(d, lag > LAG_OCTETS ? WARN : GOOD, NULL, "%s is %lld octets behind (%s)", name, lag,
		state);
}

/* The state's name has the inode: one that was rotated away is still there, under the same path.
 * \return true when the state is about the alert file. */
static bool rsyslog_state(doctor_t *d, const char *state, const char *path, const struct stat *st)
{
	uintmax_t inode;
	bool mine = false;

	if (sscanf(strrchr(state, '/'), "/imfile-state:%ju", &inode) != 1 || inode != st->st_ino)
		return false;
	json_t *json = json_load_file(state, JSON_DISABLE_EOF_CHECK, NULL);
	const char *file = json_string_value(json_object_get(json, "filename"));

	if (file && strcmp(file, path) == 0) {
		mine = true;
		found_lag(d, "rsyslog", state, st->st_size,
			json_integer_value(json_object_get(json, "curr_offs")));
	}
	json_decref(json);
	return mine;
}

static bool rsyslog_folder(doctor_t *d, const char *folder, const char *path, const struct stat *st)
{
	char pattern[4096];
	glob_t states;
	bool any = false;

	snprintf(pattern, sizeof(pattern), "%s/imfile-state:*", folder);
	if (glob(pattern, 0, NULL, &states) != 0)
		return false;
	for (size_t k = 0; k < states.gl_pathc; k++)
		any = rsyslog_state(d, states.gl_pathv[k], path, st) || any;
	globfree(&states);
	return any;
}

/* The place of `typosink alerts --cursor`: how much of this file it has not handed on. */
static bool cursor_place(doctor_t *d, const char *cursor, const struct stat *file)
{
	alert_cursor_t place;

	if (alert_cursor_read(cursor, &place) != 0) {
		found(d, BAD, NULL, "%s: %s", cursor,
			errno == EBADMSG ? "neither a folder nor a cursor" : strerror(errno));
		return true;
	}
	if (place.dev != file->st_dev || place.ino != file->st_ino)
		found(d, WARN, NULL,
			"%s has not come to this alert file yet: it is in an older one", cursor);
	else
		found_lag(d, "typosink alerts", cursor, file->st_size, place.offset);
	return true;
}

void check_shipper(doctor_t *d)
{
	const char *own = d->shipper_state;
	char path[4096];
	struct stat st, state;
	bool any = false;

	if (!d->conf_read || !d->conf.alert_file)
		return;
	outside(d, d->conf.alert_file, path, sizeof(path));
	if (stat(path, &st) != 0)
		return;
	if (own && stat(own, &state) == 0 && S_ISDIR(state.st_mode))
		any = rsyslog_folder(d, own, path, &st);
	else if (own)
		any = cursor_place(d, own, &st);
	for (size_t i = 0; i < sizeof(rsyslog_places) / sizeof(rsyslog_places[0]); i++)
		any = rsyslog_folder(d, rsyslog_places[i], path, &st) || any;
	if (!any)
		found(d, HINT, NULL, "no shipper that is known here reads %s", path);
}

void check_running(doctor_t *d)
{
	char path[4096];
	json_t *samples = json_array(), *problems = NULL, *item;
	size_t i;

	if (!d->conf_read)
		goto cleanup;
	if (!d->conf.metrics_file) {
		found(d, HINT, &(change_t){NULL, d->conf_path, "metrics-file: \"PATH\""},
			"no metrics-file: what runs cannot be seen from here");
		goto cleanup;
	}
	outside(d, d->conf.metrics_file, path, sizeof(path));
	if (access(path, F_OK) != 0 && errno == ENOENT) {
		found(d, HINT, NULL, "%s: the module has not been loaded yet", path);
		goto cleanup;
	}
	if (metrics_read(path, samples) != EXIT_OK) {
		found(d, WARN, NULL, "%s cannot be read as metrics", path);
		goto cleanup;
	}
	problems = metrics_problems(samples, (double)time(NULL));
	json_array_foreach(problems, i, item)
	{
		found(d, WARN, NULL, "%s", json_string_value(item));
	}
	json_array_foreach(samples, i, item)
	{
		const char *name = json_string_value(json_object_get(item, "name"));
		const char *version = json_string_value(
			json_object_get(json_object_get(item, "labels"), "version"));
		if (strcmp(name, "build_info") != 0 || !version)
			continue;
		if (strcmp(version, PACKAGE_VERSION) != 0)
			found(d, WARN, &(change_t){NULL, NULL, "restart Unbound"},
				"typosink %s runs, and this is %s", version, PACKAGE_VERSION);
		else if (json_array_size(problems) == 0)
			found(d, GOOD, NULL, "typosink %s runs, heard of %.0f s ago", version,
				(double)time(NULL) -
					metrics_value(samples, "updated_timestamp_seconds"));
	}
cleanup:
	json_decref(samples);
	json_decref(problems);
}
