# SPDX-License-Identifier: BSD-3-Clause
"""The signed world of the harness. (One world a file: their addresses are the same.)"""

import dns.flags

from harness import rrs


def test_signed_world__validates(signed_world):
    resolver = signed_world.resolver(module=False)
    assert resolver.ask("army.mil", "MX", do=True).flags & dns.flags.AD
    assert resolver.ask("nosuch.ml", "A", do=True).flags & dns.flags.AD


def test_signed_world__keeps_ad_where_nothing_is_intercepted(signed_world):
    resolver = signed_world.resolver()
    for _ in range(2):  # fresh, and from the cache
        for name, rdtype in (("army.mil", "MX"), ("mines.ml", "MX"), ("orange.ml", "A"),
                             ("army.ml", "TXT"), ("nosuch.example.com", "A")):
            assert resolver.ask(name, rdtype, do=True).flags & dns.flags.AD, name
        answer = resolver.ask("army.ml", "MX", do=True)
        assert rrs(answer) == ["army.ml. MX 10 mx.sinkhole.example."]
        assert not answer.flags & dns.flags.AD
