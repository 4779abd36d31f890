/* SPDX-License-Identifier: BSD-3-Clause
 *
 * class: the one table of typo classes. A class has an id (its place in the table), a name as
 * policies, alerts and `typosink check --classes` use it, one line that explains it, an example
 * and whether it is on by default. A new class is one file in src/typo/ and one row in class.c.
 */
#ifndef TS_TYPO_CLASS_H
#define TS_TYPO_CLASS_H

#include "../err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bit i stands for the class with id i. */
typedef uint64_t ts_class_set_t;

typedef struct ts_class {
	const char *name;     /* "tld-omission": lower case, hyphens */
	const char *oneline;  /* what the person at the keyboard did */
	const char *typed;    /* example */
	const char *intended; /* example */
	bool on;              /* on by default */
} ts_class_t;

/** The class of declared typos (`typo`, `typo-always`): id 0, always on. */
#define TS_CLASS_DECLARED 0

/** Classes in the table; ids run from 0 to ts_class_count() - 1, at most 64. */
unsigned ts_class_count(void);

/** The row of class id. \param id below ts_class_count(). */
const ts_class_t *ts_class_get(unsigned id);

/** \return the id of the class with that name, or TS_ENOENT. */
int ts_class_find(const char *name, size_t len) TS_NONNULL_ALL;

/** The set of classes that are on by default. */
ts_class_set_t ts_class_defaults(void);

/**
 * The classes that never apply to a protected zone which is itself a TLD or a public suffix
 * (policy, "Precedence"): TLD swap and wrong second-level suffix.
 */
ts_class_set_t ts_class_not_for_suffixes(void);

#endif
