/* SPDX-License-Identifier: BSD-3-Clause
 *
 * conf: typosink.conf, "name: value" lines as in unbound.conf ('#' starts a comment, values may be
 * quoted). One table of options (conf.c) serves the parser, the manual's check and `doctor`.
 */
#ifndef TS_CONF_H
#define TS_CONF_H

#include "diag.h"
#include "verdict.h"

typedef struct ts_conf_list {
	char **items;
	size_t count;
} ts_conf_list_t;

typedef enum ts_alert_client {
	TS_ALERT_CLIENT_FULL,
	TS_ALERT_CLIENT_PREFIX,
	TS_ALERT_CLIENT_HASH
} ts_alert_client_t;
typedef enum ts_without_policy {
	TS_WITHOUT_POLICY_PASS,
	TS_WITHOUT_POLICY_DEFER
} ts_without_policy_t;

/** All strings are owned by the ts_conf_t; absent ones are NULL. */
typedef struct ts_conf {
	ts_conf_list_t policy_files;        /* policy-file: path, may repeat */
	ts_conf_list_t policy_zones;        /* policy-zone: auth-zone name, may repeat */
	char *alert_file;                   /* alert-file: path */
	char *metrics_file;                 /* metrics-file: path */
	char *state_dir;                    /* state-dir: last good policies, boot ids */
	char *popular_file;                 /* popular-file: path */
	char *rhsbl_zone;                   /* rhsbl-zone: name */
	char *alert_client_key_file;        /* alert-client-key-file: key for hash */
	ts_conf_list_t status_clients;      /* status-client: address prefix that may ask CH TXT */
	ts_on_failure_t evidence_failure;   /* evidence-failure: default|intercept|pass|defer */
	ts_without_policy_t without_policy; /* without-policy: pass|defer */
	ts_alert_client_t alert_client;     /* alert-client: full|prefix|hash */
	bool accept_shrink;                 /* accept-shrink: yes|no */
	bool rdata_alerts;                  /* rdata-alerts: yes|no */
	unsigned alert_queue;               /* alert-queue: events, rounded up to a power of two */
	unsigned alert_window;      /* alert-window: seconds over which repeats are counted */
	unsigned alert_clients_max; /* alert-table: entries of the repeat table */
	unsigned evidence_max;      /* evidence-max: counterpart checks in flight */
} ts_conf_t;

/** Sets the defaults. */
void ts_conf_init(ts_conf_t *conf) TS_NONNULL_ALL;
void ts_conf_release(ts_conf_t *conf) TS_NONNULL_ALL;

/**
 * Reads a file over the defaults; unknown options and bad values are errors with file and line, and
 * reading goes on so that one run shows them all. conf is usable (what was good, and defaults) even
 * on error.
 * \return TS_OK, TS_EIO, TS_EINVAL, TS_ENOMEM.
 */
TS_MUST_CHECK int ts_conf_read(ts_conf_t *conf, const char *path, const ts_reporter_t *report)
	TS_NONNULL(1, 2);

typedef struct ts_conf_option {
	const char *name;
	const char *value; /* placeholder in help: "PATH", "yes|no" */
	const char *dflt;  /* default as text; NULL: none */
	const char *help;  /* one line */
} ts_conf_option_t;

/** The table of options, ended by a NULL name. */
const ts_conf_option_t *ts_conf_options(void);

#endif
