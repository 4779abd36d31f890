# SPDX-License-Identifier: BSD-3-Clause
"""postfix: a sending mail server, Debian's Postfix."""

import os
import re
import shutil
import subprocess

from .mta import Mta, Outcome

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
myhostname = out.sender.example
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
biff = no
"""

QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
          "maildrop", "private", "public", "saved", "trace")

OUTCOME = re.compile(r": [0-9A-Za-z]+: to=<([^>]*)>, (?:orig_to=<[^>]*>, )?relay=([^,]*),.*"
                     r"dsn=([0-9.]+), status=(\w+) \((.*)\)")


class Postfix(Mta):
    """main: more lines for main.cf (later ones win). trust_ad: believe the resolver's AD bit."""

    def __init__(self, folder, resolver, main="", **options):
        super().__init__("postfix", folder, resolver, **options)
        self.main = main

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
        (self.folder / "etc" / "main.cf").write_text(
            MAIN_CF.format(folder=self.folder) + self.main, encoding="ascii")
        (self.folder / "etc" / "master.cf").write_text(
            MASTER_CF.format(port=self.port), encoding="ascii")
        # Postfix waits until its configuration has stopped changing, that is, is some seconds old.
        os.utime(self.folder / "etc" / "main.cf", (1, 1))

    def start(self):
        self._write_files()
        self.launch('"$(postconf -dh daemon_directory)/master" -i', "daemon started",
                    {"MAIL_CONFIG": str(self.folder / "etc")})

    def control(self, program, *arguments):
        """postqueue, postsuper and the like, on this instance; returns what it printed."""
        return subprocess.run([program, "-c", str(self.folder / "etc"), *arguments],
                              check=True, capture_output=True, text=True).stdout

    def flush(self):
        """Tries again what is queued."""
        self.control("postqueue", "-f")

    def outcome_of(self, line):
        found = OUTCOME.search(line)
        return found and Outcome(found[1], found[4], found[3], found[2], found[5])
