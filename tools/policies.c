/* SPDX-License-Identifier: BSD-3-Clause */
#include "policies.h"

#include "command.h"
#include "../src/policy_file.h"

#include <idn2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int policies_add(policies_t *p, const char *path)
{
	const char **paths = realloc(p->paths, (p->count + 1) * sizeof(*paths));

	if (!paths) {
		command_warn("out of memory");
		return EXIT_TROUBLE;
	}
	p->paths = paths;
	paths[p->count++] = path;
	return EXIT_OK;
}

struct talk {
	bool quiet;
	unsigned *count;
};

static void diag(void *arg, const ts_diag_t *d)
{
	const struct talk *talk = arg;

	if (talk->count)
		talk->count[d->severity]++;
	if (!talk->quiet || d->severity == TS_ERROR)
		command_diag(NULL, d);
}

int policies_load_one(const char *path, bool quiet, unsigned count[3], ts_policy_t **out)
{
	struct talk talk = {quiet, count};
	ts_reporter_t report = {diag, &talk};
	ts_policy_options_t options = {.seed = (uint64_t)time(NULL), .now = time(NULL)};

	switch (ts_policy_load_file(path, &options, &report, out)) {
	case TS_OK:
		return EXIT_OK;
	case TS_EPOLICY:
		return EXIT_FOUND;
	default:
		return EXIT_TROUBLE;
	}
}

int policies_load(policies_t *p, bool quiet)
{
	ts_policy_t **loaded = calloc(p->count + 1, sizeof(ts_policy_t *));
	ts_policyset_options_t options = {.seed = (uint64_t)time(NULL)};
	struct talk talk = {quiet, NULL};
	ts_reporter_t report = {diag, &talk};
	int code = loaded ? EXIT_OK : EXIT_TROUBLE;

	for (size_t i = 0; loaded && i < p->count; i++) {
		int one = policies_load_one(p->paths[i], quiet, NULL, &loaded[i]);

		if (one > code)
			code = one;
	}
	if (code == EXIT_OK && p->popular &&
		ts_popular_load(p->popular, &report, &p->list) != TS_OK)
		code = EXIT_TROUBLE;
	options.popular = p->list;
	if (code == EXIT_OK && ts_policyset_new(loaded, p->count, &options, &p->set) != TS_OK) {
		command_warn("out of memory");
		code = EXIT_TROUBLE;
	}
	for (size_t i = 0; loaded && i < p->count; i++)
		ts_policy_unref(loaded[i]);
	free(loaded);
	return code;
}

void policies_release(policies_t *p)
{
	ts_policyset_free(p->set);
	ts_popular_free(p->list);
	free(p->paths);
	*p = (policies_t){0};
}

static bool is_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] >= 0x80)
			return false;
	}
	return true;
}

int name_from_person(const char *text, size_t len, ts_name_t *out, const char **why)
{
	char utf8[4 * TS_NAME_TEXT_MAX], *ascii = NULL;
	int err;

	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	while (len && strchr(" \t", *text)) {
		text++;
		len--;
	}
	/* The domain of an address stands behind the last at sign (RFC 5321 section 4.1.2). */
	for (size_t i = len; i; i--) {
		if (text[i - 1] == '@') {
			text += i;
			len -= i;
			break;
		}
	}
	if (len >= sizeof(utf8)) {
		*why = "name longer than 255 octets";
		return TS_EINVAL;
	}
	if (is_ascii(text, len))
		return ts_name_from_text(out, text, len, why) == TS_OK ? TS_OK : TS_EINVAL;
	if (memchr(text, 0, len)) {
		*why = "NUL octet";
		return TS_EINVAL;
	}
	memcpy(utf8, text, len);
	utf8[len] = '\0';
	err = idn2_to_ascii_8z(utf8, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (err != IDN2_OK) {
		*why = idn2_strerror(err);
		return TS_EINVAL;
	}
	err = ts_name_from_text(out, ascii, strlen(ascii), why) == TS_OK ? TS_OK : TS_EINVAL;
	idn2_free(ascii);
	return err;
}
