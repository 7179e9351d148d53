"""What does not answer is told by its name; what settings do not name is not missed."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from csrdesk.config import MailSettings
from csrdesk.sandbox import Sandbox
from csrdesk.services.answering import not_answering
from csrdesk.services.mail import SmtpMailer
from csrdesk.services.performer import Outside


async def test_where_all_answer_nothing_is_told(outside: Outside, box: Sandbox) -> None:
    assert await not_answering(outside) == ()
    assert box.world.mails == []


@pytest.mark.parametrize(
    ("fault", "down"),
    [
        ({"path": "/users", "status": 403}, ("PingOne",)),
        ({"path": "/users", "cut": True}, ("PingOne",)),
        ({"path": "^/directory", "cut": True}, ("AD",)),
        ({"path": "^/", "cut": True}, ("PingOne", "AD")),
    ],
)
async def test_what_does_not_answer_is_named(
    outside: Outside, box: Sandbox, fault: dict[str, object], down: tuple[str, ...]
) -> None:
    box.faults.add(**fault)
    assert await not_answering(outside) == down


async def test_a_mail_server_that_is_gone_is_named_and_one_that_is_not_set_up_is_not(outside: Outside) -> None:
    assert await not_answering(replace(outside, mailer=None, directory=None)) == ()
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    gone = SmtpMailer(MailSettings(host="127.0.0.1", port=port, sender="desk@care.example"))
    assert await not_answering(replace(outside, mailer=lambda: gone)) == ("mail",)
