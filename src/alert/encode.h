/* SPDX-License-Identifier: BSD-3-Clause
 *
 * encode: a record as one line of JSON in the form of the Elastic Common Schema (doc/soc-guide.md
 * has each field). Allocates nothing; the writer's thread only.
 */
#ifndef TS_ALERT_ENCODE_H
#define TS_ALERT_ENCODE_H

#include "../conf.h"
#include "record.h"
#include "repeats.h"
#include "ulid.h"

#define TS_ALERT_SCHEMA 1
#define TS_ECS_VERSION "8.17.0"

/** No line is longer, its newline included: a dozen names of 255 octets, each \\DDD. */
#define TS_ALERT_LINE_MAX 32768

#define TS_BOOT_ID_LEN 8

/** The run before this one, as the state file knew it. */
typedef struct ts_previous_run {
	char boot_id[TS_BOOT_ID_LEN + 1]; /* empty: not known */
	uint64_t sequence;                /* the last one given out */
	bool clean;                       /* its `stop` was written */
	uint64_t unwritten_max;           /* events that its queue and buffer could hold */
} ts_previous_run_t;

typedef struct ts_encoder {
	const char *hostname; /* borrowed, may be NULL */
	char boot_id[TS_BOOT_ID_LEN + 1];
	ts_ulid_t ulid;
	uint64_t sequence; /* of the last line made; counts up only when a line was */
	unsigned client;   /* ts_alert_client_t */
	uint8_t client_key[32];
} ts_encoder_t;

/** What lines say beside their record. All of it may be absent. */
typedef struct ts_encode_extra {
	const ts_repeated_t *repeated;     /* an aggregate */
	const ts_previous_run_t *previous; /* START */
	uint64_t dropped, discarded;       /* LOSS: at the queue; by the writer */
	int64_t since_us;                  /* LOSS: wall clock of the first one noticed */
	const char *why;                   /* LOSS: what the system said, NULL where nothing */
} ts_encode_extra_t;

/**
 * Makes one line, ended by a newline, and gives it the next sequence number.
 * \param created_us  wall clock. \param extra  may be NULL.
 * \return octets; 0 where it did not fit: then no sequence number was used.
 */
size_t ts_encode(ts_encoder_t *encoder, const ts_record_t *record, const ts_encode_extra_t *extra,
	int64_t created_us, char *buf, size_t size) TS_NONNULL(1, 2, 5);

/** The documented severity of an alert, 0 to 100: action, evidence, kind of protected zone. */
unsigned ts_alert_severity(ts_action_t action, unsigned evidence, bool tld) __attribute__((const));

#endif
