# SPDX-License-Identifier: BSD-3-Clause
# The core library: no Unbound, no libpcap, no printing.
noinst_LTLIBRARIES += src/libtyposink.la
src_libtyposink_la_CFLAGS = $(AM_CFLAGS) $(LDNS_CFLAGS) -fvisibility=hidden
src_libtyposink_la_LIBADD = $(LDNS_LIBS)
src_libtyposink_la_SOURCES = \
	src/answer.c src/answer.h \
	src/arena.c src/arena.h \
	src/conf.c src/conf.h \
	src/diag.c src/diag.h \
	src/enumerate.c src/enumerate.h \
	src/err.c src/err.h \
	src/grow.h \
	src/json.c src/json.h \
	src/name.c src/name.h \
	src/namemap.c src/namemap.h \
	src/policy.c src/policy.h src/policy_impl.h \
	src/policy_build.c \
	src/policy_draft.c src/policy_draft.h \
	src/policy_file.c src/policy_file.h \
	src/policy_layout.c \
	src/policy_property.c \
	src/policy_read.c \
	src/policy_set.c \
	src/policy_value.c src/policy_value.h \
	src/prefix.c src/prefix.h \
	src/rhsbl.c src/rhsbl.h \
	src/rpz.c src/rpz.h \
	src/rrtype.c src/rrtype.h \
	src/siphash.c src/siphash.h \
	src/verdict.c src/verdict.h \
	src/index.c src/index_build.c src/index.h src/index_impl.h \
	src/popular.c src/popular.h
