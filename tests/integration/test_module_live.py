# SPDX-License-Identifier: BSD-3-Clause
"""Policies that change while Unbound runs, policies that are bad, and the counterpart check."""

import time

import dns.rcode
import pytest

from harness import Fleet, Policy, rrs
from test_module_leaks import NOTHING, SINK_MX, Asked, Paused, in_force, wait_answered

TAKEN = [f"army.ml. MX {SINK_MX}"]
REAL = ["army.ml. MX 10 mail.army.ml.", "army.ml. MX 20 mail6.army.ml."]


@pytest.fixture
def fleet(world):
    fleet = Fleet(world, Policy(serial=1).text(), threads=2)
    yield fleet
    fleet.primary.stop()


def test_zone__a_notify_is_in_force_within_three_seconds(fleet):
    resolver = fleet.resolver
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN
    for serial, policy, expected in ((2, {"allow": ["army.ml"]}, REAL), (3, {}, TAKEN),
                                     (4, {"properties": {"action": '"pass"'}}, REAL),
                                     (5, {}, TAKEN)):
        mark = resolver.process.mark()
        fleet.publish(Policy(serial=serial, **policy).text())
        began = time.monotonic()
        resolver.process.wait_line(rf"serial {serial} .* is in force", since=mark)
        print(f"serial {serial} in force after {time.monotonic() - began:.2f} s")
        for _ in range(2):
            assert rrs(resolver.ask("army.ml", "MX")) == expected
    assert not resolver.log("Restart of unbound")


def test_zone__a_bad_one_changes_nothing(fleet):
    resolver = fleet.resolver
    mark = resolver.process.mark()
    fleet.publish(Policy({}, serial=2).text())
    resolver.process.wait_line("the last good policy, serial 1, goes on serving", since=mark)
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN
    resolver.alerts.wait_for(lambda events: [
        e for e in events if e["event"]["kind"] != "alert" and e["event"]["outcome"] == "failure"])
    # The primary is gone, the resolver starts anew: the last good one is there at once.
    fleet.primary.stop()
    resolver.reload()
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN
    resolver.restart()
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN
    assert resolver.log("serial 1 from the last good copy is in force")


@pytest.mark.parametrize("bad", [b"", b"$ORIGIN x.example.\n@ IN A 192.0.2.1\n",
                                 b"\0\1\2\xff" * 4096, "members gone", "absent"])
def test_file__a_bad_one_changes_nothing(world, bad):
    resolver = world.resolver(policy=Policy(serial=1))
    mark = resolver.process.mark()
    if bad == "absent":
        resolver.policy_path.unlink()
    elif bad == "members gone":
        resolver.write_policy(Policy({}, serial=2))
    else:
        resolver.write_policy(bad)
    resolver.process.wait_line("the last good policy, serial 1, goes on serving", since=mark)
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN
    resolver.reload()
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN
    in_force(resolver, Policy(serial=3, allow=["army.ml"]))
    assert rrs(resolver.ask("army.ml", "MX")) == REAL


@pytest.mark.parametrize("setting, rcode", [("pass", dns.rcode.NOERROR),
                                            ("defer", dns.rcode.SERVFAIL)])
def test_without_a_policy(world, setting, rcode):
    resolver = world.resolver(policy=b"nonsense", conf=f"without-policy: {setting}\n")
    assert resolver.log("no policy is in force")
    assert resolver.ask("army.ml", "MX").rcode() == rcode
    assert rrs(resolver.ask("navy.ml", "A")) == ["navy.ml. A 203.0.113.66"]
    in_force(resolver, Policy(serial=2))
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN


def test_several_policies__and_observing(world):
    second = world.folder / "second.zone"
    Policy({"example.com": ["exampel.com"]}, origin="two.policy.example.", allow=["navy.ml"],
           properties={"action": '"observe"'}).write(second)
    resolver = world.resolver(conf=f"policy-file: {second}\n")
    assert rrs(resolver.ask("army.ml", "MX")) == TAKEN
    assert rrs(resolver.ask("navy.ml", "A")) == ["navy.ml. A 203.0.113.66"]  # any policy's allow
    resolver.ask("exampel.com", "A")
    told, = resolver.alerts.wait_count(1, name="exampel.com", action="observe")
    assert told["rule"]["ruleset"].startswith("two.policy.example") and told["typosink"]["applied"] is False
    # Somebody else's is answered from the cache, which no module is asked about.
    resolver.ask("exampel.com", "A", source="198.51.100.77")
    resolver.alerts.wait_count(1, name="exampel.com", action="observe", source="198.51.100.77")


def test_observing__a_quiet_name_that_becomes_a_typo(world):
    """What is remembered of cached answers is forgotten with the policy that it was said of."""
    resolver = world.resolver(policy=Policy(properties={"action": '"observe"'}))
    for _ in range(3):  # from upstream, then from the cache: judged, then remembered
        assert rrs(resolver.ask("www.example.com", "A"))
        assert rrs(resolver.ask("example.com", "A")) == ["example.com. A 192.0.2.112"]
    assert not resolver.alerts.alerts()
    in_force(resolver, Policy({"exampel.com": ["example.com"]}, serial=2026112302,
                              properties={"action": '"observe"', "threshold": '"0.00"'}))
    for _ in range(3):
        assert rrs(resolver.ask("example.com", "A")) == ["example.com. A 192.0.2.112"]
    resolver.alerts.wait_count(1, name="example.com", action="observe")


# --- the counterpart check

DNS_ONLY = {"evidence": '"dns"'}


def test_check__decides(world):
    resolver = world.resolver(policy=Policy({"mil": ["ml"]}, properties=DNS_ONLY, allow=()))
    for _ in range(3):
        assert rrs(resolver.ask("marines.ml", "MX")) == [f"marines.ml. MX {SINK_MX}"]
        assert rrs(resolver.ask("mail.us.army.ml", "A")) == ["mail.us.army.ml. A 192.0.2.25"]
        assert rrs(resolver.ask("orange.ml", "A")) == ["orange.ml. A 192.0.2.111"]
    told, = resolver.alerts.wait_count(1, name="marines.ml")
    assert told["typosink"]["evidence"] == "dns"
    # An alias leads to the same check.
    assert f"army.ml. MX {SINK_MX}" in rrs(resolver.ask("to-typo.example.com", "MX"))


@pytest.mark.parametrize("setting, expected", [
    ("default", "192.0.2.25"), ("intercept", "192.0.2.25"), ("pass", "203.0.113.66"),
    ("defer", "SERVFAIL")])
def test_check__that_fails(broken, setting, expected):
    resolver = broken.resolver(policy=Policy({"mil": ["ml"]}, properties=DNS_ONLY),
                               conf=f"evidence-failure: {setting}\n")
    answer = resolver.ask("broken.ml", "A")
    got = dns.rcode.to_text(answer.rcode()) + " ".join(rrs(answer))
    assert expected in got


def test_check__a_flood_meets_the_cap(world):
    resolver = world.resolver(policy=Policy({"mil": ["ml"]}, properties=DNS_ONLY),
                              conf="evidence-max: 2\n")
    resolver.ask("mil", "NS"), resolver.ask("example.com", "MX")
    with Paused(world.servers["tld"]):
        flood = [Asked(resolver, f"x{number}.ml", "MX") for number in range(20)]
        # Those over the cap are decided at once (declared: intercept), others' service goes on.
        answered = wait_answered(flood, 18)
        assert len(answered) == 18
        assert all(SINK_MX in str(rrs(one.answer)) for one in answered)
        assert rrs(resolver.ask("example.com", "MX")) == ["example.com. MX 10 mx.example.com."]
    for one in flood:
        one.result()


@pytest.fixture(scope="module")
def broken(world):
    """broken.mil is delegated to a server that knows nothing of it."""
    path = world.write_zone("mil")
    path.write_text(path.read_text(encoding="ascii") + "broken.mil. NS ns.broken.mil.\n"
                    "ns.broken.mil. A 198.51.100.3\n", encoding="ascii")
    path = world.write_zone("ml")
    path.write_text(path.read_text(encoding="ascii") + "broken.ml. A 203.0.113.66\n",
                    encoding="ascii")
    world.servers["tld"].reload()
    return world


# --- typos in other people's data

def test_rdata__is_alerted_on_and_not_changed(world):
    resolver = world.resolver(conf="rdata-alerts: yes\n")
    assert rrs(resolver.ask("marines.ml", "NS")) == ["marines.ml. NS ns.marines.ml."]
    for name in ("to-typo.example.com", "to-typo-twice.example.com"):
        assert rrs(resolver.ask(name, "CNAME"))
    resolver.alerts.wait_for(lambda events: [
        e for e in events if e["event"]["action"] == "rdata"
        and e["dns"]["question"]["name"] == "to-typo.example.com"])


def test_nothing__is_intercepted_by_another_policy(world):
    resolver = world.resolver(policy=Policy(NOTHING))
    assert rrs(resolver.ask("army.ml", "MX")) == REAL
