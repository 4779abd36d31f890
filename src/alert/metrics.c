/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Look-ups are counted by protected zone, class and action. A policy with a million protected zones
 * must not make a million time series: beyond ROWS_MAX the rest is counted as "other".
 */
#include "config.h"

#include "metrics.h"

#include "../typo/class.h"
#include "../siphash.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS_MAX 3072
#define SLOTS 4096 /* a power of two, above ROWS_MAX */
#define POLICIES_MAX 64

struct row {
	uint8_t *zone; /* wire format; NULL: free */
	uint8_t zone_len, class_id, action, kind;
	uint64_t count;
};

struct policy {
	char name[TS_RECORD_TEXT_MAX + 1];
	char error[TS_RECORD_TEXT_MAX + 1];
	uint32_t serial;
	int64_t loaded_us; /* 0: never */
	bool failed;
};

struct ts_metrics {
	uint8_t key[16];
	struct row rows[SLOTS];
	unsigned used;
	uint64_t other;
	struct policy *policies[POLICIES_MAX];
	unsigned policy_count;
};

ts_metrics_t *ts_metrics_new(const uint8_t key[16])
{
	ts_metrics_t *m = calloc(1, sizeof(*m));

	if (m)
		memcpy(m->key, key, sizeof(m->key));
	return m;
}

void ts_metrics_free(ts_metrics_t *m)
{
	if (!m)
		return;
	for (unsigned i = 0; i < SLOTS; i++)
		free(m->rows[i].zone);
	for (unsigned i = 0; i < m->policy_count; i++)
		free(m->policies[i]);
	free(m);
}

static void count_lookup(ts_metrics_t *m, const ts_record_t *r)
{
	uint8_t key[TS_NAME_MAX + 3];
	const uint8_t *zone = ts_record_part(r, TS_PART_PROTECTED);
	uint8_t len = (uint8_t)r->len[TS_PART_PROTECTED];

	memcpy(key, zone, len);
	key[len] = r->class_id;
	key[len + 1] = r->action;
	key[len + 2] = r->kind;
	uint64_t hash = ts_siphash(m->key, key, len + 3u);
	for (size_t i = hash & (SLOTS - 1);; i = (i + 1) & (SLOTS - 1)) {
		struct row *row = &m->rows[i];

		if (!row->zone) {
			if (m->used == ROWS_MAX || !(row->zone = malloc(len))) {
				m->other++;
				return;
			}
			memcpy(row->zone, zone, len);
			row->zone_len = len;
			row->class_id = r->class_id;
			row->action = r->action;
			row->kind = r->kind;
			m->used++;
		} else if (row->zone_len != len || row->class_id != r->class_id ||
			   row->action != r->action || row->kind != r->kind ||
			   memcmp(row->zone, zone, len) != 0) {
			continue;
		}
		row->count++;
		return;
	}
}

static void copy_text(char *out, const ts_record_t *r, ts_part_t part)
{
	memcpy(out, ts_record_part(r, part), r->len[part]);
	out[r->len[part]] = '\0';
}

static void note_policy(ts_metrics_t *m, const ts_record_t *r)
{
	char name[TS_RECORD_TEXT_MAX + 1];
	unsigned i = 0;

	copy_text(name, r, TS_PART_POLICY);
	while (i < m->policy_count && strcmp(m->policies[i]->name, name) != 0)
		i++;
	if (i == m->policy_count) {
		if (i == POLICIES_MAX || !(m->policies[i] = calloc(1, sizeof(*m->policies[i]))))
			return;
		m->policy_count++;
		memcpy(m->policies[i]->name, name, sizeof(name));
	}
	struct policy *p = m->policies[i];
	p->failed = r->failed;
	if (r->failed) {
		copy_text(p->error, r, TS_PART_MESSAGE);
	} else {
		p->error[0] = '\0';
		p->serial = r->serial;
		p->loaded_us = r->time_us;
	}
}

void ts_metrics_see(ts_metrics_t *m, const ts_record_t *r)
{
	if (r->kind == TS_EVENT_POLICY)
		note_policy(m, r);
	else
		count_lookup(m, r);
}

/* ---- the file ---- */

static void family(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP typosink_%s %s\n# TYPE typosink_%s %s\n", name, help, name, type);
}

static void single(FILE *f, const char *name, const char *type, const char *help, uint64_t value)
{
	family(f, name, type, help);
	fprintf(f, "typosink_%s %" PRIu64 "\n", name, value);
}

/* A label's value: backslash, quote and newline are escaped; other control characters, which a
 * policy's author may have put into an error, become a question mark. */
static void label(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			fputs("\\n", f);
		else if (*text == '\\' || *text == '"')
			fprintf(f, "\\%c", *text);
		else
			fputc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, f);
	}
}

static void seconds(FILE *f, int64_t us)
{
	fprintf(f, "%" PRId64 ".%06d\n", us / 1000000, (int)(us % 1000000));
}

static void print_lookups(const ts_metrics_t *m, FILE *f)
{
	char zone[TS_NAME_TEXT_MAX];

	family(f, "lookups_total", "counter",
		"Look-ups of typos, repeats included, by protected zone, typo class and action");
	for (size_t i = 0; i < SLOTS; i++) {
		const struct row *row = &m->rows[i];
		if (!row->zone)
			continue;
		ts_name_to_text(row->zone, zone, sizeof(zone));
		fputs("typosink_lookups_total{protected=\"", f);
		label(f, zone);
		fprintf(f, "\",class=\"%s\",action=\"%s\"} %" PRIu64 "\n",
			ts_class_get(row->class_id)->name,
			row->kind == TS_EVENT_RDATA   ? "rdata"
			: row->kind == TS_EVENT_RHSBL ? "rhsbl"
						      : ts_action_name(row->action),
			row->count);
	}
	if (m->other)
		fprintf(f,
			"typosink_lookups_total{protected=\"other\",class=\"other\","
			"action=\"other\"} %" PRIu64 "\n",
			m->other);
}

static void print_policies(const ts_metrics_t *m, FILE *f)
{
	static const struct {
		const char *name, *help;
	} families[] = {
		{"policy_serial", "Serial of the policy in force"},
		{"policy_loaded_timestamp_seconds", "When the policy in force was loaded"},
		{"policy_load_failed", "1 where the last load failed and an older one is in force"},
		{"policy_last_error_info", "Why the last load failed"},
	};

	for (unsigned k = 0; k < sizeof(families) / sizeof(families[0]); k++) {
		family(f, families[k].name, "gauge", families[k].help);
		for (unsigned i = 0; i < m->policy_count; i++) {
			const struct policy *p = m->policies[i];

			if ((k < 2 && p->loaded_us == 0) || (k == 3 && !p->failed))
				continue;
			fprintf(f, "typosink_%s{policy=\"", families[k].name);
			label(f, p->name);
			if (k == 3) {
				fputs("\",error=\"", f);
				label(f, p->error);
			}
			fputs("\"} ", f);
			if (k == 0)
				fprintf(f, "%" PRIu32 "\n", p->serial);
			else if (k == 1)
				seconds(f, p->loaded_us);
			else
				fprintf(f, "%d\n", p->failed);
		}
	}
}

static void print_all(const ts_metrics_t *m, const ts_metrics_run_t *run, FILE *f)
{
	const ts_pipeline_stats_t *s = &run->stats;

	family(f, "build_info", "gauge", "The version that runs, and the id of this run");
	fprintf(f, "typosink_build_info{version=\"%s\",boot_id=\"%s\"} 1\n", PACKAGE_VERSION,
		run->boot_id);
	single(f, "running", "gauge", "1; 0 after an orderly stop", run->running);
	family(f, "start_timestamp_seconds", "gauge", "When this run started");
	fputs("typosink_start_timestamp_seconds ", f);
	seconds(f, run->start_us);
	family(f, "updated_timestamp_seconds", "gauge", "When this file was written");
	fputs("typosink_updated_timestamp_seconds ", f);
	seconds(f, run->now_us);
	print_lookups(m, f);
	single(f, "events_submitted_total", "counter", "Events that workers handed over",
		s->submitted);
	single(f, "events_dropped_total", "counter", "Events lost at a full queue", s->dropped);
	single(f, "events_discarded_total", "counter",
		"Events lost because the alert file could not be written", s->discarded);
	single(f, "events_suppressed_total", "counter",
		"Repeats that were counted instead of written one by one", s->suppressed);
	single(f, "events_written_total", "counter", "Lines in the alert file", s->written);
	single(f, "write_failures_total", "counter", "Attempts to write that failed",
		s->failed_writes);
	single(f, "alert_file_writable", "gauge", "1 where the last write went well",
		run->writable);
	single(f, "queue_depth", "gauge", "Events in the queue", s->queue_depth);
	single(f, "queue_high_water", "gauge", "Most events that were ever in the queue",
		s->queue_high_water);
	single(f, "queue_capacity", "gauge", "Events of the usual size that the queue holds",
		run->queue_capacity);
	single(f, "repeats_entries", "gauge", "Look-ups whose repeats are being counted",
		run->repeats);
	print_policies(m, f);
}

int ts_metrics_write(const ts_metrics_t *m, const ts_metrics_run_t *run, const char *path)
{
	char temporary[PATH_MAX];
	char *text = NULL;
	size_t len = 0, done = 0;
	int fd, ret = TS_EIO, saved;

	/* The collector reads *.prom only, so that the half-written file is not for it. */
	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.new", path) >= sizeof(temporary))
		return TS_ERANGE;
	FILE *f = open_memstream(&text, &len);
	if (!f)
		return TS_ENOMEM;
	print_all(m, run, f);
	if (fclose(f) != 0) {
		free(text);
		return TS_ENOMEM;
	}
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		0644);
	if (fd < 0)
		goto cleanup;
	while (done < len) {
		ssize_t n = write(fd, text + done, len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (done == len && rename(temporary, path) == 0)
		ret = TS_OK;
cleanup:
	saved = errno;
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && ret != TS_OK)
		unlink(temporary);
	free(text);
	errno = saved;
	return ret;
}
