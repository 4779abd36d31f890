/* SPDX-License-Identifier: BSD-3-Clause */
#include "config.h"

#include "alert_event.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static const alert_format_t *const formats[] = {
	&format_ecs,
	&format_text,
	&format_tsv,
	&format_ocsf,
	&format_cef,
	&format_rfc5424,
	&format_eve,
	NULL,
};

const alert_format_t *const *alert_formats(void)
{
	return formats;
}

const alert_format_t *alert_format_find(const char *name)
{
	for (const alert_format_t *const *f = formats; *f; f++) {
		if (strcmp((*f)->name, name) == 0)
			return *f;
	}
	return NULL;
}

const json_t *alert_get(const json_t *event, const char *path)
{
	char key[64];

	while (event && *path) {
		size_t n = strcspn(path, ".");

		if (n >= sizeof(key))
			return NULL;
		memcpy(key, path, n);
		key[n] = '\0';
		event = json_object_get(event, key);
		path += n + (path[n] == '.');
	}
	return event;
}

const char *alert_str(const json_t *event, const char *path)
{
	const char *s = json_string_value(alert_get(event, path));

	return s ? s : "";
}

int64_t alert_int(const json_t *event, const char *path)
{
	return json_integer_value(alert_get(event, path));
}

double alert_num(const json_t *event, const char *path)
{
	return json_number_value(alert_get(event, path));
}

bool alert_is_alert(const json_t *event)
{
	return strcmp(alert_str(event, "event.kind"), "alert") == 0;
}

int64_t alert_time_us(const char *stamp)
{
	struct tm tm = {0};
	unsigned us = 0, width = 0;
	const char *p = strptime(stamp, "%Y-%m-%dT%H:%M:%S", &tm);

	if (!p)
		return 0;
	if (*p == '.') {
		for (p++; *p >= '0' && *p <= '9' && width < 6; p++, width++)
			us = us * 10 + (unsigned)(*p - '0');
	}
	for (; width < 6; width++)
		us *= 10;
	return (int64_t)timegm(&tm) * 1000000 + us;
}

void alert_put(FILE *out, const char *text, const char *escaped)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		/* C0, DEL, and C1 in its UTF-8 form, which some terminals obey. */
		if (*p < 0x20 || *p == 0x7f) {
			fputc('?', out);
		} else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f) {
			fputc('?', out);
			p++;
		} else {
			if (*p < 0x80 && strchr(escaped, *p))
				fputc('\\', out);
			fputc(*p, out);
		}
	}
}

bool alert_put_json_text(FILE *out, const char *text)
{
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		/* DEL and C1 may stand in a JSON string as they are; they are not to reach a
		 * terminal. C0 stands only between the parts of a text, where a space will do. */
		if (*p < 0x20)
			fputc(' ', out);
		else if (*p == 0x7f)
			fputs("\\u007f", out);
		else if (*p == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f)
			fprintf(out, "\\u00%02x", *++p);
		else
			fputc(*p, out);
	}
	return fputc('\n', out) != EOF;
}

bool alert_put_json(FILE *out, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;
	bool good = text && alert_put_json_text(out, text);

	free(text);
	json_decref(object);
	return good;
}
