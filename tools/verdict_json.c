/* SPDX-License-Identifier: BSD-3-Clause */
#include "verdict_json.h"

static const char *text_of(const uint8_t *wire, char buf[TS_NAME_TEXT_MAX])
{
	ts_name_to_text(wire, buf, TS_NAME_TEXT_MAX);
	return buf;
}

static void json_text(ts_json_t *j, const char *key, const char *value)
{
	if (value)
		ts_json_str(j, key, value);
	else
		ts_json_null(j, key);
}

void verdict_json(ts_json_t *j, const ts_name_t *name, const ts_verdict_t *v, const char *reason)
{
	char text[TS_NAME_TEXT_MAX];
	bool match = v->kind == TS_VERDICT_TYPO || v->kind == TS_VERDICT_ASK;
	bool zone = match || v->kind == TS_VERDICT_PROTECTED;

	ts_json_str(j, "name", text_of(name->wire, text));
	ts_json_str(j, "verdict", ts_verdict_name(v->kind));
	json_text(j, "protected",
		zone ? text_of(ts_policy_member_zone(v->policy, v->member), text) : NULL);
	json_text(j, "suffix", match ? text_of(ts_name_suffix(name, v->match.suffix), text) : NULL);
	json_text(j, "counterpart", match ? text_of(v->counterpart.wire, text) : NULL);
	json_text(j, "class", match ? ts_class_get(v->match.class_id)->name : NULL);
	if (match) {
		ts_json_int(j, "distance", v->match.distance);
		ts_json_fixed(j, "score", v->match.score, 4);
	} else {
		ts_json_null(j, "distance");
		ts_json_null(j, "score");
	}
	json_text(j, "action", match ? ts_action_name(v->action) : NULL);
	json_text(j, "evidence", v->kind == TS_VERDICT_TYPO ? ts_evidence_name(v->evidence) : NULL);
	ts_json_str(j, "reason", reason);
}
