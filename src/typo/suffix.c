/* SPDX-License-Identifier: BSD-3-Clause */
#include "suffix.h"

#include "suffix_table.h"

#include <string.h>

/* Flags of the suffix that stands at wire (len octets), 0 where the list does not have it. */
static unsigned look_up(uint32_t hash, const uint8_t *wire, size_t len)
{
	uint32_t mask = ts_suffix_nslots - 1;

	for (uint32_t i = hash & mask; ts_suffix_slots[i].at; i = (i + 1) & mask) {
		const uint8_t *entry = ts_suffix_pool + ts_suffix_slots[i].at - 1;

		if (ts_suffix_slots[i].hash == hash && memcmp(entry + 1, wire, len) == 0)
			return entry[0];
	}
	return 0;
}

bool ts_suffix_tld_delegated(const ts_name_t *name)
{
	if (name->nlabels == 0)
		return false;
	const uint8_t *tld = ts_name_suffix(name, name->nlabels - 1u);
	uint32_t hash = ts_suffix_hash_label(TS_SUFFIX_HASH_START, tld);

	return look_up(hash, tld, (size_t)*tld + 2) & TS_SUFFIX_TLD;
}

unsigned ts_suffix_start(const ts_name_t *name)
{
	uint32_t hash = TS_SUFFIX_HASH_START;
	unsigned start = name->nlabels, parent = 0;

	if (start == 0)
		return 0;
	start--; /* the implicit rule "*" */
	/* No rule is deeper than that, a wildcard's child included. */
	unsigned least = name->nlabels > ts_suffix_depth ? name->nlabels - ts_suffix_depth : 0;
	for (unsigned i = name->nlabels; i-- > least;) {
		hash = ts_suffix_hash_label(hash, ts_name_suffix(name, i));
		unsigned flags =
			look_up(hash, ts_name_suffix(name, i), ts_name_suffix_len(name, i));

		if (flags & TS_SUFFIX_EXCEPTION)
			return i + 1;
		if (flags & TS_SUFFIX_RULE || parent & TS_SUFFIX_WILDCARD)
			start = i;
		parent = flags;
	}
	return start;
}

bool ts_suffix_is_public(const uint8_t *wire, size_t len)
{
	uint32_t hash = ts_suffix_hash_wire(wire);
	unsigned flags = look_up(hash, wire, len);

	if (len <= 1)
		return false;
	if (flags & (TS_SUFFIX_RULE | TS_SUFFIX_TLD))
		return true;
	if (flags & TS_SUFFIX_EXCEPTION)
		return false;
	wire += 1 + *wire;
	if (*wire == 0)
		return false;
	len = ts_name_wire_len(wire);
	return look_up(ts_suffix_hash_wire(wire), wire, len) & TS_SUFFIX_WILDCARD;
}

const uint8_t *ts_suffix_next(uint32_t *at)
{
	while (*at < ts_suffix_nslots) {
		uint32_t entry = ts_suffix_slots[(*at)++].at;

		if (entry && ts_suffix_pool[entry - 1] & (TS_SUFFIX_RULE | TS_SUFFIX_TLD))
			return ts_suffix_pool + entry;
	}
	return NULL;
}

/* Wire format without the final root label. */
static const char *const special_use[] = {
	"\4test",       /* RFC 6761 */
	"\7invalid",    /* RFC 6761 */
	"\11localhost", /* RFC 6761 */
	"\7example",    /* RFC 6761; example.com and the like are registered to IANA */
	"\5local",      /* RFC 6762 */
	"\5onion",      /* RFC 7686 */
	"\4home\4arpa", /* RFC 8375 */
	"\3alt",        /* RFC 9476 */
	"\10internal",  /* ICANN board resolution 2024.07.29.06 */
	"\4arpa",       /* infrastructure, RFC 3172 */
};

bool ts_suffix_special_use(const ts_name_t *name)
{
	if (name->nlabels == 0)
		return true;
	for (size_t i = 0; i < sizeof(special_use) / sizeof(special_use[0]); i++)
		if (ts_name_is_below(
			    name, (const uint8_t *)special_use[i], strlen(special_use[i]) + 1))
			return true;
	return false;
}
