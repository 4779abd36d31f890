/* SPDX-License-Identifier: BSD-3-Clause
 *
 * unit: what every unit test includes. cmocka wants these headers in this order.
 */
#ifndef TS_TESTS_UNIT_H
#define TS_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#define countof(a) (sizeof(a) / sizeof((a)[0]))

/* A table row that fails says which row it was. */
#define assert_row(label, condition)                                   \
	do {                                                           \
		if (!(condition))                                      \
			fail_msg("row '%s': %s", (label), #condition); \
	} while (0)

#endif
