/* SPDX-License-Identifier: BSD-3-Clause
 *
 * source: files and auth-zones that hold policies. See source.h.
 *
 * A last good copy is a master file in state-dir, named after a hash of the source's name, written
 * beside its place and renamed into it.
 */
#include "source.h"

#include "../src/policy_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RECORD_TEXT_MAX 140000 /* an RR of 65535 octets in text */
#define COPY_MODE 0640         /* a policy may name partners: not for everybody */
#define MISSING_PATIENCE                                                         \
	10 /* looks before a missing zone is worth a word: a transfer takes time \
	    */

/* Passes diagnostics on, and keeps the first error's words. */
typedef struct keeper {
	const ts_reporter_t *next;
	char *why;
	size_t size;
} keeper_t;

static void keep(void *arg, const ts_diag_t *diag)
{
	keeper_t *k = arg;
	if (diag->severity == TS_ERROR && !k->why[0])
		ts_diag_format(diag, k->why, k->size);
	if (k->next->fn)
		k->next->fn(k->next->arg, diag);
}

/* --- last good copies */

static bool state_path(const ts_module_t *m, const ts_source_t *source, char *path, size_t size)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
	if (!m->state_dir)
		return false;
	for (const char *p = source->name; *p; p++)
		hash = (hash ^ (uint8_t)*p) * 0x100000001b3u;
	int len = snprintf(path, size, "%s/policy-%s-%016llx.zone", m->state_dir,
		source->is_zone ? "zone" : "file", (unsigned long long)hash);
	return len > 0 && (size_t)len < size - 8;
}

/* Whoever may write into state-dir must not have us write elsewhere: what lies in the way, a
 * symbolic link above all, is removed and never followed. */
static FILE *copy_begin(const char *path, char *fresh, size_t size)
{
	snprintf(fresh, size, "%s.new", path);
	(void)unlink(fresh);
	int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, COPY_MODE);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	if (fd >= 0 && !f)
		close(fd);
	return f;
}

static void not_kept(const ts_module_t *m, const char *path, const char *why)
{
	ts_report(&m->report, TS_WARNING, path, 0, NULL,
		"the last good policy could not be kept: %s", why);
}

/* why: what has gone wrong with it already; NULL: nothing. */
static void copy_end(
	const ts_module_t *m, FILE *f, const char *fresh, const char *path, const char *why)
{
	if (!why && (fflush(f) != 0 || fsync(fileno(f)) != 0))
		why = strerror(errno);
	if (fclose(f) != 0 && !why)
		why = strerror(errno);
	if (!why && rename(fresh, path) != 0)
		why = strerror(errno);
	if (!why)
		return;
	not_kept(m, path, why);
	(void)unlink(fresh);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void keep_file(const ts_module_t *m, const ts_source_t *source)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8], block[16384];
	size_t got;
	if (!state_path(m, source, path, sizeof(path)))
		return;
	FILE *in = fopen(source->path, "re");
	if (!in)
		return;
	FILE *out = copy_begin(path, fresh, sizeof(fresh));
	if (out) {
		const char *why = NULL;
		while (!why && (got = fread(block, 1, sizeof(block), in)) > 0)
			if (fwrite(block, 1, got, out) != got)
				why = strerror(errno);
		/* What was copied must be what was loaded. */
		struct stat now;
		if (!why && (ferror(in) || fstat(fileno(in), &now) != 0 ||
				    !same_file(&now, &source->tried)))
			why = "the file has changed meanwhile";
		copy_end(m, out, fresh, path, why);
	} else
		not_kept(m, fresh, strerror(errno));
	fclose(in);
}

int ts_source_recall(ts_module_t *m, ts_source_t *source, const ts_policy_options_t *options)
{
	char path[PATH_MAX];
	if (!state_path(m, source, path, sizeof(path)) || access(path, F_OK) != 0)
		return TS_ENOENT;
	/* It was good once: a shrink was accepted then. */
	ts_policy_options_t recalled = *options;
	recalled.accept_shrink = true;
	return ts_policy_load_file(path, &recalled, NULL, &source->policy);
}

/* --- files */

static ts_look_t look_at_file(ts_module_t *m, ts_source_t *source,
	const ts_policy_options_t *options, bool at_once, char *why, size_t size)
{
	struct stat now;
	if (stat(source->path, &now) != 0) {
		snprintf(why, size, "%s: %s", source->path, strerror(errno));
		source->has_seen = source->has_tried = false;
		return source->missing++ == 0 ? TS_LOOK_MISSING : TS_LOOK_SAME;
	}
	source->missing = 0;
	if (source->has_tried && same_file(&now, &source->tried))
		return TS_LOOK_SAME;
	bool settled = source->has_seen && same_file(&now, &source->seen);
	source->seen = now;
	source->has_seen = true;
	if (!settled && !at_once)
		return TS_LOOK_SAME;
	source->tried = now;
	source->has_tried = true;

	keeper_t keeper = {&m->report, why, size};
	ts_reporter_t report = {keep, &keeper};
	ts_policy_t *policy;
	int err = ts_policy_load_file(source->path, options, &report, &policy);
	if (err != TS_OK) {
		if (!why[0])
			snprintf(why, size, "%s: %s", source->path, ts_strerror(err));
		if (err == TS_ENOMEM)
			source->has_tried = false; /* again at the next look */
		return TS_LOOK_REFUSED;
	}
	ts_policy_unref(source->policy);
	source->policy = policy;
	keep_file(m, source);
	return TS_LOOK_LOADED;
}

/* --- auth-zones */

/* The records of a zone, each in the wire format of an RR: owner, type, class, TTL, rdlength and
 * rdata; copied under the zone's lock, used without it. */
typedef struct records {
	uint8_t *data;
	size_t len, size;
} records_t;

static int records_add(
	records_t *r, const struct auth_data *node, const struct auth_rrset *rrset, size_t i)
{
	const struct packed_rrset_data *d = rrset->data;
	size_t need = node->namelen + 8 + d->rr_len[i];
	if (r->size - r->len < need) {
		size_t size = r->size ? 2 * r->size : 65536;
		while (size - r->len < need)
			size *= 2;
		uint8_t *data = realloc(r->data, size);
		if (!data)
			return TS_ENOMEM;
		r->data = data;
		r->size = size;
	}
	uint8_t *p = r->data + r->len;
	memcpy(p, node->name, node->namelen);
	p += node->namelen;
	sldns_write_uint16(p, rrset->type);
	sldns_write_uint16(p + 2, LDNS_RR_CLASS_IN);
	sldns_write_uint32(p + 4, (uint32_t)d->rr_ttl[i]);
	memcpy(p + 8, d->rr_data[i], d->rr_len[i]); /* rdlength is its first word */
	r->len += need;
	return TS_OK;
}

/* Reads a record at offset at. \return the offset of the next. */
static size_t records_get(const records_t *r, size_t at, size_t *owner_len, size_t *rr_len)
{
	*owner_len = ts_name_wire_len(r->data + at);
	*rr_len = *owner_len + 10 + sldns_read_uint16(r->data + at + *owner_len + 8);
	return at + *rr_len;
}

static int zone_copy(struct auth_zone *z, records_t *out)
{
	struct auth_data *node;
	RBTREE_FOR(node, struct auth_data *, &z->data)
	for (const struct auth_rrset *rrset = node->rrsets; rrset; rrset = rrset->next)
		for (size_t i = 0; i < rrset->data->count; i++)
			if (records_add(out, node, rrset, i) != TS_OK)
				return TS_ENOMEM;
	return TS_OK;
}

typedef enum zone_news { ZONE_SAME, ZONE_NEW, ZONE_MISSING, ZONE_BAD, ZONE_NOMEM } zone_news_t;

static zone_news_t zone_read(
	ts_module_t *m, ts_source_t *source, bool at_once, records_t *out, char *why, size_t size)
{
	struct auth_zones *zones = m->env->auth_zones;
	zone_news_t news = ZONE_MISSING;
	uint32_t serial;

	if (!zones)
		return ZONE_MISSING;
	lock_rw_rdlock(&zones->lock);
	struct auth_zone *z =
		auth_zone_find(zones, source->zone.wire, source->zone.len, LDNS_RR_CLASS_IN);
	if (!z) {
		lock_rw_unlock(&zones->lock);
		snprintf(why, size, "unbound.conf has no auth-zone %s", source->name);
		return ZONE_MISSING;
	}
	lock_rw_rdlock(&z->lock);
	lock_rw_unlock(&zones->lock);
	if (z->zone_expired) {
		snprintf(why, size, "auth-zone %s has expired, or its ZONEMD is wrong",
			source->name);
		news = ZONE_BAD;
	} else if (!auth_zone_get_serial(z, &serial))
		snprintf(why, size, "auth-zone %s has no data yet", source->name);
	else if (source->has_tried && serial == source->tried_serial)
		news = ZONE_SAME;
	else if (z->zonemd_callback_env ||
		 (!at_once && (!source->has_seen || source->seen_serial != serial))) {
		/* Unbound may still refuse what it has just received. */
		source->seen_serial = serial;
		source->has_seen = true;
		news = ZONE_SAME;
	} else {
		news = zone_copy(z, out) == TS_OK ? ZONE_NEW : ZONE_NOMEM;
		source->tried_serial = serial;
		source->has_tried = news == ZONE_NEW;
	}
	lock_rw_unlock(&z->lock);
	return news;
}

static int zone_compile(const ts_source_t *source, const ts_policy_options_t *options,
	const records_t *records, const ts_reporter_t *report, ts_policy_t **out)
{
	char label[TS_NAME_TEXT_MAX + 16];
	snprintf(label, sizeof(label), "auth-zone %s", source->name);
	ts_policy_builder_t *builder = ts_policy_builder_new(label);
	ts_place_t place = {label, 0};
	int err = builder ? TS_OK : TS_ENOMEM;
	for (size_t at = 0, next; at < records->len && err == TS_OK; at = next) {
		size_t owner_len, rr_len;
		next = records_get(records, at, &owner_len, &rr_len);
		const uint8_t *rr = records->data + at, *fixed = rr + owner_len;
		err = ts_policy_builder_add(builder, rr, owner_len,
			(uint16_t)(fixed[0] << 8 | fixed[1]), (uint16_t)(fixed[2] << 8 | fixed[3]),
			(uint32_t)fixed[4] << 24 | (uint32_t)fixed[5] << 16 |
				(uint32_t)fixed[6] << 8 | fixed[7],
			fixed + 10, rr_len - owner_len - 10, &place);
	}
	if (err == TS_OK)
		err = ts_policy_builder_finish(builder, options, report, out);
	ts_policy_builder_free(builder);
	return err;
}

static void keep_zone(const ts_module_t *m, const ts_source_t *source, const records_t *records)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8];
	if (!state_path(m, source, path, sizeof(path)))
		return;
	char *text = malloc(RECORD_TEXT_MAX);
	FILE *out = text ? copy_begin(path, fresh, sizeof(fresh)) : NULL;
	if (out) {
		const char *why = NULL;
		if (fprintf(out, "; last good copy of auth-zone %s\n", source->name) < 0)
			why = strerror(errno);
		for (size_t at = 0, next; at < records->len && !why; at = next) {
			size_t owner_len, rr_len;
			next = records_get(records, at, &owner_len, &rr_len);
			int len = sldns_wire2str_rr_buf(
				records->data + at, rr_len, text, RECORD_TEXT_MAX);
			if (len <= 0 || len >= RECORD_TEXT_MAX)
				why = "a record has no text";
			else if (fputs(text, out) < 0)
				why = strerror(errno);
		}
		copy_end(m, out, fresh, path, why);
	} else
		not_kept(m, path, strerror(errno));
	free(text);
}

static ts_look_t look_at_zone(ts_module_t *m, ts_source_t *source,
	const ts_policy_options_t *options, bool at_once, char *why, size_t size)
{
	records_t records = {0};
	ts_look_t look = TS_LOOK_SAME;
	keeper_t keeper = {&m->report, why, size};
	ts_reporter_t report = {keep, &keeper};
	ts_policy_t *policy;

	switch (zone_read(m, source, at_once, &records, why, size)) {
	case ZONE_SAME:
		source->missing = 0;
		break;
	case ZONE_MISSING:
		if (++source->missing == MISSING_PATIENCE)
			look = TS_LOOK_MISSING;
		break;
	case ZONE_BAD:
		/* Once; and what comes after it is looked at whatever its serial. */
		if (source->has_tried || !source->in_trouble)
			look = TS_LOOK_REFUSED;
		source->has_tried = source->has_seen = false;
		break;
	case ZONE_NOMEM:
		snprintf(why, size, "auth-zone %s: %s", source->name, ts_strerror(TS_ENOMEM));
		look = TS_LOOK_REFUSED;
		break;
	case ZONE_NEW:
		source->missing = 0;
		why[0] = '\0';
		int err = zone_compile(source, options, &records, &report, &policy);
		if (err != TS_OK) {
			if (!why[0])
				snprintf(why, size, "auth-zone %s: %s", source->name,
					ts_strerror(err));
			if (err == TS_ENOMEM)
				source->has_tried = false; /* again at the next look */
			look = TS_LOOK_REFUSED;
			break;
		}
		ts_policy_unref(source->policy);
		source->policy = policy;
		keep_zone(m, source, &records);
		look = TS_LOOK_LOADED;
		break;
	}
	free(records.data);
	return look;
}

ts_look_t ts_source_look(ts_module_t *m, ts_source_t *source, const ts_policy_options_t *options,
	bool at_once, char *why, size_t size)
{
	why[0] = '\0';
	return (source->is_zone ? look_at_zone : look_at_file)(
		m, source, options, at_once, why, size);
}
