/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "unbound_conf.h"

#include "../src/grow.h"

#include <ctype.h>
#include <errno.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 16 /* includes in includes; a file that includes itself ends here */
#define FILE_MAX (16 * 1024 * 1024) /* octets of one file: a configuration is not larger */

struct ts_unbound_conf {
	ts_setting_t *settings;
	size_t count, room;
	char **texts; /* contents and names of the files; settings point into them */
	size_t ntexts;
};

typedef struct reader {
	ts_unbound_conf_t *conf;
	const ts_reporter_t *report;
	const char *section;
	unsigned clause;
	unsigned depth;
} reader_t;

typedef struct token {
	const char *start; /* quotes taken off */
	size_t len;
	unsigned line;
	bool first; /* on its line */
	bool quoted;
	bool name; /* "name:", the colon taken off */
} token_t;

static const char *const sections[] = {"server", "remote-control", "stub-zone", "forward-zone",
	"auth-zone", "view", "python", "dynlib", "dnscrypt", "cachedb", "ipset", "dnstap", "rpz",
	NULL};

static const char *section_named(const char *name)
{
	for (const char *const *s = sections; *s; s++)
		if (strcmp(*s, name) == 0)
			return *s;
	return NULL;
}

/* Keeps a string of the heap for as long as conf; frees it on failure. */
static char *keep(ts_unbound_conf_t *conf, char *text)
{
	char **grown = text ? realloc(conf->texts, (conf->ntexts + 1) * sizeof(*grown)) : NULL;
	if (!grown) {
		free(text);
		return NULL;
	}
	conf->texts = grown;
	conf->texts[conf->ntexts++] = text;
	return text;
}

static int slurp(const char *path, char **out)
{
	int code = TS_EIO;
	char *text = NULL;
	struct stat st;
	FILE *f = fopen(path, "re");
	if (!f || fstat(fileno(f), &st) != 0)
		goto cleanup;
	if (S_ISDIR(st.st_mode) || st.st_size > FILE_MAX) {
		errno = S_ISDIR(st.st_mode) ? EISDIR : EFBIG;
		goto cleanup;
	}
	text = malloc((size_t)st.st_size + 1);
	if (!text) {
		code = TS_ENOMEM;
		goto cleanup;
	}
	size_t n = fread(text, 1, (size_t)st.st_size, f);
	if (ferror(f))
		goto cleanup;
	text[n] = '\0';
	*out = text;
	text = NULL;
	code = TS_OK;
cleanup:
	free(text);
	if (f) {
		int saved = errno;
		fclose(f);
		errno = saved;
	}
	return code;
}

/* Characters of "name:" at s, or 0. */
static size_t name_length(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");
	return n > 0 && isalpha((unsigned char)*s) && s[n] == ':' ? n : 0;
}

/* The next word at *p; false at the end. `name: value` and `name:value` are the same, but a later
 * word of a line is a name only where the colon ends it (an IPv6 address has colons too). */
static bool next_token(const char **p, unsigned *line, token_t *out)
{
	const char *s = *p;
	bool first = *line == 0;
	if (first)
		*line = 1;
	for (;; s++) {
		if (*s == '#')
			s += strcspn(s, "\n");
		if (!*s || !isspace((unsigned char)*s))
			break;
		if (*s == '\n') {
			++*line;
			first = true;
		}
	}
	*p = s;
	if (!*s)
		return false;
	*out = (token_t){.start = s, .line = *line, .first = first};
	if (*s == '"' || *s == '\'') {
		char mark[] = {*s, '\n', '\0'};
		out->quoted = true;
		out->start = s + 1;
		out->len = strcspn(s + 1, mark);
		*p = s + 1 + out->len;
		if (**p == *s)
			++*p;
		return true;
	}
	out->len = strcspn(s, " \t\r\n\"'");
	size_t name = name_length(s);
	if (name && (first || name + 1 == out->len)) {
		out->name = true;
		out->len = name;
		*p = s + name + 1;
	} else {
		*p = s + out->len;
	}
	return true;
}

static int add(reader_t *r, const char *name, const char *value, const char *file, unsigned line)
{
	ts_unbound_conf_t *conf = r->conf;
	void *grown = ts_grow(conf->settings, conf->count, &conf->room, sizeof(*conf->settings));
	if (!grown)
		return TS_ENOMEM;
	conf->settings = grown;
	conf->settings[conf->count++] =
		(ts_setting_t){r->clause, r->section, name, value, file, line};
	return TS_OK;
}

static int read_file(reader_t *r, const char *path);

static int include(reader_t *r, const char *pattern, const char *file, unsigned line, bool toplevel)
{
	glob_t found;
	int code = TS_OK;
	reader_t inner = *r;

	inner.depth++;
	if (toplevel)
		inner.section = "";
	int globbed = glob(pattern, GLOB_ERR | GLOB_BRACE | GLOB_TILDE, NULL, &found);
	if (globbed == GLOB_NOSPACE)
		return TS_ENOMEM;
	if (globbed != 0) {
		/* Unbound takes a pattern without a match as well. */
		if (!strpbrk(pattern, "*?[{~"))
			ts_report(r->report, TS_WARNING, file, line, "include", "%s: %s", pattern,
				strerror(ENOENT));
		return TS_OK;
	}
	for (size_t i = 0; i < found.gl_pathc && code != TS_ENOMEM; i++) {
		code = read_file(&inner, found.gl_pathv[i]);
		if (code == TS_EIO)
			ts_report(r->report, TS_WARNING, file, line, "include", "%s: %s",
				found.gl_pathv[i], strerror(errno));
	}
	globfree(&found);
	/* A clause that an `include:` began goes on behind it. */
	r->clause = inner.clause;
	if (!toplevel)
		r->section = inner.section;
	return code == TS_ENOMEM ? code : TS_OK;
}

static int read_file(reader_t *r, const char *path)
{
	char *text;
	unsigned line = 0;
	token_t name, value;

	if (r->depth > DEPTH_MAX) {
		errno = ELOOP;
		return TS_EIO;
	}
	int code = slurp(path, &text);
	if (code != TS_OK)
		return code;
	char *file = keep(r->conf, strdup(path));
	const char *p = text;
	code = file ? TS_OK : TS_ENOMEM;
	while (code == TS_OK && next_token(&p, &line, &name)) {
		if (!name.name)
			continue; /* a further value */
		char *word = keep(r->conf, strndup(name.start, name.len));
		if (!word) {
			code = TS_ENOMEM;
			break;
		}
		if (section_named(word) && name.first) {
			r->section = section_named(word);
			r->clause++;
			continue;
		}
		const char *back = p;
		unsigned back_line = line;
		bool valued = next_token(&p, &line, &value) && !(value.name && value.first);
		char *said = keep(r->conf, valued ? strndup(value.start, value.len) : strdup(""));
		if (!valued) {
			p = back;
			line = back_line;
		}
		if (!said)
			code = TS_ENOMEM;
		else if (strcmp(word, "include") == 0 || strcmp(word, "include-toplevel") == 0)
			code = include(r, said, file, name.line, word[7] != '\0');
		else
			code = add(r, word, said, file, name.line);
	}
	free(text);
	return code;
}

int ts_unbound_conf_read(const char *path, const ts_reporter_t *report, ts_unbound_conf_t **out)
{
	ts_unbound_conf_t *conf = calloc(1, sizeof(*conf));
	if (!conf)
		return TS_ENOMEM;
	reader_t r = {.conf = conf, .report = report, .section = ""};
	int code = read_file(&r, path);
	if (code != TS_OK)
		ts_unbound_conf_free(conf);
	else
		*out = conf;
	return code;
}

void ts_unbound_conf_free(ts_unbound_conf_t *conf)
{
	if (!conf)
		return;
	for (size_t i = 0; i < conf->ntexts; i++)
		free(conf->texts[i]);
	free(conf->texts);
	free(conf->settings);
	free(conf);
}

size_t ts_unbound_conf_count(const ts_unbound_conf_t *conf)
{
	return conf->count;
}

const ts_setting_t *ts_unbound_conf_at(const ts_unbound_conf_t *conf, size_t i)
{
	return &conf->settings[i];
}

const ts_setting_t *ts_unbound_conf_last(
	const ts_unbound_conf_t *conf, const char *section, const char *name)
{
	for (size_t i = conf->count; i-- > 0;) {
		const ts_setting_t *s = &conf->settings[i];
		if (strcmp(s->section, section) == 0 && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}

const ts_setting_t *ts_unbound_conf_in_clause(
	const ts_unbound_conf_t *conf, unsigned clause, const char *name, const ts_setting_t *after)
{
	size_t i = after ? (size_t)(after - conf->settings) + 1 : 0;
	for (; i < conf->count; i++) {
		const ts_setting_t *s = &conf->settings[i];
		if (s->clause == clause && strcmp(s->name, name) == 0)
			return s;
	}
	return NULL;
}
