/* SPDX-License-Identifier: BSD-3-Clause
 *
 * status: what this resolver's module is and has, told over DNS: "status.typosink. CH TXT". Unbound
 * hands class CH on to its modules, the names that it answers itself (id.server and the like)
 * apart.
 */
#ifndef TS_MODULE_STATUS_H
#define TS_MODULE_STATUS_H

#include "module.h"

/** Reads `status-client` into m. \return TS_OK, TS_ENOMEM. */
TS_MUST_CHECK int ts_status_clients(ts_module_t *m) TS_NONNULL_ALL;

/** Is this a look-up of the state? Never where nobody may ask. */
bool ts_status_asked(const ts_module_t *m, const struct query_info *qinfo) TS_NONNULL_ALL;

/** The reply for that client: TXT for who may ask, NODATA for another type, REFUSED for others.
 * \return NULL: no memory. Worker threads; takes a lock. */
struct reply_info *ts_status_reply(const ts_module_t *m, const struct query_info *qinfo,
	const ts_client_t *client, struct regional *region) TS_NONNULL(1, 2, 4);

#endif
