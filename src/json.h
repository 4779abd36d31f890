/* SPDX-License-Identifier: BSD-3-Clause
 *
 * json: writes JSON into a buffer of the caller's, with a sticky error: build the whole text, ask
 * once at the end. Never allocates, so it may serve in the resolver's process (jansson reads, in
 * the command and in tests). Output is always valid UTF-8: other octets become U+FFFD.
 */
#ifndef TS_JSON_H
#define TS_JSON_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ts_json {
	char *buf;
	size_t size, len;
	bool full;  /* sticky: something did not fit */
	bool comma; /* the next value at this level wants a comma */
} ts_json_t;

void ts_json_init(ts_json_t *j, char *buf, size_t size) TS_NONNULL_ALL;
/** \return the length, NUL-terminated text in buf; 0 where it did not fit. */
size_t ts_json_finish(ts_json_t *j) TS_NONNULL_ALL;

void ts_json_object(ts_json_t *j, const char *key) TS_NONNULL(1); /* opens; key NULL in arrays */
void ts_json_array(ts_json_t *j, const char *key) TS_NONNULL(1);
void ts_json_close(ts_json_t *j, char bracket) TS_NONNULL_ALL; /* '}' or ']' */
void ts_json_str(ts_json_t *j, const char *key, const char *value) TS_NONNULL(1);
void ts_json_strn(ts_json_t *j, const char *key, const char *value, size_t len) TS_NONNULL(1);
void ts_json_int(ts_json_t *j, const char *key, int64_t value) TS_NONNULL(1);
/** value / 10^places as a decimal number with exactly that many digits behind the point. */
void ts_json_fixed(ts_json_t *j, const char *key, int64_t value, unsigned places) TS_NONNULL(1);
void ts_json_bool(ts_json_t *j, const char *key, bool value) TS_NONNULL(1);
void ts_json_null(ts_json_t *j, const char *key) TS_NONNULL(1);

#endif
