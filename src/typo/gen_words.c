/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gen_words: run at build time. Reads a word list on standard input and writes the filter of
 * word.h. Words are taken that are of three lower-case letters or more: proper names are not.
 */
#include "word.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static uint8_t filter[TS_WORD_BITS / 8];

int main(void)
{
	char line[256];
	unsigned words = 0;

	while (fgets(line, sizeof(line), stdin)) {
		size_t len = strcspn(line, "\r\n");
		int letters = 1;

		for (size_t i = 0; i < len; i++) {
			letters &= islower((unsigned char)line[i]) != 0; /* no proper names */
		}
		if (!letters || len < 3)
			continue;
		uint64_t hash = ts_word_hash((const uint8_t *)line, len);
		for (unsigned i = 0; i < TS_WORD_HASHES; i++)
			filter[ts_word_bit(hash, i) / 8] |=
				(uint8_t)(1u << ts_word_bit(hash, i) % 8);
		words++;
	}
	if (words < 1000 || words > TS_WORD_BITS / 10) {
		fprintf(stderr, "gen_words: %u words: no word list, or too long a one\n", words);
		return 1;
	}
	printf("/* Made by gen_words from the system's word list. */\n"
	       "#include \"src/typo/word.h\"\n\n"
	       "const uint8_t ts_word_filter[TS_WORD_BITS / 8] = {");
	for (size_t i = 0; i < sizeof(filter); i++)
		printf(i % 32 ? "%u," : "\n%u,", filter[i]);
	printf("\n};\n");
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
