/* SPDX-License-Identifier: BSD-3-Clause
 *
 * module_fixture: a policy for .mil, and the module running with it in the stand-in for Unbound.
 */
#ifndef TS_TESTS_MODULE_FIXTURE_H
#define TS_TESTS_MODULE_FIXTURE_H

#include "module_host.h"

/* What every policy begins with. */
#define POLICY_START(zone, serial)                      \
	"$ORIGIN " zone ".\n$TTL 30\n"                  \
	"@ IN SOA invalid. hostmaster.invalid. " serial \
	" 3600 600 2147483646 0\n@ IN NS invalid.\nversion IN TXT \"2\"\n"
/* What stands behind it. */
#define MIL                                                                               \
	"m1.zones PTR mil.\ntypo.typosink.ext.m1.zones PTR ml.\nm2.zones PTR army.mil.\n" \
	"$ORIGIN typosink.ext.p.example.\nsinkhole MX 10 mx.sinkhole.example.\n"          \
	"sinkhole A 192.0.2.25\n"
#define CLIENTS                                                              \
	"lab.clients APL 2:2001:db8::/32\naction.lab.clients TXT \"pass\"\n" \
	"mail.clients APL 1:192.0.2.0/24\naction.mail.clients TXT \"nullmx\"\n"
#define SUNK "MX mx.sinkhole.example"

/* A policy of this serial: the head that every policy needs, and the rest. Good until the next. */
const char *policy_text(int serial, const char *rest);
/* The module, begun with such a policy and this configuration. */
host_t *begin(const char *rest, const char *conf);
/* What a client is told of a name: once it has started and, where it goes on, come back. */
const char *told(host_t *h, const char *name, uint16_t type, const char *client);
/* The line of the alert file that has this in it, of a module that has ended; NULL: none. */
const char *alerted(host_t *h, const char *what);

#endif
