/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: runs another program and takes what it says.
 */
#ifndef TS_SPAWN_H
#define TS_SPAWN_H

#include "../src/err.h"

/** What it printed on both outputs is cut off here. */
#define TS_SPAWN_MAX 65536

/**
 * Runs argv[0] (found by PATH), standard input empty, and waits for it.
 * \param text  its output and its errors as they came, NUL-terminated; the caller frees it.
 * \param code  its exit code; 128 + the signal's number where one ended it.
 * \return TS_OK, TS_ENOENT (no such program), TS_EIO, TS_ENOMEM.
 */
TS_MUST_CHECK int ts_spawn(const char *const argv[], char **text, int *code) TS_NONNULL_ALL;

#endif
