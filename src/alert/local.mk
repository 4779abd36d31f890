# SPDX-License-Identifier: BSD-3-Clause
src_libtyposink_la_SOURCES += src/alert/event.h src/alert/pipeline.h
