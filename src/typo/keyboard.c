/* SPDX-License-Identifier: BSD-3-Clause */
#include "keyboard.h"

/*
 * The neighbours of each key on QWERTY, QWERTZ and AZERTY together: left and right of it, at its
 * own and the next place in the row below, and what stands on the same key of another layout
 * (whoever types blind).
 */
static const char neighbours[128][16] = {
	['a'] = "qswyz12",
	['b'] = "ghnv",
	['c'] = "dfvx",
	['d'] = "cefrsx",
	['e'] = "drswz34",
	['f'] = "cdgrtv",
	['g'] = "bfhtvyz",
	['h'] = "bgjnuyz",
	['i'] = "jkou89",
	['j'] = "hikmnu",
	['k'] = "ijlmo-",
	['l'] = "kmop-",
	['m'] = "jklnp-",
	['n'] = "bhjm",
	['o'] = "iklp09",
	['p'] = "lmo0-",
	['q'] = "aswz12",
	['r'] = "deft45",
	['s'] = "adeqwxyz",
	['t'] = "fgryz56",
	['u'] = "hijyz78",
	['v'] = "bcfg",
	['w'] = "aeqsxz23",
	['x'] = "cdswyz",
	['y'] = "aghstuxz67",
	['z'] = "aeghqstuwxy2367",
	['0'] = "op9-",
	['1'] = "aq2",
	['2'] = "aqwz13",
	['3'] = "ewz24",
	['4'] = "er35",
	['5'] = "rt46",
	['6'] = "tyz57",
	['7'] = "uyz68",
	['8'] = "iu79",
	['9'] = "io08",
	['-'] = "klmp0",
};

bool ts_keys_adjacent(uint8_t a, uint8_t b)
{
	const char *beside = neighbours[a & 127];

	if (a > 127 || b == 0)
		return false;
	while (*beside && (uint8_t)*beside != b)
		beside++;
	return *beside;
}
