/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz target: the verdict, with what finds and answers. The input chooses a small policy from a
 * table of properties, then names: real ones, edited ones, and rubbish. What has to hold of every
 * verdict is demanded here, without asking the code that gave it.
 */
#include "../../src/answer.h"
#include "../../src/policy_file.h"
#include "../../src/verdict.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#define NOW 1800000000
#define countof(a) (sizeof(a) / sizeof((a)[0]))

static const char *const zones[] = {"mil", "army.mil", "us.army.mil", "example.com", "gmail.com",
	"ibm.com", "google.co.il", "co.uk", "a.example", "xn--mnchen-3ya.example", "gov",
	"very-long-name-of-a-bank.example", "0123456789.example", "com"};
/* What else a policy may say; each once. */
static const char *const properties[] = {"action TXT \"observe\"", "action TXT \"nxdomain\"",
	"action TXT \"nullmx\"", "action TXT \"defer\"", "action TXT \"pass\"",
	"action TXT \"nodata\"", "evidence TXT listed", "evidence TXT dns", "classes TXT all",
	"threshold TXT 0.00", "threshold TXT 1.00", "qtypes TXT \"MX\"", "max-ttl TXT \"0\"",
	"a1.allow PTR example.net.", "a2.allow PTR army.ml.\nuntil.a2.allow TXT \"2020-01-01\"",
	"k1.known PTR navy.mil.", "k2.known PTR army.mil.", "k3.known PTR a.b.c.example.com.",
	"sinkhole A 192.0.2.25", "sinkhole AAAA 2001:db8::25",
	"lab.clients APL 1:198.51.100.0/24 !1:198.51.100.7/32\naction.lab.clients TXT pass",
	"typo.typosink.ext.m0.zones.p.example. PTR ml.",
	"typo-always.typosink.ext.m0.zones.p.example. PTR mlil.",
	"typo-always.typosink.ext.m0.zones.p.example. PTR ex.example.",
	"action.typosink.ext.m1.zones.p.example. TXT nodata"};
static const char *const names[] = {"army.ml", "mail.us.army.ml", "navy.ml", "ml", "exmaple.com",
	"gmial.com", "gmail.co", "gmailcom", "caibm.com", "google.com.il", "example.net", "mlil",
	"mx.sinkhole.example", "_mta-sts.army.ml", "_25._tcp.army.ml", "1.2.0.192.in-addr.arpa",
	"xn--mnchen-3yb.example", "co.ku", "army.mil.com", "wwwarmy.mil"};
static const uint16_t qtypes[] = {TS_TYPE_MX, TS_TYPE_A, TS_TYPE_AAAA, TS_TYPE_TXT, TS_TYPE_ANY,
	TS_TYPE_HTTPS, TS_TYPE_SRV, TS_TYPE_NS};

static ts_policyset_t *make_policy(fuzz_bytes_t *b)
{
	static char text[8192];
	size_t len = 0;
	uint8_t count = (uint8_t)(1 + fuzz_u8(b) % 3);
	uint32_t chosen =
		(uint32_t)fuzz_u16(b) << 16 | fuzz_u16(b); /* a bit a property, and few are set */
	ts_policy_options_t options = {.seed = 1, .now = NOW};
	ts_policyset_options_t set_options = {.seed = 1};
	ts_policy_t *policy = NULL;
	ts_policyset_t *set = NULL;

#define SAY(...) len += (size_t)snprintf(text + len, sizeof(text) - len, __VA_ARGS__)
	SAY("$ORIGIN p.example.\n$TTL 30\n@ SOA invalid. invalid. 7 3600 600 2147483646 0\n"
	    "version TXT 2\n$ORIGIN typosink.ext.p.example.\nsinkhole MX 10 "
	    "mx.sinkhole.example.\n");
	for (unsigned i = 0; i < count; i++)
		SAY("m%u.zones.p.example. PTR %s.\n", i, zones[fuzz_u8(b) % countof(zones)]);
	for (unsigned i = 0; i < countof(properties); i++) {
		if (chosen >> i & 1)
			SAY("%s\n", properties[i]);
	}
#undef SAY
	if (ts_policy_load_text("fuzz", text, len, &options, NULL, &policy) != TS_OK)
		return NULL; /* the same zone twice, a member that is not there */
	PROMISED(ts_policyset_new(&policy, 1, &set_options, &set) == TS_OK);
	ts_policy_unref(policy);
	return set;
}

static bool make_name(fuzz_bytes_t *b, ts_name_t *name)
{
	char text[TS_NAME_TEXT_MAX + 64];
	uint8_t kind = fuzz_u8(b);
	size_t got, len;

	if (kind == 255) { /* rubbish */
		const uint8_t *wire = fuzz_take(b, fuzz_u8(b), &got);

		return ts_name_from_wire(name, wire, got) == TS_OK;
	}
	const char *from =
		kind & 1 ? zones[kind / 2 % countof(zones)] : names[kind / 2 % countof(names)];
	len = (size_t)snprintf(text, sizeof(text), "%s", from);
	for (unsigned edits = fuzz_u8(b) % 4; edits; edits--) {
		uint8_t how = fuzz_u8(b), what = fuzz_u8(b);
		size_t at = how / 4 % (len + 1);
		char c = "abcdefghijklmnopqrstuvwxyz0123456789-._"[what % 39];

		switch (how % 4) {
		case 0: /* one more */
			memmove(text + at + 1, text + at, len - at + 1);
			text[at] = c;
			len++;
			break;
		case 1: /* one less */
			if (at < len) {
				memmove(text + at, text + at + 1, len - at);
				len--;
			}
			break;
		case 2: /* another one */
			if (at < len)
				text[at] = c;
			break;
		default: /* two swapped */
			if (at + 1 < len) {
				char x = text[at];
				text[at] = text[at + 1];
				text[at + 1] = x;
			}
		}
	}
	return ts_name_from_text(name, text, len, NULL) == TS_OK;
}

static bool same(const ts_verdict_t *a, const ts_verdict_t *b)
{
	if (a->kind != b->kind || a->why != b->why || a->action != b->action ||
		a->client_dependent != b->client_dependent ||
		a->sinkhole_host != b->sinkhole_host || a->declared != b->declared ||
		a->policy != b->policy || a->member != b->member || a->sinkhole != b->sinkhole ||
		a->evidence != b->evidence || a->match.target != b->match.target ||
		a->match.score != b->match.score || a->match.class_id != b->match.class_id ||
		a->match.distance != b->match.distance || a->match.suffix != b->match.suffix ||
		a->match.keep != b->match.keep)
		return false;
	if (a->kind != TS_VERDICT_TYPO && a->kind != TS_VERDICT_ASK)
		return true;
	return a->counterpart.len == b->counterpart.len &&
	       memcmp(a->counterpart.wire, b->counterpart.wire, a->counterpart.len) == 0;
}

/* Is name at or below a protected zone? By looking at each. */
static bool is_protected(const ts_policy_t *policy, const ts_name_t *name)
{
	for (uint32_t i = 0; i < ts_policy_members(policy); i++) {
		const uint8_t *zone = ts_policy_member_zone(policy, i);

		if (ts_name_is_below(name, zone, ts_name_wire_len(zone)))
			return true;
	}
	return false;
}

static void demand(const ts_policyset_t *set, const ts_query_t *query, const ts_verdict_t *v)
{
	const ts_policy_t *policy = ts_policyset_get(set, 0);
	const ts_name_t *qname = query->qname;
	char text[TS_REASON_MAX];
	bool protected = is_protected(policy, qname);

	if (protected)
		PROMISED(v->kind == TS_VERDICT_PROTECTED || v->kind == TS_VERDICT_NONE ||
			 v->why == TS_WHY_SINKHOLE_HOST);
	if (v->kind == TS_VERDICT_PROTECTED)
		PROMISED(protected);
	size_t n = ts_verdict_reason(set, query, v, text, sizeof(text));
	PROMISED(n > 0 && n < sizeof(text) && n == strlen(text));
	fuzz_printable(text, n);
	if (v->kind != TS_VERDICT_TYPO && v->kind != TS_VERDICT_ASK)
		return;
	const uint8_t *zone = ts_policy_member_zone(policy, v->member);
	size_t zone_len = ts_name_wire_len(zone);
	ts_verdict_t other;
	PROMISED(!ts_name_is_below(qname, (const uint8_t *)"\4arpa", 6));
	PROMISED(v->match.suffix <= qname->nlabels && v->match.score <= TS_SCORE_ONE);
	fuzz_good_name(&v->counterpart);
	PROMISED(ts_name_compare(v->counterpart.wire, qname->wire) != 0);
	PROMISED(ts_name_is_below(&v->counterpart, zone, zone_len) || !v->declared);
	/* What was meant is never a typo itself. */
	ts_query_t meant = {&v->counterpart, query->qtype, query->qclass};
	ts_verdict(set, &meant, NULL, NOW, &other);
	PROMISED(other.kind == TS_VERDICT_PROTECTED || other.why == TS_WHY_SINKHOLE_HOST ||
		 other.kind == TS_VERDICT_NONE);
	PROMISED(strstr(text, "typo") || strlen(text) > 10);
	if (v->kind == TS_VERDICT_ASK) {
		fuzz_good_name(&v->ask);
		PROMISED(ts_name_is_below(&v->ask, zone, zone_len));
		PROMISED(v->ask.nlabels == ts_name_wire_labels(zone) + 1);
		PROMISED(ts_name_is_below(&v->counterpart, v->ask.wire, v->ask.len));
		for (int existence = 0; existence < 3; existence++) {
			other = *v;
			ts_verdict_resolve(
				&other, (ts_existence_t)existence, TS_ON_FAILURE_DEFAULT);
			PROMISED(other.kind != TS_VERDICT_ASK);
			PROMISED(existence != TS_EXISTS || other.kind == TS_VERDICT_TYPO);
		}
	}
}

static void answer(const ts_query_t *query, const ts_verdict_t *v)
{
	ts_answer_t *a = malloc(sizeof(*a));

	if (a && ts_answer_make(v, query, a)) {
		PROMISED(a->count <= TS_ANSWER_RRS_MAX);
		PROMISED(!a->soa || a->soa_rdlen <= sizeof(a->soa_rdata));
		PROMISED(!a->soa || a->soa_label <= query->qname->nlabels);
		PROMISED(a->count == 0 || a->rcode == 0);
		PROMISED(v->kind == TS_VERDICT_TYPO || v->sinkhole_host);
		PROMISED(v->sinkhole_host ||
			 (v->action != TS_ACTION_OBSERVE && v->action != TS_ACTION_PASS));
		for (unsigned i = 0; i < a->count; i++)
			PROMISED(a->rr[i].rdata && a->rr[i].rdlen);
	}
	free(a);
}

static void run(const uint8_t *data, size_t size)
{
	fuzz_bytes_t b = {data, data + size};
	ts_policyset_t *set = make_policy(&b);

	for (unsigned i = 0; set && i < 64 && fuzz_left(&b); i++) {
		uint8_t dice = fuzz_u8(&b);
		ts_client_t client = {4, {198, 51, 100, dice}};
		const ts_client_t *who = dice & 8 ? &client : NULL;
		ts_verdict_t first, second;
		ts_name_t qname;

		if (!make_name(&b, &qname))
			continue;
		ts_query_t query = {
			&qname, qtypes[dice % countof(qtypes)], dice & 0x80 ? 3 : TS_CLASS_IN};
		memset(&first, 0x55, sizeof(first));
		memset(&second, 0xaa, sizeof(second));
		ts_verdict(set, &query, who, NOW, &first);
		ts_verdict(set, &query, who, NOW, &second);
		PROMISED(same(&first, &second));
		if (!first.client_dependent && first.kind >= TS_VERDICT_TYPO) {
			ts_verdict(set, &query, NULL, NOW, &second);
			PROMISED(same(&first, &second));
		}
		demand(set, &query, &first);
		ts_verdict_resolve(&first, (ts_existence_t)(dice >> 4 & 1), TS_ON_FAILURE_DEFAULT);
		answer(&query, &first);
	}
	ts_policyset_free(set);
}

const fuzz_target_t fuzz_verdict = {"verdict", run, NULL};
