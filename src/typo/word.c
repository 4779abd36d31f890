/* SPDX-License-Identifier: BSD-3-Clause */
#include "word.h"

bool ts_is_word(const uint8_t *label, size_t len)
{
	uint64_t hash = ts_word_hash(label, len);

	for (unsigned i = 0; i < TS_WORD_HASHES; i++) {
		uint32_t bit = ts_word_bit(hash, i);

		if (!(ts_word_filter[bit / 8] >> bit % 8 & 1))
			return false;
	}
	return true;
}
