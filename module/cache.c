/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cache: see cache.h. ts_cache_forget and ts_chain_next are for workers, ts_cache_purge for the
 * watcher thread.
 *
 * The purge removes entries. Expiring them, as flush_zone does, is not enough: serve-expired would
 * go on handing them out. The RRset cache stays: nothing is answered from it without the module.
 *
 * Why the purge may touch the cache from a thread of its own: Unbound's slabhash locks itself, but
 * a reload that changes its size deletes it, and only then is our thread joined. Before it does so,
 * Unbound's main thread (daemon_cleanup) takes its signals back to the handler that it has while it
 * is not serving, which init has noted, and after that takes the lock of the auth-zones for
 * writing. So each step of the purge is made under that lock, for reading, and only where the
 * handler is another one: then the main thread cannot have passed the lock, and waits there until
 * the step is done. (unbound 1.17 to 1.26; the auth-zones themselves outlive the module.)
 */
#include "cache.h"

#include "../src/rhsbl.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BINS_AT_ONCE 16

bool ts_verdict_hot(const ts_verdict_t *verdict)
{
	if (verdict->client_dependent)
		return true;
	switch (verdict->kind) {
	case TS_VERDICT_TYPO:
		return verdict->action != TS_ACTION_PASS && verdict->action != TS_ACTION_OBSERVE;
	case TS_VERDICT_ASK:
		return verdict->action != TS_ACTION_PASS;
	case TS_VERDICT_ALLOWED:
		return verdict->sinkhole_host;
	default:
		return false;
	}
}

void ts_cache_forget(struct module_env *env, const struct query_info *qinfo)
{
	if (!env->msg_cache)
		return;
	msg_cache_remove(env, qinfo->qname, qinfo->qname_len, qinfo->qtype, qinfo->qclass, 0);
	if (qinfo->qtype == LDNS_RR_TYPE_AAAA) /* whose key has the CD bit in it */
		msg_cache_remove(
			env, qinfo->qname, qinfo->qname_len, qinfo->qtype, qinfo->qclass, BIT_CD);
}

bool ts_chain_next(const struct reply_info *reply, uint8_t **name, size_t *name_len, size_t *next)
{
	for (size_t i = *next; i < reply->an_numrrsets; i++) {
		struct ub_packed_rrset_key *rrset = reply->rrsets[i];
		if (rrset->rk.type != htons(LDNS_RR_TYPE_CNAME) ||
			query_dname_compare(rrset->rk.dname, *name) != 0)
			continue;
		uint8_t *target = NULL;
		size_t target_len = 0;
		get_cname_target(rrset, &target, &target_len);
		if (!target)
			return false;
		*name = target;
		*name_len = target_len;
		*next = i + 1;
		return true;
	}
	return false;
}

/* --- purge */

typedef struct entry {
	struct query_info qinfo;
	hashvalue_type hash;
	struct entry *next;
} entry_t;

typedef struct purge {
	const ts_module_t *m;
	const ts_policyset_t *old, *now;
	time_t time;
	entry_t *found;
	bool incomplete;
} purge_t;

/* Is name now answered otherwise than from the cache, and was it not before? */
static bool changed(const purge_t *p, const uint8_t *name, size_t name_len, uint16_t qtype)
{
	ts_name_t qname;
	ts_query_t query = {&qname, qtype, TS_CLASS_IN};
	ts_verdict_t now, old;

	/* The list is as it is from init on. */
	if (!p->old && p->m->rhsbl_zone.len && ts_rhsbl_covers(&p->m->rhsbl_zone, name, name_len))
		return true;
	if (ts_name_from_wire(&qname, name, name_len) != TS_OK)
		return false;
	ts_verdict(p->now, &query, NULL, p->time, &now);
	if (!ts_verdict_hot(&now))
		return false;
	/* What has to be asked for may be in the cache with good reason: the answer was no. */
	if (!p->old || now.kind != TS_VERDICT_ASK)
		return true;
	ts_verdict(p->old, &query, NULL, p->time, &old);
	return old.kind != TS_VERDICT_ASK || old.ask.len != now.ask.len ||
	       memcmp(old.ask.wire, now.ask.wire, now.ask.len) != 0;
}

static bool entry_changed(
	const purge_t *p, const struct query_info *qinfo, struct reply_info *reply)
{
	if (qinfo->qclass != LDNS_RR_CLASS_IN)
		return false;
	if (changed(p, qinfo->qname, qinfo->qname_len, qinfo->qtype))
		return true;
	if (reply->an_numrrsets == 0)
		return false;

	/* The RRsets are the RRset cache's, and only to be looked at under their locks. The time 0
	 * takes expired ones as well. */
	bool hit = false;
	uint8_t *name = qinfo->qname;
	size_t name_len = qinfo->qname_len, next = 0;
	if (!rrset_array_lock(reply->ref, reply->rrset_count, 0))
		return true; /* broken: Unbound would not serve it either */
	while (!hit && ts_chain_next(reply, &name, &name_len, &next))
		hit = changed(p, name, name_len, qinfo->qtype);
	rrset_array_unlock(reply->ref, reply->rrset_count);
	return hit;
}

/* Called under the lock of e's bin and e's own. */
static void look_at(purge_t *p, struct lruhash_entry *e)
{
	const struct query_info *qinfo = &((struct msgreply_entry *)e->key)->key;
	if (!entry_changed(p, qinfo, e->data))
		return;
	entry_t *found = malloc(sizeof(*found) + qinfo->qname_len);
	if (!found) {
		p->incomplete = true;
		return;
	}
	found->qinfo = *qinfo;
	found->qinfo.local_alias = NULL;
	found->qinfo.qname = (uint8_t *)(found + 1);
	memcpy(found->qinfo.qname, qinfo->qname, qinfo->qname_len);
	found->hash = e->hash;
	found->next = p->found;
	p->found = found;
}

/* Looks at BINS_AT_ONCE bins of a slab from *bin on. A table that has grown is begun again: an
 * entry may have moved behind us. \return false: done with it. */
static bool slab_step(purge_t *p, struct lruhash *table, size_t *bin, size_t *size)
{
	if (table->num == 0)
		return false;
	lock_quick_lock(&table->lock);
	if (*size != table->size) {
		*size = table->size;
		*bin = 0;
	}
	size_t end = *bin + BINS_AT_ONCE < *size ? *bin + BINS_AT_ONCE : *size;
	for (; *bin < end; ++*bin) {
		struct lruhash_bin *b = &table->array[*bin];
		lock_quick_lock(&b->lock);
		for (struct lruhash_entry *e = b->overflow_list; e; e = e->overflow_next) {
			lock_rw_rdlock(&e->lock);
			look_at(p, e);
			lock_rw_unlock(&e->lock);
		}
		lock_quick_unlock(&b->lock);
	}
	bool more = *bin < *size;
	lock_quick_unlock(&table->lock);
	return more;
}

/* Is Unbound in service, and may the cache be touched? Under the lock of the auth-zones. */
static bool in_service(const ts_module_t *m)
{
	struct sigaction now;
	return !m->paused || (sigaction(SIGHUP, NULL, &now) == 0 && now.sa_handler != m->paused);
}

/* One step with what it has found removed. \return false: done with this slab. */
static bool purge_step(purge_t *p, size_t slab, size_t *bin, size_t *size, size_t *removed)
{
	struct slabhash *cache = p->m->env->msg_cache;
	bool more = slab < cache->size && slab_step(p, cache->array[slab], bin, size);
	while (p->found) {
		entry_t *found = p->found;
		p->found = found->next;
		slabhash_remove(cache, found->hash, &found->qinfo);
		free(found);
		++*removed;
	}
	return more;
}

bool ts_cache_purge(const ts_module_t *m, const ts_policyset_t *old, const ts_policyset_t *now,
	bool serving, const _Atomic bool *stop, size_t *removed)
{
	purge_t p = {.m = m, .old = old, .now = now, .time = time(NULL)};
	struct auth_zones *zones = m->env->auth_zones;
	bool more = true, alive = true;
	size_t slab = 0, bin = 0, size = 0;

	*removed = 0;
	if (!m->env->msg_cache)
		return true;
	while (more && alive && !atomic_load(stop)) {
		if (serving && zones)
			lock_rw_rdlock(&zones->lock);
		alive = !serving || in_service(m);
		if (alive && !purge_step(&p, slab, &bin, &size, removed)) {
			more = ++slab < m->env->msg_cache->size;
			bin = size = 0;
		}
		if (serving && zones)
			lock_rw_unlock(&zones->lock);
	}
	return alive && !p.incomplete;
}
