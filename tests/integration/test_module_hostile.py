# SPDX-License-Identifier: BSD-3-Clause
"""What somebody who means harm can send, and what it must not lead to: see doc/security.md."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from harness import Policy, Recorder, make_query, rrs
from harness.unbound import command_path

SUNK = ["army.ml. MX 10 mx.sinkhole.example."]


def flood(resolver, folder, names, qps=4000):
    """Asks for each name once; the number that was answered."""
    queries = folder / "flood.txt"
    queries.write_text("".join(f"{name}\n" for name in names), encoding="ascii")
    done = subprocess.run(["dnsperf", "-s", resolver.address, "-d", queries, "-n", "1", "-Q", str(qps), "-c", "8",
                           "-t", "2"], capture_output=True, text=True, check=True)
    return int(re.search(r"Queries completed:\s+(\d+)", done.stdout)[1])


def resident(resolver):
    text = Path(f"/proc/{resolver.process.pid}/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) / 1024


def test_memory__does_not_grow_with_distinct_typos(world, tmp_path):
    """The table of repeats is bounded, and no typo is stored in a cache: ten times as many make no difference."""
    # What AddressSanitizer holds back of freed memory would look like growth.
    resolver = world.resolver(conf="alert-table: 1000\n", env={
        "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1:quarantine_size_mb=1"})
    assert flood(resolver, tmp_path, (f"a{n}.army.ml MX" for n in range(4000)))
    before = resident(resolver)
    assert flood(resolver, tmp_path, (f"b{n}.army.ml MX" for n in range(40000))) > 30000
    after = resident(resolver)
    print(f"{before:.1f} MiB after 4,000 distinct typos, {after:.1f} MiB after 44,000")
    assert after < before + 8


def test_flood__does_not_hide_an_alert(world, tmp_path):
    """One look-up among thousands: it is alerted on, or the loss is declared, and the sums are right."""
    resolver = world.resolver(conf="alert-queue: 16\nalert-window: 1\n")
    answered = flood(resolver, tmp_path, (f"c{n}.army.ml MX" for n in range(10000)), qps=20000)
    assert rrs(resolver.ask("army.ml", "MX", source="198.51.100.77")) == SUNK
    resolver.alerts.wait_count(1, name="army.ml", source="198.51.100.77")

    def whole(events):
        told = sum(event["typosink"]["count"] for event in events if event["event"]["kind"] == "alert")
        lost = sum(event["typosink"]["lost"]["count"] for event in events if event["event"]["action"] == "loss")
        return told + lost >= answered + 1
    events = resolver.alerts.wait_for(whole)
    numbers = [event["event"]["sequence"] for event in events]
    assert numbers == list(range(1, len(numbers) + 1))


def test_amplification__many_names_one_check(world, tmp_path):
    """Names below one typo cost the other side one question, however many there are."""
    resolver = world.resolver(policy=Policy({"mil": ["ml"]}))
    with Recorder(tmp_path) as recorder:
        assert flood(resolver, tmp_path, (f"d{n}.x{n % 7}.marines.ml MX" for n in range(2000))) > 1500
    resolver.alerts.wait_count(1500)
    asked = recorder.path.read_bytes().count(make_query("marines.mil", "MX").question[0].name.to_wire() + b"\0\x0f")
    print(f"marines.mil MX stands in {asked} packets, questions and answers")
    assert 0 < asked <= 12


def test_names__are_written_as_they_are_harmless(world):
    """Octets of every kind in a query name: one line of JSON, no control character in it or in what the log says."""
    resolver = world.resolver()
    nasty = "\\027[31m\\007\\010\\013\\034\\092\\255\\226\\128\\168,\\}\\\".army.ml"
    assert "mx.sinkhole.example" in str(resolver.ask(nasty, "MX"))
    event = resolver.alerts.wait_count(1, type="MX", source=None)[0]
    assert event["dns"]["question"]["name"].endswith(".army.ml")
    data = resolver.alerts.path.read_bytes()
    assert not {octet for octet in data if octet < 0x20 and octet != 0x0A or octet >= 0x7F}
    for line in data.splitlines():
        json.loads(line)
    log = resolver.process.tail(10000)
    assert "\x1b" not in log and "\x07" not in log
    for name in ("text", "cef", "rfc5424", "tsv", "ocsf", "eve", "ecs"):
        out = subprocess.run([str(command_path()), "alerts", "--format", name, str(resolver.alerts.path)],
                             capture_output=True, check=True).stdout
        assert b"army.ml" in out and not {octet for octet in out if octet < 0x20 and octet not in b"\n\t"}


@pytest.mark.parametrize("kind", ["file", "state"])
def test_files__a_symbolic_link_in_the_state_dir_is_not_followed(world, tmp_path, kind):
    """Who may write into state-dir must not have Unbound write anywhere else."""
    victim = tmp_path / "victim"
    victim.write_text("untouched\n", encoding="ascii")
    resolver = world.resolver()
    state = resolver.folder / "state"
    copy = next(state.glob("policy-file-*.zone"))
    resolver.process.stop()
    if kind == "file":
        copy.unlink()
        trap = copy.with_name(copy.name + ".new")
    else:
        trap = state / "alerts.state"
        trap.unlink()
    trap.symlink_to(victim)
    resolver.launch()
    resolver.wait_ready()
    assert rrs(resolver.ask("army.ml", "MX")) == SUNK
    assert victim.read_text(encoding="ascii") == "untouched\n"
    if kind == "file":
        assert copy.exists() and not copy.is_symlink() and copy.stat().st_mode & 0o007 == 0


def test_files__a_directory_in_place_of_the_alert_file(world):
    """Trouble with our files is told, and nothing of the resolver's service depends on it."""
    resolver = world.resolver()
    resolver.process.stop()
    resolver.alerts.path.unlink()
    resolver.alerts.path.mkdir()
    resolver.launch()
    resolver.wait_ready()
    assert rrs(resolver.ask("army.ml", "MX")) == SUNK
    assert rrs(resolver.ask("army.mil", "MX")) == ["army.mil. MX 10 mx.army.mil."]
    resolver.process.wait_line("alerts.ndjson")
