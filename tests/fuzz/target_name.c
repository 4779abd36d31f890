/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz target: names, as text and in wire format. The first octet says which.
 */
#include "fuzz.h"

#include <string.h>

static void two_names(const ts_name_t *a, const ts_name_t *b, uint8_t dice)
{
	int order = ts_name_compare(a->wire, b->wire);
	ts_name_t spliced;

	PROMISED((ts_name_compare(b->wire, a->wire) < 0) == (order > 0));
	PROMISED((order == 0) == (a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0));
	bool below = ts_name_is_below(a, b->wire, b->len);
	PROMISED(!below || a->nlabels >= b->nlabels);
	PROMISED(!below || !ts_name_is_below(b, a->wire, a->len) || order == 0);
	PROMISED(!below || order >= 0); /* RFC 4034: a zone comes before what is below it */
	unsigned labels = a->nlabels ? dice % a->nlabels : 0;
	unsigned keep = a->nlabels ? (dice >> 4) % (a->wire[a->off[labels]] + 1u) : 0;
	if (ts_name_splice(&spliced, a, labels, keep, b->wire, b->len) == TS_OK) {
		fuzz_good_name(&spliced);
		PROMISED(ts_name_is_below(&spliced, b->wire, b->len));
		PROMISED(spliced.nlabels == labels + (keep ? 1 : 0) + b->nlabels);
	}
}

static void run(const uint8_t *data, size_t size)
{
	fuzz_bytes_t b = {data, data + size};
	uint8_t kind = fuzz_u8(&b), dice = fuzz_u8(&b);
	ts_name_t name[2];
	const char *why = NULL;

	for (int i = 0; i < 2; i++) {
		/* Both are in the input, with the length of the first before it. */
		size_t got, want = i ? fuzz_left(&b) : fuzz_u16(&b) & 0x7ff;
		const uint8_t *text = fuzz_take(&b, want, &got);
		int ret = kind >> i & 1
				  ? ts_name_from_wire(&name[i], text, got)
				  : ts_name_from_text(&name[i], (const char *)text, got, &why);

		if (ret != TS_OK) {
			PROMISED(kind >> i & 1 || (why && *why));
			return;
		}
		fuzz_good_name(&name[i]);
	}
	two_names(&name[0], &name[1], dice);
}

const fuzz_target_t fuzz_name = {"name", run, NULL};
