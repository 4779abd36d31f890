# SPDX-License-Identifier: BSD-3-Clause
# Unit tests (cmocka): one program a unit. A new one is a file tests/unit/test_<unit>.c and a name
# in UNIT_TESTS; what it needs beside the core gets a line of its own.
if HAVE_CMOCKA
UNIT_TESTS = \
	tests/unit/test_manual \
	tests/unit/test_answer \
	tests/unit/test_conf \
	tests/unit/test_capture_bounds \
	tests/unit/test_capture_open \
	tests/unit/test_captures \
	tests/unit/test_class \
	tests/unit/test_enumerate \
	tests/unit/test_index \
	tests/unit/test_name \
	tests/unit/test_alert_parts \
	tests/unit/test_logfile \
	tests/unit/test_ring \
	tests/unit/test_namemap \
	tests/unit/test_no_memory \
	tests/unit/test_policy \
	tests/unit/test_popular \
	tests/unit/test_quiet \
	tests/unit/test_real_names \
	tests/unit/test_rhsbl \
	tests/unit/test_rpz \
	tests/unit/test_snapshot \
	tests/unit/test_rrtype \
	tests/unit/test_suffix \
	tests/unit/test_verdict
UNIT_TESTS += tests/unit/test_pipeline tests/unit/test_json
tests_unit_test_json_LDADD = $(LDADD) $(JANSSON_LIBS)
tests_unit_test_pipeline_SOURCES = tests/unit/test_pipeline.c tests/unit/alert_fixture.c
tests_unit_test_pipeline_LDADD = $(LDADD) $(JANSSON_LIBS)
noinst_HEADERS += tests/unit/alert_fixture.h
check_PROGRAMS += $(UNIT_TESTS)
TESTS += $(UNIT_TESTS)
endif
LDADD = src/libtyposink.la $(CMOCKA_LIBS)
tests_unit_test_real_names_SOURCES = tests/unit/test_real_names.c tests/quality/data.c
tests_unit_test_snapshot_SOURCES = tests/unit/test_snapshot.c module/snapshot.c
tests_unit_test_quiet_SOURCES = tests/unit/test_quiet.c module/quiet.c
noinst_HEADERS += tests/unit/policy_text.h tests/unit/unit.h
tests_unit_test_captures_LDADD = src/libcapture.la $(LDADD)
tests_unit_test_capture_bounds_LDADD = src/libcapture.la $(LDADD)
tests_unit_test_capture_open_CFLAGS = $(AM_CFLAGS) $(CAPTURE_CFLAGS)
tests_unit_test_capture_open_LDADD = src/libcapture.la $(LDADD) $(CAPTURE_LIBS)
tests_unit_test_no_memory_LDADD = src/libcapture.la $(LDADD)
tests_unit_test_no_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc \
	-Wl,--wrap=realloc,--wrap=aligned_alloc,--wrap=strdup \
	-Wl,--wrap=ts_arena_alloc,--wrap=ts_arena_copy

# The module, with a stand-in for Unbound; and what it does where there is no build-id to compare.
if WITH_MODULE
if HAVE_CMOCKA
MODULE_TESTS = tests/unit/test_module tests/unit/test_module_check tests/unit/test_module_init \
	tests/unit/test_module_purge tests/unit/test_source tests/unit/test_host
check_PROGRAMS += $(MODULE_TESTS)
TESTS += $(MODULE_TESTS)
endif
endif
noinst_HEADERS += tests/unit/module_fixture.h tests/unit/module_host.h tests/unit/zone_text.h
check_LTLIBRARIES += tests/unit/libhost.la
tests_unit_libhost_la_SOURCES = tests/unit/module_fixture.c tests/unit/module_host.c \
	tests/unit/zone_text.c $(module_typosink_la_SOURCES)
tests_unit_libhost_la_CPPFLAGS = $(module_typosink_la_CPPFLAGS) -DTICK_MS=10
tests_unit_libhost_la_CFLAGS = $(module_typosink_la_CFLAGS)
WITH_HOST = $(AM_LDFLAGS) -pthread -Wl,--build-id -Wl,--wrap=malloc,--wrap=calloc \
	-Wl,--wrap=realloc,--wrap=aligned_alloc
tests_unit_test_module_CPPFLAGS = $(module_typosink_la_CPPFLAGS)
tests_unit_test_module_CFLAGS = $(module_typosink_la_CFLAGS)
tests_unit_test_module_LDFLAGS = $(WITH_HOST)
tests_unit_test_module_LDADD = tests/unit/libhost.la $(LDADD)
tests_unit_test_module_check_CPPFLAGS = $(module_typosink_la_CPPFLAGS)
tests_unit_test_module_check_CFLAGS = $(module_typosink_la_CFLAGS)
tests_unit_test_module_check_LDFLAGS = $(WITH_HOST)
tests_unit_test_module_check_LDADD = tests/unit/libhost.la $(LDADD)
tests_unit_test_module_init_CPPFLAGS = $(module_typosink_la_CPPFLAGS)
tests_unit_test_module_init_CFLAGS = $(module_typosink_la_CFLAGS)
tests_unit_test_module_init_LDFLAGS = $(WITH_HOST)
tests_unit_test_module_init_LDADD = tests/unit/libhost.la $(LDADD)
tests_unit_test_module_purge_CPPFLAGS = $(module_typosink_la_CPPFLAGS)
tests_unit_test_module_purge_CFLAGS = $(module_typosink_la_CFLAGS)
tests_unit_test_module_purge_LDFLAGS = $(WITH_HOST) -Wl,--wrap=sigaction
tests_unit_test_module_purge_LDADD = tests/unit/libhost.la $(LDADD)
tests_unit_test_source_CPPFLAGS = $(module_typosink_la_CPPFLAGS)
tests_unit_test_source_CFLAGS = $(module_typosink_la_CFLAGS)
tests_unit_test_source_LDFLAGS = $(WITH_HOST) -Wl,--wrap=fopen
tests_unit_test_source_LDADD = tests/unit/libhost.la $(LDADD)
tests_unit_test_host_SOURCES = tests/unit/test_host.c module/host.c
tests_unit_test_host_CPPFLAGS = $(module_typosink_la_CPPFLAGS)
tests_unit_test_host_CFLAGS = $(module_typosink_la_CFLAGS)
tests_unit_test_host_LDFLAGS = $(AM_LDFLAGS) -pthread -Wl,--build-id=none,--wrap=dlsym

# Integration tests (pytest, real servers): tests/integration/README.md.
EXTRA_DIST += tests/integration tests/check-dist tests/host-suite/run \
	tests/mutation tests/soak .ci/run
dist-hook:
	find $(distdir) -name __pycache__ -exec rm -rf {} +

tests_unit_test_suffix_CPPFLAGS = $(AM_CPPFLAGS) -DPSL_FILE='"$(PSL_FILE)"'
tests_unit_test_suffix_CFLAGS = $(AM_CFLAGS)
tests_unit_test_suffix_LDADD = $(LDADD)
if HAVE_LIBPSL
tests_unit_test_suffix_CPPFLAGS += -DHAVE_LIBPSL
tests_unit_test_suffix_CFLAGS += $(LIBPSL_CFLAGS)
tests_unit_test_suffix_LDADD += $(LIBPSL_LIBS)
endif

# Checks of the source: these two with every `make check`, the others (they want tools that not
# everybody has) by tools/run-tests.
TESTS += tests/check/commands tests/check/core tests/check/edit tests/check/includes tests/check/links
dist_check_SCRIPTS += tests/check/commands tests/check/edit tests/check/core tests/check/includes \
	tests/check/links tests/check/analysers tests/check/cppcheck tests/check/format \
	tests/check/manual tests/check/packages tests/check/python tests/check/shell
# What the command's own parts are tested with.
if HAVE_CMOCKA
COMMAND_TESTS = tests/unit/test_elf_id tests/unit/test_unbound_conf
check_PROGRAMS += $(COMMAND_TESTS)
TESTS += $(COMMAND_TESTS)
endif
tests_unit_test_elf_id_SOURCES = tests/unit/test_elf_id.c tools/elf_id.c
tests_unit_test_unbound_conf_SOURCES = tests/unit/test_unbound_conf.c tools/unbound_conf.c

# Debian packages: tests/packages/run.
EXTRA_DIST += tests/packages
# The command as a user calls it; and what an alert costs (make bench).
TESTS += tests/command/test_alerts.py tests/command/test_escapes.py tests/command/test_report.py
dist_check_SCRIPTS += tests/command/test_alerts.py tests/command/test_escapes.py \
	tests/command/test_report.py
EXTRA_PROGRAMS += tests/bench/bench_alerts
tests_bench_bench_alerts_LDADD = src/libtyposink.la
benches += tests/bench/bench_alerts tests/bench/bench_index
bench_scripts += tests/bench/bench-pipeline
EXTRA_DIST += tests/bench/bench-pipeline
# replay: the command from the outside, with texts and with packets of its own making.
TESTS += tests/replay/run
dist_check_SCRIPTS += tests/replay/run tests/replay/make-capture tests/replay/server
EXTRA_DIST += tests/replay/policy.zone tests/replay/queries.txt tests/replay/queries.ndjson \
	tests/replay/bind.log tests/replay/unbound.log tests/replay/mail

EXTRA_DIST += tests/bench/bench-replay tests/bench/bench-audit tests/bench/bench-rpz
bench_scripts += tests/bench/bench-replay tests/bench/bench-rpz

# What the module costs the resolver (root, namespaces, valgrind: not part of make bench).
.PHONY: bench-resolver
bench-resolver: all
	TYPOSINK_BUILD=. $(srcdir)/tools/bench-resolver
