# SPDX-License-Identifier: BSD-3-Clause
dist_man_MANS += doc/man/typosink.1 doc/man/typosink-policy.5 doc/man/typosink.conf.5
dist_man_MANS += doc/man/typosink-module.8
EXTRA_DIST += doc/architecture.md doc/audit.md doc/install.md doc/mail.md doc/matching.md \
	doc/operating.md doc/replay.md doc/security.md doc/shipping.md doc/soc-guide.md
