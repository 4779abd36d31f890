/* SPDX-License-Identifier: BSD-3-Clause
 *
 * replay_live: sends recorded queries to a running resolver and compares what it answers with what
 * the policy says. One thread; so many queries in flight, so memory does not grow with the input.
 */
#ifndef TS_TOOLS_REPLAY_LIVE_H
#define TS_TOOLS_REPLAY_LIVE_H

#include "../src/capture/capture.h"
#include "../src/verdict.h"

typedef struct live live_t;

typedef struct live_options {
	const char *server; /* "ADDR@PORT" or "ADDR" */
	bool allow_remote;  /* an address off loopback is meant */
	double speed;       /* 2: twice as fast as recorded */
	double qps;         /* 0: as recorded */
	bool json;
} live_options_t;

/**
 * Opens the sockets. \param why  set where it fails: a sentence.
 * \return EXIT_OK, EXIT_USAGE (the address), EXIT_TROUBLE.
 */
int live_new(const live_options_t *options, live_t **out, const char **why);

/** The address that the server sees, which client sets are judged by. */
const ts_client_t *live_client(const live_t *live);

/** Waits for the query's time, sends it, takes in what comes meanwhile. */
void live_send(live_t *live, const ts_message_t *m, const ts_verdict_t *v);

/** Waits for what is in flight and prints the figures.
 * \return EXIT_OK; EXIT_FOUND where an answer was missing or not the policy's. */
int live_finish(live_t *live);

void live_free(live_t *live);

#endif
