/* SPDX-License-Identifier: BSD-3-Clause */
#include "output.h"

#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* So that the new name survives a power cut; a file system that cannot is none of our business. */
static void sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(copy);
}

int output_file(
	const char *path, const char *data, size_t len, bool replace, const struct stat *like)
{
	size_t size = strlen(path) + 16;
	char *temporary = malloc(size);
	int fd = -1, code = EXIT_TROUBLE;
	mode_t mask;

	if (!temporary) {
		command_warn("out of memory");
		return EXIT_TROUBLE;
	}
	snprintf(temporary, size, "%s.XXXXXX", path);
	fd = mkstemp(temporary);
	if (fd < 0) {
		command_warn("%s: %s", path, strerror(errno));
		goto cleanup;
	}
	if (like) {
		/* Only root may give a file away; a group that cannot be kept is said. */
		if (fchown(fd, like->st_uid, like->st_gid) != 0 &&
			(like->st_uid != geteuid() || like->st_gid != getegid())) {
			command_warn("%s: its owner cannot be kept: %s", path, strerror(errno));
			goto cleanup;
		}
		if (fchmod(fd, like->st_mode & 07777) != 0)
			goto failed;
	} else {
		mask = umask(0);
		umask(mask);
		if (fchmod(fd, 0666 & ~mask) != 0)
			goto failed;
	}
	if (write_all(fd, data, len) != 0 || fsync(fd) != 0)
		goto failed;
	if (replace) {
		if (rename(temporary, path) != 0)
			goto failed;
		free(temporary);
		temporary = NULL;
	} else if (link(temporary, path) != 0) {
		if (errno == EEXIST)
			command_warn("%s exists, and stays as it is (--force replaces it)", path);
		else
			command_warn("%s: %s", path, strerror(errno));
		goto cleanup;
	}
	sync_folder(path);
	code = EXIT_OK;
	goto cleanup;
failed:
	command_warn("%s: %s", path, strerror(errno));
cleanup:
	if (fd >= 0)
		close(fd);
	if (temporary && fd >= 0)
		unlink(temporary);
	free(temporary);
	return code;
}
