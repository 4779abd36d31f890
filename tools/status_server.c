/* SPDX-License-Identifier: BSD-3-Clause
 *
 * status_server: one look-up a resolver, "status.typosink. CH TXT" (typosink-module(8)); UDP, and
 * TCP where the answer does not fit. One after the other: a resolver that is silent costs WAIT
 * seconds twice.
 */
#include "config.h"

#include "status_server.h"

#include "command.h"

#include <jansson.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WAIT 2 /* seconds for an answer */
#define TRIES 2
#define COLUMNS 6

/* Splits ADDR@PORT in place. \return the address as a record, or NULL. */
static ldns_rdf *read_server(char *text, uint16_t *port)
{
	char *at = strchr(text, '@'), *end;
	unsigned long number = 53;

	if (at) {
		*at++ = '\0';
		number = strtoul(at, &end, 10);
		if (*at < '0' || *at > '9' || *end || number == 0 || number > 65535)
			return NULL;
	}
	*port = (uint16_t)number;
	return ldns_rdf_new_frm_str(strchr(text, ':') ? LDNS_RDF_TYPE_AAAA : LDNS_RDF_TYPE_A, text);
}

static ldns_status ask(ldns_rdf *address, uint16_t port, ldns_pkt **answer)
{
	ldns_resolver *r = ldns_resolver_new();
	ldns_rdf *name = ldns_dname_new_frm_str("status.typosink.");
	ldns_status status = LDNS_STATUS_MEM_ERR;
	struct timeval wait = {WAIT, 0};

	if (r && name && ldns_resolver_push_nameserver(r, address) == LDNS_STATUS_OK) {
		ldns_resolver_set_port(r, port);
		ldns_resolver_set_timeout(r, wait);
		ldns_resolver_set_retry(r, TRIES);
		ldns_resolver_set_retrans(r, 0);
		ldns_resolver_set_edns_udp_size(r, 1232);
		ldns_resolver_set_fallback(r, true);
		ldns_resolver_set_recursive(r, true);
		status = ldns_resolver_send(
			answer, r, name, LDNS_RR_TYPE_TXT, LDNS_RR_CLASS_CH, LDNS_RD);
		if (status == LDNS_STATUS_OK && !*answer)
			status = LDNS_STATUS_NETWORK_ERR;
	}
	ldns_rdf_deep_free(name);
	ldns_resolver_deep_free(r);
	return status;
}

/* The next word of *p, in place; what is left where last. */
static char *word(char **p, bool last)
{
	char *begin = *p + strspn(*p, " "), *end = last ? NULL : strchr(begin, ' ');

	if (end)
		*end++ = '\0';
	*p = end ? end : begin + strlen(begin);
	return begin;
}

/* Adds what a TXT record says to state. Words that a later version may add are passed over. */
static void read_fact(char *text, json_t *state)
{
	char *p = text, *kind = word(&p, false);

	if (strcmp(kind, "version") == 0) {
		json_object_set_new(state, "version", json_string(word(&p, false)));
	} else if (strcmp(kind, "host") == 0) {
		json_object_set_new(state, "unbound", json_string(word(&p, false)));
		json_object_set_new(state, "build", json_string(word(&p, false)));
	} else if (strcmp(kind, "policy") == 0) {
		const char *name = word(&p, false), *serial = word(&p, false);
		const char *zones = word(&p, false), *load = word(&p, false);
		const char *source = word(&p, true);
		json_t *policy = json_pack("{s:s*, s:s*}", "state", load, "source", source);
		if (strcmp(name, "-") != 0) {
			json_object_set_new(policy, "name", json_string(name));
			json_object_set_new(policy, "serial",
				json_integer((json_int_t)strtoull(serial, NULL, 10)));
			json_object_set_new(policy, "zones",
				json_integer((json_int_t)strtoull(zones, NULL, 10)));
		}
		json_array_append_new(json_object_get(state, "policies"), policy);
	}
}

static void read_answer(const ldns_pkt *answer, json_t *state)
{
	const ldns_rr_list *rrs = ldns_pkt_answer(answer);

	for (size_t i = 0; i < ldns_rr_list_rr_count(rrs); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(rrs, i);
		char text[256];
		if (ldns_rr_get_type(rr) != LDNS_RR_TYPE_TXT || ldns_rr_rd_count(rr) == 0)
			continue;
		const ldns_rdf *rdf = ldns_rr_rdf(rr, 0);
		const uint8_t *data = ldns_rdf_data(rdf);
		size_t len = data[0] < ldns_rdf_size(rdf) ? data[0] : 0;
		for (size_t k = 0; k < len; k++) /* it comes from the network */
			text[k] =
				data[k + 1] < 0x20 || data[k + 1] > 0x7e ? '?' : (char)data[k + 1];
		text[len] = '\0';
		read_fact(text, state);
	}
}

/* What one server is. */
static json_t *state_of(const char *shown, ldns_rdf *address, uint16_t port)
{
	json_t *state = json_pack("{s:s, s:[]}", "server", shown, "policies");
	ldns_pkt *answer = NULL;
	ldns_status status = ask(address, port, &answer);
	const char *problem = NULL;

	if (status != LDNS_STATUS_OK)
		problem = "no answer";
	else if (ldns_pkt_get_rcode(answer) == LDNS_RCODE_REFUSED)
		problem = "refused: not a status-client of it";
	else if (ldns_pkt_get_rcode(answer) != LDNS_RCODE_NOERROR)
		problem = "no typosink that tells its state";
	else {
		read_answer(answer, state);
		if (!json_object_get(state, "version"))
			problem = "no typosink that tells its state";
		else if (json_array_size(json_object_get(state, "policies")) == 0)
			problem = "no policy is configured";
	}
	if (problem)
		json_object_set_new(state, "problem", json_string(problem));
	ldns_pkt_free(answer);
	return state;
}

/* The newest serial (RFC 1982) of each policy that any of them has. */
static json_t *newest(const json_t *states)
{
	json_t *serials = json_object(), *state, *policy;
	size_t i, k;

	json_array_foreach((json_t *)(uintptr_t)states, i, state)
	{
		json_array_foreach(json_object_get(state, "policies"), k, policy)
		{
			const char *name = json_string_value(json_object_get(policy, "name"));
			json_t *serial = json_object_get(policy, "serial");
			if (!name)
				continue;
			json_t *known = json_object_get(serials, name);
			uint32_t ahead = (uint32_t)json_integer_value(serial) -
					 (uint32_t)json_integer_value(known);
			if (!known || (ahead && ahead < 0x80000000u))
				json_object_set(serials, name, serial);
		}
	}
	return serials;
}

static bool is_well(json_t *states)
{
	json_t *serials = newest(states), *state, *policy;
	bool well = true;
	size_t i, k;

	json_array_foreach(states, i, state)
	{
		if (json_object_get(state, "problem"))
			well = false;
		json_array_foreach(json_object_get(state, "policies"), k, policy)
		{
			const char *name = json_string_value(json_object_get(policy, "name"));
			json_t *serial = json_object_get(policy, "serial");
			bool behind =
				name && json_integer_value(serial) !=
						json_integer_value(json_object_get(serials, name));
			json_object_set_new(policy, "behind", json_boolean(behind));
			if (behind || strcmp(json_string_value(json_object_get(policy, "state")),
					      "ok") != 0)
				well = false;
		}
	}
	json_decref(serials);
	return well;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text && *text ? text : "-";
}

static void print_row(const char *const cells[COLUMNS], const int widths[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++)
		printf("%-*s%s", i + 1 < COLUMNS ? widths[i] : 0, cells[i],
			i + 1 < COLUMNS ? "  " : "\n");
}

/* Calls row for each row of the table. */
static void each_row(const json_t *states,
	void (*row)(const char *const cells[COLUMNS], int widths[COLUMNS]), int widths[COLUMNS])
{
	static const char *const head[COLUMNS] = {
		"SERVER", "TYPOSINK", "UNBOUND", "POLICY", "SERIAL", "STATE"};
	json_t *state, *policy;
	size_t i, k;

	row(head, widths);
	json_array_foreach((json_t *)(uintptr_t)states, i, state)
	{
		const char *problem = json_string_value(json_object_get(state, "problem"));
		const char *server = text_of(state, "server");
		const char *version = text_of(state, "version"), *host = text_of(state, "unbound");
		if (problem) {
			const char *const cells[] = {server, version, host, "-", "-", problem};
			row(cells, widths);
			continue;
		}
		json_array_foreach(json_object_get(state, "policies"), k, policy)
		{
			char serial[24] = "-";
			bool behind = json_is_true(json_object_get(policy, "behind"));
			const char *load = text_of(policy, "state");
			if (json_object_get(policy, "serial"))
				snprintf(serial, sizeof(serial), "%" JSON_INTEGER_FORMAT,
					json_integer_value(json_object_get(policy, "serial")));
			const char *const cells[] = {server, version, host,
				json_object_get(policy, "name") ? text_of(policy, "name")
								: text_of(policy, "source"),
				serial, behind && strcmp(load, "ok") == 0 ? "behind" : load};
			row(cells, widths);
		}
	}
}

static void measure(const char *const cells[COLUMNS], int widths[COLUMNS])
{
	for (int i = 0; i < COLUMNS; i++) {
		int len = (int)strlen(cells[i]);
		if (len > widths[i])
			widths[i] = len;
	}
}

static void show(const char *const cells[COLUMNS], int widths[COLUMNS])
{
	print_row(cells, widths);
}

int status_servers(char **servers, size_t count, bool as_json)
{
	json_t *states = json_array();
	int widths[COLUMNS] = {0}, code = EXIT_USAGE;

	for (size_t i = 0; i < count; i++) { /* all are read before one is asked */
		uint16_t port;
		char *copy = strdup(servers[i]);
		ldns_rdf *address = copy ? read_server(copy, &port) : NULL;
		free(copy);
		if (!address) {
			command_warn("'%s' is no address like 192.0.2.53 or 2001:db8::53@5353",
				servers[i]);
			goto cleanup;
		}
		ldns_rdf_deep_free(address);
	}
	for (size_t i = 0; i < count; i++) {
		uint16_t port = 53;
		char *copy = strdup(servers[i]);
		ldns_rdf *address = copy ? read_server(copy, &port) : NULL;
		json_t *state = address ? state_of(servers[i], address, port) : NULL;
		free(copy);
		ldns_rdf_deep_free(address);
		if (!state || json_array_append_new(states, state) != 0) {
			command_warn("out of memory");
			code = EXIT_TROUBLE;
			goto cleanup;
		}
	}
	bool well = is_well(states);
	if (as_json) {
		json_t *all = json_pack("{s:b, s:O}", "healthy", well, "servers", states);
		json_dumpf(all, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(all);
	} else {
		each_row(states, measure, widths);
		each_row(states, show, widths);
	}
	code = well ? EXIT_OK : EXIT_FOUND;
cleanup:
	json_decref(states);
	return code;
}
