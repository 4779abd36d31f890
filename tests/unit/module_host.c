/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The stand-in: see module_host.h. What Unbound's functions do here is the least that their
 * descriptions promise. Allocators are wrapped by the linker (tests/local.mk).
 */
#include "module_host.h"

#include "zone_text.h"

#include <ftw.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

host_t *host;

/* --- memory */

_Thread_local refusals_t refusals;

static bool refuse(bool heap)
{
	if (!refusals.on || refusals.ever || refusals.heap != heap)
		return false;
	if (refusals.left > 0) {
		refusals.left--;
		return false;
	}
	return refusals.ever = true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
	return refuse(true) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return refuse(true) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return refuse(true) ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return refuse(true) ? NULL : __real_aligned_alloc(alignment, size);
}

/* A region is a list of blocks; each begins with a pointer to the next. */
struct regional *region_new(void)
{
	struct regional *region = __real_calloc(1, sizeof(*region));

	assert_non_null(region);
	return region;
}

void region_free(struct regional *region)
{
	for (void *block = region->next, *next; block; block = next) {
		next = *(void **)block;
		free(block);
	}
	free(region);
}

void *regional_alloc(struct regional *region, size_t size)
{
	if (refuse(false))
		return NULL;
	char *block = __real_malloc(16 + size);
	assert_non_null(block);
	memset(block + 16, 0xa5, size); /* not zeroed */
	*(void **)(void *)block = region->next;
	region->next = block;
	return block + 16;
}

void *regional_alloc_zero(struct regional *region, size_t size)
{
	void *p = regional_alloc(region, size);

	return p ? memset(p, 0, size) : NULL;
}

void *regional_alloc_init(struct regional *region, const void *data, size_t size)
{
	void *p = regional_alloc(region, size);

	return p ? memcpy(p, data, size) : NULL;
}

/* --- the log */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t grown;
	char text[65536];
	size_t len;
} lines = {.lock = PTHREAD_MUTEX_INITIALIZER, .grown = PTHREAD_COND_INITIALIZER};

static void log_line(const char *fmt, va_list args)
{
	pthread_mutex_lock(&lines.lock);
	int n = vsnprintf(lines.text + lines.len, sizeof(lines.text) - lines.len - 1, fmt, args);
	if (n > 0 && lines.len + (size_t)n < sizeof(lines.text) - 1) {
		lines.len += (size_t)n;
		lines.text[lines.len++] = '\n';
		lines.text[lines.len] = '\0';
	}
	pthread_cond_broadcast(&lines.grown);
	pthread_mutex_unlock(&lines.lock);
}

#define LOG(name)                          \
	void name(const char *format, ...) \
	{                                  \
		va_list args;              \
		va_start(args, format);    \
		log_line(format, args);    \
		va_end(args);              \
	}
LOG(log_err)
LOG(log_warn)
LOG(log_info)

void verbose(enum verbosity_value level, const char *format, ...)
{
	(void)level, (void)format;
}

bool host_logged(const char *text)
{
	pthread_mutex_lock(&lines.lock);
	bool found = strstr(lines.text, text) != NULL;
	pthread_mutex_unlock(&lines.lock);
	return found;
}

void host_wait_logged(const char *text)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 30;
	pthread_mutex_lock(&lines.lock);
	while (!strstr(lines.text, text))
		if (pthread_cond_timedwait(&lines.grown, &lines.lock, &until) != 0) {
			pthread_mutex_unlock(&lines.lock);
			fail_msg("never said: %s", text);
		}
	pthread_mutex_unlock(&lines.lock);
}

/* --- names and RRsets */

int query_dname_compare(uint8_t *a, uint8_t *b)
{
	size_t len = ts_name_wire_len(a);
	uint8_t low[2][TS_NAME_MAX];

	if (len != ts_name_wire_len(b))
		return 1;
	(void)ts_name_lower(low[0], a, len);
	(void)ts_name_lower(low[1], b, len);
	return memcmp(low[0], low[1], len);
}

hashvalue_type rrset_key_hash(struct packed_rrset_key *key)
{
	return (hashvalue_type)(key->dname_len << 16 | key->type) | 1;
}

void packed_rrset_ptr_fixup(struct packed_rrset_data *data)
{
	size_t n = data->count + data->rrsig_count;

	data->rr_len = (size_t *)(void *)(data + 1);
	data->rr_data = (uint8_t **)(void *)(data->rr_len + n);
	data->rr_ttl = (time_t *)(void *)(data->rr_data + n);
	uint8_t *p = (uint8_t *)(data->rr_ttl + n);
	for (size_t i = 0; i < n; p += data->rr_len[i++])
		data->rr_data[i] = p;
}

void get_cname_target(struct ub_packed_rrset_key *rrset, uint8_t **name, size_t *name_len)
{
	const struct packed_rrset_data *data = rrset->entry.data;

	if (data->count == 0) /* as where it is broken */
		return;
	*name = data->rr_data[0] + 2;
	*name_len = data->rr_len[0] - 2;
}

time_t SERVE_EXPIRED_TTL;

static struct reply_info *reply_base(
	struct regional *region, uint16_t flags, time_t ttl, size_t an, size_t ns)
{
	struct reply_info *reply = regional_alloc_zero(region, sizeof(*reply));
	struct ub_packed_rrset_key **rrsets =
		regional_alloc_zero(region, (an + ns + 1) * sizeof(*rrsets));

	if (!reply || !rrsets)
		return NULL;
	reply->flags = flags;
	reply->ttl = ttl;
	reply->an_numrrsets = an;
	reply->ns_numrrsets = ns;
	reply->rrset_count = an + ns;
	reply->rrsets = rrsets;
	return reply;
}

/* construct_reply_info_base() has got parameters over the years (compat.h): behind its symbol
 * stands this, with those that all forms begin with and one more. */
struct reply_info *any_base(struct regional *region, uint16_t flags, size_t qd, time_t ttl,
	time_t prettl, time_t expttl, size_t a, size_t b,
	size_t c) __asm__("construct_reply_info_base");

struct reply_info *any_base(struct regional *region, uint16_t flags, size_t qd, time_t ttl,
	time_t prettl, time_t expttl, size_t a, size_t b, size_t c)
{
	bool longer = _Generic(&construct_reply_info_base, compat_base_3 * : true, default : false);
	(void)qd, (void)prettl, (void)expttl;
	struct reply_info *reply = reply_base(region, flags, ttl, longer ? b : a, longer ? c : b);
	if (reply)
		reply->security = sec_status_insecure; /* as all of ours */
	return reply;
}

static void to_wire(uint8_t out[TS_NAME_MAX], size_t *len, const char *text)
{
	ts_name_t name;

	assert_int_equal(ts_name_from_text(&name, text, strlen(text), NULL), TS_OK);
	memcpy(out, name.wire, name.len);
	*len = name.len;
}

/* A real answer: an address, or (target: where it goes to; "": it is broken) a CNAME. */
static struct ub_packed_rrset_key *real_rrset(
	struct regional *region, const char *name, uint16_t type, const void *data, size_t len)
{
	size_t size = sizeof(struct packed_rrset_data) + 64 + 2 + len, name_len;
	struct ub_packed_rrset_key *key = regional_alloc_zero(region, sizeof(*key));
	struct packed_rrset_data *set = regional_alloc_zero(region, size);
	uint8_t wire[TS_NAME_MAX];

	to_wire(wire, &name_len, name);
	set->count = 1;
	set->ttl = 300;
	set->rr_len = (size_t *)(void *)(set + 1);
	set->rr_len[0] = 2 + len;
	packed_rrset_ptr_fixup(set);
	set->rr_data[0][0] = 0;
	set->rr_data[0][1] = (uint8_t)len;
	memcpy(set->rr_data[0] + 2, data, len);
	key->entry.data = set;
	key->rk.dname = regional_alloc_init(region, wire, name_len);
	key->rk.dname_len = name_len;
	key->rk.type = htons(type);
	key->rk.rrset_class = htons(LDNS_RR_CLASS_IN);
	return key;
}

static struct reply_info *real_reply(struct regional *region, const char *name, const char *target)
{
	size_t count = host->answers ? host->answers : 1;
	struct reply_info *reply = reply_base(region, BIT_QR | BIT_RA, 300, count, 0);
	static const uint8_t address[4] = {203, 0, 113, 66};
	uint16_t type = host->points_by ? host->points_by : LDNS_RR_TYPE_CNAME;
	uint8_t wire[6 + TS_NAME_MAX] = {0};
	size_t len, before = type == LDNS_RR_TYPE_MX ? 2 : type == LDNS_RR_TYPE_SRV ? 6 : 0;

	reply->security = host->security;
	if (target) {
		to_wire(wire + before, &len, *target ? target : ".");
		reply->rrsets[0] = real_rrset(region, name, type, wire, before + len);
		((struct packed_rrset_data *)reply->rrsets[0]->entry.data)->count = *target != 0;
	} else
		reply->rrsets[0] = real_rrset(region, name, LDNS_RR_TYPE_A, address, 4);
	for (size_t i = 1; i < count; i++)
		reply->rrsets[i] = reply->rrsets[0];
	return reply;
}

struct reply_info *query_chain(query_t *q, const char *const *names, size_t aliases, uint16_t type,
	const void *rdata, size_t len)
{
	struct reply_info *reply =
		reply_base(q->region, BIT_QR | BIT_RA, 300, aliases + (rdata != NULL), 0);
	uint8_t wire[TS_NAME_MAX];
	size_t name_len;

	reply->security = host->security;
	for (size_t i = 0; i < aliases; i++) {
		to_wire(wire, &name_len, names[i + 1]);
		reply->rrsets[i] =
			real_rrset(q->region, names[i], LDNS_RR_TYPE_CNAME, wire, name_len);
	}
	if (rdata)
		reply->rrsets[aliases] = real_rrset(q->region, names[aliases], type, rdata, len);
	return reply;
}

/* --- trees: only walked; a node's right one is the next */

rbnode_type rbtree_null_node;

rbnode_type *rbtree_first(rbtree_type *tree)
{
	return tree->root ? tree->root : &rbtree_null_node;
}

rbnode_type *rbtree_next(rbnode_type *node)
{
	return node->right ? node->right : &rbtree_null_node;
}

/* --- caches and zones */

struct msgreply_entry *msg_cache_lookup(struct module_env *env, uint8_t *qname, size_t qname_len,
	uint16_t qtype, uint16_t qclass, uint16_t flags, time_t now, int wr)
{
	(void)qtype, (void)qclass, (void)flags, (void)now, (void)wr;
	assert_non_null(env->msg_cache);
	if (host->finding)
		host->cached = host->finding(qname, qname_len);
	if (host->cached)
		lock_rw_rdlock(&host->cached->entry.lock);
	return host->cached;
}

void msg_cache_remove(struct module_env *env, uint8_t *qname, size_t qname_len, uint16_t qtype,
	uint16_t qclass, uint16_t flags)
{
	(void)qname_len, (void)qtype, (void)qclass, (void)flags;
	assert_non_null(env->msg_cache);
	host->forgotten++;
	if (host->forgetting)
		host->forgetting(qname);
	ts_name_to_text(qname, host->last_forgotten, sizeof(host->last_forgotten));
}

void slabhash_remove(struct slabhash *cache, hashvalue_type hash, void *key)
{
	struct query_info *want = key;

	if (host->removing)
		host->removing(want);
	for (size_t i = 0; i < cache->array[0]->size; i++) {
		struct lruhash_entry **link = &cache->array[0]->array[i].overflow_list;
		for (; *link; link = &(*link)->overflow_next) {
			const struct query_info *have =
				&((struct msgreply_entry *)(*link)->key)->key;
			if ((*link)->hash == hash && have->qtype == want->qtype &&
				query_dname_compare(have->qname, want->qname) == 0) {
				*link = (*link)->overflow_next;
				cache->array[0]->num--;
				return;
			}
		}
	}
}

int rrset_array_lock(struct rrset_ref *ref, size_t count, time_t now)
{
	(void)ref, (void)count, (void)now;
	return host->lockable;
}

void rrset_array_unlock(struct rrset_ref *ref, size_t count)
{
	(void)ref, (void)count;
}

struct auth_zone *auth_zone_find(
	struct auth_zones *zones, uint8_t *name, size_t len, uint16_t qclass)
{
	(void)zones, (void)name, (void)len, (void)qclass;
	return host->zone;
}

int auth_zone_get_serial(struct auth_zone *zone, uint32_t *serial)
{
	(void)zone;
	*serial = host->serial;
	return host->serial != 0;
}

/* Each record is a node of its own. */
typedef struct record {
	struct auth_data node;
	struct auth_rrset set;
	struct packed_rrset_data data;
	size_t len;
	uint8_t *rdata;
	time_t ttl;
	uint8_t octets[]; /* the owner's name, and the rdata with its length */
} record_t;

static void add_record(void *arg, const uint8_t *owner, size_t owner_len, uint16_t type,
	uint32_t ttl, const uint8_t *rdata, size_t len)
{
	struct auth_zone *zone = arg;
	record_t *r = __real_calloc(1, sizeof(*r) + owner_len + 2 + len);

	assert_non_null(r);
	r->node.name = r->octets;
	r->node.namelen = owner_len;
	r->node.rrsets = &r->set;
	r->set.type = type;
	r->set.data = &r->data;
	r->data = (struct packed_rrset_data){
		.count = 1, .rr_len = &r->len, .rr_data = &r->rdata, .rr_ttl = &r->ttl};
	r->len = 2 + len;
	r->rdata = r->octets + owner_len;
	r->ttl = ttl;
	memcpy(r->octets, owner, owner_len);
	r->rdata[0] = (uint8_t)(len >> 8);
	r->rdata[1] = (uint8_t)len;
	memcpy(r->rdata + 2, rdata, len);
	r->node.node.right = zone->data.root;
	zone->data.root = &r->node.node;
	if (type == LDNS_RR_TYPE_SOA)
		host->serial = sldns_read_uint32(rdata + len - 20);
}

void zone_new(host_t *h, const char *text)
{
	h->zone = __real_calloc(1, sizeof(*h->zone));
	assert_non_null(h->zone);
	lock_rw_init(&h->zone->lock);
	assert_true(zone_text_each(text, add_record, h->zone) > 0);
}

void zone_free(host_t *h)
{
	for (rbnode_type *node = h->zone->data.root, *next; node; node = next) {
		next = node->right;
		free(node); /* it is a record_t's first member's first */
	}
	lock_rw_destroy(&h->zone->lock);
	free(h->zone);
	h->zone = NULL;
}

int sldns_wire2str_rr_buf(uint8_t *rr, size_t rr_len, char *text, size_t size)
{
	(void)rr;
	return host->speechless ? 0 : snprintf(text, size, "; %zu octets\n", rr_len);
}

/* --- the environment */

static int attach_1(struct module_qstate *q, struct query_info *name, uint16_t flags, int prime,
	int valrec, struct module_qstate **sub)
{
	(void)q, (void)flags, (void)prime, (void)valrec;
	if (host->refuses_subqueries)
		return 0;
	host->has_subquery = true;
	host->subquery = *name;
	*sub = NULL;
	return 1;
}

static int attach_2(struct module_qstate *q, struct query_info *name, struct respip_client_info *ci,
	uint16_t flags, int prime, int valrec, struct module_qstate **sub)
{
	(void)ci;
	return attach_1(q, name, flags, prime, valrec, sub);
}

static int register_wrapped(
	void *cb, enum inplace_cb_list_type type, void *arg, struct module_env *env, int id)
{
	(void)arg, (void)env, (void)id;
	if (host->registrations_left == 0)
		return 0;
	host->registrations_left--;
	host->callbacks[type] = cb;
	return 1;
}

static void delete_wrapped(struct module_env *env, enum inplace_cb_list_type type, int id)
{
	(void)env, (void)id;
	host->callbacks[type] = NULL;
}

void host_write(const char *name, const char *text)
{
	char path[256], fresh[264];

	snprintf(path, sizeof(path), "%s/%s", host->folder, name);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	FILE *f = fopen(fresh, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(fresh, path), 0);
}

/* The build-id of this very program, which is not the Unbound that the module is built for. */
static int own_build_id(struct dl_phdr_info *info, size_t size, void *arg)
{
	char *hex = arg;

	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
		const uint8_t *p = (const uint8_t *)(info->dlpi_addr + ph->p_vaddr);
		if (ph->p_type != PT_NOTE)
			continue;
		for (size_t at = 0; at + 16 <= ph->p_memsz;) {
			uint32_t word[3];
			memcpy(word, p + at, sizeof(word));
			const uint8_t *desc = p + at + 12 + ((word[0] + 3) & ~3u);
			if (word[2] == 3 && word[1] <= 32) /* NT_GNU_BUILD_ID */
				for (uint32_t n = 0; n < word[1]; n++)
					snprintf(hex + 2 * n, 3, "%02x", desc[n]);
			at += 12 + ((word[0] + 3) & ~3u) + ((word[1] + 3) & ~3u);
		}
	}
	return 1;
}

host_t *host_new(int id, const char *policy, const char *conf)
{
	char hex[80] = "", text[4096], path[256];
	host_t *h = __real_calloc(1, sizeof(*h));

	assert_non_null(h);
	host = h;
	h->id = id;
	h->now = 1700000000;
	h->registrations_left = -1;
	h->lockable = true;
	h->security = sec_status_insecure;
	snprintf(h->folder, sizeof(h->folder), "/tmp/ts-module-XXXXXX");
	assert_non_null(mkdtemp(h->folder));
	host_write("policy.zone", policy);
	snprintf(text, sizeof(text),
		"policy-file: %s/policy.zone\nstate-dir: %s\nalert-file: %s/a\n%s", h->folder,
		h->folder, h->folder, conf);
	host_write("typosink.conf", text);
	snprintf(path, sizeof(path), "%s/typosink.conf", h->folder);
	assert_int_equal(setenv("TYPOSINK_CONF", path, 1), 0);
	dl_iterate_phdr(own_build_id, hex);
	assert_int_equal(setenv("TYPOSINK_HOST_BUILD", hex, 1), 0);

	lock_rw_init(&h->zones.lock);
	h->dynlib.inplace_cb_register_wrapped = register_wrapped;
	h->dynlib.inplace_cb_delete_wrapped = delete_wrapped;
	h->env.cfg = &h->cfg;
	h->env.auth_zones = &h->zones;
	h->env.msg_cache = &h->empty;
	h->env.now = &h->now;
	h->env.modinfo[id] = &h->dynlib;
	h->env.attach_sub = _Generic(h->env.attach_sub, compat_attach_1
				     : attach_1, compat_attach_2
				     : attach_2);
	(void)attach_2;
	pthread_mutex_lock(&lines.lock);
	lines.text[lines.len = 0] = '\0';
	pthread_mutex_unlock(&lines.lock);
	return h;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st, (void)kind, (void)ftw;
	return remove(path);
}

void host_free(host_t *h)
{
	deinit(&h->env, h->id);
	for (size_t i = 0; i < inplace_cb_types_total; i++)
		assert_null(h->callbacks[i]);
	lock_rw_destroy(&h->zones.lock);
	assert_int_equal(nftw(h->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(h);
	host = NULL;
}

/* --- queries */

static void set_address(struct comm_reply *to, const char *client)
{
	struct sockaddr_in *in = (struct sockaddr_in *)(void *)&to->client_addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&to->client_addr;

	memset(&to->client_addr, 0, sizeof(to->client_addr));
	if (strcmp(client, "unix") == 0)
		to->client_addr.ss_family = AF_UNIX;
	else if (strchr(client, ':')) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(4242);
		assert_int_equal(inet_pton(AF_INET6, client, &in6->sin6_addr), 1);
	} else {
		in->sin_family = AF_INET;
		in->sin_port = htons(4242);
		assert_int_equal(inet_pton(AF_INET, client, &in->sin_addr), 1);
	}
}

void query_join(query_t *q, struct mesh_reply *second, const char *client)
{
	*second = (struct mesh_reply){.qid = htons(7), .next = q->mesh.reply_list};
	second->query_reply.c = &q->point;
	set_address(&second->query_reply, client);
	q->mesh.reply_list = second;
}

query_t *query_new(host_t *h, const char *name, uint16_t type, const char *client)
{
	query_t *q = __real_calloc(1, sizeof(*q));
	size_t len;

	assert_non_null(q);
	to_wire(q->name, &len, name);
	q->region = region_new();
	q->point.type = comm_udp;
	q->mesh.s.qinfo = (struct query_info){q->name, len, type, LDNS_RR_CLASS_IN, NULL};
	q->mesh.s.env = &h->env;
	q->mesh.s.region = q->region;
	q->mesh.s.mesh_info = &q->mesh;
	if (client)
		query_join(q, &q->reply, client);
	return q;
}

void query_free(query_t *q)
{
	clear(&q->mesh.s, host->id);
	region_free(q->region);
	free(q);
}

void query_waits_for(query_t *super, query_t *sub)
{
	super->waits = (struct mesh_state_ref){.s = &super->mesh};
	super->waits.node.right = sub->mesh.super_set.root;
	sub->mesh.super_set.root = &super->waits.node;
	sub->mesh.super_set.count++;
}

enum module_ext_state query_start(query_t *q)
{
	operate(&q->mesh.s, module_event_new, host->id, NULL);
	return q->mesh.s.ext_state[host->id];
}

enum module_ext_state query_done(query_t *q, const char *target)
{
	char name[TS_NAME_TEXT_MAX];

	ts_name_to_text(q->name, name, sizeof(name));
	bool on = refusals.on;
	refusals.on = false;
	struct reply_info *reply = real_reply(q->region, name, target);
	refusals.on = on;
	return query_answered(q, reply);
}

enum module_ext_state query_answered(query_t *q, struct reply_info *reply)
{
	q->upstream = (struct dns_msg){.qinfo = q->mesh.s.qinfo, .rep = reply};
	q->mesh.s.return_msg = &q->upstream;
	q->mesh.s.return_rcode = LDNS_RCODE_NOERROR;
	operate(&q->mesh.s, module_event_moddone, host->id, NULL);
	return q->mesh.s.ext_state[host->id];
}

enum module_ext_state query_failed(query_t *q)
{
	q->mesh.s.return_msg = NULL;
	q->mesh.s.return_rcode = LDNS_RCODE_SERVFAIL;
	operate(&q->mesh.s, module_event_moddone, host->id, NULL);
	return q->mesh.s.ext_state[host->id];
}

enum module_ext_state query_checked(query_t *q, const char *name, unsigned rcode)
{
	query_t *sub = query_new(host, name, LDNS_RR_TYPE_MX, NULL);
	struct reply_info reply = {.flags = (uint16_t)(BIT_QR | rcode)};
	struct dns_msg msg = {.rep = &reply};

	sub->mesh.s.return_msg = &msg;
	inform_super(&sub->mesh.s, host->id, &q->mesh.s);
	query_free(sub);
	return query_start(q);
}

void query_responded(query_t *q, const char *name, struct reply_info *reply)
{
	inplace_cb_query_response_func_type *response =
		(inplace_cb_query_response_func_type *)host->callbacks[inplace_cb_query_response];
	uint8_t wire[TS_NAME_MAX];
	size_t len;

	to_wire(wire, &len, name);
	wire[1] = (uint8_t)name[0]; /* servers keep the letters' case */
	struct dns_msg msg = {
		.qinfo = {wire, len, q->mesh.s.qinfo.qtype, q->mesh.s.qinfo.qclass, NULL},
		.rep = reply};
	assert_non_null(response);
	(void)response(&q->mesh.s, &msg, host->id, host->dynlib.dyn_env);
}

void query_response(query_t *q, const char *name, const char *target)
{
	query_responded(q, name, real_reply(q->region, name, target));
}

void query_reply(query_t *q, struct mesh_reply *to)
{
	struct edns_option *none = NULL;

	query_reply_with(q, to, &none);
}

void query_reply_with(query_t *q, struct mesh_reply *to, struct edns_option **with)
{
	inplace_cb_reply_func_type *reply =
		(inplace_cb_reply_func_type *)host->callbacks[inplace_cb_reply];

	assert_non_null(reply);
	(void)reply(&q->mesh.s.qinfo, &q->mesh.s,
		q->mesh.s.return_msg ? q->mesh.s.return_msg->rep : NULL, q->mesh.s.return_rcode,
		NULL, with, &to->query_reply, q->region, NULL, host->id, host->dynlib.dyn_env);
}

struct reply_info *query_real(query_t *q, const char *name, const char *target)
{
	return real_reply(q->region, name, target);
}

void query_cached(query_t *q, const char *target)
{
	char name[TS_NAME_TEXT_MAX];

	ts_name_to_text(q->name, name, sizeof(name));
	query_hit(q, real_reply(q->region, name, target));
}

void query_hit(query_t *q, struct reply_info *reply)
{
	inplace_cb_reply_func_type *cached =
		(inplace_cb_reply_func_type *)host->callbacks[inplace_cb_reply_cache];
	struct timeval start = {.tv_sec = host->now};
	struct edns_option *none = NULL;
	uint8_t packet[12] = {0x12, 0x34};
	struct sldns_buffer buffer = {
		._limit = sizeof(packet), ._capacity = sizeof(packet), ._data = packet};

	assert_non_null(cached);
	reply->ttl += host->now;
	q->point.buffer = &buffer;
	for (int missing = 0; missing < 4; missing++) /* what Unbound may leave out */
		(void)cached(&q->mesh.s.qinfo, NULL, missing == 1 ? NULL : reply, 0, NULL, &none,
			missing == 2 ? NULL : &q->reply.query_reply, q->region,
			missing == 3 ? NULL : &start, host->id, host->dynlib.dyn_env);
	q->point.buffer = NULL;
}

const char *query_told(const query_t *q)
{
	static char text[TS_NAME_TEXT_MAX + 16];
	const struct reply_info *reply = q->mesh.s.return_msg ? q->mesh.s.return_msg->rep : NULL;
	unsigned rcode = reply ? FLAGS_GET_RCODE(reply->flags) : (unsigned)q->mesh.s.return_rcode;

	if (rcode != LDNS_RCODE_NOERROR || !reply || reply->an_numrrsets == 0) {
		static const char *const names[] = {
			"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMPL", "REFUSED"};
		assert_true(rcode < countof(names));
		return names[rcode];
	}
	const struct ub_packed_rrset_key *last = reply->rrsets[reply->an_numrrsets - 1];
	const struct packed_rrset_data *data = last->entry.data;
	const uint8_t *rdata = data->rr_data[0] + 2;
	switch (ntohs(last->rk.type)) {
	case LDNS_RR_TYPE_MX:
		snprintf(text, sizeof(text), "MX ");
		ts_name_to_text(rdata + 2, text + 3, sizeof(text) - 3);
		break;
	case LDNS_RR_TYPE_A:
		snprintf(text, sizeof(text), "A %u.%u.%u.%u", rdata[0], rdata[1], rdata[2],
			rdata[3]);
		break;
	case LDNS_RR_TYPE_TXT:
		snprintf(text, sizeof(text), "TXT");
		break;
	default:
		snprintf(text, sizeof(text), "CNAME");
	}
	return text;
}
