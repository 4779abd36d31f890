# SPDX-License-Identifier: BSD-3-Clause
"""recorder: tcpdump on the loopback of the test's network, into a capture file."""

import signal

from .process import Process


class Recorder:
    """Records from start() on; stop() returns when everything that was seen is in the file."""

    def __init__(self, folder, name="dns.pcap", filter="port 53"):  # pylint: disable=redefined-builtin
        self.path = folder / name
        self.process = Process(
            "tcpdump", ["tcpdump", "-i", "lo", "-n", "-U", "-Z", "root", "--immediate-mode",
                        "-w", str(self.path), filter], folder / "tcpdump.log")
        self.process.wait_line("listening on lo")

    def stop(self):
        # SIGINT lets it empty the kernel's buffer and close the file.
        self.process.stop(signal.SIGINT)
        return self.path

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
