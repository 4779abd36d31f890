/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The alert pipeline as a whole: what is submitted, and what stands in the
 * file.
 */
#include "config.h"

#include "unit.h"

#include "alert_fixture.h"

#include "../../src/alert/encode.h"
#include "../../src/conf.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- reading back ---- */

/* All lines of a file, each of which must be whole and valid JSON, or of blanks alone: there stood
 * half a line that a kill has left. */
static json_t *lines_of(const char *path)
{
	char *text = fixture_read(path);
	json_t *all = json_array();
	json_error_t error;

	assert_non_null(text);
	for (char *line = text, *end; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			fail_msg("torn line: %s", line);
		*end = '\0';
		if (line[strspn(line, " ")] == '\0')
			continue;
		json_t *one = json_loads(line, JSON_REJECT_DUPLICATES, &error);
		if (!one)
			fail_msg("%s at %d of: %s", error.text, error.position, line);
		json_array_append_new(all, one);
	}
	free(text);
	return all;
}

static json_t *field(json_t *object, const char *path)
{
	char copy[128], *save, *key;

	snprintf(copy, sizeof(copy), "%s", path);
	for (key = strtok_r(copy, ".", &save); key; key = strtok_r(NULL, ".", &save))
		object = json_object_get(object, key);
	return object;
}

static const char *text_of(json_t *object, const char *path)
{
	const char *s = json_string_value(field(object, path));

	return s ? s : "(absent)";
}

static int64_t int_of(json_t *object, const char *path)
{
	return json_integer_value(field(object, path));
}

/* What a file of one run must be, and what the counts in it add up to. */
struct sums {
	size_t lines, alerts;
	int64_t lookups, lost;
};

static struct sums check_run(json_t *all)
{
	struct sums s = {.lines = json_array_size(all)};
	const char *boot = text_of(json_array_get(all, 0), "typosink.boot_id");
	json_t *e;
	size_t i;

	json_array_foreach(all, i, e)
	{
		const char *action = text_of(e, "event.action");
		assert_int_equal(int_of(e, "event.sequence"), i + 1);
		assert_string_equal(text_of(e, "typosink.boot_id"), boot);
		assert_string_equal(action, i == 0 ? "start" : i + 1 == s.lines ? "stop" : action);
		if (strcmp(text_of(e, "event.kind"), "alert") == 0) {
			s.alerts++;
			s.lookups += int_of(e, "typosink.count");
		}
		s.lost += int_of(e, "typosink.lost.count");
	}
	return s;
}

static ts_pipeline_t *start(const ts_pipeline_options_t *options)
{
	ts_pipeline_t *p;

	assert_int_equal(ts_pipeline_new(options, &p), TS_OK);
	return p;
}

static ts_pipeline_stats_t stats_of(const ts_pipeline_t *p)
{
	ts_pipeline_stats_t s;

	ts_pipeline_stats(p, &s);
	return s;
}

/* The sinkhole's MX stands in what was an answer with it; a look-up in the list that was answered
 * is denied, a name in other people's data is information. */
static void pipeline__by_kind(void **state)
{
	static const struct {
		ts_event_kind_t kind;
		uint16_t qtype;
		bool answers;
		const char *type;
	} rows[] = {
		{TS_EVENT_ALERT, TS_TYPE_MX, true, "denied"},
		{TS_EVENT_ALERT, TS_TYPE_ANY, true, "denied"},
		{TS_EVENT_ALERT, TS_TYPE_A, false, "denied"},
		{TS_EVENT_RHSBL, TS_TYPE_A, false, "denied"},
		{TS_EVENT_RDATA, TS_TYPE_A, false, "info"},
	};
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .state_dir = f->dir};
	fixture_event_t e;

	ts_pipeline_free(start(&options)); /* a run before it, that ended well */
	assert_int_equal(unlink(f->alerts), 0);
	ts_pipeline_t *p = start(&options);
	for (size_t i = 0; i < countof(rows); i++) {
		fixture_army(f, &e);
		e.event.kind = rows[i].kind;
		e.event.qtype = rows[i].qtype;
		e.event.ede = 0; /* "Other", and not none */
		if (rows[i].kind != TS_EVENT_ALERT)
			e.event.rdata_name = e.qname;
		ts_pipeline_submit(p, &e.event);
	}
	ts_pipeline_free(p);
	json_t *all = lines_of(f->alerts);
	assert_true(json_is_true(field(json_array_get(all, 0), "typosink.previous.clean")));
	assert_null(field(json_array_get(all, 0), "typosink.previous.unwritten_max"));
	for (size_t i = 0; i < countof(rows); i++) {
		json_t *event = json_array_get(all, i + 1);

		assert_int_equal(field(event, "dns.answers") != NULL, rows[i].answers);
		assert_non_null(field(event, "typosink.ede"));
		assert_string_equal(
			json_string_value(json_array_get(field(event, "event.type"), 0)),
			rows[i].type);
	}
	json_decref(all);
}

/* A line that does not fit is none: nothing is written behind the end, no number is used up. */
static void encode__no_room(void **state)
{
	static char line[TS_ALERT_LINE_MAX];
	ts_record_t record = {.kind = TS_EVENT_LOSS, .size = sizeof(record), .ede = -1};
	ts_encoder_t before = {.boot_id = "c1a7e6d2", .sequence = 41}, after = before;

	(void)state;
	ts_ulid_init(&before.ulid, 1);
	after = before;
	size_t len = ts_encode(&after, &record, NULL, 1, line, sizeof(line));
	assert_true(len > 100);
	assert_int_equal(after.sequence, 42);
	assert_int_equal(line[len - 1], '\n');
	for (size_t size = 0; size < len; size++) {
		after = before;
		line[size] = 'x';
		if (ts_encode(&after, &record, NULL, 1, line, size) != 0)
			fail_msg("%zu octets of %zu", size, len);
		assert_int_equal(line[size], 'x');
		assert_memory_equal(&after, &before, sizeof(after));
	}
	/* One more than the line, for the end that the writer of JSON sets. */
	assert_int_equal(ts_encode(&after, &record, NULL, 1, line, len + 1), len);
}

/* ---- a clock that tests move ---- */

static _Atomic int64_t fake_wall, fake_mono;

static int64_t get_wall(void *arg)
{
	(void)arg;
	return fake_wall;
}

static int64_t get_mono(void *arg)
{
	(void)arg;
	return fake_mono;
}

static const ts_clock_t fake_clock = {get_wall, get_mono, NULL};

static void fake_reset(void)
{
	fake_wall = INT64_C(1795460474482913);
	fake_mono = 1000000;
}

/* ---- a system that refuses ---- */

static struct {
	_Atomic bool random;          /* no entropy yet */
	_Atomic bool state;           /* what ts_state_note() writes is not taken */
	const char *_Atomic creating; /* no file can be made of that name */
} refused;

ssize_t getrandom(void *out, size_t len, unsigned flags)
{
	if (refused.random) {
		errno = EAGAIN;
		return -1;
	}
	return syscall(SYS_getrandom, out, len, flags);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t at)
{
	if (refused.state) {
		errno = EIO;
		return -1;
	}
	return syscall(SYS_pwrite64, fd, data, len, at);
}

int open(const char *path, int flags, ...)
{
	const char *not_this = refused.creating;
	mode_t mode = 0;
	va_list args;

	if (flags & O_CREAT) {
		va_start(args, flags);
		mode = va_arg(args, mode_t);
		va_end(args);
	}
	if (flags & O_CREAT && not_this && strcmp(path, not_this) == 0) {
		errno = EACCES;
		return -1;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

/* What was reported, one a line; to be read when the pipeline has ended, or waited for. */
static struct {
	char text[4096];
	_Atomic unsigned lines;
} told;

static void tell(void *arg, const ts_diag_t *diag)
{
	size_t len = strlen(told.text);

	(void)arg;
	snprintf(told.text + len, sizeof(told.text) - len, "%s\n", diag->message);
	told.lines++;
}

static void told_begin(void)
{
	memset(&told, 0, sizeof(told));
}

static unsigned told_times(const char *what)
{
	unsigned n = 0;

	for (const char *p = told.text; (p = strstr(p, what)); p++)
		n++;
	return n;
}

/* ---- the form of the line ---- */

static void replace(char *text, const char *key, const char *value)
{
	char *p = strstr(text, key);

	assert_non_null(p);
	memcpy(p + strlen(key), value, strlen(value));
}

/* The contract's own example, octet by octet but for what is random. */
static void pipeline__example(void **state)
{
	static const char want[] =
		"{\"@timestamp\":\"2026-11-23T19:01:14.482913Z\",\"ecs\":{\"version\":"
		"\"8.17.0\"},"
		"\"message\":\"MX army.ml from 192.0.2.25 answered with sinkhole "
		"mx.sinkhole.example: did you mean army.mil?\",\"event\":{\"id\":"
		"\"01JD9Z6Q5V4M7T3X8B2C1K0RNE\",\"kind\":\"alert\",\"category\":["
		"\"network\","
		"\"intrusion_detection\"],\"type\":[\"denied\"],\"action\":\"sinkhole\","
		"\"outcome\":\"success\",\"severity\":73,\"risk_score\":91.0,\"reason\":"
		"\"tld-omission mil->ml\",\"sequence\":2,\"dataset\":\"typosink.alert\","
		"\"module\":\"typosink\",\"provider\":\"typosink\",\"created\":"
		"\"2026-11-23T19:01:14.482913Z\"},\"rule\":{\"id\":\"m1\",\"name\":\"mil."
		"\","
		"\"category\":\"tld-omission\",\"ruleset\":\"mil.policy.example.\","
		"\"version\":"
		"\"2026112301\"},\"dns\":{\"id\":\"51967\",\"op_code\":\"QUERY\","
		"\"type\":"
		"\"answer\",\"response_code\":\"NOERROR\",\"question\":{\"name\":\"army."
		"ml\","
		"\"type\":\"MX\",\"class\":\"IN\",\"registered_domain\":\"army.ml\","
		"\"top_level_domain\":\"ml\"},\"answers\":[{\"name\":\"army.ml\","
		"\"type\":\"MX\","
		"\"class\":\"IN\",\"ttl\":60,\"data\":\"10 "
		"mx.sinkhole.example.\"}]},\"source\":{"
		"\"ip\":\"192.0.2.25\",\"port\":48753},\"destination\":{\"ip\":\"192.0.2."
		"53\","
		"\"port\":53},\"network\":{\"protocol\":\"dns\",\"transport\":\"udp\","
		"\"type\":"
		"\"ipv4\"},\"observer\":{\"type\":\"dns-resolver\",\"product\":"
		"\"typosink\","
		"\"version\":\"" PACKAGE_VERSION "\",\"hostname\":\"ns1.example.net\"},\"related\":"
		"{\"ip\":[\"192.0.2.25\"],\"hosts\":[\"army.ml\",\"army.mil\"]},"
		"\"typosink\":{"
		"\"schema\":1,\"boot_id\":\"c1a7e6d2\",\"protected\":\"mil\",\"suffix\":"
		"\"ml\","
		"\"counterpart\":\"army.mil\",\"class\":\"tld-omission\",\"distance\":1,"
		"\"score\":0.91,\"evidence\":\"listed\",\"applied\":true,\"ede\":4,"
		"\"count\":1}}\n";
	fixture_t *f = *state;
	fixture_event_t e;

	fake_reset();
	ts_pipeline_options_t options = {
		.alert_file = f->alerts, .hostname = "ns1.example.net", .clock = &fake_clock};
	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	ts_pipeline_submit(p, &e.event);
	ts_pipeline_free(p);

	char *text = fixture_read(f->alerts);
	char *line = strchr(text, '\n') + 1;
	strchr(line, '\n')[1] = '\0';
	replace(line, "\"event\":{\"id\":\"", "01JD9Z6Q5V4M7T3X8B2C1K0RNE");
	replace(line, "\"boot_id\":\"", "c1a7e6d2");
	assert_string_equal(line, want);
	free(text);
}

/* Names are octets; the longest of them, in every place at once, still makes a
 * line. */
static void pipeline__odd_names(void **state)
{
	fixture_t *f = *state;
	fixture_event_t e;
	ts_name_t odd, longest;
	char text[TS_NAME_TEXT_MAX];
	size_t n = 0;

	fake_reset();
	ts_pipeline_options_t options = {.alert_file = f->alerts, .clock = &fake_clock};
	ts_pipeline_t *p = start(&options);

	fixture_army(f, &e);
	static const char source[] = "\\000\\255\\\"\\\\a\\.b.ARMY.ml";
	assert_int_equal(ts_name_from_text(&odd, source, sizeof(source) - 1, NULL), TS_OK);
	memcpy(e.qname, odd.wire, odd.len);
	e.qname[odd.off[1] + 1] = 'A'; /* as a forwarder with 0x20 sends it */
	e.verdict.match.suffix = 2;
	ts_pipeline_submit(p, &e.event);

	fixture_army(f, &e);
	longest.len = 0;
	for (unsigned label = 0; label < 4; label++) {
		unsigned len = label < 3 ? 63 : 61;
		e.qname[n++] = (uint8_t)len;
		for (unsigned i = 0; i < len; i++)
			e.qname[n++] = 0xff;
	}
	e.qname[n++] = 0;
	assert_int_equal(n, 255);
	assert_int_equal(ts_name_from_wire(&longest, e.qname, n), TS_OK);
	memcpy(e.sinkhole, e.qname, n);
	e.verdict.counterpart = longest;
	e.verdict.match.suffix = 0;
	e.event.kind = TS_EVENT_RDATA;
	e.event.rdata_name = e.qname;
	ts_pipeline_submit(p, &e.event);
	e.event.kind = TS_EVENT_ALERT;
	e.event.rdata_name = NULL;
	ts_pipeline_submit(p, &e.event);
	ts_pipeline_free(p);

	json_t *all = lines_of(f->alerts);
	struct sums s = check_run(all);
	assert_int_equal(s.alerts, 3);
	assert_int_equal(s.lost, 0);
	json_t *one = json_array_get(all, 1);
	assert_string_equal(text_of(one, "dns.question.name"), "\\000\\255\\\"\\\\a\\.b.army.ml");
	assert_string_equal(text_of(one, "dns.question.registered_domain"), "army.ml");
	assert_string_equal(text_of(one, "dns.question.subdomain"), "\\000\\255\\\"\\\\a\\.b");
	ts_name_to_text(longest.wire, text, sizeof(text));
	assert_string_equal(text_of(json_array_get(all, 3), "typosink.counterpart"), text);
	assert_string_equal(text_of(json_array_get(all, 2), "event.action"), "rdata");
	assert_string_equal(text_of(json_array_get(all, 2), "typosink.rdata"), text);
	json_decref(all);
}

/* ---- the Elastic Common Schema ---- */

/* What ECS 8.17 says of the fields that we use, from its published list. */
static const struct ecs_field {
	const char *path;
	json_type type;            /* of a value; date, ip and keyword are all strings in JSON */
	bool array;                /* "normalize: array": always written as one */
	const char *const *values; /* NULL: any */
} ecs_fields[] = {
	{"@timestamp", JSON_STRING, false, NULL},
	{"message", JSON_STRING, false, NULL},
	{"ecs.version", JSON_STRING, false, NULL},
	{"event.id", JSON_STRING, false, NULL},
	{"event.kind", JSON_STRING, false,
		(const char *const[]){"alert", "asset", "enrichment", "event", "metric", "state",
			"pipeline_error", "signal", NULL}},
	{"event.category", JSON_STRING, true,
		(const char *const[]){"api", "authentication", "configuration", "database",
			"driver", "email", "file", "host", "iam", "intrusion_detection", "library",
			"malware", "network", "package", "process", "registry", "session", "threat",
			"vulnerability", "web", NULL}},
	{"event.type", JSON_STRING, true,
		(const char *const[]){"access", "admin", "allowed", "change", "connection",
			"creation", "deletion", "denied", "device", "end", "error", "group",
			"indicator", "info", "installation", "protocol", "start", "user", NULL}},
	{"event.outcome", JSON_STRING, false,
		(const char *const[]){"failure", "success", "unknown", NULL}},
	{"event.action", JSON_STRING, false, NULL},
	{"event.severity", JSON_INTEGER, false, NULL},
	{"event.risk_score", JSON_REAL, false, NULL},
	{"event.reason", JSON_STRING, false, NULL},
	{"event.sequence", JSON_INTEGER, false, NULL},
	{"event.dataset", JSON_STRING, false, NULL},
	{"event.module", JSON_STRING, false, NULL},
	{"event.provider", JSON_STRING, false, NULL},
	{"event.created", JSON_STRING, false, NULL},
	{"event.start", JSON_STRING, false, NULL},
	{"event.end", JSON_STRING, false, NULL},
	{"rule.id", JSON_STRING, false, NULL},
	{"rule.name", JSON_STRING, false, NULL},
	{"rule.category", JSON_STRING, false, NULL},
	{"rule.ruleset", JSON_STRING, false, NULL},
	{"rule.version", JSON_STRING, false, NULL},
	{"dns.id", JSON_STRING, false, NULL},
	{"dns.op_code", JSON_STRING, false, NULL},
	{"dns.type", JSON_STRING, false, NULL},
	{"dns.response_code", JSON_STRING, false, NULL},
	{"dns.question.name", JSON_STRING, false, NULL},
	{"dns.question.type", JSON_STRING, false, NULL},
	{"dns.question.class", JSON_STRING, false, NULL},
	{"dns.question.registered_domain", JSON_STRING, false, NULL},
	{"dns.question.subdomain", JSON_STRING, false, NULL},
	{"dns.question.top_level_domain", JSON_STRING, false, NULL},
	{"dns.answers.name", JSON_STRING, false, NULL},
	{"dns.answers.type", JSON_STRING, false, NULL},
	{"dns.answers.class", JSON_STRING, false, NULL},
	{"dns.answers.ttl", JSON_INTEGER, false, NULL},
	{"dns.answers.data", JSON_STRING, false, NULL},
	{"source.ip", JSON_STRING, false, NULL},
	{"source.port", JSON_INTEGER, false, NULL},
	{"source.address", JSON_STRING, false, NULL},
	{"destination.ip", JSON_STRING, false, NULL},
	{"destination.port", JSON_INTEGER, false, NULL},
	{"network.protocol", JSON_STRING, false, NULL},
	{"network.transport", JSON_STRING, false, NULL},
	{"network.application", JSON_STRING, false, NULL},
	{"network.type", JSON_STRING, false, NULL},
	{"observer.type", JSON_STRING, false, NULL},
	{"observer.product", JSON_STRING, false, NULL},
	{"observer.version", JSON_STRING, false, NULL},
	{"observer.hostname", JSON_STRING, false, NULL},
	{"related.ip", JSON_STRING, true, NULL},
	{"related.hosts", JSON_STRING, true, NULL},
};

/* Types that ECS expects with a category. */
static const struct {
	const char *category;
	const char *const *types;
} ecs_expected[] = {
	{"network", (const char *const[]){"access", "allowed", "connection", "denied", "end",
			    "info", "protocol", "start", NULL}},
	{"intrusion_detection", (const char *const[]){"allowed", "denied", "info", NULL}},
	{"process", (const char *const[]){"access", "change", "end", "info", "start", NULL}},
	{"configuration",
		(const char *const[]){"access", "change", "creation", "deletion", "info", NULL}},
};

static bool among(const char *const *list, const char *text)
{
	for (; *list; list++) {
		if (strcmp(*list, text) == 0)
			return true;
	}
	return false;
}

static unsigned ecs_used[countof(ecs_fields)];

static bool ecs_leaf(const char *path, const json_t *value, bool array)
{
	for (size_t i = 0; i < countof(ecs_fields); i++) {
		const struct ecs_field *f = &ecs_fields[i];
		if (strcmp(f->path, path) != 0)
			continue;
		ecs_used[i]++;
		return json_typeof(value) == f->type && array == f->array &&
		       (!f->values || among(f->values, json_string_value(value)));
	}
	return false;
}

/* Whether all of it is in the list; `typosink` is ours. wrong: the path that is
 * not. */
static bool ecs_valid(const json_t *value, const char *path, bool array, char wrong[256])
{
	const char *key;
	json_t *member;
	size_t i;
	char below[256];
	bool good = true;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, member)
		{
			snprintf(below, sizeof(below), "%.120s%s%.120s", path, *path ? "." : "",
				key);
			if (strcmp(below, "typosink") != 0)
				good = good && ecs_valid(member, below, false, wrong);
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, member) good =
			good && ecs_valid(member, path, true, wrong);
	} else if (!ecs_leaf(path, value, array)) {
		snprintf(wrong, 256, "%.255s", path);
		good = false;
	}
	return good;
}

static bool ecs_type_fits(json_t *event)
{
	json_t *category, *type;
	size_t i, k;

	json_array_foreach(field(event, "event.category"), i, category)
		json_array_foreach(field(event, "event.type"), k,
			type) for (size_t n = 0; n < countof(ecs_expected); n++)
	{
		if (strcmp(ecs_expected[n].category, json_string_value(category)) == 0 &&
			!among(ecs_expected[n].types, json_string_value(type)))
			return false;
	}
	return true;
}

/* Every kind of event, every field that the encoder knows. */
static void pipeline__ecs(void **state)
{
	static const uint8_t other[] = "\4navy\2ml";
	fixture_t *f = *state;
	fixture_event_t e;
	char wrong[256];
	json_t *one, *all = json_array();

	memset(ecs_used, 0, sizeof(ecs_used));
	for (unsigned run = 0; run < 3; run++) {
		ts_pipeline_options_t options = {.alert_file = f->alerts,
			.state_dir = f->dir,
			.hostname = "ns1.example.net",
			.window = 3600,
			.queue = 1,
			.client = run};
		ts_pipeline_t *p = start(&options);
		ts_event_t policy = {.kind = TS_EVENT_POLICY,
			.ede = -1,
			.policy_name = "mil.policy.example",
			.policy_serial = 7,
			.failed = run == 1,
			.message = run == 1 ? "line 3" : NULL};
		ts_pipeline_submit(p, &policy);
		fixture_event(f, &e, "mail.army.ml", "mil", "tld-omission", "mail.army.mil");
		e.event.transport = run == 2 ? TS_DOH : TS_UDP;
		ts_pipeline_submit(p, &e.event);
		e.event.kind = TS_EVENT_RDATA;
		e.event.rdata_name = other;
		ts_pipeline_submit(p, &e.event);
		fixture_army(f, &e);
		e.verdict.action = run == 1 ? TS_ACTION_OBSERVE : TS_ACTION_SINKHOLE;
		e.event.applied = run != 1;
		while (stats_of(p).dropped == 0)
			ts_pipeline_submit(p, &e.event);
		ts_pipeline_free(p);
	}
	json_decref(all);
	all = lines_of(f->alerts);
	size_t i;
	json_array_foreach(all, i, one)
	{
		if (!ecs_valid(one, "", false, wrong))
			fail_msg("not a field of ECS, or of another type: %s", wrong);
		assert_true(ecs_type_fits(one));
	}
	/* All that the table has was there to be looked at. */
	for (i = 0; i < countof(ecs_fields); i++)
		assert_row(ecs_fields[i].path, ecs_used[i] > 0);
	/* And it sees what is wrong: a field, a type, an array, a value. */
	one = json_array_get(all, 2);
	json_object_set_new(field(one, "dns"), "colour", json_string("x"));
	assert_false(ecs_valid(one, "", false, wrong));
	assert_string_equal(wrong, "dns.colour");
	json_object_del(field(one, "dns"), "colour");
	assert_true(ecs_valid(one, "", false, wrong));
	json_object_set_new(field(one, "event"), "sequence", json_string("1"));
	assert_false(ecs_valid(one, "", false, wrong));
	json_object_set_new(field(one, "event"), "sequence", json_integer(1));
	json_object_set_new(field(one, "event"), "type", json_string("denied"));
	assert_false(ecs_valid(one, "", false, wrong));
	json_object_set_new(field(one, "event"), "type", json_pack("[s]", "end"));
	assert_true(ecs_valid(one, "", false, wrong));
	assert_false(ecs_type_fits(one));
	json_decref(all);
}

/* ---- more of the form ---- */

static void pipeline__severity(void **state)
{
	static const struct {
		const char *label;
		ts_action_t action;
		unsigned evidence;
		bool tld;
		unsigned severity;
	} rows[] = {
		{"sunk, listed, a TLD", TS_ACTION_SINKHOLE, TS_EVIDENCE_LISTED, true, 73},
		{"sunk, counterpart exists", TS_ACTION_SINKHOLE, TS_EVIDENCE_DNS, false, 65},
		{"sunk, none wanted", TS_ACTION_SINKHOLE, TS_EVIDENCE_NONE, false, 60},
		{"bounced", TS_ACTION_NULLMX, TS_EVIDENCE_NONE, false, 55},
		{"no name", TS_ACTION_NXDOMAIN, TS_EVIDENCE_LISTED, false, 60},
		{"deferred", TS_ACTION_DEFER, TS_EVIDENCE_DNS, true, 53},
		{"observed", TS_ACTION_OBSERVE, TS_EVIDENCE_NONE, false, 40},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++)
		assert_row(rows[i].label, ts_alert_severity(rows[i].action, rows[i].evidence,
						  rows[i].tld) == rows[i].severity);
}

static void pipeline__variants(void **state)
{
	static const uint8_t v6[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 0x53};
	fixture_t *f = *state;
	fixture_event_t e;

	fake_reset();
	ts_pipeline_options_t options = {.alert_file = f->alerts, .clock = &fake_clock};
	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	e.verdict.action = TS_ACTION_OBSERVE;
	e.event.applied = false;
	e.event.ede = -1;
	ts_pipeline_submit(p, &e.event);
	fixture_army(f, &e);
	e.verdict.action = TS_ACTION_NXDOMAIN;
	e.event.rcode = 3;
	e.event.ede = 15;
	e.event.sinkhole = NULL;
	e.event.transport = TS_DOH;
	e.event.client.family = e.event.server.family = 6;
	memcpy(e.event.client.addr, v6, 16);
	ts_pipeline_submit(p, &e.event);
	fixture_army(f, &e);
	e.verdict.action = TS_ACTION_NULLMX;
	e.event.sinkhole = NULL;
	e.event.client.family = 0;
	e.event.server.family = 0;
	ts_pipeline_submit(p, &e.event);
	ts_event_t policy = {.kind = TS_EVENT_POLICY,
		.time_us = fake_wall,
		.ede = -1,
		.policy_name = "mil.policy.example",
		.policy_serial = 7};
	ts_pipeline_submit(p, &policy);
	policy.failed = true;
	policy.message = "line 3: \"quoted\" \xff";
	ts_pipeline_submit(p, &policy);
	ts_pipeline_free(p);

	json_t *all = lines_of(f->alerts);
	assert_int_equal(check_run(all).alerts, 3);
	json_t *one = json_array_get(all, 1);
	assert_string_equal(text_of(one, "event.action"), "observe");
	assert_string_equal(text_of(one, "message"),
		"MX army.ml from 192.0.2.25 observed only: did you mean army.mil?");
	assert_string_equal(
		json_string_value(json_array_get(field(one, "event.type"), 0)), "allowed");
	assert_true(json_is_false(field(one, "typosink.applied")));
	assert_null(field(one, "typosink.ede"));
	assert_null(field(one, "dns.answers"));
	one = json_array_get(all, 2);
	assert_string_equal(text_of(one, "dns.response_code"), "NXDOMAIN");
	assert_string_equal(text_of(one, "source.ip"), "2001:db8::53");
	assert_string_equal(text_of(one, "network.type"), "ipv6");
	assert_string_equal(text_of(one, "network.transport"), "tcp");
	assert_string_equal(text_of(one, "network.application"), "doh");
	one = json_array_get(all, 3);
	assert_string_equal(text_of(json_array_get(field(one, "dns.answers"), 0), "data"), "0 .");
	assert_null(field(one, "source"));
	assert_null(field(one, "destination"));
	one = json_array_get(all, 4);
	assert_string_equal(text_of(one, "event.outcome"), "success");
	assert_string_equal(text_of(one, "rule.version"), "7");
	one = json_array_get(all, 5);
	assert_string_equal(text_of(one, "event.outcome"), "failure");
	assert_string_equal(text_of(one, "event.reason"), "line 3: \"quoted\" \xef\xbf\xbd");
	json_decref(all);
}

static void pipeline__client_privacy(void **state)
{
	fixture_t *f = *state;
	fixture_event_t e;
	char *texts[3];
	json_t *alls[3];

	for (unsigned mode = 0; mode < 3; mode++) {
		ts_pipeline_options_t options = {.alert_file = f->alerts, .client = mode};
		for (size_t i = 0; i < sizeof(options.client_key); i++)
			options.client_key[i] = (uint8_t)(7 + i);
		ts_pipeline_t *p = start(&options);
		fixture_army(f, &e);
		ts_pipeline_submit(p, &e.event);
		ts_pipeline_free(p);
		texts[mode] = fixture_read(f->alerts);
		alls[mode] = lines_of(f->alerts);
		unlink(f->alerts);
	}
	json_t *full = json_array_get(alls[TS_ALERT_CLIENT_FULL], 1);
	json_t *prefix = json_array_get(alls[TS_ALERT_CLIENT_PREFIX], 1);
	json_t *hash = json_array_get(alls[TS_ALERT_CLIENT_HASH], 1);
	assert_string_equal(text_of(full, "source.ip"), "192.0.2.25");
	assert_string_equal(text_of(prefix, "source.ip"), "192.0.2.0");
	assert_string_equal(text_of(prefix, "source.address"), "192.0.2.0/24");
	assert_null(field(hash, "source.ip"));
	const char *hashed = text_of(hash, "source.address") + strlen("client-");
	assert_int_equal(strlen(hashed), 32);
	assert_memory_not_equal(hashed, hashed + 16, 16); /* the key has two halves */
	assert_non_null(field(full, "related.ip"));
	assert_null(field(prefix, "related.ip"));
	assert_null(field(hash, "related.ip"));
	/* Neither the address nor its port stands anywhere else in the line. */
	assert_non_null(strstr(texts[0], "192.0.2.25"));
	assert_non_null(strstr(texts[0], "48753"));
	for (unsigned mode = 1; mode < 3; mode++) {
		assert_null(strstr(texts[mode], "192.0.2.25"));
		assert_null(strstr(texts[mode], "48753"));
	}
	for (unsigned mode = 0; mode < 3; mode++) {
		json_decref(alls[mode]);
		free(texts[mode]);
	}
}

static void pipeline__client_prefix_of_ipv6(void **state)
{
	static const uint8_t client[16] = {
		0x20, 0x01, 0x0d, 0xb8, 0x11, 0x22, 0x33, 0x44, 0x55, [15] = 0x53};
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .client = TS_ALERT_CLIENT_PREFIX};
	fixture_event_t e;

	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	e.event.client.family = 6;
	memcpy(e.event.client.addr, client, sizeof(client));
	ts_pipeline_submit(p, &e.event);
	ts_pipeline_free(p);
	json_t *all = lines_of(f->alerts), *one = json_array_get(all, 1);
	assert_string_equal(text_of(one, "source.ip"), "2001:db8:1122:3300::");
	assert_string_equal(text_of(one, "source.address"), "2001:db8:1122:3300::/56");
	json_decref(all);
}

/* ---- counting ---- */

/* A mail loop of many workers: few events, and not one look-up unaccounted for.
 */
#define LOOPERS 3
#define LOOPS 40000
#define FEWER_LOOPS 4000 /* where nearly each becomes a line, that a slow machine has to read */

struct looper {
	ts_pipeline_t *pipeline;
	const fixture_t *fixture;
	unsigned loops;
	pthread_t thread;
};

static void *loop(void *arg)
{
	struct looper *l = arg;
	fixture_event_t e;

	fixture_army(l->fixture, &e);
	for (unsigned i = 0; i < l->loops; i++) {
		e.event.client.addr[3] = (uint8_t)(i % 7);
		e.event.id = (uint16_t)i;
		ts_pipeline_submit(l->pipeline, &e.event);
		if (i % 64 == 0)
			sched_yield();
	}
	return NULL;
}

static struct sums loop_with(fixture_t *f, const ts_pipeline_options_t *options, unsigned loops,
	ts_pipeline_stats_t *stats)
{
	ts_pipeline_t *p = start(options);
	struct looper loopers[LOOPERS];

	for (unsigned i = 0; i < LOOPERS; i++) {
		loopers[i] = (struct looper){.pipeline = p, .fixture = f, .loops = loops};
		assert_int_equal(pthread_create(&loopers[i].thread, NULL, loop, &loopers[i]), 0);
	}
	for (unsigned i = 0; i < LOOPERS; i++)
		pthread_join(loopers[i].thread, NULL);
	fixture_wait(stats_of(p).queue_depth == 0);
	*stats = stats_of(p);
	ts_pipeline_free(p);
	json_t *all = lines_of(f->alerts);
	struct sums s = check_run(all);
	json_decref(all);
	return s;
}

static void pipeline__mail_loop(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .window = 3600};
	ts_pipeline_stats_t stats;
	struct sums s = loop_with(f, &options, LOOPS, &stats);

	assert_int_equal(s.lookups + s.lost, LOOPERS * LOOPS);
	assert_int_equal(s.alerts, 2 * 7);
	assert_int_equal(stats.submitted, LOOPERS * LOOPS);
	assert_int_equal(stats.dropped, s.lost);
	assert_int_equal(stats.suppressed + 7 + stats.dropped, LOOPERS * LOOPS);
	assert_true(stats.queue_high_water > 0);
}

/* More of them than the table has room for: more events, the same sum. */
static void pipeline__table_overflow(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .window = 3600, .table = 3};
	ts_pipeline_stats_t stats;
	struct sums s = loop_with(f, &options, FEWER_LOOPS, &stats);

	assert_int_equal(s.lookups + s.lost, LOOPERS * FEWER_LOOPS);
	assert_true(s.alerts > 2 * 7);
}

/* A queue that is far too small: what was dropped is said, to the last one. */
static void pipeline__queue_overflow(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .queue = 1};
	ts_pipeline_stats_t stats;
	fixture_event_t e;
	ts_pipeline_t *p = start(&options);

	fixture_army(f, &e);
	/* A burst that no writer can follow, a queue of 64 KiB being full after some
	 * 240. */
	while (stats_of(p).dropped < 1000) {
		for (unsigned i = 0; i < 10000; i++)
			ts_pipeline_submit(p, &e.event);
	}
	stats = stats_of(p);
	ts_pipeline_free(p);
	json_t *all = lines_of(f->alerts);
	struct sums s = check_run(all);
	json_decref(all);
	assert_int_equal(s.lost, stats.dropped);
	assert_int_equal(s.lookups + s.lost, stats.submitted);
}

/* Windows end by the monotonic clock; the wall clock goes back in between. */
static void pipeline__window(void **state)
{
	fixture_t *f = *state;
	fixture_event_t e;

	fake_reset();
	ts_pipeline_options_t options = {
		.alert_file = f->alerts, .window = 60, .clock = &fake_clock};
	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	for (unsigned i = 0; i < 5; i++) {
		e.event.time_us = fake_wall + i;
		ts_pipeline_submit(p, &e.event);
	}
	fixture_wait(stats_of(p).suppressed == 4);
	fixture_wait(stats_of(p).written == 2);
	fake_wall -= INT64_C(86400000000);
	fake_mono += 59000000;
	e.event.time_us = fake_wall;
	ts_pipeline_submit(p, &e.event);
	fixture_wait(stats_of(p).suppressed == 5);
	assert_int_equal(stats_of(p).written, 2);
	fake_mono += 1000000;
	fixture_wait(stats_of(p).written == 3);
	ts_pipeline_submit(p, &e.event);
	ts_pipeline_free(p);

	json_t *all = lines_of(f->alerts);
	struct sums s = check_run(all);
	assert_int_equal(s.alerts, 3);
	assert_int_equal(s.lookups, 7);
	json_t *sum = json_array_get(all, 2);
	assert_int_equal(int_of(sum, "typosink.count"), 5);
	assert_string_equal(text_of(sum, "event.start"), "2026-11-23T19:01:14.482914Z");
	assert_string_equal(text_of(sum, "event.end"), "2026-11-22T19:01:14.482913Z");
	assert_null(field(sum, "dns.id"));
	assert_null(field(sum, "source.port"));
	/* Ids go on growing although the clock went back. */
	for (size_t i = 1; i < s.lines; i++)
		assert_true(strcmp(text_of(json_array_get(all, i - 1), "event.id"),
				    text_of(json_array_get(all, i), "event.id")) < 0);
	json_decref(all);
}

/* Different clients, types, actions and names are different look-ups. */
static void pipeline__what_repeats(void **state)
{
	fixture_t *f = *state;
	fixture_event_t e;

	ts_pipeline_options_t options = {.alert_file = f->alerts, .window = 3600};
	ts_pipeline_t *p = start(&options);
	for (unsigned i = 0; i < 6; i++) {
		fixture_army(f, &e);
		if (i == 1)
			e.event.client.addr[3]++;
		else if (i == 2)
			e.event.qtype = TS_TYPE_A;
		else if (i == 3)
			e.verdict.action = TS_ACTION_NODATA;
		else if (i == 4)
			fixture_event(f, &e, "navy.ml", "mil", "tld-omission", "navy.mil");
		else if (i == 5)
			e.qname[1] = 'A'; /* the same name in another case: a repeat */
		ts_pipeline_submit(p, &e.event);
	}
	ts_pipeline_free(p);
	json_t *all = lines_of(f->alerts);
	struct sums s = check_run(all);
	assert_int_equal(s.alerts, 6); /* five, and the sum of one repeat */
	assert_int_equal(s.lookups, 6);
	json_decref(all);
}

/* ---- never in the way ---- */

/* The submitting thread may make no system call at all: the kernel kills it if
 * it does. */
static int submit_under_seccomp(fixture_t *f, bool cheat)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_exit_group, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {countof(code), code};
	ts_pipeline_options_t options = {.alert_file = f->alerts, .queue = 1024};
	fixture_event_t e;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		ts_pipeline_t *p;
		if (ts_pipeline_new(&options, &p) != TS_OK)
			_exit(9);
		fixture_army(f, &e);
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
			prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
			_exit(8);
		if (cheat)
			(void)!syscall(__NR_getppid);
		for (unsigned i = 0; i < 100000; i++)
			ts_pipeline_submit(p, &e.event);
		syscall(__NR_exit_group, 0); /* before _exit ASan asks for the stack's bounds */
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void pipeline__submit_makes_no_system_call(void **state)
{
	fixture_t *f = *state;

#ifdef __SANITIZE_THREAD__
	print_message("SKIP: ThreadSanitizer makes system calls of its own\n");
	skip();
#endif
	assert_int_equal(submit_under_seccomp(f, true), -SIGSYS);
	assert_int_equal(submit_under_seccomp(f, false), 0);
}

static void pipeline__signals_are_the_hosts(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts};
	ts_pipeline_t *p = start(&options);
	uint64_t blocked = 0;
	char path[64], line[256];
	bool found = false;

	fixture_wait(stats_of(p).written == 1);
	DIR *tasks = opendir("/proc/self/task");
	assert_non_null(tasks);
	for (struct dirent *task; !found && (task = readdir(tasks));) {
		snprintf(path, sizeof(path), "/proc/self/task/%.20s/status", task->d_name);
		FILE *s = fopen(path, "r");
		while (s && fgets(line, sizeof(line), s)) {
			found |= strcmp(line, "Name:\ttyposink-alerts\n") == 0;
			sscanf(line, "SigBlk: %" SCNx64, &blocked);
		}
		if (s)
			fclose(s);
	}
	closedir(tasks);
	assert_true(found);
	/* All but SIGKILL, SIGSTOP and the two that the C library keeps for itself.
	 */
	for (int sig = 1; sig < 32; sig++)
		assert_true(sig == SIGKILL || sig == SIGSTOP || (blocked >> (sig - 1) & 1));
	ts_pipeline_free(p);
}

/* A FIFO that nobody reads: workers do not notice, the stop is quick, and what
 * the reader who comes at last gets tells what it missed. */
static void pipeline__fifo(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts};
	fixture_event_t e;
	struct sums s;

	assert_int_equal(mkfifo(f->alerts, 0600), 0);
	fixture_army(f, &e);
	ts_pipeline_t *p = start(&options);
	for (unsigned i = 0; i < 5000; i++) {
		ts_pipeline_submit(p, &e.event);
		if (i % 64 == 0)
			fixture_pause();
	}
	fixture_wait(stats_of(p).queue_depth == 0);
	fixture_wait(stats_of(p).failed_writes > 0);
	ts_pipeline_stats_t stats = stats_of(p);
	assert_int_equal(stats.written, 0);
	assert_true(stats.discarded > 0);
	assert_int_equal(stats.submitted, 5000);

	/* The reader: a thread's worth of work, done by a child that copies to a file. */
	char copy[128];
	snprintf(copy, sizeof(copy), "%s/copy", f->dir);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		char buf[65536];
		ssize_t n;
		int in = open(f->alerts, O_RDONLY);
		int out = open(copy, O_WRONLY | O_CREAT, 0600);
		while ((n = read(in, buf, sizeof(buf))) > 0) {
			if (write(out, buf, (size_t)n) != n)
				_exit(1);
		}
		_exit(0);
	}
	/* It may discard more before the reader has opened it: both counts are read again. */
	fixture_wait(stats_of(p).written + stats_of(p).discarded > 5000);
	ts_pipeline_free(p);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	json_t *all = lines_of(copy);
	s = check_run(all);
	json_decref(all);
	assert_true(s.lost > 0);
	assert_int_equal(s.lookups + s.lost, 5000);

	/* And with no reader at all it stops as well. */
	p = start(&options);
	ts_pipeline_submit(p, &e.event);
	ts_pipeline_free(p);
}

/* ---- faults ---- */

static _Atomic unsigned reports;

static void count_reports(void *arg, const ts_diag_t *diag)
{
	(void)arg, (void)diag;
	reports++;
}

/* Full for longer than the buffer lasts, then free again. */
static void pipeline__disk_full(void **state)
{
	fixture_t *f = *state;
	char file[128], link_new[128];
	ts_pipeline_options_t options = {.alert_file = f->alerts, .report = {count_reports, NULL}};
	fixture_event_t e;

	reports = 0;
	snprintf(file, sizeof(file), "%s/real", f->dir);
	snprintf(link_new, sizeof(link_new), "%s/link", f->dir);
	assert_int_equal(symlink("/dev/full", f->alerts), 0);
	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	unsigned sent = 0;
	while (stats_of(p).discarded < 100) {
		ts_pipeline_submit(p, &e.event);
		if (++sent % 64 == 0)
			fixture_pause();
	}
	assert_int_equal(stats_of(p).written, 0);
	fixture_wait(reports == 1); /* said once, not at every attempt */
	assert_int_equal(symlink("real", link_new), 0);
	assert_int_equal(rename(link_new, f->alerts), 0);
	/* The loss is told without anybody stopping. */
	fixture_wait(stats_of(p).written > 500);
	for (unsigned i = 0; i < 10; i++, sent++)
		ts_pipeline_submit(p, &e.event);
	fixture_wait(stats_of(p).queue_depth == 0);
	ts_pipeline_free(p);
	json_t *all = lines_of(file);
	struct sums s = check_run(all);
	json_decref(all);
	assert_true(s.lost >= 100);
	assert_int_equal(s.lookups + s.lost, sent);
}

/* ---- no room ---- */

/* While it is held the writer stands still, at its next look at the clock. */
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static int64_t get_held_mono(void *arg)
{
	pthread_mutex_lock(&held);
	pthread_mutex_unlock(&held);
	return get_mono(arg);
}

/* A queue that is full of alerts has room for what the policy has to say. */
static void pipeline__queue_full_of_alerts(void **state)
{
	static const ts_clock_t clock = {get_wall, get_held_mono, NULL};
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .queue = 1, .clock = &clock};
	ts_event_t policy = {
		.kind = TS_EVENT_POLICY, .policy_name = "mil.policy.example.", .ede = -1};
	fixture_event_t e;

	fake_reset();
	pthread_mutex_lock(&held);
	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	while (stats_of(p).dropped < 3)
		ts_pipeline_submit(p, &e.event);
	ts_pipeline_submit(p, &policy);
	ts_pipeline_stats_t stats = stats_of(p);
	pthread_mutex_unlock(&held);
	ts_pipeline_free(p);
	assert_int_equal(stats.dropped, 3);
	json_t *all = lines_of(f->alerts);
	struct sums s = check_run(all);
	assert_int_equal(s.lost, 3);
	assert_int_equal(s.lookups + s.lost + 1, stats.submitted);
	assert_string_equal(text_of(json_array_get(all, s.lines - 3), "event.action"), "policy");
	json_decref(all);
}

/* Where nothing can be written, and the buffer is full: each look-up that is discarded counts,
 * those of a sum as well; what the pipeline and the policy have to say has room of its own. What
 * was discarded is told once there is a file, and not before. */
static void pipeline__buffer_full(void **state)
{
	fixture_t *f = *state;
	char folder[128], file[160];
	ts_pipeline_options_t options = {
		.alert_file = file, .window = 60, .clock = &fake_clock, .state_dir = f->dir};
	ts_event_t policy = {
		.kind = TS_EVENT_POLICY, .policy_name = "mil.policy.example.", .ede = -1};
	unsigned sent = 0;
	fixture_event_t e;

	fake_reset();
	snprintf(folder, sizeof(folder), "%s/away", f->dir);
	snprintf(file, sizeof(file), "%s/alerts", folder);
	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	for (; sent < 5; sent++) /* one event, and a sum of four to come */
		ts_pipeline_submit(p, &e.event);
	while (stats_of(p).discarded == 0) {
		e.event.client.addr[1] = (uint8_t)(++sent >> 8);
		e.event.client.addr[2] = (uint8_t)sent;
		ts_pipeline_submit(p, &e.event);
		fixture_wait(stats_of(p).queue_depth == 0);
	}
	uint64_t discarded = stats_of(p).discarded;
	ts_pipeline_submit(p, &policy);
	fixture_wait(stats_of(p).queue_depth == 0);
	assert_int_equal(stats_of(p).discarded, discarded);
	fake_mono += 60000000;
	fixture_wait(stats_of(p).discarded == discarded + 4);
	assert_int_equal(stats_of(p).written, 0);
	assert_true(stats_of(p).failed_writes > 0);

	/* Not tried again before its time, however long that is by another clock. */
	assert_int_equal(mkdir(folder, 0755), 0);
	fake_mono += 1000000;
	fixture_wait(stats_of(p).written > 500);
	ts_pipeline_free(p);
	json_t *all = lines_of(file);
	struct sums s = check_run(all);
	assert_int_equal(s.lost, discarded + 4);
	assert_int_equal(s.lookups + s.lost, sent);
	json_decref(all);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* The writer has been at the file since, where the clock allowed it: it looked into the queue, and
 * then again. */
static void turn(ts_pipeline_t *p, const ts_event_t *event)
{
	for (unsigned i = 0; i < 3; i++) {
		ts_pipeline_submit(p, event);
		fixture_wait(stats_of(p).queue_depth == 0);
	}
}

/* A file that cannot be written is tried again after 50 ms, twice as long each time, and at least
 * once a second. Each kind of trouble is told once, and so is its end; a stop amid of it was none.
 */
static void pipeline__tries_again(void **state)
{
	fixture_t *f = *state;
	char folder[128], file[160];
	ts_pipeline_options_t options = {.alert_file = file,
		.clock = &fake_clock,
		.state_dir = f->dir,
		.report = {tell, NULL}};
	fixture_event_t e;
	uint64_t failed = 1;

	fake_reset();
	told_begin();
	snprintf(folder, sizeof(folder), "%s/away", f->dir);
	snprintf(file, sizeof(file), "%s/alerts", folder);
	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	turn(p, &e.event);
	assert_int_equal(stats_of(p).failed_writes, failed);
	for (int64_t wait = 50000; wait < 1000000; wait *= 2) {
		fake_mono += wait - 1;
		turn(p, &e.event);
		assert_int_equal(stats_of(p).failed_writes, failed);
		fake_mono += 1;
		failed++;
		fixture_wait(stats_of(p).failed_writes == failed);
	}
	for (unsigned i = 0; i < 5; i++) {
		fake_mono += 1000000;
		failed++;
		fixture_wait(stats_of(p).failed_writes == failed);
	}
	assert_int_equal(told.lines, 1);
	assert_int_equal(told_times("alerts cannot be written: No such file or directory"), 1);
	int fd = open(folder, O_WRONLY | O_CREAT, 0644); /* a file where the folder was */
	assert_true(fd >= 0);
	close(fd);
	fake_mono += 1000000;
	fixture_wait(told.lines == 2);
	assert_int_equal(told_times("alerts cannot be written: Not a directory"), 1);
	ts_pipeline_free(p);

	assert_int_equal(unlink(folder), 0);
	p = start(&options);
	turn(p, &e.event);
	assert_int_equal(mkdir(folder, 0755), 0);
	fake_mono += 1000000;
	fixture_wait(told.lines == 4);
	turn(p, &e.event);
	assert_int_equal(told_times("alerts are written again"), 1);
	ts_pipeline_free(p);
	assert_int_equal(told.lines, 4);
	json_t *all = lines_of(file);
	check_run(all);
	assert_string_equal(text_of(json_array_get(all, 0), "event.action"), "start");
	assert_true(json_is_false(field(json_array_get(all, 0), "typosink.previous.clean")));
	json_decref(all);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(rmdir(folder), 0);
}

/* Losses are told once a second, each once, and each from where it began. */
static void pipeline__losses_in_turn(void **state)
{
	static const ts_clock_t clock = {get_wall, get_held_mono, NULL};
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .queue = 1, .clock = &clock};
	int64_t lost = 0, losses = 0;
	fixture_event_t e;
	json_t *event;
	size_t at;

	fake_reset();
	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	for (unsigned round = 1; round <= 3; round++) {
		/* The second one is told of with the third: their second is not over. */
		fake_wall += 5000000;
		fake_mono += round == 2 ? 999999 : 1000000;
		pthread_mutex_lock(&held);
		while (stats_of(p).dropped < 3 * round)
			ts_pipeline_submit(p, &e.event);
		pthread_mutex_unlock(&held);
		fixture_wait(stats_of(p).queue_depth == 0);
		turn(p, &e.event);
		assert_int_equal(stats_of(p).dropped, 3 * round);
	}
	ts_pipeline_stats_t stats = stats_of(p);
	ts_pipeline_free(p);
	json_t *all = lines_of(f->alerts);
	struct sums s = check_run(all);
	assert_int_equal(s.lost, 9);
	assert_int_equal(s.lookups + s.lost, stats.submitted);
	json_array_foreach(all, at, event)
	{
		if (strcmp(text_of(event, "event.action"), "loss") != 0)
			continue;
		lost += int_of(event, "typosink.lost.count");
		assert_int_equal(lost, ++losses == 1 ? 3 : 9);
		assert_string_equal(
			text_of(event, "event.start"), losses == 1 ? "2026-11-23T19:01:19.482913Z"
								   : "2026-11-23T19:01:24.482913Z");
	}
	assert_int_equal(losses, 2);
	json_decref(all);
}

/* ---- a stop that is pressed for time ---- */

static struct {
	ts_pipeline_t *_Atomic pipeline;
	fixture_event_t event;
} flood;

/* Three seconds go by at each look, in which a thousand look-ups come and more. */
static int64_t get_hurried_mono(void *arg)
{
	ts_pipeline_t *p = flood.pipeline;

	for (unsigned i = 0; p && i < 1500; i++)
		ts_pipeline_submit(p, &flood.event.event);
	fake_mono += 3000000;
	return get_mono(arg);
}

/* What is still in the queue when the time of a stop is over is lost, and told as lost. */
static void pipeline__stop_in_a_flood(void **state)
{
	static const ts_clock_t clock = {get_wall, get_hurried_mono, NULL};
	fixture_t *f = *state;
	ts_pipeline_options_t options = {
		.alert_file = f->alerts, .queue = 65536, .window = 3600, .clock = &clock};

	fake_reset();
	flood.pipeline = NULL;
	fixture_army(f, &flood.event);
	ts_pipeline_t *p = start(&options);
	flood.pipeline = p;
	fixture_wait(stats_of(p).submitted > 0);
	ts_pipeline_free(p);
	flood.pipeline = NULL;
	json_t *all = lines_of(f->alerts);
	struct sums s = check_run(all);
	assert_true(s.lost >= 1500);
	json_decref(all);
}

/* Renamed, removed, truncated in mid-stream: the lines that are left have no
 * torn one among them, and a rename alone loses nothing. */
static void pipeline__rotation(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts};
	fixture_event_t e;
	char old[128];
	json_t *together = json_array();

	fixture_army(f, &e);
	ts_pipeline_t *p = start(&options);
	for (unsigned round = 0; round < 10; round++) {
		uint64_t before = stats_of(p).written;
		for (unsigned i = 0; i < 200; i++)
			ts_pipeline_submit(p, &e.event);
		/* A batch that was on its way during the last rename may count as well. */
		fixture_wait(stats_of(p).written > before && access(f->alerts, F_OK) == 0);
		snprintf(old, sizeof(old), "%s/alerts.%u", f->dir, round);
		assert_int_equal(rename(f->alerts, old), 0);
	}
	fixture_wait(stats_of(p).written == 2001);
	ts_pipeline_free(p);
	for (unsigned round = 0; round < 10; round++) {
		snprintf(old, sizeof(old), "%s/alerts.%u", f->dir, round);
		json_t *part = lines_of(old);
		json_array_extend(together, part);
		json_decref(part);
	}
	json_t *part = lines_of(f->alerts);
	json_array_extend(together, part);
	json_decref(part);
	struct sums s = check_run(together);
	json_decref(together);
	assert_int_equal(s.lookups, 2000);
	assert_int_equal(s.lost, 0);
}

/* What others say, of a length that nobody expects: cut, in the alerts and in the metrics. */
static void pipeline__long_texts(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .metrics_file = f->metrics};
	static char name[5000], message[60000];
	ts_event_t policy = {.kind = TS_EVENT_POLICY,
		.policy_name = name,
		.message = message,
		.failed = true,
		.ede = -1};

	memset(name, 'n', sizeof(name) - 1);
	memset(message, 'm', sizeof(message) - 1);
	ts_pipeline_t *p = start(&options);
	ts_pipeline_submit(p, &policy);
	ts_pipeline_free(p);
	json_t *all = lines_of(f->alerts);
	check_run(all);
	assert_int_equal(strlen(text_of(json_array_get(all, 1), "rule.ruleset")), 1000);
	assert_int_equal(strlen(text_of(json_array_get(all, 1), "event.reason")), 1000);
	assert_null(field(json_array_get(all, 1), "rule.version")); /* it failed to load */
	json_decref(all);
	char *text = fixture_read(f->metrics);
	assert_non_null(text);
	assert_non_null(strstr(text, "nnnn"));
	free(text);
}

/* Renamed where no new file may be made: the renamed one is written on, that is said once, and a
 * new one is written as soon as there may be one. */
static void pipeline__renamed_for_good(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .report = {tell, NULL}};
	fixture_event_t e;
	char old[128];

	told_begin();
	fixture_army(f, &e);
	ts_pipeline_t *p = start(&options);
	ts_pipeline_submit(p, &e.event);
	fixture_wait(stats_of(p).written == 2);
	snprintf(old, sizeof(old), "%s/alerts.1", f->dir);
	refused.creating = f->alerts;
	assert_int_equal(rename(f->alerts, old), 0);
	for (unsigned i = 3; i < 6; i++) {
		ts_pipeline_submit(p, &e.event);
		fixture_wait(stats_of(p).written == i);
	}
	refused.creating = NULL;
	ts_pipeline_submit(p, &e.event);
	ts_pipeline_free(p);
	assert_int_equal(told.lines, 1);
	assert_int_equal(told_times("the renamed one is written on"), 1);
	json_t *all = lines_of(old), *rest = lines_of(f->alerts);
	assert_int_equal(json_array_size(all), 5);
	assert_int_equal(json_array_size(rest), 2);
	json_array_extend(all, rest);
	struct sums s = check_run(all);
	assert_int_equal(s.lookups + s.lost, 5);
	json_decref(all);
	json_decref(rest);
}

/* What stands beside the alerts cannot be written: said once each, and the alerts are whole.
 * Without entropy there are ids all the same. */
static void pipeline__troubles_beside_it(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts,
		.metrics_file = "/nonexistent/metrics",
		.state_dir = f->dir,
		.report = {tell, NULL}};
	ts_event_t policy = {
		.kind = TS_EVENT_POLICY, .policy_name = "mil.policy.example.", .ede = -1};
	fixture_event_t e;

	told_begin();
	fixture_army(f, &e);
	refused.random = refused.state = true;
	ts_pipeline_t *p = start(&options);
	for (unsigned i = 2; i < 6; i += 2) {
		ts_pipeline_submit(p, &e.event);
		ts_pipeline_submit(p, &policy); /* metrics at once */
		fixture_wait(stats_of(p).written == i + 1);
	}
	ts_pipeline_free(p);
	refused.random = refused.state = false;
	assert_int_equal(told.lines, 2);
	assert_int_equal(told_times("cannot be written: Input/output error"), 1);
	assert_int_equal(told_times("cannot be written: No such file or directory"), 1);
	json_t *all = lines_of(f->alerts);
	struct sums s = check_run(all);
	assert_int_equal(s.lookups, 2);
	for (size_t i = 1; i < s.lines; i++)
		assert_true(strcmp(text_of(json_array_get(all, i - 1), "event.id"),
				    text_of(json_array_get(all, i), "event.id")) < 0);
	json_decref(all);

	/* A folder for the state that is none, and one whose path is too long. */
	char far[PATH_MAX];
	memset(far, 'a', sizeof(far) - 1);
	far[sizeof(far) - 1] = '\0';
	const char *const folders[] = {"/nonexistent", far};
	for (size_t i = 0; i < countof(folders); i++) {
		ts_pipeline_options_t no_state = {
			.alert_file = f->alerts, .state_dir = folders[i], .report = {tell, NULL}};
		told_begin();
		ts_pipeline_free(start(&no_state));
		assert_int_equal(told.lines, 1);
		assert_int_equal(told_times(i ? "alerts.state cannot be used: File name too long"
					      : "alerts.state cannot be used: No such file"),
			1);
	}
}

/* Killed in mid-stream: whole lines, and the next start says where the last run
 * was. */
static void pipeline__killed(void **state)
{
	fixture_t *f = *state;
	ts_pipeline_options_t options = {.alert_file = f->alerts, .state_dir = f->dir};
	fixture_event_t e;
	struct stat st;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	fixture_army(f, &e);
	if (pid == 0) {
		ts_pipeline_t *p;
		if (ts_pipeline_new(&options, &p) != TS_OK)
			_exit(1);
		for (;;) {
			for (unsigned i = 0; i < 100; i++)
				ts_pipeline_submit(p, &e.event);
			fixture_pause();
		}
	}
	fixture_wait(stat(f->alerts, &st) == 0 && st.st_size > 500000);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);

	ts_pipeline_t *p = start(&options);
	ts_pipeline_free(p);
	p = start(&options);
	ts_pipeline_free(p);

	json_t *all = lines_of(f->alerts);
	size_t n = json_array_size(all);
	json_t *second = json_array_get(all, n - 4), *third = json_array_get(all, n - 2);
	json_t *last = json_array_get(all, n - 5);
	assert_string_equal(text_of(second, "event.action"), "start");
	assert_string_equal(
		text_of(second, "typosink.previous.boot_id"), text_of(last, "typosink.boot_id"));
	assert_true(json_is_false(field(second, "typosink.previous.clean")));
	assert_true(int_of(second, "typosink.previous.unwritten_max") > 0);
	/* The state is never behind the file; what it is ahead is what the kill has
	 * cost. */
	assert_true(int_of(second, "typosink.previous.sequence") >= int_of(last, "event.sequence"));
	for (size_t i = 0; i + 4 < n; i++)
		assert_int_equal(int_of(json_array_get(all, i), "event.sequence"), i + 1);
	assert_true(json_is_true(field(third, "typosink.previous.clean")));
	assert_int_equal(int_of(third, "typosink.previous.sequence"), 2);
	assert_string_equal(
		text_of(third, "typosink.previous.boot_id"), text_of(second, "typosink.boot_id"));
	json_decref(all);
}

/* A state file that makes no sense is no memory, and no trouble. */
static void pipeline__bad_state(void **state)
{
	static const char *const rows[] = {"", "x", "typosink-alerts 1 boot_id=zz sequence=1\n",
		"typosink-alerts 1 boot_id=00000000 sequence=1 clean=7 "
		"unwritten_max=1\n"};
	fixture_t *f = *state;
	char path[128];

	snprintf(path, sizeof(path), "%s/alerts.state", f->dir);
	for (size_t i = 0; i < countof(rows); i++) {
		FILE *file = fopen(path, "w");
		assert_true(fputs(rows[i], file) >= 0);
		fclose(file);
		ts_pipeline_options_t options = {.alert_file = f->alerts, .state_dir = f->dir};
		ts_pipeline_free(start(&options));
		json_t *all = lines_of(f->alerts);
		assert_row(rows[i], field(json_array_get(all, 0), "typosink.previous") == NULL);
		json_decref(all);
		unlink(f->alerts);
	}
	/* No directory at all: said once, and it goes on. */
	reports = 0;
	ts_pipeline_options_t options = {.alert_file = f->alerts,
		.state_dir = "/nonexistent",
		.report = {count_reports, NULL}};
	ts_pipeline_free(start(&options));
	assert_int_equal(reports, 1);
}

/* Paths are those inside the chroot. */
static void pipeline__chroot(void **state)
{
	fixture_t *f = *state;
	int status;

	if (geteuid() != 0) {
		print_message("SKIP pipeline__chroot: needs root\n");
		skip();
	}
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		fixture_event_t e;
		ts_pipeline_options_t options = {.alert_file = "/alerts.ndjson",
			.state_dir = "/",
			.metrics_file = "/typosink.prom"};
		ts_pipeline_t *p;
		if (chroot(f->dir) != 0 || chdir("/") != 0)
			_exit(2);
		if (ts_pipeline_new(&options, &p) != TS_OK)
			_exit(3);
		fixture_army(f, &e);
		ts_pipeline_submit(p, &e.event);
		ts_pipeline_free(p);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	json_t *all = lines_of(f->alerts);
	assert_int_equal(check_run(all).lookups, 1);
	json_decref(all);
	assert_int_equal(access(f->metrics, R_OK), 0);
}

/* ---- metrics ---- */

static void assert_metric(const char *text, const char *line)
{
	char want[512];

	snprintf(want, sizeof(want), "\n%s\n", line);
	if (!strstr(text, want))
		fail_msg("no line '%s' in:\n%s", line, text);
}

static void pipeline__metrics(void **state)
{
	fixture_t *f = *state;
	fixture_event_t e;
	struct stat before, after;

	fake_reset();
	ts_pipeline_options_t options = {.alert_file = f->alerts,
		.metrics_file = f->metrics,
		.window = 60,
		.clock = &fake_clock};
	ts_pipeline_t *p = start(&options);
	fixture_wait(stat(f->metrics, &before) == 0);
	fixture_army(f, &e);
	for (unsigned i = 0; i < 3; i++)
		ts_pipeline_submit(p, &e.event);
	fixture_event(f, &e, "exmple.com", "example.com", "omission", "example.com");
	e.verdict.action = TS_ACTION_OBSERVE;
	e.event.applied = false;
	ts_pipeline_submit(p, &e.event);
	ts_event_t policy = {.kind = TS_EVENT_POLICY,
		.time_us = INT64_C(1795460474000000),
		.ede = -1,
		.policy_name = "mil.policy.example",
		.policy_serial = 7};
	ts_pipeline_submit(p, &policy);
	policy.failed = true;
	policy.message = "line 3: \"x\"\nand \\";
	ts_pipeline_submit(p, &policy);
	/* A policy's event is written at once: the file is another one, replaced
	 * whole. */
	fixture_wait(stat(f->metrics, &after) == 0 && after.st_ino != before.st_ino);
	ts_pipeline_free(p);

	char *text = fixture_read(f->metrics);
	assert_metric(text,
		"typosink_lookups_total{protected=\"mil\",class=\"tld-omission\",action="
		"\"sinkhole\"} 3");
	assert_metric(text, "typosink_lookups_total{protected=\"example.com\",class="
			    "\"omission\",action="
			    "\"observe\"} 1");
	assert_metric(text, "typosink_events_submitted_total 6");
	assert_metric(text, "typosink_events_dropped_total 0");
	assert_metric(text, "typosink_events_suppressed_total 2");
	assert_metric(text, "typosink_events_written_total 7");
	assert_metric(text, "typosink_running 0");
	assert_metric(text, "typosink_alert_file_writable 1");
	assert_metric(text, "typosink_policy_serial{policy=\"mil.policy.example\"} 7");
	assert_metric(text,
		"typosink_policy_loaded_timestamp_seconds{policy=\"mil.policy.example\"} "
		"1795460474.000000");
	assert_metric(text, "typosink_policy_load_failed{policy=\"mil.policy.example\"} 1");
	assert_metric(text, "typosink_policy_last_error_info{policy=\"mil.policy.example\",error="
			    "\"line 3: \\\"x\\\"\\nand \\\\\"} 1");
	free(text);
}

/* A million protected zones do not become a million time series. */
static void pipeline__metrics_are_bounded(void **state)
{
	fixture_t *f = *state;
	fixture_event_t e;

	/* Distinct series by class and action: as many as there are; their sum is
	 * what counts. */
	ts_pipeline_options_t options = {.metrics_file = f->metrics};
	ts_pipeline_t *p = start(&options);
	fixture_army(f, &e);
	unsigned sent = 0;
	for (unsigned class = 0; class < ts_class_count(); class ++) {
		for (unsigned action = 0; action <= TS_ACTION_OBSERVE; action++, sent++) {
			e.verdict.match.class_id = (uint8_t) class;
			e.verdict.action = (ts_action_t)action;
			ts_pipeline_submit(p, &e.event);
		}
	}
	ts_pipeline_free(p);
	char *text = fixture_read(f->metrics);
	unsigned sum = 0, series = 0, value;
	for (char *q = text; (q = strstr(q, "\ntyposink_lookups_total{")); series++) {
		q = strstr(q, "} ");
		assert_int_equal(sscanf(q, "} %u", &value), 1);
		sum += value;
	}
	assert_int_equal(sum, sent);
	assert_int_equal(series, sent);
	free(text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encode__no_room),
		TEST(pipeline__example),
		TEST(pipeline__odd_names),
		TEST(pipeline__ecs),
		TEST(pipeline__severity),
		TEST(pipeline__variants),
		TEST(pipeline__client_privacy),
		TEST(pipeline__client_prefix_of_ipv6),
		TEST(pipeline__by_kind),
		TEST(pipeline__mail_loop),
		TEST(pipeline__table_overflow),
		TEST(pipeline__queue_overflow),
		TEST(pipeline__window),
		TEST(pipeline__what_repeats),
		TEST(pipeline__submit_makes_no_system_call),
		TEST(pipeline__signals_are_the_hosts),
		TEST(pipeline__fifo),
		TEST(pipeline__disk_full),
		TEST(pipeline__queue_full_of_alerts),
		TEST(pipeline__buffer_full),
		TEST(pipeline__tries_again),
		TEST(pipeline__losses_in_turn),
		TEST(pipeline__stop_in_a_flood),
		TEST(pipeline__rotation),
		TEST(pipeline__long_texts),
		TEST(pipeline__renamed_for_good),
		TEST(pipeline__troubles_beside_it),
		TEST(pipeline__killed),
		TEST(pipeline__bad_state),
		TEST(pipeline__chroot),
		TEST(pipeline__metrics),
		TEST(pipeline__metrics_are_bounded),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
