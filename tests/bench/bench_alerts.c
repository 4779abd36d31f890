/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bench_alerts: what an alert costs the worker, how many distinct events a second the writer takes
 * for good with nothing lost, and how that compares to a plain write() loop of the same lines.
 */
#include "config.h"

#include "../../src/alert/pipeline.h"
#include "../../src/policy_file.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 300000 /* unless the first argument says otherwise */
#define BURST 8192    /* half a queue */

static const char policy_text[] = "$ORIGIN mil.policy.example.\n$TTL 30\n"
				  "@ IN SOA invalid. hostmaster.invalid. 1 3600 600 2147483646 0\n"
				  "@ IN NS invalid.\nversion IN TXT \"2\"\n"
				  "m1.zones IN PTR mil.\n"
				  "sinkhole.typosink.ext IN MX 10 mx.sinkhole.example.\n"
				  "sinkhole.typosink.ext IN A 192.0.2.25\n";

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static ts_pipeline_stats_t stats_of(const ts_pipeline_t *p)
{
	ts_pipeline_stats_t s;

	ts_pipeline_stats(p, &s);
	return s;
}

/* Each event another client: nothing is a repeat. */
static void number_event(ts_event_t *event, uint32_t i)
{
	event->client.addr[1] = (uint8_t)(i >> 16);
	event->client.addr[2] = (uint8_t)(i >> 8);
	event->client.addr[3] = (uint8_t)i;
}

/* Bursts that fit into the queue, timed alone, with the writer left to empty it in between. */
static void bench_submit(const ts_pipeline_options_t *options, ts_event_t *event)
{
	ts_pipeline_t *p;
	double spent = 0, best = 1;
	unsigned bursts = 20;

	if (ts_pipeline_new(options, &p) != TS_OK)
		die("pipeline");
	for (unsigned b = 0; b < bursts; b++) {
		double t = now();
		for (uint32_t i = 0; i < BURST; i++) {
			number_event(event, b * BURST + i);
			ts_pipeline_submit(p, event);
		}
		t = now() - t;
		spent += t;
		best = t < best ? t : best;
		while (stats_of(p).queue_depth > 0)
			usleep(1000);
	}
	uint64_t dropped = stats_of(p).dropped;
	ts_pipeline_free(p);
	printf("alert submit: %.0f ns (best burst %.0f ns), %" PRIu64 " dropped\n",
		spent / bursts / BURST * 1e9, best / BURST * 1e9, dropped);
}

/* As fast as the writer takes them: the producer holds back when the queue is half full. */
static double bench_sustained(
	const ts_pipeline_options_t *options, ts_event_t *event, uint32_t events)
{
	ts_pipeline_t *p;

	if (ts_pipeline_new(options, &p) != TS_OK)
		die("pipeline");
	double t = now();
	for (uint32_t i = 0; i < events; i++) {
		number_event(event, i);
		while (i % 256 == 0 && stats_of(p).queue_depth > BURST)
			usleep(200);
		ts_pipeline_submit(p, event);
	}
	while (stats_of(p).written < events + 1 && stats_of(p).dropped == 0)
		usleep(200);
	t = now() - t;
	ts_pipeline_stats_t s = stats_of(p);
	ts_pipeline_free(p);
	printf("alert sustained: %.0f distinct events a second, %" PRIu64 " lost\n", events / t,
		s.dropped + s.discarded);
	return events / t;
}

static double bench_plain(const char *from, const char *to)
{
	FILE *in = fopen(from, "r");
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);
	char *line = NULL;
	size_t size = 0, n = 0;
	double spent = 0;
	ssize_t len;

	if (!in || out < 0)
		die(from);
	while ((len = getline(&line, &size, in)) > 0) {
		double t = now();
		if (write(out, line, (size_t)len) != len)
			die(to);
		spent += now() - t;
		n++;
	}
	free(line);
	fclose(in);
	close(out);
	printf("plain write() of the same lines, one each: %.0f a second\n", (double)n / spent);
	return (double)n / spent;
}

int main(int argc, char **argv)
{
	uint32_t events = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : EVENTS;
	char dir[] = "/tmp/typosink-bench-XXXXXX", zone[64], alerts[64], copy[64];
	ts_policy_options_t policy_options = {.seed = 1};
	ts_policy_t *policy;
	ts_name_t qname, sinkhole;
	ts_verdict_t v = {.kind = TS_VERDICT_TYPO, .action = TS_ACTION_SINKHOLE, .evidence = 1};
	int ret = 1;

	if (!mkdtemp(dir))
		die(dir);
	snprintf(zone, sizeof(zone), "%s/policy", dir);
	snprintf(alerts, sizeof(alerts), "%s/alerts", dir);
	snprintf(copy, sizeof(copy), "%s/copy", dir);
	FILE *f = fopen(zone, "w");
	if (!f || fputs(policy_text, f) < 0 || fclose(f) != 0)
		die(zone);
	if (ts_policy_load_file(zone, &policy_options, NULL, &policy) != TS_OK ||
		ts_name_from_text(&qname, "mail.us.army.ml", 15, NULL) != TS_OK ||
		ts_name_from_text(&v.counterpart, "mail.us.army.mil", 16, NULL) != TS_OK ||
		ts_name_from_text(&sinkhole, "mx.sinkhole.example", 19, NULL) != TS_OK)
		goto cleanup;
	v.policy = policy;
	v.match.score = 9100;
	v.match.suffix = 3;
	ts_event_t event = {.kind = TS_EVENT_ALERT,
		.time_us = INT64_C(1795460474482913),
		.verdict = &v,
		.qname = qname.wire,
		.qtype = TS_TYPE_MX,
		.qclass = TS_CLASS_IN,
		.id = 51967,
		.applied = true,
		.ede = 4,
		.ttl = 30,
		.sinkhole = sinkhole.wire,
		.sinkhole_preference = 10,
		.client = {4, {10}},
		.client_port = 48753,
		.server = {4, {192, 0, 2, 53}},
		.server_port = 53};
	ts_pipeline_options_t options = {
		.alert_file = alerts, .hostname = "ns1.example.net", .window = TS_ALERT_WINDOW};
	bench_submit(&options, &event);
	unlink(alerts);
	double rate = bench_sustained(&options, &event, events);
	double plain = bench_plain(alerts, copy);
	printf("ratio to the plain loop: %.2f\n", rate / plain);
	ts_policy_unref(policy);
	ret = 0;
cleanup:
	unlink(copy);
	unlink(alerts);
	unlink(zone);
	rmdir(dir);
	return ret;
}
