# SPDX-License-Identifier: BSD-3-Clause
"""The alert file travels: rsyslog's imfile to omrelp and to omkafka, through an outage of the
receiver, a rotation of the file and a restart of the sender. The configuration is that of
doc/shipping.md, taken from there."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest

from harness import Daemon, Policy, Process, missing
from harness.process import DEADLINE
from harness.unbound import PROJECT, command_path
from test_doctor import examine

PART = 100  # look-ups before, during and after the outage


def snippets():
    """The blocks of doc/shipping.md that are marked, by mark."""
    text = (PROJECT / "doc" / "shipping.md").read_text(encoding="utf-8")
    found = re.findall(r"<!-- rsyslog: (\w+) -->\n\n((?:    .*\n|\n)+)", text)
    return {mark: re.sub(r"(?m)^    ", "", block) for mark, block in found}


def need(*programs):
    for program in programs:
        if not shutil.which(program, path="/usr/bin:/usr/sbin:/bin:/sbin"):
            missing(f"no {program} (tools/packages.txt, [integration])")


def modules_there(*names):
    for name in names:
        if not list(PROJECT.__class__("/usr/lib").glob(f"*/rsyslog/{name}.so")):
            missing(f"rsyslog has no {name}")


class Rsyslog(Daemon):
    """marks: blocks of the document; replace: what is another way in the test."""

    def __init__(self, folder, marks, replace):
        self.folder = folder
        folder.mkdir()
        (folder / "work").mkdir()
        blocks = snippets()
        text = "".join(blocks[mark] + "\n" for mark in ("first", *marks))
        for old, new in replace.items():
            assert old in text, f"{old} is not in doc/shipping.md any more"
            text = text.replace(old, str(new))
        text += f'global(workDirectory="{folder}/work")\n'
        self.conf = folder / "rsyslog.conf"
        # The file's input comes last: its ruleset has to be there before.
        self.conf.write_text(text, encoding="utf-8")
        check = subprocess.run(["/usr/sbin/rsyslogd", "-N1", "-f", str(self.conf)],
                               capture_output=True, text=True, check=False)
        assert check.returncode == 0 and "error" not in check.stderr, check.stderr

    def start(self):
        self.process = Process("rsyslogd", [
            "/usr/sbin/rsyslogd", "-n", "-f", str(self.conf), "-i", str(self.folder / "pid")],
            self.folder / "rsyslogd.log")


class Kafka:
    def __init__(self, folder):
        program = folder / "mock_kafka"
        built = subprocess.run(
            ["cc", "-o", str(program), str(PROJECT / "tests/integration/mock_kafka.c"), "-lrdkafka"],
            capture_output=True, text=True, check=False)
        if built.returncode != 0:
            missing("no librdkafka with its mock cluster: " + built.stderr[:200])
        self.popen = subprocess.Popen(  # pylint: disable=consider-using-with
            [str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.brokers = self.popen.stdout.readline().split()[-1]

    def _tell(self, word):
        self.popen.stdin.write(word + "\n")
        self.popen.stdin.flush()
        assert self.popen.stdout.readline() == word + "\n"

    def down(self):
        self._tell("down")

    def up(self):
        self._tell("up")

    def close(self):
        self.popen.communicate("quit\n", timeout=DEADLINE)

    def lines(self):
        """All that it has, as kcat reads it."""
        done = subprocess.run(
            ["kcat", "-C", "-b", self.brokers, "-t", "typosink", "-o", "beginning", "-e", "-q"],
            capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.splitlines()


class Source:
    """A resolver whose alerts are shipped: look-ups of names that are all different."""

    def __init__(self, resolver):
        self.resolver, self.path, self.asked = resolver, resolver.alerts.path, 0
        self.old, self.arrived = [], None

    def ask(self):
        for _ in range(PART):
            self.asked += 1
            self.resolver.ask(f"n{self.asked}.army.ml", "MX")
        self.resolver.alerts.wait_for(lambda events: events and self._has_last(events))

    def _has_last(self, events):
        name = f"n{self.asked}.army.ml"
        return any(event.get("dns", {}).get("question", {}).get("name") == name
                   for event in events)

    def rotate(self):
        self.old.append(self.path.with_name(f"{self.path.name}.{len(self.old) + 1}"))
        os.rename(self.path, self.old[-1])

    def events(self):
        lines = []
        for path in (*self.old, self.path):
            lines += path.read_text(encoding="utf-8").splitlines()
        return lines


@pytest.fixture
def source(world):
    resolver = world.resolver(policy=Policy())
    yield Source(resolver)
    resolver.stop()


def wait_for_all(source, arrived, but=0):
    """Waits until what arrived holds every line of the source, octet by octet; but: except that
    many, as soon as the last line is there."""
    want = set(source.events())
    until = time.monotonic() + 4 * DEADLINE
    while True:
        lines = arrived()
        left = want - set(lines)
        if len(left) <= but and source.events()[-1] not in left:
            return lines
        assert time.monotonic() < until, (
            f"{len(left)} of {len(want)} lines did not arrive, for example {sorted(left)[:1]}")
        time.sleep(0.2)


def replay_check(lines, folder):
    copy = folder / "copy.json"
    copy.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return subprocess.run([str(command_path()), "alerts", "--replay-check", str(copy)],
                          capture_output=True, text=True, check=False)


def prove(lines, folder):
    """The receiver's own proof."""
    done = replay_check(lines, folder)
    assert done.returncode == 0, done.stdout
    assert re.search(r": 1 to \d+, 0 missing, \d+ twice, 0 told as lost", done.stdout)
    # And it is one: without a line in the middle it fails.
    events = {json.loads(line)["event"]["sequence"]: line for line in lines}
    middle = len(events) // 2
    done = replay_check([line for number, line in events.items() if number != middle], folder)
    assert done.returncode == 1 and f"missing {middle} to {middle}\n" in done.stdout


def doctor_knows(resolver, work):
    """rsyslog's own record of its place, as `typosink doctor` reads it."""
    def shipper():
        found, _ = examine(resolver.config, resolver.folder / "typosink.conf", "--shipper-state", work)
        return [(result, finding["message"]) for result, finding in found["shipper"]]
    [(result, message)] = shipper()
    assert result == "good" and re.search(r"rsyslog is \d+ octets behind", message), message
    size = resolver.alerts.path.stat().st_size
    os.truncate(resolver.alerts.path, size + (2 << 20))
    [(result, message)] = shipper()
    os.truncate(resolver.alerts.path, size)
    assert result == "warning", message


def through_an_outage(source, sender, down, up, *, restart=False):
    """All of it but the last wait: some before, some while the receiver is away, some after."""
    sender.start()
    source.ask()
    wait_for_all(source, source.arrived)
    down()
    source.ask()
    source.rotate()
    source.ask()
    if restart:
        sender.restart()
        source.ask()
    assert not set(source.events()) <= set(source.arrived())
    up()
    source.ask()


class Relp:
    """Two rsyslogs, one of which sends to the other."""

    def __init__(self, source, folder):
        need("rsyslogd")
        modules_there("imfile", "omrelp", "imrelp")
        received = folder / "received.ndjson"
        self.receiver = Rsyslog(folder / "receiver", ["receiver"],
                                {"/var/log/typosink/received.ndjson": received})
        self.sender = Rsyslog(folder / "sender", ["file", "relp"],
                              {"/var/log/typosink/alerts.ndjson": source.path,
                               'action.resumeInterval="5"': 'action.resumeInterval="1"'})
        source.arrived = lambda: (received.read_text(encoding="utf-8").splitlines()
                                  if received.exists() else [])

    def __enter__(self):
        self.receiver.start()
        return self

    def __exit__(self, *_):
        self.sender.stop()
        self.receiver.stop()


def test_shipping__relp_through_an_outage(source, tmp_path):
    with Relp(source, tmp_path) as relp:
        through_an_outage(source, relp.sender, relp.receiver.stop, relp.receiver.start)
        prove(wait_for_all(source, source.arrived), tmp_path)
        relp.sender.stop()  # then it writes down how far it is
        doctor_knows(source.resolver, relp.sender.folder / "work")


def test_shipping__relp_restarted_in_an_outage(source, tmp_path):
    """What the document says of it: one batch of one event may be lost, and is named."""
    with Relp(source, tmp_path) as relp:
        through_an_outage(source, relp.sender, relp.receiver.stop, relp.receiver.start,
                          restart=True)
        lines = wait_for_all(source, source.arrived, but=1)
        missing_lines = set(source.events()) - set(lines)
        done = replay_check(lines, tmp_path)
        for line in missing_lines:
            number = json.loads(line)["event"]["sequence"]
            assert f"missing {number} to {number}\n" in done.stdout
        assert done.returncode == (1 if missing_lines else 0)


def test_shipping__kafka_through_an_outage(source, tmp_path):
    need("rsyslogd", "kcat", "cc")
    modules_there("imfile", "omkafka")
    kafka = Kafka(tmp_path)
    before, away = [], []
    source.arrived = lambda: before if away else kafka.lines()

    def down():
        before.extend(kafka.lines())
        away.append(True)
        kafka.down()

    def up():
        away.clear()
        kafka.up()
    sender = Rsyslog(tmp_path / "sender", ["file", "kafka"],
                     {"/var/log/typosink/alerts.ndjson": source.path,
                      "192.0.2.20:9092": kafka.brokers,
                      "/var/spool/rsyslog/typosink-kafka.failed": tmp_path / "failed",
                      'action.resumeInterval="5"': 'action.resumeInterval="1"'})
    try:
        through_an_outage(source, sender, down, up, restart=True)
        prove(wait_for_all(source, source.arrived), tmp_path)
    finally:
        sender.stop()
        kafka.close()
