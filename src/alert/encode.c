/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "encode.h"

#include "../json.h"
#include "../rrtype.h"
#include "../typo/class.h"
#include "../typo/suffix.h"
#include "clock.h"
#include "../siphash.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define PREFIX_V4 24 /* RFC 7871 section 11.1 */
#define PREFIX_V6 56
#define CLIENT_TEXT_MAX 64

/* ---- words ---- */

static const unsigned severity_of_action[] = {
	[TS_ACTION_SINKHOLE] = 60,
	[TS_ACTION_NULLMX] = 55,
	[TS_ACTION_NXDOMAIN] = 50,
	[TS_ACTION_NODATA] = 50,
	[TS_ACTION_REFUSED] = 50,
	[TS_ACTION_DEFER] = 45,
	[TS_ACTION_OBSERVE] = 40,
	[TS_ACTION_PASS] = 10,
};

unsigned ts_alert_severity(ts_action_t action, unsigned evidence, bool tld)
{
	unsigned s = severity_of_action[action];

	if (evidence & TS_EVIDENCE_LISTED)
		s += 10;
	else if (evidence & TS_EVIDENCE_DNS)
		s += 5;
	return s + (tld ? 3 : 0);
}

/* Puts the texts, ended by NULL, one behind the other; what does not fit is cut off. (A printf
 * takes longer than the rest of a line.) */
static void join(char *buf, size_t size, const char *const *texts)
{
	char *p = buf, *end = buf + size - 1;

	for (; *texts; texts++) {
		size_t n = strlen(*texts);
		if (n > (size_t)(end - p))
			n = (size_t)(end - p);
		p = mempcpy(p, *texts, n);
	}
	*p = '\0';
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const char *number_text(uint64_t value, char buf[24])
{
	char *p = buf + 23;

	*p = '\0';
	do
		*--p = (char)('0' + value % 10);
	while (value /= 10);
	return p;
}

/* What the client saw, for the message. */
static const char *const answered_with[] = {
	[TS_ACTION_SINKHOLE] = "answered with sinkhole",
	[TS_ACTION_NULLMX] = "answered with null MX",
	[TS_ACTION_NXDOMAIN] = "answered with NXDOMAIN",
	[TS_ACTION_NODATA] = "answered with NODATA",
	[TS_ACTION_REFUSED] = "answered with REFUSED",
	[TS_ACTION_DEFER] = "answered with SERVFAIL",
	[TS_ACTION_OBSERVE] = "observed only",
	[TS_ACTION_PASS] = "passed",
};

static const char *class_name(uint16_t class, char buf[16])
{
	if (class == TS_CLASS_IN)
		return "IN";
	snprintf(buf, 16, "CLASS%u", class);
	return buf;
}

static const char *rcode_name(uint8_t rcode, char buf[16])
{
	static const char *const names[] = {
		"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

	if (rcode < sizeof(names) / sizeof(names[0]))
		return names[rcode];
	snprintf(buf, 16, "RCODE%u", rcode);
	return buf;
}

static const struct {
	const char *transport;   /* network.transport */
	const char *application; /* network.application, for what carries DNS inside it */
} transports[] = {
	[TS_UDP] = {"udp", NULL},
	[TS_TCP] = {"tcp", NULL},
	[TS_DOT] = {"tcp", "dot"},
	[TS_DOH] = {"tcp", "doh"},
	[TS_DOQ] = {"udp", "doq"},
};

/* ---- pieces ---- */

/* Text of a part that is a name; "" where the part is empty. */
static const char *name_text(
	const ts_record_t *r, ts_part_t part, unsigned skip, char buf[TS_NAME_TEXT_MAX])
{
	const uint8_t *wire = ts_record_part(r, part);

	buf[0] = '\0';
	if (r->len[part] == 0)
		return buf;
	while (skip-- > 0 && *wire != 0)
		wire += 1 + *wire;
	ts_name_to_text(wire, buf, TS_NAME_TEXT_MAX);
	return buf;
}

/* The same with its final dot, as zone names are written. */
static void add_dot(char buf[TS_NAME_TEXT_MAX + 1])
{
	size_t n = strlen(buf);

	if (n > 0 && strcmp(buf, ".") != 0)
		memcpy(buf + n, ".", 2);
}

static const char *address_text(const ts_client_t *c, char buf[CLIENT_TEXT_MAX])
{
	if (c->family == 0 ||
		!inet_ntop(c->family == 4 ? AF_INET : AF_INET6, c->addr, buf, CLIENT_TEXT_MAX))
		buf[0] = '\0';
	return buf;
}

/* A client as alert-client wants it shown. */
struct shown_client {
	char ip[CLIENT_TEXT_MAX];      /* an address, or empty */
	char address[CLIENT_TEXT_MAX]; /* prefix or hash, or empty */
};

static void mask(ts_client_t *c, unsigned bits)
{
	for (unsigned i = bits / 8; i < sizeof(c->addr); i++)
		c->addr[i] = 0;
}

static void show_client(const ts_encoder_t *e, const ts_client_t *client, struct shown_client *out)
{
	ts_client_t c = *client;

	out->ip[0] = out->address[0] = '\0';
	if (c.family == 0)
		return;
	switch ((ts_alert_client_t)e->client) {
	case TS_ALERT_CLIENT_FULL:
		address_text(&c, out->ip);
		break;
	case TS_ALERT_CLIENT_PREFIX: {
		unsigned bits = c.family == 4 ? PREFIX_V4 : PREFIX_V6;
		mask(&c, bits);
		address_text(&c, out->ip);
		snprintf(out->address, sizeof(out->address), "%.50s/%u", out->ip, bits);
		break;
	}
	case TS_ALERT_CLIENT_HASH: {
		size_t len = 1 + (c.family == 4 ? 4 : 16);
		uint8_t data[17] = {c.family};
		memcpy(data + 1, c.addr, len - 1);
		snprintf(out->address, sizeof(out->address), "client-%016" PRIx64 "%016" PRIx64,
			ts_siphash(e->client_key, data, len),
			ts_siphash(e->client_key + 16, data, len));
		break;
	}
	}
}

static void str_if(ts_json_t *j, const char *key, const char *value)
{
	if (value && value[0])
		ts_json_str(j, key, value);
}

static void strings(ts_json_t *j, const char *key, const char *a, const char *b)
{
	ts_json_array(j, key);
	ts_json_str(j, NULL, a);
	if (b)
		ts_json_str(j, NULL, b);
	ts_json_close(j, ']');
}

/* ---- the line ---- */

/* What every kind of event has, filled by the kind's own function before anything is written. */
struct head {
	char message[8 * TS_NAME_TEXT_MAX];
	char reason[3 * TS_NAME_TEXT_MAX];
	const char *kind;
	const char *category[2];
	const char *type;
	const char *action;
	const char *outcome;
	int severity;   /* -1: none */
	int risk_score; /* hundredths; -1: none */
	const char *dataset;
};

static void head_begin(const ts_encoder_t *e, ts_json_t *j, const struct head *h,
	const ts_record_t *r, const ts_encode_extra_t *x, int64_t created_us, ts_encoder_t *next)
{
	char text[TS_TIME_TEXT_MAX], created[TS_TIME_TEXT_MAX], id[TS_ULID_LEN + 1];
	const ts_repeated_t *rep = x ? x->repeated : NULL;

	*next = *e;
	next->sequence++;
	ts_ulid_next(&next->ulid, created_us, id);
	ts_time_text(rep ? rep->last_us : r->time_us, text);
	ts_time_text(created_us, created);

	ts_json_object(j, NULL);
	ts_json_str(j, "@timestamp", text);
	ts_json_object(j, "ecs");
	ts_json_str(j, "version", TS_ECS_VERSION);
	ts_json_close(j, '}');
	ts_json_str(j, "message", h->message);
	ts_json_object(j, "event");
	ts_json_str(j, "id", id);
	ts_json_str(j, "kind", h->kind);
	strings(j, "category", h->category[0], h->category[1]);
	strings(j, "type", h->type, NULL);
	ts_json_str(j, "action", h->action);
	ts_json_str(j, "outcome", h->outcome);
	if (h->severity >= 0)
		ts_json_int(j, "severity", h->severity);
	if (h->risk_score >= 0)
		ts_json_fixed(j, "risk_score", h->risk_score / 10, 1);
	str_if(j, "reason", h->reason);
	ts_json_int(j, "sequence", (int64_t)next->sequence);
	ts_json_str(j, "dataset", h->dataset);
	ts_json_str(j, "module", "typosink");
	ts_json_str(j, "provider", "typosink");
	ts_json_str(j, "created", created);
	if (rep || (x && x->since_us)) {
		ts_time_text(rep ? rep->first_us : x->since_us, text);
		ts_json_str(j, "start", text);
		ts_time_text(rep ? rep->last_us : r->time_us, text);
		ts_json_str(j, "end", text);
	}
	ts_json_close(j, '}');
}

static void put_observer(const ts_encoder_t *e, ts_json_t *j)
{
	ts_json_object(j, "observer");
	ts_json_str(j, "type", "dns-resolver");
	ts_json_str(j, "product", "typosink");
	ts_json_str(j, "version", PACKAGE_VERSION);
	str_if(j, "hostname", e->hostname);
	ts_json_close(j, '}');
}

static void ours_begin(const ts_encoder_t *e, ts_json_t *j)
{
	ts_json_object(j, "typosink");
	ts_json_int(j, "schema", TS_ALERT_SCHEMA);
	ts_json_str(j, "boot_id", e->boot_id);
}

static void put_endpoint(ts_json_t *j, const char *key, const struct shown_client *c, unsigned port)
{
	if (!c->ip[0] && !c->address[0])
		return;
	ts_json_object(j, key);
	str_if(j, "address", c->address);
	str_if(j, "ip", c->ip);
	if (port)
		ts_json_int(j, "port", port);
	ts_json_close(j, '}');
}

static void put_question(ts_json_t *j, const ts_record_t *r, const char *qname)
{
	char buf[TS_NAME_TEXT_MAX], num[TS_TYPE_TEXT_MAX];
	ts_name_t name;

	ts_json_object(j, "question");
	ts_json_str(j, "name", qname);
	ts_json_str(j, "type", ts_type_name(r->qtype, num));
	ts_json_str(j, "class", class_name(r->qclass, num));
	if (ts_name_from_wire(&name, ts_record_part(r, TS_PART_QNAME), r->len[TS_PART_QNAME]) ==
			TS_OK &&
		name.nlabels > 0) {
		unsigned suffix = ts_suffix_start(&name);
		if (suffix > 0 && suffix < name.nlabels) {
			name_text(r, TS_PART_QNAME, suffix - 1, buf);
			ts_json_str(j, "registered_domain", buf);
			if (suffix > 1) {
				/* What stands left of the registered domain and its dot. */
				size_t len = strlen(qname) - strlen(buf) - 1;
				ts_json_strn(j, "subdomain", qname, len);
			}
		}
		if (suffix < name.nlabels)
			ts_json_str(
				j, "top_level_domain", name_text(r, TS_PART_QNAME, suffix, buf));
	}
	ts_json_close(j, '}');
}

/* The sinkhole's MX, as the answer had it. */
static void put_answers(ts_json_t *j, const ts_record_t *r, const char *owner)
{
	char host[TS_NAME_TEXT_MAX + 1], data[TS_NAME_TEXT_MAX + 8], num[16];
	char number[24];

	bool null_mx = r->action == TS_ACTION_NULLMX;
	if (!r->applied || (r->qtype != TS_TYPE_MX && r->qtype != TS_TYPE_ANY) ||
		(r->len[TS_PART_SINKHOLE] == 0 && !null_mx))
		return;
	name_text(r, TS_PART_SINKHOLE, 0, host);
	add_dot(host);
	join(data, sizeof(data),
		TEXTS(number_text(null_mx ? 0 : r->sinkhole_preference, number), " ",
			null_mx ? "." : host));
	ts_json_array(j, "answers");
	ts_json_object(j, NULL);
	ts_json_str(j, "name", owner);
	ts_json_str(j, "type", "MX");
	ts_json_str(j, "class", class_name(r->qclass, num));
	ts_json_int(j, "ttl", r->ttl);
	ts_json_str(j, "data", data);
	ts_json_close(j, '}');
	ts_json_close(j, ']');
}

static void encode_alert(const ts_encoder_t *e, const ts_record_t *r, const ts_encode_extra_t *x,
	struct head *h, int64_t created_us, ts_json_t *j, ts_encoder_t *next)
{
	char qname[TS_NAME_TEXT_MAX], suffix[TS_NAME_TEXT_MAX], counterpart[TS_NAME_TEXT_MAX];
	char zone[TS_NAME_TEXT_MAX + 1], ruleset[TS_NAME_TEXT_MAX + 1], host[TS_NAME_TEXT_MAX];
	char rdata[TS_NAME_TEXT_MAX], num[16], count[24];
	const char *class = ts_class_get(r->class_id)->name;
	const ts_repeated_t *rep = x ? x->repeated : NULL;
	bool listed = r->kind == TS_EVENT_RHSBL, found = r->kind == TS_EVENT_RDATA || listed;
	bool other = r->len[TS_PART_RDATA] > 0, alias = other && !found; /* than the query name */
	struct shown_client client, server;

	name_text(r, TS_PART_QNAME, 0, qname);
	name_text(r, TS_PART_RDATA, 0, rdata);
	name_text(r, other ? TS_PART_RDATA : TS_PART_QNAME, r->suffix, suffix);
	name_text(r, TS_PART_COUNTERPART, 0, counterpart);
	name_text(r, TS_PART_PROTECTED, 0, zone);
	name_text(r, TS_PART_RULESET, 0, ruleset);
	name_text(r, TS_PART_SINKHOLE, 0, host);
	show_client(e, &r->client, &client);
	server.address[0] = '\0';
	address_text(&r->server, server.ip);

	const char *who = client.ip[0] ? client.ip : client.address[0] ? client.address : "unknown";
	const char *what = ts_type_name(r->qtype, num);
	if (client.address[0])
		who = client.address;
	const char *told = answered_with[r->action];
	const char *by = r->applied ? host : "", *space = *by ? " " : "";
	char asked[2 * TS_NAME_TEXT_MAX + 16];
	if (alias)
		join(asked, sizeof(asked), TEXTS(qname, " (alias of ", rdata, ")"));
	else
		join(asked, sizeof(asked), TEXTS(qname));
	if (listed)
		join(h->message, sizeof(h->message),
			TEXTS(who, " found ", rdata, " in the list: did you mean ", counterpart,
				"?"));
	else if (found)
		join(h->message, sizeof(h->message),
			TEXTS(what, " of ", qname, " points to ", rdata, ": did the owner mean ",
				counterpart, "?"));
	else if (rep)
		join(h->message, sizeof(h->message),
			TEXTS(number_text(rep->count, count), " more look-ups of ", what, " ",
				asked, " from ", who, " ", told, space, by, ": did you mean ",
				counterpart, "?"));
	else
		join(h->message, sizeof(h->message),
			TEXTS(what, " ", asked, " from ", who, " ", told, space, by,
				": did you mean ", counterpart, "?"));
	join(h->reason, sizeof(h->reason), TEXTS(class, " ", zone, "->", suffix));
	h->kind = "alert";
	h->category[0] = "network";
	h->category[1] = "intrusion_detection";
	h->type = found && !listed ? "info" : r->applied ? "denied" : "allowed";
	h->action = listed ? "rhsbl" : found ? "rdata" : ts_action_name(r->action);
	h->outcome = "success";
	h->severity = (int)ts_alert_severity(
		r->action, r->evidence, r->len[TS_PART_PROTECTED] > 0 && !strchr(zone, '.'));
	h->risk_score = r->score;
	h->dataset = "typosink.alert";
	head_begin(e, j, h, r, x, created_us, next);

	char serial[24], id[24];
	ts_json_object(j, "rule");
	ts_json_strn(
		j, "id", (const char *)ts_record_part(r, TS_PART_MEMBER), r->len[TS_PART_MEMBER]);
	add_dot(zone);
	ts_json_str(j, "name", zone);
	ts_json_str(j, "category", class);
	add_dot(ruleset);
	ts_json_str(j, "ruleset", ruleset);
	ts_json_str(j, "version", number_text(r->serial, serial));
	ts_json_close(j, '}');

	ts_json_object(j, "dns");
	if (!rep) /* one message's id says nothing about many */
		ts_json_str(j, "id", number_text(r->id, id));
	ts_json_str(j, "op_code", "QUERY");
	ts_json_str(j, "type", "answer");
	ts_json_str(j, "response_code", rcode_name(r->rcode, num));
	put_question(j, r, qname);
	put_answers(j, r, alias ? rdata : qname);
	ts_json_close(j, '}');

	put_endpoint(j, "source", &client,
		rep || e->client != TS_ALERT_CLIENT_FULL ? 0 : r->client_port);
	put_endpoint(j, "destination", &server, r->server_port);

	ts_json_object(j, "network");
	ts_json_str(j, "protocol", "dns");
	ts_json_str(j, "transport", transports[r->transport].transport);
	str_if(j, "application", transports[r->transport].application);
	if (r->client.family)
		ts_json_str(j, "type", r->client.family == 4 ? "ipv4" : "ipv6");
	ts_json_close(j, '}');

	put_observer(e, j);
	ts_json_object(j, "related");
	if (client.ip[0] && !client.address[0])
		strings(j, "ip", client.ip, NULL);
	ts_json_array(j, "hosts");
	ts_json_str(j, NULL, qname);
	if (other)
		ts_json_str(j, NULL, rdata);
	ts_json_str(j, NULL, counterpart);
	ts_json_close(j, ']');
	ts_json_close(j, '}');

	ours_begin(e, j);
	zone[strcmp(zone, ".") == 0 ? 1 : strlen(zone) - 1] = '\0';
	ts_json_str(j, "protected", zone);
	ts_json_str(j, "suffix", suffix);
	ts_json_str(j, "counterpart", counterpart);
	ts_json_str(j, "class", class);
	ts_json_int(j, "distance", r->distance);
	ts_json_fixed(j, "score", (r->score + 50) / 100, 2);
	ts_json_str(j, "evidence", ts_evidence_name(r->evidence));
	ts_json_bool(j, "applied", r->applied);
	if (r->ede >= 0)
		ts_json_int(j, "ede", r->ede);
	if (other)
		ts_json_str(j, "rdata", rdata);
	ts_json_int(j, "count", rep ? (int64_t)rep->count : 1);
	ts_json_close(j, '}');
}

static void encode_policy(const ts_encoder_t *e, const ts_record_t *r, const ts_encode_extra_t *x,
	struct head *h, int64_t created_us, ts_json_t *j, ts_encoder_t *next)
{
	char serial[16];
	const char *name = (const char *)ts_record_part(r, TS_PART_POLICY);
	const char *message = (const char *)ts_record_part(r, TS_PART_MESSAGE);
	int name_len = r->len[TS_PART_POLICY], message_len = r->len[TS_PART_MESSAGE];

	snprintf(serial, sizeof(serial), "%" PRIu32, r->serial);
	if (r->failed)
		snprintf(h->message, sizeof(h->message), "policy %.*s failed to load: %.*s",
			name_len, name, message_len, message);
	else if (message_len)
		snprintf(h->message, sizeof(h->message), "%.*s", message_len, message);
	else
		snprintf(h->message, sizeof(h->message), "policy %.*s serial %s is in force",
			name_len, name, serial);
	snprintf(h->reason, sizeof(h->reason), "%.*s", message_len, message);
	h->kind = "event";
	h->category[0] = "configuration";
	h->type = r->failed ? "info" : "change";
	h->action = "policy";
	h->outcome = r->failed ? "failure" : "success";
	h->dataset = "typosink.health";
	head_begin(e, j, h, r, x, created_us, next);
	ts_json_object(j, "rule");
	ts_json_strn(j, "ruleset", name, (size_t)name_len);
	if (!r->failed)
		ts_json_str(j, "version", serial);
	ts_json_close(j, '}');
	put_observer(e, j);
	ours_begin(e, j);
	ts_json_close(j, '}');
}

static void encode_run(const ts_encoder_t *e, const ts_record_t *r, const ts_encode_extra_t *x,
	struct head *h, int64_t created_us, ts_json_t *j, ts_encoder_t *next)
{
	const ts_previous_run_t *p = x ? x->previous : NULL;
	bool start = r->kind == TS_EVENT_START;

	if (p && !p->boot_id[0])
		p = NULL;
	snprintf(h->message, sizeof(h->message), "typosink %s: run %s%s",
		start ? "started" : "stopped", e->boot_id,
		p && !p->clean ? ", and the run before it ended without a stop" : "");
	h->kind = "event";
	h->category[0] = "process";
	h->type = start ? "start" : "end";
	h->action = start ? "start" : "stop";
	h->outcome = "success";
	h->dataset = "typosink.health";
	head_begin(e, j, h, r, x, created_us, next);
	put_observer(e, j);
	ours_begin(e, j);
	if (p) {
		ts_json_object(j, "previous");
		ts_json_str(j, "boot_id", p->boot_id);
		ts_json_int(j, "sequence", (int64_t)p->sequence);
		ts_json_bool(j, "clean", p->clean);
		if (!p->clean)
			ts_json_int(j, "unwritten_max", (int64_t)p->unwritten_max);
		ts_json_close(j, '}');
	}
	ts_json_close(j, '}');
}

static void encode_loss(const ts_encoder_t *e, const ts_record_t *r, const ts_encode_extra_t *x,
	struct head *h, int64_t created_us, ts_json_t *j, ts_encoder_t *next)
{
	uint64_t dropped = x ? x->dropped : 0, discarded = x ? x->discarded : 0;

	snprintf(h->message, sizeof(h->message),
		"%" PRIu64 " events lost (%" PRIu64 " at a full queue, %" PRIu64
		" that could not be written%s%s)",
		dropped + discarded, dropped, discarded, x && x->why ? ": " : "",
		x && x->why ? x->why : "");
	h->kind = "pipeline_error";
	h->category[0] = "process";
	h->type = "info";
	h->action = "loss";
	h->outcome = "failure";
	h->severity = 90;
	h->dataset = "typosink.health";
	if (x && x->why)
		snprintf(h->reason, sizeof(h->reason), "%s", x->why);
	head_begin(e, j, h, r, x, created_us, next);
	put_observer(e, j);
	ours_begin(e, j);
	ts_json_object(j, "lost");
	ts_json_int(j, "count", (int64_t)(dropped + discarded));
	ts_json_int(j, "queue", (int64_t)dropped);
	ts_json_int(j, "write", (int64_t)discarded);
	ts_json_close(j, '}');
	ts_json_close(j, '}');
}

typedef void encode_fn(const ts_encoder_t *e, const ts_record_t *r, const ts_encode_extra_t *x,
	struct head *h, int64_t created_us, ts_json_t *j, ts_encoder_t *next);

static encode_fn *const encode_kind[] = {
	[TS_EVENT_ALERT] = encode_alert,
	[TS_EVENT_RDATA] = encode_alert,
	[TS_EVENT_RHSBL] = encode_alert,
	[TS_EVENT_POLICY] = encode_policy,
	[TS_EVENT_START] = encode_run,
	[TS_EVENT_STOP] = encode_run,
	[TS_EVENT_LOSS] = encode_loss,
};

size_t ts_encode(ts_encoder_t *encoder, const ts_record_t *record, const ts_encode_extra_t *extra,
	int64_t created_us, char *buf, size_t size)
{
	struct head head;
	ts_encoder_t next;
	ts_json_t json;

	if (size < 2)
		return 0;
	head.message[0] = head.reason[0] = '\0';
	head.category[1] = NULL;
	head.severity = head.risk_score = -1;
	ts_json_init(&json, buf, size - 1); /* room for the newline */
	encode_kind[record->kind](encoder, record, extra, &head, created_us, &json, &next);
	ts_json_close(&json, '}');
	size_t len = ts_json_finish(&json);
	if (len == 0)
		return 0;
	buf[len] = '\n';
	*encoder = next;
	return len + 1;
}
