/* SPDX-License-Identifier: BSD-3-Clause
 *
 * elf_id: the GNU build-id of a program, by which a module knows the Unbound it was built for.
 */
#ifndef TS_ELF_ID_H
#define TS_ELF_ID_H

#include "../src/err.h"

#include <stdbool.h>

#define TS_ELF_ID_MAX 129 /* lower-case hex of up to 64 octets, and a NUL */

/**
 * Reads the build-id of a program of this machine's kind; name is found by PATH where it has no
 * slash. \return TS_OK, TS_ENOENT (it has none), TS_EIO.
 */
TS_MUST_CHECK int ts_elf_build_id(const char *name, char id[TS_ELF_ID_MAX]) TS_NONNULL_ALL;

/**
 * Where a program is: name itself where it has a slash, else the first of that name in PATH.
 * \return for the caller to free; NULL where there is none (errno), or no memory.
 */
TS_MUST_CHECK char *ts_program_path(const char *name) TS_NONNULL_ALL;

/** Does a file contain this text? \return TS_OK, TS_EIO. */
TS_MUST_CHECK int ts_elf_contains(const char *path, const char *text, bool *out) TS_NONNULL_ALL;

#endif
