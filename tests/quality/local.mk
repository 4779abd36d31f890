# SPDX-License-Identifier: BSD-3-Clause
# What is measured of the matcher: `make quality`, `make bench-index`. Built on demand only.
EXTRA_PROGRAMS += tests/quality/quality tests/bench/bench_index
tests_quality_quality_SOURCES = \
	tests/quality/quality.c tests/quality/data.c tests/quality/data.h
tests_quality_quality_LDADD = src/libtyposink.la
tests_bench_bench_index_SOURCES = \
	tests/bench/bench_index.c tests/quality/data.c tests/quality/data.h
tests_bench_bench_index_LDADD = src/libtyposink.la
CLEANFILES += tests/quality/quality$(EXEEXT) tests/bench/bench_index$(EXEEXT)

.PHONY: quality bench-index
quality: tests/quality/quality$(EXEEXT)
	tests/quality/quality$(EXEEXT)
bench-index: tests/bench/bench_index$(EXEEXT)
	tests/bench/bench_index$(EXEEXT)
