# SPDX-License-Identifier: BSD-3-Clause
"""typosink replay with what really happened: mail and its look-ups recorded here, and a running
resolver that is asked what was recorded.

With TYPOSINK_RECORD=FOLDER the recordings, their policy and their gold files are written there:
that is how tests/replay/mail came about."""

import json
import lzma
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import Policy, Recorder
from harness.unbound import command_path

MAILS = ["carol@army.ml", "carol@mail.us.army.ml", "dave@navy.ml", "erin@marines.ml", "carol@army.mil",
         "frank@mines.ml", "grace@example.com"]
TYPOS = {mail.split("@")[1] for mail in MAILS[:4]}


def replay(*arguments):
    done = subprocess.run([str(command_path()), "replay", *map(str, arguments)], capture_output=True, text=True,
                          check=False, timeout=60)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def policy(tmp_path_factory):
    return Policy().write(tmp_path_factory.mktemp("policy") / "policy.zone")


def record(world, resolver, folder, name):
    """Mails, their look-ups and the SMTP sessions that follow; Unbound's own look-ups left out."""
    sender = world.sender(resolver)
    # 127.0.0.1: the recorder's own last packet.
    wanted = f"port 53 and (host {resolver.address} or host 127.0.0.1) or port 25"
    with Recorder(folder, f"{name}.pcap", wanted) as recorder:
        sender.send(*MAILS)
        outcomes = sender.wait_outcomes(len(MAILS))
    assert {outcome.status for outcome in outcomes} == {"sent"}
    # Without the recorder's last packet, and what libpcap, Ethernet, IPv4 and UDP put before it.
    data = recorder.path.read_bytes()
    recorder.path.write_bytes(data[:data.index(Recorder.LAST) - 16 - 14 - 20 - 8])
    return recorder.path


def keep(capture, policy, name):
    folder = os.environ.get("TYPOSINK_RECORD")
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    Path(folder, "policy.zone").write_text(
        "; SPDX-License-Identifier: BSD-3-Clause\n" + policy.read_text(encoding="ascii"), encoding="ascii")
    kept = Path(folder, f"{name}.pcap.xz")
    kept.write_bytes(lzma.compress(capture.read_bytes(), preset=9))
    assert replay("-p", policy, "--write-expect", Path(folder, f"{name}.ndjson"), kept)[0] == 0


@pytest.fixture(scope="module")
def sunk(world, resolver, policy, tmp_path_factory):
    """Recorded with the module, which wants the default policy as well."""
    capture = record(world, resolver, tmp_path_factory.mktemp("sunk"), "sunk")
    keep(capture, policy, "sunk")
    return capture


def test_recording__of_mail_that_was_sunk(world, resolver, policy, sunk):
    code, out, _ = replay("-p", policy, "--json", sunk)
    assert code == 0
    judged = {}
    for line in out.splitlines():
        verdict = json.loads(line)
        judged.setdefault((verdict["qname"].lower(), verdict["qtype"]), set()).add(verdict["verdict"])
    # What the module did and what replay says of it are the same.
    sinkhole = {(alert["dns"]["question"]["name"].lower(), alert["dns"]["question"]["type"])
                for alert in resolver.alerts.alerts()}
    assert {name for name, rdtype in sinkhole if rdtype == "MX"} >= TYPOS
    for question in sinkhole:
        assert judged[question] <= {"typo", "ask"}, question
    assert judged["army.mil", "MX"] == {"protected"}
    assert judged["mines.ml", "MX"] == {"allowed"}


def test_recording__of_mail_that_leaked(world, plain_resolver, policy, tmp_path):
    world.clear_mail()
    capture = record(world, plain_resolver, tmp_path, "leaked")
    assert world.stranger.recipients()
    keep(capture, policy, "leaked")
    code, out, _ = replay("-p", policy, "--json", capture)
    assert code == 0
    typos = {json.loads(line)["qname"] for line in out.splitlines() if json.loads(line)["verdict"] in ("typo", "ask")}
    assert typos >= TYPOS
    # The stranger's MX answers are in it: that is what --suggest-allow would be taken in by, were it not for its
    # demand for several clients and days.
    code, out, _ = replay("-p", policy, "--suggest-allow", capture)
    assert code == 0 and ".allow" not in out


def test_server__does_what_the_policy_says(resolver, policy, sunk):
    code, out, err = replay("-p", policy, "--server", f"{resolver.address}@53", "--allow-remote", "--qps", 500, sunk)
    assert code == 0, out + err
    found = re.search(r"(\d+) queries sent .*?(\d+) answered, (\d+) lost, (\d+) not as", out)
    assert found and int(found[1]) == int(found[2]) > 0, out
    assert (found[3], found[4]) == ("0", "0")


def test_server__without_the_module(plain_resolver, policy, sunk):
    code, out, _ = replay("-p", policy, "--server", f"{plain_resolver.address}@53", "--allow-remote", "--qps", 500,
                          sunk)
    assert code == 1
    assert "army.ml MX: " in out
    assert int(re.search(r", (\d+) not as", out)[1]) > 0
