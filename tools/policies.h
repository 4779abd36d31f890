/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policies: what the subcommands that take "-p POLICY" have in common.
 */
#ifndef TS_TOOLS_POLICIES_H
#define TS_TOOLS_POLICIES_H

#include "../src/policy.h"
#include "../src/verdict.h"

/** Arguments of "-p POLICY", in order. Owned by argv. */
typedef struct policies {
	const char **paths;
	size_t count;
	const char *popular; /* of "--popular FILE"; NULL: none */
	ts_popular_t *list;
	ts_policyset_t *set;
} policies_t;

/** Takes one more. \return EXIT_OK or EXIT_TROUBLE. */
int policies_add(policies_t *p, const char *path);

/**
 * Loads them all into a set; diagnostics go to stderr.
 * \param quiet  errors only, no warnings and notes.
 * \return EXIT_OK; EXIT_FOUND where a policy does not hold; EXIT_TROUBLE.
 */
int policies_load(policies_t *p, bool quiet);

void policies_release(policies_t *p);

/** Loads one policy, diagnostics to stderr, counted by severity. \return as policies_load. */
int policies_load_one(const char *path, bool quiet, unsigned count[3], ts_policy_t **out);

/**
 * Reads a domain name as a person types it: U-labels in UTF-8 (IDNA 2008), an address before its
 * domain ("user@army.ml"), blanks around it, a final dot or none.
 * \param why  set to a static sentence where it fails. \return TS_OK or TS_EINVAL.
 */
int name_from_person(const char *text, size_t len, ts_name_t *out, const char **why);

#endif
