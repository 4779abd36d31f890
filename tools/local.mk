# SPDX-License-Identifier: BSD-3-Clause
bin_PROGRAMS += tools/typosink
tools_typosink_CFLAGS = $(AM_CFLAGS)
tools_typosink_LDADD = src/libtyposink.la
tools_typosink_SOURCES = \
	tools/command.c tools/command.h \
	tools/typosink.c
EXTRA_DIST += tools/get-exim tools/get-unbound tools/lib.sh tools/packages.txt
