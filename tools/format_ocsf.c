/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ocsf: Open Cybersecurity Schema Framework 1.5, class DNS Activity (4003) with the profile
 * security_control. Events that are no look-up have no form in that class.
 */
#include "config.h"

#include "alert_event.h"

#include <stdlib.h>
#include <string.h>

/* What the resolver did, in OCSF's words: action_id, disposition_id. */
static const struct {
	const char *action;
	int action_id;
	const char *action_word;
	int disposition_id;
	const char *disposition_word;
} actions[] = {
	{"sinkhole", 4, "Modified", 2, "Blocked"},
	{"nullmx", 4, "Modified", 2, "Blocked"},
	{"nxdomain", 2, "Denied", 2, "Blocked"},
	{"nodata", 2, "Denied", 2, "Blocked"},
	{"refused", 2, "Denied", 2, "Blocked"},
	{"defer", 2, "Denied", 2, "Blocked"},
	{"observe", 3, "Observed", 15, "Detected"},
	{"rdata", 3, "Observed", 15, "Detected"},
	{"rhsbl", 2, "Denied", 2, "Blocked"},
};

static const char *const rcodes[] = {
	"NoError", "FormError", "ServError", "NXDomain", "NotImp", "Refused"};
static const char *const ecs_rcodes[] = {
	"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"};

static void set_text(json_t *object, const char *key, const char *text)
{
	if (text[0])
		json_object_set_new(object, key, json_string(text));
}

static json_t *endpoint(const json_t *event, const char *which)
{
	const json_t *from = json_object_get(event, which);
	json_t *to = json_object();

	set_text(to, "ip", alert_str(from, "ip"));
	if (!alert_str(from, "ip")[0])
		set_text(to, "uid", alert_str(from, "address"));
	if (json_object_get(from, "port"))
		json_object_set_new(to, "port", json_integer(alert_int(from, "port")));
	return to;
}

static int severity_id(int64_t severity)
{
	return severity >= 70 ? 4 : severity >= 50 ? 3 : severity >= 40 ? 2 : 1;
}

static void set_rcode(json_t *o, const json_t *event)
{
	const char *rcode = alert_str(event, "dns.response_code");

	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
		if (strcmp(rcode, ecs_rcodes[i]) != 0)
			continue;
		json_object_set_new(o, "rcode_id", json_integer((json_int_t)i));
		json_object_set_new(o, "rcode", json_string(rcodes[i]));
		return;
	}
	json_object_set_new(o, "rcode_id", json_integer(99));
	set_text(o, "rcode", rcode);
}

static json_t *answers(const json_t *event)
{
	const json_t *all = alert_get(event, "dns.answers");
	json_t *to = json_array();

	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *from = json_array_get(all, i);

		json_array_append_new(to,
			json_pack("{s:s, s:s, s:s, s:I}", "rdata", alert_str(from, "data"), "type",
				alert_str(from, "type"), "class", alert_str(from, "class"), "ttl",
				(json_int_t)alert_int(from, "ttl")));
	}
	return to;
}

static bool print(const json_t *event, const char *line, FILE *out)
{
	static const char *const severities[] = {
		"Unknown", "Informational", "Low", "Medium", "High"};
	const char *action = alert_str(event, "event.action");
	const char *transport = alert_str(event, "network.transport");
	int severity = severity_id(alert_int(event, "event.severity"));
	size_t a = 0;

	(void)line;
	if (!alert_is_alert(event))
		return false;
	while (a + 1 < sizeof(actions) / sizeof(actions[0]) &&
		strcmp(actions[a].action, action) != 0)
		a++;
	json_t *o = json_pack("{s:i, s:s, s:i, s:s, s:i, s:s, s:i, s:s, s:I, s:i, s:s, s:b}",
		"activity_id", 6, "activity_name", "Traffic", "category_uid", 4, "category_name",
		"Network Activity", "class_uid", 4003, "class_name", "DNS Activity", "type_uid",
		400306, "type_name", "DNS Activity: Traffic", "time",
		(json_int_t)(alert_time_us(alert_str(event, "@timestamp")) / 1000), "severity_id",
		severity, "severity", severities[severity], "is_alert", 1);
	if (!o)
		return false;
	json_object_set_new(o, "metadata",
		json_pack("{s:s, s:[s], s:s, s:I, s:s, s:{s:s, s:s, s:s}}", "version", "1.5.0",
			"profiles", "security_control", "uid", alert_str(event, "event.id"),
			"sequence", (json_int_t)alert_int(event, "event.sequence"), "log_name",
			alert_str(event, "event.dataset"), "product", "name", "typosink",
			"vendor_name", "typosink", "version",
			alert_str(event, "observer.version")));
	json_object_set_new(o, "action_id", json_integer(actions[a].action_id));
	json_object_set_new(o, "action", json_string(actions[a].action_word));
	json_object_set_new(o, "disposition_id", json_integer(actions[a].disposition_id));
	json_object_set_new(o, "disposition", json_string(actions[a].disposition_word));
	set_text(o, "message", alert_str(event, "message"));
	json_object_set_new(o, "count", json_integer(alert_int(event, "typosink.count")));
	if (alert_str(event, "event.start")[0]) {
		json_object_set_new(o, "start_time",
			json_integer(alert_time_us(alert_str(event, "event.start")) / 1000));
		json_object_set_new(o, "end_time",
			json_integer(alert_time_us(alert_str(event, "event.end")) / 1000));
	}
	json_t *query =
		json_pack("{s:s, s:s, s:s, s:i}", "hostname", alert_str(event, "dns.question.name"),
			"type", alert_str(event, "dns.question.type"), "class",
			alert_str(event, "dns.question.class"), "opcode_id", 0);
	if (alert_str(event, "dns.id")[0])
		json_object_set_new(
			query, "packet_uid", json_integer(atoll(alert_str(event, "dns.id"))));
	json_object_set_new(o, "query", query);
	set_rcode(o, event);
	if (alert_get(event, "dns.answers"))
		json_object_set_new(o, "answers", answers(event));
	json_object_set_new(o, "src_endpoint", endpoint(event, "source"));
	if (json_object_get(event, "destination"))
		json_object_set_new(o, "dst_endpoint", endpoint(event, "destination"));
	json_object_set_new(o, "connection_info",
		json_pack("{s:i, s:s, s:i}", "direction_id", 0, "protocol_name", transport,
			"protocol_num", strcmp(transport, "tcp") == 0 ? 6 : 17));
	json_object_set_new(o, "firewall_rule",
		json_pack("{s:s, s:s, s:s, s:s}", "uid", alert_str(event, "rule.id"), "name",
			alert_str(event, "rule.name"), "category",
			alert_str(event, "rule.category"), "version",
			alert_str(event, "rule.version")));
	json_object_set_new(
		o, "unmapped", json_pack("{s:O}", "typosink", json_object_get(event, "typosink")));
	return alert_put_json(out, o);
}

const alert_format_t format_ocsf = {"ocsf", "OCSF 1.5 DNS Activity, alerts only", print};
