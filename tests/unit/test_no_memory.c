/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What happens where there is no memory: every allocation of every piece of work below fails once,
 * alone and with all after it. The work must say TS_ENOMEM, leave nothing behind (LeakSanitizer
 * looks), and must go well when it is done again.
 *
 * The linker puts the allocators below in place of libc's (tests/local.mk) for what is linked into
 * this program; ldns and libc keep their own. Only the thread of the test is refused.
 */
#include "config.h"

#include "policy_text.h"

#include "../../src/alert/pipeline.h"
#include "../../src/capture/internal.h"
#include "../../src/conf.h"
#include "../../src/enumerate.h"
#include "../../src/grow.h"
#include "../../src/index.h"
#include "../../src/namemap.h"
#include "../../src/popular.h"
#include "../../src/rpz.h"

#include <ftw.h>
#include <malloc.h>
#include <unistd.h>

static _Thread_local struct {
	bool on, ever; /* ever: something was refused */
	bool all_after;
	bool arenas;        /* what arenas hand out counts as well, not only what they get */
	unsigned long left; /* allocations that still go well */
} plan;

static bool refuse(void)
{
	if (!plan.on || (plan.ever && !plan.all_after))
		return false;
	if (plan.left > 0) {
		plan.left--;
		return false;
	}
	plan.ever = true;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
void *__real_ts_arena_alloc(ts_arena_t *arena, size_t size);
void *__real_ts_arena_copy(ts_arena_t *arena, const void *data, size_t len);
void *__wrap_ts_arena_alloc(ts_arena_t *arena, size_t size);
void *__wrap_ts_arena_copy(ts_arena_t *arena, const void *data, size_t len);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
	return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return refuse() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return refuse() ? NULL : __real_realloc(p, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
	return refuse() ? NULL : __real_aligned_alloc(alignment, size);
}

char *__wrap_strdup(const char *text)
{
	return refuse() ? NULL : __real_strdup(text);
}

void *__wrap_ts_arena_alloc(ts_arena_t *arena, size_t size)
{
	return plan.arenas && refuse() ? NULL : __real_ts_arena_alloc(arena, size);
}

void *__wrap_ts_arena_copy(ts_arena_t *arena, const void *data, size_t len)
{
	return plan.arenas && refuse() ? NULL : __real_ts_arena_copy(arena, data, len);
}

/* ---- the pieces of work ---- */

static char folder[] = "/tmp/ts-no-memory-XXXXXX";
static ts_policyset_t *set; /* of example.zone */

static const char *source(const char *name)
{
	static char path[512];
	const char *top = getenv("srcdir");

	snprintf(path, sizeof(path), "%s/%s", top ? top : ".", name);
	return path;
}

/* A file in the folder of the test. */
static const char *file(const char *name, const char *text)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	return path;
}

/* What is under test; the rest of a piece of work is not refused anything. */
#define TRY(expression)                        \
	__extension__({                        \
		plan.on = true;                \
		__typeof__(expression) value_; \
		value_ = (expression);         \
		plan.on = false;               \
		value_;                        \
	})

static int policy_file(void)
{
	ts_policy_options_t options = {.seed = 1};
	ts_policy_t *policy = NULL;
	int err = TRY(ts_policy_load_file(source("zones/example.zone"), &options, NULL, &policy));

	assert_true(!err == (policy != NULL));
	ts_policy_unref(policy);
	return err;
}

/* Enough of everything that tables grow while they are filled. */
static int policy_large(void)
{
	static char text[1 << 16];
	size_t len = (size_t)sprintf(text, "%s", POLICY_HEAD);
	ts_policy_options_t options = {.seed = 1};
	ts_policy_t *policy = NULL;

	for (unsigned i = 0; i < 70; i++)
		len += (size_t)sprintf(text + len,
			"m%u.zones.p.example. PTR zone%u.example.\n"
			"group.m%u.zones.p.example. TXT \"g%u\"\n"
			"action.g%u.groups TXT \"observe\"\n"
			"sinkhole.m%u.zones.typosink.ext.p.example. TXT \"not a sinkhole\"\n"
			"typo.typosink.ext.m%u.zones.p.example. PTR zoen%u.example.\n"
			"a%u.allow PTR a%u.example.net.\n",
			i, i, i, i, i, i, i, i, i, i);
	int err = TRY(ts_policy_load_text("policy", text, len, &options, NULL, &policy));

	ts_policy_unref(policy);
	return err;
}

static int policy_set_of_two(void)
{
	ts_policy_t *policies[] = {policy_good(POLICY_MIL), policy_good(POLICY_MIL)};
	ts_name_t own = name_of("own.example");
	ts_policyset_options_t options = {.allow = &own, .allow_count = 1, .seed = 1};
	ts_policyset_t *made = NULL;
	int err = TRY(ts_policyset_new(policies, 2, &options, &made));

	ts_policyset_free(made);
	ts_policy_unref(policies[0]);
	ts_policy_unref(policies[1]);
	return err;
}

/* Lines `first N second N.example.`. \return the new length of the text. */
static size_t many(char *text, size_t len, const char *first, const char *second)
{
	for (unsigned i = 2; i < 70; i++)
		len += (size_t)sprintf(text + len, "%s%u%s%u.example.\n", first, i, second, i);
	return len;
}

/* Sets of which the map and the table have to grow at one kind of name after the other. */
static int policy_sets_that_grow(void)
{
	static const struct {
		const char *first, *second, *more, *more_second;
	} kinds[] = {{"m", ".zones.p.example. PTR z", NULL, NULL},
		{"a", ".allow PTR a", NULL, NULL}, {"k", ".known PTR k", NULL, NULL},
		{"typo.typosink.ext.m1.zones.p.example. PTR t", "x", NULL, NULL},
		{"m", ".zones.p.example. PTR z", "sinkhole.typosink.ext.m",
			".zones.p.example. MX 10 h"}};
	static char text[1 << 15];
	ts_policyset_t *made;
	int err = TS_OK;

	for (size_t i = 0; !err && i < countof(kinds); i++) {
		size_t len =
			(size_t)sprintf(text, "%s", POLICY_HEAD "m1.zones.p.example. PTR mil.\n");
		len = many(text, len, kinds[i].first, kinds[i].second);
		if (kinds[i].more)
			many(text, len, kinds[i].more, kinds[i].more_second);
		ts_policy_t *policy = policy_good(text);
		ts_policyset_options_t options = {.seed = 1};
		err = TRY(ts_policyset_new(&policy, 1, &options, &made));
		if (!err)
			ts_policyset_free(made);
		ts_policy_unref(policy);
	}
	return err;
}

static int conf(void)
{
	const char *path = file("typosink.conf",
		"policy-file: /p.zone\npolicy-file: /q.zone\npolicy-zone: p.example\n"
		"alert-file: /a\nmetrics-file: /m\nstate-dir: /s\n"
		"popular-file: /l\nrhsbl-zone: l.example\nstatus-client: 192.0.2.0/24\n");
	ts_conf_t made;

	ts_conf_init(&made);
	int err = TRY(ts_conf_read(&made, path, NULL));
	ts_conf_release(&made);
	return err;
}

static int popular(void)
{
	const char *path = file("popular.csv", "1,example.com\n2,example.net\n");
	ts_popular_t *made = NULL;
	int err = TRY(ts_popular_load(path, NULL, &made));

	ts_popular_free(made);
	return err;
}

static int fill_map(ts_namemap_t *map)
{
	int err = map ? TS_OK : TS_ENOMEM;

	for (unsigned i = 0; !err && i < 300; i++) {
		uint8_t wire[] = {2, (uint8_t)('a' + i / 20), (uint8_t)('a' + i % 20), 0};

		err = ts_namemap_add(map, wire, sizeof(wire), i);
	}
	return err;
}

static int namemap(void)
{
	ts_namemap_t *map = NULL;
	int err = TRY(fill_map(map = ts_namemap_new(1)));

	ts_namemap_free(map);
	return err;
}

static int index_of_zones(void)
{
	ts_name_t names[] = {name_of("mil"), name_of("army.mil"), name_of("example.com")};
	ts_target_t targets[countof(names)];
	ts_index_options_t options = {.seed = 1};
	ts_index_t *made = NULL;

	memset(targets, 0, sizeof(targets));
	for (size_t i = 0; i < countof(names); i++)
		targets[i] = (ts_target_t){.wire = names[i].wire,
			.len = names[i].len,
			.classes = ~UINT64_C(0),

			.threshold = 5000};
	int err = TRY(ts_index_new(targets, countof(targets), &options, &made));

	ts_index_free(made);
	return err;
}

static int enumerate(void)
{
	ts_enumerate_options_t options = {.max = 50, .single_only = true};
	const ts_candidate_t *c;
	ts_arena_t arena;
	size_t count;
	int err = TS_OK;

	ts_arena_init(&arena);
	for (uint32_t member = 0; !err && member < 3; member++)
		err = TRY(ts_enumerate(
			set, ts_policyset_get(set, 0), member, &options, &arena, &c, &count));
	ts_arena_release(&arena);
	return err;
}

static int rpz(void)
{
	ts_policyset_t *mil = policy_set_of(POLICY_MIL "a.allow PTR mines.ml.\n");
	ts_rpz_options_t options = {.origin = name_of("rpz.example"), .serial = 1, .top = 20};
	ts_rpz_t *made = NULL;
	int err = TRY(ts_rpz_new(mil, &options, &made));

	ts_rpz_free(made);
	ts_policyset_free(mil);
	return err;
}

static int pipeline(void)
{
	char alerts[64], metrics[64];
	snprintf(alerts, sizeof(alerts), "%s/alerts", folder);
	snprintf(metrics, sizeof(metrics), "%s/metrics", folder);
	ts_pipeline_options_t options = {.alert_file = alerts,
		.metrics_file = metrics,
		.state_dir = folder,
		.hostname = "ns1.example.net",
		.queue = 64,
		.table = 64};
	ts_pipeline_t *made = NULL;
	int err = TRY(ts_pipeline_new(&options, &made));

	ts_pipeline_free(made);
	return err;
}

static int read_all(const char *path)
{
	ts_capture_options_t options = {.flaws_told = 0};
	ts_capture_t *capture;
	ts_message_t m;
	int got = ts_capture_open(path, &options, &capture);

	if (got)
		return got;
	while ((got = ts_capture_next(capture, &m)) == 1)
		;
	ts_capture_close(capture);
	return got;
}

static int capture_text(void)
{
	const char *path = file("queries.txt", "army.ml\nwww.army.ml A\n");

	return TRY(read_all(path));
}

static ts_capture_t *flows_new(void)
{
	ts_capture_t *capture = calloc(1, sizeof(*capture));

	if (!capture)
		return NULL;
	capture->kind = &ts_kind_pcap;
	capture->frags = ts_frags_new(capture->key);
	capture->streams = ts_streams_new(capture->key);
	return capture;
}

static void flows_free(ts_capture_t *capture)
{
	if (!capture)
		return;
	ts_frags_free(capture->frags);
	ts_streams_free(capture->streams);
	free(capture);
}

static int feed(ts_capture_t *capture)
{
	static const uint8_t octets[9000];
	const ts_client_t a = {4, {192, 0, 2, 1}}, b = {4, {192, 0, 2, 2}};
	const uint8_t *data;
	ts_message_t m;
	size_t len;
	int err;

	if (!capture || !capture->frags || !capture->streams)
		return TS_ENOMEM;
	/* A datagram that grows twice, and gets whole. */
	for (unsigned i = 0; i < 3; i++) {
		ts_fragment_t f = {a, b, 1, 17, 3000 * i, i < 2, octets, 3000};

		err = ts_frags_add(capture, &f, &data, &len);
		if (err != (i == 2))
			return err;
	}
	/* A stream: half of a message; what lies behind a hole; and the rest of it. */
	static const struct {
		uint8_t flags;
		uint32_t seq, len;
	} segments[] = {
		{TS_TCP_SYN, 0, 0}, {TS_TCP_ACK, 1, 1}, {TS_TCP_ACK, 3, 7000}, {TS_TCP_ACK, 2, 1}};
	for (size_t i = 0; i < countof(segments); i++) {
		ts_segment_t s = {{a, b, 4321, 53}, segments[i].seq, 0, segments[i].flags, octets,
			segments[i].len};

		err = ts_streams_push(capture, &s);
		while (!err && (err = ts_streams_pull(capture, &m)) == 1)
			err = TS_OK;
		if (err)
			return err;
	}
	while (ts_streams_flush(capture))
		while ((err = ts_streams_pull(capture, &m)) == 1)
			;
	return err;
}

static int capture_flows(void)
{
	ts_capture_t *capture = NULL;
	int err = TRY(feed(capture = flows_new()));

	flows_free(capture);
	return err;
}

static const struct {
	const char *label;
	int (*work)(void);
	unsigned at_least; /* allocations that there are: else nothing is shown */
	unsigned without;  /* those of them that it can do without (an array that would shrink) */
	bool arenas;
} works[] = {
	{"policy from a file", policy_file, 70, 1, false},
	{"policy from a file, arenas", policy_file, 180, 1, true},
	{"policy that grows", policy_large, 400, 1, false},
	{"set of policies", policy_set_of_two, 4, 0, false},
	{"sets that grow", policy_sets_that_grow, 20, 0, false},
	{"configuration", conf, 10, 0, false},
	{"popular list", popular, 2, 0, false},
	{"map of names", namemap, 4, 0, false},
	{"index", index_of_zones, 5, 1, false},
	{"enumeration", enumerate, 3, 0, false},
	{"RPZ", rpz, 5, 0, false},
	{"pipeline", pipeline, 8, 0, false},
	{"capture: text", capture_text, 4, 0, false},
	{"capture: flows", capture_flows, 8, 0, false},
};

static void no_memory__is_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < countof(works); i++) {
		for (unsigned all_after = 0; all_after < 2; all_after++) {
			unsigned long n = 0;
			unsigned without = 0;

			for (;; n++) {
				memset(&plan, 0, sizeof(plan));
				plan.all_after = all_after;
				plan.arenas = works[i].arenas;
				plan.left = n;
				int err = works[i].work();
				if (!plan.ever) { /* there are no more than n */
					assert_row(works[i].label, err == TS_OK);
					break;
				}
				if (err == TS_OK && without < works[i].without)
					without++;
				else if (err != TS_ENOMEM)
					fail_msg("%s: allocation %lu fails%s: %d (%s)",
						works[i].label, n,
						all_after ? " and all after it" : "", err,
						ts_strerror(err));
			}
			if (n < works[i].at_least)
				fail_msg("%s: only %lu allocations", works[i].label, n);
		}
	}
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

static int set_up(void **state)
{
	ts_policy_options_t options = {.seed = 1};
	ts_policy_t *policy;

	(void)state;
	if (!mkdtemp(folder) ||
		ts_policy_load_file(source("zones/example.zone"), &options, NULL, &policy) != TS_OK)
		return -1;
	set = policy_set(&policy, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	ts_policyset_free(set);
	return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
	/* The same work a thousand times over: what it gave back need not go back to the kernel. */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 512 << 20);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_memory__is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
