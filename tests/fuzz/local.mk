# SPDX-License-Identifier: BSD-3-Clause
# Fuzz targets: one program for all (fuzz.c). With --enable-fuzzing (CC=clang) it is libFuzzer's, else
# it replays files: `make check` does that with the corpora. A new target: target_<what>.c here, a row
# in fuzz.c, and seeds in make-seeds.
check_PROGRAMS += tests/fuzz/fuzz
tests_fuzz_fuzz_SOURCES = tests/fuzz/fuzz.c tests/fuzz/fuzz.h \
	tests/fuzz/target_alerts.c \
	tests/fuzz/target_capture.c \
	tests/fuzz/target_files.c \
	tests/fuzz/target_name.c \
	tests/fuzz/target_policy.c \
	tests/fuzz/target_verdict.c \
	tools/alert_event.c tools/alert_file.c tools/elf_id.c \
	tools/format_cef.c tools/format_ecs.c tools/format_eve.c tools/format_ocsf.c \
	tools/format_rfc5424.c tools/format_text.c tools/format_tsv.c
tests_fuzz_fuzz_CFLAGS = $(AM_CFLAGS) $(JANSSON_CFLAGS)
tests_fuzz_fuzz_CPPFLAGS = $(AM_CPPFLAGS)
tests_fuzz_fuzz_LDADD = src/libcapture.la src/libtyposink.la $(JANSSON_LIBS)
tests_fuzz_fuzz_LDFLAGS = $(AM_LDFLAGS)
# The module, in its stand-in for Unbound: compiled with Unbound's config.h, as all of that is.
if WITH_MODULE
if HAVE_CMOCKA
check_LTLIBRARIES += tests/fuzz/libmodule.la
tests_fuzz_libmodule_la_SOURCES = tests/fuzz/target_module.c
tests_fuzz_libmodule_la_CPPFLAGS = $(module_typosink_la_CPPFLAGS)
tests_fuzz_libmodule_la_CFLAGS = $(module_typosink_la_CFLAGS)
tests_fuzz_fuzz_CPPFLAGS += -DWITH_MODULE
tests_fuzz_fuzz_LDADD += tests/fuzz/libmodule.la tests/unit/libhost.la src/libtyposink.la $(CMOCKA_LIBS)
tests_fuzz_fuzz_LDFLAGS += $(WITH_HOST)
endif
endif
if FUZZING
tests_fuzz_fuzz_CPPFLAGS += -DFUZZING
tests_fuzz_fuzz_LDFLAGS += -fsanitize=fuzzer
endif
TESTS += tests/fuzz/replay
dist_check_SCRIPTS += tests/fuzz/replay
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/make-seeds tests/fuzz/run \
	tests/fuzz/alerts.dict tests/fuzz/conf.dict tests/fuzz/policy.dict
