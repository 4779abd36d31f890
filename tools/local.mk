# SPDX-License-Identifier: BSD-3-Clause
bin_PROGRAMS += tools/typosink
tools_typosink_CFLAGS = $(AM_CFLAGS)
tools_typosink_LDADD = src/libtyposink.la $(LIBIDN2_LIBS)
tools_typosink_SOURCES = \
	tools/command.c tools/command.h \
	tools/cmd_check.c \
	tools/cmd_explain.c \
	tools/policies.c tools/policies.h \
	tools/typosink.c
EXTRA_DIST += tools/get-exim tools/get-unbound tools/lib.sh tools/packages.txt
