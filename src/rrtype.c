/* SPDX-License-Identifier: BSD-3-Clause */
#include "rrtype.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* IANA "Resource Record (RR) TYPEs", in order of number. */
static const struct {
	const char *name;
	uint16_t type;
} types[] = {
	{"A", 1},
	{"NS", 2},
	{"MD", 3},
	{"MF", 4},
	{"CNAME", 5},
	{"SOA", 6},
	{"MB", 7},
	{"MG", 8},
	{"MR", 9},
	{"NULL", 10},
	{"WKS", 11},
	{"PTR", 12},
	{"HINFO", 13},
	{"MINFO", 14},
	{"MX", 15},
	{"TXT", 16},
	{"RP", 17},
	{"AFSDB", 18},
	{"X25", 19},
	{"ISDN", 20},
	{"RT", 21},
	{"NSAP", 22},
	{"NSAP-PTR", 23},
	{"SIG", 24},
	{"KEY", 25},
	{"PX", 26},
	{"GPOS", 27},
	{"AAAA", 28},
	{"LOC", 29},
	{"NXT", 30},
	{"EID", 31},
	{"NIMLOC", 32},
	{"SRV", 33},
	{"ATMA", 34},
	{"NAPTR", 35},
	{"KX", 36},
	{"CERT", 37},
	{"A6", 38},
	{"DNAME", 39},
	{"SINK", 40},
	{"OPT", 41},
	{"APL", 42},
	{"DS", 43},
	{"SSHFP", 44},
	{"IPSECKEY", 45},
	{"RRSIG", 46},
	{"NSEC", 47},
	{"DNSKEY", 48},
	{"DHCID", 49},
	{"NSEC3", 50},
	{"NSEC3PARAM", 51},
	{"TLSA", 52},
	{"SMIMEA", 53},
	{"HIP", 55},
	{"NINFO", 56},
	{"RKEY", 57},
	{"TALINK", 58},
	{"CDS", 59},
	{"CDNSKEY", 60},
	{"OPENPGPKEY", 61},
	{"CSYNC", 62},
	{"ZONEMD", 63},
	{"SVCB", 64},
	{"HTTPS", 65},
	{"SPF", 99},
	{"UINFO", 100},
	{"UID", 101},
	{"GID", 102},
	{"UNSPEC", 103},
	{"NID", 104},
	{"L32", 105},
	{"L64", 106},
	{"LP", 107},
	{"EUI48", 108},
	{"EUI64", 109},
	{"TKEY", 249},
	{"TSIG", 250},
	{"IXFR", 251},
	{"AXFR", 252},
	{"MAILB", 253},
	{"MAILA", 254},
	{"ANY", 255},
	{"URI", 256},
	{"CAA", 257},
	{"AVC", 258},
	{"DOA", 259},
	{"AMTRELAY", 260},
	{"TA", 32768},
	{"DLV", 32769},
};

const char *ts_type_name(uint16_t type, char buf[TS_TYPE_TEXT_MAX])
{
	size_t lo = 0, hi = sizeof(types) / sizeof(types[0]);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (types[mid].type == type)
			return types[mid].name;
		if (types[mid].type < type)
			lo = mid + 1;
		else
			hi = mid;
	}
	snprintf(buf, TS_TYPE_TEXT_MAX, "TYPE%u", type);
	return buf;
}

int ts_type_find(const char *word, size_t len)
{
	unsigned value = 0;

	if (len > 4 && len <= 9 && strncasecmp(word, "TYPE", 4) == 0) {
		for (size_t i = 4; i < len; i++) {
			if (word[i] < '0' || word[i] > '9')
				return TS_ENOENT;
			value = value * 10 + (unsigned)(word[i] - '0');
		}
		return value <= UINT16_MAX ? (int)value : TS_ENOENT;
	}
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strncasecmp(types[i].name, word, len) == 0 && types[i].name[len] == '\0')
			return types[i].type;
	return TS_ENOENT;
}
