# SPDX-License-Identifier: BSD-3-Clause
# The core library: no Unbound, no libpcap, no printing.
noinst_LTLIBRARIES += src/libtyposink.la
src_libtyposink_la_CFLAGS = $(AM_CFLAGS) $(LDNS_CFLAGS) -fvisibility=hidden
src_libtyposink_la_LIBADD = $(LDNS_LIBS)
src_libtyposink_la_SOURCES = \
	src/diag.c src/diag.h \
	src/err.c src/err.h \
	src/name.c src/name.h \
	src/namemap.c src/namemap.h \
	src/rrtype.c src/rrtype.h \
	src/answer.h src/conf.h src/index.h src/json.h src/policy.h src/policy_file.h \
	src/popular.h src/verdict.h \
	src/popular.c src/index.c
