# SPDX-License-Identifier: BSD-3-Clause
"""sinkhole_host: the host that tools/sinkhole-host sets up, in the place of the sinkhole mailbox."""

import os
import subprocess

from .policy import SINKHOLE_A, SINKHOLE_AAAA, SINKHOLE_MX
from .process import DEADLINE, Housed, Process, make_reachable
from .unbound import PROJECT, command_path

TOOL = PROJECT / "tools" / "sinkhole-host"


class SinkholeHost(Housed):
    def __init__(self, folder, policy_path, addresses=(SINKHOLE_A, SINKHOLE_AAAA), options=()):
        self.folder, self.policy_path = folder, policy_path
        self.addresses, self.options = addresses, list(options)

    def start(self):
        make_reachable(self.folder)
        listen = [word for address in self.addresses for word in ("--listen", address)]
        subprocess.run(
            [TOOL, "setup", self.folder, "--hostname", SINKHOLE_MX.rstrip("."), *listen,
             "--policy", self.policy_path, "--typosink", command_path(), "--log", "/dev/stdout",
             *self.options], check=True, env=dict(os.environ, TYPOSINK_CACHE=str(self.folder)))
        self.process = Process(
            "sinkhole host", ["unshare", "-m", "-p", "-f", "--mount-proc", "--kill-child",
                              TOOL, "start", self.folder, "--foreground"], self.folder / "log")
        self.process.wait_line("daemon started", timeout=3 * DEADLINE)  # it looks around first

    def refusals(self, recipient):
        """The log's lines about refused recipients."""
        return self.process.grep(rf"NOQUEUE: reject: RCPT .*to=<{recipient}>")
