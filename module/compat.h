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

/* Functions that got further parameters over the years: which form this Unbound has is taken from
 * its own headers, not guessed from its version. A form that is not known does not compile. */

typedef struct reply_info *compat_base_1(struct regional *, uint16_t, size_t, time_t, time_t,
	time_t, size_t, size_t, size_t, size_t, enum sec_status);
typedef struct reply_info *compat_base_2(struct regional *, uint16_t, size_t, time_t, time_t,
	time_t, size_t, size_t, size_t, size_t, enum sec_status, sldns_ede_code);
typedef struct reply_info *compat_base_3(struct regional *, uint16_t, size_t, time_t, time_t,
	time_t, time_t, size_t, size_t, size_t, size_t, enum sec_status, sldns_ede_code);

/** A reply of the given sizes in region; TTLs are relative. NULL: no memory. */
static inline struct reply_info *compat_reply_info(struct regional *region, uint16_t flags,
	time_t ttl, size_t an, size_t ns, enum sec_status security)
{
	time_t prefetch = PREFETCH_TTL_CALC(ttl), expired = ttl + SERVE_EXPIRED_TTL;
	void (*base)(void) = (void (*)(void))construct_reply_info_base;
	return _Generic(&construct_reply_info_base, compat_base_1 *
			: ((compat_base_1 *)base)(region, flags, 1, ttl, prefetch, expired, an, ns,
				  0, an + ns, security),
			compat_base_2 *
			: ((compat_base_2 *)base)(region, flags, 1, ttl, prefetch, expired, an, ns,
				  0, an + ns, security, LDNS_EDE_NONE),
			compat_base_3 *
			: ((compat_base_3 *)base)(region, flags, 1, ttl, prefetch, expired, 0, an,
				ns, 0, an + ns, security, LDNS_EDE_NONE));
}

typedef int (*compat_attach_1)(
	struct module_qstate *, struct query_info *, uint16_t, int, int, struct module_qstate **);
typedef int (*compat_attach_2)(struct module_qstate *, struct query_info *,
	struct respip_client_info *, uint16_t, int, int, struct module_qstate **);

/** A subquery that q waits for. *sub is NULL where it exists already. false: cycle, no memory. */
static inline bool compat_attach_sub(
	struct module_qstate *q, struct query_info *name, struct module_qstate **sub)
{
	void (*attach)(void) = (void (*)(void))q->env->attach_sub;
	return _Generic(q->env->attach_sub, compat_attach_1
			: ((compat_attach_1)attach)(q, name, BIT_RD, 0, 0, sub), compat_attach_2
			: ((compat_attach_2)attach)(q, name, NULL, BIT_RD, 0, 0, sub)) != 0;
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
