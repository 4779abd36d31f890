/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gen_lookalike: run at build time. Reads UnicodeData.txt on standard input and writes the table of
 * lookalike.h.
 */
#include "lookalike.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POINTS 0x20000

/* Letters of other scripts, and of Latin beyond its names, that look like plain ones. The choice
 * follows Unicode TR 39 and is kept to what a mail address or a host name can show. */
static const struct {
	uint32_t point;
	const char *plain;
} by_hand[] = {
	/* Latin */
	{0x131, "i"},
	{0x237, "j"},
	{0xdf, "ss"},
	{0xe6, "ae"},
	{0x153, "oe"},
	{0xf0, "d"},
	{0xfe, "p"},
	{0x138, "k"},
	{0x14b, "n"},
	{0x17f, "f"},
	{0x18d, "g"},
	{0x1dd, "e"},
	{0x251, "a"},
	{0x252, "a"},
	{0x254, "c"},
	{0x259, "e"},
	{0x25b, "e"},
	{0x25c, "e"},
	{0x261, "g"},
	{0x262, "g"},
	{0x263, "y"},
	{0x265, "h"},
	{0x269, "i"},
	{0x26a, "i"},
	{0x26f, "w"},
	{0x272, "n"},
	{0x274, "n"},
	{0x275, "o"},
	{0x280, "r"},
	{0x283, "f"},
	{0x28a, "u"},
	{0x28b, "v"},
	{0x28c, "a"},
	{0x28f, "y"},
	{0x292, "z"},
	{0x29f, "l"},
	{0x1d04, "c"},
	{0x1d0f, "o"},
	{0x1d1c, "u"},
	{0x1d20, "v"},
	{0x1d21, "w"},
	{0x1d22, "z"},
	{0x1d00, "a"},
	{0x1d05, "d"},
	{0x1d07, "e"},
	{0x1d0a, "j"},
	{0x1d0b, "k"},
	{0x1d0d, "m"},
	{0x1d18, "p"},
	{0x1d1b, "t"},
	{0x299, "b"},
	{0x29c, "h"},
	{0xa731, "s"},
	{0xa730, "f"},
	{0x195, "h"},
	{0x19a, "l"},
	{0x1c0, "l"},
	{0x1bf, "p"},
	{0x1bd, "s"},
	{0x185, "b"},
	/* Greek */
	{0x3b1, "a"},
	{0x3b2, "b"},
	{0x3b3, "y"},
	{0x3b5, "e"},
	{0x3b6, "z"},
	{0x3b7, "n"},
	{0x3b8, "o"},
	{0x3b9, "i"},
	{0x3ba, "k"},
	{0x3bc, "u"},
	{0x3bd, "v"},
	{0x3bf, "o"},
	{0x3c0, "n"},
	{0x3c1, "p"},
	{0x3c2, "c"},
	{0x3c3, "o"},
	{0x3c4, "t"},
	{0x3c5, "u"},
	{0x3c7, "x"},
	{0x3c9, "w"},
	{0x3f2, "c"},
	{0x3f3, "j"},
	/* Cyrillic */
	{0x430, "a"},
	{0x432, "b"},
	{0x433, "r"},
	{0x435, "e"},
	{0x437, "3"},
	{0x438, "n"},
	{0x43a, "k"},
	{0x43c, "m"},
	{0x43d, "h"},
	{0x43e, "o"},
	{0x43f, "n"},
	{0x440, "p"},
	{0x441, "c"},
	{0x442, "t"},
	{0x443, "y"},
	{0x445, "x"},
	{0x448, "w"},
	{0x44c, "b"},
	{0x44f, "r"},
	{0x454, "e"},
	{0x455, "s"},
	{0x456, "i"},
	{0x458, "j"},
	{0x461, "w"},
	{0x475, "v"},
	{0x49b, "k"},
	{0x4a3, "h"},
	{0x4a5, "h"},
	{0x4ab, "c"},
	{0x4ad, "t"},
	{0x4af, "y"},
	{0x4b3, "x"},
	{0x4bb, "h"},
	{0x4bd, "e"},
	{0x4bf, "e"},
	{0x4c0, "l"},
	{0x4cf, "l"},
	{0x4d9, "e"},
	{0x4e9, "o"},
	{0x501, "d"},
	{0x51b, "q"},
	{0x51d, "w"},
	{0x45b, "h"},
	{0x452, "h"},
	{0x48d, "b"},
	{0x4b7, "y"},
	{0x49d, "k"},
	{0x4c8, "h"},
	/* Armenian, Georgian, Hebrew, Lao, Cherokee and what remains */
	{0x561, "w"},
	{0x563, "q"},
	{0x566, "q"},
	{0x570, "h"},
	{0x578, "n"},
	{0x57c, "n"},
	{0x57d, "u"},
	{0x581, "g"},
	{0x584, "f"},
	{0x585, "o"},
	{0x575, "j"},
	{0x56c, "l"},
	{0x5d5, "l"},
	{0x5df, "l"},
	{0x5e1, "o"},
	{0x665, "o"},
	{0x6f5, "o"},
	{0x966, "o"},
	{0xbe6, "o"},
	{0xd20, "o"},
	{0xe50, "o"},
	{0x101d, "o"},
	{0x10ff, "o"},
	{0x13a5, "i"},
};

static struct character {
	uint32_t parts[4]; /* of its decomposition, at most this many */
	uint32_t lower;
	char base; /* by name */
	char mark, known;
} * characters;

/* "LATIN SMALL LETTER L WITH STROKE", "LATIN LETTER SMALL CAPITAL R ...": the base letter. */
static char base_of(const char *name)
{
	static const char *const heads[] = {"LATIN SMALL LETTER ", "LATIN CAPITAL LETTER ",
		"LATIN LETTER SMALL CAPITAL ", "FULLWIDTH LATIN SMALL LETTER "};

	for (unsigned i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		size_t n = strlen(heads[i]);

		if (strncmp(name, heads[i], n) == 0 && name[n] >= 'A' && name[n] <= 'Z' &&
			(name[n + 1] == '\0' || strncmp(name + n + 1, " WITH ", 6) == 0))
			return (char)(name[n] - 'A' + 'a');
	}
	return 0;
}

/* Appends what a character looks like; 0: it looks like nothing plain. */
static int expand(uint32_t point, char *out, int at, int depth)
{
	if (point < 0x80) {
		if (point >= 'A' && point <= 'Z')
			point += 32;
		if ((point < 'a' || point > 'z') && (point < '0' || point > '9') && point != '-')
			return 0;
		if (at >= 4)
			return 0;
		out[at] = (char)point;
		return at + 1;
	}
	if (point >= POINTS || depth > 8)
		return 0;
	const struct character *c = &characters[point];
	if (c->mark)
		return at;
	for (unsigned i = 0; i < sizeof(by_hand) / sizeof(by_hand[0]); i++) {
		if (by_hand[i].point == point) {
			size_t n = strlen(by_hand[i].plain);

			if (at + n > 4)
				return 0;
			memcpy(out + at, by_hand[i].plain, n);
			return at + (int)n;
		}
	}
	if (c->base)
		return expand((uint32_t)(unsigned char)c->base, out, at, depth + 1);
	if (c->parts[0]) {
		for (int i = 0; i < 4 && c->parts[i]; i++) {
			int next = expand(c->parts[i], out, at, depth + 1);

			if (next == 0 && !(c->parts[i] < POINTS && characters[c->parts[i]].mark))
				return 0;
			at = next > at ? next : at;
		}
		return at;
	}
	return c->lower && c->lower != point ? expand(c->lower, out, at, depth + 1) : 0;
}

int main(void)
{
	char line[1024];
	unsigned count = 0;

	characters = calloc(POINTS, sizeof(*characters));
	if (!characters)
		return 1;
	while (fgets(line, sizeof(line), stdin)) {
		char *fields[15] = {line}, *p = line;
		uint32_t point;
		int n = 1;

		line[strcspn(line, "\r\n")] = '\0';
		while (n < 15 && (p = strchr(p, ';')) != NULL) {
			*p++ = '\0';
			fields[n++] = p;
		}
		point = (uint32_t)strtoul(fields[0], NULL, 16);
		if (n < 15 || point >= POINTS)
			continue;
		struct character *c = &characters[point];
		c->known = 1;
		c->mark = fields[2][0] == 'M';
		c->base = base_of(fields[1]);
		c->lower = (uint32_t)strtoul(fields[13], NULL, 16);
		p = fields[5];
		if (*p == '<')
			p = strchr(p, '>') + 1;
		for (int i = 0; i < 4 && *p; i++)
			c->parts[i] = (uint32_t)strtoul(p, &p, 16);
		if (*p) /* more parts than a label's letter can stand for */
			c->parts[0] = 0;
	}
	printf("/* Made by gen_lookalike from the Unicode character database. */\n"
	       "#include \"src/typo/lookalike.h\"\n\n"
	       "const struct ts_lookalike ts_lookalikes[] = {\n");
	for (uint32_t point = 0x80; point < POINTS; point++) {
		char out[4] = {0};
		int n = characters[point].known ? expand(point, out, 0, 0) : 0;

		if (n == 0 && !characters[point].mark)
			continue;
		printf("\t{0x%x, {", (unsigned)point);
		for (int i = 0; i < 4; i++)
			if (i < n)
				printf("'%c', ", out[i]);
			else
				printf("0%s", i < 3 ? ", " : "");
		printf("}},\n");
		count++;
	}
	printf("};\nconst unsigned ts_nlookalikes = %u;\n", count);
	free(characters);
	if (count < 1000) {
		fprintf(stderr, "gen_lookalike: this is no Unicode character database\n");
		return 1;
	}
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
