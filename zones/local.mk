# SPDX-License-Identifier: BSD-3-Clause
# Policies that ship.
dist_pkgdata_DATA += zones/example.zone zones/mil.zone zones/providers.zone
