/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rhsbl: look-ups in the list (rhsbl-zone), in Unbound's types. What is listed and with what words
 * is decided in src/rhsbl.c.
 */
#ifndef TS_MODULE_RHSBL_H
#define TS_MODULE_RHSBL_H

#include "module.h"

#include "../src/rhsbl.h"

/** Is this a look-up in the list? A few instructions where it is not. */
static inline bool ts_list_asked(const ts_module_t *m, const struct query_info *qinfo)
{
	return m->rhsbl_zone.len && qinfo->qclass == LDNS_RR_CLASS_IN &&
	       ts_rhsbl_covers(&m->rhsbl_zone, qinfo->qname, qinfo->qname_len);
}

/**
 * The reply to a look-up in the list.
 * \param verdict  on the domain that was asked about.
 * \param no_data  whatever is listed: dns64 asks, to make an AAAA of it.
 * \param ttl  of the answer. \return NULL: no memory.
 */
struct reply_info *ts_list_reply(const ts_module_t *m, const ts_policyset_t *set,
	const struct query_info *qinfo, const ts_verdict_t *verdict, bool no_data,
	struct regional *region, uint32_t *ttl) TS_NONNULL_ALL;

#endif
