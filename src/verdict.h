/* SPDX-License-Identifier: BSD-3-Clause
 *
 * verdict: is this look-up one of a typo of a protected zone? The one interface that the module,
 * `typosink explain` and `typosink replay` share. Pure: no allocation, no I/O, no clock of its own,
 * never blocks; any thread, as long as the policy set lives.
 */
#ifndef TS_VERDICT_H
#define TS_VERDICT_H

#include "policy.h"

typedef enum ts_verdict_kind {
	TS_VERDICT_NONE,      /* nothing to do with any protected zone, or not intercepted */
	TS_VERDICT_PROTECTED, /* at or below a protected zone */
	TS_VERDICT_ALLOWED,   /* never intercepted: `allow`, this Unbound's zones, arpa, ... */
	TS_VERDICT_TYPO,      /* a typo: answer by action */
	TS_VERDICT_ASK,       /* a typo if the name `ask` exists: ts_verdict_resolve() */
} ts_verdict_kind_t;

/** "none", "protected", "allowed", "typo", "ask". */
const char *ts_verdict_name(ts_verdict_kind_t kind);

/** Why a verdict is what it is, where it is not a typo. ts_verdict_reason() has the words. */
typedef enum ts_why {
	TS_WHY_NO_MATCH,
	TS_WHY_TYPE,  /* this query type is not intercepted */
	TS_WHY_CLASS, /* not class IN */
	TS_WHY_BELOW_PROTECTED,
	TS_WHY_ALLOW,         /* an `allow` record */
	TS_WHY_OWN_ZONE,      /* a zone of this Unbound */
	TS_WHY_SINKHOLE_HOST, /* the MX host of a sinkhole */
	TS_WHY_RESERVED,      /* arpa and special-use names */
	TS_WHY_NO_EVIDENCE,   /* matched, but the evidence that the policy wants is not there */
	TS_WHY_TYPO,
} ts_why_t;

typedef struct ts_query {
	const ts_name_t *qname;
	uint16_t qtype;
	uint16_t qclass;
} ts_query_t;

/** A client's address; family 0: not known (then no client set applies). */
typedef struct ts_client {
	uint8_t family; /* 4, 6 or 0 */
	uint8_t addr[16];
} ts_client_t;

typedef struct ts_sinkhole ts_sinkhole_t; /* policy_impl.h */

/**
 * A value of the caller's. Pointers are into the policy set and live as long as it does. An ASK
 * whose action is `pass` needs no question: whatever the answer, nothing would happen.
 * counterpart and ask are written only where they mean something.
 */
typedef struct ts_verdict {
	ts_verdict_kind_t kind;
	ts_why_t why;
	ts_action_t action;    /* for TYPO and ASK: what the client gets (client sets applied) */
	bool client_dependent; /* another client could get another answer for this name */
	bool sinkhole_host;    /* ALLOWED, and the module answers with the policy's addresses */
	bool declared;         /* `typo` or `typo-always`, else derived */
	const ts_policy_t *policy;     /* NULL for NONE */
	uint32_t member;               /* of policy; for PROTECTED, TYPO, ASK */
	const ts_sinkhole_t *sinkhole; /* for TYPO, ASK and sinkhole hosts; NULL: none */
	ts_match_t match;              /* class, score, distance, suffix (of qname), keep */
	unsigned evidence;     /* TS_EVIDENCE_*: what made it a typo; NONE where none was needed */
	ts_name_t counterpart; /* "did you mean"; for TYPO and ASK */
	ts_name_t ask;         /* for ASK: the name whose existence decides */
} ts_verdict_t;

/** Judges one look-up. now: seconds since the epoch, for end dates. \param client  may be NULL. */
void ts_verdict(const ts_policyset_t *set, const ts_query_t *query, const ts_client_t *client,
	time_t now, ts_verdict_t *out) TS_NONNULL(1, 2, 5);

/**
 * Makes a verdict as ts_verdict() gave it (not resolved) the one for another client: only the
 * action hangs on who asks.
 */
void ts_verdict_for(ts_verdict_t *verdict, const ts_client_t *client) TS_NONNULL(1);

typedef enum ts_existence { TS_EXISTS, TS_ABSENT, TS_FAILED } ts_existence_t;
/** `evidence-failure`: what a failed check means. */
typedef enum ts_on_failure {
	TS_ON_FAILURE_DEFAULT,
	TS_ON_FAILURE_INTERCEPT,
	TS_ON_FAILURE_PASS,
	TS_ON_FAILURE_DEFER
} ts_on_failure_t;

/**
 * Finishes an ASK: EXISTS makes it TYPO with evidence dns; ABSENT makes it NONE; FAILED follows
 * on_failure (default: intercept declared typos, pass derived ones; defer: TYPO, action defer).
 */
void ts_verdict_resolve(
	ts_verdict_t *verdict, ts_existence_t existence, ts_on_failure_t on_failure) TS_NONNULL_ALL;

/** Room for the words of ts_verdict_reason. */
#define TS_REASON_MAX (TS_EXPLAIN_MAX + 2 * TS_NAME_TEXT_MAX)

/** The reason in words, one line. \return characters written. */
size_t ts_verdict_reason(const ts_policyset_t *set, const ts_query_t *query,
	const ts_verdict_t *verdict, char *buf, size_t size) TS_NONNULL_ALL;

#endif
