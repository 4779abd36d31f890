# SPDX-License-Identifier: BSD-3-Clause
"""The state of a module, asked for over DNS (status-client)."""

import json
import subprocess

import dns.rcode
import pytest

from harness import Policy
from harness.unbound import command_path
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


# --- a fleet

def ask_fleet(*servers, how=()):
    """typosink status --server: (exit status, what it printed)."""
    done = subprocess.run([str(command_path()), "status", *how, "--server", *servers],
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def local(resolver, port=53):
    return f"{resolver.address}@{port}"


@pytest.fixture(scope="module")
def open_to_us(world):
    """The command asks from whatever address of this machine is near."""
    return world.resolver(policy=Policy(serial=7), conf="status-client: 0.0.0.0/0\n")


def test_fleet__that_is_well(open_to_us):
    code, table = ask_fleet(open_to_us.address, local(open_to_us))
    assert code == 0, table
    head, *rows = table.splitlines()
    assert head.split() == ["SERVER", "TYPOSINK", "UNBOUND", "POLICY", "SERIAL", "STATE"]
    assert [row.split()[0] for row in rows] == [open_to_us.address, local(open_to_us)]
    for row in rows:
        assert row.split()[2:] == ["1.17.1", "mil.policy.example.", "7", "ok"]


def test_fleet__with_one_behind_and_one_silent(world, open_to_us, told):
    newer = world.resolver(policy=Policy(serial=8), conf="status-client: 0.0.0.0/0\n")
    code, text = ask_fleet(newer.address, open_to_us.address, how=["--json"])
    assert code == 1
    said = json.loads(text)
    assert said["healthy"] is False
    assert [[(p["serial"], p["behind"], p["state"]) for p in s["policies"]]
            for s in said["servers"]] == [[(8, False, "ok")], [(7, True, "ok")]]
    code, text = ask_fleet(newer.address, "192.0.2.199", told.address, "2001:db8::199@5353")
    assert code == 1
    states = {row.split()[0]: row for row in text.splitlines()}
    assert "no answer" in states["192.0.2.199"] and "no answer" in states["2001:db8::199@5353"]
    assert "refused: not a status-client" in states[told.address]
    assert "ok" in states[newer.address]


@pytest.mark.parametrize("servers", [[], ["nonsense"], ["192.0.2.1@0"], ["192.0.2.1@x"],
                                     ["192.0.2.1", "192.0.2.1@65536"]])
def test_fleet__bad_addresses(servers):
    code, text = ask_fleet(*servers)
    assert code == 2 and text.startswith("typosink")
