/* SPDX-License-Identifier: BSD-3-Clause
 *
 * query: what happens to one query in Unbound's mesh, from its start to each client's reply.
 */
#ifndef TS_MODULE_QUERY_H
#define TS_MODULE_QUERY_H

#include "module.h"

/** The four moments of a query. Each sets or returns what Unbound does next. Worker threads. */
enum module_ext_state ts_query_start(ts_module_t *m, struct module_qstate *q);
enum module_ext_state ts_query_done(ts_module_t *m, struct module_qstate *q);
void ts_query_inform(ts_module_t *m, struct module_qstate *sub, struct module_qstate *q);
void ts_query_clear(ts_module_t *m, struct module_qstate *q);

/** A response from upstream, before anything of it is stored. */
void ts_query_response(ts_module_t *m, struct module_qstate *q, const struct dns_msg *response);

/** One client is about to get his reply; opts: EDNS options that go with it. */
void ts_query_reply(ts_module_t *m, struct module_qstate *q, const struct query_info *qinfo,
	const struct comm_reply *to, struct edns_option **opts, struct regional *region);

/** A client is about to get a reply from the cache, or of a query that never reached the mesh. */
void ts_query_cached(ts_module_t *m, const struct query_info *qinfo, const struct reply_info *reply,
	const struct comm_reply *to, time_t now);

#endif
