# SPDX-License-Identifier: BSD-3-Clause
"""What the sender of a mistyped mail gets. The rows are those of doc/mail.md: what the page says is
what happens."""

import re

import pytest

from harness import Exim, Policy, Postfix
from harness.unbound import PROJECT

PAGE = PROJECT / "doc" / "mail.md"
MTAS = {"Postfix": Postfix, "Exim": Exim}


def page_table(heading):
    """The cells of the rows of the page's table whose heading row begins so."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index(next(line for line in lines if line.startswith(f"| {heading} |")))
    rows = []
    for line in lines[start + 2:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line[1:-1].split("|")])
    assert rows
    return rows


def by_action():
    for action, *cells in page_table("action"):
        action = re.match(r"`(\w+)`", action)[1]
        for mta, what, words in zip(MTAS, cells[::2], cells[1::2]):
            yield pytest.param(action, mta, what, words, id=f"{action}-{mta}")


def check(outcome, what, words):
    status, _, dsn = what.partition(" ")
    assert (outcome.status, outcome.dsn if dsn else "") == (status, dsn), outcome
    assert words in outcome.text, outcome


@pytest.mark.parametrize("action, mta, what, words", by_action())
def test_action__gives_the_sender(world, action, mta, what, words):
    policy = Policy(properties={"action": f'"{action}"'})
    resolver = world.resolver(policy=policy)
    sender = world.sender(resolver, MTAS[mta])
    if action == "sinkhole":
        world.sinkhole_host(policy)

    sender.send("carol@army.ml")
    check(sender.wait_outcomes(1)[0], what, words)
    if what.startswith("sent"):
        assert world.stranger.recipients() == ["carol@army.ml"]
    else:
        assert not world.stranger.sessions
    if what.startswith("bounced"):  # the person at the keyboard reads it
        report = world.home.wait_mails(1)[0]
        assert report.recipients == ("alice@sender.example",)
        assert words.encode() in report.data.replace(b"\n    ", b" ").replace(b"\r\n    ", b" ")
    if action == "pass":
        assert not resolver.alerts.alerts()
    else:
        alert = resolver.alerts.wait_count(1, name="army.ml", type="MX", action=action)[0]
        assert alert["typosink"]["applied"] is (action != "observe")


@pytest.fixture(autouse=True)
def _sinkhole_is_back(world):
    """The sinkhole host takes the mailbox's place for its own test only."""
    yield
    world.restore_sinkhole()
