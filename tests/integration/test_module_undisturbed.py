# SPDX-License-Identifier: BSD-3-Clause
"""What is none of the module's business stays as it was."""

import dns.flags
import pytest

from harness import World, rrs


@pytest.fixture(scope="module")
def below(tmp_path_factory):
    """served.mil's only name server is called ns.army.ml: a typo, whose address must be real."""
    zones = {"served.mil": "@ MX 10 mx.army.mil.\nwww A 192.0.2.120\n"}
    with World(tmp_path_factory.mktemp("below"), zones=zones) as made:
        path = made.write_zone("mil")
        text = path.read_text(encoding="ascii")
        for line in ("served.mil. NS ns.served.mil.\n", "ns.served.mil. A 198.51.100.3\n"):
            assert line in text
            text = text.replace(line, "")
        path.write_text(text + "served.mil. NS ns.army.ml.\n", encoding="ascii")
        made.zones["army.ml"].records += "ns A 198.51.100.3\n"
        made.write_zone("army.ml")
        path = made.write_zone("served.mil")
        text = path.read_text(encoding="ascii")
        path.write_text(text.replace("@ NS ns.served.mil.", "@ NS ns.army.ml."), encoding="ascii")
        made.servers["tld"].reload()
        made.servers["leaf"].reload()
        yield made


@pytest.mark.parametrize("modules", ["dynlib validator iterator", "dynlib iterator"])
@pytest.mark.parametrize("unbound_conf", ["", "harden-referral-path: yes\n"])
def test_undisturbed__a_protected_zone_with_servers_below_a_typo(below, modules, unbound_conf):
    resolver = below.resolver(modules=modules, unbound_conf=unbound_conf)
    # Before and after a client has been told the sinkhole as the address of that server.
    assert rrs(resolver.ask("served.mil", "MX")) == ["served.mil. MX 10 mx.army.mil."]
    for rdtype, data in (("A", "192.0.2.25"), ("AAAA", "2001:db8::25")):
        for cd in (False, True, False):
            for _ in range(2):
                assert rrs(resolver.ask("ns.army.ml", rdtype, cd=cd)) == [
                    f"ns.army.ml. {rdtype} {data}"]
    resolver.control("flush_zone", "served.mil")
    assert rrs(resolver.ask("www.served.mil", "A")) == ["www.served.mil. A 192.0.2.120"]
    cached = resolver.control("dump_cache")
    assert "msg ns.army.ml. IN A" not in cached
    assert "ns.army.ml.\t" not in "".join(
        line for line in cached.splitlines() if "192.0.2.25" in line)
    assert not resolver.log("192.0.2.25")


def test_undisturbed__the_rest_of_a_name_that_is_a_typo(below):
    resolver = below.resolver()
    assert rrs(resolver.ask("army.ml", "TXT")) == ['army.ml. TXT "v=spf1 +all"']
    assert rrs(resolver.ask("army.ml", "SOA")) and rrs(resolver.ask("army.ml", "NS"))
    assert not resolver.ask("ns.army.ml", "DS").answer
    for name, rdtype in (("mines.ml", "MX"), ("orange.ml", "A"), ("army.mil", "MX"),
                         ("www.example.com", "A")):
        answer = resolver.ask(name, rdtype)
        assert answer.answer and not answer.flags & dns.flags.AA
