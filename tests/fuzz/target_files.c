/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fuzz targets: the smaller files. `conf`: typosink.conf; `popular`: a list of popular names;
 * `elf`: a program's build-id, as doctor reads it.
 */
#include "config.h"

#include "../../src/conf.h"
#include "../../src/popular.h"
#include "../../tools/elf_id.h"
#include "fuzz.h"

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

const fuzz_target_t fuzz_conf = {"conf", run_conf, NULL};
const fuzz_target_t fuzz_popular = {"popular", run_popular, NULL};
const fuzz_target_t fuzz_elf = {"elf", run_elf, NULL};
