/* SPDX-License-Identifier: BSD-3-Clause
 *
 * policy_draft: what the builder's passes share: the records as they came, the scopes and items
 * that they are read into, and how a message about one of them is said. Inside the builder only:
 * policy_build.c calls ts_draft_read (policy_read.c), which leads each record to its row of the
 * table of properties (policy_property.c), and then ts_draft_layout (policy_layout.c).
 */
#ifndef TS_POLICY_DRAFT_H
#define TS_POLICY_DRAFT_H

#include "grow.h"
#include "policy_value.h"
#include "rrtype.h"

struct record {
	const uint8_t *owner, *rdata;
	uint32_t ttl;
	unsigned line;
	uint16_t type, qclass, rdlen;
	uint8_t owner_len;
};

struct ts_policy_builder {
	char *source;
	ts_arena_t arena;
	struct record *records;
	size_t count, cap;
};

enum property {
	P_ACTION,
	P_SINKHOLE,
	P_MAX_TTL,
	P_QTYPES,
	P_CLASSES,
	P_THRESHOLD,
	P_TYPO,
	P_TYPO_ALWAYS,
	P_EVIDENCE,
	P_SIMPLE, /* those above stand alone, those below belong to an <id> */
	P_ALLOW = P_SIMPLE,
	P_KNOWN,
	P_CLIENTS,
	P_UNTIL,
	P_REASON,
	P_CLIENT_ACTION,
	P_COUNT
};

/* One <id>.allow, <id>.known or <id>.clients with what stands below it. */
struct item {
	struct item *next;
	enum property kind;
	const char *id;
	const struct record *seen[P_COUNT];
	ts_wire_t name;
	time_t until;
	const char *reason;
	ts_action_t action;
	const ts_client_rule_t *rules;
	size_t nrules;
};

struct rr {
	struct rr *next;
	const struct record *record;
};

struct typo {
	struct typo *next;
	ts_wire_t suffix;
	uint8_t nlabels;
	const struct record *record;
};

struct scope {
	struct scope *next;
	const char *label; /* for messages: "the zone", "group 'careful'", "member 'm1'" */
	const struct record *seen[P_SIMPLE];
	ts_action_t action;
	uint32_t max_ttl;
	unsigned qtypes, evidence;
	ts_class_set_t classes, named;
	uint16_t threshold;
	struct rr *sink[3];    /* MX, A, AAAA */
	struct typo *typos[2]; /* typo, typo-always */
	struct item *sets;
	size_t nsets;
	bool used; /* a group: some member is in it */
	/* compiled */
	const ts_sinkhole_t *sinkhole;
	const ts_client_sets_t *clients;
	const ts_settings_t *settings;
};

struct draft {
	const struct record *record;
	const char *id;
	ts_name_t zone;
	struct scope *scope, *group; /* NULL: none of its own */
	const struct record *group_record;
	bool skipped;
};

struct build {
	ts_policy_builder_t *builder;
	const ts_policy_options_t *options;
	ts_diag_limit_t *limit;
	ts_policy_t *policy;
	ts_arena_t arena; /* drafts */
	ts_name_t apex;
	const struct record *soa;
	const struct record *version;
	unsigned versions;
	struct draft *drafts;
	size_t ndrafts, drafts_cap;
	struct item **items;
	size_t nitems, items_cap;
	struct scope zone;
	struct scope *scopes; /* list: of the members that have one */
	struct scope **group_at;
	size_t ngroups, groups_cap;
	ts_namemap_t *ids, *group_ids, *item_ids, *zones;
	unsigned foreign; /* records below other extensions */
	const struct record *foreign_first;
};

#define ERROR(b, record, ...) ts_draft_say(b, TS_ERROR, record, __VA_ARGS__)
#define WARN(b, record, ...) ts_draft_say(b, TS_WARNING, record, __VA_ARGS__)
#define NOTE(b, record, ...) ts_draft_say(b, TS_NOTE, record, __VA_ARGS__)

/** Reports what is wrong with a record (NULL: with the policy), under the limit of messages. */
void ts_draft_say(struct build *b, ts_severity_t severity, const struct record *r, const char *fmt,
	...) TS_PRINTF(4, 5);

/** A name in presentation form, for a message; returns buf. */
const char *ts_draft_wire_text(const uint8_t *wire, char buf[TS_NAME_TEXT_MAX]);
bool ts_draft_same_rdata(const struct record *a, const struct record *b);
ts_value_t ts_draft_value_of(const struct record *r, char *why);
TS_MUST_CHECK int ts_draft_copy_name(ts_arena_t *arena, const ts_name_t *name, ts_wire_t *out);
bool ts_draft_wire_equal(const ts_wire_t *a, const ts_wire_t *b);
bool ts_draft_below_arpa(const ts_name_t *name);
bool ts_draft_label_is(const ts_name_t *name, unsigned i, const char *text);
/** Label i of a name as a name of its own: the key of the maps of ids. */
void ts_draft_label_name(const ts_name_t *name, unsigned i, ts_name_t *out);
/** The same as text in the policy's arena; NULL: no memory. */
const char *ts_draft_label_text(struct build *b, const ts_name_t *name, unsigned i);

/** The property that an owner of n labels below typosink.ext names; P_COUNT: none.
 *  \param item  P_COUNT, or what kind of item it belongs to: the item's name is the whole owner
 *              (item == the property itself) or the owner less its first label. */
enum property ts_draft_property_at(const ts_name_t *owner, unsigned n, enum property *item);
/** Reads one record into its scope, or item. TS_OK as well where an error was reported. */
TS_MUST_CHECK int ts_draft_read_property(struct build *b, struct scope *s, struct item *item,
	enum property p, const struct record *r);

/** Pass one and two: apex, member zones, then everything else. */
TS_MUST_CHECK int ts_draft_read(struct build *b);
/** Pass three: "nearest wins", references checked, the snapshot laid out and its index compiled.
 *  TS_EPOLICY: errors were reported, and there is no index. */
TS_MUST_CHECK int ts_draft_layout(struct build *b);

#endif
