# SPDX-License-Identifier: BSD-3-Clause
dist_man_MANS += doc/man/typosink.1 doc/man/typosink-policy.5 doc/man/typosink.conf.5
dist_man_MANS += doc/man/typosink-module.8
EXTRA_DIST += doc/architecture.md
EXTRA_DIST += doc/install.md
EXTRA_DIST += doc/shipping.md doc/matching.md doc/soc-guide.md
EXTRA_DIST += doc/audit.md doc/replay.md
EXTRA_DIST += doc/security.md
