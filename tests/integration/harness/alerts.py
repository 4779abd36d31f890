# SPDX-License-Identifier: BSD-3-Clause
"""alerts: reads the alert file as a shipper would, and waits for what should stand in it."""

import json
import time
from pathlib import Path

from .inotify import FolderWatch
from .process import DEADLINE


class AlertFile:
    def __init__(self, path):
        self.path = Path(path)

    def events(self, growing=False):
        """Every event of the file, in order; blanks stand for what a kill has left of one. Half a line or bad
        JSON raises; not so half a line of a file that is growing: a reader may see the first pages of a write
        before the last."""
        if not self.path.exists():
            return []
        data = self.path.read_bytes()
        whole, _, rest = data.rpartition(b"\n")
        assert growing or not rest, f"half a line in {self.path}: {rest[:200]!r}"
        return [json.loads(line) for line in whole.split(b"\n") if line.strip()]

    def alerts(self):
        """Those of kind alert, that is, with a question in them."""
        return [event for event in self.events() if event["event"]["kind"] == "alert"
                and "dns" in event]

    def wait_for(self, wanted, timeout=DEADLINE):
        """Waits until wanted(list of all events) is true; returns the list."""
        until = time.monotonic() + timeout
        with FolderWatch(self.path.parent) as watch:
            while True:
                events = self.events(growing=True)
                if wanted(events):
                    return events
                left = until - time.monotonic()
                if left <= 0:
                    raise AssertionError(
                        f"not what was waited for within {timeout} s, {len(events)} events:\n"
                        + "\n".join(json.dumps(event) for event in events[-20:]))
                watch.wait(left)

    def wait_count(self, count, timeout=DEADLINE, **match):
        """Waits for at least `count` alerts that match; returns those.

        match: name=, type=, action=, source= (the client's address), counterpart=.
        """
        def matching(events):
            return [event for event in events if matches(event, **match)]
        return matching(self.wait_for(lambda events: len(matching(events)) >= count, timeout))


def matches(event, name=None, type=None, action=None, source=None, counterpart=None):  # pylint: disable=redefined-builtin
    if event["event"]["kind"] != "alert" or "dns" not in event:
        return False
    question = event["dns"]["question"]
    return ((name is None or question["name"].lower() == name.lower())
            and (type is None or question["type"] == type)
            and (action is None or event["event"]["action"] == action)
            and (source is None or event["source"]["ip"] == source)
            and (counterpart is None or event["typosink"].get("counterpart") == counterpart))
