"""Opening the spoken address: where the pages are served and the account is old enough; and how it is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from csrdesk.flows import spoken_effects as se
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Failed
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.performer import Outside, Performer
from csrdesk.services.performer.address import to_say
from tests.services.conftest import AGENT, PAGES, Do, Links


def opening(box: Sandbox, username: str) -> se.OpenAddress:
    return se.OpenAddress(person_id=box.world.user(username).id, account="S*** B***")


async def test_the_address_is_opened_for_whoever_has_no_mail_address_and_nothing_is_mailed(
    do: Do, box: Sandbox, links: Links
) -> None:
    reply = await do(opening(box, people.NO_EMAIL_PASSKEY))
    assert isinstance(reply, se.AddressOpened)
    said = to_say(PAGES)
    assert reply.link.to == said
    who = box.world.user(people.NO_EMAIL_PASSKEY).id
    assert links.told == [("open address", f"{who} {said}  {AGENT.name}")]
    assert box.world.mails == []


@pytest.mark.parametrize(
    ("origin", "said"),
    [
        ("https://desk.example.org", "desk.example.org/c"),
        ("https://desk.example.org:8443", "desk.example.org:8443/c"),
        ("http://localhost:41233", "http://localhost:41233/c"),
    ],
)
def test_the_address_is_said_as_a_browser_takes_it(origin: str, said: str) -> None:
    assert to_say(origin) == said


async def test_without_pages_there_is_no_code(outside: Outside, box: Sandbox, links: Links) -> None:
    performer = Performer(replace(outside, public_url=str))
    reply = await performer(opening(box, people.LOST_MAILBOX), Context("f", 1, "c", AGENT))
    assert isinstance(reply, se.AddressNotOpened)
    assert "not being served" in reply.message
    assert links.told == []


async def test_r_37_an_account_made_in_the_last_three_days_has_no_code(do: Do, box: Sandbox, links: Links) -> None:
    user = box.world.user(people.LOST_MAILBOX)
    user.created_at = box.clock.now() - timedelta(hours=71)
    reply = await do(opening(box, people.LOST_MAILBOX))
    assert isinstance(reply, se.AddressNotOpened)
    assert "too new" in reply.message
    assert links.told == []


async def test_where_pingone_does_not_answer_there_is_no_code(do: Do, box: Sandbox, links: Links) -> None:
    box.faults.add(path=r"/users/", status=500)
    assert isinstance(await do(opening(box, people.LOST_MAILBOX)), Failed)
    assert links.told == []
