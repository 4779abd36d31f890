/* SPDX-License-Identifier: BSD-3-Clause
 *
 * doctor: the checks of `typosink doctor`, and what they share: the patient (an Unbound and its
 * configuration, as they are on this machine) and the findings.
 *
 * How to add a check: a function in doctor_host.c (what is Unbound's or the system's) or
 * doctor_typosink.c (what is ours), and a row in the table of cmd_doctor.c; typosink(1) has a list
 * that a test compares with the table.
 */
#ifndef TS_DOCTOR_H
#define TS_DOCTOR_H

#include "unbound_conf.h"

#include "../src/conf.h"

#include <stdbool.h>
#include <sys/types.h>

#define GROUPS_MAX 64
#define TEXT_MAX 2048

typedef enum result { GOOD, HINT, WARN, BAD } result_t;

typedef struct doctor {
	const char *unbound;       /* program */
	const char *checkconf;     /* program */
	const char *config;        /* unbound.conf */
	const char *conf_path;     /* typosink.conf, as the module names it: inside the chroot */
	const char *apparmor;      /* folder of profiles */
	const char *shipper_state; /* file or folder; NULL: the usual ones alone */
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

void found(doctor_t *d, result_t result, const change_t *change, const char *fmt, ...)
	TS_PRINTF(4, 5);
/** A ts_diag_fn: arg is the doctor. */
void found_diag(void *arg, const ts_diag_t *diag);

/**
 * The value of an option of Unbound's server, as Unbound reads it; the caller frees it. NULL where
 * it cannot be had (the program does not know the option).
 */
char *unbound_value(const doctor_t *d, const char *option);
bool value_is(const doctor_t *d, const char *option, const char *want);

/** Where an option is set, or would be. */
change_t change_to(const doctor_t *d, const char *section, const char *name, const char *line);

/** A path as the module names it, as it is seen from outside. */
void outside(const doctor_t *d, const char *path, char *buf, size_t size);

/**
 * Asks the kernel what Unbound's user may do with a file, inside the chroot: a child becomes that
 * user. Only root can; anybody else asks for himself.
 * \return 0, or an errno.
 */
int access_as_unbound(const doctor_t *d, const char *path, int mode);
const char *who(const doctor_t *d);

/* doctor_host.c */
void check_unbound(doctor_t *d);
void check_config(doctor_t *d);
void check_modules(doctor_t *d);
void check_module_file(doctor_t *d);
void check_build(doctor_t *d);
void check_apparmor(doctor_t *d);
void check_serve_expired(doctor_t *d);
void check_answers(doctor_t *d);

/* doctor_typosink.c */
void check_conf(doctor_t *d);
void check_paths(doctor_t *d);
void check_policy(doctor_t *d);
void check_auth_zone(doctor_t *d);
void check_alerts(doctor_t *d);
void check_shipper(doctor_t *d);
void check_running(doctor_t *d);

#endif
