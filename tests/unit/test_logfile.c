/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What can happen to a file that is being appended to. Each test works in a directory of its own.
 */
#include "config.h"

#include "unit.h"

#include "../../src/alert/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char dir[64], path[96], old[96];

/* What happens at the next calls of the system; the unit's own calls come here. */
static struct {
	unsigned removals;    /* so often, the file goes just before a write */
	unsigned interrupted; /* so many writes are interrupted */
	bool nothing_written; /* a write says that it wrote nothing */
	bool disk_full;       /* after `room` octets */
	size_t room;
	bool append_only; /* what is there stays as it is */
} happens;

ssize_t write(int fd, const void *data, size_t len)
{
	if (happens.removals > 0) {
		happens.removals--;
		unlink(path);
	}
	if (happens.interrupted > 0) {
		happens.interrupted--;
		errno = EINTR;
		return -1;
	}
	if (happens.disk_full && happens.room == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (happens.disk_full) {
		len = len < happens.room ? len : happens.room;
		happens.room -= len;
	}
	return happens.nothing_written ? 0 : syscall(SYS_write, fd, data, len);
}

int ftruncate(int fd, off_t len)
{
	if (happens.append_only) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_ftruncate, fd, len);
}

int fcntl(int fd, int command, ...)
{
	va_list args;
	va_start(args, command);
	int flags = va_arg(args, int);
	va_end(args);
	if (happens.append_only && command == F_SETFL && !(flags & O_APPEND)) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_fcntl, fd, command, flags);
}

static int setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/ts-logfile-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/alerts", dir);
	snprintf(old, sizeof(old), "%s/alerts.1", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	unlink(old);
	return rmdir(dir);
}

static char *content(const char *file)
{
	static char buf[1 << 20];
	FILE *f = fopen(file, "r");

	if (!f)
		return NULL;
	buf[fread(buf, 1, sizeof(buf) - 1, f)] = '\0';
	fclose(f);
	return buf;
}

static void put_file(const char *file, const char *text)
{
	FILE *f = fopen(file, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void write_ok(ts_logfile_t *file, const char *lines)
{
	size_t done = 99;

	assert_int_equal(ts_logfile_write(file, lines, strlen(lines), &done), TS_OK);
	assert_int_equal(done, strlen(lines));
}

static void write_fails(ts_logfile_t *file, const char *lines, int error)
{
	size_t done = 99;

	assert_int_equal(ts_logfile_write(file, lines, strlen(lines), &done), TS_EIO);
	assert_int_equal(errno, error);
	assert_int_equal(done, 0);
}

static void logfile__renamed(void **state)
{
	ts_logfile_t file;

	(void)state;
	ts_logfile_init(&file, path);
	write_ok(&file, "one\n");
	assert_int_equal(rename(path, old), 0);
	write_ok(&file, "two\n");
	assert_string_equal(content(path), "two\n");
	assert_string_equal(content(old), "one\n");
	ts_logfile_release(&file);
}

/* Renamed by somebody who has already made the next one. */
static void logfile__replaced(void **state)
{
	ts_logfile_t file;

	(void)state;
	ts_logfile_init(&file, path);
	write_ok(&file, "one\n");
	assert_int_equal(rename(path, old), 0);
	put_file(path, "");
	write_ok(&file, "two\n");
	assert_string_equal(content(path), "two\n");
	assert_string_equal(content(old), "one\n");
	ts_logfile_release(&file);
}

/* Names and addresses of clients are not for everybody, however lax the mask is. */
static void logfile__mode(void **state)
{
	mode_t mask = umask(0);
	ts_logfile_t file;
	struct stat st;

	(void)state;
	ts_logfile_init(&file, path);
	write_ok(&file, "one\n");
	umask(mask);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	ts_logfile_release(&file);
}

static void logfile__removed(void **state)
{
	ts_logfile_t file;

	(void)state;
	ts_logfile_init(&file, path);
	write_ok(&file, "one\n");
	assert_int_equal(unlink(path), 0);
	write_ok(&file, "two\n");
	assert_string_equal(content(path), "two\n");
	ts_logfile_release(&file);
}

/* logrotate's copytruncate. */
static void logfile__truncated(void **state)
{
	ts_logfile_t file;

	(void)state;
	ts_logfile_init(&file, path);
	write_ok(&file, "one\n");
	assert_int_equal(truncate(path, 0), 0);
	write_ok(&file, "two\n");
	assert_string_equal(content(path), "two\n");
	ts_logfile_release(&file);
}

static void logfile__directory_removed(void **state)
{
	ts_logfile_t file;

	(void)state;
	ts_logfile_init(&file, path);
	write_ok(&file, "one\n");
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(dir), 0);
	write_fails(&file, "two\n", ENOENT);
	assert_int_equal(mkdir(dir, 0700), 0);
	write_ok(&file, "two\n");
	assert_string_equal(content(path), "two\n");
	ts_logfile_release(&file);
}

/* What a kill left half written is no line, and is made blank where it can be; what somebody else
 * left is not touched. Nothing moves: a reader may have read half a line. */
static void logfile__torn_tail(void **state)
{
	static const struct {
		const char *label, *before, *after, *append_only;
	} rows[] = {
		{"ours", "{\"@timestamp\":\"1\"}\n{\"@timestamp\":\"2",
			"{\"@timestamp\":\"1\"}\n                \nnew\n",
			"{\"@timestamp\":\"1\"}\n{\"@timestamp\":\"2\nnew\n"},
		{"ours, only a little", "x\n{\"@ti", "x\n     \nnew\n", "x\n{\"@ti\nnew\n"},
		{"the only line", "{\"@timestamp\":\"", "               \nnew\n",
			"{\"@timestamp\":\"\nnew\n"},
		{"foreign", "something else", "something else\nnew\n", "something else\nnew\n"},
		{"whole", "{\"@timestamp\":\"1\"}\n", "{\"@timestamp\":\"1\"}\nnew\n",
			"{\"@timestamp\":\"1\"}\nnew\n"},
	};

	(void)state;
	for (size_t i = 0; i < 2 * countof(rows); i++) {
		ts_logfile_t file;
		bool append_only = i % 2;

		put_file(path, rows[i / 2].before);
		ts_logfile_init(&file, path);
		happens.append_only = append_only;
		write_ok(&file, "new\n");
		happens.append_only = false;
		write_ok(&file, "newer\n");
		char *text = content(path);
		assert_row(rows[i / 2].label, strlen(text) > 6);
		text[strlen(text) - 6] = '\0';
		assert_row(rows[i / 2].label, strcmp(text, append_only ? rows[i / 2].append_only
								       : rows[i / 2].after) == 0);
		ts_logfile_release(&file);
	}
}

/* A line of somebody else's that is longer than what is looked at: where it begins is not seen. */
static void logfile__long_foreign_tail(void **state)
{
	static char before[100001], after[sizeof(before) + 5];
	static const char like_ours[] = "{\"@timestamp\":";
	ts_logfile_t file;

	(void)state;
	memset(before, 'x', sizeof(before) - 1);
	memcpy(before + sizeof(before) - 1 - 65536, like_ours, strlen(like_ours));
	put_file(path, before);
	snprintf(after, sizeof(after), "%s\nnew\n", before);
	ts_logfile_init(&file, path);
	write_ok(&file, "new\n");
	assert_string_equal(content(path), after);
	ts_logfile_release(&file);
}

/* The file goes between the look at its name and the write: what it took with it is written again,
 * but not for ever. */
static void logfile__removed_meanwhile(void **state)
{
	ts_logfile_t file;

	(void)state;
	ts_logfile_init(&file, path);
	write_ok(&file, "one\n");
	happens.removals = 1;
	write_ok(&file, "two\n");
	assert_string_equal(content(path), "two\n");
	happens.removals = 2;
	write_ok(&file, "three\n");
	assert_string_equal(content(path), "three\n");
	happens.removals = 1000;
	write_fails(&file, "four\n", ENOENT);
	assert_true(happens.removals > 990);
	happens.removals = 0;
	write_ok(&file, "four\n");
	assert_string_equal(content(path), "four\n");
	/* What was written of several lines before the disk was full went with the file as well. */
	happens.removals = 1;
	happens.disk_full = true;
	happens.room = 7;
	write_fails(&file, "five\nsix\n", ENOSPC);
	happens.disk_full = false;
	write_ok(&file, "five\nsix\n");
	assert_string_equal(content(path), "five\nsix\n");
	ts_logfile_release(&file);
}

static void logfile__interrupted(void **state)
{
	ts_logfile_t file;

	(void)state;
	ts_logfile_init(&file, path);
	happens.interrupted = 3;
	write_ok(&file, "one\n");
	assert_int_equal(happens.interrupted, 0);
	happens.nothing_written = true;
	write_fails(&file, "two\n", ENOSPC);
	happens.nothing_written = false;
	write_ok(&file, "two\n");
	assert_string_equal(content(path), "one\ntwo\n");
	ts_logfile_release(&file);
}

static void logfile__device_full(void **state)
{
	ts_logfile_t file;

	(void)state;
	ts_logfile_init(&file, "/dev/full");
	write_fails(&file, "one\n", ENOSPC);
	ts_logfile_release(&file);
}

/* A disk that fills up in the middle of a line. */
static void disk_full_after(const char *left)
{
	ts_logfile_t file;
	size_t done;

	ts_logfile_init(&file, path);
	write_ok(&file, "one\n");
	happens.disk_full = true;
	happens.room = 7; /* "two" fits, "three" does not */
	int ret = ts_logfile_write(&file, "two\nthree\n", 10, &done);
	int error = errno;
	happens.disk_full = false;
	assert_int_equal(ret, TS_EIO);
	assert_int_equal(error, ENOSPC);
	assert_int_equal(done, 4);
	assert_string_equal(content(path), left);
	write_ok(&file, "three\n");
	assert_string_equal(content(path), "one\ntwo\nthree\n");
	ts_logfile_release(&file);
}

static void logfile__short_write(void **state)
{
	(void)state;
	disk_full_after("one\ntwo\n");
	/* Where it cannot be taken away again, the half line is gone on with. */
	assert_int_equal(unlink(path), 0);
	happens.append_only = true;
	disk_full_after("one\ntwo\nthr");
	happens.append_only = false;
}

/* Nobody reads: refused at once. A full pipe keeps its half line; a new reader gets whole lines. */
static void logfile__fifo(void **state)
{
	static char lines[200000], got[sizeof(lines) + 1];
	ts_logfile_t file;
	size_t done, sent = 0, have = 0;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(lines); i++)
		lines[i] = i % 1000 == 999 ? '\n' : (char)('a' + i / 1000 % 26);
	assert_int_equal(mkfifo(path, 0600), 0);
	ts_logfile_init(&file, path);
	write_fails(&file, "one\n", ENXIO);

	int reader = open(path, O_RDONLY | O_NONBLOCK);
	assert_true(reader >= 0);
	while (ts_logfile_write(&file, lines + sent, sizeof(lines) - sent, &done) != TS_OK) {
		assert_int_equal(errno, EAGAIN);
		sent += done;
		ssize_t n = read(reader, got + have, 3333); /* never at a line's end */
		assert_true(n > 0);
		have += (size_t)n;
	}
	for (ssize_t n; (n = read(reader, got + have, sizeof(got) - have)) > 0;)
		have += (size_t)n;
	assert_int_equal(have, sizeof(lines));
	assert_memory_equal(got, lines, sizeof(lines));

	/* The reader goes away with half a line. */
	assert_int_equal(ts_logfile_write(&file, lines, sizeof(lines), &done), TS_EIO);
	size_t left = done;
	close(reader);
	assert_int_equal(
		ts_logfile_write(&file, lines + left, sizeof(lines) - left, &done), TS_EIO);
	assert_int_equal(errno, EPIPE);
	assert_int_equal(done, 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	write_ok(&file, "next\n");
	assert_int_equal(read(reader, got, sizeof(got)), 5);
	assert_memory_equal(got, "next\n", 5);
	close(reader);
	ts_logfile_release(&file);
}

/* A name that became a directory's. */
static void logfile__is_a_directory(void **state)
{
	ts_logfile_t file;

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	ts_logfile_init(&file, path);
	write_fails(&file, "one\n", EISDIR);
	assert_int_equal(rmdir(path), 0);
	write_ok(&file, "one\n");
	ts_logfile_release(&file);
}

/* Without root's powers: permissions count. */
static int setup_nobody(void **state)
{
	if (setup(state) != 0)
		return -1;
	return getuid() != 0 || (chown(dir, 65534, 65534) == 0 && seteuid(65534) == 0) ? 0 : -1;
}

static int teardown_nobody(void **state)
{
	if (chmod(dir, 0700) != 0 || (getuid() == 0 && seteuid(0) != 0))
		return -1;
	return teardown(state);
}

static void rename_and_close_off(const char *from, const char *to)
{
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(chmod(dir, 0500), 0);
}

/* Renamed where no new file may be made, back again, and away for good. */
static void logfile__permission_lost(void **state)
{
	ts_logfile_t file;

	(void)state;
	ts_logfile_init(&file, path);
	write_ok(&file, "one\n");
	assert_false(file.astray);
	rename_and_close_off(path, old);
	write_ok(&file, "two\n");
	assert_true(file.astray);
	rename_and_close_off(old, path);
	write_ok(&file, "three\n");
	assert_false(file.astray);
	rename_and_close_off(path, old);
	assert_string_equal(content(old), "one\ntwo\nthree\n");
	/* Nothing to go on with: it was removed, and then it is not open any more. */
	assert_int_equal(chmod(dir, 0700), 0);
	assert_int_equal(unlink(old), 0);
	assert_int_equal(chmod(dir, 0500), 0);
	write_fails(&file, "four\n", EACCES);
	assert_false(file.astray);
	write_fails(&file, "four\n", EACCES);
	assert_int_equal(chmod(dir, 0700), 0);
	write_ok(&file, "four\n");
	assert_string_equal(content(path), "four\n");
	ts_logfile_release(&file);
}

/* A file that may be written and not read: its tail is not seen, and a newline does no harm. */
static void logfile__unreadable(void **state)
{
	ts_logfile_t file;

	(void)state;
	put_file(path, "one\n");
	assert_int_equal(chmod(path, 0200), 0);
	ts_logfile_init(&file, path);
	write_ok(&file, "two\n");
	assert_int_equal(chmod(path, 0600), 0);
	assert_string_equal(content(path), "one\n\ntwo\n");
	ts_logfile_release(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(logfile__renamed, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__removed, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__mode, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__truncated, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__directory_removed, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__torn_tail, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__long_foreign_tail, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__removed_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__interrupted, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__device_full, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__short_write, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__fifo, setup, teardown),
		cmocka_unit_test_setup_teardown(logfile__is_a_directory, setup, teardown),
		cmocka_unit_test_setup_teardown(
			logfile__permission_lost, setup_nobody, teardown_nobody),
		cmocka_unit_test_setup_teardown(logfile__unreadable, setup_nobody, teardown_nobody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
