/* SPDX-License-Identifier: BSD-3-Clause
 *
 * audit_state: what an audit has found so far, in a file that grows by a line a name, so that the
 * next run goes on where this one was killed.
 */
#ifndef TS_TOOLS_AUDIT_STATE_H
#define TS_TOOLS_AUDIT_STATE_H

#include "cmd_audit_dns.h"

#include "../src/namemap.h"

#include <stdio.h>

typedef struct audit_state {
	const char *path;
	FILE *file; /* NULL: no state is kept */
	size_t resumed;
} audit_state_t;

/**
 * Opens or makes the file, for one run at a time, and fills in the names that it knows.
 * \param map  text in wire format to index in names.
 * \return EXIT_OK, or EXIT_TROUBLE with a message on stderr.
 */
int audit_state_open(
	audit_state_t *state, const char *path, audit_name_t *names, const ts_namemap_t *map);

/** Adds a finished name. \return EXIT_OK, or EXIT_TROUBLE with a message. */
int audit_state_add(audit_state_t *state, const audit_name_t *name);

void audit_state_close(audit_state_t *state);

#endif
