/* SPDX-License-Identifier: BSD-3-Clause
 *
 * event: what an alert says, as the one who raises it has it. All pointers are borrowed for the
 * call of ts_pipeline_submit(); the pipeline copies what it needs into its queue.
 */
#ifndef TS_ALERT_EVENT_H
#define TS_ALERT_EVENT_H

#include "../verdict.h"

typedef enum ts_event_kind {
	TS_EVENT_ALERT,  /* a client got an intercepted (or observed) answer */
	TS_EVENT_RDATA,  /* a typo in other people's data (MX, NS, SRV, CNAME target) */
	TS_EVENT_RHSBL,  /* a mail server asked the list for a domain, and it is listed */
	TS_EVENT_POLICY, /* a policy was loaded, or failed to load */
	TS_EVENT_START,  /* of the pipeline itself, as are the next two */
	TS_EVENT_STOP,
	TS_EVENT_LOSS,
} ts_event_kind_t;

typedef enum ts_transport { TS_UDP, TS_TCP, TS_DOT, TS_DOH, TS_DOQ } ts_transport_t;

typedef struct ts_event {
	ts_event_kind_t kind;
	int64_t time_us; /* wall clock, microseconds since the epoch */

	/* ALERT and RDATA */
	const ts_verdict_t *verdict; /* TYPO, with policy */
	const uint8_t *qname;        /* wire format, case as the client sent it */
	uint16_t qtype, qclass;
	uint16_t id;             /* DNS message id */
	uint8_t rcode;           /* of the answer */
	bool applied;            /* false: observed only */
	int ede;                 /* info code, or -1 */
	uint32_t ttl;            /* of the answer, seconds */
	const uint8_t *sinkhole; /* wire name of the first MX host; NULL where there is none */
	uint16_t sinkhole_preference;
	const uint8_t *rdata_name; /* the typo where it is not the query name: RDATA's target,
				    * RHSBL's domain, ALERT's alias target; wire */
	ts_client_t client;
	uint16_t client_port;
	ts_client_t server; /* the resolver's address, family 0 where not known */
	uint16_t server_port;
	ts_transport_t transport;

	/* POLICY */
	const char *policy_name; /* zone or source, text */
	uint32_t policy_serial;
	const char *message; /* text, one line */
	bool failed;         /* event.outcome */
} ts_event_t;

#endif
