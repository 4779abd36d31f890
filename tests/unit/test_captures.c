/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The capture reader against real captures: counts of queries by type as tshark has them, read from
 * the table in pcaps/SOURCES.md. Needs the shared test data (TYPOSINK_DATA); without it this
 * program is a visible skip.
 */
#include "unit.h"

#include "../../src/capture/capture.h"
#include "../../src/rrtype.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED 77 /* automake's */

/* Where we count otherwise than tshark, and why. */
static const struct {
	const char *file;
	const char *counts;
	const char *why;
} otherwise[] = {
	{"zeek__dns_dns-invalid-names.pcap", "?:3",
		"tshark reads a type behind a name that is a compression loop; we read none"},
};

/* Captures with DNS on a port of its own. */
static const struct {
	const char *file;
	uint16_t port;
} ports[] = {
	{"suricata-verify__dns-incomplete_input.pcap", 5353},
	{"tcpdump__tests_dns_udp_8053.pcap", 8053},
};

struct count {
	char name[TS_TYPE_TEXT_MAX];
	unsigned count;
};

static char directory[PATH_MAX - 300];

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct count *)a)->name, ((const struct count *)b)->name);
}

/* "A:2 MX:1", sorted by name; '?' stands for queries without a question that can be read. Types
 * above those of RFC 1035's times have numbers in the table: both sides are made names. */
static void render(struct count *counts, size_t n, char *out, size_t size)
{
	size_t o = 0;

	qsort(counts, n, sizeof(*counts), by_name);
	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		o += (size_t)snprintf(out + o, size - o, "%s%s:%u", i ? " " : "", counts[i].name,
			counts[i].count);
}

static void normalise(const char *text, char *out, size_t size)
{
	struct count counts[32];
	char buf[TS_TYPE_TEXT_MAX];
	size_t n = 0;
	int used;

	while (sscanf(text, " %15[^: |]:%u%n", counts[n].name, &counts[n].count, &used) == 2) {
		char *end;
		unsigned long type = strtoul(counts[n].name, &end, 10);

		if (*end == '\0')
			strcpy(counts[n].name, ts_type_name((uint16_t)type, buf));
		text += used;
		n++;
	}
	render(counts, n, out, size);
}

static void count_queries(const char *file, char *out, size_t size)
{
	static unsigned types[65536];
	char path[PATH_MAX], buf[TS_TYPE_TEXT_MAX];
	ts_capture_options_t options = {.flaws_told = 0};
	struct count counts[32];
	ts_capture_t *capture;
	ts_message_t m;
	unsigned none = 0;
	size_t n = 0;
	int got;

	memset(types, 0, sizeof(types));
	snprintf(path, sizeof(path), "%s/%s", directory, file);
	for (size_t i = 0; i < countof(ports); i++) {
		if (strcmp(ports[i].file, file) == 0) {
			options.ports = &ports[i].port;
			options.ports_count = 1;
		}
	}
	assert_row(file, ts_capture_open(path, &options, &capture) == TS_OK);
	while ((got = ts_capture_next(capture, &m)) == 1) {
		if (m.dns.response)
			continue;
		if (m.dns.question == TS_QUESTION_GOOD)
			types[m.dns.qtype]++;
		else
			none++;
	}
	assert_row(file, got == 0);
	ts_capture_close(capture);
	for (unsigned type = 0; type < 65536 && n < countof(counts); type++) {
		if (types[type] == 0)
			continue;
		strcpy(counts[n].name, ts_type_name((uint16_t)type, buf));
		counts[n++].count = types[type];
	}
	if (none) {
		strcpy(counts[n].name, "?");
		counts[n++].count = none;
	}
	render(counts, n, out, size);
}

static void captures__counts_as_tshark(void **state)
{
	char line[1024], path[PATH_MAX];
	unsigned files = 0, bad = 0;

	(void)state;
	snprintf(path, sizeof(path), "%s/SOURCES.md", directory);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		char want[256], got[256], file[256];
		char *last = strrchr(line, '|');

		if (!last || sscanf(line, "| %255s |", file) != 1 || !strstr(file, ".pcap"))
			continue;
		*last = '\0';
		last = strrchr(line, '|');
		normalise(last + 1, want, sizeof(want));
		for (size_t i = 0; i < countof(otherwise); i++)
			if (strcmp(otherwise[i].file, file) == 0)
				normalise(otherwise[i].counts, want, sizeof(want));
		count_queries(file, got, sizeof(got));
		files++;
		if (strcmp(want, got) != 0) {
			print_error("%s: want '%s', got '%s'\n", file, want, got);
			bad++;
		}
	}
	fclose(f);
	print_message("%u captures\n", files);
	assert_true(files >= 44);
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(captures__counts_as_tshark),
	};
	const char *data = getenv("TYPOSINK_DATA");
	const char *top = getenv("srcdir");

	if (data)
		snprintf(directory, sizeof(directory), "%s/pcaps", data);
	else
		snprintf(directory, sizeof(directory), "%s/../shared/data/pcaps", top ? top : ".");
	if (access(directory, R_OK) != 0) {
		printf("1..0 # SKIP no captures in %s: %s (set TYPOSINK_DATA)\n", directory,
			strerror(errno));
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
