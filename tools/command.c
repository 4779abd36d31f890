/* SPDX-License-Identifier: BSD-3-Clause */
#include "command.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void command_help(const ts_command_t *self)
{
	printf("usage: typosink %s\n\n%s\n\n%s", self->usage, self->oneline, self->help);
}

int command_usage(const ts_command_t *self, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "typosink %s: ", self->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nTry 'typosink %s --help'.\n", self->name);
	return EXIT_USAGE;
}

int command_bad_option(const ts_command_t *self, int answer, char **argv)
{
	return command_usage(
		self, answer == ':' ? "'%s' wants a value" : "no option '%s'", argv[optind - 1]);
}

void command_warn(const char *fmt, ...)
{
	va_list ap;

	fputs("typosink: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void command_diag(void *arg, const ts_diag_t *diag)
{
	char line[4096];

	ts_diag_format(diag, line, sizeof(line));
	fprintf(stderr, "%s\n", line);
	if (arg)
		((unsigned *)arg)[diag->severity]++;
}

int command_done(int code)
{
	if (fflush(stdout) != 0 || ferror(stdout)) {
		command_warn("writing standard output: %s", strerror(errno));
		return EXIT_TROUBLE;
	}
	return code;
}
