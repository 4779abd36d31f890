# SPDX-License-Identifier: BSD-3-Clause
# Typo classes, public suffixes and what else index.c is made of. The tables are made in the build
# folder from the system's data packages: a rebuild brings their updates, nothing can grow stale.
src_libtyposink_la_SOURCES += \
	src/typo/class.c src/typo/class.h src/typo/class_ids.h \
	src/typo/punycode.c src/typo/punycode.h \
	src/typo/suffix.c src/typo/suffix.h src/typo/suffix_table.h

noinst_PROGRAMS += src/typo/gen_suffix
src_typo_gen_suffix_SOURCES = src/typo/gen_suffix.c src/typo/punycode.c
src_typo_gen_suffix_LDADD =
src/typo/suffix_data.c: src/typo/gen_suffix$(EXEEXT) $(PSL_FILE)
	$(AM_V_GEN)src/typo/gen_suffix$(EXEEXT) <$(PSL_FILE) >$@.tmp && mv $@.tmp $@
nodist_src_libtyposink_la_SOURCES = src/typo/suffix_data.c
CLEANFILES += src/typo/suffix_data.c
