"""The mail server: real SMTP on loopback with STARTTLS and AUTH required, into the invented people's mailboxes.

The certificate comes from an authority made for this run; its PEM lies in a private folder that goes with the sandbox.
"""

from __future__ import annotations

import asyncio
import email.policy
import hmac
import logging
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from csrdesk.sandbox.clock import Clock
from csrdesk.sandbox.faults import Faults
from csrdesk.sandbox.folder import own_folder
from csrdesk.sandbox.model import Mail, World

USER = "csrdesk"
_TURNS_TO_CLOSE = 10
"""Of the event loop: what was accepted this moment comes up, and what was cut closes its socket, TLS's below it."""


def _text_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    if part is None:
        return ""
    content = part.get_content()
    return content if isinstance(content, str) else ""


def received(world: World, raw: bytes, recipients: list[str], sender: str, clock: Clock) -> None:
    """Puts a message into the mailbox of each recipient."""
    message = BytesParser(EmailMessage, policy=email.policy.default).parsebytes(raw)
    for recipient in recipients:
        world.mails.append(
            Mail(
                seq=world.next_sequence(),
                at=clock.now(),
                sender=sender,
                to=recipient,
                subject=str(message.get("subject", "")),
                text=_text_of(message, "plain"),
                html=_text_of(message, "html"),
            )
        )


class _Connected(SMTP):
    """aiosmtpd's protocol; among `there` until its connection is closed, socket and all."""

    def __init__(self, handler: _Mailboxes, *, there: set[_Connected], **options: Any) -> None:  # noqa: ANN401 - SMTP's
        super().__init__(handler, **options)
        self._there = there
        there.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._there.discard(self)


def _cut(protocol: SMTP) -> None:
    """Ends the connection without a word."""
    if isinstance(protocol.transport, asyncio.WriteTransport):
        protocol.transport.abort()


class _Mailboxes:
    """What aiosmtpd calls for each message."""

    def __init__(self, world: Callable[[], World], clock: Clock, faults: Faults) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        fault = self._faults.meet("SMTP", address)
        delay = self._faults.latency_ms + (fault.latency_ms if fault else 0)
        if delay:
            await asyncio.sleep(delay / 1000)
        if fault is not None and fault.cut:
            _cut(server)
        if fault is not None and fault.status is not None:
            return f"{fault.status} The recipient is not accepted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        raw = envelope.content if isinstance(envelope.content, bytes) else b""
        received(self._world(), raw, envelope.rcpt_tos, envelope.mail_from or "", self._clock)
        return "250 Message accepted"


class MailServer:
    """Starts and stops the mail server in the running event loop."""

    def __init__(self, host: str, password: str, *, world: Callable[[], World], clock: Clock, faults: Faults) -> None:
        self._host = host
        self._password = password
        self._mailboxes = _Mailboxes(world, clock, faults)
        self._open: set[_Connected] = set()
        self._server: asyncio.Server | None = None
        self._folder: Path | None = None
        self._kept = ExitStack()
        self.port = 0

    @property
    def ca_file(self) -> Path:
        """PEM of the authority; only while the server runs."""
        if self._folder is None:
            raise RuntimeError("The mail server is not running.")
        return self._folder / "ca.pem"

    async def start(self) -> None:
        """Makes the certificate and listens on a free port."""
        # aiosmtpd warns of its own old members at each sign-in; that would be painted over a console.
        logging.getLogger("mail.log").setLevel(logging.ERROR)
        self._folder = self._kept.enter_context(own_folder("sandbox"))
        authority = trustme.CA()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(self._host, "localhost").configure_cert(context)
        authority.cert_pem.write_to_path(self.ca_file)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: self._protocol(context, loop), self._host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stops listening and removes the folder."""
        if self._server is not None:
            self._server.close()
            for _ in range(_TURNS_TO_CLOSE):
                for protocol in self._open:
                    _cut(protocol)
                await asyncio.sleep(0)
            await self._server.wait_closed()
        self._folder = None
        self._kept.close()

    def _protocol(self, context: ssl.SSLContext, loop: asyncio.AbstractEventLoop) -> SMTP:
        return _Connected(
            self._mailboxes,
            there=self._open,
            hostname="mail.csrdesk.example",
            ident="csrdesk sandbox",
            enable_SMTPUTF8=True,
            require_starttls=True,
            tls_context=context,
            auth_required=True,
            authenticator=self._authenticate,
            loop=loop,
        )

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object
    ) -> AuthResult:
        """`handled=False` on refusal, or aiosmtpd would send no answer at all."""
        if not isinstance(data, LoginPassword):
            return AuthResult(success=False, handled=False)
        right = hmac.compare_digest(data.password, self._password.encode())
        if right and data.login == USER.encode():
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False)
