/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program without a build-id (tests/local.mk) that loads the module: what is compared then.
 */
#include "../../module/compat.h"

#include "../../module/host.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void host__configuration_of_another_size(void **state)
{
	static const size_t sizes[] = {
		sizeof(struct config_file) - 32, sizeof(struct config_file) + 64};
	char why[512];

	(void)state;
	for (size_t i = 0; i < countof(sizes); i++) {
		void *cfg = calloc(1, sizes[i]);
		assert_non_null(cfg);
		why[0] = '\0';
		assert_false(ts_host_matches(&cfg, why, sizeof(why)));
		assert_non_null(
			strstr(why, "octets, but loaded by a program whose configuration has"));
		free(cfg);
	}
}

/* What the program has; the linker puts this in the place of libc's. */
static const char *absent;
void *__wrap_dlsym(void *handle, const char *symbol);

void *__wrap_dlsym(void *handle, const char *symbol)
{
	(void)handle;
	return absent && strcmp(symbol, absent) == 0 ? NULL : &absent;
}

static void host__no_function_of_unbound(void **state)
{
	static const char *const needed[] = {
		"mesh_detect_cycle", "dynlibmod_init", "msg_cache_remove"};
	void *cfg = calloc(1, sizeof(struct config_file));
	char why[512] = "";

	(void)state;
	assert_non_null(cfg);
	absent = NULL;
	assert_true(ts_host_matches(&cfg, why, sizeof(why)));
	assert_string_equal(why, "");
	for (size_t i = 0; i < countof(needed); i++) {
		absent = needed[i];
		assert_false(ts_host_matches(&cfg, why, sizeof(why)));
		assert_non_null(strstr(why, "has no function"));
		assert_non_null(strstr(why, absent));
	}
	free(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(host__configuration_of_another_size),
		cmocka_unit_test(host__no_function_of_unbound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
