"""The mail about a change: who gets it, what it says and does not say, and what comes of one that is not taken."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Failed
from csrdesk.model.devices import Age
from csrdesk.model.notices import Change
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.performer import Outside, Performer
from tests.services.conftest import AGENT, Do, Links

SUBJECTS = {
    Change.DISABLED: "Account Disabled",
    Change.ENABLED: "Account Enabled",
    Change.UNLOCKED: "Account Unlocked",
    Change.PASSWORD: "Password Changed",
    Change.DEVICES: "Device Changed",
}


def tell(box: Sandbox, username: str = "ada", change: Change = Change.DISABLED) -> fx.TellCustomer:
    return fx.TellCustomer(person_id=box.world.user(username).id, change=change)


@pytest.mark.parametrize("change", SUBJECTS)
async def test_r_36_each_change_has_a_mail_that_says_what_was_done_and_whom_to_call(
    do: Do, box: Sandbox, change: Change
) -> None:
    assert await do(tell(box, change=change)) == r.CustomerTold()
    (mail,) = box.world.mails
    assert (mail.to, mail.subject) == ("ada@mail.example", SUBJECTS[change])
    for part in (mail.text, mail.html):
        words = " ".join(part.replace("<strong>", "").replace("</strong>", "").split())
        assert "Our help desk has" in words
        assert f"{box.clock.now():%d %B %Y at}" in words
        assert "Call us on +1 512 555 0100" in words
        assert "If you did not, somebody may be trying to get at your account." in words
        assert "Example Care" in words


async def test_r_36_the_mail_holds_no_link_no_name_and_no_number_of_the_person(do: Do, box: Sandbox) -> None:
    await do(tell(box))
    (mail,) = box.world.mails
    for private in ("http", "Lindqvist", "Ada", "4711", "Mira"):
        assert private not in mail.text + mail.html


async def test_r_36_an_exception_is_told_to_the_customer_with_who_approved_it(do: Do, box: Sandbox) -> None:
    hostile = "exception, approved by Hal\u202e<b>"
    await do(msgspec.structs.replace(tell(box, change=Change.UNLOCKED), exception=hostile))
    (mail,) = box.world.mails
    said = "Whoever asked for it could not prove that they are you: exception, approved by Hal"
    assert said in " ".join(mail.text.split())
    assert said in " ".join(mail.html.split())
    assert "<b>" not in mail.html
    assert "\u202e" not in mail.text + mail.html


async def test_r_36_without_an_address_or_a_mail_server_it_is_said_that_nobody_was_told(
    do: Do, box: Sandbox, outside: Outside
) -> None:
    assert await do(tell(box, people.NO_EMAIL)) == r.CustomerNotTold("PingOne has no mail address for this person.")
    without = Performer(Outside(outside.pingone, outside.links))
    context = Context("flow-1", 3, "call-1", AGENT)
    assert await without(tell(box), context) == r.CustomerNotTold("No mail server is set up.")
    assert box.world.mails == []


async def test_r_36_an_address_that_proves_nobody_gets_the_mail_and_the_agent_is_told(
    do: Do, box: Sandbox, links: Links
) -> None:
    reply = await do(tell(box, people.UNVERIFIED_EMAIL))
    assert isinstance(reply, r.CustomerTold)
    assert "never verified" in reply.doubt
    links.age = Age.NEW
    reply = await do(tell(box))
    assert isinstance(reply, r.CustomerTold)
    assert "came lately" in reply.doubt
    assert len(box.world.mails) == 2


@pytest.mark.parametrize(("status", "code"), [(451, "unavailable"), (550, "invalid_value")])
async def test_r_36_a_mail_that_the_server_does_not_take_is_a_failure_with_its_words(
    do: Do, box: Sandbox, status: int, code: str
) -> None:
    box.faults.add(method="SMTP", status=status)
    reply = await do(tell(box))
    assert isinstance(reply, Failed)
    assert reply.problem.code == code
    assert str(status) in reply.problem.message
    assert "ada@mail.example" not in reply.problem.message + reply.problem.details


async def test_r_36_with_pingone_down_the_directorys_address_gets_the_mail(
    do: Do, box: Sandbox, outside: Outside
) -> None:
    box.faults.add(path="/users", status=503)
    entry = box.world.entry("ada")
    effect = fx.TellCustomer(person_id="ad:1", change=Change.DISABLED, dn=entry.dn)
    assert await do(effect) == r.CustomerTold()
    (mail,) = box.world.mails
    assert mail.to == "ada@mail.example"
    del entry.attributes["mail"]
    assert await do(effect) == r.CustomerNotTold("The directory has no mail address for this person.")
    without = Performer(replace(outside, directory=None))
    assert isinstance(await without(effect, Context("flow-1", 3, "call-1", AGENT)), r.CustomerNotTold)


async def test_r_68_a_mail_about_an_alert_names_its_row_and_no_customer(box: Sandbox, outside: Outside) -> None:
    telling = Performer(replace(outside, company=replace(outside.company, alert_to="leads@care.example")))
    effect = fx.MailAlert(person_id="u-1", alert="link.not_me", seq=41, by="mira")
    assert await telling(effect, Context("outbox-1", 1, "call-1", AGENT)) == r.AlertMailed()
    (mail,) = box.world.mails
    assert (mail.to, mail.subject) == ("leads@care.example", 'csrdesk alert: A customer said "this wasn\'t me"')
    for part in (mail.text, mail.html):
        assert "csrdesk audit show 41" in part
        assert "csrdesk audit list --call call-1" in part
        assert "u-1" in part
        assert "mira" in part
    assert await Performer(outside)(effect, Context("outbox-1", 1, "", AGENT)) == r.CustomerNotTold(
        "No mail server is set up."
    )
