/* SPDX-License-Identifier: BSD-3-Clause
 *
 * host: is the program that loads us the Unbound that we were built for?
 */
#ifndef TS_MODULE_HOST_H
#define TS_MODULE_HOST_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Compares the running program with the one seen at build time. Looks at no structure of the host's
 * but the first word of env, which is the configuration in every release.
 * \param why  on a mismatch: one line that names what was expected and what was found.
 */
bool ts_host_matches(const void *env, char *why, size_t size);

#endif
