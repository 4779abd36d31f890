# SPDX-License-Identifier: BSD-3-Clause
# The capture reader: a library of its own, so that libpcap stays out of the resolver.
