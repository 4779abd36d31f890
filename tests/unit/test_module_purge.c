/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The purge of the message cache, in a stand-in for Unbound (module_host.h): of a cache that
 * Unbound uses, resizes, and is about to delete.
 */
#include "module_fixture.h"

#include "../../module/cache.h"
#include "../../src/policy_file.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What SIGHUP leads to, as sigaction() tells it. */
static struct {
	bool scripted;
	void (*hup)(int);
	unsigned asked;
} signals;

int __real_sigaction(int number, const struct sigaction *act, struct sigaction *old);
int __wrap_sigaction(int number, const struct sigaction *act, struct sigaction *old);

static bool zones_are_locked(void)
{
	if (pthread_rwlock_trywrlock(&host->zones.lock) != 0)
		return true;
	pthread_rwlock_unlock(&host->zones.lock);
	return false;
}

int __wrap_sigaction(int number, const struct sigaction *act, struct sigaction *old)
{
	if (!signals.scripted || act)
		return __real_sigaction(number, act, old);
	/* Asked before the lock is held, the answer may be old when the cache is touched. */
	assert_true(zones_are_locked());
	signals.asked++;
	*old = (struct sigaction){.sa_handler = signals.hup};
	return 0;
}

static void serving(int number)
{
	(void)number;
}

static void paused(int number)
{
	(void)number;
}

#define BINS 64
typedef struct cache {
	struct slabhash slabs;
	struct lruhash table, *tables[1];
	struct lruhash_bin bins[BINS];
	struct msgreply_entry entries[BINS];
	uint8_t names[BINS][32];
	struct reply_info replies[BINS];
} cache_t;

/* A message for n<i>.army.ml in each bin. */
static cache_t *cache_new(host_t *h)
{
	cache_t *c = calloc(1, sizeof(*c));

	assert_non_null(c);
	c->tables[0] = &c->table;
	c->slabs.size = 1;
	c->slabs.array = c->tables;
	lock_quick_init(&c->table.lock);
	c->table.array = c->bins;
	c->table.size = c->table.num = BINS;
	for (unsigned i = 0; i < BINS; i++) {
		struct msgreply_entry *e = &c->entries[i];
		char text[32];
		ts_name_t name;
		snprintf(text, sizeof(text), "n%u.army.ml", i);
		assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
		memcpy(c->names[i], name.wire, name.len);
		lock_quick_init(&c->bins[i].lock);
		lock_rw_init(&e->entry.lock);
		e->key = (struct query_info){
			c->names[i], name.len, LDNS_RR_TYPE_MX, LDNS_RR_CLASS_IN, NULL};
		e->entry.hash = i;
		e->entry.key = e;
		e->entry.data = &c->replies[i];
		c->bins[i].overflow_list = &e->entry;
	}
	h->env.msg_cache = &c->slabs;
	return c;
}

static void cache_free(host_t *h, cache_t *c)
{
	h->env.msg_cache = &h->empty;
	for (unsigned i = 0; i < BINS; i++) {
		lock_quick_destroy(&c->bins[i].lock);
		lock_rw_destroy(&c->entries[i].entry.lock);
	}
	lock_quick_destroy(&c->table.lock);
	free(c);
}

/* A module that is not running: what the purge looks at, and nothing else. */
typedef struct still {
	host_t *host;
	ts_module_t m;
	ts_policyset_t *set;
	cache_t *cache;
	_Atomic bool stop;
	size_t removed;
} still_t;

static void still_begin(still_t *s)
{
	ts_policy_options_t options = {.seed = 1};
	ts_policyset_options_t of_set = {.seed = 1};
	ts_policy_t *policy;
	char path[256];

	memset(s, 0, sizeof(*s));
	s->host = host_new(0, policy_text(1, MIL), "");
	s->m.env = &s->host->env;
	s->m.paused = paused;
	snprintf(path, sizeof(path), "%s/policy.zone", s->host->folder);
	assert_int_equal(ts_policy_load_file(path, &options, NULL, &policy), TS_OK);
	assert_int_equal(ts_policyset_new(&policy, 1, &of_set, &s->set), TS_OK);
	ts_policy_unref(policy);
	s->cache = cache_new(s->host);
	signals.scripted = true;
	signals.hup = serving;
	signals.asked = 0;
}

static bool still_purge(still_t *s)
{
	return ts_cache_purge(&s->m, NULL, s->set, true, &s->stop, &s->removed);
}

static void still_end(still_t *s)
{
	signals.scripted = false;
	cache_free(s->host, s->cache);
	ts_policyset_free(s->set);
	host_free(s->host);
}

static unsigned removals, stop_after;

/* In a step Unbound's main thread cannot get past the lock; between two it can. */
static void while_removing(struct query_info *qinfo)
{
	(void)qinfo;
	assert_true(zones_are_locked());
	assert_ptr_equal(signals.hup, serving);
	removals++;
}

static void purge__touches_the_cache_under_the_lock_alone(void **state)
{
	still_t s;

	(void)state;
	still_begin(&s);
	removals = 0;
	s.host->removing = while_removing;
	assert_true(still_purge(&s));
	assert_int_equal(s.removed, BINS);
	assert_int_equal(removals, BINS);
	assert_int_equal(s.cache->table.num, 0);
	assert_true(signals.asked >= BINS / 16); /* before each step */
	assert_false(zones_are_locked());
	still_end(&s);
}

static void begin_to_reload(struct query_info *qinfo)
{
	(void)qinfo;
	assert_true(zones_are_locked());
	if (++removals == stop_after)
		signals.hup = paused; /* and its thread waits for the lock */
}

/* Unbound begins to reload in the midst of a step: that one is ended, and no other begun. */
static void purge__ends_where_unbound_reloads(void **state)
{
	still_t s;

	(void)state;
	still_begin(&s);
	signals.hup = paused;
	assert_false(still_purge(&s)); /* not in service from the beginning */
	assert_int_equal(s.removed, 0);
	signals.hup = serving;
	removals = 0;
	stop_after = 20; /* in the second step of 16 bins */
	s.host->removing = begin_to_reload;
	assert_false(still_purge(&s));
	assert_int_equal(s.removed, 32);
	assert_int_equal(s.cache->table.num, BINS - 32);
	assert_false(zones_are_locked());
	/* In service again: the rest. */
	signals.hup = serving;
	s.host->removing = NULL;
	assert_true(still_purge(&s));
	assert_int_equal(s.cache->table.num, 0);
	still_end(&s);
}

static void purge__without_memory_says_so(void **state)
{
	still_t s;
	bool whole = true;

	(void)state;
	still_begin(&s);
	REFUSING(true, 3, whole = still_purge(&s));
	assert_false(whole);
	assert_int_equal(s.removed, BINS - 1);
	assert_true(still_purge(&s)); /* the rest */
	assert_int_equal(s.removed, 1);
	atomic_store(&s.stop, true); /* told to end: nothing is looked at */
	unsigned asked = signals.asked;
	(void)still_purge(&s);
	assert_int_equal(signals.asked, asked);
	still_end(&s);
}

static void purge__what_unbound_would_not_serve_either(void **state)
{
	still_t s;

	(void)state;
	still_begin(&s);
	for (unsigned i = 0; i < BINS; i++) {
		memcpy(s.cache->names[i] + s.cache->entries[i].key.qname_len - 4, "\2uk", 4);
		s.cache->replies[i].an_numrrsets = i % 2;
	}
	s.cache->entries[1].key.qclass = LDNS_RR_CLASS_CH;
	s.host->lockable = false; /* its RRsets are gone */
	assert_true(still_purge(&s));
	assert_int_equal(s.removed, BINS / 2 - 1);
	still_end(&s);
}

/* Twice as many bins in the midst of it, and an entry among those that were seen already. */
static still_t *growing;

static void grow(struct query_info *qinfo)
{
	cache_t *c = growing->cache;

	(void)qinfo;
	if (++removals != 10)
		return;
	c->table.size = BINS;
	c->bins[3].overflow_list = &c->entries[40].entry;
	c->bins[40].overflow_list = NULL;
}

static void purge__of_a_table_that_grows(void **state)
{
	still_t s;

	(void)state;
	still_begin(&s);
	growing = &s;
	removals = 0;
	s.cache->table.size = BINS / 2;
	s.host->removing = grow;
	assert_true(still_purge(&s));
	assert_int_equal(s.removed, BINS);
	still_end(&s);
}

/* Names that are nobody's, with aliases; and what the list said before there was one. */
static void purge__aliases_and_the_list(void **state)
{
	static const struct {
		const char *what, *target, *list;
		size_t removed;
	} rows[] = {
		{"an alias of a typo", "army.ml", NULL, BINS},
		{"an alias of nobody's", "army.mil", NULL, 0},
		{"a name of the list", NULL, "example", BINS},
		{"no name of the list", NULL, "example.org", 0},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		still_t s;
		still_begin(&s);
		query_t *q = query_new(s.host, "n.example", LDNS_RR_TYPE_MX, NULL);
		ts_name_t name;
		if (rows[i].list)
			assert_int_equal(ts_name_from_text(&s.m.rhsbl_zone, rows[i].list,
						 strlen(rows[i].list), NULL),
				TS_OK);
		for (unsigned n = 0; n < BINS; n++) {
			char text[32];
			snprintf(text, sizeof(text), "n%u.example", n);
			assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
			memcpy(s.cache->names[n], name.wire, name.len);
			s.cache->entries[n].key.qname_len = name.len;
			if (rows[i].target)
				s.cache->replies[n] = *query_real(q, text, rows[i].target);
		}
		assert_true(still_purge(&s));
		assert_row(rows[i].what, s.removed == rows[i].removed);
		query_free(q);
		still_end(&s);
	}
}

static ts_policyset_t *set_of(const char *text)
{
	ts_policy_options_t options = {.seed = 1};
	ts_policyset_options_t of_set = {.seed = 1};
	ts_policy_t *policy;
	ts_policyset_t *set;

	assert_int_equal(
		ts_policy_load_text("test", text, strlen(text), &options, NULL, &policy), TS_OK);
	assert_int_equal(ts_policyset_new(&policy, 1, &of_set, &set), TS_OK);
	ts_policy_unref(policy);
	return set;
}

/* What has to be asked for may be in the cache because the answer was no: it stays as long as the
 * question is the same. */
static void purge__leaves_what_was_asked_for(void **state)
{
#define ASKING(zone)                                                   \
	"m1.zones PTR " zone ".\ntypo.typosink.ext.m1.zones PTR ml.\n" \
	"$ORIGIN typosink.ext.p.example.\nevidence TXT \"dns\"\naction TXT \"nodata\"\n"
	static const struct {
		const char *what, *before; /* NULL: nothing was in force */
		bool stays;
	} rows[] = {
		{"the same", ASKING("mil"), true},
		{"of another zone, as long", ASKING("gov"), false},
		{"of another zone", ASKING("museum"), false},
		{"was no typo",
			"m1.zones PTR example.org.\n$ORIGIN typosink.ext.p.example.\n"
			"action TXT \"nodata\"\n",
			false},
		{"nothing was", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		still_t s;
		still_begin(&s);
		ts_policyset_t *now = set_of(policy_text(1, ASKING("mil")));
		ts_policyset_t *old =
			rows[i].before ? set_of(policy_text(1, rows[i].before)) : NULL;
		for (unsigned n = 0; n < BINS;
			n++) /* nN.army.ml: nN.navy.ml, which asks for navy.mil */
			memcpy(s.cache->names[n] + s.cache->entries[n].key.qname_len - 9, "\4navy",
				5);
		assert_true(ts_cache_purge(&s.m, old, now, false, &s.stop, &s.removed));
		assert_row(rows[i].what, s.removed == (rows[i].stays ? 0 : BINS));
		ts_policyset_free(now);
		ts_policyset_free(old);
		still_end(&s);
	}
}

/* Whichever allocation of init fails: where it serves, no answer from before is left. */
static void memory__of_the_first_purge(void **state)
{
	bool refused = true, again = false;

	(void)state;
	for (unsigned n = 0; refused; n++) {
		host_t *h = host_new(0, policy_text(1, MIL), "");
		cache_t *cache = cache_new(h);
		int good = 0;
		REFUSING(true, n, good = init(&h->env, h->id));
		refused = refusals.ever;
		for (int i = 0; !good && i < inplace_cb_types_total; i++)
			h->callbacks[i] = NULL;
		if (good && host_logged("serial 1 from")) {
			assert_int_equal(cache->table.num, 0);
			again = again || refused;
		}
		deinit(&h->env, h->id);
		cache_free(h, cache);
		host_free(h);
	}
	assert_true(again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(purge__touches_the_cache_under_the_lock_alone),
		cmocka_unit_test(purge__ends_where_unbound_reloads),
		cmocka_unit_test(purge__without_memory_says_so),
		cmocka_unit_test(purge__what_unbound_would_not_serve_either),
		cmocka_unit_test(purge__of_a_table_that_grows),
		cmocka_unit_test(purge__aliases_and_the_list),
		cmocka_unit_test(purge__leaves_what_was_asked_for),
		cmocka_unit_test(memory__of_the_first_purge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
