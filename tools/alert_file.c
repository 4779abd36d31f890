/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "alert_file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int alert_file_open(alert_file_t *file, const char *path)
{
	struct stat st;
	FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!stream)
		return -1;
	if (fstat(fileno(stream), &st) != 0 || S_ISDIR(st.st_mode)) {
		int saved = S_ISDIR(st.st_mode) ? EISDIR : errno;
		if (stream != stdin)
			fclose(stream);
		errno = saved;
		return -1;
	}
	*file = (alert_file_t){.path = path, .stream = stream, .dev = st.st_dev, .ino = st.st_ino};
	return 0;
}

void alert_file_close(alert_file_t *file)
{
	if (file->stream && file->stream != stdin)
		fclose(file->stream);
	file->stream = NULL;
	free(file->line);
	file->line = NULL;
}

const char *alert_file_next(alert_file_t *file)
{
	do {
		ssize_t n = getline(&file->line, &file->size, file->stream);

		if (n <= 0 || file->line[n - 1] != '\n') {
			/* Half a line, or none: wait at its start. */
			clearerr(file->stream);
			if (n > 0 && file->stream != stdin)
				fseeko(file->stream, file->offset, SEEK_SET);
			return NULL;
		}
		file->offset += n;
		file->number++;
		file->line[n - 1] = '\0';
	} while (file->line[strspn(file->line, " ")] == '\0');
	return file->line;
}

bool alert_file_torn(const alert_file_t *file)
{
	struct stat st;

	return fstat(fileno(file->stream), &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_size > file->offset;
}

bool alert_file_turn(alert_file_t *file)
{
	struct stat here, there;
	alert_file_t next;

	if (fstat(fileno(file->stream), &here) != 0 || !S_ISREG(here.st_mode))
		return false;
	if (here.st_size < file->offset) {
		file->offset = 0;
		fseeko(file->stream, 0, SEEK_SET);
		return true;
	}
	if (here.st_size > file->offset && !alert_file_torn(file))
		return true;
	if (stat(file->path, &there) != 0 ||
		(there.st_dev == file->dev && there.st_ino == file->ino))
		return false;
	/* The writer may have put a last batch into the renamed file: read that first. */
	const char *rest = getline(&file->line, &file->size, file->stream) > 0 ? file->line : NULL;
	clearerr(file->stream);
	fseeko(file->stream, file->offset, SEEK_SET);
	if (rest && strchr(rest, '\n'))
		return true;
	if (alert_file_open(&next, file->path) != 0)
		return false;
	alert_file_close(file);
	*file = next;
	return true;
}

/* A mark of what stands right before offset: inode numbers are used again, and a file that was
 * truncated may have grown past the place. FNV-1a; every event has an id of its own. */
static uint64_t mark_before(int fd, off_t offset)
{
	unsigned char tail[4096]; /* some whole events */
	off_t from = offset > (off_t)sizeof(tail) ? offset - (off_t)sizeof(tail) : 0;
	ssize_t n = pread(fd, tail, (size_t)(offset - from), from);
	uint64_t mark = UINT64_C(0xcbf29ce484222325);

	for (ssize_t i = 0; i < n; i++)
		mark = (mark ^ tail[i]) * UINT64_C(0x100000001b3);
	return mark;
}

int alert_cursor_save(const char *cursor, const alert_file_t *file)
{
	char temporary[PATH_MAX];

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", cursor) >= sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	FILE *f = fopen(temporary, "we");
	if (!f)
		return -1;
	int n = fprintf(f, "typosink-cursor 1 dev=%ju ino=%ju offset=%jd mark=%016" PRIx64 "\n",
		(uintmax_t)file->dev, (uintmax_t)file->ino, (intmax_t)file->offset,
		mark_before(fileno(file->stream), file->offset));
	if (fclose(f) != 0 || n < 0 || rename(temporary, cursor) != 0) {
		int saved = errno;
		unlink(temporary);
		errno = saved;
		return -1;
	}
	return 0;
}

/* The file with this inode beside path: where logrotate has put it. */
static bool find_renamed(const char *path, uintmax_t dev, uintmax_t ino, char found[PATH_MAX])
{
	char copy[PATH_MAX];
	struct stat st;
	bool hit = false;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return false;
	const char *dir = dirname(copy);
	DIR *d = opendir(dir);
	for (struct dirent *e; d && !hit && (e = readdir(d));) {
		if ((size_t)snprintf(found, PATH_MAX, "%s/%s", dir, e->d_name) >= PATH_MAX)
			continue;
		hit = stat(found, &st) == 0 && S_ISREG(st.st_mode) && st.st_dev == dev &&
		      st.st_ino == ino;
	}
	if (d)
		closedir(d);
	return hit;
}

int alert_cursor_read(const char *cursor, alert_cursor_t *out)
{
	uintmax_t dev, ino;
	intmax_t offset;
	uint64_t mark;
	FILE *f = fopen(cursor, "re");

	if (!f)
		return -1;
	int n = fscanf(f, "typosink-cursor 1 dev=%ju ino=%ju offset=%jd mark=%" SCNx64, &dev, &ino,
		&offset, &mark);
	fclose(f);
	if (n != 4 || offset < 0) {
		errno = EBADMSG;
		return -1;
	}
	*out = (alert_cursor_t){(dev_t)dev, (ino_t)ino, (off_t)offset, mark};
	return 0;
}

int alert_cursor_open(const char *cursor, const char *path, alert_file_t *file, bool *lost)
{
	alert_cursor_t at;
	char found[PATH_MAX];
	struct stat st;

	*lost = false;
	if (alert_cursor_read(cursor, &at) != 0)
		return errno == ENOENT ? alert_file_open(file, path) : -1;
	if (!find_renamed(path, at.dev, at.ino, found)) {
		*lost = true;
		return alert_file_open(file, path);
	}
	if (alert_file_open(file, found) != 0)
		return -1;
	file->path = path; /* the one to go on with */
	if (fstat(fileno(file->stream), &st) != 0 || st.st_size < at.offset)
		return 0; /* truncated: from its start */
	if (mark_before(fileno(file->stream), at.offset) != at.mark) {
		*lost = true;
		alert_file_close(file);
		return alert_file_open(file, path);
	}
	file->offset = at.offset;
	return fseeko(file->stream, at.offset, SEEK_SET);
}
