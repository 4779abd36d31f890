/* SPDX-License-Identifier: BSD-3-Clause
 *
 * data: reads the public data files that quality and bench measure with. They lie beside the
 * project, in ../shared/data, or where TYPOSINK_DATA says; nothing of them is in the project.
 */
#ifndef TS_TESTS_DATA_H
#define TS_TESTS_DATA_H

#include "../../src/index.h"

typedef struct ts_rows {
	char **line; /* fields of a line stand behind each other, each NUL-terminated */
	size_t count;
} ts_rows_t;

/** The folder, or NULL: then a line on stderr says so. */
const char *ts_data_dir(void);

/** Lines of a file in the folder, commas replaced by NULs; comments and empty lines left out.
 * Exits with a message where it cannot be read: these are programs, not the library. */
ts_rows_t ts_data_read(const char *file, bool header);
/** Field i of a row. */
const char *ts_data_field(const char *line, unsigned i);
void ts_data_free(ts_rows_t *rows);

/** A set of targets that owns its names. */
typedef struct ts_targets {
	ts_target_t *target;
	ts_name_t *name;
	char **text;
	size_t count, room;
} ts_targets_t;

void ts_targets_add(ts_targets_t *targets, const char *text, bool known);
void ts_targets_free(ts_targets_t *targets);
ts_index_t *ts_targets_index(const ts_targets_t *targets);
/** True where the name is at or below one of the targets that are not merely known. */
bool ts_targets_cover(const ts_targets_t *targets, const ts_name_t *name);

/** Processor time of this process: what others do on the machine does not count. */
double ts_seconds(void);

#endif
