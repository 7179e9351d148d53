from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Context
from csrdesk.flows.kernel import Failed
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.letters import MagicLinkFacts, magic_link
from csrdesk.services.performer import Outside, Performer
from tests.services.conftest import AGENT, PAGES, TOKEN, Do, Links


def send(box: Sandbox, username: str) -> fx.SendMagicLink:
    return fx.SendMagicLink(person_id=box.world.user(username).id, account="A*** L***, ending 41")


async def test_a_link_is_opened_mailed_and_accepted_in_this_order(do: Do, box: Sandbox, links: Links) -> None:
    reply = await do(send(box, "ada"))
    assert isinstance(reply, r.LinkSent)
    who = box.world.user("ada").id
    assert links.told == [("open", f"{who} a***@m***.example ada@mail.example"), ("accepted", "challenge-1")]


async def test_the_mail_says_who_asks_and_when_not_to_press_it(do: Do, box: Sandbox) -> None:
    await do(send(box, "ada"))
    (mail,) = box.world.mails
    assert mail.to == "ada@mail.example"
    assert mail.subject == "Magic Link Authentication, reference K7Q-2M9"
    for part in (mail.text, mail.html):
        assert f"{PAGES}/v/{TOKEN}" in part
        assert "Mira Hoffmann" in part
        assert "Example Care" in part
        assert "only if you are on the phone with us because you called us on +1 512 555 0100" in part
        assert "K7Q-2M9" in part
    # In the text there is nothing to press but an address to open.
    assert "Open it only if" in mail.text
    assert "Press it only if" in mail.html
    assert TOKEN not in mail.subject


async def test_the_mail_holds_nothing_of_the_persons_profile_and_nothing_to_follow_readers_by(
    do: Do, box: Sandbox
) -> None:
    await do(send(box, "ada"))
    (mail,) = box.world.mails
    assert "Lindqvist" not in mail.text + mail.html
    assert "4711" not in mail.text + mail.html
    assert mail.html.count("http") == 2
    assert "<img" not in mail.html
    assert "<script" not in mail.html


@pytest.mark.parametrize(
    ("username", "words"), [(people.NO_EMAIL, "no mail address"), (people.UNVERIFIED_EMAIL, "never verified")]
)
async def test_without_a_verified_address_no_link_is_made(
    do: Do, box: Sandbox, links: Links, username: str, words: str
) -> None:
    reply = await do(send(box, username))
    assert isinstance(reply, r.LinkNotSent)
    assert words in reply.message
    assert links.told == []
    assert box.world.mails == []


async def test_r_37_no_link_goes_to_the_address_of_an_account_made_in_the_last_three_days(
    do: Do, box: Sandbox, links: Links
) -> None:
    box.world.user("ada").created_at = box.clock.now() - timedelta(hours=71)
    reply = await do(send(box, "ada"))
    assert isinstance(reply, r.LinkNotSent)
    assert "too new" in reply.message
    assert (links.told, box.world.mails) == ([], [])


async def test_what_the_desk_refuses_is_not_mailed(do: Do, box: Sandbox, links: Links) -> None:
    links.refusal = r.LinkNotSent("Verification of this person is frozen.")
    assert await do(send(box, "ada")) == links.refusal
    assert box.world.mails == []


async def test_a_mail_that_is_refused_leaves_a_dead_link_and_the_servers_words(
    do: Do, box: Sandbox, links: Links
) -> None:
    box.faults.add(method="SMTP", status=550)
    reply = await do(send(box, "ada"))
    assert isinstance(reply, r.LinkNotSent)
    assert "550 The recipient is not accepted" in reply.message
    assert [what for what, _ in links.told] == ["open", "failed"]


async def test_pingone_being_away_is_a_failure_and_nothing_is_made(do: Do, box: Sandbox, links: Links) -> None:
    box.faults.add(path="/users/", status=503)
    assert isinstance(await do(send(box, "ada")), Failed)
    assert links.told == []


@pytest.mark.parametrize("what", ["pages", "mail"])
async def test_without_pages_or_a_mail_server_no_link_is_made(
    outside: Outside, box: Sandbox, links: Links, what: str
) -> None:
    lacking = replace(outside, mailer=None) if what == "mail" else replace(outside, public_url=str)
    reply = await Performer(lacking)(send(box, "ada"), Context("f", 1, "c", AGENT))
    assert isinstance(reply, r.LinkNotSent)
    assert what in reply.message
    assert links.told == []


def test_r_47_hostile_values_are_inert_in_both_parts_of_a_letter() -> None:
    facts = MagicLinkFacts(
        url=Secret("https://desk.example/v/x"),
        reference="K7Q\r\nBcc: evil@x.example",
        agent="<script>alert(1)</script>\x1b[2J\u202e",
        company="{{ 7*7 }} <b>\r\nX: 1",
        phone="\x07",
    )
    letter = magic_link(facts)
    assert "\r" not in letter.subject + letter.text
    assert "\n" not in letter.subject
    assert "\x1b" not in letter.text + letter.html
    assert "\u202e" not in letter.text + letter.html
    assert "<script" not in letter.html
    assert "{{ 7*7 }}" in letter.text
