/* SPDX-License-Identifier: BSD-3-Clause
 *
 * logfile: a file that whole lines are appended to, whatever happens to it meanwhile: renamed or
 * removed (a new one is made), truncated (O_APPEND goes on at its new end), disk full (what a short
 * write left of a line is taken back), or a FIFO that nobody reads (never waited for).
 * One thread at a time. Owns its descriptor.
 */
#ifndef TS_ALERT_LOGFILE_H
#define TS_ALERT_LOGFILE_H

#include "../err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

typedef struct ts_logfile {
	const char *path; /* borrowed */
	int fd;           /* -1: not open */
	bool regular;
	dev_t dev;
	ino_t ino;
	size_t partial; /* octets of the next line that a stream has taken already */
	bool astray;    /* the path names another file that cannot be opened; see logfile.c */
} ts_logfile_t;

void ts_logfile_init(ts_logfile_t *file, const char *path) TS_NONNULL_ALL;
void ts_logfile_release(ts_logfile_t *file) TS_NONNULL_ALL;

/**
 * Appends lines, each ended by a newline, in one write where the system takes them at once.
 * \param done  octets that are in the file for good, always at a line's end; set on failure too.
 * \return TS_OK: all of them; TS_EIO: errno says why the rest is not.
 */
TS_MUST_CHECK int ts_logfile_write(
	ts_logfile_t *file, const char *lines, size_t len, size_t *done) TS_NONNULL_ALL;

#endif
