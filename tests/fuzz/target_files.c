/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz targets: the smaller files. `conf`: typosink.conf; `popular`: a list of popular names;
 * `elf`: a program's build-id, as doctor reads it; `alerts`: alert files, through every format.
 */
#include "config.h"

#include "../../src/conf.h"
#include "../../src/popular.h"
#include "../../tools/alert_event.h"
#include "../../tools/alert_file.h"
#include "../../tools/elf_id.h"
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

static void run_conf(const uint8_t *data, size_t size)
{
	fuzz_diags_t diags = {{0}};
	ts_reporter_t report = {fuzz_diag, &diags};
	ts_conf_t conf;
	fuzz_file_t file;

	fuzz_file(&file, data, size);
	ts_conf_init(&conf);
	int err = ts_conf_read(&conf, file.path, &report);
	PROMISED(err == TS_OK || err == TS_EINVAL);
	PROMISED((err != TS_OK) == (diags.count[TS_ERROR] > 0));
	for (size_t i = 0; i < conf.policy_files.count; i++)
		PROMISED(conf.policy_files.items[i]);
	ts_conf_release(&conf);
	fuzz_file_end(&file);
}

static void run_popular(const uint8_t *data, size_t size)
{
	fuzz_diags_t diags = {{0}};
	ts_reporter_t report = {fuzz_diag, &diags};
	ts_popular_t *popular;
	ts_name_t name;
	fuzz_file_t file;

	fuzz_file(&file, data, size);
	if (ts_popular_load(file.path, &report, &popular) == TS_OK) {
		PROMISED(ts_popular_count(popular) > 0);
		if (ts_name_from_text(&name, "www.example.com", 15, NULL) == TS_OK)
			(void)ts_popular_rank(popular, &name);
		ts_popular_free(popular);
	}
	fuzz_file_end(&file);
}

static void run_elf(const uint8_t *data, size_t size)
{
	char id[TS_ELF_ID_MAX];
	fuzz_file_t file;
	bool found;

	fuzz_file(&file, data, size);
	if (ts_elf_build_id(file.path, id) == TS_OK) {
		PROMISED(strlen(id) < sizeof(id));
		PROMISED(strspn(id, "0123456789abcdef") == strlen(id));
	}
	PROMISED(ts_elf_contains(file.path, "typosink", &found) == TS_OK);
	fuzz_file_end(&file);
}

static void print(const alert_format_t *format, const json_t *event, const char *line)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return;
	bool printed = format->print(event, line, out);
	fclose(out);
	PROMISED(printed == (len > 0));
	/* One line, and nothing that a terminal obeys. */
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		PROMISED(c != '\n' || i + 1 == len);
		PROMISED(c >= 0x20 || c == '\n' || c == '\t');
		PROMISED(c != 0x7f);
		PROMISED(c != 0xc2 || i + 1 >= len || (unsigned char)text[i + 1] >= 0xa0);
	}
	free(text);
}

static void run_alerts(const uint8_t *data, size_t size)
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

const fuzz_target_t fuzz_conf = {"conf", run_conf, NULL};
const fuzz_target_t fuzz_popular = {"popular", run_popular, NULL};
const fuzz_target_t fuzz_elf = {"elf", run_elf, NULL};
const fuzz_target_t fuzz_alerts = {"alerts", run_alerts, NULL};
