/* SPDX-License-Identifier: BSD-3-Clause
 *
 * status_server: asks the resolvers of a fleet for the state of their modules, over DNS.
 */
#ifndef TS_STATUS_SERVER_H
#define TS_STATUS_SERVER_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Asks each of servers ("ADDR" or "ADDR@PORT") and prints a table, or JSON.
 * \return EXIT_OK; EXIT_FOUND where one did not answer, refused, or has a policy that did not load,
 * or where two have different serials of a policy; EXIT_USAGE for a bad address; EXIT_TROUBLE.
 */
int status_servers(char **servers, size_t count, bool as_json);

#endif
