# SPDX-License-Identifier: BSD-3-Clause
"""The signed world of the harness. (One world a file: their addresses are the same.)"""

import dns.flags


def test_signed_world__validates(signed_world):
    resolver = signed_world.resolver(module=False)
    assert resolver.ask("army.mil", "MX", do=True).flags & dns.flags.AD
    assert resolver.ask("nosuch.ml", "A", do=True).flags & dns.flags.AD
