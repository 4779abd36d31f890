/* SPDX-License-Identifier: BSD-3-Clause
 *
 * compat: the one place that knows what differs between Unbound releases, 1.17 to 1.26, and that
 * includes Unbound's own headers. The include path has Unbound's config.h before ours.
 */
#ifndef TS_MODULE_COMPAT_H
#define TS_MODULE_COMPAT_H

#include <config.h>

#include "../src/alert/event.h"
#include "module/host_build.h"

#include <netdb.h>

#include "dynlibmod/dynlibmod.h"
#include "services/authzone.h"
#include "services/cache/dns.h"
#include "services/cache/rrset.h"
#include "services/listen_dnsport.h"
#include "services/mesh.h"
#include "sldns/rrdef.h"
#include "sldns/sbuffer.h"
#include "sldns/wire2str.h"
#include "util/config_file.h"
#include "util/data/dname.h"
#include "util/data/msgencode.h"
#include "util/data/msgreply.h"
#include "util/data/packed_rrset.h"
#include "util/locks.h"
#include "util/log.h"
#include "util/module.h"
#include "util/net_help.h"
#include "util/netevent.h"
#include "util/regional.h"
#include "util/storage/slabhash.h"

#define TS_UNBOUND_AT_LEAST(minor, micro) (TS_HOST_VERSION_NUMBER >= 10000 + (minor)*100 + (micro))

/** A reply of the given sizes in region; TTLs are relative. NULL: no memory. */
static inline struct reply_info *compat_reply_info(struct regional *region, uint16_t flags,
	time_t ttl, size_t an, size_t ns, enum sec_status security)
{
#if TS_UNBOUND_AT_LEAST(20, 0)
	return construct_reply_info_base(region, flags, 1, ttl, PREFETCH_TTL_CALC(ttl),
		ttl + SERVE_EXPIRED_TTL, ttl, an, ns, 0, an + ns, security, LDNS_EDE_NONE);
#else
	return construct_reply_info_base(region, flags, 1, ttl, PREFETCH_TTL_CALC(ttl),
		ttl + SERVE_EXPIRED_TTL, an, ns, 0, an + ns, security);
#endif
}

/** A subquery that q waits for. *sub is NULL where it exists already. false: cycle, no memory. */
static inline bool compat_attach_sub(
	struct module_qstate *q, struct query_info *name, struct module_qstate **sub)
{
#if TS_UNBOUND_AT_LEAST(23, 0)
	return (*q->env->attach_sub)(q, name, NULL, BIT_RD, 0, 0, sub) != 0;
#else
	return (*q->env->attach_sub)(q, name, BIT_RD, 0, 0, sub) != 0;
#endif
}

/** What carried the client's query. */
static inline ts_transport_t compat_transport(const struct comm_point *c)
{
	switch (c->type) {
	case comm_tcp:
	case comm_tcp_accept:
		return c->ssl ? TS_DOT : TS_TCP;
	case comm_http:
		return TS_DOH;
#if TS_UNBOUND_AT_LEAST(22, 0)
	case comm_doq:
		return TS_DOQ;
#endif
	default:
		return TS_UDP;
	}
}

#endif
