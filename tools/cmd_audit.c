/* SPDX-License-Identifier: BSD-3-Clause
 *
 * typosink audit: which of the likeliest typos does somebody own already?
 */
#include "audit_state.h"
#include "cmd_audit_dns.h"
#include "command.h"
#include "policies.h"

#include "../src/enumerate.h"
#include "../src/json.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define TOP_DEFAULT 1000
#define PARALLEL_DEFAULT 50
#define PARALLEL_MAX 1000
#define FORWARD_MAX 16

/* What is known of a name before it is asked about. */
struct typo {
	const ts_candidate_t *candidate;
	const ts_policy_t *policy;
	uint32_t member;
};

struct audit {
	const ts_command_t *self;
	policies_t policies;
	unsigned long top, parallel;
	const char *forward[FORWARD_MAX + 1];
	size_t nforward;
	const char *trust_anchor, *state_path;
	bool json, list;
	time_t now;

	ts_arena_t arena;
	struct typo *typos;
	audit_name_t *names; /* as typos */
	size_t count, room, zones;
	ts_namemap_t *map;
	audit_state_t state;

	bool tty, sinkhole, state_failed;
	size_t finished, exist;
	double started, shown;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	interrupted = number;
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static int no_memory(void)
{
	command_warn("out of memory");
	return EXIT_TROUBLE;
}

/* ---- which names ---- */

static int add(struct audit *a, const struct typo *typo)
{
	char text[TS_NAME_TEXT_MAX];
	const ts_candidate_t *c = typo->candidate;
	uint32_t before;

	if (ts_namemap_get(a->map, c->wire, c->len, &before))
		return EXIT_OK;
	if (a->count == a->room) {
		size_t room = a->room ? 2 * a->room : 1024;
		struct typo *typos = realloc(a->typos, room * sizeof(*typos));

		if (typos)
			a->typos = typos;
		audit_name_t *names = typos ? realloc(a->names, room * sizeof(*names)) : NULL;
		if (!names)
			return no_memory();
		a->names = names;
		a->room = room;
	}
	size_t len = ts_name_to_text(c->wire, text, sizeof(text));
	a->typos[a->count] = *typo;
	a->names[a->count] = (audit_name_t){.text = ts_arena_copy(&a->arena, text, len)};
	if (!a->names[a->count].text ||
		ts_namemap_add(a->map, c->wire, c->len, (uint32_t)a->count) != TS_OK)
		return no_memory();
	a->count++;
	return EXIT_OK;
}

static int enumerate(struct audit *a)
{
	/* Below a TLD that does not exist nobody can own anything. */
	ts_enumerate_options_t options = {.max = a->top, .now = a->now, .registrable = true};
	const ts_policyset_t *set = a->policies.set;
	int code = EXIT_OK;

	for (size_t p = 0; p < ts_policyset_count(set); p++) {
		const ts_policy_t *policy = ts_policyset_get(set, p);

		for (uint32_t m = 0; m < ts_policy_members(policy) && code == EXIT_OK; m++) {
			const ts_candidate_t *list;
			size_t count;

			if (ts_enumerate(set, policy, m, &options, &a->arena, &list, &count) !=
				TS_OK)
				return no_memory();
			a->zones++;
			for (size_t i = 0; i < count && code == EXIT_OK; i++)
				code = add(a, &(struct typo){&list[i], policy, m});
		}
	}
	return code;
}

/* ---- what was found ---- */

struct finding {
	const char *mail; /* "mx", "address", "null-mx", "none", "unknown" */
	bool parked, ours;
};

/* Name servers and mail servers of those who park domains. */
static const char *const parking[] = {"\5above\3com", "\10afternic\3com", "\5bodis\3com",
	"\13cashparking\3com", "\3dan\3com", "\13dns-parking\3com", "\13hugedomains\3com",
	"\13parkingcrew\3net", "\11parklogic\3com", "\13sedoparking\3com", "\13undeveloped\3com",
	"\5ztomy\3com"};

/* Calls fn for each record, as a name for MX and NS. */
static void each_host(
	const char *records, bool mx, void (*fn)(void *, const ts_name_t *), void *arg)
{
	const char *p = records;

	while (p && *p) {
		size_t len = strcspn(p, " ");
		const char *host = mx ? memchr(p, ':', len) : p - 1;
		ts_name_t name;

		if (host && *p != '+' &&
			ts_name_from_text(&name, host + 1, len - (size_t)(host + 1 - p), NULL) ==
				TS_OK)
			fn(arg, &name);
		p += len;
		p += *p == ' ';
	}
}

struct look {
	struct audit *audit;
	struct finding *finding;
	bool ns;
};

static void look_at_host(void *arg, const ts_name_t *name)
{
	const struct look *look = arg;
	ts_query_t query = {name, TS_TYPE_MX, TS_CLASS_IN};
	ts_verdict_t v;

	for (size_t i = 0; i < sizeof(parking) / sizeof(parking[0]); i++)
		look->finding->parked |=
			ts_name_is_below(name, (const uint8_t *)parking[i], strlen(parking[i]) + 1);
	ts_verdict(look->audit->policies.set, &query, NULL, look->audit->now, &v);
	if (look->ns)
		look->finding->ours |= v.kind == TS_VERDICT_PROTECTED;
	else
		look->audit->sinkhole |= v.why == TS_WHY_SINKHOLE_HOST;
}

static struct finding finding_of(struct audit *a, const audit_name_t *name)
{
	struct finding f = {.mail = "none"};
	const char *mx = name->records[AUDIT_MX];

	each_host(mx, true, look_at_host, &(struct look){a, &f, false});
	each_host(name->records[AUDIT_NS], false, look_at_host, &(struct look){a, &f, true});
	if (strcmp(mx, "0:.") == 0)
		f.mail = "null-mx";
	else if (*mx)
		f.mail = "mx";
	else if (strchr(name->records[AUDIT_A], '.') || strchr(name->records[AUDIT_AAAA], ':'))
		f.mail = "address"; /* RFC 5321 section 5.1: mail goes there */
	else if (*name->records[AUDIT_A] == '?' || *name->records[AUDIT_AAAA] == '?')
		f.mail = "unknown";
	return f;
}

static const char *const type_names[AUDIT_TYPES] = {"mx", "a", "aaaa", "ns"};

static int print_json(struct audit *a, size_t i)
{
	static char buf[131072]; /* 64 names of up to a thousand characters */
	char text[TS_NAME_TEXT_MAX];
	const audit_name_t *name = &a->names[i];
	const struct typo *typo = &a->typos[i];
	ts_json_t j;

	ts_json_init(&j, buf, sizeof(buf));
	ts_json_object(&j, NULL);
	ts_json_str(&j, "name", name->text);
	ts_json_str(&j, "status", name->status == AUDIT_EXISTS ? "exists" : "no answer");
	ts_name_to_text(ts_policy_member_zone(typo->policy, typo->member), text, sizeof(text));
	ts_json_str(&j, "protected", text);
	ts_name_to_text(typo->candidate->meant, text, sizeof(text));
	ts_json_str(&j, "counterpart", text);
	ts_json_str(&j, "class", ts_class_get(typo->candidate->class_id)->name);
	ts_json_fixed(&j, "score", typo->candidate->score / (TS_SCORE_ONE / 100), 2);
	if (name->status == AUDIT_EXISTS) {
		struct finding f = finding_of(a, name);

		ts_json_str(&j, "mail", f.mail);
		ts_json_bool(&j, "parked", f.parked);
		ts_json_bool(&j, "ours", f.ours);
		for (size_t type = 0; type < AUDIT_TYPES; type++) {
			const char *p = name->records[type];

			if (*p == '?') {
				ts_json_null(&j, type_names[type]);
				continue;
			}
			ts_json_array(&j, type_names[type]);
			while (*p) {
				size_t len = strcspn(p, " ");

				ts_json_strn(&j, NULL, p, len);
				p += len;
				p += *p == ' ';
			}
			ts_json_close(&j, ']');
		}
	}
	ts_json_close(&j, '}');
	if (!ts_json_finish(&j)) {
		command_warn("%s: too long for a line", name->text);
		return EXIT_TROUBLE;
	}
	puts(buf);
	return EXIT_OK;
}

static void print_text(struct audit *a, size_t i)
{
	static const char *const heads[AUDIT_TYPES] = {"MX", "A", "AAAA", "NS"};
	char meant[TS_NAME_TEXT_MAX];
	const audit_name_t *name = &a->names[i];
	const ts_candidate_t *c = a->typos[i].candidate;

	ts_name_to_text(c->meant, meant, sizeof(meant));
	if (name->status == AUDIT_FAILED) {
		printf("%-28s %-24s no answer\n", name->text, meant);
		return;
	}
	struct finding f = finding_of(a, name);
	printf("%-28s %-24s %-8s%s%s", name->text, meant, f.mail, f.parked ? " parked" : "",
		f.ours ? " ours" : "");
	for (size_t type = 0; type < AUDIT_TYPES; type++)
		if (*name->records[type])
			printf(" %s %s", heads[type], name->records[type]);
	putchar('\n');
}

static int report(struct audit *a)
{
	size_t asked = 0, mail = 0, failed = 0, exist = 0;
	int code = EXIT_OK;

	for (size_t i = 0; i < a->count; i++) {
		const audit_name_t *name = &a->names[i];

		asked += name->status != AUDIT_TODO;
		failed += name->status == AUDIT_FAILED;
		if (name->status == AUDIT_EXISTS) {
			const char *how = finding_of(a, name).mail;

			exist++;
			mail += strcmp(how, "mx") == 0 || strcmp(how, "address") == 0;
		} else if (name->status != AUDIT_FAILED) {
			continue;
		}
		if (!a->json)
			print_text(a, i);
		else if (print_json(a, i) != EXIT_OK)
			code = EXIT_TROUBLE;
	}
	double took = seconds() - a->started;
	command_warn(
		"%zu protected zones, %zu typos: %zu asked about (%zu of them before), %zu exist, "
		"%zu take mail, %zu without an answer; %.1f s, %.0f names a second",
		a->zones, a->count, asked, a->state.resumed, exist, mail, failed, took,
		took > 0 ? (double)a->finished / took : 0.0);
	if (a->sinkhole)
		command_warn(
			"warning: answers name the policy's own sinkhole: the resolver that was "
			"asked intercepts typos itself");
	if (code != EXIT_OK || a->state_failed)
		return EXIT_TROUBLE;
	if (interrupted) {
		command_warn("interrupted: %zu names were not asked about", a->count - asked);
		return EXIT_TROUBLE;
	}
	if (failed && failed == asked - a->state.resumed) {
		command_warn("nobody answered: is there a way to the resolver or the Internet?");
		return EXIT_TROUBLE;
	}
	return failed ? EXIT_FOUND : EXIT_OK;
}

/* ---- the run ---- */

static void done(void *arg, audit_name_t *name)
{
	struct audit *a = arg;

	a->finished++;
	a->exist += name->status == AUDIT_EXISTS;
	if (!a->state_failed && audit_state_add(&a->state, name) != EXIT_OK)
		a->state_failed = true;
}

static bool tick(void *arg)
{
	struct audit *a = arg;
	double now = seconds();

	if (a->tty && now - a->shown >= 0.5) {
		size_t todo = a->count - a->state.resumed - a->finished;
		double rate = (double)a->finished / (now - a->started);

		a->shown = now;
		fprintf(stderr, "\r%zu of %zu names, %zu exist, %.0f a second",
			a->state.resumed + a->finished, a->count, a->exist, rate);
		if (rate > 0)
			fprintf(stderr, ", %.0f s to go", (double)todo / rate);
		fputs("\033[K", stderr);
	}
	return !interrupted && !a->state_failed;
}

static int ask_all(struct audit *a)
{
	audit_dns_options_t options = {.forward = a->forward,
		.trust_anchor = a->trust_anchor,
		.parallel = a->parallel,
		.done = done,
		.tick = tick,
		.arg = a};
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t signals;
	int code;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	a->tty = isatty(STDERR_FILENO);
	a->started = a->shown = seconds();
	code = audit_dns_run(&options, a->names, a->count);
	if (a->tty)
		fputs("\r\033[K", stderr);
	return code;
}

static int list(const struct audit *a)
{
	for (size_t i = 0; i < a->count; i++)
		puts(a->names[i].text);
	return EXIT_OK;
}

/* ---- the command line ---- */

static int number_arg(const struct audit *a, const char *option, const char *text,
	unsigned long least, unsigned long most, unsigned long *out)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || n < least || n > most)
		return command_usage(
			a->self, "--%s '%s': a number from %lu to %lu", option, text, least, most);
	*out = n;
	return EXIT_OK;
}

/* "192.0.2.53", "192.0.2.53@5353", as libunbound wants it. */
static int forward_arg(struct audit *a, const char *text)
{
	unsigned char addr[16];
	char host[64];
	size_t len = strcspn(text, "@");
	unsigned long port;

	snprintf(host, sizeof(host), "%.*s", (int)len, text);
	if (len >= sizeof(host) ||
		(inet_pton(AF_INET, host, addr) != 1 && inet_pton(AF_INET6, host, addr) != 1))
		return command_usage(a->self, "--forward '%s': no address", text);
	if (text[len] && number_arg(a, "forward", text + len + 1, 1, 65535, &port) != EXIT_OK)
		return EXIT_USAGE;
	if (a->nforward == FORWARD_MAX)
		return command_usage(a->self, "more than %d --forward", FORWARD_MAX);
	a->forward[a->nforward++] = text;
	return EXIT_OK;
}

static int option(struct audit *a, int c, char **argv)
{
	switch (c) {
	case 'p':
		return policies_add(&a->policies, optarg);
	case 'P':
		a->policies.popular = optarg;
		return EXIT_OK;
	case 't':
		return number_arg(a, "top", optarg, 0, 10000000, &a->top);
	case 'n':
		return number_arg(a, "parallel", optarg, 1, PARALLEL_MAX, &a->parallel);
	case 'f':
		return forward_arg(a, optarg);
	case 'a':
		a->trust_anchor = optarg;
		return EXIT_OK;
	case 's':
		a->state_path = optarg;
		return EXIT_OK;
	case 'j':
		a->json = true;
		return EXIT_OK;
	case 'l':
		a->list = true;
		return EXIT_OK;
	default:
		return command_bad_option(a->self, c, argv);
	}
}

static int audit(struct audit *a)
{
	int code;

	a->map = ts_namemap_new(0);
	if (!a->map)
		return no_memory();
	code = enumerate(a);
	if (code != EXIT_OK || a->list)
		return code == EXIT_OK ? list(a) : code;
	if (a->state_path)
		code = audit_state_open(&a->state, a->state_path, a->names, a->map);
	for (size_t i = 0; i < a->count && code == EXIT_OK; i++)
		a->exist += a->names[i].status == AUDIT_EXISTS;
	if (code == EXIT_OK)
		code = ask_all(a);
	return code == EXIT_OK ? report(a) : code;
}

static int run(const ts_command_t *self, int argc, char **argv)
{
	static const struct option options[] = {
		{"policy", required_argument, NULL, 'p'},
		{"top", required_argument, NULL, 't'},
		{"parallel", required_argument, NULL, 'n'},
		{"forward", required_argument, NULL, 'f'},
		{"trust-anchor", required_argument, NULL, 'a'},
		{"state", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"list", no_argument, NULL, 'l'},
		{"popular", required_argument, NULL, 'P'},
		{NULL, 0, NULL, 0},
	};
	struct audit a = {
		.self = self, .top = TOP_DEFAULT, .parallel = PARALLEL_DEFAULT, .now = time(NULL)};
	int c, code = EXIT_OK;

	ts_arena_init(&a.arena);
	opterr = 0;
	while (code == EXIT_OK && (c = getopt_long(argc, argv, ":p:", options, NULL)) != -1)
		code = option(&a, c, argv);
	if (code == EXIT_OK && optind < argc)
		code = command_usage(self, "what is '%s'?", argv[optind]);
	if (code == EXIT_OK && !a.policies.count)
		code = command_usage(self, "which policy? (-p POLICY)");
	if (code == EXIT_OK)
		code = policies_load(&a.policies, true);
	if (code == EXIT_OK)
		code = audit(&a);
	audit_state_close(&a.state);
	for (size_t i = 0; i < a.count; i++)
		for (size_t type = 0; type < AUDIT_TYPES; type++)
			free(a.names[i].records[type]);
	free(a.names);
	free(a.typos);
	ts_namemap_free(a.map);
	ts_arena_release(&a.arena);
	policies_release(&a.policies);
	return code;
}

const ts_command_t cmd_audit = {
	.name = "audit",
	.oneline = "Finds the typos of protected zones that somebody owns",
	.usage = "audit -p POLICY... [--top N] [--parallel N] [--forward ADDR[@PORT]]...\n"
		 "                      [--state FILE] [--json] [--list] [--trust-anchor FILE] "
		 "[--popular FILE]",
	.help = "  -p, --policy POLICY  the policy; may repeat, in order of configuration\n"
		"  --top N              so many typos of each protected zone, the likeliest\n"
		"                       (default 1000; 0: all that are known)\n"
		"  --parallel N         names asked about at once (default 50)\n"
		"  --forward ADDR@PORT  the resolver to ask; may repeat (default: none, from the\n"
		"                       root down)\n"
		"  --state FILE         keeps what was found; a run that was killed goes on there\n"
		"  --json               one JSON object a line\n"
		"  --list               only lists the names, and asks nobody\n"
		"  --trust-anchor FILE  validates with DNSSEC from this key\n"
		"  --popular FILE       a list of popular names, as popular-file in typosink.conf\n"
		"\n"
		"Asks for MX and, where the name exists, for A, AAAA and NS; never about names at "
		"or\n"
		"below a protected zone. An audit shows strangers' name servers that somebody "
		"looks.\n"
		"The exit code is 1 where names had no answer.\n",
	.run = run,
};
