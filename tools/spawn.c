/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

int ts_spawn(const char *const argv[], char **text, int *code)
{
	posix_spawn_file_actions_t actions;
	int pipes[2] = {-1, -1};
	int result = TS_EIO;
	pid_t child;

	char *buf = malloc(TS_SPAWN_MAX);
	if (!buf)
		return TS_ENOMEM;
	if (posix_spawn_file_actions_init(&actions) != 0) {
		free(buf);
		return TS_ENOMEM;
	}
	if (pipe2(pipes, O_CLOEXEC) != 0)
		goto cleanup;
	if (posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) != 0 ||
		posix_spawn_file_actions_adddup2(&actions, pipes[1], 1) != 0 ||
		posix_spawn_file_actions_adddup2(&actions, pipes[1], 2) != 0) {
		result = TS_ENOMEM;
		goto cleanup;
	}
	errno = posix_spawnp(
		&child, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, environ);
	if (errno != 0) {
		result = errno == ENOENT ? TS_ENOENT : TS_EIO;
		goto cleanup;
	}
	close(pipes[1]);
	pipes[1] = -1;

	/* Read to the end, also of what is cut off, or it would wait for us. */
	size_t len = 0;
	for (;;) {
		char rest[4096];
		size_t room = TS_SPAWN_MAX - 1 - len;
		ssize_t n = read(pipes[0], room ? buf + len : rest, room ? room : sizeof(rest));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (room)
			len += (size_t)n;
	}
	buf[len] = '\0';
	int status;
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR)
			goto cleanup;
	}
	*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	*text = buf;
	buf = NULL;
	result = TS_OK;
cleanup:
	if (pipes[0] >= 0)
		close(pipes[0]);
	if (pipes[1] >= 0)
		close(pipes[1]);
	posix_spawn_file_actions_destroy(&actions);
	free(buf);
	return result;
}
