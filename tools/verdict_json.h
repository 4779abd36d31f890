/* SPDX-License-Identifier: BSD-3-Clause
 *
 * verdict_json: a verdict as the keys that `explain --json` and `replay --json` share.
 */
#ifndef TS_TOOLS_VERDICT_JSON_H
#define TS_TOOLS_VERDICT_JSON_H

#include "../src/json.h"
#include "../src/verdict.h"

/** Adds name, verdict, protected, suffix, counterpart, class, distance, score, action, evidence and
 * reason to the open object. */
void verdict_json(ts_json_t *j, const ts_name_t *name, const ts_verdict_t *v, const char *reason);

#endif
