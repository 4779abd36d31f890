/* SPDX-License-Identifier: BSD-3-Clause
 *
 * alert_file: alert files line by line, and on through renames and truncations.
 */
#ifndef TS_ALERT_FILE_H
#define TS_ALERT_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

typedef struct alert_file {
	const char *path; /* borrowed; "-": standard input */
	FILE *stream;
	char *line;
	size_t size;
	off_t offset; /* behind the last whole line */
	dev_t dev;
	ino_t ino;
	unsigned long number; /* of the last line, counted from where reading began */
} alert_file_t;

/** \return 0, or -1 with errno. */
int alert_file_open(alert_file_t *file, const char *path);
void alert_file_close(alert_file_t *file);

/** The next whole line, without its newline; NULL: none (yet). What has no newline is not read, nor
 * are blanks: they stand for what a kill has left of a line. */
const char *alert_file_next(alert_file_t *file);
/** True where octets without a newline stand at the end. */
bool alert_file_torn(const alert_file_t *file);
/** To be asked when there was no line: goes on in the file that has taken the path over, or at the
 * start of one that was truncated. \return true: there may be lines now. */
bool alert_file_turn(alert_file_t *file);

/** A cursor: where in which file reading got to. */
typedef struct alert_cursor {
	dev_t dev;
	ino_t ino;
	off_t offset;
	uint64_t mark; /* of what stands before the offset */
} alert_cursor_t;

/** \return 0, or -1 with errno; EBADMSG: it is no cursor. */
int alert_cursor_read(const char *cursor, alert_cursor_t *out);
/** Where reading got to, kept in a file of its own that is replaced whole. 0, or -1 with errno. */
int alert_cursor_save(const char *cursor, const alert_file_t *file);
/**
 * Opens path where the cursor says: in the file it was reading (wherever in the same directory it
 * has been renamed to) behind the last line, or at the start where that one is gone.
 * \param lost  set where the file that the cursor names is not to be found. \return 0, -1.
 */
int alert_cursor_open(const char *cursor, const char *path, alert_file_t *file, bool *lost);

#endif
