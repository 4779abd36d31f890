# SPDX-License-Identifier: BSD-3-Clause
"""A policy that does not load: the log says what is wrong and where, and the resolver goes on, with
the last good policy where there was one."""

import random

import pytest

from harness import Policy, rrs

GOOD = Policy().text().encode()
STRANGER = ["army.ml. MX 10 mail.army.ml.", "army.ml. MX 20 mail6.army.ml."]
SINKHOLE = ["army.ml. MX 10 mx.sinkhole.example."]


def line_of(text, needle):
    return text[:text.index(needle)].count(b"\n") + 1


WRONG_TYPE = GOOD.replace(b"m2.zones IN PTR army.mil.", b"m2.zones IN A 192.0.2.1")
# label -> (the file, what a line of the log must say besides the file's path)
BAD = {
    "cut in a record": (GOOD[:GOOD.index(b"PTR navy.mil.") + 2],
                        rf":{line_of(GOOD, b'PTR navy.mil.')}\b"),
    "cut to nothing": (b"", "SOA|empty|no protected zone|version"),
    "wrong type": (WRONG_TYPE, rf":{line_of(WRONG_TYPE, b'IN A 192.0.2.1')}\b.*zones"),
    "not a number": (GOOD.replace(b'version IN TXT "2"', b'version IN TXT "two"'), "version"),
    "an action that is none": (Policy(properties={"action": '"explode"'}).text().encode(),
                               "action.*explode|explode.*action"),
    "no protected zone": (Policy(protect={}).text().encode(), "no protected zone"),
    "10 MB of noise": (random.Random(1).randbytes(10_000_000), r":\d+\b"),
    "10 MB of one line": (b"a" * 10_000_000, r":\d+\b"),
    "10 MB of names": (b"".join(b"x%d.zones IN PTR\n" % n for n in range(550_000)), r":\d+\b"),
}


def says(resolver, words, since=0):
    """Waits for the log line about the policy file that says the words."""
    return resolver.process.wait_line(rf"typosink.*{resolver.policy_path.name}.*(?:{words})|"
                                      rf"typosink.*(?:{words}).*{resolver.policy_path.name}", since)


def goes_on(resolver):
    """Honest names resolve, by UDP and by TCP."""
    assert rrs(resolver.ask("army.mil", "MX")) == ["army.mil. MX 10 mx.army.mil."]
    assert rrs(resolver.ask("orange.ml", "MX", tcp=True)) == ["orange.ml. MX 10 mx.mines.ml."]


@pytest.mark.parametrize("label", BAD)
def test_bad_policy__at_the_start(world, label):
    data, words = BAD[label]
    resolver = world.resolver(policy=data)
    says(resolver, words)
    goes_on(resolver)
    assert rrs(resolver.ask("army.ml", "MX")) == STRANGER  # nothing is in force: as usual

    mark = resolver.process.mark()
    resolver.write_policy(Policy())
    resolver.reload()
    assert rrs(resolver.ask("army.ml", "MX")) == SINKHOLE, resolver.process.lines[mark:]
    resolver.stop()


@pytest.mark.parametrize("label", BAD)
def test_bad_policy__at_a_reload(world, label):
    data, words = BAD[label]
    resolver = world.resolver()
    assert rrs(resolver.ask("army.ml", "MX")) == SINKHOLE
    mark = resolver.process.mark()
    resolver.write_policy(data)
    resolver.reload()
    says(resolver, words, since=mark)
    goes_on(resolver)
    assert rrs(resolver.ask("army.ml", "MX")) == SINKHOLE  # the last good one
    resolver.restart()
    says(resolver, words)
    goes_on(resolver)
    assert rrs(resolver.ask("army.ml", "MX")) == SINKHOLE  # which survives a restart
    resolver.stop()


def test_bad_policy__a_file_that_is_not_there(world, tmp_path):
    resolver = world.resolver(policy=tmp_path / "nosuch.zone")
    resolver.process.wait_line("typosink.*nosuch.zone.*(No such file|cannot)")
    goes_on(resolver)
    resolver.stop()


def test_unknown_property__is_warned_about_and_the_rest_is_in_force(world):
    resolver = world.resolver(policy=Policy(properties={"frobnicate": '"yes"'}))
    says(resolver, "frobnicate")
    assert rrs(resolver.ask("army.ml", "MX")) == SINKHOLE
    goes_on(resolver)
    resolver.stop()


@pytest.mark.parametrize("line, words", [
    ("frobnicate: yes\n", "frobnicate"),
    ("alert-queue: many\n", "alert-queue"),
    ("alert-queue\n", "name: value"),
])
def test_bad_conf__is_loud_and_the_policy_is_in_force(world, line, words):
    resolver = world.resolver(conf=line)
    resolver.process.wait_line(rf"typosink.*typosink\.conf:\d+.*{words}")
    assert rrs(resolver.ask("army.ml", "MX")) == SINKHOLE
    resolver.stop()
