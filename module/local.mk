# SPDX-License-Identifier: BSD-3-Clause
# Unbound glue only.

# Which Unbound the module is built for; made anew when that Unbound is.
if WITH_MODULE
BUILT_SOURCES += module/host_build.h
CLEANFILES += module/host_build.h
module/host_build.h: $(srcdir)/module/host-build.sh $(UNBOUND_SRC)/config.h $(UNBOUND_BINARY)
	$(AM_V_GEN)$(MKDIR_P) module && \
	$(SHELL) $(srcdir)/module/host-build.sh $(UNBOUND_SRC) $(UNBOUND_BINARY) >$@.part && mv $@.part $@
endif
EXTRA_DIST += module/host-build.sh
