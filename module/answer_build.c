/* SPDX-License-Identifier: BSD-3-Clause
 *
 * answer_build: replies as Unbound's own RPZ code makes them: region memory, relative TTLs,
 * security "insecure" (less would become SERVFAIL under a validator), RA set by hand.
 *
 * RRsets are in packed layout (one block: header, lengths, pointers, TTLs, rdata), because dns64
 * copies them as such, and carry PACKED_RRSET_RPZ, which is a part of an RRset's key: a module
 * before us that stores a message made of ours (dns64 does) cannot mix its RRsets with real ones.
 */
#include "answer_build.h"

#include <string.h>

static struct ub_packed_rrset_key *rrset_build(const ts_module_t *m, struct regional *region,
	uint8_t *owner, size_t owner_len, uint16_t type, uint16_t rrclass, uint32_t ttl,
	const ts_answer_rr_t *rrs, size_t count)
{
	struct rrset {
		struct ub_packed_rrset_key key;
		struct packed_rrset_data data; /* and what belongs to it */
	} * rrset;
	size_t size =
		sizeof(*rrset) + count * (sizeof(size_t) + sizeof(uint8_t *) + sizeof(time_t));
	for (size_t i = 0; i < count; i++)
		size += 2 + (size_t)rrs[i].rdlen;
	rrset = regional_alloc_zero(region, size);
	if (!rrset)
		return NULL;
	struct ub_packed_rrset_key *key = &rrset->key;
	struct packed_rrset_data *data = &rrset->data;

	data->ttl = (time_t)ttl;
	data->count = count;
	data->trust = rrset_trust_ans_noAA;
	data->security = sec_status_insecure;
	data->rr_len = (size_t *)(void *)((uint8_t *)data + sizeof(*data));
	for (size_t i = 0; i < count; i++)
		data->rr_len[i] = 2 + (size_t)rrs[i].rdlen;
	packed_rrset_ptr_fixup(data);
	for (size_t i = 0; i < count; i++) {
		data->rr_ttl[i] = (time_t)ttl;
		data->rr_data[i][0] = (uint8_t)(rrs[i].rdlen >> 8);
		data->rr_data[i][1] = (uint8_t)rrs[i].rdlen;
		memcpy(data->rr_data[i] + 2, rrs[i].rdata, rrs[i].rdlen);
	}

	key->entry.key = key;
	key->entry.data = data;
	key->rk.dname = owner;
	key->rk.dname_len = owner_len;
	key->rk.type = htons(type);
	key->rk.rrset_class = htons(rrclass);
	key->rk.flags = PACKED_RRSET_FIXEDTTL | PACKED_RRSET_RPZ;
	/* A cache alone looks for it, and only a module before us (dns64) puts it into one. */
	if (m->id > 0)
		key->entry.hash = rrset_key_hash(&key->rk);
	return key;
}

struct reply_info *ts_reply_build(const ts_module_t *m, struct regional *region,
	const ts_answer_t *answer, uint8_t *owner, const ts_name_t *name, uint16_t rrclass,
	const struct reply_info *chain, size_t aliases)
{
	size_t an = aliases + (answer->count > 0), ns = answer->soa;
	struct reply_info *reply =
		compat_reply_info(region, (uint16_t)(BIT_QR | BIT_RA | answer->rcode),
			(time_t)answer->ttl, an, ns, sec_status_insecure);
	if (!reply)
		return NULL;
	for (size_t i = 0; i < aliases; i++)
		reply->rrsets[i] = chain->rrsets[i];
	if (answer->count) {
		reply->rrsets[aliases] = rrset_build(m, region, owner, name->len, answer->type,
			rrclass, answer->ttl, answer->rr, answer->count);
		if (!reply->rrsets[aliases])
			return NULL;
	}
	if (answer->soa) {
		ts_answer_rr_t soa = {answer->soa_rdata, answer->soa_rdlen};
		reply->rrsets[an] = rrset_build(m, region, owner + name->off[answer->soa_label],
			ts_name_suffix_len(name, answer->soa_label), LDNS_RR_TYPE_SOA, rrclass,
			answer->ttl, &soa, 1);
		if (!reply->rrsets[an])
			return NULL;
	}
	return reply;
}

void ts_reply_fail(struct reply_info *reply)
{
	reply->flags = (uint16_t)(BIT_QR | BIT_RA | LDNS_RCODE_SERVFAIL);
	reply->an_numrrsets = reply->ns_numrrsets = reply->ar_numrrsets = reply->rrset_count = 0;
	reply->security = sec_status_insecure;
}

struct reply_info *ts_reply_empty(struct regional *region, unsigned rcode)
{
	return compat_reply_info(
		region, (uint16_t)(BIT_QR | BIT_RA | rcode), 0, 0, 0, sec_status_insecure);
}
