/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the builder's passes share: messages, names, room.
 */
#include "policy_draft.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The owner as its author wrote it: relative to the apex where it is below. */
static void owner_text(const struct build *b, const struct record *r, char *buf, size_t size)
{
	ts_name_t owner, relative;
	static const uint8_t root[1] = {0};

	buf[0] = '\0';
	if (ts_name_from_wire(&owner, r->owner, r->owner_len) != TS_OK)
		return;
	if (b->soa && ts_name_is_below(&owner, b->apex.wire, b->apex.len)) {
		if (owner.nlabels == b->apex.nlabels) {
			snprintf(buf, size, "@");
			return;
		}
		if (ts_name_splice(&relative, &owner, owner.nlabels - b->apex.nlabels, 0, root,
			    1) == TS_OK)
			owner = relative;
	}
	ts_name_to_text(owner.wire, buf, size);
}

void ts_draft_say(
	struct build *b, ts_severity_t severity, const struct record *r, const char *fmt, ...)
{
	char message[768], owner[TS_NAME_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(message, sizeof(message), fmt, ap);
	va_end(ap);
	if (r)
		owner_text(b, r, owner, sizeof(owner));
	ts_diag_limited(b->limit, severity, r ? r->line : 0, r ? owner : NULL, "%s", message);
}

const char *ts_draft_wire_text(const uint8_t *wire, char buf[TS_NAME_TEXT_MAX])
{
	ts_name_to_text(wire, buf, TS_NAME_TEXT_MAX);
	return buf;
}

bool ts_draft_same_rdata(const struct record *a, const struct record *b)
{
	return a->type == b->type && a->rdlen == b->rdlen &&
	       memcmp(a->rdata, b->rdata, a->rdlen) == 0;
}

ts_value_t ts_draft_value_of(const struct record *r, char *why)
{
	return (ts_value_t){r->rdata, r->rdlen, why};
}

int ts_draft_copy_name(ts_arena_t *arena, const ts_name_t *name, ts_wire_t *out)
{
	uint8_t *wire = ts_arena_copy(arena, name->wire, name->len);

	if (!wire)
		return TS_ENOMEM;
	*out = (ts_wire_t){wire, name->len};
	return TS_OK;
}

bool ts_draft_wire_equal(const ts_wire_t *a, const ts_wire_t *b)
{
	return a->len == b->len && memcmp(a->wire, b->wire, a->len) == 0;
}

bool ts_draft_below_arpa(const ts_name_t *name)
{
	static const uint8_t arpa[] = "\4arpa";

	return ts_name_is_below(name, arpa, sizeof(arpa));
}

bool ts_draft_label_is(const ts_name_t *name, unsigned i, const char *text)
{
	const uint8_t *label = ts_name_suffix(name, i);
	size_t len = strlen(text);

	return *label == len && memcmp(label + 1, text, len) == 0;
}

void ts_draft_label_name(const ts_name_t *name, unsigned i, ts_name_t *out)
{
	const uint8_t *label = ts_name_suffix(name, i);
	uint8_t wire[TS_LABEL_MAX + 2];

	memcpy(wire, label, (size_t)*label + 1);
	wire[*label + 1] = 0;
	*out = (ts_name_t){.len = 1}; /* the root, were a name's label ever none */
	int err = ts_name_from_wire(out, wire, (size_t)*label + 2);
	(void)err;
}

const char *ts_draft_label_text(struct build *b, const ts_name_t *name, unsigned i)
{
	ts_name_t label;
	char text[TS_NAME_TEXT_MAX];

	ts_draft_label_name(name, i, &label);
	return ts_arena_copy(
		&b->policy->arena, text, ts_name_to_text(label.wire, text, sizeof(text)));
}
