/* SPDX-License-Identifier: BSD-3-Clause
 *
 * status: see status.h. One TXT record a fact, each "word value...":
 *   version 0.1.0
 *   host 1.17.1 <build-id of the Unbound it is built for>
 *   policy mil.policy.example. 2026112301 4 ok|stale /etc/typosink/mil.zone
 *   policy - - - missing /etc/typosink/other.zone
 * (name, serial, protected zones, state of the last load, source). "stale": what came after it was
 * refused, or the source is gone; the last good policy serves.
 */
#include "status.h"

#include "answer_build.h"
#include "watcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TTL 0 /* nobody is to keep it */

int ts_status_clients(ts_module_t *m)
{
	const ts_conf_list_t *list = &m->conf.status_clients;
	m->status_clients = calloc(list->count + 1, sizeof(*m->status_clients));
	if (!m->status_clients)
		return TS_ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		if (ts_prefix_parse(list->items[i], &m->status_clients[m->status_count]) == TS_OK)
			m->status_count++;
	}
	return TS_OK;
}

bool ts_status_asked(const ts_module_t *m, const struct query_info *qinfo)
{
	return qinfo->qclass == LDNS_RR_CLASS_CH && m->status_count > 0 &&
	       query_dname_compare(qinfo->qname, (uint8_t *)"\6status\10typosink") == 0;
}

static bool may_ask(const ts_module_t *m, const ts_client_t *client)
{
	for (size_t i = 0; i < m->status_count; i++) {
		if (ts_prefix_has(&m->status_clients[i], client->family, client->addr))
			return true;
	}
	return false;
}

typedef struct facts {
	struct regional *region;
	ts_answer_t *answer;
	bool failed;
} facts_t;

/* Adds a record; a longer one than a string can hold is cut. */
static void add(void *arg, const char *text)
{
	facts_t *f = arg;
	size_t len = strlen(text) < 255 ? strlen(text) : 255;
	uint8_t *rdata;
	if (f->answer->count == TS_ANSWER_RRS_MAX)
		return;
	rdata = regional_alloc(f->region, len + 1);
	if (!rdata) {
		f->failed = true;
		return;
	}
	rdata[0] = (uint8_t)len;
	memcpy(rdata + 1, text, len);
	f->answer->rr[f->answer->count++] = (ts_answer_rr_t){rdata, (uint16_t)(len + 1)};
}

struct reply_info *ts_status_reply(const ts_module_t *m, const struct query_info *qinfo,
	const ts_client_t *client, struct regional *region)
{
	static const char *const ids[] = {TS_HOST_BUILD_IDS};
	ts_answer_t answer = {.type = LDNS_RR_TYPE_TXT, .ttl = TTL, .ede = -1};
	facts_t facts = {region, &answer, false};
	char host[128];
	ts_name_t name;

	if (!client || !may_ask(m, client))
		return ts_reply_empty(region, LDNS_RCODE_REFUSED);
	if (qinfo->qtype != LDNS_RR_TYPE_TXT && qinfo->qtype != LDNS_RR_TYPE_ANY)
		return ts_reply_empty(region, LDNS_RCODE_NOERROR);
	snprintf(host, sizeof(host), "host " TS_HOST_VERSION " %s", ids[0] ? ids[0] : "-");
	add(&facts, "version " TYPOSINK_VERSION);
	add(&facts, host);
	ts_watcher_status(m->watcher, add, &facts);
	if (facts.failed || ts_name_from_wire(&name, qinfo->qname, qinfo->qname_len) != TS_OK)
		return NULL;
	return ts_reply_build(m, region, &answer, qinfo->qname, &name, qinfo->qclass, NULL, 0);
}
