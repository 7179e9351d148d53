"""An invitation to register: who gets the mail, what is in it, and who gets none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from csrdesk.config import RegistrationSettings
from csrdesk.flows.doors import Context
from csrdesk.flows.invitation_effects import Invited, InviteToRegister, NotInvited
from csrdesk.flows.kernel import Failed, Reply
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.performer import Outside, Performer
from tests.services.conftest import AGENT

ORIGIN = "https://desk.example"
NEW = "new.nurse@mail.example"
ON = RegistrationSettings(enabled=True)


@pytest.fixture
def outside(outside: Outside) -> Outside:
    """With pages on which people may register."""
    return replace(outside, public_url=lambda: ORIGIN, registration=ON)


async def invite(outside: Outside, address: str) -> Reply:
    return await Performer(outside)(InviteToRegister(address=address), Context("flow-1", 1, "call-1", AGENT))


async def test_the_mail_leads_to_the_page_and_holds_nothing_secret(outside: Outside, box: Sandbox) -> None:
    reply = await invite(outside, f" {NEW} ")
    assert isinstance(reply, Invited), reply
    assert reply.to == "n***e@m***.example"
    (mail,) = box.world.mails
    assert (mail.to, mail.subject) == (NEW, "Make your account")
    assert f"{ORIGIN}/register" in mail.text.splitlines()
    assert f'href="{ORIGIN}/register"' in (mail.html or "")
    assert "not to our help desk either" in mail.text


@pytest.mark.parametrize(
    ("registering", "address", "words"),
    [
        (RegistrationSettings(), NEW, "Settings have no page to register (registration.enabled)."),
        (ON, "new.nurse", "This is no mail address."),
        (ON, "a b@mail.example", "This is no mail address."),
        (RegistrationSettings(enabled=True, no_domains=("mail.example",)), NEW, "Settings let no address of"),
        (RegistrationSettings(enabled=True, domains=("other.example",)), NEW, "Settings let no address of"),
    ],
)
async def test_where_nobody_may_register_nobody_is_invited(
    outside: Outside, box: Sandbox, registering: RegistrationSettings, address: str, words: str
) -> None:
    reply = await invite(replace(outside, registration=registering), address)
    assert isinstance(reply, NotInvited)
    assert reply.message.startswith(words)
    assert reply.message.endswith("Nothing was sent.")
    assert box.world.mails == []


async def test_without_pages_or_a_mail_server_nobody_is_invited(outside: Outside, box: Sandbox) -> None:
    for lacking in (replace(outside, public_url=str), replace(outside, mailer=None)):
        reply = await invite(lacking, NEW)
        assert isinstance(reply, NotInvited)
        assert reply.message.endswith("Nothing was sent.")
    assert box.world.mails == []


async def test_whoever_has_the_address_as_mail_or_user_name_is_not_invited(outside: Outside, box: Sandbox) -> None:
    user = box.world.user(people.ONLY_PINGONE)
    for address in (user.email, user.email.upper()):
        assert isinstance(await invite(outside, address), NotInvited)
    user.email, user.username = "", NEW
    assert isinstance(await invite(outside, NEW), NotInvited)
    assert box.world.mails == []


async def test_a_mail_server_that_says_no_is_a_failure_that_can_be_tried_again(outside: Outside, box: Sandbox) -> None:
    box.faults.add(method="SMTP", status=450, times=1)
    assert isinstance(await invite(outside, NEW), Failed)
    assert isinstance(await invite(outside, NEW), Invited)
