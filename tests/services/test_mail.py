from __future__ import annotations

import asyncio
import contextlib
import logging
import smtplib
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path

import msgspec
import pytest
import trustme

from csrdesk.config import MailSettings, Settings
from csrdesk.errors import InvalidValueError, ServiceError, TimedOutError, UnauthorizedError, UnreachableError
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox
from csrdesk.services.keys import Secrets
from csrdesk.services.letters import Letter
from csrdesk.services.mail import SmtpMailer, compose, error_of

LETTER = Letter("Subject", "text with https://desk.example/v/token", "<p>html</p>")
PASSWORD = Secret("the mail server's password")
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def send(settings: MailSettings, password: Secret | None = PASSWORD, to: str = "ada@mail.example") -> None:
    await SmtpMailer(settings, password).send(LETTER, to=to, sender_name="Example Care")


@contextlib.asynccontextmanager
async def smtp(talk: Talk, tls: ssl.SSLContext | None = None) -> AsyncIterator[MailSettings]:
    """Settings of a mail server that talks as the test says."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await talk(reader, writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield MailSettings(host="127.0.0.1", port=port, user="csrdesk", sender="desk@care.example", timeout_seconds=0.5)
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


heard: list[bytes] = []


def saying(*lines: str) -> Talk:
    """Greets, then answers each line that comes with the next of `lines`; the last one again and again."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.clear()
        left = list(lines)
        writer.write(b"220 mail.example ESMTP\r\n")
        while line := await reader.readline():
            heard.append(line)
            writer.write(f"{left.pop(0) if len(left) > 1 else left[0]}\r\n".encode())

    return talk


async def test_r_44_a_server_without_starttls_gets_neither_password_nor_mail() -> None:
    async with smtp(saying("250-mail.example\r\n250 AUTH PLAIN LOGIN", "250 ok")) as settings:
        with pytest.raises(UnauthorizedError, match="no TLS"):
            await send(settings)
    assert {line.split()[0].lower() for line in heard} <= {b"ehlo", b"quit"}


async def test_r_44_starttls_that_is_refused_after_it_was_offered_ends_the_sending() -> None:
    async with smtp(saying("250-mail.example\r\n250 STARTTLS", "454 not now")) as settings:
        with pytest.raises(ServiceError):
            await send(settings)
    assert not any(line.lower().startswith((b"auth", b"mail")) for line in heard)


async def test_r_44_an_authority_that_is_not_trusted_gets_neither_password_nor_mail(
    settings: Settings, box: Sandbox
) -> None:
    strange = msgspec.structs.replace(settings.mail, ca_file="")
    with pytest.raises(UnreachableError, match="not trusted"):
        await send(strange)
    assert box.world.mails == []


async def test_r_44_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    async with smtp(saying("250 ok"), tls=context) as settings:
        there = msgspec.structs.replace(settings, security="tls", ca_file=str(tmp_path / "ca.pem"))
        with pytest.raises(UnreachableError, match="not trusted"):
            await send(there)


async def test_a_letter_arrives_with_both_parts_and_says_that_a_machine_sent_it(
    settings: Settings, secrets: Secrets, box: Sandbox
) -> None:
    await send(settings.mail, secrets.mail)
    (mail,) = box.world.mails
    assert (mail.to, mail.sender, mail.subject) == ("ada@mail.example", "desk@care.example", "Subject")
    assert mail.text.strip() == LETTER.text
    assert mail.html.strip() == LETTER.html
    assert (
        compose(LETTER, to="a@b.example", sender="c@d.example", sender_name="E")["Auto-Submitted"] == "auto-generated"
    )


async def test_a_wrong_password_is_csrdesks_own_problem(settings: Settings) -> None:
    with pytest.raises(UnauthorizedError) as raised:
        await send(settings.mail)
    assert PASSWORD.reveal() not in raised.value.message + raised.value.details


async def test_a_server_that_says_nothing_is_not_waited_for() -> None:
    async def silent(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with smtp(silent) as settings:
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            await send(settings)
        assert time.monotonic() - began < 2


async def test_a_server_that_hangs_up_or_is_not_there_cannot_be_reached() -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with smtp(hang_up) as settings:
        with pytest.raises(UnreachableError):
            await send(settings)
    with pytest.raises(UnreachableError):
        await send(settings)


async def test_the_servers_words_are_shown_harmless(settings: Settings, secrets: Secrets, box: Sandbox) -> None:
    box.faults.add(method="SMTP", status=552)
    with pytest.raises(InvalidValueError, match="552"):
        await send(settings.mail, secrets.mail)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("4.2.0 <ada.byron@mail.example>: greylisted", "4.2.0 <a***n@m***.example>: greylisted"),
        ("no ada@mail.example.", "no a***@m***.example"),
        ('"ada byron"@mail.example unknown', '"***"@m***.example unknown'),
        (f"{'x' * 110} ada.byron@mail.example", f"{'x' * 110} a***n@m*…"),
    ],
)
def test_r_66_an_address_in_the_servers_words_is_masked(said: str, shown: str) -> None:
    refused = smtplib.SMTPRecipientsRefused({"ada@mail.example": (450, said.encode())})
    error = error_of(refused)
    assert f": 450 {shown}." in error.message
    assert "byron" not in error.message + error.details


INJECTIONS = (
    "ada@mail.example\r\nBcc: evil@mail.example",
    "ada@mail.example\nX: 1",
    "ada@mail.example, evil@mail.example",
    "ada@mail.example evil@mail.example",
    "<ada@mail.example>",
    "Ada <ada@mail.example>",
    "ada@mail.example> SIZE=1",
    "no address",
    "",
    "@",
    "a@",
)


@pytest.mark.parametrize("to", INJECTIONS)
def test_no_address_can_add_a_header_or_a_recipient(to: str) -> None:
    with pytest.raises(InvalidValueError):
        compose(LETTER, to=to, sender="desk@care.example", sender_name="Example Care")


@pytest.mark.parametrize(
    "value", ["x\r\nBcc: evil@mail.example", "x\nX-Evil: 1", "x\x00\u2028Y: 1", 'x" <evil@x.example>']
)
def test_no_subject_or_name_can_add_a_header(value: str) -> None:
    letter = Letter(value, "text", "html")
    message = compose(letter, to="ada@mail.example", sender="desk@care.example", sender_name=value)
    assert isinstance(message, EmailMessage)
    names = [name.lower() for name in message]
    assert sorted(names) == sorted(set(names))
    assert "bcc" not in names
    assert [address.addr_spec for address in message["From"].addresses] == ["desk@care.example"]
    headers = message.as_bytes().partition(b"\r\n\r\n")[0]
    assert b"\nBcc" not in headers
    assert b"\nX-Evil" not in headers


async def test_r_16_neither_link_nor_password_is_logged_when_mail_is_sent(
    settings: Settings, secrets: Secrets, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    await send(settings.mail, secrets.mail)
    out, err = capfd.readouterr()
    said = caplog.text + out + err
    assert "token" not in said
    assert secrets.mail is not None
    assert secrets.mail.reveal() not in said
