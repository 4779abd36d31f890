/* SPDX-License-Identifier: BSD-3-Clause */
#include "class.h"

#include <string.h>

/*
 * The table. An id is a place in it, and policies name classes by name, so rows may be added at
 * the end and their words may be improved, but a name that has been released stays.
 * The order of ids below is class_ids.h's; the static assertion there keeps the two together.
 */
#include "class_ids.h"

static const ts_class_t classes[] = {
	[TS_CLASS_DECLARED] = {"declared", "declared as a typo in the policy", "ml", "mil", true},

	[TS_CLASS_OMISSION] = {"omission", "left a letter out", "exmple.com", "example.com", true},
	[TS_CLASS_INSERTION] = {"insertion", "typed a letter too many", "examtple.com",
		"example.com", true},
	[TS_CLASS_INSERTION_KEY] = {"insertion-key", "hit a neighbouring key as well",
		"exanmple.com", "example.com", true},
	[TS_CLASS_REPETITION] = {"repetition", "typed a letter twice", "exaample.com",
		"example.com", true},
	[TS_CLASS_TRANSPOSITION] = {"transposition", "swapped two letters", "exmaple.com",
		"example.com", true},
	[TS_CLASS_SUBSTITUTION] = {"substitution", "typed another letter", "exavple.com",
		"example.com", true},
	[TS_CLASS_SUBSTITUTION_KEY] = {"substitution-key",
		"hit a neighbouring key (QWERTY, QWERTZ, AZERTY)", "examole.com", "example.com",
		true},
	[TS_CLASS_VOWEL_SWAP] = {"vowel-swap", "typed another vowel", "exemple.com", "example.com",
		true},
	[TS_CLASS_LOOK_ALIKE] = {"look-alike",
		"took letters that look alike (rn m, vv w, 0 o, 1 l)", "examp1e.com", "example.com",
		true},
	[TS_CLASS_IDN_LOOK_ALIKE] = {"idn-look-alike",
		"letters of another script, or with marks, that look alike", "xn--exmple-cua.com",
		"example.com", true},
	[TS_CLASS_HYPHEN] = {"hyphen", "put a hyphen in, or left it out", "ex-ample.com",
		"example.com", true},
	[TS_CLASS_PLURAL] = {"plural", "added or dropped an s at the end", "myexamples.com",
		"myexample.com", true},

	[TS_CLASS_DOT_EXTRA] = {"dot-extra", "typed a dot inside a name", "ex.ample.com",
		"example.com", true},
	[TS_CLASS_DOT_MISSING] = {"dot-missing", "left a dot out", "mailexample.com",
		"mail.example.com", true},
	[TS_CLASS_DOT_MOVED] = {"dot-moved", "typed a dot one letter too early or too late",
		"examplec.om", "example.com", true},

	[TS_CLASS_TLD_OMISSION] = {"tld-omission", "left a letter of the suffix out", "army.ml",
		"army.mil", true},
	[TS_CLASS_TLD_INSERTION] = {"tld-insertion", "typed a letter too many in the suffix",
		"army.mill", "army.mil", true},
	[TS_CLASS_TLD_SUBSTITUTION] = {"tld-substitution", "typed another letter in the suffix",
		"army.nil", "army.mil", true},
	[TS_CLASS_TLD_TRANSPOSITION] = {"tld-transposition", "swapped two letters of the suffix",
		"example.cmo", "example.com", true},
	[TS_CLASS_TLD_SWAP] = {"tld-swap", "took another common TLD", "myexample.net",
		"myexample.com", true},
	[TS_CLASS_SUFFIX_SWAP] = {"suffix-swap", "took another second-level suffix",
		"myexample.co.uk", "myexample.gov.uk", true},
	[TS_CLASS_TLD_APPENDED] = {"tld-appended", "added one more TLD", "army.mil.com", "army.mil",
		true},

	[TS_CLASS_TWO_EDITS] = {"two-edits", "two errors in one label", "exmaplle.com",
		"example.com", true},
	[TS_CLASS_TWO_LABELS] = {"two-labels", "an error in the name and one in the suffix",
		"exmaple.con", "example.com", true},

	[TS_CLASS_BIT_FLIP] = {"bit-flip", "one bit of a letter flipped in memory or transit",
		"axample.com", "example.com", false},
	[TS_CLASS_COMBOSQUAT] = {"combosquat", "added a word with or without a hyphen",
		"example-login.com", "example.com", false},
	[TS_CLASS_SOUNDSQUAT] = {"soundsquat", "wrote what sounds alike", "eksample.com",
		"example.com", false},
};

#define COUNT (sizeof(classes) / sizeof(classes[0]))
_Static_assert(COUNT == TS_CLASS_COUNT, "class_ids.h and the table go together");
_Static_assert(COUNT <= 64, "a ts_class_set_t has 64 bits");

unsigned ts_class_count(void)
{
	return COUNT;
}

const ts_class_t *ts_class_get(unsigned id)
{
	return &classes[id];
}

int ts_class_find(const char *name, size_t len)
{
	for (unsigned i = 0; i < COUNT; i++)
		if (strlen(classes[i].name) == len && memcmp(classes[i].name, name, len) == 0)
			return (int)i;
	return TS_ENOENT;
}

ts_class_set_t ts_class_defaults(void)
{
	ts_class_set_t set = 0;

	for (unsigned i = 0; i < COUNT; i++)
		if (classes[i].on)
			set |= TS_CLASS_BIT(i);
	return set;
}

ts_class_set_t ts_class_not_for_suffixes(void)
{
	return TS_CLASS_BIT(TS_CLASS_TLD_SWAP) | TS_CLASS_BIT(TS_CLASS_SUFFIX_SWAP);
}
