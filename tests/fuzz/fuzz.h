/* SPDX-License-Identifier: BSD-3-Clause
 *
 * fuzz: what every fuzz target shares. A target is a file target_<what>.c with a fuzz_target_t, a
 * row in fuzz.c's table and a name in FUZZ_TARGETS (tests/fuzz/local.mk). It aborts where something
 * that was promised does not hold; sanitizers look after the rest.
 */
#ifndef TS_TESTS_FUZZ_H
#define TS_TESTS_FUZZ_H

#include "../../src/diag.h"
#include "../../src/name.h"

#include <stdint.h>
#include <stdio.h>

typedef struct fuzz_target {
	const char *name;
	void (*run)(const uint8_t *data, size_t size);
	/** Changes an input in place in a way that knows its structure; returns its new size, up to
	 * max, or 0 for "no idea": libFuzzer's own ways are taken. NULL: none. */
	size_t (*mutate)(uint8_t *data, size_t size, size_t max, unsigned dice);
} fuzz_target_t;

extern const fuzz_target_t fuzz_alerts, fuzz_capture, fuzz_conf, fuzz_dns, fuzz_dnstap, fuzz_elf,
	fuzz_module, fuzz_name, fuzz_packets, fuzz_policy, fuzz_popular, fuzz_records, fuzz_verdict;

/** Aborts, and says what was promised. */
#define PROMISED(what)                                          \
	do {                                                    \
		if (!(what))                                    \
			fuzz_broken(__FILE__, __LINE__, #what); \
	} while (0)
void fuzz_broken(const char *file, int line, const char *what) __attribute__((noreturn));

/** What is left of the input, field by field; zeros behind its end. */
typedef struct fuzz_bytes {
	const uint8_t *at, *end;
} fuzz_bytes_t;

static inline uint8_t fuzz_u8(fuzz_bytes_t *b)
{
	return b->at < b->end ? *b->at++ : 0;
}

static inline uint16_t fuzz_u16(fuzz_bytes_t *b)
{
	uint8_t high = fuzz_u8(b);

	return (uint16_t)(high << 8 | fuzz_u8(b));
}

static inline size_t fuzz_left(const fuzz_bytes_t *b)
{
	return (size_t)(b->end - b->at);
}

/** Up to n octets; *got says how many there were. */
static inline const uint8_t *fuzz_take(fuzz_bytes_t *b, size_t n, size_t *got)
{
	const uint8_t *p = b->at;

	*got = n < fuzz_left(b) ? n : fuzz_left(b);
	b->at += *got;
	return p;
}

/** For a mutate(): one of the lines (ends behind its newline), and an octet string in its place.
 * \return fuzz_splice(): the new size; 0 where it would be more than max. */
typedef struct fuzz_span {
	size_t at, len;
} fuzz_span_t;
fuzz_span_t fuzz_line(const uint8_t *text, size_t size, unsigned dice);
size_t fuzz_splice(
	uint8_t *data, size_t size, size_t max, fuzz_span_t span, const void *with, size_t len);
/** The next throw: up to n - 1. */
static inline unsigned fuzz_dice(unsigned *dice, unsigned n)
{
	*dice = *dice * 1103515245u + 12345u;
	return (*dice >> 8) % n;
}

/** A file with this content and nothing on a disk. The path is good until fuzz_file_end(). */
typedef struct fuzz_file {
	int fd;
	char path[32];
} fuzz_file_t;
void fuzz_file(fuzz_file_t *file, const void *data, size_t size);
void fuzz_file_end(fuzz_file_t *file);

/** Counts diagnostics by severity, and demands of each what ts_diag_format() promises. */
typedef struct fuzz_diags {
	unsigned count[3];
} fuzz_diags_t;
void fuzz_diag(void *arg, const ts_diag_t *diag);

/** Aborts unless text of len octets is printable ASCII. */
void fuzz_printable(const char *text, size_t len);

/** Demands what holds for every name. */
void fuzz_good_name(const ts_name_t *name);

#endif
