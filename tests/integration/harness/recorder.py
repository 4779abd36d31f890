# SPDX-License-Identifier: BSD-3-Clause
"""recorder: tcpdump on the loopback of the test's network, into a capture file."""

import signal
import socket
import time

from .process import DEADLINE, Process

# The kernel keeps a place of the longest packet's size for each one: with tcpdump's own figures there
# are eight, and a busy machine drops the ninth. These make a thousand.
ROOM = ["-s", "65535", "-B", "65536"]


class Recorder:
    """Records from start() on; stop() returns when everything that was seen is in the file."""

    LAST = b"typosink recorder: last packet"

    def __init__(self, folder, name="dns.pcap", filter="port 53"):  # pylint: disable=redefined-builtin
        self.path = folder / name
        self.process = Process(
            "tcpdump", ["tcpdump", "-i", "lo", "-n", "-U", "-Z", "root", "--immediate-mode", *ROOM,
                        "-w", str(self.path), filter], folder / "tcpdump.log")
        self.process.wait_line("listening on lo")

    def stop(self):
        # A packet of our own, last: when it is in the file, so is all that came before it. (At
        # SIGINT tcpdump leaves what is still in the kernel's buffer.)
        # It is sent again each second: on a busy machine the kernel may drop it for tcpdump.
        begun, sent = time.monotonic(), 0
        while self.LAST not in self.path.read_bytes():
            waited = time.monotonic() - begun
            assert waited < DEADLINE, "tcpdump did not record the last packet"
            if waited >= sent:
                sent += 1
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
                    last.sendto(self.LAST, ("127.0.0.1", 53))
            time.sleep(0.02)
        self.process.stop(signal.SIGINT)
        return self.path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
