/* SPDX-License-Identifier: BSD-3-Clause */
#include "suffix.h"

#include "suffix_table.h"

#include <string.h>

/* Where the suffix that stands at wire (len octets) is in the table; -1: it is not. */
static int find(uint32_t hash, const uint8_t *wire, size_t len)
{
	uint32_t mask = ts_suffix_nslots - 1;

	for (uint32_t i = hash & mask; ts_suffix_slots[i].at; i = (i + 1) & mask) {
		const uint8_t *entry = ts_suffix_pool + ts_suffix_slots[i].at - 1;

		if (ts_suffix_slots[i].hash == hash && memcmp(entry + 1, wire, len) == 0)
			return (int)i;
	}
	return -1;
}

static unsigned flags_at(int slot)
{
	return slot < 0 ? 0 : ts_suffix_pool[ts_suffix_slots[slot].at - 1];
}

static unsigned look_up(uint32_t hash, const uint8_t *wire, size_t len)
{
	return flags_at(find(hash, wire, len));
}

bool ts_suffix_tld_delegated(const ts_name_t *name)
{
	ts_suffix_view_t view;

	ts_suffix_look(name, &view);
	return view.tld >= 0;
}

unsigned ts_suffix_tlds(void)
{
	return ts_suffix_nslots;
}

/* The last label's octets and the root's, the first lowest; 0: they are more than eight, or all of
 * the name is less. */
static inline uint64_t tld_key(const ts_name_t *name)
{
	size_t octets = ts_name_suffix_len(name, name->nlabels - 1u);

	if (octets > 8 || name->len < 8)
		return 0;
	return ts_octets8(name->wire + name->len - 8) >> 8 * (8 - octets);
}

/* Goes on to the left of the last labels, which are a rule's end: n labels are left, hash and flags
 * are those of what they are. */
static void look_deeper(
	const ts_name_t *name, unsigned n, uint32_t hash, unsigned parent, ts_suffix_view_t *out)
{
	for (unsigned i = n; i-- > 0;) {
		hash = ts_suffix_hash_label(hash, ts_name_suffix(name, i));
		int slot = find(hash, ts_name_suffix(name, i), ts_name_suffix_len(name, i));
		unsigned flags = flags_at(slot);

		if (flags & TS_SUFFIX_TLD)
			out->tld = slot;
		if (flags & TS_SUFFIX_EXCEPTION) {
			out->start = i + 1;
			return;
		}
		if (flags & TS_SUFFIX_RULE || parent & TS_SUFFIX_WILDCARD)
			out->start = i;
		if (!(flags & (TS_SUFFIX_PARENT | TS_SUFFIX_WILDCARD)))
			return; /* no rule is deeper */
		parent = flags;
	}
}

void ts_suffix_look(const ts_name_t *name, ts_suffix_view_t *out)
{
	unsigned n = name->nlabels;

	out->tld = -1;
	out->start = 0;
	if (n == 0)
		return;
	out->start = n - 1; /* the implicit rule "*" */
	uint64_t key = tld_key(name);
	if (!key) {
		look_deeper(name, n, TS_SUFFIX_HASH_START, 0, out);
		return;
	}
	uint32_t place = ts_tld_place(key);
	while (ts_tld_slots[place].key && ts_tld_slots[place].key != key)
		place = ts_tld_next(place);
	const struct ts_tld_slot *tld = &ts_tld_slots[place];
	if (tld->flags & TS_SUFFIX_TLD)
		out->tld = (int)tld->slot;
	if (tld->flags & (TS_SUFFIX_PARENT | TS_SUFFIX_WILDCARD))
		look_deeper(name, n - 1, ts_suffix_slots[tld->slot].hash, tld->flags, out);
}

unsigned ts_suffix_start(const ts_name_t *name)
{
	ts_suffix_view_t view;

	ts_suffix_look(name, &view);
	return view.start;
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
