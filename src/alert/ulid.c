/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "ulid.h"

/* splitmix64 (Steele, Lea and Flood, 2014): a new state each time, mixed. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

void ts_ulid_init(ts_ulid_t *ulid, uint64_t seed)
{
	*ulid = (ts_ulid_t){.state = seed};
}

void ts_ulid_next(ts_ulid_t *ulid, int64_t wall_us, char out[TS_ULID_LEN + 1])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t ms = wall_us > 0 ? (uint64_t)wall_us / 1000 : 0;

	if (ms > ulid->ms) {
		ulid->ms = ms;
		/* The top bit stays free, so that counting up within a millisecond never wraps. */
		ulid->high = (uint16_t)(next_random(&ulid->state) & 0x7fff);
		ulid->low = next_random(&ulid->state);
	} else if (++ulid->low == 0) {
		ulid->high++;
	}
	uint64_t time = ulid->ms, high = (uint64_t)ulid->high << 24 | ulid->low >> 40;
	uint64_t low = ulid->low & ((UINT64_C(1) << 40) - 1);
	for (unsigned i = 10; i-- > 0; time >>= 5)
		out[i] = alphabet[time & 31];
	for (unsigned i = 18; i-- > 10; high >>= 5)
		out[i] = alphabet[high & 31];
	for (unsigned i = 26; i-- > 18; low >>= 5)
		out[i] = alphabet[low & 31];
	out[TS_ULID_LEN] = '\0';
}
