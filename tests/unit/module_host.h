/* SPDX-License-Identifier: BSD-3-Clause
 *
 * module_host: a stand-in for Unbound, as far as the module sees it: its functions, with memory
 * that can run out; an environment; and queries that the test drives through the module by hand.
 * What only a real resolver can show is in tests/integration.
 */
#ifndef TS_TESTS_MODULE_HOST_H
#define TS_TESTS_MODULE_HOST_H

#include "../../module/module.h"

#include "unit.h"

/* What the module exports. */
int init(struct module_env *env, int id);
void deinit(struct module_env *env, int id);
void operate(
	struct module_qstate *q, enum module_ev event, int id, struct outbound_entry *outbound);
void inform_super(struct module_qstate *q, int id, struct module_qstate *super);
void clear(struct module_qstate *q, int id);
size_t get_mem(struct module_env *env, int id);

/* --- memory; only the thread of the test is refused */

typedef struct refusals {
	bool on, ever;      /* ever: something was refused */
	bool heap;          /* malloc and the like, else allocations of regions */
	unsigned long left; /* allocations that still go well; the next one does not */
} refusals_t;
extern _Thread_local refusals_t refusals;

/* Evaluates expression while one allocation is refused. */
#define REFUSING(of_heap, n, expression)                              \
	do {                                                          \
		refusals = (refusals_t){true, false, (of_heap), (n)}; \
		expression;                                           \
		refusals.on = false;                                  \
	} while (0)

/* --- the resolver */

typedef struct host {
	int id; /* the module's place */
	char folder[64];
	struct config_file cfg;
	struct auth_zones zones;
	struct slabhash empty; /* the message cache, where the test brings none */
	struct dynlibmod_env dynlib;
	struct module_env env;
	time_t now;
	void *callbacks[inplace_cb_types_total];
	int registrations_left; /* -1: no end */

	struct msgreply_entry *cached; /* what is found in the message cache */
	struct msgreply_entry *(*finding)(const uint8_t *qname, size_t len); /* or this says */
	void (*removing)(struct query_info *q);   /* called where the purge removes something */
	unsigned forgotten;                       /* messages that were removed one by one */
	void (*forgetting)(const uint8_t *qname); /* called at each */
	char last_forgotten[TS_NAME_TEXT_MAX];
	bool refuses_subqueries, has_subquery;
	struct query_info subquery;
	bool lockable;            /* the RRsets of a message in the cache */
	enum sec_status security; /* of real answers */
	uint16_t points_by;       /* the type of a real record with a target; 0: CNAME */
	size_t answers;           /* so many RRsets are in a real answer; 0: one */

	struct auth_zone *zone; /* the only auth-zone; NULL: none */
	uint32_t serial;        /* its; 0: it has no data */
	bool speechless;        /* no record has a text */
} host_t;
extern host_t *host;

/* Lines that the module has logged; waits for one. */
bool host_logged(const char *text);
void host_wait_logged(const char *text);

/* An environment with a policy file of this text and this typosink.conf. */
host_t *host_new(int id, const char *policy, const char *conf);
void host_write(const char *name, const char *text);
void host_free(host_t *h);

/* An auth-zone with this master file's text, and its serial in h->serial; zone_free takes it away.
 */
void zone_new(host_t *h, const char *text);
void zone_free(host_t *h);

/* --- queries */

typedef struct query {
	struct mesh_state mesh;
	struct mesh_reply reply;
	struct comm_point point;
	struct mesh_state_ref waits; /* for another */
	struct regional *region;
	struct dns_msg upstream;
	uint8_t name[TS_NAME_MAX];
} query_t;

/* client: an address, or "unix"; NULL: a query of Unbound's own. */
query_t *query_new(host_t *h, const char *name, uint16_t type, const char *client);
void query_free(query_t *q);
/* Makes sub one that super waits for: the only one, but others may wait for it as well. */
void query_waits_for(query_t *super, query_t *sub);
/* Another client that asks the same. */
void query_join(query_t *q, struct mesh_reply *second, const char *client);

enum module_ext_state query_start(query_t *q);
/* The modules behind have answered: address records, or an alias (NULL: none) of target. */
enum module_ext_state query_done(query_t *q, const char *target);
/* The same with an answer that the test has made. */
enum module_ext_state query_answered(query_t *q, struct reply_info *reply);
/* They could not. */
enum module_ext_state query_failed(query_t *q);
/* The check of this name, which it waits for, has come back with a message of this code. */
enum module_ext_state query_checked(query_t *q, const char *name, unsigned rcode);
/* A server has answered what the iterator asked it for: this name, an address or an alias of
 * target.
 */
void query_response(query_t *q, const char *name, const char *target);
void query_responded(query_t *q, const char *name, struct reply_info *reply);
/* The reply callback, as for the client given; with: options of the reply so far. */
void query_reply(query_t *q, struct mesh_reply *to);
void query_reply_with(query_t *q, struct mesh_reply *to, struct edns_option **with);

/* A real answer for a name, as query_done() has it; it lives as long as q. */
struct reply_info *query_real(query_t *q, const char *name, const char *target);
/* Aliases from names[0] on, and a record of the last one (rdata NULL: none). */
struct reply_info *query_chain(query_t *q, const char *const *names, size_t aliases, uint16_t type,
	const void *rdata, size_t len);
/* The callback at a cache hit, as for the first client. */
void query_cached(query_t *q, const char *target);
/* The same with an answer that the test has made. */
void query_hit(query_t *q, struct reply_info *reply);

/* What the client is told: "SERVFAIL", "NOERROR" (without data), "MX host", "A address", "CNAME".
 * The last RRset counts. */
const char *query_told(const query_t *q);

/* --- regions */
struct regional *region_new(void);
void region_free(struct regional *region);

#endif
