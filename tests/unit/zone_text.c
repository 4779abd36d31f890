/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone_text.h"

#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void say(const ldns_rr *rr, zone_text_fn *each, void *arg)
{
	static uint8_t rdata[65535];
	const ldns_rdf *owner = ldns_rr_owner(rr);
	size_t len = 0;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		memcpy(rdata + len, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
		len += ldns_rdf_size(rdf);
	}
	each(arg, ldns_rdf_data(owner), ldns_rdf_size(owner), (uint16_t)ldns_rr_get_type(rr),
		ldns_rr_ttl(rr), rdata, len);
}

size_t zone_text_each(const char *text, zone_text_fn *each, void *arg)
{
	FILE *in = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	ldns_zone *zone;
	size_t count = 0;

	if (!in)
		return 0;
	if (ldns_zone_new_frm_fp(&zone, in, NULL, 0, LDNS_RR_CLASS_IN) == LDNS_STATUS_OK) {
		const ldns_rr_list *rrs = ldns_zone_rrs(zone);

		say(ldns_zone_soa(zone), each, arg);
		for (count = 0; count < ldns_rr_list_rr_count(rrs); count++)
			say(ldns_rr_list_rr(rrs, count), each, arg);
		count++;
		ldns_zone_deep_free(zone);
	}
	fclose(in);
	return count;
}
