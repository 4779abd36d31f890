/* SPDX-License-Identifier: BSD-3-Clause
 *
 * First the names that rules stand for are gathered, then each is judged twice, itself and
 * ("*.name") what is below it, then the gaps between rules are closed. Writing judges once more,
 * so that a name costs some octets and not a verdict.
 */
#include "rpz.h"

#include "answer.h"
#include "enumerate.h"
#include "policy_impl.h"
#include "rrtype.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTES_MAX 8
#define NOTE_LEN 256

/* What a rule says. */
enum say {
	SAY_NOTHING,
	SAY_UNLESS_COVERED, /* passes by itself; must be said only below a wildcard that takes */
	SAY_PASS,
	SAY_TAKE,
	SAY_HOST, /* addresses of a sinkhole's host */
};

struct node {
	const uint8_t *wire;
	uint8_t len;
	uint8_t exact, below; /* enum say */
};

struct ts_rpz {
	const ts_policyset_t *set;
	ts_rpz_options_t options;
	ts_rpz_stats_t stats;
	ts_arena_t arena;
	struct node *nodes; /* in canonical order */
	size_t count, room;
	ts_namemap_t *map; /* name -> nodes[] */
	bool drops, observes;
	char notes[NOTES_MAX][NOTE_LEN];
	size_t nnotes;
};

/* How RPZ says an action; NULL: local data, the answer's own records. */
static const char *const actions[] = {
	[TS_ACTION_SINKHOLE] = NULL,
	[TS_ACTION_NULLMX] = NULL,
	[TS_ACTION_NXDOMAIN] = ".",
	[TS_ACTION_NODATA] = "*.",
	/* Neither rcode can be said. No answer leaves mail in the sender's queue, as they do. */
	[TS_ACTION_REFUSED] = "rpz-drop.",
	[TS_ACTION_DEFER] = "rpz-drop.",
	[TS_ACTION_OBSERVE] = "rpz-passthru.", /* which a resolver's RPZ log can show */
	[TS_ACTION_PASS] = "rpz-passthru.",
};

static void note(ts_rpz_t *rpz, const char *fmt, ...) TS_PRINTF(2, 3);

static void note(ts_rpz_t *rpz, const char *fmt, ...)
{
	va_list ap;

	if (rpz->nnotes == NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(rpz->notes[rpz->nnotes++], NOTE_LEN, fmt, ap);
	va_end(ap);
}

/* ---- judging ---- */

/* The verdict on a name by the first record type that the policies intercept there. */
static void judge(const ts_rpz_t *rpz, const ts_name_t *name, ts_verdict_t *v)
{
	static const uint16_t types[] = {
		TS_TYPE_MX, TS_TYPE_A, TS_TYPE_AAAA, TS_TYPE_HTTPS, TS_TYPE_SVCB, TS_TYPE_SRV};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		ts_query_t query = {name, types[i], TS_CLASS_IN};

		ts_verdict(rpz->set, &query, NULL, rpz->options.now, v);
		if (v->kind != TS_VERDICT_NONE || v->why != TS_WHY_TYPE)
			return;
	}
}

static enum say say_of(ts_rpz_t *rpz, const ts_name_t *name)
{
	ts_verdict_t v;

	judge(rpz, name, &v);
	if (v.kind == TS_VERDICT_ALLOWED && v.why == TS_WHY_ALLOW)
		return SAY_PASS;
	if (v.kind == TS_VERDICT_ALLOWED && v.why == TS_WHY_SINKHOLE_HOST &&
		(v.sinkhole->a.count || v.sinkhole->aaaa.count))
		return SAY_HOST;
	if (v.kind != TS_VERDICT_TYPO || v.action == TS_ACTION_PASS)
		return SAY_UNLESS_COVERED;
	rpz->drops |= v.action == TS_ACTION_REFUSED || v.action == TS_ACTION_DEFER;
	rpz->observes |= v.action == TS_ACTION_OBSERVE;
	return SAY_TAKE;
}

/* "*.name". */
static bool wildcard(const uint8_t *wire, size_t len, ts_name_t *out)
{
	uint8_t buf[TS_NAME_MAX + 2] = {1, '*'};

	memcpy(buf + 2, wire, len);
	return ts_name_from_wire(out, buf, len + 2) == TS_OK;
}

static void judge_node(ts_rpz_t *rpz, struct node *node)
{
	ts_name_t name;

	if (ts_name_from_wire(&name, node->wire, node->len) == TS_OK)
		node->exact = (uint8_t)say_of(rpz, &name);
	if (wildcard(node->wire, node->len, &name))
		node->below = (uint8_t)say_of(rpz, &name);
}

/* ---- gathering ---- */

static int add(ts_rpz_t *rpz, const uint8_t *wire, size_t len)
{
	/* The apex of the zone is no place for a rule. */
	if (len == 1)
		return TS_OK;
	if (len + 2 + rpz->options.origin.len - 1u > TS_NAME_MAX) {
		rpz->stats.too_long++;
		return TS_OK;
	}
	if (rpz->count == rpz->room) {
		size_t room = rpz->room ? 2 * rpz->room : 1024;
		struct node *more = realloc(rpz->nodes, room * sizeof(*more));

		if (!more)
			return TS_ENOMEM;
		rpz->nodes = more;
		rpz->room = room;
	}
	struct node node = {.wire = ts_arena_copy(&rpz->arena, wire, len), .len = (uint8_t)len};
	if (!node.wire)
		return TS_ENOMEM;
	judge_node(rpz, &node);
	rpz->nodes[rpz->count++] = node;
	return TS_OK;
}

static int add_typos(ts_rpz_t *rpz, const ts_policy_t *policy, uint32_t member)
{
	ts_enumerate_options_t options = {.max = rpz->options.top,
		.now = rpz->options.now,
		.registrable = rpz->options.registrable};
	const ts_candidate_t *list;
	ts_arena_t arena;
	size_t count;

	ts_arena_init(&arena);
	int err = ts_enumerate(rpz->set, policy, member, &options, &arena, &list, &count);
	for (size_t i = 0; i < count && !err; i++) {
		if (list[i].kind == TS_VERDICT_ASK)
			rpz->stats.left_out++;
		else if (list[i].action == TS_ACTION_PASS)
			rpz->stats.passed++;
		else
			err = add(rpz, list[i].wire, list[i].len);
	}
	ts_arena_release(&arena);
	return err;
}

static int add_policy(ts_rpz_t *rpz, const ts_policy_t *policy)
{
	int err = TS_OK;

	for (size_t i = 0; i < policy->nmembers && !err; i++) {
		const ts_member_t *m = &policy->members[i];

		rpz->stats.zones++;
		err = add(rpz, m->zone.wire, m->zone.len);
		if (!err)
			err = add_typos(rpz, policy, (uint32_t)i);
	}
	for (size_t i = 0; i < policy->nallows && !err; i++) {
		const ts_allow_t *allow = &policy->allows[i];

		if (!allow->until || rpz->options.now < allow->until)
			err = add(rpz, allow->name.wire, allow->name.len);
	}
	for (size_t i = 0; i < policy->nhosts && !err; i++)
		err = add(rpz, policy->hosts[i].name.wire, policy->hosts[i].name.len);
	return err;
}

static int by_name(const void *a, const void *b)
{
	return ts_name_compare(((const struct node *)a)->wire, ((const struct node *)b)->wire);
}

static void sort(ts_rpz_t *rpz)
{
	size_t n = 0;

	if (rpz->count)
		qsort(rpz->nodes, rpz->count, sizeof(*rpz->nodes), by_name);
	for (size_t i = 0; i < rpz->count; i++) {
		if (n && by_name(&rpz->nodes[n - 1], &rpz->nodes[i]) == 0)
			continue;
		rpz->nodes[n++] = rpz->nodes[i];
	}
	rpz->count = n;
}

static bool is_below(const struct node *node, const struct node *above)
{
	const uint8_t *wire = node->wire;
	size_t len = node->len;

	while (len > above->len) {
		len -= 1u + *wire;
		wire += 1 + *wire;
	}
	return len == above->len && memcmp(wire, above->wire, len) == 0;
}

/* Canonical order has a name right before everything below it, so the rules above the one at hand
 * are a stack. Calls fn for each node with the nearest above it, or NULL. */
static int each_with_parent(
	ts_rpz_t *rpz, int (*fn)(ts_rpz_t *, struct node *, const struct node *))
{
	size_t stack[TS_LABELS_MAX + 1], depth = 0, count = rpz->count;
	int err = TS_OK;

	for (size_t i = 0; i < count && !err; i++) {
		while (depth && !is_below(&rpz->nodes[i], &rpz->nodes[stack[depth - 1]]))
			depth--;
		err = fn(rpz, &rpz->nodes[i], depth ? &rpz->nodes[stack[depth - 1]] : NULL);
		stack[depth++] = i;
	}
	return err;
}

/* Below a wildcard that takes, what passes has to say so. */
static int settle(ts_rpz_t *rpz, struct node *node, const struct node *above)
{
	enum say otherwise = above && above->below == SAY_TAKE ? SAY_PASS : SAY_NOTHING;

	(void)rpz;
	if (node->exact == SAY_UNLESS_COVERED)
		node->exact = (uint8_t)otherwise;
	if (node->below == SAY_UNLESS_COVERED)
		node->below = (uint8_t)otherwise;
	return TS_OK;
}

/* A rule of its own for each name between a rule and the wildcard above it. */
static int fill_gap(ts_rpz_t *rpz, struct node *node, const struct node *above)
{
	struct node here = *node; /* adding moves the nodes */
	size_t above_len = above ? above->len : 0;
	int err = TS_OK;

	if (!above || above->below != SAY_TAKE ||
		(here.exact == SAY_NOTHING && here.below == SAY_NOTHING))
		return TS_OK;
	for (size_t at = 1u + *here.wire; here.len - at > above_len && !err;
		at += 1u + here.wire[at])
		err = add(rpz, here.wire + at, here.len - at);
	return err;
}

static void drop_silent(ts_rpz_t *rpz)
{
	size_t n = 0;

	for (size_t i = 0; i < rpz->count; i++) {
		if (rpz->nodes[i].exact != SAY_NOTHING || rpz->nodes[i].below != SAY_NOTHING)
			rpz->nodes[n++] = rpz->nodes[i];
	}
	rpz->count = n;
}

static int gather(ts_rpz_t *rpz)
{
	int err = TS_OK;

	for (size_t i = 0; i < rpz->set->count && !err; i++)
		err = add_policy(rpz, rpz->set->policies[i]);
	if (err)
		return err;
	sort(rpz);
	err = each_with_parent(rpz, settle);
	if (!err)
		err = each_with_parent(rpz, fill_gap);
	if (err)
		return err;
	sort(rpz);
	err = each_with_parent(rpz, settle);
	drop_silent(rpz);
	for (size_t i = 0; i < rpz->count && !err; i++) {
		const struct node *node = &rpz->nodes[i];

		rpz->stats.typos += node->exact == SAY_TAKE;
		rpz->stats.passing += node->exact == SAY_PASS;
		err = ts_namemap_add(rpz->map, node->wire, node->len, (uint32_t)i);
	}
	return err;
}

/* ---- what is lost ---- */

static void note_losses(ts_rpz_t *rpz)
{
	time_t change = ts_policyset_next_change(rpz->set, rpz->options.now);
	bool clients = rpz->set->has_clients, types = false, suffixes = false;

	for (size_t i = 0; i < rpz->set->count; i++) {
		const ts_policy_t *policy = rpz->set->policies[i];

		for (size_t m = 0; m < policy->nmembers; m++)
			types |= (policy->members[m].settings->qtypes & QTYPE_DEFAULT) !=
				 QTYPE_DEFAULT;
		for (size_t d = 0; d < policy->ndeclared; d++)
			suffixes |= !policy->declared[d].free;
	}
	if (clients)
		note(rpz, "client sets are lost: everybody gets what a client of no set gets");
	if (types)
		note(rpz, "qtypes is lost: a rule answers every record type, web and mail alike");
	if (rpz->drops)
		note(rpz, "refused and defer cannot be said: such look-ups get no answer "
			  "(rpz-drop), and mail waits as it would");
	if (rpz->observes)
		note(rpz, "observe is rpz-passthru: no alert, only what the resolver's own RPZ log "
			  "shows");
	if (suffixes)
		note(rpz, "a typo suffix that needs evidence is taken only with the names that are "
			  "protected or known: add known names");
	if (rpz->stats.left_out)
		note(rpz,
			"%zu names are left out, which are typos only if another name exists: "
			"add known names",
			rpz->stats.left_out);
	if (rpz->stats.too_long)
		note(rpz, "%zu names are too long below this origin", rpz->stats.too_long);
	if (change) {
		struct tm tm;
		time_t last = change - 1;
		char day[16] = "";

		if (gmtime_r(&last, &tm))
			strftime(day, sizeof(day), "%Y-%m-%d", &tm);
		note(rpz, "an allow record ends on %s: make the zone again after that day", day);
	}
}

int ts_rpz_new(const ts_policyset_t *set, const ts_rpz_options_t *options, ts_rpz_t **out)
{
	ts_rpz_t *rpz;
	int err;

	if (options->origin.len > TS_NAME_MAX - 8)
		return TS_ERANGE;
	rpz = calloc(1, sizeof(*rpz));
	if (!rpz)
		return TS_ENOMEM;
	rpz->set = set;
	rpz->options = *options;
	ts_arena_init(&rpz->arena);
	rpz->map = ts_namemap_new(0); /* nobody chooses these names to collide */
	err = rpz->map ? gather(rpz) : TS_ENOMEM;
	if (err) {
		ts_rpz_free(rpz);
		return err;
	}
	note_losses(rpz);
	*out = rpz;
	return TS_OK;
}

void ts_rpz_free(ts_rpz_t *rpz)
{
	if (!rpz)
		return;
	ts_namemap_free(rpz->map);
	ts_arena_release(&rpz->arena);
	free(rpz->nodes);
	free(rpz);
}

ts_rpz_stats_t ts_rpz_stats(const ts_rpz_t *rpz)
{
	return rpz->stats;
}

const char *ts_rpz_note(const ts_rpz_t *rpz, size_t i)
{
	return i < rpz->nnotes ? rpz->notes[i] : NULL;
}

bool ts_rpz_takes(const ts_rpz_t *rpz, const ts_name_t *name)
{
	uint32_t at;
	unsigned label;

	if (!ts_namemap_find(rpz->map, name, 0, &at, &label))
		return false;
	return (label == 0 ? rpz->nodes[at].exact : rpz->nodes[at].below) == SAY_TAKE;
}

/* ---- writing ---- */

struct writer {
	const ts_rpz_t *rpz;
	ts_rpz_line_fn fn;
	void *arg;
	size_t records;
	int err;
};

static void put(struct writer *w, const char *fmt, ...) TS_PRINTF(2, 3);

static void put(struct writer *w, const char *fmt, ...)
{
	char line[3 * TS_NAME_TEXT_MAX];
	va_list ap;

	if (w->err)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	w->err = w->fn(w->arg, line);
}

static void put_rr(
	struct writer *w, const char *owner, uint16_t type, uint32_t ttl, const ts_answer_rr_t *rr)
{
	char text[TS_NAME_TEXT_MAX + 16];

	if (type == TS_TYPE_MX) {
		int n = snprintf(text, sizeof(text), "%u ", rr->rdata[0] << 8 | rr->rdata[1]);
		size_t len = ts_name_to_text(rr->rdata + 2, text + n, TS_NAME_TEXT_MAX);

		if (rr->rdata[2])
			memcpy(text + n + len, ".", 2);
		put(w, "%s\t%u\tMX\t%s", owner, ttl, text);
	} else {
		inet_ntop(type == TS_TYPE_A ? AF_INET : AF_INET6, rr->rdata, text, sizeof(text));
		put(w, "%s\t%u\t%s\t%s", owner, ttl, type == TS_TYPE_A ? "A" : "AAAA", text);
	}
	w->records++;
}

/* The records that the module would answer with. \return how many. */
static size_t put_data(struct writer *w, const char *owner, const ts_name_t *name)
{
	static const uint16_t types[] = {TS_TYPE_MX, TS_TYPE_A, TS_TYPE_AAAA};
	size_t count = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		ts_query_t query = {name, types[i], TS_CLASS_IN};
		ts_verdict_t v;
		ts_answer_t answer;

		ts_verdict(w->rpz->set, &query, NULL, w->rpz->options.now, &v);
		if (!ts_answer_make(&v, &query, &answer))
			continue;
		for (uint16_t k = 0; k < answer.count; k++, count++)
			put_rr(w, owner, types[i], answer.ttl, &answer.rr[k]);
	}
	return count;
}

static void put_rule(struct writer *w, enum say say, const ts_name_t *name)
{
	char owner[TS_NAME_TEXT_MAX];
	const char *target = "rpz-passthru.";
	ts_query_t query = {name, TS_TYPE_MX, TS_CLASS_IN};
	ts_answer_t answer = {.ttl = 30};
	ts_verdict_t v;

	if (say == SAY_NOTHING)
		return;
	ts_name_to_text(name->wire, owner, sizeof(owner));
	if (say != SAY_PASS) {
		judge(w->rpz, name, &v);
		target = say == SAY_TAKE ? actions[v.action] : NULL;
		if (!target && put_data(w, owner, name))
			return;
		if (!target)
			target = "*.";
		(void)ts_answer_make(&v, &query, &answer); /* for its TTL */
	}
	put(w, "%s\t%u\tCNAME\t%s", owner, answer.ttl, target);
	w->records++;
}

static void put_head(struct writer *w)
{
	char text[TS_NAME_TEXT_MAX];
	const ts_rpz_t *rpz = w->rpz;

	put(w, "; Likely typos of protected zones, as a response policy zone. Made by typosink "
	       "rpz:");
	put(w, "; a change here is lost. What is not in it is not taken, and nothing here alerts.");
	for (size_t i = 0; i < rpz->set->count; i++) {
		ts_name_to_text(rpz->set->policies[i]->name.wire, text, sizeof(text));
		put(w, "; policy %s, serial %u", text, rpz->set->policies[i]->serial);
	}
	for (size_t i = 0; i < rpz->nnotes; i++)
		put(w, "; note: %s", rpz->notes[i]);
	ts_name_to_text(rpz->options.origin.wire, text, sizeof(text));
	put(w, "$ORIGIN %s%s", text, rpz->options.origin.nlabels ? "." : "");
	put(w, "$TTL 30");
	put(w, "@\tSOA\tlocalhost. hostmaster.localhost. %u 3600 600 2592000 30",
		rpz->options.serial);
	put(w, "@\tNS\tlocalhost.");
	w->records += 2;
}

int ts_rpz_write(const ts_rpz_t *rpz, ts_rpz_line_fn fn, void *arg, size_t *records)
{
	struct writer w = {.rpz = rpz, .fn = fn, .arg = arg};

	put_head(&w);
	for (size_t i = 0; i < rpz->count && !w.err; i++) {
		const struct node *node = &rpz->nodes[i];
		ts_name_t name;

		if (ts_name_from_wire(&name, node->wire, node->len) == TS_OK)
			put_rule(&w, node->exact, &name);
		if (wildcard(node->wire, node->len, &name))
			put_rule(&w, node->below, &name);
	}
	if (w.err)
		return w.err;
	*records = w.records;
	return TS_OK;
}
