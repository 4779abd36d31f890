/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policy_value: reads the rdata of a policy's properties. Each function judges one record; where
 * it fails, `why` says so in one sentence without a full stop.
 */
#ifndef TS_POLICY_VALUE_H
#define TS_POLICY_VALUE_H

#include "policy_impl.h"

#define TS_WHY_MAX 256

typedef struct ts_value {
	const uint8_t *rdata;
	uint16_t rdlen;
	char *why; /* TS_WHY_MAX characters */
} ts_value_t;

/** One TXT string, as it stands; the pointer is into rdata. */
TS_MUST_CHECK int ts_value_string(const ts_value_t *v, const char **text, size_t *len);
TS_MUST_CHECK int ts_value_action(const ts_value_t *v, ts_action_t *out);
/** max-ttl: 0 to 86400 seconds. */
TS_MUST_CHECK int ts_value_ttl(const ts_value_t *v, uint32_t *out);
/** threshold: 0.00 to 1.00, as ten-thousandths. */
TS_MUST_CHECK int ts_value_score(const ts_value_t *v, uint16_t *out);
TS_MUST_CHECK int ts_value_qtypes(const ts_value_t *v, unsigned *out);
/** \param named  the classes that were asked for by name. */
TS_MUST_CHECK int ts_value_classes(const ts_value_t *v, ts_class_set_t *out, ts_class_set_t *named);
TS_MUST_CHECK int ts_value_evidence(const ts_value_t *v, unsigned *out);
TS_MUST_CHECK int ts_value_until(const ts_value_t *v, time_t *out);
/** All strings of a TXT record, joined. */
TS_MUST_CHECK int ts_value_text(const ts_value_t *v, ts_arena_t *arena, const char **out);
TS_MUST_CHECK int ts_value_name(const ts_value_t *v, ts_name_t *out);
/** The exchange of an MX record, and whether it is one that can be used. */
TS_MUST_CHECK int ts_value_mx(const ts_value_t *v, ts_name_t *host);
/** APL (RFC 3123). */
TS_MUST_CHECK int ts_value_prefixes(
	const ts_value_t *v, ts_arena_t *arena, const ts_client_rule_t **out, size_t *count);

#endif
