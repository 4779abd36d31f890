/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policy: one policy zone, compiled into an immutable snapshot, and the set of them that is in
 * force. A policy is an RFC 9432 catalog zone with typosink's properties below "typosink.ext"
 * (doc: typosink-policy(5)). The builder is fed with (owner, type, TTL, rdata) by whoever has the
 * records: the file loader (policy_file.h), the module from an auth-zone. It keeps copies.
 *
 * Snapshots are reference counted (atomically), so that a set can share what did not change; a
 * reference is taken by whoever builds, never on the path of a query.
 */
#ifndef TS_POLICY_H
#define TS_POLICY_H

#include "diag.h"
#include "index.h"
#include "name.h"
#include "popular.h"

#include <time.h>

#define TS_TYPE_A 1
#define TS_TYPE_NS 2
#define TS_TYPE_CNAME 5
#define TS_TYPE_SOA 6
#define TS_TYPE_PTR 12
#define TS_TYPE_MX 15
#define TS_TYPE_TXT 16
#define TS_TYPE_AAAA 28
#define TS_TYPE_SRV 33
#define TS_TYPE_APL 42
#define TS_TYPE_SVCB 64
#define TS_TYPE_HTTPS 65
#define TS_TYPE_ANY 255
#define TS_CLASS_IN 1

/** What an intercepted look-up gets; `action` in a policy. */
typedef enum ts_action {
	TS_ACTION_SINKHOLE,
	TS_ACTION_NULLMX,
	TS_ACTION_NXDOMAIN,
	TS_ACTION_NODATA,
	TS_ACTION_REFUSED,
	TS_ACTION_DEFER,
	TS_ACTION_OBSERVE,
	TS_ACTION_PASS,
} ts_action_t;

/** The word for it in policies, alerts and metrics. */
const char *ts_action_name(ts_action_t action);
/** \return the action, or TS_ENOENT. */
int ts_action_find(const char *word, size_t len) TS_NONNULL_ALL;

/** Kinds of evidence, as a set (`evidence`) or one of them (a verdict). */
#define TS_EVIDENCE_NONE 0u
#define TS_EVIDENCE_LISTED 1u
#define TS_EVIDENCE_DNS 2u
const char *ts_evidence_name(unsigned evidence);

/**
 * Reads a date as `until` has it ("2027-01-31", UTC).
 * \param out  the first second after that day. \return TS_OK, TS_EINVAL.
 */
TS_MUST_CHECK int ts_policy_date(const char *text, size_t len, time_t *out) TS_NONNULL_ALL;

typedef struct ts_policy ts_policy_t;
typedef struct ts_policy_builder ts_policy_builder_t;
typedef struct ts_policyset ts_policyset_t;

/** Where a record came from, for diagnostics. */
typedef struct ts_place {
	const char *file;
	unsigned line; /* 0 where there are no lines */
} ts_place_t;

typedef struct ts_policy_options {
	uint64_t seed;           /* key of all hashes; random in the resolver */
	time_t now;              /* for warnings on end dates that have passed */
	bool accept_shrink;      /* load although nine tenths of the members are gone */
	size_t previous_members; /* members of the snapshot that this one would replace; 0: none */
} ts_policy_options_t;

/** \param source  a path or "auth-zone NAME", for diagnostics; copied. \return NULL: no memory. */
ts_policy_builder_t *ts_policy_builder_new(const char *source) TS_NONNULL_ALL;
void ts_policy_builder_free(ts_policy_builder_t *builder);

/**
 * Adds one record (in any order; the apex is the owner of the SOA). Nothing is judged yet.
 * \param owner  wire format, any case. \param rdata  uncompressed, rdlen octets.
 * \return TS_OK, TS_ENOMEM, or TS_EINVAL for a malformed owner.
 */
TS_MUST_CHECK int ts_policy_builder_add(ts_policy_builder_t *builder, const uint8_t *owner,
	size_t owner_len, uint16_t type, uint16_t qclass, uint32_t ttl, const uint8_t *rdata,
	size_t rdlen, const ts_place_t *place) TS_NONNULL(1, 2);

/**
 * Checks everything, reports every error and warning, and compiles the snapshot.
 * \return TS_OK, TS_EPOLICY (at least one error was reported), or TS_ENOMEM.
 */
TS_MUST_CHECK int ts_policy_builder_finish(ts_policy_builder_t *builder,
	const ts_policy_options_t *options, const ts_reporter_t *report, ts_policy_t **out)
	TS_NONNULL(1, 2, 4);

ts_policy_t *ts_policy_ref(ts_policy_t *policy) TS_NONNULL_ALL;
void ts_policy_unref(ts_policy_t *policy);

/** Zone name (wire format) of the policy: an alert's rule.ruleset. */
const uint8_t *ts_policy_name(const ts_policy_t *policy) TS_NONNULL_ALL;
uint32_t ts_policy_serial(const ts_policy_t *policy) TS_NONNULL_ALL;
const char *ts_policy_source(const ts_policy_t *policy) TS_NONNULL_ALL;
size_t ts_policy_members(const ts_policy_t *policy) TS_NONNULL_ALL;
size_t ts_policy_memory(const ts_policy_t *policy) TS_NONNULL_ALL;

/** The unique label of member i (a catalog's <id>, an alert's rule.id), NUL-terminated text. */
const char *ts_policy_member_id(const ts_policy_t *policy, uint32_t member) TS_NONNULL_ALL;
/** The protected zone of member i, lower-case wire format. */
const uint8_t *ts_policy_member_zone(const ts_policy_t *policy, uint32_t member) TS_NONNULL_ALL;

/** What a policy holds, in numbers. */
typedef struct ts_policy_summary {
	size_t declared, allowed, known, sinkhole_hosts;
	size_t members_by_action[TS_ACTION_PASS + 1]; /* client sets aside */
	bool client_sets;
} ts_policy_summary_t;

void ts_policy_summary(const ts_policy_t *policy, ts_policy_summary_t *out) TS_NONNULL_ALL;

/** A property as the policy language has it; a test compares the table with the manual. */
typedef struct ts_property {
	const char *name;    /* "action", "until.<id>.allow" */
	const char *types;   /* "MX A AAAA" */
	const char *oneline; /* what it says */
} ts_property_t;

/** The table of properties below typosink.ext, ended by a NULL name. */
const ts_property_t *ts_policy_properties(void);

typedef struct ts_policyset_options {
	ts_popular_t *popular;  /* borrowed for the set's life; may be NULL */
	const ts_name_t *allow; /* implicitly allowed: this Unbound's own zones; copied */
	size_t allow_count;     /* names in allow */
	uint64_t seed;          /* key of hashes */
} ts_policyset_options_t;

/** The policies in force, in order of configuration; takes a reference to each. count may be 0. */
TS_MUST_CHECK int ts_policyset_new(ts_policy_t *const *policies, size_t count,
	const ts_policyset_options_t *options, ts_policyset_t **out) TS_NONNULL(3, 4);
void ts_policyset_free(ts_policyset_t *set);
size_t ts_policyset_count(const ts_policyset_t *set) TS_NONNULL_ALL;
const ts_policy_t *ts_policyset_get(const ts_policyset_t *set, size_t i) TS_NONNULL_ALL;
size_t ts_policyset_memory(const ts_policyset_t *set) TS_NONNULL_ALL;

/** True where verdicts may differ between clients (a policy has client sets): answers to what
 * matches must then not be shared through a cache. */
bool ts_policyset_has_clients(const ts_policyset_t *set) TS_NONNULL_ALL;

/** True where some look-up may get this action (zone-wide, by a group, a member or a client set).
 */
bool ts_policyset_has_action(const ts_policyset_t *set, ts_action_t action) TS_NONNULL_ALL;

/** The next moment after `now` at which a verdict changes by itself (an `until` ends); 0: never. */
time_t ts_policyset_next_change(const ts_policyset_t *set, time_t now) TS_NONNULL_ALL;

#endif
