/* SPDX-License-Identifier: BSD-3-Clause */
#include "prefix.h"

#include <arpa/inet.h>
#include <string.h>

int ts_prefix_parse(const char *text, ts_prefix_t *out)
{
	char addr[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t len = slash ? (size_t)(slash - text) : strlen(text);
	ts_prefix_t p = {0};
	unsigned bits = 0;

	if (len >= sizeof(addr))
		return TS_EINVAL;
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (inet_pton(AF_INET, addr, p.addr) == 1)
		p.family = 4;
	else if (inet_pton(AF_INET6, addr, p.addr) == 1)
		p.family = 6;
	else
		return TS_EINVAL;
	unsigned max = p.family == 4 ? 32 : 128;
	if (slash) {
		if (!slash[1] || strlen(slash + 1) > 3)
			return TS_EINVAL;
		for (const char *c = slash + 1; *c; c++) {
			if (*c < '0' || *c > '9')
				return TS_EINVAL;
			bits = bits * 10 + (unsigned)(*c - '0');
		}
	} else {
		bits = max;
	}
	if (bits > max)
		return TS_EINVAL;
	for (unsigned i = bits; i < max; i++) {
		if (p.addr[i / 8] >> (7 - i % 8) & 1)
			return TS_EINVAL;
	}
	p.bits = (uint8_t)bits;
	*out = p;
	return TS_OK;
}

bool ts_prefix_has(const ts_prefix_t *prefix, uint8_t family, const uint8_t *addr)
{
	unsigned octets = prefix->bits / 8, bits = prefix->bits % 8;

	if (prefix->family != family || memcmp(prefix->addr, addr, octets) != 0)
		return false;
	return !bits || (prefix->addr[octets] ^ addr[octets]) >> (8 - bits) == 0;
}
