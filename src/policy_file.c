/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The file is cut into records here, and ldns is given one record at a time: so a line number is
 * exact, reading goes on behind a bad record, and nothing of what ldns does with whole files
 * (reading a line of any length, following $INCLUDE) is asked of it.
 */
#include "policy_file.h"
#include "policy_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)256 * 1024 * 1024)
#define RECORD_MAX 65536
/* ldns takes a default TTL of 0 for none; this stands for "none was given". */
#define NO_TTL 0x7fffffffu

struct reader {
	const char *path;
	const char *p, *end;
	unsigned line;       /* of p */
	unsigned first_line; /* of the record in text */
	char text[RECORD_MAX];
	size_t len;
	const char *why; /* the record cannot be used; it was read to its end */
	bool blank_owner;
	/* what the directives say */
	ts_name_t origin;
	ldns_rdf *origin_rdf, *previous;
	uint32_t ttl; /* NO_TTL: none */
	ts_policy_builder_t *builder;
	ts_diag_limit_t limit;
};

#define ERROR(r, what, ...) \
	ts_diag_limited(&(r)->limit, TS_ERROR, (r)->first_line, what, __VA_ARGS__)

static int read_whole(const char *path, const ts_reporter_t *report, char **out, size_t *len)
{
	struct stat st;
	char *data = NULL;
	size_t have = 0;
	int err = TS_EIO;
	/* Not blocking: a FIFO must not hold us before we know that it is one. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 || fstat(fd, &st) != 0) {
		ts_report(report, TS_ERROR, path, 0, NULL, "%s", strerror(errno));
		goto cleanup;
	}
	if (!S_ISREG(st.st_mode)) {
		ts_report(report, TS_ERROR, path, 0, NULL, "%s, not a regular file",
			S_ISDIR(st.st_mode)    ? "a directory"
			: S_ISFIFO(st.st_mode) ? "a FIFO"
					       : "a device or socket");
		goto cleanup;
	}
	if ((uintmax_t)st.st_size > FILE_MAX) {
		ts_report(report, TS_ERROR, path, 0, NULL, "larger than %zu octets", FILE_MAX);
		goto cleanup;
	}
	data = malloc((size_t)st.st_size + 1);
	if (!data) {
		ts_report(report, TS_ERROR, path, 0, NULL, "out of memory");
		err = TS_ENOMEM;
		goto cleanup;
	}
	while (have < (size_t)st.st_size) {
		ssize_t n = read(fd, data + have, (size_t)st.st_size - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			ts_report(report, TS_ERROR, path, 0, NULL, "%s", strerror(errno));
			goto cleanup;
		}
		if (n == 0)
			break;
		have += (size_t)n;
	}
	data[have] = '\0';
	*out = data;
	*len = have;
	data = NULL;
	err = TS_OK;
cleanup:
	free(data);
	if (fd >= 0)
		close(fd);
	return err;
}

static void put(struct reader *r, char c)
{
	if (r->len + 1 < sizeof(r->text))
		r->text[r->len++] = c;
	else
		r->why = "record longer than 65535 characters";
}

/* Cuts the next record: comments, parentheses and line ends inside them go, quoted text stays as it
 * is. \return false at the end of the file. */
static bool next_record(struct reader *r)
{
	unsigned depth = 0;
	bool quoted = false, content = false;

	r->len = 0;
	r->why = NULL;
	r->first_line = r->line;
	r->blank_owner = r->p < r->end && (*r->p == ' ' || *r->p == '\t');
	while (r->p < r->end) {
		char c = *r->p++;

		if (c == '\n') {
			r->line++;
			if (quoted) {
				r->why = "quotation mark without its partner on the line";
				break;
			}
			if (depth == 0) {
				if (content)
					break;
				r->len = 0;
				r->first_line = r->line;
				r->blank_owner = r->p < r->end && (*r->p == ' ' || *r->p == '\t');
				continue;
			}
			put(r, ' ');
			continue;
		}
		if (c == '\0')
			r->why = "NUL octet";
		if (c == '\\' && r->p < r->end && *r->p != '\n') {
			put(r, c);
			put(r, *r->p++);
			content = true;
		} else if (c == '"') {
			quoted = !quoted;
			put(r, c);
			content = true;
		} else if (quoted) {
			put(r, c);
		} else if (c == ';') {
			while (r->p < r->end && *r->p != '\n')
				r->p++;
		} else if (c == '(') {
			depth++;
			put(r, ' ');
			content = true;
		} else if (c == ')') {
			if (depth == 0)
				r->why = "closing parenthesis without an opening one";
			else
				depth--;
			put(r, ' ');
			content = true;
		} else if (c == ' ' || c == '\t' || c == '\r') {
			put(r, ' ');
		} else {
			put(r, c);
			content = true;
		}
	}
	if (!r->why && quoted)
		r->why = "quotation mark without its partner on the line";
	if (!r->why && depth)
		r->why = "opening parenthesis without a closing one";
	r->text[r->len] = '\0';
	return content || r->why;
}

/* Word n (from 0) of the record. */
static bool word(const struct reader *r, unsigned n, const char **start, size_t *len)
{
	const char *p = r->text;

	for (;;) {
		p += strspn(p, " ");
		if (!*p)
			return false;
		*start = p;
		*len = strcspn(p, " ");
		if (n-- == 0)
			return true;
		p += *len;
	}
}

static int set_origin(struct reader *r, const char *text, size_t len)
{
	ts_name_t name;
	const char *why = NULL;
	int err = ts_name_from_text(&name, text, len, &why);

	if (err == TS_OK && text[len - 1] != '.')
		err = ts_name_splice(&name, &name, name.nlabels, 0, r->origin.wire, r->origin.len);
	if (err) {
		ERROR(r, "$ORIGIN", "%s", why ? why : "name longer than 255 octets");
		return TS_OK;
	}
	ldns_rdf *rdf = ldns_rdf_new_frm_data(LDNS_RDF_TYPE_DNAME, name.len, name.wire);
	if (!rdf)
		return TS_ENOMEM;
	ldns_rdf_deep_free(r->origin_rdf);
	r->origin_rdf = rdf;
	r->origin = name;
	return TS_OK;
}

static int directive(struct reader *r)
{
	const char *name, *value, *more;
	size_t len, value_len, more_len;

	if (!word(r, 0, &name, &len))
		return TS_OK;
	if (len == 8 && strncasecmp(name, "$INCLUDE", len) == 0) {
		ERROR(r, "$INCLUDE", "a policy is one file: put the records here");
		return TS_OK;
	}
	bool origin = len == 7 && strncasecmp(name, "$ORIGIN", len) == 0;
	bool ttl = len == 4 && strncasecmp(name, "$TTL", len) == 0;
	if (!origin && !ttl) {
		ERROR(r, NULL, "unknown directive '%.*s'", (int)(len < 32 ? len : 32), name);
		return TS_OK;
	}
	if (!word(r, 1, &value, &value_len) || word(r, 2, &more, &more_len)) {
		ERROR(r, origin ? "$ORIGIN" : "$TTL", "wants one value");
		return TS_OK;
	}
	if (origin)
		return set_origin(r, value, value_len);
	char number[16];
	const char *rest = number;
	if (value_len < sizeof(number)) {
		memcpy(number, value, value_len);
		number[value_len] = '\0';
		uint32_t n = ldns_str2period(number, &rest);
		if (number[0] >= '0' && number[0] <= '9' && *rest == '\0' && n < NO_TTL) {
			r->ttl = n;
			return TS_OK;
		}
	}
	ERROR(r, "$TTL", "'%.*s' is no number of seconds", (int)(value_len < 32 ? value_len : 32),
		value);
	return TS_OK;
}

static int add(struct reader *r, ldns_rr *rr)
{
	const ldns_rdf *owner = ldns_rr_owner(rr);
	ts_place_t place = {r->path, r->first_line};
	uint32_t ttl = ldns_rr_ttl(rr);
	size_t len = 0;
	int err;

	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		if (!ldns_rr_rdf(rr, i)) {
			ERROR(r, NULL, "incomplete record");
			return TS_OK;
		}
		len += ldns_rdf_size(ldns_rr_rdf(rr, i));
	}
	if (len > UINT16_MAX) {
		ERROR(r, NULL, "record data longer than 65535 octets");
		return TS_OK;
	}
	uint8_t *data = malloc(len + 1);
	if (!data)
		return TS_ENOMEM;
	len = 0;
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		const ldns_rdf *rdf = ldns_rr_rdf(rr, i);

		memcpy(data + len, ldns_rdf_data(rdf), ldns_rdf_size(rdf));
		len += ldns_rdf_size(rdf);
	}
	if (ttl == NO_TTL)
		ttl = r->ttl;
	err = ts_policy_builder_add(r->builder, ldns_rdf_data(owner), ldns_rdf_size(owner),
		(uint16_t)ldns_rr_get_type(rr), (uint16_t)ldns_rr_get_class(rr), ttl, data, len,
		&place);
	free(data);
	if (err == TS_EINVAL) {
		ERROR(r, NULL, "malformed owner name");
		err = TS_OK;
	}
	return err;
}

/* The type, read as ldns reads it: TTL and class may be there or not. 0: none that it knows. */
static ldns_rr_type type_of(const struct reader *r)
{
	unsigned n = r->blank_owner ? 0 : 1, last = n + 2;
	const char *start;
	char text[32];
	size_t len;

	for (; n <= last && word(r, n, &start, &len) && len < sizeof(text); n++) {
		memcpy(text, start, len);
		text[len] = '\0';
		if ((text[0] < '0' || text[0] > '9') && !ldns_get_rr_class_by_name(text))
			return ldns_get_rr_type_by_name(text);
	}
	return (ldns_rr_type)0;
}

static int record(struct reader *r)
{
	ldns_rr *rr = NULL;
	int err = TS_OK;

	if (r->blank_owner && !r->previous) {
		ERROR(r, NULL, "no owner name, and no record before it to take it from");
		return TS_OK;
	}
	/* ldns (1.8.3) does not free what it has read of one of these where the rest is bad. They
	 * mean nothing here: it does not get them. */
	ldns_rr_type type = type_of(r);
	if (type == LDNS_RR_TYPE_CERT || type == LDNS_RR_TYPE_IPSECKEY) {
		ERROR(r, NULL, "%s record means nothing in a policy",
			type == LDNS_RR_TYPE_CERT ? "a CERT" : "an IPSECKEY");
		return TS_OK;
	}
	ldns_status status = ldns_rr_new_frm_str(&rr, r->text, NO_TTL, r->origin_rdf, &r->previous);
	if (status == LDNS_STATUS_MEM_ERR)
		return TS_ENOMEM;
	if (status != LDNS_STATUS_OK || !rr || !ldns_rr_owner(rr)) {
		ERROR(r, NULL, "no record: %s",
			status != LDNS_STATUS_OK ? ldns_get_errorstr_by_id(status) : "incomplete");
		goto cleanup;
	}
	err = add(r, rr);
cleanup:
	ldns_rr_free(rr);
	return err;
}

int ts_policy_load_text(const char *source, const char *data, size_t len,
	const ts_policy_options_t *options, const ts_reporter_t *report, ts_policy_t **out)
{
	static const uint8_t root[1] = {0};
	struct reader *r = calloc(1, sizeof(*r));
	int err = TS_ENOMEM;

	if (!r) {
		ts_report(report, TS_ERROR, source, 0, NULL, "out of memory");
		return TS_ENOMEM;
	}
	r->path = source;
	r->limit = (ts_diag_limit_t){.report = report, .file = source};
	r->line = 1;
	r->ttl = NO_TTL;
	r->p = data;
	r->end = data + len;
	/* The mark that some editors put before UTF-8. */
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		r->p += 3;
	r->builder = ts_policy_builder_new(source);
	if (!r->builder || ts_name_from_wire(&r->origin, root, 1) != TS_OK)
		goto cleanup;
	err = set_origin(r, ".", 1);
	while (err == TS_OK && next_record(r)) {
		if (r->limit.count[TS_ERROR] > TS_DIAG_MAX) {
			ts_report(report, TS_ERROR, source, r->first_line, NULL,
				"too many errors: the rest is not read");
			err = TS_EPOLICY;
		} else if (r->why) {
			ERROR(r, NULL, "%s", r->why);
		} else if (!r->blank_owner && r->text[0] == '$') {
			err = directive(r);
		} else {
			err = record(r);
		}
	}
	if (err == TS_OK)
		err = ts_policy_builder_finish_limited(r->builder, options, &r->limit, out);
cleanup:
	ts_diag_limit_finish(&r->limit);
	if (err == TS_ENOMEM)
		ts_report(report, TS_ERROR, source, 0, NULL, "out of memory");
	ts_policy_builder_free(r->builder);
	ldns_rdf_deep_free(r->origin_rdf);
	ldns_rdf_deep_free(r->previous);
	free(r);
	return err;
}

int ts_policy_load_file(const char *path, const ts_policy_options_t *options,
	const ts_reporter_t *report, ts_policy_t **out)
{
	char *data = NULL;
	size_t len = 0;
	int err = read_whole(path, report, &data, &len);

	if (err)
		return err;
	err = ts_policy_load_text(path, data, len, options, report, out);
	free(data);
	return err;
}
