/* SPDX-License-Identifier: BSD-3-Clause
 *
 * enumerate: the likeliest typos of one protected zone, likeliest first. How likely is not the
 * score, which says how surely a name is a typo ("army.0il" is, and nobody types it), but how few
 * ways there are to make the same kind of slip: each kind is taken to happen about as often. So
 * the nine letters that can be left out come before the 300 that can be put in. Spellings are
 * proposed by typo/spelling.h and judged by ts_verdict(), so that what is enumerated here is what
 * would be intercepted, with the same class and score. For tools (an audit of who has registered
 * one's typos, an RPZ zone): it allocates and takes up to half a second a zone; not for the path of
 * a query. Any thread, as long as the policy set lives.
 *
 * What it cannot list, for there is no end of it: unknown hosts run into a name ("xyzarmy.mil"),
 * any undelegated TLD behind a name, words of combosquats beyond a few, three errors; and of two
 * errors in a label those of which neither is among the likeliest TS_ENUMERATE_DOUBLES slips.
 */
#ifndef TS_ENUMERATE_H
#define TS_ENUMERATE_H

#include "arena.h"
#include "verdict.h"

/** Slips that a second error is added to. */
#define TS_ENUMERATE_DOUBLES 64

/** A name that was likely meant to be the zone, or a name below it. The name itself and all below
 * it are typos. */
typedef struct ts_candidate {
	const uint8_t *wire;    /* lower-case wire format, NUL (the root) at its end */
	uint8_t len;            /* octets of wire */
	ts_verdict_kind_t kind; /* TYPO; or ASK, where the name must exist before it is one */
	bool declared;          /* by `typo` or `typo-always`: class_id is TS_CLASS_DECLARED */
	uint8_t class_id;       /* typo class */
	uint8_t distance;       /* optimal string alignment */
	uint16_t score;         /* ten-thousandths, at least the zone's threshold */
	uint32_t ways;          /* the fewer, the likelier; see below */
	ts_action_t action;     /* what a client that no client set knows would get */
	const uint8_t *meant;   /* "did you mean": the counterpart, wire format */
	uint8_t meant_len;      /* octets of meant */
} ts_candidate_t;

typedef struct ts_enumerate_options {
	size_t max;       /* candidates wanted, the likeliest; 0: all */
	time_t now;       /* seconds since the epoch, for `allow` records that end */
	bool registrable; /* only below TLDs that exist: what somebody else can own */
	bool single_only; /* one error only: much faster, for zones with thousands of members */
} ts_enumerate_options_t;

/**
 * Lists the likeliest typos of a member of a policy, each name once: what was declared, then by
 * `ways` (fewest first), then score (highest first), distance, canonical order. `ways` is the
 * number of candidates of the same class and distance, plus two for each of them that scores
 * higher; all five times where there is more than one error. Left out: protected and allowed names
 * (of any policy), and names that are rather a typo of another protected zone. For a TLD or a
 * public suffix (`mil`) the delegated suffixes near it (`ml`) are combined with the protected and
 * known names below it
 * ("army.ml"); undelegated ones stand for themselves ("mli": everything below).
 * \param member  below ts_policy_members(policy); policy is one of the set's.
 * \param arena   what is returned lives there, and is gone with it; so is what a failure leaves.
 * \param out     array of *count candidates; count may be 0.
 * \return TS_OK, or TS_ENOMEM.
 */
TS_MUST_CHECK int ts_enumerate(const ts_policyset_t *set, const ts_policy_t *policy,
	uint32_t member, const ts_enumerate_options_t *options, ts_arena_t *arena,
	const ts_candidate_t **out, size_t *count) TS_NONNULL_ALL;

#endif
