"""Mail by SMTP, over verified TLS or not at all. The agent waits while a letter is handed over; none is queued."""

from __future__ import annotations

import asyncio
import re
import smtplib
import ssl
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from pathlib import Path

from csrdesk.config import MailSettings
from csrdesk.errors import (
    InvalidValueError,
    ServiceError,
    TimedOutError,
    UnauthorizedError,
    UnavailableError,
    UnreachableError,
)
from csrdesk.model.masking import mask_email
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean
from csrdesk.services.letters import Letter

SYSTEM = "The mail server"
_SLOW = "The mail server did not answer in time. Try again in a moment."
_HELO = "[127.0.0.1]"
"""How csrdesk names itself (RFC 5321, 4.1.3): to look up one's own name can take half a minute, and tells more."""
_ADDRESS = re.compile(r"""(?:"[^"]*"|[^\s<>"(),;:]+)@[^\s<>"'(),;:]*[^\s<>"'(),;:.]""")
"""Mail servers like to name the recipient whom they refuse; agents, audit and queue know addresses masked."""


class SmtpMailer:
    """A connection for each letter: a desk sends few, and servers close idle ones."""

    def __init__(self, settings: MailSettings, password: Secret | None = None) -> None:
        self._settings = settings
        self._password = password

    async def send(self, letter: Letter, *, to: str, sender_name: str) -> None:
        """As `letters.Mailer` says; the whole of it within the settings' time. Blocking, so it runs in a thread."""
        await self._in_time(compose(letter, to=to, sender=self._settings.sender, sender_name=sender_name))

    async def greet(self) -> None:
        """Connect and sign in, and send nothing. Raises as `send` does."""
        await self._in_time(None)

    async def _in_time(self, message: EmailMessage | None) -> None:
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                await asyncio.to_thread(self._deliver, message)
        except TimeoutError as error:
            raise TimedOutError(_SLOW, system=SYSTEM) from error
        except (OSError, smtplib.SMTPException) as error:
            raise error_of(error) from error

    def _deliver(self, message: EmailMessage | None) -> None:
        settings = self._settings
        with self._connect(ssl.create_default_context(cafile=_ca_file(settings))) as server:
            if settings.user and self._password is not None:
                server.login(settings.user, self._password.reveal())
            if message is None:
                server.noop()
            else:
                server.send_message(message)

    def _connect(self, context: ssl.SSLContext) -> smtplib.SMTP:
        """A connection that is encrypted and whose certificate has been checked against the host's name."""
        s = self._settings
        if s.security == "tls":
            return smtplib.SMTP_SSL(s.host, s.port, local_hostname=_HELO, timeout=s.timeout_seconds, context=context)
        server = smtplib.SMTP(s.host, s.port, local_hostname=_HELO, timeout=s.timeout_seconds)
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
        return server


def compose(letter: Letter, *, to: str, sender: str, sender_name: str) -> EmailMessage:
    """The message. Raises `InvalidValueError` for what is not one plain address: no value adds a header or a recipient.

    `Auto-Submitted` (RFC 3834, section 5) keeps holiday answers away.
    """
    message = EmailMessage(policy=SMTP)
    from_ = _address(sender, "sender", clean(sender_name, 60))
    message["From"] = from_
    message["To"] = _address(to, "to")
    message["Subject"] = clean(letter.subject, 150)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = make_msgid(domain=from_.domain)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    return message


def error_of(error: OSError | smtplib.SMTPException) -> ServiceError:
    """What a failure of SMTP or TLS is called here. The server's words are kept, cleaned, the addresses in them masked;
    they hold no secret.
    """
    match error:
        case smtplib.SMTPAuthenticationError():
            words = "The mail server does not take csrdesk's sign-in. Ask an administrator."
            return UnauthorizedError(words, system=SYSTEM)
        case smtplib.SMTPNotSupportedError():
            words = "The mail server offers no TLS, or cannot do what this mail needs. Ask an administrator."
            return UnauthorizedError(words, system=SYSTEM, details=_said(error))
        case smtplib.SMTPRecipientsRefused():
            code, said = next(iter(error.recipients.values()))
            return _refused(code, said)
        case smtplib.SMTPServerDisconnected():
            return UnreachableError("The mail server closed the connection. Try again in a moment.", system=SYSTEM)
        case smtplib.SMTPResponseException():
            return _refused(error.smtp_code, error.smtp_error)
        case ssl.SSLCertVerificationError():
            words = "The mail server showed a certificate that is not trusted. Ask an administrator."
            return UnreachableError(words, system=SYSTEM, details=_said(error))
        case TimeoutError():
            return TimedOutError(_SLOW, system=SYSTEM)
        case _:
            words = "The mail server cannot be reached. Try again in a moment."
            return UnreachableError(words, system=SYSTEM, details=_said(error))


def _refused(code: int, words: bytes | str) -> ServiceError:
    """4xx is for now, 5xx for good (RFC 5321, 4.2.1)."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    said = clean(_ADDRESS.sub(lambda found: mask_email(found[0]), text[:1000]), 120)
    message = f"The mail server did not take the mail: {code} {said.rstrip('. ')}."
    if 400 <= code < 500:
        return UnavailableError(f"{message} Try again in a moment.", system=SYSTEM)
    return InvalidValueError(f"{message} Ask an administrator.", system=SYSTEM)


def _said(error: Exception) -> str:
    return clean(f"{type(error).__name__}: {error}", 160)


def _ca_file(settings: MailSettings) -> str | None:
    return str(Path(settings.ca_file).expanduser()) if settings.ca_file else None


def _address(value: str, field: str, name: str = "") -> Address:
    try:
        return Address(display_name=name, addr_spec=value)
    except (HeaderParseError, ValueError, IndexError):
        words = "This is not an address that mail can be sent to."
        raise InvalidValueError(words, fields={field: "address"}, system=SYSTEM) from None
