/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz targets: `policy`, the text of a policy zone; `records`, what the module feeds from an
 * auth-zone: a small sound policy and records of any type and content at owners that mean
 * something.
 */
#include "../../src/policy_file.h"
#include "../../src/verdict.h"
#include "fuzz.h"

#include <string.h>

#define NOW 1800000000

/* A policy that was accepted must serve. */
static void use(ts_policy_t *policy)
{
	ts_policyset_options_t options = {.seed = 1};
	ts_policyset_t *set = NULL;
	ts_policy_summary_t summary;
	char text[TS_REASON_MAX];

	PROMISED(ts_policy_members(policy) > 0);
	ts_policy_summary(policy, &summary);
	PROMISED(ts_policyset_new(&policy, 1, &options, &set) == TS_OK);
	time_t next = ts_policyset_next_change(set, NOW);
	PROMISED(next == 0 || next > NOW);
	for (uint32_t i = 0; i < ts_policy_members(policy) && i < 8; i++) {
		const uint8_t *zone = ts_policy_member_zone(policy, i);
		ts_name_t name;

		PROMISED(ts_name_from_wire(&name, zone, ts_name_wire_len(zone)) == TS_OK);
		fuzz_good_name(&name);
		ts_query_t query = {&name, TS_TYPE_MX, TS_CLASS_IN};
		ts_verdict_t v;
		ts_verdict(set, &query, NULL, NOW, &v);
		/* The host of a sinkhole may stand below a protected zone, and of a type that the
		 * policy leaves alone nothing is said. */
		PROMISED(v.kind == TS_VERDICT_PROTECTED || v.why == TS_WHY_SINKHOLE_HOST ||
			 (v.kind == TS_VERDICT_NONE && v.why == TS_WHY_TYPE));
		fuzz_printable(text, ts_verdict_reason(set, &query, &v, text, sizeof(text)));
		PROMISED(strlen(ts_policy_member_id(policy, i)) > 0);
	}
	ts_policyset_free(set);
}

static void judge(int err, const fuzz_diags_t *diags, ts_policy_t *policy)
{
	PROMISED(err == TS_OK || err == TS_EPOLICY);
	/* Refused if and only if an error was told. */
	PROMISED((err != TS_OK) == (diags->count[TS_ERROR] > 0));
	if (err == TS_OK)
		use(policy);
	ts_policy_unref(policy);
}

static void run_policy(const uint8_t *data, size_t size)
{
	ts_policy_options_t options = {.seed = 1, .now = NOW};
	fuzz_diags_t diags = {{0}};
	ts_reporter_t report = {fuzz_diag, &diags};
	ts_policy_t *policy = NULL;

	int err = ts_policy_load_text("fuzz", (const char *)data, size, &options, &report, &policy);
	judge(err, &diags, policy);
}

static void add(ts_policy_builder_t *builder, const char *owner, uint16_t type, const void *rdata,
	size_t rdlen)
{
	ts_name_t name;
	ts_place_t place = {"fuzz", 1};

	PROMISED(ts_name_from_text(&name, owner, strlen(owner), NULL) == TS_OK);
	PROMISED(ts_policy_builder_add(builder, name.wire, name.len, type, TS_CLASS_IN, 30, rdata,
			 rdlen, &place) == TS_OK);
}

static void run_records(const uint8_t *data, size_t size)
{
	static const char soa[] = "\0\0\0\0\0\7\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
	static const char *const owners[] = {"p.example", "version.p.example", "m1.zones.p.example",
		"m2.zones.p.example", "group.m1.zones.p.example",
		"typo.typosink.ext.m1.zones.p.example",
		"typo-always.typosink.ext.m1.zones.p.example", "action.typosink.ext.p.example",
		"sinkhole.typosink.ext.p.example", "max-ttl.typosink.ext.p.example",
		"qtypes.typosink.ext.p.example", "classes.typosink.ext.p.example",
		"threshold.typosink.ext.p.example", "evidence.typosink.ext.p.example",
		"a1.allow.typosink.ext.p.example", "until.a1.allow.typosink.ext.p.example",
		"reason.a1.allow.typosink.ext.p.example", "k1.known.typosink.ext.p.example",
		"lab.clients.typosink.ext.p.example", "action.lab.clients.typosink.ext.p.example",
		"action.g.groups.typosink.ext.p.example",
		"sinkhole.typosink.ext.m1.zones.p.example", "coo.m1.zones.p.example",
		"x.other.ext.p.example", "elsewhere.example"};
	static const uint16_t types[] = {TS_TYPE_TXT, TS_TYPE_PTR, TS_TYPE_MX, TS_TYPE_A,
		TS_TYPE_AAAA, TS_TYPE_APL, TS_TYPE_SOA, TS_TYPE_NS, TS_TYPE_CNAME, 46, 63, 65280};
	fuzz_bytes_t b = {data, data + size};
	ts_policy_options_t options = {.seed = 1, .now = NOW};
	fuzz_diags_t diags = {{0}};
	ts_reporter_t report = {fuzz_diag, &diags};
	ts_policy_t *policy = NULL;
	ts_policy_builder_t *builder = ts_policy_builder_new("fuzz");
	uint8_t base = fuzz_u8(&b);

	if (!builder)
		return;
	if (!(base & 1))
		add(builder, "p.example", TS_TYPE_SOA, soa, 22);
	if (!(base & 2))
		add(builder, "version.p.example", TS_TYPE_TXT, "\1\62", 2);
	if (!(base & 4))
		add(builder, "m1.zones.p.example", TS_TYPE_PTR, "\3mil", 5);
	if (!(base & 8))
		add(builder, "sinkhole.typosink.ext.p.example", TS_TYPE_MX,
			"\0\12\2mx\4sink\7example", 19);
	while (fuzz_left(&b)) {
		size_t got, want;
		uint8_t at = fuzz_u8(&b), kind = fuzz_u8(&b);
		const uint8_t *rdata, *owner;
		uint16_t type = types[(kind & 15) % (sizeof(types) / sizeof(types[0]))];

		want = fuzz_u8(&b);
		rdata = fuzz_take(&b, kind & 0x40 ? want * 64 : want, &got);
		if (at == 255) { /* an owner of the fuzzer's */
			size_t len;

			owner = fuzz_take(&b, fuzz_u8(&b), &len);
			int err = ts_policy_builder_add(builder, owner, len, type,
				kind & 0x80 ? 3 : TS_CLASS_IN, 30, rdata, got, NULL);
			PROMISED(err == TS_OK || err == TS_EINVAL);
			continue;
		}
		add(builder, owners[at % (sizeof(owners) / sizeof(owners[0]))], type, rdata, got);
	}
	int err = ts_policy_builder_finish(builder, &options, &report, &policy);
	judge(err, &diags, policy);
	ts_policy_builder_free(builder);
}

/* One line of zone text that means something, with what it wants or with what another wants. */
static size_t make_line(char *line, size_t max, unsigned *dice)
{
	static const char *const owners[] = {"@", "version", "m1.zones", "m2.zones", "",
		"typo.typosink.ext.m1.zones", "typo-always.typosink.ext.m1.zones", "group.m1.zones",
		"action.typosink.ext", "action.typosink.ext.m1.zones",
		"action.g.groups.typosink.ext", "sinkhole.typosink.ext",
		"sinkhole.typosink.ext.m1.zones", "max-ttl.typosink.ext", "qtypes.typosink.ext",
		"classes.typosink.ext", "threshold.typosink.ext", "evidence.typosink.ext",
		"a1.allow.typosink.ext", "until.a1.allow.typosink.ext",
		"reason.a1.allow.typosink.ext", "k1.known.typosink.ext", "lab.clients.typosink.ext",
		"action.lab.clients.typosink.ext", "x.other.ext", "coo.m1.zones"};
	static const char *const heads[] = {"", "IN ", "30 ", "30 IN ", "CH "};
	static const char *const data[] = {"PTR mil.", "PTR gov.", "PTR ml.", "PTR mines.ml.",
		"PTR .", "PTR xn--mnchen-3ya.example.", "TXT 2", "TXT observe", "TXT pass",
		"TXT nxdomain", "TXT nodata", "TXT nullmx", "TXT g", "TXT 0", "TXT 60",
		"TXT 99999999999", "TXT \"MX A AAAA SRV\"", "TXT all", "TXT none",
		"TXT \"all -omission\"", "TXT 0.95", "TXT 1.5", "TXT listed", "TXT \"listed dns\"",
		"TXT 2027-01-31", "TXT 2019-02-30", "TXT \"\"", "TXT a b", "MX 10 mx.example.",
		"MX 0 .", "MX 10 mx.mil.", "A 192.0.2.1", "AAAA 2001:db8::1",
		"APL 1:198.51.100.0/24 !2:2001:db8::/32", "APL 1:0.0.0.0/0", "APL",
		"SOA invalid. h.invalid. 7 3600 600 9999 0", "NS invalid.", "CNAME a.example.",
		"TYPE65280 \\# 2 0102", "PTR \\# 5 036D696C00", "ZONEMD 7 1 1 00", "DNAME mil."};
	int len = snprintf(line, max, "%s %s%s\n",
		owners[fuzz_dice(dice, sizeof(owners) / sizeof(owners[0]))],
		heads[fuzz_dice(dice, sizeof(heads) / sizeof(heads[0]))],
		data[fuzz_dice(dice, sizeof(data) / sizeof(data[0]))]);
	return len > 0 && (size_t)len < max ? (size_t)len : 0;
}

/* Takes a line away, puts one of ours in, or the copy of one, at the start of some line. */
static size_t mutate_policy(uint8_t *text, size_t size, size_t max, unsigned dice)
{
	fuzz_span_t at = fuzz_line(text, size, dice >> 2), from = fuzz_line(text, size, dice >> 8);
	char line[256];
	size_t len;

	if (size == 0)
		return 0;
	if (dice % 4 == 0 && from.len < size)
		return fuzz_splice(text, size, max, from, "", 0);
	if (dice % 4 == 1 && from.len < sizeof(line)) {
		memcpy(line, text + from.at, from.len);
		len = from.len;
	} else
		len = make_line(line, sizeof(line), &dice);
	return len ? fuzz_splice(text, size, max, (fuzz_span_t){at.at, 0}, line, len) : 0;
}

const fuzz_target_t fuzz_policy = {"policy", run_policy, mutate_policy};
const fuzz_target_t fuzz_records = {"records", run_records, NULL};
