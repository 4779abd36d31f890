# SPDX-License-Identifier: BSD-3-Clause
"""smtp: mail servers that keep everything they are given, and every connection made to them.

A connection alone counts: a sender that connects to a stranger has told him something already.
"""

import asyncio
import ssl
import threading
import time
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP

from .process import DEADLINE


@dataclass(frozen=True)
class Mail:
    sender: str
    recipients: tuple
    data: bytes
    peer: str
    tls: bool


class _Session(SMTP):
    def __init__(self, mailbox, **options):
        super().__init__(mailbox, **options)
        self.mailbox = mailbox

    def connection_made(self, transport):
        # Called again after STARTTLS, with the same session going on.
        if self._original_transport is None:
            self.mailbox.connected(transport.get_extra_info("peername"))
        super().connection_made(transport)


class Mailbox:
    """One mail server on port 25 of its addresses.

    refuse: (recipient) -> reply text to refuse at RCPT with, or None to accept.
    certificate: (cert file, key file) to offer STARTTLS.
    """

    def __init__(self, name, addresses, hostname, refuse=None, certificate=None):
        self.name, self.addresses, self.hostname = name, list(addresses), hostname
        self.refuse = refuse
        self.mails, self.sessions = [], []
        self._grown = threading.Condition()
        self._servers = []
        self._tls = None
        if certificate:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(*certificate)

    # --- the server's side

    def connected(self, peer):
        with self._grown:
            self.sessions.append(peer)
            self._grown.notify_all()

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # pylint: disable=invalid-name
        reply = self.refuse(address) if self.refuse else None
        if reply:
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server, session, envelope):  # pylint: disable=invalid-name
        mail = Mail(envelope.mail_from, tuple(envelope.rcpt_tos), envelope.content,
                    session.peer[0], session.ssl is not None)
        with self._grown:
            self.mails.append(mail)
            self._grown.notify_all()
        return f"250 2.0.0 kept by {self.name}"

    # --- the test's side

    def start(self):
        async def listen():
            loop = asyncio.get_running_loop()
            for address in self.addresses:
                self._servers.append(await loop.create_server(
                    lambda: _Session(self, hostname=self.hostname, tls_context=self._tls,
                                     loop=loop, enable_SMTPUTF8=True),
                    address, 25, backlog=512))
        _loop().run(listen())

    def stop(self):
        async def close():
            for server in self._servers:
                server.close()
                await server.wait_closed()
        _loop().run(close())
        self._servers.clear()

    def running(self):
        return bool(self._servers)

    def wait_mails(self, count, timeout=DEADLINE):
        """Waits for at least `count` mails; returns all there are."""
        until = time.monotonic() + timeout
        with self._grown:
            while len(self.mails) < count:
                left = until - time.monotonic()
                assert left > 0 and self._grown.wait(left) or len(self.mails) >= count, (
                    f"{self.name}: {len(self.mails)} of {count} mails within {timeout} s")
            return list(self.mails)

    def recipients(self):
        with self._grown:
            return sorted(rcpt for mail in self.mails for rcpt in mail.recipients)

    def clear(self):
        with self._grown:
            self.mails.clear()
            self.sessions.clear()


class _Loop:
    """One event loop in one thread for all mail servers of the run."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(DEADLINE)


_the_loop = None


def _loop():
    global _the_loop  # pylint: disable=global-statement
    if _the_loop is None:
        _the_loop = _Loop()
    return _the_loop
