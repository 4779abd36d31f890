/* SPDX-License-Identifier: BSD-3-Clause */
#include "module_fixture.h"

#include <stdio.h>
#include <string.h>

const char *policy_text(int serial, const char *rest)
{
	static char text[8192];
	int n = snprintf(text, sizeof(text), POLICY_START("p.example", "%d"), serial);

	snprintf(text + n, sizeof(text) - (size_t)n, "%s", rest);
	return text;
}

host_t *begin(const char *rest, const char *conf)
{
	host_t *h = host_new(0, policy_text(1, rest), conf);

	assert_int_equal(init(&h->env, h->id), 1);
	assert_true(host_logged("serial 1 from"));
	return h;
}

const char *told(host_t *h, const char *name, uint16_t type, const char *client)
{
	static char text[TS_NAME_TEXT_MAX + 16];
	query_t *q = query_new(h, name, type, client);

	if (query_start(q) == module_wait_module)
		assert_int_equal(query_done(q, NULL), module_finished);
	query_reply(q, &q->reply);
	snprintf(text, sizeof(text), "%s", query_told(q));
	query_free(q);
	return text;
}

const char *alerted(host_t *h, const char *what)
{
	static char line[8192];
	char path[128];
	bool found = false;

	deinit(&h->env, h->id);
	snprintf(path, sizeof(path), "%s/a", h->folder);
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	while (!found && fgets(line, sizeof(line), f))
		found = strstr(line, "\"kind\":\"alert\"") && strstr(line, what);
	fclose(f);
	return found ? line : NULL;
}
