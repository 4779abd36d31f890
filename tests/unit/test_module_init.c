/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The module's init in a stand-in for Unbound (module_host.h): what it is told, and memory that
 * runs out at each allocation in turn.
 */
#include "module_fixture.h"

#include "../../module/watcher.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Each allocation of init fails in turn: it says so, or does without, and leaves nothing behind. */
static void memory__of_init(void **state)
{
	unsigned failed = 0, n = 0;

	(void)state;
	for (bool refused = true; refused; n++) {
		host_t *h = host_new(0, policy_text(1, MIL), "status-client: 192.0.2.0/24\n");
		int good = 1;
		REFUSING(true, n, good = init(&h->env, h->id));
		refused = refusals.ever;
		if (!good) {
			failed++;
			assert_true(host_logged("typosink: out of memory"));
			assert_null(h->dynlib.dyn_env);
		} else {
			assert_true(refused || host_logged("serial 1 from"));
			(void)told(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
		}
		for (int i = 0; !good && i < inplace_cb_types_total; i++)
			h->callbacks[i] = NULL; /* as Unbound, which ends */
		host_free(h);
	}
	assert_true(failed > 5 && n > 30);
}

static void memory__of_the_callbacks(void **state)
{
	(void)state;
	for (int n = 0; n < 5; n++) {
		host_t *h = host_new(0, policy_text(1, MIL), "");
		h->registrations_left = n;
		assert_int_equal(init(&h->env, h->id), n >= 4);
		for (int i = 0; n < 4 && i < inplace_cb_types_total; i++)
			h->callbacks[i] = NULL;
		host_free(h);
	}
}

static void init__of_a_foreign_program(void **state)
{
	host_t *h = host_new(0, policy_text(1, MIL), "");

	(void)state;
	assert_int_equal(unsetenv("TYPOSINK_HOST_BUILD"), 0);
	assert_int_equal(init(&h->env, h->id), 0);
	assert_true(host_logged("built for Unbound " TS_HOST_VERSION));
	assert_int_equal(setenv("TYPOSINK_HOST_BUILD", "00", 1), 0);
	assert_int_equal(init(&h->env, h->id), 0);
	assert_int_equal(get_mem(&h->env, h->id), 0);
	host_free(h);
}

/* The zones that the operator has given this Unbound; not the root, nor what is no name, nor an
 * RPZ. */
static void init__own_zones(void **state)
{
	static const struct {
		const char *name, *told;
	} rows[] = {
		{"local.army.ml", "A 203.0.113.66"},
		{"x.local.army.ml", "A 203.0.113.66"},
		{"auth.army.ml", "A 203.0.113.66"},
		{"stub.army.ml", "A 203.0.113.66"},
		{"forward.army.ml", "A 203.0.113.66"},
		{"rpz.army.ml", SUNK},
		{"army.ml", SUNK},
	};
	char local[] = "local.army.ml", auth[] = "auth.army.ml", stub[] = "stub.army.ml",
	     forward[] = "forward.army.ml", rpz[] = "rpz.army.ml", root[] = ".", bad[] = "a..b";
	host_t *h = host_new(0, policy_text(1, MIL), "");
	struct config_str2list no_name = {NULL, bad, NULL}, all = {&no_name, root, NULL},
			       locals = {&all, local, NULL};
	struct config_auth list = {.name = rpz, .isrpz = 1}, auths = {.next = &list, .name = auth};
	struct config_stub stubs = {.name = stub}, rest = {.name = root},
			   forwards = {.next = &rest, .name = forward};

	(void)state;
	h->cfg.local_zones = &locals;
	h->cfg.auths = &auths;
	h->cfg.stubs = &stubs;
	h->cfg.forwards = &forwards;
	assert_int_equal(init(&h->env, h->id), 1);
	for (size_t i = 0; i < countof(rows); i++)
		assert_row(rows[i].name, strcmp(told(h, rows[i].name, LDNS_RR_TYPE_MX, "192.0.2.9"),
						 rows[i].told) == 0);
	host_free(h);
}

static void init__client_keys(void **state)
{
	static const struct {
		const char *conf, *key;
		bool warns;
	} rows[] = {
		{"alert-client: hash\n", NULL, true},
		{"alert-client: hash\nalert-client-key-file: %s/key\n", NULL, true},
		{"alert-client: hash\nalert-client-key-file: %s/key\n", "0123456789abcde", true},
		{"alert-client: hash\nalert-client-key-file: %s/key\n", "0123456789abcdef", false},
		{"alert-client: full\nalert-client-key-file: %s/key\n", NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		host_t *h = host_new(0, policy_text(1, MIL), "");
		char conf[512], path[128];
		snprintf(path, sizeof(path), "%s/key", h->folder);
		if (rows[i].key)
			host_write("key", rows[i].key);
		int n = snprintf(conf, sizeof(conf), "policy-file: %s/policy.zone\n", h->folder);
		const char *format = rows[i].conf, *at = strstr(format, "%s/key");
		snprintf(conf + n, sizeof(conf) - (size_t)n, "%.*s%s%s",
			(int)(at ? at - format : (long)strlen(format)), format, at ? path : "",
			at ? "\n" : "");
		host_write("typosink.conf", conf);
		assert_int_equal(init(&h->env, h->id), 1);
		assert_int_equal(host_logged("no key of 16 octets"), rows[i].warns);
		host_free(h);
	}
}

/* The handler that Unbound has while it is not serving is the one of SIGHUP and SIGTERM. */
static void ends(int number)
{
	(void)number;
}

static void init__notes_the_handler(void **state)
{
	static const struct {
		const char *what;
		void (*hup)(int), (*term)(int);
		bool noted;
	} rows[] = {
		{"one for both", ends, ends, true},
		{"two", ends, SIG_DFL, false},
		{"none", SIG_DFL, SIG_DFL, false},
		{"ignored", SIG_IGN, SIG_IGN, false},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		assert_true(signal(SIGHUP, rows[i].hup) != SIG_ERR);
		assert_true(signal(SIGTERM, rows[i].term) != SIG_ERR);
		host_t *h = begin(MIL, "");
		assert_row(rows[i].what,
			ts_module_of(&h->env, 0)->paused == (rows[i].noted ? ends : NULL));
		host_free(h);
	}
	(void)signal(SIGHUP, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
}

/* Files come, break, go and come again; what was good goes on meanwhile. */
static void init__policies_come_and_go(void **state)
{
	host_t *h =
		begin(MIL, "policy-file: /nonexistent/other.zone\nstatus-client: 192.0.2.0/24\n");
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/policy.zone", h->folder);
	assert_true(host_logged("nothing is in force from /nonexistent/other.zone"));
	host_write("policy.zone", "no policy\n");
	host_wait_logged("the last good policy, serial 1, goes on serving");
	host_write("policy.zone", policy_text(2, MIL));
	host_wait_logged("serial 2 from");
	assert_int_equal(unlink(path), 0);
	host_wait_logged(
		"No such file or directory; the last good policy, serial 2, goes on serving");
	assert_string_equal(told(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9"), SUNK);
	host_write("policy.zone", policy_text(3, MIL));
	host_wait_logged("serial 3 from");
	host_free(h);
}

/* Without a configuration that can be read it goes on, with what is built in. */
static void init__without_a_configuration(void **state)
{
	host_t *h = host_new(0, policy_text(1, MIL), "");

	(void)state;
	assert_int_equal(unsetenv("TYPOSINK_CONF"), 0);
	assert_int_equal(init(&h->env, h->id), 1);
	assert_true(host_logged("typosink.conf"));
	assert_true(host_logged("no policy is in force"));
	assert_string_equal(told(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9"), "A 203.0.113.66");
	host_free(h);
}

static void init__in_a_chroot(void **state)
{
	static const struct {
		const char *root, *path, *inside;
	} rows[] = {
		{NULL, "/etc/x", "/etc/x"},
		{"", "/etc/x", "/etc/x"},
		{"/", "/etc/x", "/etc/x"},
		{"/var/u", "/var/u/etc/x", "/etc/x"},
		{"/var/u//", "/var/u/etc/x", "/etc/x"},
		{"/var/u", "/var/unbound/x", "/var/unbound/x"},
		{"/var/u", "/etc/x", "/etc/x"},
		{"/var/u", "/var/u", "/var/u"},
		{"/var/u", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < countof(rows); i++) {
		struct config_file cfg = {.chrootdir = (char *)(uintptr_t)rows[i].root};
		const char *inside = ts_path_in_chroot(&cfg, rows[i].path);
		assert_row(rows[i].path ? rows[i].path : "none",
			rows[i].inside ? inside && strcmp(inside, rows[i].inside) == 0 : !inside);
	}
}

static void init__memory_is_told(void **state)
{
	host_t *h = begin(MIL, "");
	ts_module_t *m = ts_module_of(&h->env, 0);
	size_t whole = get_mem(&h->env, 0), policies = ts_watcher_memory(m->watcher);

	(void)state;
	assert_true(
		whole > sizeof(*m) + ts_quiet_memory(m->quiet) + ts_pipeline_memory(m->pipeline));
	query_t *q = query_new(h, "army.ml", LDNS_RR_TYPE_MX, "192.0.2.9");
	operate(&q->mesh.s, module_event_noreply, 0, NULL); /* nothing that a module of ours gets */
	assert_int_equal(q->mesh.s.ext_state[0], module_error);
	query_free(q);
	/* An old policy is let go: what is told then is of the look before. */
	for (int serial = 2; serial < 4; serial++) {
		char said[32];
		snprintf(said, sizeof(said), "serial %d from", serial);
		host_write("policy.zone", policy_text(serial, MIL));
		host_wait_logged(said);
	}
	assert_int_equal(ts_watcher_memory(m->watcher), policies);
	host_free(h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory__of_init),
		cmocka_unit_test(memory__of_the_callbacks),
		cmocka_unit_test(init__of_a_foreign_program),
		cmocka_unit_test(init__own_zones),
		cmocka_unit_test(init__client_keys),
		cmocka_unit_test(init__notes_the_handler),
		cmocka_unit_test(init__policies_come_and_go),
		cmocka_unit_test(init__without_a_configuration),
		cmocka_unit_test(init__in_a_chroot),
		cmocka_unit_test(init__memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
