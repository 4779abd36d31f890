/* SPDX-License-Identifier: BSD-3-Clause
 *
 * gen_suffix: run at build time. Reads the public suffix list on standard input and writes the C
 * table that suffix.c includes: an open-addressing hash table of suffixes in wire format with their
 * flags. Only the ICANN section is taken: a private section's hoster is a mail domain like others.
 */
#include "punycode.h"
#include "suffix_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX 16384 /* rules; twice as many as there were in 2023 */

struct entry {
	uint8_t wire[256];
	size_t len;
	unsigned flags;
};

static struct entry *entries;
static size_t count;

static void die(const char *what, const char *line)
{
	fprintf(stderr, "gen_suffix: %s: %s\n", what, line);
	exit(1);
}

static size_t utf8(const uint8_t *s, size_t len, uint32_t *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len;) {
		unsigned more = s[i] < 0x80 ? 0 : s[i] < 0xe0 ? 1 : s[i] < 0xf0 ? 2 : 3;
		uint32_t c = more ? s[i] & (0x3fu >> more) : s[i];

		for (i++; more && i < len; more--)
			c = c << 6 | (s[i++] & 0x3f);
		out[n++] = c;
	}
	return n;
}

/* Dotted UTF-8 text to wire format, internationalised labels to "xn--". */
static size_t to_wire(const char *text, uint8_t *wire)
{
	size_t o = 0;

	while (*text) {
		size_t len = strcspn(text, ".");
		uint32_t points[64];
		int n = (int)len, ascii = 1;

		if (len == 0 || len > 63)
			die("bad label", text);
		for (size_t i = 0; i < len; i++)
			ascii &= (unsigned char)text[i] < 0x80;
		if (ascii) {
			memcpy(wire + o + 1, text, len);
		} else {
			size_t np = utf8((const uint8_t *)text, len, points);

			memcpy(wire + o + 1, "xn--", 4);
			n = ts_punycode_encode(points, np, wire + o + 5, 59);
			if (n < 0)
				die("bad label", text);
			n += 4;
		}
		wire[o] = (uint8_t)n;
		o += 1 + (size_t)n;
		text += len + (text[len] == '.');
	}
	wire[o] = 0;
	return o + 1;
}

static void add(const uint8_t *wire, size_t len, unsigned flags)
{
	for (size_t i = 0; i < count; i++) {
		if (entries[i].len == len && memcmp(entries[i].wire, wire, len) == 0) {
			entries[i].flags |= flags;
			return;
		}
	}
	if (count == MAX)
		die("more rules than expected", "");
	memcpy(entries[count].wire, wire, len);
	entries[count].len = len;
	entries[count++].flags = flags;
}

/* The suffixes of one label by the number that it is. table: where each entry is, plus 1. */
static void print_tlds(const size_t *table, size_t slots)
{
	static struct ts_tld_slot tlds[1 << TS_TLD_BITS];
	size_t n = 0;

	for (size_t j = 0; j < slots; j++) {
		const struct entry *e = table[j] ? &entries[table[j] - 1] : NULL;
		uint64_t key = 0;

		if (!e || e->len != e->wire[0] + 2u || e->wire[0] > TS_TLD_MAX)
			continue;
		for (size_t k = 0; k < e->len; k++)
			key |= (uint64_t)e->wire[k] << 8 * k;
		uint32_t place = ts_tld_place(key);
		while (tlds[place].key)
			place = ts_tld_next(place);
		tlds[place] = (struct ts_tld_slot){key, (uint32_t)j, e->flags};
		if (++n > sizeof(tlds) / sizeof(tlds[0]) / 2)
			die("more TLDs than expected", "");
	}
	printf("const struct ts_tld_slot ts_tld_slots[1 << TS_TLD_BITS] = {\n");
	for (size_t i = 0; i < sizeof(tlds) / sizeof(tlds[0]); i++)
		if (tlds[i].key)
			printf("\t[%zu] = {%lluu, %u, %u},\n", i, (unsigned long long)tlds[i].key,
				(unsigned)tlds[i].slot, (unsigned)tlds[i].flags);
	printf("};\n");
}

int main(void)
{
	char line[1024];
	int icann = 0;

	entries = calloc(MAX, sizeof(*entries));
	if (!entries)
		die("out of memory", "");
	while (fgets(line, sizeof(line), stdin)) {
		unsigned flags = TS_SUFFIX_RULE;
		char *rule = line;
		uint8_t wire[256];
		size_t len;

		if (strstr(line, "===BEGIN ICANN DOMAINS==="))
			icann = 1;
		if (strstr(line, "===END ICANN DOMAINS==="))
			icann = 0;
		line[strcspn(line, " \t\r\n")] = '\0';
		if (!icann || line[0] == '\0' || strncmp(line, "//", 2) == 0)
			continue;
		if (rule[0] == '!') {
			flags = TS_SUFFIX_EXCEPTION;
			rule++;
		} else if (strncmp(rule, "*.", 2) == 0) {
			flags = TS_SUFFIX_WILDCARD;
			rule += 2;
		}
		if (strlen(rule) > 200)
			die("rule too long", rule);
		len = to_wire(rule, wire);
		add(wire, len, flags);
		/* The rule's last label is a delegated TLD. */
		const uint8_t *tld = wire;
		while (tld[1 + *tld])
			tld += 1 + *tld;
		add(tld, 2 + (size_t)*tld, TS_SUFFIX_TLD);
		/* Whoever walks from the root stops where no rule is below. */
		for (const uint8_t *p = wire + 1 + *wire; *p; p += 1 + *p)
			add(p, len - (size_t)(p - wire), TS_SUFFIX_PARENT);
	}
	if (count < 1000)
		die("this is no public suffix list", "fewer than 1000 rules");

	size_t slots = 1, at = 0;
	while (slots < 2 * count)
		slots *= 2;
	size_t *table = calloc(slots, sizeof(*table)), *off = calloc(count, sizeof(*off));
	if (!table || !off)
		die("out of memory", "");
	printf("/* Made by gen_suffix from the public suffix list. */\n"
	       "#include \"src/typo/suffix_table.h\"\n\n"
	       "const uint8_t ts_suffix_pool[] = {");
	for (size_t i = 0; i < count; i++) {
		size_t j = ts_suffix_hash_wire(entries[i].wire) & (slots - 1);

		while (table[j])
			j = (j + 1) & (slots - 1);
		table[j] = i + 1;
		off[i] = at;
		printf("\n\t%u,", entries[i].flags);
		for (size_t k = 0; k < entries[i].len; k++)
			printf(" %u,", entries[i].wire[k]);
		at += 1 + entries[i].len;
	}
	/* A comparison never reads past the end, however long the name that it is given. */
	printf("\n\t[%zu] = 0", at + 256);
	printf("\n};\nconst uint32_t ts_suffix_nslots = %zu;\n"
	       "const struct ts_suffix_slot ts_suffix_slots[] = {\n",
		slots);
	for (size_t j = 0; j < slots; j++)
		if (table[j])
			printf("\t[%zu] = {%uu, %zu},\n", j,
				(unsigned)ts_suffix_hash_wire(entries[table[j] - 1].wire),
				off[table[j] - 1] + 1);
	printf("\t[%zu] = {0, 0},\n};\n", slots); /* the array is whole whatever slot is last */
	print_tlds(table, slots);
	free(table);
	free(off);
	free(entries);
	return fflush(stdout) || ferror(stdout) ? 1 : 0;
}
