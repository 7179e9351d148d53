from __future__ import annotations

import asyncio
import logging
import smtplib
import socket
import ssl
from contextlib import suppress
from email.message import EmailMessage

import httpx
import pytest

from csrdesk.sandbox import Connection, Options, Sandbox
from tests.sandbox.conftest import Desk


def message(to: str = "ada@mail.example") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "desk@csrdesk.example"
    mail["To"] = to
    mail["Subject"] = "Приве́т <b>ada</b> \u202ereverse"
    mail.set_content("Open http://localhost:8000/m/abc?x=1. <script>alert(1)</script>\n\x1b[31mred")
    mail.add_alternative("<p>Open <a href='http://localhost:8000/m/abc'>this</a></p>", subtype="html")
    return mail


def send(
    at: Connection, mail: EmailMessage, *, password: str | None = None, tls: bool = True, trust: bool = True
) -> None:
    with smtplib.SMTP(at.smtp_host, at.smtp_port, timeout=30) as smtp:
        if tls:
            smtp.starttls(context=ssl.create_default_context(cafile=str(at.smtp_ca_file) if trust else None))
            smtp.login(at.smtp_user, at.smtp_password if password is None else password)
        smtp.send_message(mail)


async def test_a_mail_arrives_with_its_parts(desk: Desk) -> None:
    await asyncio.to_thread(send, desk.at, message())
    (mail,) = (await desk.http.get(f"{desk.at.mailbox_url}.json")).json()["mails"]
    assert mail["to"] == "ada@mail.example"
    assert mail["subject"].startswith("Приве́т <b>ada</b>")
    assert "http://localhost:8000/m/abc?x=1" in mail["text"]
    assert mail["html"].startswith("<p>")


async def test_a_mail_says_nothing_on_standard_error(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    await asyncio.to_thread(send, desk.at, message())
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_mail_without_tls_is_refused(desk: Desk) -> None:
    with pytest.raises(smtplib.SMTPException):
        await asyncio.to_thread(send, desk.at, message(), tls=False)


async def test_a_wrong_password_is_refused(desk: Desk) -> None:
    with pytest.raises(smtplib.SMTPAuthenticationError):
        await asyncio.to_thread(send, desk.at, message(), password="wrong")


async def test_who_does_not_trust_the_authority_cannot_send(desk: Desk) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.to_thread(send, desk.at, message(), trust=False)


async def test_a_recipient_can_be_made_to_be_refused(desk: Desk) -> None:
    desk.box.faults.add(method="SMTP", path="^ada@", status=550)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refusal:
        await asyncio.to_thread(send, desk.at, message())
    assert refusal.value.recipients["ada@mail.example"][0] == 550
    await asyncio.to_thread(send, desk.at, message("bruno@mail.example"))


async def test_the_connection_can_be_cut(desk: Desk) -> None:
    desk.box.faults.add(method="SMTP", cut=True)
    with pytest.raises((smtplib.SMTPException, OSError)):
        await asyncio.to_thread(send, desk.at, message())


async def test_the_page_shows_mail_escaped_with_links_to_click(desk: Desk) -> None:
    await asyncio.to_thread(send, desk.at, message())
    page = await desk.http.get(desk.at.mailbox_url)
    assert '<a href="http://localhost:8000/m/abc?x=1" rel="noreferrer">' in page.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script" not in page.text
    assert not {"\x1b", "\u202e"} & set(page.text)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


async def test_newest_come_first_and_can_be_narrowed(desk: Desk) -> None:
    await asyncio.to_thread(send, desk.at, message())
    await desk.authenticate("ada")
    await asyncio.to_thread(send, desk.at, message("bruno@mail.example"))
    await desk.authenticate("bruno", selectedDevice={"id": desk.box.world.user("bruno").devices[0].id})
    url = f"{desk.at.mailbox_url}.json"
    everything = (await desk.http.get(url)).json()
    assert [mail["seq"] for mail in everything["mails"]] == [3, 1]
    assert [code["seq"] for code in everything["passcodes"]] == [4, 2]
    ada = (await desk.http.get(url, params={"to": "ADA@mail.example"})).json()
    assert [mail["seq"] for mail in ada["mails"]] == [1]
    assert [code["to"] for code in ada["passcodes"]] == ["+44.7700900041"]
    assert ada["totp"] == []
    later = (await desk.http.get(url, params={"since": "2"})).json()
    assert ([mail["seq"] for mail in later["mails"]], [code["seq"] for code in later["passcodes"]]) == ([3], [4])


@pytest.mark.parametrize("who", ["ada", "Ada", "4711-000041", "ada@mail.example"])
async def test_mail_is_found_by_user_name_customer_number_and_address(desk: Desk, who: str) -> None:
    await asyncio.to_thread(send, desk.at, message())
    await asyncio.to_thread(send, desk.at, message("bruno@mail.example"))
    found = (await desk.http.get(f"{desk.at.mailbox_url}.json", params={"to": who})).json()["mails"]
    assert [mail["to"] for mail in found] == ["ada@mail.example"]


async def test_a_person_without_mail_is_named(desk: Desk) -> None:
    await asyncio.to_thread(send, desk.at, message())
    page = (await desk.http.get(desk.at.mailbox_url, params={"to": "<bruno"})).text
    assert "No mail for <bdi>&lt;bruno</bdi> yet." in page


async def test_the_authenticator_apps_code_is_shown_and_counts(desk: Desk) -> None:
    (app,) = (await desk.http.get(f"{desk.at.mailbox_url}.json", params={"to": "xiaoming@mail.example"})).json()["totp"]
    started = await desk.authenticate("xiaoming")
    url = f"{desk.authentications}/{started.json()['id']}"
    assert (await desk.verb(url, "otp.check", {"otp": app["code"]})).json()["status"] == "COMPLETED"


async def test_the_page_shows_codes_and_apps(desk: Desk) -> None:
    await desk.authenticate("ada")
    page = (await desk.http.get(desk.at.mailbox_url, params={"to": "ada"})).text
    assert desk.box.world.passcodes[-1].code in page
    assert (await desk.http.get(f"{desk.at.mailbox_url}/style.css")).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("turns", range(4))
async def test_a_sandbox_that_has_stopped_has_closed_every_connection(turns: int) -> None:
    async with Sandbox(Options()) as box:
        at = box.settings()
        callers = [socket.create_connection(where) for where in ((at.smtp_host, at.smtp_port), http_of(at))]
        for _ in range(turns):  # from not yet accepted to greeted
            await asyncio.sleep(0)
    for caller in callers:
        with caller:
            caller.settimeout(5)
            # Asked without a turn of the loop in between: what is not closed by now would stay open.
            with suppress(ConnectionResetError):
                while caller.recv(4096):
                    pass


def http_of(at: Connection) -> tuple[str, int]:
    url = httpx.URL(at.api_url)
    assert url.port
    return url.host, url.port
