/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policy_impl: what a compiled policy is made of. For the files that build, judge and answer by it
 * (policy*.c, verdict.c, answer.c); everybody else includes policy.h.
 */
#ifndef TS_POLICY_IMPL_H
#define TS_POLICY_IMPL_H

#include "answer.h"
#include "arena.h"
#include "namemap.h"
#include "policy.h"
#include "prefix.h"

#include <stdatomic.h>

#define NO_MEMBER UINT32_MAX

/* Query types a policy can speak of, as bits. */
#define QTYPE_MX 1u
#define QTYPE_A 2u
#define QTYPE_AAAA 4u
#define QTYPE_HTTPS 8u
#define QTYPE_SVCB 16u
#define QTYPE_SRV 32u
#define QTYPE_MTA_STS 64u /* TXT of a name that starts with _mta-sts; goes with MX */
#define QTYPE_ANY 128u    /* goes with everything */
#define QTYPE_DEFAULT (QTYPE_MX | QTYPE_A | QTYPE_AAAA | QTYPE_HTTPS | QTYPE_SVCB | QTYPE_SRV)

unsigned ts_qtype_bit(uint16_t qtype);

typedef struct ts_sink_rrset {
	uint32_t ttl;
	uint16_t count;
	const ts_answer_rr_t *rr;
} ts_sink_rrset_t;

/* What `sinkhole` says in one place. */
struct ts_sinkhole {
	ts_sink_rrset_t mx, a, aaaa;
	uint32_t max_ttl;
};

typedef struct ts_client_rule {
	ts_prefix_t prefix;
	bool exclude;
} ts_client_rule_t;

typedef struct ts_client_set {
	ts_action_t action;
	const char *id;
	const ts_client_rule_t *rules;
	size_t nrules;
} ts_client_set_t;

/* The client sets of one place: zone, group or member. */
typedef struct ts_client_sets {
	const ts_client_set_t *sets;
	size_t count;
} ts_client_sets_t;

/* What holds for a member once "nearest wins" has been applied. */
typedef struct ts_settings {
	ts_action_t action;
	uint32_t max_ttl;
	unsigned qtypes; /* QTYPE_* */
	unsigned evidence;
	uint16_t threshold;
	bool client_dependent; /* a client set says something else than `action` */
	ts_class_set_t classes;
	const ts_sinkhole_t *sinkhole;      /* NULL: none */
	const ts_client_sets_t *clients[3]; /* nearest first; NULL: no more */
} ts_settings_t;

typedef struct ts_wire {
	const uint8_t *wire;
	uint8_t len;
} ts_wire_t;

typedef struct ts_member {
	ts_wire_t zone;
	uint8_t nlabels;
	const char *id;
	const ts_settings_t *settings;
} ts_member_t;

typedef struct ts_declared {
	ts_wire_t suffix;
	uint32_t member;
	uint8_t distance;
	bool free; /* needs no evidence: `typo-always`, or neither a delegated TLD nor public */
} ts_declared_t;

typedef struct ts_allow {
	ts_wire_t name;
	time_t until; /* the first second at which it no longer holds; 0: for ever */
	const char *reason;
} ts_allow_t;

typedef struct ts_known {
	ts_wire_t name;
	uint32_t member; /* the nearest protected zone above; NO_MEMBER: none */
} ts_known_t;

typedef struct ts_sink_host {
	ts_wire_t name;
	const ts_sinkhole_t *sinkhole; /* whose addresses it has */
} ts_sink_host_t;

/* An index's target: a member, or a known name below one. */
typedef struct ts_target_ref {
	ts_wire_t name;
	uint32_t member;
} ts_target_ref_t;

struct ts_policy {
	atomic_uint refs;
	ts_arena_t arena; /* everything below but the index */
	ts_index_t *index;
	const char *source;
	ts_wire_t name;
	uint32_t serial;
	const uint8_t *soa; /* rdata */
	uint16_t soa_len;
	unsigned qtypes;  /* of any member */
	unsigned actions; /* bit n: action n, of any member or client set */
	bool has_clients;
	const ts_member_t *members;
	const ts_declared_t *declared;
	const ts_allow_t *allows;
	const ts_known_t *knowns;
	const ts_sink_host_t *hosts;
	const ts_target_ref_t *targets;
	size_t nmembers, ndeclared, nallows, nknowns, nhosts, ntargets;
};

/* What a set knows about one name; one map look-up tells it all. */
typedef struct ts_set_entry {
	const ts_policy_t *protector; /* of `member`; NULL: not protected */
	const ts_policy_t *allower;   /* of the allow that lasts longest; NULL: none */
	const ts_policy_t *host_of;   /* of `sinkhole`; NULL: not a sinkhole's host */
	const ts_sinkhole_t *sinkhole;
	time_t until;
	uint32_t member;
	uint32_t declared; /* first of a chain in ts_policyset.declared, plus 1; 0: none */
	bool known;
	bool own; /* a zone of this Unbound */
} ts_set_entry_t;

typedef struct ts_set_declared {
	const ts_policy_t *policy;
	const ts_declared_t *declared;
	uint32_t order; /* of the policy */
	uint32_t next;  /* as ts_set_entry.declared */
} ts_set_declared_t;

struct ts_policyset {
	ts_policy_t **policies;
	size_t count;
	ts_popular_t *popular;
	ts_namemap_t *map; /* name -> entries[] */
	ts_set_entry_t *entries;
	ts_set_declared_t *declared;
	size_t nentries, ndeclared;
	unsigned qtypes;  /* of any policy, and what sinkhole hosts are asked for */
	unsigned actions; /* as ts_policy.actions */
	bool has_clients;
};

/* A builder's diagnostics, bounded: what comes after the first TS_DIAG_MAX of a severity is only
 * counted, and the count is told at the end. */
#define TS_DIAG_MAX 50
typedef struct ts_diag_limit {
	const ts_reporter_t *report;
	const char *file;
	unsigned count[3];
} ts_diag_limit_t;

void ts_diag_limited(ts_diag_limit_t *limit, ts_severity_t severity, unsigned line,
	const char *property, const char *fmt, ...) TS_PRINTF(5, 6);
void ts_diag_limit_finish(ts_diag_limit_t *limit);

/* ts_policy_builder_finish with the caller's count of diagnostics, which it adds to. */
int ts_policy_builder_finish_limited(ts_policy_builder_t *builder,
	const ts_policy_options_t *options, ts_diag_limit_t *limit, ts_policy_t **out);

#endif
