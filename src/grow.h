/* SPDX-License-Identifier: BSD-3-Clause
 *
 * grow: room for one more element of an array.
 */
#ifndef TS_GROW_H
#define TS_GROW_H

#include <stdlib.h>

/** The array with room for one more element behind `count`: as it is, or moved.
 *  \param cap   elements that it has room for; raised where it was moved
 *  \param size  octets of an element
 *  \return NULL: no memory, and the old array stands. */
static inline void *ts_grow(void *array, size_t count, size_t *cap, size_t size)
{
	if (count < *cap)
		return array;
	size_t want = *cap ? 2 * *cap : 16;
	void *p = realloc(array, want * size);

	if (p)
		*cap = want;
	return p;
}

#endif
