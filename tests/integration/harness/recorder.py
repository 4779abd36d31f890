# SPDX-License-Identifier: BSD-3-Clause
"""recorder: tcpdump on the loopback of the test's network, into a capture file."""

import signal
import socket
import time

from .process import DEADLINE, Process


class Recorder:
    """Records from start() on; stop() returns when everything that was seen is in the file."""

    LAST = b"typosink recorder: last packet"

    def __init__(self, folder, name="dns.pcap", filter="port 53"):  # pylint: disable=redefined-builtin
        self.path = folder / name
        self.process = Process(
            "tcpdump", ["tcpdump", "-i", "lo", "-n", "-U", "-Z", "root", "--immediate-mode",
                        "-w", str(self.path), filter], folder / "tcpdump.log")
        self.process.wait_line("listening on lo")

    def stop(self):
        # A packet of our own, last: when it is in the file, so is all that came before it. (At
        # SIGINT tcpdump leaves what is still in the kernel's buffer.)
        until = time.monotonic() + DEADLINE
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(self.LAST, ("127.0.0.1", 53))
        while self.LAST not in self.path.read_bytes():
            assert time.monotonic() < until, "tcpdump did not record the last packet"
            time.sleep(0.02)
        self.process.stop(signal.SIGINT)
        return self.path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
