# SPDX-License-Identifier: BSD-3-Clause
"""`typosink audit` against a world in which thousands of typos are registered."""

import json
import os
import pty
import signal
import subprocess

import pytest

from harness import Policy, World, command_path

POLICY = Policy(protect={"mil": ["ml"], "army.mil": [], "example-bank.com": [],
                         "example-shop.org": [], "long-example-name.net": [],
                         "other-example.com": [], "example-mail.net": []},
                known=("navy.mil", "us.army.mil"), allow=("exmaple-bank.com",))
ODD = {  # what a typo may have: records, and what the audit calls it
    "null": ("@ MX 0 .", "null-mx"),
    "mx": ("@ MX 10 mx.sender.example.\n@ A 203.0.113.66", "mx"),
    "address": ("@ AAAA 2001:db8:666::66", "address"),
    "none": ('@ TXT "hello"', "none"),
    "evil": ("@ MX 10 \\027[31m\\010\\;rm", "mx"),
}


def command(*words):
    return [str(command_path()), "audit", *map(str, words)]


def run(*words, code=0, **how):
    done = subprocess.run(command(*words), capture_output=True, text=True, check=False,
                          timeout=120, **how)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    return POLICY.write(tmp_path_factory.mktemp("policy") / "p.zone")


@pytest.fixture(scope="module")
def registered(policy):
    """{name: records}: two typos of three are somebody's, in five ways."""
    names = run("-p", policy, "--list").stdout.splitlines()
    assert len(names) == len(set(names)) > 3000
    kinds = list(ODD)
    return {name: kinds[i // 2 % len(kinds)] for i, name in enumerate(names)
            if i % 3 and name.count(".") == 1 and name not in ("army.ml", "navy.ml")}


@pytest.fixture(scope="module")
def world(tmp_path_factory, registered):
    """A TLD's zone has its typos as names of its own: thousands of zones would be slow to start.
    What was never delegated is answered by the TLD: NXDOMAIN."""
    zones = {}
    for name, kind in registered.items():
        parent, text = name.rpartition(".")[2], zones.get(name.rpartition(".")[2], "")
        for record in ODD[kind][0].splitlines():
            text += f"{name}. {record.removeprefix('@ ')}\n"
        zones[parent] = text
    # Two that are really delegated, one of them to us.
    zones["army.ml"] = "@ MX 10 mail\nmail A 203.0.113.66\n"
    zones["navy.ml"] = "@ NS ns.navy.mil.\n@ A 203.0.113.66\n"
    with World(tmp_path_factory.mktemp("world"), zones=zones) as made:
        yield made


@pytest.fixture(scope="module")
def forward(world):
    resolver = world.resolver(module=False, unbound_conf="log-queries: yes\n")
    return resolver


def found(text):
    return {line["name"]: line for line in map(json.loads, text.splitlines())}


@pytest.fixture(scope="module")
def complete(policy, forward):
    done = run("-p", policy, "--forward", f"{forward.address}@53", "--json", "--parallel", "100")
    return done, found(done.stdout)


def test_audit__finds_all_that_are_there(registered, complete):
    done, names = complete
    assert len(registered) > 2500
    assert set(names) == set(registered) | {"army.ml", "navy.ml"}
    for name, kind in registered.items():
        assert names[name]["mail"] == ODD[kind][1], name
        assert names[name]["status"] == "exists"
    assert f"{len(names)} exist" in done.stderr and " 0 without an answer" in done.stderr


def test_audit__says_who_answers(complete):
    _, names = complete
    assert names["army.ml"]["mx"] == ["10:mail.army.ml"]
    assert names["army.ml"]["ns"] == ["ns.army.ml"]
    assert names["army.ml"]["counterpart"] == "army.mil"
    assert names["army.ml"]["protected"] == "mil"
    assert not names["army.ml"]["ours"]
    assert names["navy.ml"]["ours"] and names["navy.ml"]["mail"] == "address"
    assert names["navy.ml"]["a"] == ["203.0.113.66"]


def test_audit__never_asks_about_the_protected(complete, forward):
    del complete
    asked = {line.split()[-3].rstrip(".").lower() for line in
             forward.log(r"info: \S+ \S+ [A-Z]+ IN$")}
    assert "army.ml" in asked and len(asked) > 3000
    for name in asked:
        for zone in POLICY.protect:
            assert name != zone and not name.endswith("." + zone), name
    assert "exmaple-bank.com" not in asked  # allowed: not of interest


def test_audit__what_strangers_wrote_is_harmless(policy, forward, registered):
    done = run("-p", policy, "--forward", forward.address)
    assert done.stdout.isascii() and done.stdout.replace("\n", "").isprintable()
    assert "\\027[31m\\010\\;rm" in done.stdout
    assert len(done.stdout.splitlines()) >= len(registered)


def test_audit__killed_and_resumed(policy, forward, complete, tmp_path):
    """What was finished before the SIGKILL is not asked again, and the result is the same."""
    state = tmp_path / "state"
    words = command("-p", policy, "--forward", forward.address, "--state", state, "--parallel", 5)
    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
        seen = ""
        while seen.count("\n") < 300:
            seen = state.read_text(encoding="ascii") if state.exists() else ""
            assert first.poll() is None, "it was too fast for this test"
        # A second one keeps its hands off.
        first.send_signal(signal.SIGSTOP)
        assert "in use" in run("-p", policy, "--state", state, "--forward", forward.address,
                               code=3).stderr
        first.kill()
    with open(state, "ab") as torn:
        torn.write(b"armyy.ml\texi")  # what a kill in the middle of a write leaves
    before = {line.split("\t")[0] for line in
              state.read_text(encoding="ascii").splitlines()[1:-1]}
    mark = forward.process.mark()
    done = run("-p", policy, "--forward", forward.address, "--state", state, "--json")
    assert found(done.stdout) == complete[1]
    assert f"({len(before)} of them before)" in done.stderr
    again = {line.split()[-3].rstrip(".") for line in
             forward.log(r"info: \S+ \S+ [A-Z]+ IN$", since=mark)}
    assert len(again) > 1000 and not again & before
    # And a third time nobody is asked.
    mark = forward.process.mark()
    done = run("-p", policy, "--forward", forward.address, "--state", state, "--json")
    assert found(done.stdout) == complete[1]
    assert not forward.log(r"info: \S+ \S+ [A-Z]+ IN$", since=mark)


def test_audit__a_file_of_somebody_elses_stays(policy, tmp_path):
    for content in ("precious\n", "precious", "typosink audit 1\nprecious\n"):
        state = tmp_path / "state"
        state.write_text(content, encoding="ascii")
        assert "not the state of an audit" in run("-p", policy, "--state", state, "--forward",
                                                  "192.0.2.1", code=3).stderr
        assert state.read_text(encoding="ascii") == content


def test_audit__interrupted_tells_what_is_known(policy, forward, tmp_path):
    state = tmp_path / "state"
    words = command("-p", policy, "--forward", forward.address, "--state", state, "--parallel", 5,
                    "--json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        while not state.exists() or state.read_text(encoding="ascii").count("\n") < 300:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 3
    assert "names were not asked about" in err
    known = {line.split("\t")[0] for line in state.read_text(encoding="ascii").splitlines()
             if "\texists\t" in line}
    assert set(found(out)) == known and len(known) > 50


def test_audit__nobody_answers(policy, tmp_path):
    """No name is said to be free, and the state keeps nothing."""
    state = tmp_path / "state"
    done = run("-p", policy, "--forward", "192.0.2.99@9", "--state", state, "--top", 3,
               "--parallel", 50, code=3)
    assert "nobody answered" in done.stderr
    assert state.read_text(encoding="ascii") == "typosink audit 1\n"
    assert all(line.endswith("no answer") for line in done.stdout.splitlines())


def test_audit__a_sinkhole_is_seen_through(world, policy):
    """Who asks a resolver with the module would think that all are registered."""
    resolver = world.resolver(policy=POLICY)
    done = run("-p", policy, "--forward", resolver.address, "--top", 10)
    assert "intercepts typos itself" in done.stderr


def test_audit__progress_on_a_terminal(policy, forward):
    parent, child = pty.openpty()
    with subprocess.Popen(command("-p", policy, "--forward", forward.address, "--parallel", 2),
                          stdout=subprocess.DEVNULL, stderr=child) as process:
        os.close(child)
        seen = b""
        while b" s to go" not in seen:
            seen += os.read(parent, 4096)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 3
    os.close(parent)


@pytest.mark.parametrize("words", [["--top", "x"], ["--parallel", "0"], ["--forward", "resolver"],
                                   ["--forward", "192.0.2.1@0"], ["--frobnicate"], ["stray"]])
def test_audit__bad_words(policy, words):
    assert "Try 'typosink audit --help'" in run("-p", policy, *words, code=2).stderr
