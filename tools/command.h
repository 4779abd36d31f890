/* SPDX-License-Identifier: BSD-3-Clause
 *
 * command: how to add a subcommand. Write tools/cmd_<name>.c with a ts_command_t of your own,
 * declare it here, put it into the table in tools/typosink.c, add its section to
 * doc/man/typosink.1 and the file to tools/local.mk. A test compares table, help and manual.
 *
 * A subcommand prints results on stdout and talk on stderr, and returns an exit code: EXIT_OK,
 * EXIT_FOUND (it ran, and the answer is "no": a bad policy, a difference), EXIT_USAGE or
 * EXIT_TROUBLE (a file that cannot be read, no memory).
 */
#ifndef TS_COMMAND_H
#define TS_COMMAND_H

#include "../src/diag.h"

#define EXIT_OK 0
#define EXIT_FOUND 1
#define EXIT_USAGE 2
#define EXIT_TROUBLE 3

typedef struct ts_command {
	const char *name;
	const char *oneline;
	const char *usage; /* "check -p POLICY [--classes]": without the program's name */
	const char *help;  /* options and explanation, shown by --help below the usage */
	int (*run)(const struct ts_command *self, int argc, char **argv); /* argv[0]: the name */
} ts_command_t;

extern const ts_command_t cmd_allow;
extern const ts_command_t cmd_alerts;
extern const ts_command_t cmd_audit;
extern const ts_command_t cmd_check;
extern const ts_command_t cmd_doctor;
extern const ts_command_t cmd_explain;
extern const ts_command_t cmd_new_policy;
extern const ts_command_t cmd_postfix;
extern const ts_command_t cmd_protect;
extern const ts_command_t cmd_report;
extern const ts_command_t cmd_status;
extern const ts_command_t cmd_replay;
extern const ts_command_t cmd_rpz;

/** Prints help on stdout. */
void command_help(const ts_command_t *self);
/** "typosink NAME: message" and a pointer to --help on stderr. \return EXIT_USAGE. */
int command_usage(const ts_command_t *self, const char *fmt, ...) TS_PRINTF(2, 3);
/** What getopt_long answered to an option string that begins with ':', as ':' or '?', as a message
 *  on stderr. \return EXIT_USAGE. */
int command_bad_option(const ts_command_t *self, int answer, char **argv);
/** "typosink: message" on stderr. */
void command_warn(const char *fmt, ...) TS_PRINTF(1, 2);
/** A ts_diag_fn that prints to stderr. arg: NULL, or an unsigned[3] that counts by severity. */
void command_diag(void *arg, const ts_diag_t *diag);
/** Flushes stdout. \return code, or EXIT_TROUBLE with a message where writing failed. */
int command_done(int code);

#endif
