/* SPDX-License-Identifier: BSD-3-Clause */
#include "keyboard.h"

#include <string.h>

/*
 * Rows of keys, each shifted half a key against the row above: a key's neighbours are left and
 * right of it, and at its own and the next place in the row below (place and place - 1 above).
 */
static const char *const layouts[][4] = {
	{"1234567890-", "qwertyuiop", "asdfghjkl", "zxcvbnm"},
	{"1234567890-", "qwertzuiop", "asdfghjkl", "yxcvbnm-"},
	{"1234567890-", "azertyuiop", "qsdfghjklm", "wxcvbn"},
};

/* Which key of a row stands for c; -1: none. */
static int column(const char *row, uint8_t c)
{
	const char *at = c ? strchr(row, c) : NULL;

	return at ? (int)(at - row) : -1;
}

/* a in the row above, b in the row below, or both in one. */
static bool beside(const char *above, const char *below, uint8_t a, uint8_t b)
{
	int x = column(above, a), y = column(below, b);

	if (x < 0 || y < 0)
		return false;
	return above == below ? x - y == 1 || y - x == 1 : y == x || y == x - 1;
}

bool ts_keys_adjacent(uint8_t a, uint8_t b)
{
	/* One key, two layouts: whoever types blind on the other one. */
	static const char same_key[][3] = {"yz", "aq", "wz"};

	for (unsigned i = 0; i < sizeof(same_key) / sizeof(same_key[0]); i++)
		if ((a == (uint8_t)same_key[i][0] && b == (uint8_t)same_key[i][1]) ||
			(b == (uint8_t)same_key[i][0] && a == (uint8_t)same_key[i][1]))
			return true;
	for (unsigned i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		for (unsigned r = 0; r < 4; r++) {
			const char *row = layouts[i][r];

			if (beside(row, row, a, b))
				return true;
			if (r < 3 && (beside(row, layouts[i][r + 1], a, b) ||
					     beside(row, layouts[i][r + 1], b, a)))
				return true;
		}
	}
	return false;
}
