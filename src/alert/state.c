/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_FILE "alerts.state"
#define STATE_MODE 0640
#define LINE_MAX_ 160

static void parse(const char *line, ts_previous_run_t *previous)
{
	ts_previous_run_t p = {0};
	int end = 0;
	unsigned clean;

	if (sscanf(line,
		    "typosink-alerts 1 boot_id=%8[0-9a-f] sequence=%20" SCNu64
		    " clean=%1u unwritten_max=%20" SCNu64 "%n",
		    p.boot_id, &p.sequence, &clean, &p.unwritten_max, &end) != 4 ||
		line[end] != '\n' || strlen(p.boot_id) != TS_BOOT_ID_LEN || clean > 1)
		return;
	p.clean = clean == 1;
	*previous = p;
}

int ts_state_open(
	ts_state_t *state, const char *dir, uint64_t unwritten_max, ts_previous_run_t *previous)
{
	char path[PATH_MAX], line[LINE_MAX_ + 1];
	struct stat st;

	*state = (ts_state_t){.fd = -1, .unwritten_max = unwritten_max};
	*previous = (ts_previous_run_t){0};
	if ((size_t)snprintf(path, sizeof(path), "%s/" STATE_FILE, dir) >= sizeof(path)) {
		errno = ENAMETOOLONG;
		return TS_EIO;
	}
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, STATE_MODE);
	if (fd < 0)
		return TS_EIO;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		close(fd);
		errno = EINVAL;
		return TS_EIO;
	}
	ssize_t n = pread(fd, line, LINE_MAX_, 0);
	if (n > 0) {
		line[n] = '\0';
		parse(line, previous);
	}
	state->fd = fd;
	return TS_OK;
}

void ts_state_close(ts_state_t *state)
{
	if (state->fd >= 0)
		close(state->fd);
	state->fd = -1;
}

int ts_state_note(ts_state_t *state, const char *boot_id, uint64_t sequence, bool clean)
{
	char line[LINE_MAX_];

	if (state->fd < 0)
		return TS_OK;
	/* Fixed width, one write within a page: it is there whole or not at all. */
	int n = snprintf(line, sizeof(line),
		"typosink-alerts 1 boot_id=%s sequence=%020" PRIu64
		" clean=%d unwritten_max=%020" PRIu64 "\n",
		boot_id, sequence, clean, state->unwritten_max);
	return pwrite(state->fd, line, (size_t)n, 0) == n ? TS_OK : TS_EIO;
}
