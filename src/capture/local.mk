# SPDX-License-Identifier: BSD-3-Clause
# The capture reader: a library of its own, so that libpcap stays out of the resolver.
noinst_LTLIBRARIES += src/libcapture.la
src_libcapture_la_CFLAGS = $(AM_CFLAGS) $(CAPTURE_CFLAGS)
src_libcapture_la_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_builddir)
src_libcapture_la_LIBADD = $(CAPTURE_LIBS) src/libtyposink.la
src_libcapture_la_SOURCES = \
	src/capture/capture.c src/capture/capture.h \
	src/capture/cursor.h \
	src/capture/dns.c src/capture/dns.h \
	src/capture/frag.c \
	src/capture/internal.h \
	src/capture/kind_dnstap.c \
	src/capture/kind_pcap.c \
	src/capture/kind_text.c \
	src/capture/link.c \
	src/capture/net.c \
	src/capture/source.c \
	src/capture/tcp.c
nodist_src_libcapture_la_SOURCES = src/capture/dnstap.pb-c.c src/capture/dnstap.pb-c.h
BUILT_SOURCES += src/capture/dnstap.pb-c.h
CLEANFILES += src/capture/dnstap.pb-c.c src/capture/dnstap.pb-c.h
EXTRA_DIST += src/capture/dnstap.proto

# For who makes one program only: BUILT_SOURCES are made by `make all` and `make check`. (One object by
# its name would take automake's own rule away.)
$(src_libcapture_la_OBJECTS): src/capture/dnstap.pb-c.h
src/capture/dnstap.pb-c.h: src/capture/dnstap.pb-c.c
	@:
src/capture/dnstap.pb-c.c: $(srcdir)/src/capture/dnstap.proto
	@$(MKDIR_P) src/capture
	$(AM_V_GEN)$(PROTOC_C) --proto_path=$(srcdir)/src/capture --c_out=src/capture $(srcdir)/src/capture/dnstap.proto
