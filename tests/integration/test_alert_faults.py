# SPDX-License-Identifier: BSD-3-Clause
"""What happens to the alert file, and not to the answers: a full disk, a FIFO that nobody reads, a
directory that is taken away, a resolver that is killed. Every look-up is answered within the time
that one has while the fault holds; what the file lacks is said in it."""

import os
import shutil
import subprocess
import threading

import pytest

from harness import AlertFile, Policy, rrs

SINKHOLE = ["MX 10 mx.sinkhole.example."]


class Asker:
    """Look-ups of names that are all different; each must get the sinkhole, in time."""

    def __init__(self, resolver):
        self.resolver, self.count = resolver, 0

    def ask(self, times):
        for _ in range(times):
            name = f"f{self.count}.army.ml"
            self.count += 1  # it may be seen although its answer is not
            answer = rrs(self.resolver.ask(name, "MX"))
            assert [rr.partition(" ")[2] for rr in answer] == SINKHOLE, (name, answer)

    @property
    def last(self):
        return f"f{self.count - 1}.army.ml"


def has(events, name):
    return any(event.get("dns", {}).get("question", {}).get("name") == name for event in events)


def sums(events):
    """(look-ups that have an event, look-ups told as lost); the numbers have no hole."""
    assert [event["event"]["sequence"] for event in events] == list(range(1, len(events) + 1))
    assert len({event["typosink"]["boot_id"] for event in events}) == 1
    return (sum(event["typosink"]["count"] for event in events
                if event["event"]["kind"] == "alert"),
            sum(event["typosink"].get("lost", {}).get("count", 0) for event in events))


@pytest.fixture
def disk(tmp_path):
    """A file system of 4 MiB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_disk__full_and_free_again(world, disk):
    resolver = world.resolver(policy=Policy(), alert_file=disk / "alerts.ndjson")
    asker = Asker(resolver)
    asker.ask(20)
    resolver.alerts.wait_for(lambda events: has(events, asker.last))
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as out, pytest.raises(OSError, match="No space"):
        while True:
            out.write(bytes(4096))
    asker.ask(1500)  # more than what is kept until there is room again
    resolver.process.wait_line("alerts cannot be written: No space left on device")
    assert not has(resolver.alerts.events(), asker.last)
    filler.unlink()
    events = resolver.alerts.wait_for(
        lambda events: any(event["event"]["action"] == "loss" for event in events))
    asker.ask(5)
    resolver.stop()
    events = resolver.alerts.events()
    seen, lost = sums(events)
    assert seen + lost == asker.count and lost > 0
    assert has(events, asker.last)


def test_fifo__that_nobody_reads(world, tmp_path):
    fifo = tmp_path / "alerts.ndjson"
    os.mkfifo(fifo)
    resolver = world.resolver(policy=Policy(), alert_file=fifo)
    asker = Asker(resolver)
    asker.ask(1500)
    resolver.stop()  # and the stop does not wait for a reader


def test_directory__taken_away_and_back(world, tmp_path):
    folder = tmp_path / "away"
    folder.mkdir()
    resolver = world.resolver(policy=Policy(), alert_file=folder / "alerts.ndjson")
    asker = Asker(resolver)
    asker.ask(10)
    first = resolver.alerts.wait_for(lambda events: has(events, asker.last))
    shutil.rmtree(folder)
    asker.ask(50)
    resolver.process.wait_line("alerts cannot be written: No such file or directory")
    folder.mkdir()
    asker.ask(5)
    resolver.stop()
    # What went with the directory had been written; what came after is all there. A file that goes
    # before its writer has looked at it after the write is not trusted: its last lines come again,
    # number, identifier and all.
    seen, lost = sums(first + [event for event in resolver.alerts.events() if event not in first])
    assert (seen, lost) == (asker.count, 0)


def test_killed__in_mid_stream(world):
    """At most what was queued is lost, whole lines only, and the next start says how much that may
    have been."""
    resolver = world.resolver(policy=Policy())
    asker = Asker(resolver)
    problem = []

    def go():
        try:
            asker.ask(100000)
        except Exception as error:  # pylint: disable=broad-except
            problem.append(error)  # the resolver is gone: what was to happen
    thread = threading.Thread(target=go)
    thread.start()
    resolver.alerts.wait_for(lambda events: len(events) > 400)
    resolver.kill()
    thread.join()
    assert problem
    before = AlertFile(resolver.alerts.path).events()  # half a line would raise
    seen, lost = sums(before)
    assert lost == 0
    resolver.start()
    events = resolver.alerts.wait_for(lambda events: len(events) > len(before))
    start = events[len(before)]
    assert start["event"]["action"] == "start"
    previous = start["typosink"]["previous"]
    assert previous["boot_id"] == before[0]["typosink"]["boot_id"]
    assert previous["clean"] is False
    assert previous["sequence"] >= before[-1]["event"]["sequence"]
    # The last look-up may have had no answer, and no event.
    assert 0 <= asker.count - seen <= previous["unwritten_max"] + 1
    # In order, without a hole: only the end is missing.
    names = [event["dns"]["question"]["name"] for event in before if "dns" in event]
    assert names == [f"f{i}.army.ml" for i in range(len(names))]
    resolver.stop()
