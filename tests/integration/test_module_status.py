# SPDX-License-Identifier: BSD-3-Clause
"""The state of a module, asked for over DNS (status-client)."""

import dns.rcode
import pytest

from harness import Policy, rrs
from test_module_leaks import in_force

ALLOWED, OTHER = "192.0.2.200", "198.51.100.7"
CONF = f"status-client: {ALLOWED}\nstatus-client: 2001:db8::/32\n"


def state(resolver, source=ALLOWED, **how):
    answer = resolver.ask("status.typosink", "TXT", rdclass="CH", source=source, **how)
    return dns.rcode.to_text(answer.rcode()), [
        rdata.strings[0].decode() for rrset in answer.answer for rdata in rrset]


@pytest.fixture(scope="module")
def told(world):
    return world.resolver(conf=CONF)


def test_status__says_what_runs(told):
    for how in ({}, {"tcp": True}, {"edns": False}, {"do": True}):
        rcode, facts = state(told, **how)
        assert rcode == "NOERROR"
        words = {fact.split()[0]: fact.split()[1:] for fact in facts}
        assert set(words) == {"version", "host", "policy"}
        assert words["host"][0] == "1.17.1"
        assert words["policy"] == ["mil.policy.example.", "2026112301", "4", "ok",
                                   str(told.policy_path)]


def test_status__for_who_may_ask(world, told):
    assert state(told, OTHER) == ("REFUSED", [])
    assert state(told, ALLOWED)[0] == "NOERROR"
    # Where nobody may, it is Unbound's matter, as it was.
    assert state(world.resolver())[0] != "NOERROR"
    # Other names of the class, and the name in another class.
    assert told.ask("id.server", "TXT", rdclass="CH").rcode() == 0
    assert told.ask("status.typosink", "TXT").rcode() == dns.rcode.NXDOMAIN
    assert not told.ask("status.typosink", "A", rdclass="CH", source=ALLOWED).answer
    assert "status.typosink" not in told.control("dump_cache").replace(
        "status.typosink.\tIN", "").replace("msg status.typosink. IN", "")


def test_status__of_the_last_load(world):
    resolver = world.resolver(policy=Policy(serial=1), conf=CONF)
    assert " 1 4 ok " in " ".join(state(resolver)[1])
    mark = resolver.process.mark()
    resolver.write_policy(b"nonsense")
    resolver.process.wait_line("goes on serving", since=mark)
    assert " 1 4 stale " in " ".join(state(resolver)[1])
    in_force(resolver, Policy(serial=3))
    assert " 3 4 ok " in " ".join(state(resolver)[1])
    resolver = world.resolver(policy=b"nonsense", conf=CONF)
    assert f"policy - - - missing {resolver.policy_path}" in state(resolver)[1]
