"""What a page of Device Authentication by itself reads: devices, where a magic link could go, the address once more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from csrdesk.flows import device_effects as dx
from csrdesk.flows import device_replies as dr
from csrdesk.flows import effects as fx
from csrdesk.flows import replies as r
from csrdesk.flows.doors import Agent, Context
from csrdesk.flows.kernel import Failed
from csrdesk.model.devices import Age
from csrdesk.model.link import Purpose
from csrdesk.sandbox import Sandbox, people
from csrdesk.services.performer import Outside, Performer
from tests.services.conftest import PAGES, TOKEN, Do, Links

CUSTOMER = Agent("(customer)")


async def gathered(do: Do, box: Sandbox, username: str) -> dr.DevicesGathered:
    reply = await do(dx.GatherDevices(person_id=box.world.user(username).id))
    assert isinstance(reply, dr.DevicesGathered), reply
    return reply


async def test_devices_come_masked_with_where_a_magic_link_could_go(do: Do, box: Sandbox, links: Links) -> None:
    reply = await gathered(do, box, people.ONE_DEVICE)
    (device,) = reply.devices.devices
    assert (device.type, device.address, device.same_mailbox) == ("SMS", "+44 *** *** 41", False)
    assert reply.magic_link == "a***@m***.example"
    assert reply.devices.mfa_enabled
    assert links.told == [("saw", f"{box.world.user('ada').id} ada@mail.example")]


async def test_that_mfa_is_off_is_read(do: Do, box: Sandbox) -> None:
    assert not (await gathered(do, box, people.MFA_OFF)).devices.mfa_enabled


@pytest.mark.parametrize(
    ("opened", "same", "offered"),
    [("", False, True), ("farah@mail.example", True, False), ("else@x.test", False, True)],
)
async def test_r_34_only_the_mailbox_that_opened_the_page_proves_nothing_new(
    do: Do, box: Sandbox, links: Links, opened: str, same: bool, offered: bool
) -> None:
    links.told.append(("opened by", opened))
    reply = await gathered(do, box, people.SAME_MAILBOX)
    assert reply.devices.devices[0].same_mailbox is same
    assert bool(reply.magic_link) is offered


@pytest.mark.parametrize("username", [people.NO_EMAIL, people.UNVERIFIED_EMAIL])
async def test_no_magic_link_is_offered_to_an_address_that_proves_nobody(do: Do, box: Sandbox, username: str) -> None:
    assert (await gathered(do, box, username)).magic_link == ""


async def test_r_37_no_magic_link_is_offered_to_a_new_address(do: Do, box: Sandbox, links: Links) -> None:
    links.age = Age.NEW
    assert (await gathered(do, box, people.ONE_DEVICE)).magic_link == ""


@pytest.mark.parametrize("without", ["mailer", "pages"])
async def test_no_magic_link_is_offered_where_none_can_be_sent(outside: Outside, box: Sandbox, without: str) -> None:
    changed = replace(outside, mailer=None) if without == "mailer" else replace(outside, public_url=str)
    effect = dx.GatherDevices(person_id=box.world.user(people.ONE_DEVICE).id)
    reply = await Performer(changed)(effect, Context("flow-1", 3, "call-1", CUSTOMER))
    assert isinstance(reply, dr.DevicesGathered)
    assert reply.magic_link == ""


async def test_the_address_is_read_again_before_a_code_counts(do: Do, box: Sandbox, links: Links) -> None:
    user = box.world.user(people.ONE_DEVICE)
    user.email = "new@mail.example"
    assert isinstance(await do(dx.RereadAddress(person_id=user.id)), r.Noted)
    assert links.told == [("saw", f"{user.id} new@mail.example")]


@pytest.mark.parametrize("effect", [dx.GatherDevices, dx.RereadAddress])
async def test_what_cannot_be_read_is_a_failure(do: Do, box: Sandbox, effect: type[dx.GatherDevices]) -> None:
    box.faults.add(path="/users/", status=403)
    assert isinstance(await do(effect(person_id=box.world.user(people.ONE_DEVICE).id)), Failed)


async def test_the_mail_of_a_magic_link_names_no_agent_and_warns_of_digits_that_are_said(do: Do, box: Sandbox) -> None:
    user = box.world.user(people.ONE_DEVICE)
    effect = fx.SendMagicLink(person_id=user.id, account="A***", warned=True, purpose=Purpose.MAGIC_LINK)
    await do(effect, agent=CUSTOMER)
    (mail,) = box.world.mails
    assert mail.subject == "Magic Link Authentication, reference K7Q-2M9"
    for part in (mail.text, mail.html):
        words = " ".join(part.split())
        assert f"{PAGES}/v/{TOKEN}" in words
        assert "somebody tells you six digits, on the phone or in a message, do not type them" in words
        assert "You can also call us: +1 512 555 0100." in words
        assert "customer" not in words
        assert "on the phone with" not in words
