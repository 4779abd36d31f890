/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "replay_live.h"

#include "command.h"

#include "../src/answer.h"
#include "../src/json.h"
#include "../src/rrtype.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FLIGHT_MAX 4096 /* a power of two: the low bits of an id are a place in the table */
#define PATIENCE_NS (3 * INT64_C(1000000000))
#define TOLD_MAX 20
#define QPS_WITHOUT_TIMES 1000.0
#define EDNS_SIZE 1232
#define EDE_OPTION 15 /* RFC 8914 */

/* Latencies: 16 steps to each power of two of microseconds. */
#define STEPS 16
#define BUCKETS (40 * STEPS)

struct flight {
	bool busy, tcp;
	uint16_t id;
	int64_t sent;
	uint64_t frame;
	ts_name_t qname;
	uint16_t qtype, qclass;
	ts_verdict_t verdict;
};

struct live {
	live_options_t options;
	struct sockaddr_storage server;
	socklen_t server_len;
	ts_client_t client;
	int udp, tcp;
	uint8_t in[2 + TS_DNS_MESSAGE_MAX]; /* of the TCP connection */
	size_t in_len;
	int64_t start, first_us; /* clock and recorded time of the first query; start 0: none yet */
	unsigned generation, next;
	unsigned flying;
	uint64_t sent, sent_tcp, answered, lost, mismatched, asked, stray;
	uint64_t latency[BUCKETS];
	int64_t worst;
	struct flight flights[FLIGHT_MAX];
};

static int64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static bool loopback(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)a)->sin6_addr);
}

static int open_socket(const live_t *l, int type)
{
	int fd = socket(l->server.ss_family, type | SOCK_CLOEXEC, 0);
	struct timeval patience = {.tv_sec = 3};
	int one = 1;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (type == SOCK_STREAM)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(fd, (const struct sockaddr *)&l->server, l->server_len) == 0)
		return fd;
	int err = errno;
	close(fd);
	errno = err;
	return -1;
}

int live_new(const live_options_t *options, live_t **out, const char **why)
{
	char host[INET6_ADDRSTRLEN];
	const char *at = strchr(options->server, '@');
	size_t len = at ? (size_t)(at - options->server) : strlen(options->server);
	char *end = NULL;
	unsigned long port = at ? strtoul(at + 1, &end, 10) : 53;
	live_t *l = calloc(1, sizeof(*l));

	if (!l) {
		*why = "out of memory";
		return EXIT_TROUBLE;
	}
	l->options = *options;
	l->udp = l->tcp = -1;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&l->server;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&l->server;
	*why = "not ADDR@PORT";
	if (len >= sizeof(host) || (end && *end) || port == 0 || port > 65535)
		goto usage;
	memcpy(host, options->server, len);
	host[len] = '\0';
	if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)port);
		l->server_len = sizeof(*v4);
	} else if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)port);
		l->server_len = sizeof(*v6);
	} else {
		goto usage;
	}
	*why = "is not a loopback address: real queries would go there (--allow-remote)";
	if (!loopback(&l->server) && !options->allow_remote)
		goto usage;
	l->udp = open_socket(l, SOCK_DGRAM);
	if (l->udp < 0) {
		*why = strerror(errno);
		live_free(l);
		return EXIT_TROUBLE;
	}
	struct sockaddr_storage own;
	socklen_t own_len = sizeof(own);
	if (getsockname(l->udp, (struct sockaddr *)&own, &own_len) == 0) {
		l->client.family = own.ss_family == AF_INET ? 4 : 6;
		if (own.ss_family == AF_INET)
			memcpy(l->client.addr, &((struct sockaddr_in *)&own)->sin_addr, 4);
		else
			memcpy(l->client.addr, &((struct sockaddr_in6 *)&own)->sin6_addr, 16);
	}
	*out = l;
	return EXIT_OK;
usage:
	live_free(l);
	return EXIT_USAGE;
}

const ts_client_t *live_client(const live_t *l)
{
	return &l->client;
}

void live_free(live_t *l)
{
	if (!l)
		return;
	if (l->udp >= 0)
		close(l->udp);
	if (l->tcp >= 0)
		close(l->tcp);
	free(l);
}

static void tell(live_t *l, const struct flight *f, const char *what)
{
	char text[TS_NAME_TEXT_MAX], type[TS_TYPE_TEXT_MAX];

	ts_name_to_text(f->qname.wire, text, sizeof(text));
	if (l->mismatched + l->lost > TOLD_MAX)
		return;
	fprintf(l->options.json ? stderr : stdout, "frame %llu: %s %s: %s\n",
		(unsigned long long)f->frame, text, ts_type_name(f->qtype, type), what);
}

/* The rdata of an answer with its names uncompressed and lower-case. \return its length; 0: bad. */
static size_t plain_rdata(const ts_dns_t *d, const ts_dns_rr_t *rr, uint8_t *out, size_t size)
{
	size_t fixed = rr->type == TS_TYPE_MX ? 2 : 0;
	uint32_t at = rr->rdata + (uint32_t)fixed;
	ts_name_t host;

	if (rr->type != TS_TYPE_MX) {
		if (rr->rdlen > size)
			return 0;
		memcpy(out, d->wire + rr->rdata, rr->rdlen);
		return rr->rdlen;
	}
	if (rr->rdlen < 3 || ts_dns_name(d->wire, d->len, &at, &host) != TS_OK)
		return 0;
	memcpy(out, d->wire + rr->rdata, fixed);
	memcpy(out + fixed, host.wire, host.len);
	return fixed + host.len;
}

static bool same_rdata(const ts_answer_rr_t *want, uint16_t type, const uint8_t *got, size_t len)
{
	if (want->rdlen != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = want->rdata[i];

		if (type == TS_TYPE_MX && i >= 2 && c >= 'A' && c <= 'Z')
			c = (uint8_t)(c + 32);
		if (c != got[i])
			return false;
	}
	return true;
}

/* "did you mean" among the Extended DNS Errors: typosink made this answer. */
static bool says_did_you_mean(const ts_dns_t *d, const ts_dns_rr_t *opt)
{
	static const char words[] = "did you mean ";
	uint32_t at = opt->rdata, end = opt->rdata + opt->rdlen;

	while (end - at >= 4) {
		unsigned code = (unsigned)d->wire[at] << 8 | d->wire[at + 1];
		uint32_t len = (uint32_t)d->wire[at + 2] << 8 | d->wire[at + 3];

		at += 4;
		if (len > end - at)
			return false;
		if (code == EDE_OPTION && len > 2 + sizeof(words) &&
			memcmp(d->wire + at + 2, words, sizeof(words) - 1) == 0)
			return true;
		at += len;
	}
	return false;
}

/* NULL, or what is wrong with the answer. */
static const char *judge(live_t *l, const struct flight *f, const ts_dns_t *d)
{
	ts_query_t query = {&f->qname, f->qtype, f->qclass};
	bool ask = f->verdict.kind == TS_VERDICT_ASK, made_here = false;
	uint8_t rdata[TS_NAME_MAX + 512];
	unsigned count = 0, found = 0;
	ts_dns_walk_t walk;
	ts_dns_rr_t rr;
	int got;

	static ts_answer_t want; /* one thread; large */
	bool intercepted = !ask && ts_answer_make(&f->verdict, &query, &want);
	ts_dns_walk(d, &walk);
	while ((got = ts_dns_next(d, &walk, &rr)) == 1) {
		if (rr.section == 3 && rr.type == 41)
			made_here |= says_did_you_mean(d, &rr);
		if (rr.section != 1)
			continue;
		count++;
		size_t len = plain_rdata(d, &rr, rdata, sizeof(rdata));
		for (unsigned i = 0; intercepted && i < want.count; i++)
			if (rr.type == want.type && len &&
				same_rdata(&want.rr[i], rr.type, rdata, len)) {
				found++;
				break;
			}
	}
	if (got < 0)
		return "the answer is malformed";
	if (ask) {
		l->asked++;
		return NULL;
	}
	if (!intercepted)
		return made_here ? "intercepted, and the policy lets it pass" : NULL;
	if (d->rcode != want.rcode)
		return made_here ? "intercepted, but with another code than the policy's"
				 : "answered otherwise than the policy says";
	if (d->truncated)
		return NULL;
	if (found != want.count || count != want.count)
		return "the records are not those of the policy";
	return NULL;
}

static void land(live_t *l, struct flight *f)
{
	f->busy = false;
	l->flying--;
}

static void take(live_t *l, const uint8_t *wire, size_t len, bool tcp)
{
	ts_dns_t d;

	if (ts_dns_parse(wire, len, &d) != TS_OK || !d.response) {
		l->stray++;
		return;
	}
	struct flight *f = &l->flights[d.id % FLIGHT_MAX];
	if (!f->busy || f->id != d.id || f->tcp != tcp || d.question != TS_QUESTION_GOOD ||
		d.qtype != f->qtype || d.qname.len != f->qname.len ||
		memcmp(d.qname.wire, f->qname.wire, f->qname.len) != 0) {
		l->stray++; /* late, or nobody asked for it */
		return;
	}
	int64_t us = (clock_ns() - f->sent) / 1000;
	unsigned log = 63 - (unsigned)__builtin_clzll((unsigned long long)us | STEPS);
	size_t bucket =
		us < STEPS ? (size_t)us
			   : (size_t)(log - 3) * STEPS + (size_t)((us >> (log - 4)) & (STEPS - 1));
	l->latency[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
	if (us > l->worst)
		l->worst = us;
	l->answered++;
	const char *wrong = judge(l, f, &d);
	if (wrong) {
		l->mismatched++;
		tell(l, f, wrong);
	}
	land(l, f);
}

static void lose(live_t *l, struct flight *f, const char *why)
{
	l->lost++;
	tell(l, f, why);
	land(l, f);
}

static void drop_tcp(live_t *l)
{
	close(l->tcp);
	l->tcp = -1;
	l->in_len = 0;
	for (unsigned i = 0; i < FLIGHT_MAX; i++)
		if (l->flights[i].busy && l->flights[i].tcp)
			lose(l, &l->flights[i], "the server closed the TCP connection");
}

static void take_tcp(live_t *l)
{
	ssize_t n = recv(l->tcp, l->in + l->in_len, sizeof(l->in) - l->in_len, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		drop_tcp(l);
		return;
	}
	l->in_len += (size_t)n;
	size_t at = 0;
	while (l->in_len - at >= 2) {
		size_t len = (size_t)l->in[at] << 8 | l->in[at + 1];

		if (l->in_len - at < 2 + len)
			break;
		take(l, l->in + at + 2, len, true);
		at += 2 + len;
	}
	memmove(l->in, l->in + at, l->in_len - at);
	l->in_len -= at;
}

/* Takes in what comes until the given time, or, with `any`, until something came. */
static void listen_until(live_t *l, int64_t until, bool any)
{
	static uint8_t packet[TS_DNS_MESSAGE_MAX];

	for (;;) {
		struct pollfd fds[2] = {{l->udp, POLLIN, 0}, {l->tcp, POLLIN, 0}};
		int64_t wait = until - clock_ns();
		struct timespec t = {
			wait > 0 ? wait / 1000000000 : 0, wait > 0 ? wait % 1000000000 : 0};
		int ready = ppoll(fds, l->tcp >= 0 ? 2 : 1, &t, NULL);

		if (ready > 0 && fds[0].revents) {
			ssize_t n;

			while ((n = recv(l->udp, packet, sizeof(packet), MSG_DONTWAIT)) >= 0)
				take(l, packet, (size_t)n, false);
		}
		if (ready > 0 && l->tcp >= 0 && fds[1].revents)
			take_tcp(l);
		if ((any && ready > 0) || clock_ns() >= until)
			return;
	}
}

static void expire(live_t *l)
{
	int64_t now = clock_ns();

	for (unsigned i = 0; i < FLIGHT_MAX && l->flying; i++)
		if (l->flights[i].busy && now - l->flights[i].sent > PATIENCE_NS)
			lose(l, &l->flights[i], "no answer within 3 seconds");
}

static struct flight *free_flight(live_t *l)
{
	for (;;) {
		for (unsigned i = 0; i < FLIGHT_MAX; i++) {
			struct flight *f = &l->flights[l->next++ % FLIGHT_MAX];

			if (f->busy)
				continue;
			f->id = (uint16_t)((unsigned)(f - l->flights) |
					   (l->generation++ % 16) * FLIGHT_MAX);
			return f;
		}
		listen_until(l, clock_ns() + PATIENCE_NS, true);
		expire(l);
	}
}

/* A line of text has no message: make one, with EDNS so that the answer says why. */
static size_t make_wire(const ts_dns_t *d, uint8_t *out)
{
	uint8_t *p = out;
	const uint8_t header[12] = {0, 0, d->recursion_desired ? 1 : 0, 0, 0, 1, 0, 0, 0, 0, 0, 1};
	const uint8_t opt[11] = {0, 0, 41, EDNS_SIZE >> 8, EDNS_SIZE & 255};

	memcpy(p, header, sizeof(header));
	p += sizeof(header);
	memcpy(p, d->qname.wire, d->qname.len);
	p += d->qname.len;
	*p++ = (uint8_t)(d->qtype >> 8);
	*p++ = (uint8_t)d->qtype;
	*p++ = (uint8_t)(d->qclass >> 8);
	*p++ = (uint8_t)d->qclass;
	memcpy(p, opt, sizeof(opt));
	return (size_t)(p - out) + sizeof(opt);
}

void live_send(live_t *l, const ts_message_t *m, const ts_verdict_t *v)
{
	static uint8_t frame[2 + TS_DNS_MESSAGE_MAX];
	size_t len = m->dns.len;
	int64_t due;

	if (!l->start) {
		l->start = clock_ns();
		l->first_us = m->time_us;
	}
	double qps = l->options.qps ? l->options.qps : m->time_us ? 0 : QPS_WITHOUT_TIMES;
	if (qps > 0)
		due = l->start + (int64_t)((double)l->sent * 1e9 / qps);
	else
		due = l->start +
		      (int64_t)((double)(m->time_us - l->first_us) * 1000 / l->options.speed);
	struct flight *f = free_flight(l);
	while (clock_ns() < due) {
		int64_t soon = clock_ns() + PATIENCE_NS;

		listen_until(l, due < soon ? due : soon, false);
		expire(l);
	}
	listen_until(l, 0, false);
	if (m->dns.wire)
		memcpy(frame + 2, m->dns.wire, len);
	else
		len = make_wire(&m->dns, frame + 2);
	frame[0] = (uint8_t)(len >> 8);
	frame[1] = (uint8_t)len;
	frame[2] = (uint8_t)(f->id >> 8);
	frame[3] = (uint8_t)f->id;
	f->tcp = m->carrier == TS_CARRIER_TCP;
	f->frame = m->frame;
	f->qname = m->dns.qname;
	f->qtype = m->dns.qtype;
	f->qclass = m->dns.qclass;
	f->verdict = *v;
	f->sent = clock_ns();
	f->busy = true;
	l->flying++;
	l->sent++;
	l->sent_tcp += f->tcp;
	if (f->tcp) {
		if (l->tcp < 0)
			l->tcp = open_socket(l, SOCK_STREAM);
		if (l->tcp < 0)
			lose(l, f, "no TCP connection");
		else if (send(l->tcp, frame, 2 + len, MSG_NOSIGNAL) != (ssize_t)(2 + len))
			drop_tcp(l);
	} else if (send(l->udp, frame + 2, len, 0) < 0) {
		lose(l, f, "the port is closed, or the message too large to send");
	}
}

/* The latency that so many of a thousand answers stay below, microseconds. */
static int64_t percentile(const live_t *l, unsigned permille)
{
	uint64_t want = (l->answered * permille + 999) / 1000, seen = 0;

	for (size_t b = 0; b < BUCKETS; b++) {
		seen += l->latency[b];
		if (seen >= want && seen)
			return b < STEPS ? (int64_t)b
					 : (int64_t)(STEPS + b % STEPS + 1) << (b / STEPS - 1);
	}
	return l->worst;
}

int live_finish(live_t *l)
{
	static const struct {
		const char *name;
		unsigned permille;
	} marks[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p99.9", 999}};

	while (l->flying) {
		listen_until(l, clock_ns() + PATIENCE_NS / 10, true);
		expire(l);
	}
	if (l->options.json) {
		char buf[1024];
		ts_json_t j;

		ts_json_init(&j, buf, sizeof(buf));
		ts_json_object(&j, NULL);
		ts_json_int(&j, "sent", (int64_t)l->sent);
		ts_json_int(&j, "tcp", (int64_t)l->sent_tcp);
		ts_json_int(&j, "answered", (int64_t)l->answered);
		ts_json_int(&j, "lost", (int64_t)l->lost);
		ts_json_int(&j, "mismatched", (int64_t)l->mismatched);
		ts_json_int(&j, "undecided", (int64_t)l->asked);
		ts_json_int(&j, "stray", (int64_t)l->stray);
		ts_json_object(&j, "latency_us");
		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
			ts_json_int(&j, marks[i].name, percentile(l, marks[i].permille));
		ts_json_int(&j, "max", l->worst);
		ts_json_close(&j, '}');
		ts_json_close(&j, '}');
		if (ts_json_finish(&j))
			puts(buf);
	} else {
		printf("%llu queries sent (%llu over TCP), %llu answered, %llu lost, %llu not as "
		       "the policy says\n",
			(unsigned long long)l->sent, (unsigned long long)l->sent_tcp,
			(unsigned long long)l->answered, (unsigned long long)l->lost,
			(unsigned long long)l->mismatched);
		if (l->asked)
			printf("%llu depend on evidence and were not compared\n",
				(unsigned long long)l->asked);
		if (l->stray)
			printf("%llu answers came late or unasked\n", (unsigned long long)l->stray);
		printf("latency, microseconds:");
		for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
			printf(" %s %lld", marks[i].name,
				(long long)percentile(l, marks[i].permille));
		printf(" max %lld\n", (long long)l->worst);
	}
	return l->lost || l->mismatched ? EXIT_FOUND : EXIT_OK;
}
