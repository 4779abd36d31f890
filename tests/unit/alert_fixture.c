/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "unit.h"

#include "alert_fixture.h"

#include "../../src/policy_file.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char policy_text[] =
	"$ORIGIN mil.policy.example.\n"
	"$TTL 30\n"
	"@ IN SOA invalid. hostmaster.invalid. 2026112301 3600 600 2147483646 0\n"
	"@ IN NS invalid.\n"
	"version IN TXT \"2\"\n"
	"m1.zones IN PTR mil.\n"
	"typo.typosink.ext.m1.zones IN PTR ml.\n"
	"m3.zones IN PTR example.com.\n"
	"sinkhole.typosink.ext IN MX 10 mx.sinkhole.example.\n"
	"sinkhole.typosink.ext IN A 192.0.2.25\n";

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static void print_diag(void *arg, const ts_diag_t *diag)
{
	char line[4096];

	(void)arg;
	ts_diag_format(diag, line, sizeof(line));
	if (diag->severity == TS_ERROR)
		print_error("%s\n", line);
}

int fixture_setup(void **state)
{
	fixture_t *f = calloc(1, sizeof(*f));
	ts_policy_options_t options = {.seed = 1};
	ts_reporter_t report = {print_diag, NULL};
	char path[96];

	strcpy(f->dir, "/tmp/ts-alert-XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->alerts, sizeof(f->alerts), "%s/alerts.ndjson", f->dir);
	snprintf(f->metrics, sizeof(f->metrics), "%s/typosink.prom", f->dir);
	snprintf(path, sizeof(path), "%s/policy.zone", f->dir);
	FILE *file = fopen(path, "w");
	if (!file || fputs(policy_text, file) < 0 || fclose(file) != 0)
		return -1;
	if (ts_policy_load_file(path, &options, &report, &f->policy) != TS_OK)
		return -1;
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	fixture_t *f = *state;

	ts_policy_unref(f->policy);
	int ret = nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return ret;
}

static void to_name(const char *text, ts_name_t *name)
{
	assert_int_equal(ts_name_from_text(name, text, strlen(text), NULL), TS_OK);
}

void fixture_event(const fixture_t *f, fixture_event_t *e, const char *typo, const char *protected,
	const char *class, const char *counterpart)
{
	ts_name_t qname, zone, sinkhole;
	ts_verdict_t *v = &e->verdict;
	int id = ts_class_find(class, strlen(class));

	assert_true(id >= 0);
	memset(e, 0, sizeof(*e));
	to_name(typo, &qname);
	to_name(protected, &zone);
	to_name("mx.sinkhole.example", &sinkhole);
	memcpy(e->qname, qname.wire, qname.len);
	memcpy(e->sinkhole, sinkhole.wire, sinkhole.len);

	v->kind = TS_VERDICT_TYPO;
	v->why = TS_WHY_TYPO;
	v->action = TS_ACTION_SINKHOLE;
	v->policy = f->policy;
	while (ts_name_compare(ts_policy_member_zone(f->policy, v->member), zone.wire) != 0) {
		v->member++;
		assert_true(v->member < ts_policy_members(f->policy));
	}
	v->match.class_id = (uint8_t)id;
	v->match.score = 9100;
	v->match.distance = 1;
	v->match.suffix = (uint8_t)(qname.nlabels - zone.nlabels);
	v->evidence = TS_EVIDENCE_LISTED;
	to_name(counterpart, &v->counterpart);

	e->event = (ts_event_t){
		.kind = TS_EVENT_ALERT,
		.time_us = INT64_C(1795460474482913), /* 2026-11-23T19:01:14.482913Z */
		.verdict = v,
		.qname = e->qname,
		.qtype = TS_TYPE_MX,
		.qclass = TS_CLASS_IN,
		.id = 51967,
		.applied = true,
		.ede = 4,
		.ttl = 60,
		.sinkhole = e->sinkhole,
		.sinkhole_preference = 10,
		.client = {4, {192, 0, 2, 25}},
		.client_port = 48753,
		.server = {4, {192, 0, 2, 53}},
		.server_port = 53,
		.transport = TS_UDP,
	};
}

void fixture_army(const fixture_t *f, fixture_event_t *e)
{
	fixture_event(f, e, "army.ml", "mil", "tld-omission", "army.mil");
}

char *fixture_read(const char *path)
{
	FILE *file = fopen(path, "r");
	size_t size = 0;
	char *text = NULL;
	ssize_t n;

	if (!file)
		return NULL;
	n = getdelim(&text, &size, '\0', file);
	fclose(file);
	if (n < 0) {
		free(text);
		return strdup("");
	}
	return text;
}

void fixture_pause(void)
{
	nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}
