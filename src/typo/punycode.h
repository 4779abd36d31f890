/* SPDX-License-Identifier: BSD-3-Clause
 *
 * punycode: RFC 3492, for internationalised labels ("xn--..."). Pure, bounded by the size of a
 * label, allocates nothing; any thread.
 */
#ifndef TS_TYPO_PUNYCODE_H
#define TS_TYPO_PUNYCODE_H

#include "../err.h"

#include <stddef.h>
#include <stdint.h>

/**
 * Decodes what follows "xn--".
 * \param out  max code points. \return how many, or TS_EINVAL / TS_ERANGE.
 */
TS_MUST_CHECK int ts_punycode_decode(
	const uint8_t *in, size_t len, uint32_t *out, size_t max) TS_NONNULL_ALL;

/** Encodes code points to what follows "xn--". \return octets written, or TS_EINVAL / TS_ERANGE. */
TS_MUST_CHECK int ts_punycode_encode(
	const uint32_t *in, size_t len, uint8_t *out, size_t max) TS_NONNULL_ALL;

#endif
