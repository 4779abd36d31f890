/* SPDX-License-Identifier: BSD-3-Clause
 *
 * cmd_audit_dns: asks about many names at once, with libunbound. One thread calls; libunbound has
 * one of its own, which ends with the run.
 */
#ifndef TS_TOOLS_CMD_AUDIT_DNS_H
#define TS_TOOLS_CMD_AUDIT_DNS_H

#include <stdbool.h>
#include <stddef.h>

/* Records that are kept of one type; that there are more is told. */
#define AUDIT_RECORDS_MAX 16

typedef enum audit_status {
	AUDIT_TODO,
	AUDIT_ABSENT, /* NXDOMAIN */
	AUDIT_EXISTS,
	AUDIT_FAILED, /* no answer, or SERVFAIL: asked again by the next run */
} audit_status_t;

enum audit_type { AUDIT_MX, AUDIT_A, AUDIT_AAAA, AUDIT_NS, AUDIT_TYPES };

typedef struct audit_name {
	const char *text; /* presentation format */
	audit_status_t status;
	/* Presentation format, printable ASCII, one blank between records, an MX as "10:host"; ""
	 * for none, "?" where there was no answer, "+3" at the end where there are more. Heap. */
	char *records[AUDIT_TYPES];
} audit_name_t;

typedef struct audit_dns_options {
	const char *const *forward; /* "192.0.2.53@53", ended by NULL; none: from the root down */
	const char *trust_anchor;   /* a file: validates; NULL: does not */
	size_t parallel;            /* names in flight */
	void (*done)(void *arg, audit_name_t *name); /* after each name */
	bool (*tick)(void *arg);                     /* a few times a second; false: stop */
	void *arg;
} audit_dns_options_t;

/**
 * Asks about each name whose status is AUDIT_TODO: MX first, and, where the name exists, A, AAAA
 * and NS.
 * \return EXIT_OK also where tick stopped it; EXIT_TROUBLE with a message on stderr.
 */
int audit_dns_run(const audit_dns_options_t *options, audit_name_t *names, size_t count);

#endif
