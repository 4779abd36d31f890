# SPDX-License-Identifier: BSD-3-Clause
src_libtyposink_la_SOURCES += src/alert/event.h src/alert/pipeline.h \
	src/alert/clock.c src/alert/clock.h \
	src/alert/encode.c src/alert/encode.h \
	src/alert/logfile.c src/alert/logfile.h \
	src/alert/metrics.c src/alert/metrics.h \
	src/alert/pipeline.c \
	src/alert/record.c src/alert/record.h \
	src/alert/repeats.c src/alert/repeats.h \
	src/alert/ring.c src/alert/ring.h \
	src/alert/state.c src/alert/state.h \
	src/alert/ulid.c src/alert/ulid.h
src_libtyposink_la_LIBADD += -lpthread
