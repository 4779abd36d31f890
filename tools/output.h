/* SPDX-License-Identifier: BSD-3-Clause
 *
 * output: files that are written whole or not at all.
 */
#ifndef TS_TOOLS_OUTPUT_H
#define TS_TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/**
 * Writes data to path through a temporary file beside it, which takes the name at the end.
 * \param replace  false: an existing file is an error, and stays.
 * \param like  mode and owner to give the file; NULL: as the umask says.
 * \return EXIT_OK, or EXIT_TROUBLE with a message on stderr.
 */
int output_file(
	const char *path, const char *data, size_t len, bool replace, const struct stat *like);

#endif
