/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A line has tabs between its fields: name, "exists" or "absent", MX, A, AAAA, NS. A last line
 * without its end is what a kill left, and is cut off.
 */
#include "audit_state.h"

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define HEAD "typosink audit 1\n"
#define FIELDS (2 + AUDIT_TYPES)

static bool is_printable(const char *line)
{
	for (; *line; line++)
		if (*line != '\t' && (*line < 0x20 || *line > 0x7e))
			return false;
	return true;
}

/* \return false: not a line of ours. */
static bool take_line(
	audit_state_t *state, char *line, audit_name_t *names, const ts_namemap_t *map)
{
	char *field[FIELDS], *rest = line;
	ts_name_t name;
	uint32_t at;

	for (size_t i = 0; i < FIELDS; i++) {
		field[i] = strsep(&rest, "\t");
		if (!field[i] || !is_printable(field[i]))
			return false;
	}
	bool exists = strcmp(field[1], "exists") == 0;
	if (rest || (!exists && strcmp(field[1], "absent") != 0) ||
		ts_name_from_text(&name, field[0], strlen(field[0]), NULL) != TS_OK)
		return false;
	if (!ts_namemap_get(map, name.wire, name.len, &at) || names[at].status != AUDIT_TODO)
		return true; /* of another policy, or of a longer list */
	for (size_t i = 0; i < AUDIT_TYPES; i++) {
		names[at].records[i] = strdup(field[2 + i]);
		if (!names[at].records[i])
			return false;
	}
	names[at].status = exists ? AUDIT_EXISTS : AUDIT_ABSENT;
	state->resumed++;
	return true;
}

static int trouble(const audit_state_t *state, const char *what)
{
	command_warn("%s: %s", state->path, what);
	return EXIT_TROUBLE;
}

int audit_state_open(
	audit_state_t *state, const char *path, audit_name_t *names, const ts_namemap_t *map)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), code = EXIT_OK;
	char *line = NULL;
	size_t cap = 0, number = 1;
	off_t good = 0;
	ssize_t len;

	*state = (audit_state_t){.path = path};
	if (fd < 0)
		return trouble(state, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		close(fd);
		return trouble(
			state, errno == EWOULDBLOCK ? "in use by another audit" : strerror(errno));
	}
	state->file = fdopen(fd, "r+");
	if (!state->file) {
		close(fd);
		return trouble(state, strerror(errno));
	}
	while ((len = getline(&line, &cap, state->file)) > 0 && line[len - 1] == '\n') {
		if (number == 1 ? strcmp(line, HEAD) != 0
				: (line[len - 1] = '\0',
					  strlen(line) != (size_t)len - 1 ||
						  !take_line(state, line, names, map))) {
			command_warn("%s:%zu: not the state of an audit", path, number);
			code = EXIT_TROUBLE;
			break;
		}
		number++;
		good += len;
	}
	/* Only a beginning of ours is cut off: any other file is somebody's. */
	if (code == EXIT_OK && number == 1 && len > 0 && strncmp(line, HEAD, strlen(line)) != 0)
		code = trouble(state, "not the state of an audit");
	free(line);
	if (code == EXIT_OK &&
		(ferror(state->file) || ftruncate(fd, good) != 0 ||
			fseeko(state->file, good, SEEK_SET) != 0 ||
			(good == 0 && (fputs(HEAD, state->file) < 0 || fflush(state->file) != 0))))
		code = trouble(state, strerror(errno));
	if (code != EXIT_OK)
		audit_state_close(state);
	return code;
}

int audit_state_add(audit_state_t *state, const audit_name_t *name)
{
	if (!state->file || name->status == AUDIT_FAILED)
		return EXIT_OK;
	fprintf(state->file, "%s\t%s", name->text,
		name->status == AUDIT_EXISTS ? "exists" : "absent");
	for (size_t i = 0; i < AUDIT_TYPES; i++)
		fprintf(state->file, "\t%s", name->records[i] ? name->records[i] : "");
	fputc('\n', state->file);
	/* Behind this a SIGKILL loses nothing of it. */
	return fflush(state->file) == 0 ? EXIT_OK : trouble(state, strerror(errno));
}

void audit_state_close(audit_state_t *state)
{
	if (state->file)
		fclose(state->file);
	state->file = NULL;
}
