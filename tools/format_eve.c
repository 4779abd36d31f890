/* SPDX-License-Identifier: BSD-3-Clause
 *
 * eve: Suricata's EVE JSON, event type "alert" with its "dns" object. Alerts only.
 */
#include "config.h"

#include "alert_event.h"

#include <stdlib.h>
#include <string.h>

/* A number for the class that stays the same whatever the table of classes becomes (FNV-1a). */
static json_int_t signature_id(const char *class)
{
	uint32_t h = 2166136261u;

	for (; *class; class ++)
		h = (h ^ (unsigned char)*class) * 16777619u;
	return (json_int_t)(h & 0x7fffffff);
}

static void copy(json_t *to, const char *key, const json_t *event, const char *path)
{
	json_t *v = (json_t *)(uintptr_t)alert_get(event, path);

	if (v)
		json_object_set(to, key, v);
}

static bool print(const json_t *event, const char *line, FILE *out)
{
	const char *class = alert_str(event, "typosink.class");
	const char *transport = alert_str(event, "network.transport");
	int64_t severity = alert_int(event, "event.severity");
	const char *stamp = alert_str(event, "@timestamp");

	(void)line;
	if (!alert_is_alert(event))
		return false;
	/* EVE's stamps: "+0000" where RFC 3339 has "Z". */
	json_t *o = json_pack("{s:o, s:s, s:s, s:s}", "timestamp",
		json_sprintf("%.*s+0000", (int)strspn(stamp, "0123456789-:.T"), stamp),
		"event_type", "alert", "proto", strcmp(transport, "tcp") == 0 ? "TCP" : "UDP",
		"app_proto", "dns");
	if (!o)
		return false;
	copy(o, "src_ip", event, "source.ip");
	copy(o, "src_port", event, "source.port");
	copy(o, "dest_ip", event, "destination.ip");
	copy(o, "dest_port", event, "destination.port");
	copy(o, "host", event, "observer.hostname");
	json_object_set_new(o, "alert",
		json_pack("{s:s, s:i, s:I, s:i, s:o, s:s, s:i}", "action",
			json_is_true(alert_get(event, "typosink.applied")) ? "blocked" : "allowed",
			"gid", 1, "signature_id", signature_id(class), "rev", 1, "signature",
			json_sprintf(
				"typosink %s of %s", class, alert_str(event, "typosink.protected")),
			"category", "Misaddressed mail", "severity",
			severity >= 70   ? 1
			: severity >= 50 ? 2
					 : 3));
	json_t *dns = json_pack("{s:s}", "type", "answer");
	if (alert_str(event, "dns.id")[0])
		json_object_set_new(dns, "id", json_integer(atoll(alert_str(event, "dns.id"))));
	copy(dns, "rrname", event, "dns.question.name");
	copy(dns, "rrtype", event, "dns.question.type");
	copy(dns, "rcode", event, "dns.response_code");
	json_object_set_new(o, "dns", dns);
	copy(o, "typosink", event, "typosink");
	return alert_put_json(out, o);
}

const alert_format_t format_eve = {"eve", "Suricata EVE, alerts only", print};
