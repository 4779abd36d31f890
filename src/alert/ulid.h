/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ulid: event.id. 48 bits of milliseconds and 80 of randomness in Crockford's base 32; within one
 * source strictly growing, whatever the clock does.
 */
#ifndef TS_ALERT_ULID_H
#define TS_ALERT_ULID_H

#include <stdint.h>

#define TS_ULID_LEN 26

typedef struct ts_ulid {
	uint64_t ms;    /* of the last one made */
	uint16_t high;  /* randomness of the last one made: 16 bits */
	uint64_t low;   /* and 64 */
	uint64_t state; /* of the generator */
} ts_ulid_t;

void ts_ulid_init(ts_ulid_t *ulid, uint64_t seed);
void ts_ulid_next(ts_ulid_t *ulid, int64_t wall_us, char out[TS_ULID_LEN + 1]);

#endif
