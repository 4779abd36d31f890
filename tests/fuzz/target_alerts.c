/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz target `alerts`: alert files, through every format. An event has the shape of its format
 * whatever stands in it, and no alert is left out.
 */
#include "config.h"

#include "../../tools/alert_event.h"
#include "../../tools/alert_file.h"
#include "fuzz.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Behind the next character that is `what` and has no backslash before it; NULL: none. */
static const char *behind(const char *text, char what)
{
	for (; *text; text++) {
		if (*text == what)
			return text + 1;
		if (*text == '\\' && text[1])
			text++;
	}
	return NULL;
}

/* The columns that the manual lists. */
static void shape_tsv(const char *text, const json_t *event)
{
	unsigned tabs = 0;

	(void)event;
	for (; *text; text++)
		tabs += *text == '\t';
	PROMISED(tabs == 15);
}

/* Seven fields, then key=value: keys are words, and none stands there twice. */
static void shape_cef(const char *text, const json_t *event)
{
	char seen[1024] = " ";

	(void)event;
	for (int i = 0; i < 7; i++) {
		text = behind(text, '|');
		PROMISED(text);
	}
	for (const char *value; (value = behind(text, '=')); text = value) {
		const char *key = value - 1;
		char word[64];

		while (key > text && isalnum((unsigned char)key[-1]))
			key--;
		PROMISED(key == text || key[-1] == ' ');
		PROMISED(value - key > 1 && (size_t)(value - key) < sizeof(word) - 1);
		snprintf(word, sizeof(word), " %.*s", (int)(value - key), key);
		PROMISED(!strstr(seen, word));
		PROMISED(strlen(seen) + strlen(word) < sizeof(seen));
		strcat(seen, word);
	}
	PROMISED(strstr(seen, " rt="));
}

/* RFC 5424, section 6: a header of limited fields, one element of structured data, a message. */
static void shape_rfc5424(const char *text, const json_t *event)
{
	static const size_t limits[] = {3 + 3, 27, 255, 48, 128, 32}; /* the first: <PRI>VERSION */
	static const char element[] = "[typosink@32473";

	(void)event;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		size_t len = strcspn(text, " ");

		PROMISED(len > 0 && len <= limits[i] && text[len] == ' ');
		text += len + 1;
	}
	PROMISED(strncmp(text, element, strlen(element)) == 0);
	text += strlen(element);
	while (*text == ' ') {
		size_t len = strspn(++text, "abcdefghijklmnopqrstuvwxyzI");

		PROMISED(len > 0 && text[len] == '=' && text[len + 1] == '"');
		const char *end = behind(text + len + 2, '"'),
			   *bracket = behind(text + len + 2, ']');
		PROMISED(end && (!bracket || bracket > end));
		text = end;
	}
	PROMISED(text[0] == ']' && text[1] == ' ');
}

static void shape_ecs(const char *text, const json_t *event)
{
	json_t *again = json_loads(text, 0, NULL);

	PROMISED(again && json_equal(again, event));
	json_decref(again);
}

/* JSON of its own, with these members. */
static void shape_json(const char *text, const char *const members[])
{
	json_t *again = json_loads(text, 0, NULL);

	PROMISED(again);
	for (; *members; members++)
		PROMISED(json_object_get(again, *members));
	json_decref(again);
}

static void shape_ocsf(const char *text, const json_t *event)
{
	static const char *const members[] = {
		"class_uid", "time", "metadata", "query", "src_endpoint", "firewall_rule", NULL};

	(void)event;
	shape_json(text, members);
}

static void shape_eve(const char *text, const json_t *event)
{
	static const char *const members[] = {"timestamp", "event_type", "alert", "dns", NULL};

	(void)event;
	shape_json(text, members);
}

static const struct {
	const char *format;
	void (*check)(const char *text, const json_t *event);
	bool alerts_only;
} shapes[] = {
	{"ecs", shape_ecs, false},
	{"text", NULL, false},
	{"tsv", shape_tsv, false},
	{"ocsf", shape_ocsf, true},
	{"cef", shape_cef, false},
	{"rfc5424", shape_rfc5424, false},
	{"eve", shape_eve, true},
};

static void print(const alert_format_t *format, const json_t *event, const char *line)
{
	char *text = NULL;
	size_t len = 0, shape = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	bool printed = format->print(event, line, out);
	fclose(out);
	while (strcmp(shapes[shape].format, format->name) != 0)
		PROMISED(++shape < sizeof(shapes) / sizeof(shapes[0]));
	PROMISED(printed == (len > 0));
	PROMISED(printed == (!shapes[shape].alerts_only || alert_is_alert(event)));
	/* One line, and nothing that a terminal obeys. */
	PROMISED(!printed || (text[len - 1] == '\n' && strlen(text) == len));
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		PROMISED(c != '\n' || i + 1 == len);
		PROMISED(c >= 0x20 || c == '\n' || c == '\t');
		PROMISED(c != 0x7f);
		PROMISED(c != 0xc2 || i + 1 >= len || (unsigned char)text[i + 1] >= 0xa0);
	}
	if (printed && shapes[shape].check)
		shapes[shape].check(text, event);
	free(text);
}

static void run(const uint8_t *data, size_t size)
{
	alert_file_t alerts = {0};
	fuzz_file_t file;
	const char *line;

	fuzz_file(&file, data, size);
	if (alert_file_open(&alerts, file.path) == 0) {
		while ((line = alert_file_next(&alerts))) {
			json_t *event = json_loads(line, 0, NULL);

			for (const alert_format_t *const *f = alert_formats();
				json_is_object(event) && *f; f++)
				print(*f, event, line);
			(void)alert_time_us(alert_str(event, "@timestamp"));
			json_decref(event);
		}
		(void)alert_file_torn(&alerts);
		alert_file_close(&alerts);
	}
	fuzz_file_end(&file);
}

/* A text with something in it that means something to one of the formats, or to a terminal. */
static json_t *odd_text(const char *text, unsigned *dice)
{
	static const char *const pieces[] = {"\x1b[31m", "\xc2\x9b", "\x7f", "\t", "\n", "\r", "|",
		"=", "\\", "\"", "]", " src=192.0.2.9", "|9|rt=1", "\" x=\"", "] ", "<14>1 ",
		"\xe2\x80\xae", "\xe2\x80\xa8", "\xc3\xbc", "\xf0\x9f\x93\xa7", "alert", "start",
		"sinkhole", "2026-11-24T10:00:00.000000Z"};
	const char *piece = pieces[fuzz_dice(dice, sizeof(pieces) / sizeof(pieces[0]))];
	unsigned times = fuzz_dice(dice, 8) ? 1 : 1 + fuzz_dice(dice, 300);
	size_t len = strlen(text), at = fuzz_dice(dice, (unsigned)len + 1);
	char *made = NULL;
	FILE *out = open_memstream(&made, &len);

	if (!out)
		return NULL;
	fwrite(text, 1, fuzz_dice(dice, 4) ? at : 0, out);
	while (times--)
		fputs(piece, out);
	fputs(text + at, out);
	fclose(out);
	json_t *value = json_string(made); /* NULL: cut within a character */
	free(made);
	return value;
}

/* What may stand in the place of a value; NULL: nothing. */
static json_t *other(const json_t *value, json_t *event, unsigned *dice)
{
	static const json_int_t numbers[] = {0, 1, -1, 53, 65536, INT64_MAX, INT64_MIN};

	switch (fuzz_dice(dice, 9)) {
	case 0:
		return NULL;
	case 1:
		return json_null();
	case 2:
		return json_boolean(fuzz_dice(dice, 2));
	case 3:
		return json_integer(numbers[fuzz_dice(dice, sizeof(numbers) / sizeof(numbers[0]))]);
	case 4:
		return json_real(fuzz_dice(dice, 2) ? 0.5 : -1e300);
	case 5: /* one deeper */
		return json_pack("[o]", json_deep_copy(value));
	case 6: { /* some other member of the event */
		void *at = json_object_iter(event);
		for (unsigned n = fuzz_dice(dice, 12); n-- && at;)
			at = json_object_iter_next(event, at);
		return at ? json_deep_copy(json_object_iter_value(at)) : json_object();
	}
	default:
		return odd_text(json_is_string(value) ? json_string_value(value) : "", dice);
	}
}

/* Another value, or none, for a member of an object, or (key NULL) of an array. \return 0: done. */
static int put(json_t *in, const char *key, size_t at, json_t *value)
{
	if (key)
		return value ? json_object_set_new(in, key, value) : json_object_del(in, key);
	return value ? json_array_set_new(in, at, value) : json_array_remove(in, at);
}

/* Changes the nth value below `in`, counted from 0; false: there are less, and *n are missing. */
static bool change(json_t *in, unsigned *n, json_t *event, unsigned *dice)
{
	const char *key;
	json_t *value;
	void *next;
	size_t i;

	json_object_foreach_safe(in, next, key, value)
	{
		if ((*n)-- == 0)
			return put(in, key, 0, other(value, event, dice)) == 0;
		if (change(value, n, event, dice))
			return true;
	}
	json_array_foreach(in, i, value)
	{
		if ((*n)-- == 0)
			return put(in, NULL, i, other(value, event, dice)) == 0;
		if (change(value, n, event, dice))
			return true;
	}
	return false;
}

/* Another value in one of an event's members. */
static size_t mutate(uint8_t *text, size_t size, size_t max, unsigned dice)
{
	fuzz_span_t span = fuzz_line(text, size, dice);
	json_t *event = json_loadb((const char *)text + span.at, span.len, 0, NULL);
	unsigned n = fuzz_dice(&dice, 60);
	size_t changed = 0;

	if (json_is_object(event)) {
		/* Of less than n values: the one that is left when they are counted again. */
		unsigned missing = n;
		if (!change(event, &missing, event, &dice) && missing < n) {
			n = missing % (n - missing);
			(void)change(event, &n, event, &dice);
		}
		char *line = json_dumps(event, JSON_COMPACT);
		size_t len = line ? strlen(line) : 0;
		if (line) {
			line[len] = '\n'; /* of an octet string now */
			changed = fuzz_splice(text, size, max, span, line, len + 1);
		}
		free(line);
	}
	json_decref(event);
	return changed;
}

const fuzz_target_t fuzz_alerts = {"alerts", run, mutate};
