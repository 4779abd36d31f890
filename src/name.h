/* SPDX-License-Identifier: BSD-3-Clause
 *
 * name: domain names in wire format (RFC 1035 section 3.1), lower-cased, with their label offsets.
 *
 * A ts_name_t is a value of the caller's (usually on the stack); nothing here allocates, and every
 * function may be called from any thread. Names are bytes: any octet may stand in a label.
 * "Suffix i" of a name is what starts at its label i, counted from the left; suffix 0 is the name
 * itself, suffix nlabels is the root.
 */
#ifndef TS_NAME_H
#define TS_NAME_H

#include "err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TS_NAME_MAX 255                    /* octets, the root label included (RFC 1035, 2.3.4) */
#define TS_LABEL_MAX 63                    /* octets */
#define TS_LABELS_MAX 127                  /* labels, the root not counted */
#define TS_NAME_TEXT_MAX (4 * TS_NAME_MAX) /* presentation format with \DDD and the final NUL */

typedef struct ts_name {
	uint8_t len;     /* octets in wire, 1 to 255 */
	uint8_t nlabels; /* labels without the root, 0 to 127 */
	bool plain;      /* true: no hyphen is in it, and no octet above 127; false: there may be */
	uint8_t off[TS_LABELS_MAX + 1]; /* off[i]: where label i starts; off[nlabels]: the root */
	uint8_t wire[TS_NAME_MAX];      /* uncompressed, A to Z lower-cased */
} ts_name_t;

/**
 * Reads an uncompressed wire-format name that fills wire exactly, and lower-cases it.
 * \return TS_OK; TS_EINVAL for a compression pointer, a truncated or overlong name.
 */
TS_MUST_CHECK int ts_name_from_wire(
	ts_name_t *name, const uint8_t *wire, size_t len) TS_NONNULL_ALL;

/**
 * Reads presentation format (RFC 1035 section 5.1, \X and \DDD). A missing final dot is no error:
 * every name is absolute. "." is the root.
 * \param why  where not NULL: set to a static sentence on error.
 * \return TS_OK; TS_EINVAL for an empty name or label, or a bad escape; TS_ERANGE for one too long.
 */
TS_MUST_CHECK int ts_name_from_text(ts_name_t *name, const char *text, size_t len, const char **why)
	TS_NONNULL(1, 2);

/**
 * Writes wire (uncompressed, ending in the root label) in presentation format, without the final
 * dot unless it is the root. Octets other than printable ASCII become \DDD, dots, quotes and other
 * specials inside a label are escaped, so the result is printable ASCII and reads back.
 * \param buf  TS_NAME_TEXT_MAX characters hold every name. Always NUL-terminated.
 * \return characters written, without the NUL.
 */
size_t ts_name_to_text(const uint8_t *wire, char *buf, size_t size) TS_NONNULL_ALL;

/** Octets of an uncompressed wire-format name that is known to be well formed. */
size_t ts_name_wire_len(const uint8_t *wire) TS_NONNULL_ALL;

/** Labels of an uncompressed, well-formed wire-format name, the root not counted. */
unsigned ts_name_wire_labels(const uint8_t *wire) TS_NONNULL_ALL;

/** Eight octets as a number, the first lowest. */
static inline uint64_t ts_octets8(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
	       (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

/** Eight octets of a wire-format name at once, A to Z lower-cased. (Lengths are below 'A'.) */
static inline uint64_t ts_lower8(uint64_t octets)
{
	const uint64_t ones = 0x0101010101010101u;

	if (!(octets & ~(octets << 1) & 0x40 * ones)) /* 010xxxxx: a capital, or one of [\]^_@ */
		return octets;
	uint64_t low = octets & 0x7f * ones;
	uint64_t above_z = low + (0x7f - 'Z') * ones, from_a = low + (0x80 - 'A') * ones;
	uint64_t capital = (from_a ^ above_z) & ~octets & 0x80 * ones;

	return octets | capital >> 2;
}

/** Copies a wire-format name lower-cased. \return ts_name_t's plain. */
bool ts_name_lower(uint8_t *out, const uint8_t *in, size_t len) TS_NONNULL_ALL;

/** Pointer to suffix i of name; i up to name->nlabels. */
static inline const uint8_t *ts_name_suffix(const ts_name_t *name, unsigned i)
{
	return name->wire + name->off[i];
}

/** Octets of suffix i of name. */
static inline size_t ts_name_suffix_len(const ts_name_t *name, unsigned i)
{
	return (size_t)name->len - name->off[i];
}

/** True where name is zone or stands below it. zone: lower-case wire format. */
bool ts_name_is_below(const ts_name_t *name, const uint8_t *zone, size_t zone_len) TS_NONNULL_ALL;

/** Canonical order (RFC 4034 section 6.1) of two lower-case wire-format names. */
int ts_name_compare(const uint8_t *a, const uint8_t *b) TS_NONNULL_ALL;

/**
 * Builds prefix + zone: the first octets of name up to label `labels`, then, where keep is not 0,
 * one more label made of the first keep octets of label `labels`, then zone. This is how a
 * counterpart is made of a typo (see index.h). zone: well formed; out may be name.
 * \return TS_OK; TS_ERANGE where the result would exceed 255 octets.
 */
TS_MUST_CHECK int ts_name_splice(ts_name_t *out, const ts_name_t *name, unsigned labels,
	unsigned keep, const uint8_t *zone, size_t zone_len) TS_NONNULL_ALL;

#endif
