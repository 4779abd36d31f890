/* SPDX-License-Identifier: BSD-3-Clause
 *
 * metrics_file: what a running module tells of itself in its metrics-file, as JSON.
 */
#ifndef TS_METRICS_FILE_H
#define TS_METRICS_FILE_H

#include <jansson.h>

/**
 * Adds every sample of a metrics file to an array: {"name", "labels", "value"}, the name without
 * its "typosink_". \return EXIT_OK, or EXIT_TROUBLE (what is wrong was said on standard error).
 */
int metrics_read(const char *path, json_t *samples);

/** The value of the first sample of that name; 0 where there is none. */
double metrics_value(const json_t *samples, const char *name);

/** What a person should look at: an array of sentences. \param now  seconds since the epoch. */
json_t *metrics_problems(const json_t *samples, double now);

#endif
