# SPDX-License-Identifier: BSD-3-Clause
# What is measured of the matcher: `make quality`, `make bench-index`. Built on demand only.
EXTRA_PROGRAMS += tests/quality/quality tests/quality/crossval tests/bench/bench_index
tests_quality_quality_SOURCES = \
	tests/quality/quality.c tests/quality/data.c tests/quality/data.h
tests_quality_quality_LDADD = src/libtyposink.la
# likeness.c once more, with weights that can be set.
tests_quality_crossval_SOURCES = \
	tests/quality/crossval.c tests/quality/data.c tests/quality/data.h src/typo/likeness.c
tests_quality_crossval_CPPFLAGS = $(AM_CPPFLAGS) -DTS_WEIGHTS_VARY
tests_quality_crossval_LDADD = src/libtyposink.la
dist_check_SCRIPTS += tests/quality/list-dnstwist
tests_bench_bench_index_SOURCES = \
	tests/bench/bench_index.c tests/quality/data.c tests/quality/data.h
tests_bench_bench_index_LDADD = src/libtyposink.la
CLEANFILES += tests/quality/dnstwist.txt tests/quality/crossval$(EXEEXT) tests/quality/quality$(EXEEXT) tests/bench/bench_index$(EXEEXT)

.PHONY: quality bench-index
quality: tests/quality/quality$(EXEEXT) tests/quality/crossval$(EXEEXT)
	@dir=$${TYPOSINK_DATA:-../shared/data}; list=tests/quality/dnstwist.txt; \
	test -s $$list || ! test -d "$$dir" || \
	$(srcdir)/tests/quality/list-dnstwist "$$dir/mail_providers.txt" >$$list || :
	tests/quality/quality$(EXEEXT) tests/quality/dnstwist.txt
	tests/quality/crossval$(EXEEXT)
bench-index: tests/bench/bench_index$(EXEEXT)
	tests/bench/bench_index$(EXEEXT)
