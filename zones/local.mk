# SPDX-License-Identifier: BSD-3-Clause
# Policies that ship.
