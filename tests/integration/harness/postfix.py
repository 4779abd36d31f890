# SPDX-License-Identifier: BSD-3-Clause
"""postfix: a sending mail server, Debian's Postfix, in a folder, a mount and a process space of its
own. Its machine's resolv.conf and nsswitch.conf are the ones that the test wants.
"""

import os
import re
import shutil
import signal
import smtplib
import subprocess
import time
from dataclasses import dataclass
from email.message import EmailMessage

from .process import DEADLINE, Process

MASTER_CF = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
maillog_file = /dev/stdout
inet_protocols = all
myhostname = mx.sender.example
mydomain = sender.example
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_host_lookup = dns
smtp_tls_security_level = may
smtp_connect_timeout = 5s
disable_dns_lookups = no
biff = no
"""

# The mount space's own name service, then Postfix as process 1 of its process space: when it goes,
# everything of it goes.
LAUNCH = ('mount --bind "$1/resolv.conf" /etc/resolv.conf && '
          'mount --bind "$1/nsswitch.conf" /etc/nsswitch.conf && '
          'MAIL_CONFIG="$1/etc" exec "$(postconf -dh daemon_directory)/master" -i')


QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
          "maildrop", "private", "public", "saved", "trace")


@dataclass(frozen=True)
class Outcome:
    """What became of one recipient: Postfix's own words of the log."""
    recipient: str
    status: str  # sent, deferred, bounced
    dsn: str     # 2.0.0, 5.1.10, ...
    relay: str
    text: str


OUTCOME = re.compile(r": [0-9A-Za-z]+: to=<([^>]*)>, (?:orig_to=<[^>]*>, )?relay=([^,]*),.*"
                     r"dsn=([0-9.]+), status=(\w+) \((.*)\)")


class Postfix:
    """main: more lines for main.cf (later ones win); port: where it takes mail on 127.0.0.1."""

    _next_port = 2525

    def __init__(self, folder, resolver, main="", port=None, ad=False):
        self.folder, self.resolver, self.main = folder, resolver, main
        if port is None:
            port, Postfix._next_port = Postfix._next_port, Postfix._next_port + 1
        self.port = port
        self.trust_ad = ad
        self.process = None

    def _write_files(self):
        # What `postfix check` would make, without its three seconds of looking around.
        for name in ("etc", "spool", "data", "spool/pid", *(f"spool/{name}" for name in QUEUES)):
            (self.folder / name).mkdir(exist_ok=True)
            if name == "data" or name.removeprefix("spool/") in QUEUES:
                shutil.chown(self.folder / name, "postfix")
                (self.folder / name).chmod(0o700)
        for name, mode in (("maildrop", 0o730), ("public", 0o710)):
            shutil.chown(self.folder / "spool" / name, "postfix", "postdrop")
            (self.folder / "spool" / name).chmod(mode)
        # Postfix's processes run as a user of its own and must reach the folder.
        for folder in (self.folder, *self.folder.parents[:4]):
            if folder.is_relative_to("/tmp") and folder.as_posix() != "/tmp":
                folder.chmod(folder.stat().st_mode | 0o011)
        (self.folder / "etc" / "main.cf").write_text(
            MAIN_CF.format(folder=self.folder) + self.main, encoding="ascii")
        (self.folder / "etc" / "master.cf").write_text(
            MASTER_CF.format(port=self.port), encoding="ascii")
        # Postfix waits until its configuration has stopped changing, that is, is some seconds old.
        os.utime(self.folder / "etc" / "main.cf", (1, 1))
        (self.folder / "resolv.conf").write_text(
            f"nameserver {self.resolver}\noptions timeout:2 attempts:2"
            f"{' trust-ad' if self.trust_ad else ''}\n", encoding="ascii")
        (self.folder / "nsswitch.conf").write_text(
            "passwd: files\ngroup: files\nhosts: dns\nservices: files\nprotocols: files\n",
            encoding="ascii")

    def start(self):
        self._write_files()
        self.process = Process(
            "postfix", ["unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child",
                        "sh", "-c", LAUNCH, "sh", str(self.folder)],
            self.folder / "maillog")
        self.process.wait_line(r"daemon started")

    def stop(self):
        if self.process:
            # The signal is for the master, the one child of unshare, which itself ignores it.
            pid = self.process.pid
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                os.kill(int(children.read()), signal.SIGTERM)
            self.process.stop(signal.SIGCONT)
            self.process = None

    def control(self, *command):
        """`postfix -c ... COMMAND`, `postqueue` and the like: command is the whole of it, with
        -c's value left to us: control("postqueue", "-f")."""
        return subprocess.run([command[0], "-c", str(self.folder / "etc"), *command[1:]],
                              check=True, capture_output=True, text=True).stdout

    # --- mail

    def send(self, *recipients, sender="alice@sender.example", body="Hello\n"):
        """Hands one mail for each recipient to Postfix, over one connection."""
        with smtplib.SMTP("127.0.0.1", self.port, local_hostname="client.sender.example",
                          timeout=DEADLINE) as smtp:
            for recipient in recipients:
                mail = EmailMessage()
                mail["From"], mail["To"], mail["Subject"] = sender, recipient, f"to {recipient}"
                mail.set_content(body)
                smtp.send_message(mail, sender, [recipient])

    def flush(self):
        """Tries again what is queued."""
        self.control("postqueue", "-f")

    def outcomes(self, since=0):
        return [Outcome(found[1], found[4], found[3], found[2], found[5])
                for found in map(OUTCOME.search, list(self.process.lines[since:])) if found]

    def mark(self):
        return self.process.mark()

    def wait_outcomes(self, count, since=0, timeout=DEADLINE):
        """Waits until `count` recipients have an outcome (bounces that it sends count too)."""
        until = time.monotonic() + timeout
        place = since
        while True:
            found = self.outcomes(since)
            if len(found) >= count:
                return found
            place = max(place, self.process.mark())
            self.process.wait_line(r"status=", since=place,
                                   timeout=max(until - time.monotonic(), 0.01))
