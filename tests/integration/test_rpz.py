# SPDX-License-Identifier: BSD-3-Clause
"""The zone that `typosink rpz` writes, in resolvers that have no module."""

import shutil
import subprocess

import dns.rcode
import pytest

from harness import Policy, World, ask, command_path, missing, rrs
from harness.named import Bind, Kresd

ORIGIN = "rpz.mil.policy.example."
SINK = "MX 10 mx.sinkhole.example."

# One member for each action that RPZ can say.
GROUPS = {"m3": ("gone", "nxdomain"), "m4": ("refusing", "nullmx"), "m5": ("empty", "nodata"),
          "m6": ("watched", "observe")}
POLICY = Policy(
    protect={"mil": ["ml"], "army.mil": [], "example-gone.com": [], "example-nullmx.com": [],
             "example-empty.com": [], "example-watched.com": []},
    allow=("mines.ml", "ok.deep.host.army.ml"),
    extra="".join(f'group.{member}.zones.mil.policy.example. TXT "{group}"\n'
                  f'action.{group}.groups TXT "{action}"\n'
                  for member, (group, action) in GROUPS.items()))


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("world"), zones={
            "exmaple-watched.com": "@ MX 10 mail.army.ml."}) as made:
        yield made


@pytest.fixture(scope="module")
def zone_file(world):
    source, target = world.folder / "rpz-policy.zone", world.folder / "typos.rpz"
    POLICY.write(source)
    done = subprocess.run([command_path(), "rpz", "-p", source, "--top", "300", "-o", target],
                          capture_output=True, text=True, check=True)
    assert "6 protected zones" in done.stderr and "records" in done.stderr
    assert done.stdout == ""
    return target


@pytest.fixture(scope="module", params=["unbound", "bind", "kresd"])
def filtered(request, world, zone_file):
    """A resolver with the zone."""
    if request.param == "unbound":
        yield world.resolver(module=False, modules="respip validator iterator",
                             clauses=f'rpz:\n name: {ORIGIN}\n zonefile: "{zone_file}"\n')
        return
    folder = world.subfolder(request.param)
    if request.param == "bind":
        server = Bind(world, folder, "192.0.2.211", ORIGIN, zone_file)
    else:
        server = Kresd(world, folder, "192.0.2.212", zone_file)
    server.start()
    world.manage(server)
    yield server


def answer(server, name, rdtype="MX"):
    return ask(server.address, name, rdtype)


@pytest.mark.parametrize("name", ["army.ml", "us.army.ml", "a.b.c.army.ml", "arny.mli", "ARMY.ml",
                                  "host.army.ml", "deep.host.army.ml", "x.deep.host.army.ml",
                                  "x.host.army.ml"])
def test_rpz__a_typo_gets_the_sinkhole(filtered, name):
    got = answer(filtered, name)
    assert [line.split(" ", 1)[1] for line in rrs(got)] == [SINK]
    for rdtype, address in (("A", "192.0.2.25"), ("AAAA", "2001:db8::25")):
        assert [line.lower() for line in rrs(answer(filtered, name, rdtype))] == [
            f"{name}. {rdtype} {address}".lower()]
    assert got.answer[0].ttl <= 30


def test_rpz__what_is_no_typo_is_as_ever(filtered):
    assert rrs(answer(filtered, "army.mil")) == ["army.mil. MX 10 mx.army.mil."]
    assert rrs(answer(filtered, "mines.ml")) == ["mines.ml. MX 10 mx.mines.ml."]
    assert rrs(answer(filtered, "example.com", "A")) == ["example.com. A 192.0.2.112"]
    assert rrs(answer(filtered, "ok.deep.host.army.ml")) == [
        "ok.deep.host.army.ml. MX 10 mail.army.ml."]


def test_rpz__the_sinkholes_host(filtered):
    assert rrs(answer(filtered, "mx.sinkhole.example", "A")) == [
        "mx.sinkhole.example. A 192.0.2.25"]


def test_rpz__actions(filtered):
    assert answer(filtered, "exmaple-gone.com").rcode() == dns.rcode.NXDOMAIN
    assert answer(filtered, "mail.exmaple-gone.com", "A").rcode() == dns.rcode.NXDOMAIN
    assert rrs(answer(filtered, "exmaple-nullmx.com")) == ["exmaple-nullmx.com. MX 0 ."]
    empty = answer(filtered, "exmaple-nullmx.com", "AAAA")
    assert empty.rcode() == dns.rcode.NOERROR and rrs(empty) == []
    empty = answer(filtered, "exmaple-empty.com")
    assert empty.rcode() == dns.rcode.NOERROR and rrs(empty) == []
    # Watched only: the world's own answer.
    assert rrs(answer(filtered, "exmaple-watched.com")) == [
        "exmaple-watched.com. MX 10 mail.army.ml."]


def test_rpz__other_types_of_a_typo_are_empty(filtered):
    assert rrs(answer(filtered, "army.ml", "TXT")) == []


def test_rpz__the_strangers_server_is_not_needed(world, filtered):
    """A resolver that asked it first would tell the stranger who mistypes."""
    world.servers["leaf"].stop()
    try:
        for number in range(3):
            assert rrs(answer(filtered, f"fresh{number}.army.ml"), "MX") == [
                f"fresh{number}.army.ml. {SINK}"]
    finally:
        world.servers["leaf"].start()


def test_rpz__checkzone(zone_file):
    if not shutil.which("named-checkzone"):
        missing("no named-checkzone (package bind9-utils)")
    done = subprocess.run(["named-checkzone", "-k", "fail", ORIGIN, zone_file],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "loaded serial 2026112301" in done.stdout, done.stdout


def test_rpz__the_same_again_and_whole_or_not_at_all(tmp_path):
    source, one, two = tmp_path / "p.zone", tmp_path / "one", tmp_path / "two"
    POLICY.write(source)
    run = [command_path(), "rpz", "-p", source, "--top", "100"]
    subprocess.run([*run, "-o", one], check=True, capture_output=True)
    subprocess.run([*run, "-o", two], check=True, capture_output=True)
    assert one.read_bytes() == two.read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "p.zone", "two"]
    # A policy that does not hold leaves the old zone as it is.
    source.write_text("nonsense\n", encoding="ascii")
    done = subprocess.run([*run, "-o", one], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "error" in done.stderr
    assert one.read_bytes() == two.read_bytes()
    # A disk that is full is trouble.
    POLICY.write(source)
    with open("/dev/full", "wb") as full:
        done = subprocess.run(run, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 3


def test_rpz__coverage(tmp_path):
    source, pairs = tmp_path / "p.zone", tmp_path / "pairs.csv"
    POLICY.write(source)
    pairs.write_text("typed,meant,more\n"
                     "army.ml,army.mil,x\nexmaple-gone.com,example-gone.com\n"
                     "xyzarmy.ml,army.mil,x\nexapmle-gnoe.com,example-gone.com,x\n"
                     "rubbish\nexmaple.com,example.com\n",
                     encoding="ascii")
    done = subprocess.run([command_path(), "rpz", "-p", source, "--coverage", pairs,
                           "-o", tmp_path / "out"], capture_output=True, text=True, check=True)
    assert "of 4 pairs the zone takes 2 (50.0%), the module 3 (75.0%)" in done.stderr
    assert "2 lines mean no protected name" in done.stderr
    assert "1 lines are no pair" in done.stderr
