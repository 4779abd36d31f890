/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink: the command. This file holds the table of subcommands and nothing else of them.
 */
#include "config.h"

#include "command.h"

#include <stdio.h>
#include <string.h>

static const ts_command_t *const commands[] = {
	&cmd_allow,
	&cmd_alerts,
	&cmd_audit,
	&cmd_check,
	&cmd_doctor,
	&cmd_explain,
	&cmd_new_policy,
	&cmd_postfix,
	&cmd_protect,
	&cmd_report,
	&cmd_status,
	&cmd_replay,
	&cmd_rpz,
	NULL,
};

static void help(void)
{
	puts("usage: typosink COMMAND [OPTION...]\n\n"
	     "Keeps misaddressed mail inside the network. Commands:\n");
	for (const ts_command_t *const *c = commands; *c; c++)
		printf("  %-12s %s\n", (*c)->name, (*c)->oneline);
	puts("\n'typosink COMMAND --help' tells more; typosink(1) is the manual.");
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fputs("typosink: a command is missing\nTry 'typosink --help'.\n", stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		help();
		return command_done(EXIT_OK);
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts(PACKAGE_STRING);
		return command_done(EXIT_OK);
	}
	for (const ts_command_t *const *c = commands; *c; c++) {
		if (strcmp((*c)->name, argv[1]) != 0)
			continue;
		if (argc > 2 && strcmp(argv[2], "--help") == 0) {
			command_help(*c);
			return command_done(EXIT_OK);
		}
		return command_done((*c)->run(*c, argc - 1, argv + 1));
	}
	fprintf(stderr, "typosink: no command '%s'\nTry 'typosink --help'.\n", argv[1]);
	return EXIT_USAGE;
}
