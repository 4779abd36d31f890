/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policy_file: feeds a policy builder from a master file (RFC 1035 section 5), read with ldns.
 */
#ifndef TS_POLICY_FILE_H
#define TS_POLICY_FILE_H

#include "policy.h"

/**
 * Reads, checks and compiles a policy that is in memory. source: what diagnostics call it.
 * \return TS_OK, TS_EPOLICY, TS_ENOMEM.
 */
TS_MUST_CHECK int ts_policy_load_text(const char *source, const char *data, size_t len,
	const ts_policy_options_t *options, const ts_reporter_t *report, ts_policy_t **out)
	TS_NONNULL(1, 2, 4, 6);

/**
 * Reads, checks and compiles the policy in a file. Every error and warning is reported with file
 * and line; reading goes on behind a bad record, so that one run shows them all.
 * \return TS_OK, TS_EIO (not readable, a directory, ...: reported), TS_EPOLICY, TS_ENOMEM.
 */
TS_MUST_CHECK int ts_policy_load_file(const char *path, const ts_policy_options_t *options,
	const ts_reporter_t *report, ts_policy_t **out) TS_NONNULL(1, 2, 4);

#endif
