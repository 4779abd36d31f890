/* SPDX-License-Identifier: BSD-3-Clause
 *
 * doctor_host: the checks of what is not ours: Unbound, its configuration, the system around it.
 */
#include "config.h"

#include "doctor.h"
#include "elf_id.h"
#include "spawn.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Releases that the module is built and tested with; others may work. */
#define OLDEST_MINOR 17
#define NEWEST_MINOR 26

void check_unbound(doctor_t *d)
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

void check_config(doctor_t *d)
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

void check_modules(doctor_t *d)
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

void check_module_file(doctor_t *d)
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

void check_build(doctor_t *d)
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

void check_serve_expired(doctor_t *d)
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

void check_answers(doctor_t *d)
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

/* Is there a line in the file that has all of these? NULL stands for nothing. */
static bool file_says(const char *path, const char *one, const char *other)
{
	char line[TEXT_MAX];
	FILE *f = fopen(path, "re");
	bool says = false;

	while (f && !says && fgets(line, sizeof(line), f))
		says = line[strspn(line, " \t")] != '#' && strstr(line, one) &&
		       (!other || strstr(line, other));
	if (f)
		fclose(f);
	return says;
}

/* Debian's profile of Unbound knows nothing of a module. It takes rules from local/NAME. */
void check_apparmor(doctor_t *d)
{
	char local[4096], line[TEXT_MAX];
	glob_t profiles;
	bool on = file_says("/sys/module/apparmor/parameters/enabled", "Y", NULL);
	const char *profile = NULL;

	char *program = ts_program_path(d->unbound);
	if (!program || !d->module_file)
		goto cleanup;
	snprintf(line, sizeof(line), "%s/*", d->apparmor);
	if (glob(line, 0, NULL, &profiles) != 0) {
		found(d, GOOD, NULL, "no profiles here");
		goto cleanup;
	}
	snprintf(line, sizeof(line), "%s ", program);
	for (size_t i = 0; i < profiles.gl_pathc && !profile; i++)
		if (file_says(profiles.gl_pathv[i], line, "{"))
			profile = profiles.gl_pathv[i];
	if (!profile) {
		found(d, GOOD, NULL, "no profile is for %s", program);
	} else {
		snprintf(local, sizeof(local), "%s/local/%s", d->apparmor,
			strrchr(profile, '/') + 1);
		if (file_says(profile, "abstractions/typosink", NULL) ||
			file_says(local, "abstractions/typosink", NULL) ||
			file_says(profile, d->module_file, "m") ||
			file_says(local, d->module_file, "m"))
			found(d, GOOD, NULL, "the profile %s has rules for the module", profile);
		else
			found(d, on ? WARN : HINT,
				&(change_t){
					NULL, local, "include if exists <abstractions/typosink>"},
				"the profile %s has no rules for the module%s: it may read neither "
				"its configuration nor its policy (then: apparmor_parser -r %s)",
				profile, on ? "" : ", and would hinder it where AppArmor is on",
				profile);
	}
	globfree(&profiles);
cleanup:
	free(program);
}
