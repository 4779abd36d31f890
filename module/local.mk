# SPDX-License-Identifier: BSD-3-Clause
# Unbound glue only.

# Which Unbound the module is built for; made anew when that Unbound is.
if WITH_MODULE
BUILT_SOURCES += module/host_build.h
CLEANFILES += module/host_build.h
module/host_build.h: $(srcdir)/module/host-build.sh $(UNBOUND_SRC)/config.h $(UNBOUND_BINARY)
	$(AM_V_GEN)$(MKDIR_P) module && \
	$(SHELL) $(srcdir)/module/host-build.sh $(UNBOUND_SRC) $(UNBOUND_BINARY) >$@.part && mv $@.part $@

# What Unbound looks up is exported and nothing else; a symbol that this Unbound does not have is an
# error when it loads us, not at the first call.
moduledir = $(libdir)/unbound
module_LTLIBRARIES = module/typosink.la
module_typosink_la_CPPFLAGS = $(UNBOUND_CPPFLAGS) $(TS_INCLUDES) $(TS_DIRS) \
	-DTYPOSINK_VERSION='"$(PACKAGE_VERSION)"'
module_typosink_la_CFLAGS = $(AM_CFLAGS) -Wno-undef -Wno-strict-prototypes -fvisibility=hidden -pthread
module_typosink_la_LDFLAGS = $(AM_LDFLAGS) -module -avoid-version -shared -pthread \
	-Wl,-z,now -Wl,-Bsymbolic \
	-export-symbols-regex '^(init|deinit|operate|inform_super|clear|get_mem)$$'
module_typosink_la_LIBADD = src/libtyposink.la
module_typosink_la_SOURCES = \
	module/answer_build.c module/answer_build.h \
	module/cache.c module/cache.h \
	module/compat.h \
	module/host.c module/host.h \
	module/module.h \
	module/query.c module/query.h \
	module/quiet.c module/quiet.h \
	module/rhsbl.c module/rhsbl.h \
	module/snapshot.c module/snapshot.h \
	module/source.c module/source.h \
	module/status.c module/status.h \
	module/typosink_module.c \
	module/watcher.c module/watcher.h
endif
EXTRA_DIST += module/host-build.sh
