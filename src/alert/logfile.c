/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOGFILE_MODE 0640 /* names and client addresses: not for everybody */
#define TAIL_MAX 65536    /* longer than any line of ours */

void ts_logfile_init(ts_logfile_t *file, const char *path)
{
	*file = (ts_logfile_t){.path = path, .fd = -1};
}

void ts_logfile_release(ts_logfile_t *file)
{
	if (file->fd >= 0)
		close(file->fd);
	file->fd = -1;
	file->partial = 0;
	file->astray = false;
}

/* Puts octets in the place of others, in a file that is open for appending. */
static int put_over(int fd, const char *octets, size_t len, off_t at)
{
	int flags = fcntl(fd, F_GETFL);

	if (fcntl(fd, F_SETFL, flags & ~O_APPEND) != 0)
		return TS_OK; /* it may only be appended to */
	bool good = pwrite(fd, octets, len, at) == (ssize_t)len;
	return fcntl(fd, F_SETFL, flags) == 0 && good ? TS_OK : TS_EIO;
}

/*
 * A kill or a crash in the middle of a write leaves a line without an end. If it is one of ours it
 * was never an event, and blanks take its place. Nothing is cut: a shipper that has read half a
 * line already would miss as much of the next one, which says that a run has ended and another
 * begun.
 */
static int mend_tail(int fd, const struct stat *st)
{
	static const char ours[] = "{\"@timestamp\":";
	char tail[TAIL_MAX];
	off_t from = st->st_size > TAIL_MAX ? st->st_size - TAIL_MAX : 0;

	if (st->st_size == 0)
		return TS_OK;
	ssize_t n = pread(fd, tail, sizeof(tail), from);
	/* Without permission to read there is no looking; a newline too many does no harm. */
	if (n > 0 && tail[n - 1] == '\n')
		return TS_OK;
	if (n > 0) {
		char *newline = memrchr(tail, '\n', (size_t)n);
		char *line = newline ? newline + 1 : tail;
		size_t len = (size_t)(tail + n - line);
		size_t head = len < sizeof(ours) - 1 ? len : sizeof(ours) - 1;

		if ((newline || from == 0) && memcmp(line, ours, head) == 0) {
			memset(line, ' ', len);
			if (put_over(fd, line, len, from + (line - tail)) != TS_OK)
				return TS_EIO;
		}
	}
	return write(fd, "\n", 1) == 1 ? TS_OK : TS_EIO;
}

static int open_file(ts_logfile_t *file)
{
	struct stat st;
	int saved;
	/* Reading too, to see the tail; a FIFO opened for both would seem to have a reader. */
	bool fifo = stat(file->path, &st) == 0 && !S_ISREG(st.st_mode);
	int flags = O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(file->path, flags | (fifo ? O_WRONLY : O_RDWR), LOGFILE_MODE);

	if (fd < 0 && errno == EACCES && !fifo)
		fd = open(file->path, flags | O_WRONLY, LOGFILE_MODE);
	if (fd < 0)
		return TS_EIO;
	if (fstat(fd, &st) != 0 || (S_ISREG(st.st_mode) && mend_tail(fd, &st) != TS_OK)) {
		saved = errno;
		close(fd);
		errno = saved;
		return TS_EIO;
	}
	ts_logfile_release(file);
	file->fd = fd;
	file->regular = S_ISREG(st.st_mode);
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	return TS_OK;
}

/* True where the path does not name the open file any more. Other trouble than "not there" says
 * nothing about the file that is open: a directory that lost its permission does not spoil it. */
static bool moved(const ts_logfile_t *file)
{
	struct stat st;

	if (stat(file->path, &st) != 0)
		return errno == ENOENT || errno == ENOTDIR;
	return st.st_dev != file->dev || st.st_ino != file->ino;
}

/*
 * Where logrotate has renamed the file and this process may not create the new one, the renamed
 * file is still the best place there is (shippers read on in it): better than losing events. The
 * caller sees `astray` and says so.
 */
static int settle(ts_logfile_t *file)
{
	if (file->fd >= 0 && !moved(file)) {
		file->astray = false;
		return TS_OK;
	}
	if (open_file(file) == TS_OK)
		return TS_OK;
	int saved = errno;
	if (file->fd >= 0 && file->regular) {
		file->astray = true;
		return TS_OK;
	}
	ts_logfile_release(file);
	errno = saved;
	return TS_EIO;
}

static bool removed(const ts_logfile_t *file)
{
	struct stat st;

	return file->regular && fstat(file->fd, &st) == 0 && st.st_nlink == 0;
}

/* Octets of buf[0..len) up to the end of the last whole line. */
static size_t whole_lines(const char *buf, size_t len)
{
	const char *newline = memrchr(buf, '\n', len);

	return newline ? (size_t)(newline + 1 - buf) : 0;
}

static int append(ts_logfile_t *file, const char *lines, size_t len, size_t *done)
{
	size_t off = file->partial;
	int saved = 0;

	while (off < len) {
		ssize_t n = write(file->fd, lines + off, len - off);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			saved = n < 0 ? errno : ENOSPC;
			break;
		}
		off += (size_t)n;
	}
	file->partial = 0;
	*done = whole_lines(lines, off);
	if (off == len)
		return TS_OK;

	size_t torn = off - *done;
	if (torn > 0 && file->regular) {
		off_t end = lseek(file->fd, 0, SEEK_CUR);
		if (end < (off_t)torn || ftruncate(file->fd, end - (off_t)torn) != 0)
			file->partial = torn;
	} else {
		file->partial = torn;
	}
	errno = saved;
	return TS_EIO;
}

int ts_logfile_write(ts_logfile_t *file, const char *lines, size_t len, size_t *done)
{
	/* A file that was removed after the look at its name took the lines with it, however many
	 * they were: they are written again. Twice in a row is no accident, and ends it. */
	for (unsigned try = 0;; try++) {
		*done = 0;
		if (settle(file) != TS_OK)
			return TS_EIO;
		int ret = append(file, lines, len, done), saved = errno;
		bool gone = removed(file);
		/* A reader that has gone took half a line with it; the next one gets it whole. */
		if (gone || (ret != TS_OK && saved != EAGAIN && saved != ENOSPC && saved != EDQUOT))
			ts_logfile_release(file);
		if (!gone) {
			errno = saved;
			return ret;
		}
		if (try == 2) {
			*done = 0;
			errno = ENOENT;
			return TS_EIO;
		}
	}
}
