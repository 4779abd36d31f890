/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The words of the policy language, and what a finished snapshot can be asked.
 */
#include "policy_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const actions[] = {
	[TS_ACTION_SINKHOLE] = "sinkhole",
	[TS_ACTION_NULLMX] = "nullmx",
	[TS_ACTION_NXDOMAIN] = "nxdomain",
	[TS_ACTION_NODATA] = "nodata",
	[TS_ACTION_REFUSED] = "refused",
	[TS_ACTION_DEFER] = "defer",
	[TS_ACTION_OBSERVE] = "observe",
	[TS_ACTION_PASS] = "pass",
};

const char *ts_action_name(ts_action_t action)
{
	return actions[action];
}

int ts_action_find(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
		if (strlen(actions[i]) == len && strncasecmp(actions[i], word, len) == 0)
			return (int)i;
	}
	return TS_ENOENT;
}

const char *ts_evidence_name(unsigned evidence)
{
	switch (evidence) {
	case TS_EVIDENCE_LISTED:
		return "listed";
	case TS_EVIDENCE_DNS:
		return "dns";
	case TS_EVIDENCE_LISTED | TS_EVIDENCE_DNS:
		return "listed dns";
	default:
		return "none";
	}
}

unsigned ts_qtype_bit(uint16_t qtype)
{
	switch (qtype) {
	case TS_TYPE_MX:
		return QTYPE_MX;
	case TS_TYPE_A:
		return QTYPE_A;
	case TS_TYPE_AAAA:
		return QTYPE_AAAA;
	case TS_TYPE_HTTPS:
		return QTYPE_HTTPS;
	case TS_TYPE_SVCB:
		return QTYPE_SVCB;
	case TS_TYPE_SRV:
		return QTYPE_SRV;
	case TS_TYPE_TXT:
		return QTYPE_MTA_STS;
	case TS_TYPE_ANY:
		return QTYPE_ANY;
	default:
		return 0;
	}
}

static unsigned two_digits(const char *text)
{
	return (unsigned)(text[0] - '0') * 10 + (unsigned)(text[1] - '0');
}

int ts_policy_date(const char *text, size_t len, time_t *out)
{
	static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	if (len != 10 || text[4] != '-' || text[7] != '-')
		return TS_EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (i != 4 && i != 7 && (text[i] < '0' || text[i] > '9'))
			return TS_EINVAL;
	}
	unsigned y = two_digits(text) * 100 + two_digits(text + 2);
	unsigned m = two_digits(text + 5), d = two_digits(text + 8);
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (y < 1970 || m < 1 || m > 12 || d < 1 || d > days[m - 1] + (m == 2 && leap ? 1u : 0u))
		return TS_EINVAL;
	int64_t n = d; /* the day after it, counted from 1970-01-01 */
	for (unsigned i = 1; i < m; i++)
		n += days[i - 1] + (i == 2 && leap);
	/* Leap days of the whole years before this one. */
	unsigned before = y - 1;
	n += 365 * (int64_t)(y - 1970) + (before / 4 - before / 100 + before / 400) -
	     (1969 / 4 - 1969 / 100 + 1969 / 400);
	*out = (time_t)(n * 86400);
	return TS_OK;
}

void ts_diag_limited(ts_diag_limit_t *limit, ts_severity_t severity, unsigned line,
	const char *property, const char *fmt, ...)
{
	char message[1024];
	va_list ap;

	if (limit->count[severity]++ >= TS_DIAG_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	ts_report(limit->report, severity, limit->file, line, property, "%s", message);
}

void ts_diag_limit_finish(ts_diag_limit_t *limit)
{
	static const char *const words[] = {"notes", "warnings", "errors"};

	for (int s = TS_NOTE; s <= TS_ERROR; s++) {
		if (limit->count[s] > TS_DIAG_MAX)
			ts_report(limit->report, (ts_severity_t)s, limit->file, 0, NULL,
				"%u more %s are not shown", limit->count[s] - TS_DIAG_MAX,
				words[s]);
	}
}

ts_policy_t *ts_policy_ref(ts_policy_t *policy)
{
	atomic_fetch_add_explicit(&policy->refs, 1, memory_order_relaxed);
	return policy;
}

void ts_policy_unref(ts_policy_t *policy)
{
	if (!policy || atomic_fetch_sub_explicit(&policy->refs, 1, memory_order_acq_rel) != 1)
		return;
	ts_index_free(policy->index);
	ts_arena_release(&policy->arena);
	free(policy);
}

const uint8_t *ts_policy_name(const ts_policy_t *policy)
{
	return policy->name.wire;
}

uint32_t ts_policy_serial(const ts_policy_t *policy)
{
	return policy->serial;
}

const char *ts_policy_source(const ts_policy_t *policy)
{
	return policy->source;
}

size_t ts_policy_members(const ts_policy_t *policy)
{
	return policy->nmembers;
}

size_t ts_policy_memory(const ts_policy_t *policy)
{
	return sizeof(*policy) + policy->arena.memory +
	       (policy->index ? ts_index_memory(policy->index) : 0);
}

const char *ts_policy_member_id(const ts_policy_t *policy, uint32_t member)
{
	return policy->members[member].id;
}

const uint8_t *ts_policy_member_zone(const ts_policy_t *policy, uint32_t member)
{
	return policy->members[member].zone.wire;
}

void ts_policy_summary(const ts_policy_t *policy, ts_policy_summary_t *out)
{
	*out = (ts_policy_summary_t){.declared = policy->ndeclared,
		.allowed = policy->nallows,
		.known = policy->nknowns,
		.sinkhole_hosts = policy->nhosts,
		.client_sets = policy->has_clients};
	for (size_t i = 0; i < policy->nmembers; i++)
		out->members_by_action[policy->members[i].settings->action]++;
}
