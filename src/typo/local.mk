# SPDX-License-Identifier: BSD-3-Clause
# Typo classes, public suffixes and what else index.c is made of. The tables are made in the build
# folder from the system's data packages: a rebuild brings their updates, nothing can grow stale.
src_libtyposink_la_SOURCES += \
	src/typo/class.c src/typo/class.h src/typo/class_ids.h \
	src/typo/keyboard.c src/typo/keyboard.h \
	src/typo/likeness.c src/typo/likeness.h \
	src/typo/lookalike.c src/typo/lookalike.h \
	src/typo/punycode.c src/typo/punycode.h \
	src/typo/spelling.c src/typo/spelling.h \
	src/typo/suffix.c src/typo/suffix.h src/typo/suffix_table.h \
	src/typo/weights.h src/typo/word.c src/typo/word.h

noinst_PROGRAMS += src/typo/gen_lookalike src/typo/gen_suffix src/typo/gen_words
src_typo_gen_lookalike_SOURCES = src/typo/gen_lookalike.c
src_typo_gen_lookalike_LDADD =
src_typo_gen_suffix_SOURCES = src/typo/gen_suffix.c src/typo/punycode.c
src_typo_gen_suffix_LDADD =
src_typo_gen_words_SOURCES = src/typo/gen_words.c
src_typo_gen_words_LDADD =
src/typo/lookalike_data.c: src/typo/gen_lookalike$(EXEEXT) $(UNICODE_FILE)
	$(AM_V_GEN)src/typo/gen_lookalike$(EXEEXT) <$(UNICODE_FILE) >$@.tmp && mv $@.tmp $@
src/typo/suffix_data.c: src/typo/gen_suffix$(EXEEXT) $(PSL_FILE)
	$(AM_V_GEN)src/typo/gen_suffix$(EXEEXT) <$(PSL_FILE) >$@.tmp && mv $@.tmp $@
src/typo/word_data.c: src/typo/gen_words$(EXEEXT) $(WORD_FILE)
	$(AM_V_GEN)src/typo/gen_words$(EXEEXT) <$(WORD_FILE) >$@.tmp && mv $@.tmp $@
nodist_src_libtyposink_la_SOURCES = \
	src/typo/lookalike_data.c src/typo/suffix_data.c src/typo/word_data.c
CLEANFILES += src/typo/lookalike_data.c src/typo/suffix_data.c src/typo/word_data.c
