# SPDX-License-Identifier: BSD-3-Clause
"""mta: what the sending mail servers have in common. Each runs in a folder, a mount and a process
space of its own; its machine's name service is what the test wants.
"""

import os
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage

from .process import DEADLINE, Housed, Process, make_reachable

NSSWITCH = "passwd: files\ngroup: files\nhosts: dns\nservices: files\nprotocols: files\n"


@dataclass(frozen=True)
class Outcome:
    """What became of one recipient, in the words of the server's log."""
    recipient: str
    status: str  # sent, deferred, bounced
    dsn: str     # 2.0.0, 5.1.10, ...; "" where the server does not say
    relay: str   # host and address, or "none"
    text: str


class Mta(Housed):
    """etc: files of /etc that its machine has in place of the real ones, {name: text}."""

    _next_port = 2525

    def __init__(self, name, folder, resolver, etc=None, trust_ad=False):
        self.name, self.folder, self.resolver = name, folder, resolver
        self.etc = {
            "resolv.conf": f"nameserver {resolver}\noptions timeout:2 attempts:2"
                           f"{' trust-ad' if trust_ad else ''}\n",
            "nsswitch.conf": NSSWITCH, **(etc or {})}
        self.port, Mta._next_port = Mta._next_port, Mta._next_port + 1

    def launch(self, command, ready, env=None):
        """Runs the shell command as process 1 of its space: when it goes, all of it goes."""
        make_reachable(self.folder)
        script = ""
        for name, text in self.etc.items():
            path = self.folder / f"etc-{name}"
            path.write_text(text, encoding="utf-8")
            script += f"mount --bind {path} /etc/{name} && "
        self.process = Process(
            self.name, ["unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child",
                        "sh", "-c", f"{script} exec {command}"],
            self.folder / "log", env=dict(os.environ, **(env or {})))
        self.process.wait_line(ready)

    # --- mail

    def send(self, *recipients, sender="alice@sender.example", body="Hello\n"):
        """Hands one mail for each recipient to it, over one connection."""
        with self.connect() as smtp:
            for recipient in recipients:
                mail = EmailMessage()
                mail["From"], mail["To"], mail["Subject"] = sender, recipient, f"to {recipient}"
                mail.set_content(body)
                smtp.send_message(mail, sender, [recipient])

    def connect(self):
        """An SMTP session with it."""
        return smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.sender.example",
                            timeout=DEADLINE)

    def outcome_of(self, line):
        """The Outcome that a line of the log tells, or None."""
        raise NotImplementedError

    def mark(self):
        return self.process.mark()

    def outcomes(self, since=0):
        return [found for found in map(self.outcome_of, self.process.lines[since:]) if found]

    def wait_outcomes(self, count, since=0, timeout=DEADLINE):
        """Waits until `count` recipients have an outcome (bounces that it sends count too)."""
        return self.process.wait_until(
            lambda: (found := self.outcomes(since)) and len(found) >= count and found,
            f"{count} outcomes", timeout)
