# SPDX-License-Identifier: BSD-3-Clause
"""process: one daemon under test: started, waited for by what it says, stopped, and examined.

The output of a process is read by a thread of its own, kept in memory and in a file. Waiting is
for a line, never for a time.
"""

import os
import re
import signal
import subprocess
import threading
import time

DEADLINE = float(os.environ.get("TYPOSINK_TEST_DEADLINE", "20"))

# What sanitizers say; any of it in a log is a failure, whatever the exit code.
SANITIZER = re.compile(
    r"ERROR: (Address|Leak|Memory)Sanitizer|WARNING: ThreadSanitizer|runtime error: "
    r"|AddressSanitizer:DEADLYSIGNAL")


def make_reachable(folder):
    """Lets daemons that run as users of their own reach a folder of ours."""
    for part in (folder, *folder.parents):
        mode = part.stat().st_mode
        if part.stat().st_uid == os.geteuid() and mode & 0o011 != 0o011:
            part.chmod(mode & 0o7777 | 0o011)


class Crash(AssertionError):
    """A process ended that should not have, or a sanitizer spoke."""


class Process:
    def __init__(self, name, argv, log_path, env=None, cwd=None):
        self.name = name
        self.log_path = log_path
        self.lines = []
        self.stopping = False
        self._grown = threading.Condition()
        self._eof = False
        # A process group of its own: what it forks can be ended with it.
        self.popen = subprocess.Popen(
            argv, env=env, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self):
        return self.popen.pid

    def _read(self):
        with open(self.log_path, "ab") as log:
            for raw in self.popen.stdout:
                log.write(raw)
                log.flush()
                with self._grown:
                    self.lines.append(raw.decode("utf-8", "backslashreplace").rstrip("\n"))
                    self._grown.notify_all()
        with self._grown:
            self._eof = True
            self._grown.notify_all()

    def mark(self):
        """A place in the output, for wait_line(since=...)."""
        with self._grown:
            return len(self.lines)

    def wait_line(self, pattern, since=0, timeout=DEADLINE):
        """Waits for a line that the pattern matches; returns the match."""
        regex = re.compile(pattern)
        until = time.monotonic() + timeout
        seen = since
        with self._grown:
            while True:
                while seen < len(self.lines):
                    found = regex.search(self.lines[seen])
                    if found:
                        return found
                    seen += 1
                if self._eof:
                    raise Crash(f"{self.name} ended before it said /{pattern}/:\n{self.tail()}")
                left = until - time.monotonic()
                if left <= 0 or not self._grown.wait(left):
                    raise AssertionError(
                        f"{self.name} did not say /{pattern}/ within {timeout} s:\n{self.tail()}")

    def wait_until(self, condition, what, timeout=DEADLINE):
        """Waits until condition() is true, asking it after every line; returns its value."""
        until = time.monotonic() + timeout
        with self._grown:
            while True:
                value = condition()
                if value:
                    return value
                if self._eof:
                    raise Crash(f"{self.name} ended before {what}:\n{self.tail()}")
                left = until - time.monotonic()
                if left <= 0 or not self._grown.wait(left):
                    raise AssertionError(
                        f"{self.name}: no {what} within {timeout} s:\n{self.tail()}")

    def grep(self, pattern, since=0):
        regex = re.compile(pattern)
        with self._grown:
            return [line for line in self.lines[since:] if regex.search(line)]

    def tail(self, count=30):
        return "\n".join(self.lines[-count:])

    def running(self):
        return self.popen.poll() is None

    def send(self, number):
        self.popen.send_signal(number)

    def wait_exit(self, timeout=DEADLINE):
        """Waits for the end and for all output; returns the exit code (-N: signal N)."""
        try:
            code = self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            self._kill_group()
            raise Crash(f"{self.name} did not stop within {timeout} s:\n{self.tail()}") from None
        self._kill_group()  # stragglers would keep the pipe open
        self._reader.join(timeout)
        return code

    def _kill_group(self):
        try:
            os.killpg(self.popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def kill(self):
        """SIGKILL, as the machine's worst day would do it. What a sanitizer said before that counts."""
        self.stopping = True
        self._kill_group()
        self.wait_exit()
        self.examine()

    def stop(self, number=signal.SIGTERM, good=(0,), timeout=DEADLINE, send=None):
        """Stops it and examines how it went: a crash or a sanitizer's finding raises Crash.

        send(number): how the signal is sent, if not to the process itself."""
        if self.stopping:
            return
        self.stopping = True
        died = not self.running()
        if not died:
            (send or self.send)(number)
        code = self.wait_exit(timeout)
        if died:
            raise Crash(f"{self.name} had ended by itself (code {code}):\n{self.tail()}")
        self.examine()
        if code not in good:
            raise Crash(f"{self.name} ended with code {code}:\n{self.tail()}")

    def examine(self):
        """Raises Crash where a sanitizer has spoken."""
        with self._grown:
            for place, line in enumerate(self.lines):
                if SANITIZER.search(line):
                    raise Crash(f"{self.name}:\n" + "\n".join(self.lines[place:place + 60]))


class Daemon:
    """A server with a start(), which sets self.process; it may be stopped and started again."""

    process = None

    def _end(self):
        self.process.stop()

    def stop(self):
        """Stops it; a crash, a bad exit code or a sanitizer's finding raises Crash."""
        if self.process:
            self._end()
            self.process = None

    def restart(self):
        self.stop()
        self.start()

    def kill(self):
        """SIGKILL; a sanitizer's finding raises Crash."""
        process, self.process = self.process, None
        process.kill()


class Housed(Daemon):
    """A daemon that is process 1 of a space of its own (`unshare -p -f`)."""

    def _end(self):
        self.process.stop(send=self._send_inside)

    def _send_inside(self, number):
        # The signal is for process 1 of its space, the one child of unshare, which ignores it.
        pid = self.process.pid
        try:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as children:
                os.kill(int(children.read()), number)
        except (OSError, ValueError):
            pass  # it has just ended: stop() looks how
