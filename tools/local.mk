# SPDX-License-Identifier: BSD-3-Clause
bin_PROGRAMS += tools/typosink
tools_typosink_CFLAGS = $(AM_CFLAGS)
tools_typosink_LDADD = src/libtyposink.la $(LIBIDN2_LIBS)
tools_typosink_SOURCES = \
	tools/command.c tools/command.h \
	tools/cmd_check.c \
	tools/cmd_edit.c \
	tools/cmd_explain.c \
	tools/cmd_new_policy.c \
	tools/cmd_postfix.c \
	tools/output.c tools/output.h \
	tools/policies.c tools/policies.h \
	tools/typosink.c
EXTRA_DIST += tools/get-exim tools/get-unbound tools/lib.sh tools/packages.txt

# status --server
tools_typosink_CFLAGS += $(LDNS_CFLAGS)
tools_typosink_LDADD += $(LDNS_LIBS)

# doctor
tools_typosink_SOURCES += \
	tools/cmd_doctor.c tools/doctor.h tools/doctor_host.c tools/doctor_typosink.c \
	tools/elf_id.c tools/elf_id.h \
	tools/spawn.c tools/spawn.h \
	tools/unbound_conf.c tools/unbound_conf.h
tools_typosink_CFLAGS += $(JANSSON_CFLAGS)
tools_typosink_LDADD += $(JANSSON_LIBS)

# Debian packages
EXTRA_DIST += debian tools/build-deb tools/chroot.sh tools/release-check
EXTRA_DIST += tools/check-fresh tools/coverage tools/quickstart tools/run-tests

# mail: the sinkhole host, the chaos run
EXTRA_DIST += tools/bench-resolver tools/chaos tools/sinkhole-host

# alerts, status
tools_typosink_SOURCES += \
	tools/alert_event.c tools/alert_event.h \
	tools/alert_file.c tools/alert_file.h \
	tools/alert_filter.c tools/alert_filter.h \
	tools/alert_runs.c tools/alert_runs.h \
	tools/cmd_alerts.c tools/cmd_status.c tools/metrics_file.c tools/metrics_file.h \
	tools/status_server.c tools/status_server.h \
	tools/format_cef.c tools/format_ecs.c tools/format_eve.c tools/format_ocsf.c \
	tools/format_rfc5424.c tools/format_text.c tools/format_tsv.c
# report
tools_typosink_SOURCES += \
	tools/cmd_report.c \
	tools/report.h tools/report_chart.c tools/report_count.c \
	tools/report_html.c tools/report_html.h \
	tools/report_page.c tools/report_style.c
# replay
tools_typosink_SOURCES += \
	tools/cmd_replay.c \
	tools/replay_live.c tools/replay_live.h \
	tools/verdict_json.c tools/verdict_json.h
tools_typosink_LDADD += src/libcapture.la

# rpz
tools_typosink_SOURCES += tools/cmd_rpz.c

# audit: libunbound is the command's alone, never the module's
tools_typosink_SOURCES += \
	tools/audit_state.c tools/audit_state.h \
	tools/cmd_audit.c \
	tools/cmd_audit_dns.c tools/cmd_audit_dns.h
tools_typosink_CFLAGS += $(LIBUNBOUND_CFLAGS)
tools_typosink_LDADD += $(LIBUNBOUND_LIBS)
