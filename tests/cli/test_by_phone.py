"""A push that the agent leads and a call-back from the shell, as programs of their own against a running sandbox."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest

from csrdesk.sandbox import Sandbox, people
from csrdesk.sandbox.model import Device
from tests.cli.conftest import Ran
from tests.cli.terminal import Customer, Terminal

Csrdesk = Callable[..., Awaitable[Ran]]
WHO, CALLED = people.NO_EMAIL_APP, people.NO_EMAIL_PHONE


@pytest.fixture
def ringing(settings: Path) -> Path:
    """Settings that let numbers be rung."""
    settings.write_text(settings.read_text(encoding="utf-8") + "\n[ways]\ncall_back = true\n", encoding="utf-8")
    return settings


async def on_phone(box: Sandbox, act: str, number: str = "") -> None:
    push = box.world.pushes[-1]
    async with httpx.AsyncClient() as client:
        form = {"push": str(push.seq), "act": act, "number": number}
        await client.post(f"{box.settings().mailbox_url}/push", data=form)


async def number(agent: Terminal) -> str:
    return (await agent.shows(r"Say the number: (\d+)  \("))[1]


async def test_the_number_of_a_push_is_on_the_terminal_alone_and_choosing_it_verifies(
    box: Sandbox, settings: Path
) -> None:
    async with Terminal(settings, "call", "start", WHO, "--way", "push", "--json") as agent:
        shown = await number(agent)
        await on_phone(box, "approve", shown)
        ran = await agent.ended()
    assert (ran.code, ran.data["verified"], ran.data["authMethod"]) == (0, True, "mobile"), ran
    assert "Request sent to Fairphone" in ran.err
    assert "Say the number" not in ran.out + ran.err


async def test_a_push_that_is_denied_is_not_verified_and_freezes(box: Sandbox, settings: Path) -> None:
    async with Terminal(settings, "call", "start", WHO, "--way", "push", "--json") as agent:
        await number(agent)
        await on_phone(box, "deny")
        ran = await agent.ended()
    assert (ran.code, ran.error["code"]) == (6, "not_verified"), ran
    assert "denied on the phone" in ran.error["errorMessage"]
    async with Terminal(settings, "call", "start", WHO, "--way", "push", "--json") as agent:
        again = await agent.ended()
    assert again.code == 6
    assert "Verification of this person is frozen until" in again.error["errorMessage"]


async def test_several_phones_are_told_apart_and_one_is_named(box: Sandbox, settings: Path) -> None:
    first = box.world.user(WHO).devices[0]
    second = Device(
        id="0e7b1f6e-0000-4000-8000-00000000c0de", type="MOBILE", to="", nickname="Tablet", secret=first.secret,
        created_at=first.created_at, updated_at=first.updated_at,
    )  # fmt: skip
    box.world.user(WHO).devices.append(second)
    async with Terminal(settings, "call", "start", WHO, "--way", "push", "--json") as agent:
        ran = await agent.ended()
    assert (ran.code, ran.error["errorDetails"]) == (4, "answer=--phone"), ran
    assert [phone["nickname"] for phone in ran.data["phones"]] == ["Fairphone", "Tablet"]
    assert box.world.pushes == []
    async with Terminal(settings, "call", "start", WHO, "--way", "push", "--phone", "2", "--json") as agent:
        await on_phone_of(box, agent)
        ran = await agent.ended()
    assert ran.code == 0, ran
    assert box.world.pushes[-1].device_id == second.id


async def on_phone_of(box: Sandbox, agent: Terminal) -> None:
    await on_phone(box, "approve", await number(agent))


async def test_whoever_does_not_wait_sees_later_what_came_of_a_push(
    box: Sandbox, settings: Path, csrdesk: Csrdesk
) -> None:
    async with Terminal(settings, "call", "start", WHO, "--way", "push", "--no-wait", "--json") as agent:
        shown = await number(agent)
        ran = await agent.ended()
    assert (ran.code, ran.data["verified"]) == (0, False), ran
    await on_phone(box, "approve", shown)
    call = str(ran.data["call"])
    taken = await csrdesk("call", "resume", call, "--json")
    while not taken.data["verified"]:
        assert taken.code == 0, taken
        taken = await csrdesk("call", "resume", call, "--json")
    assert taken.data["authMethod"] == "mobile"
    ended = await csrdesk("call", "end", call, "--json")
    assert ended.code == 0, ended


async def test_a_call_back_asks_for_what_the_caller_hears(box: Sandbox, ringing: Path) -> None:
    async with Terminal(ringing, "call", "start", CALLED, "--way", "call-back", "--json", talk_here=True) as agent:
        await agent.shows("The passcode that the caller hears")
        heard = str((await Customer(box, "nobody").things("passcodes", to=CALLED))[0]["code"])
        agent.type("000000\n" if heard != "000000" else "111111\n")
        await agent.shows("That passcode is not right")
        agent.type(f"{heard}\n")
        ran = await agent.ended()
    assert (ran.code, ran.data["evidence"]) == (0, "call-back to the number on record (weak), no device"), ran
    assert re.search(r"PingOne rings \+44 \*\*\* \*\*\* 85", agent.screen)
    assert people.person(CALLED).phone not in agent.screen + ran.out
    assert heard not in ran.out


async def test_a_call_back_that_is_given_up_is_not_verified(box: Sandbox, ringing: Path) -> None:
    async with Terminal(ringing, "call", "start", CALLED, "--way", "call-back", "--json", talk_here=True) as agent:
        await agent.shows("The passcode that the caller hears")
        agent.type("\n")
        ran = await agent.ended()
    assert (ran.code, ran.error["code"]) == (6, "not_verified"), ran


@pytest.mark.parametrize(
    ("who", "way", "why"),
    [
        (people.ONE_DEVICE, "push", "no app is registered"),
        (CALLED, "push", "no app is registered"),
        (CALLED, "call-back", "settings do not have this way"),
    ],
)
async def test_a_way_that_is_not_open_says_why_and_reaches_nobody(
    box: Sandbox, settings: Path, who: str, way: str, why: str
) -> None:
    async with Terminal(settings, "call", "start", who, "--way", way, "--json") as agent:
        ran = await agent.ended()
    assert (ran.code, ran.error["code"]) == (6, "not_verified"), ran
    assert why in ran.error["errorMessage"]
    assert (box.world.pushes, box.world.passcodes) == ([], [])


async def test_a_call_back_without_waiting_is_a_wrong_use(csrdesk: Csrdesk) -> None:
    ran = await csrdesk("call", "start", CALLED, "--way", "call-back", "--no-wait")
    assert ran.code == 2, ran


async def test_r_51_a_person_who_was_tried_often_is_reached_with_again_alone(box: Sandbox, settings: Path) -> None:
    for _ in range(2):
        async with Terminal(settings, "call", "start", WHO, "--way", "push", "--json") as agent:
            await on_phone_of(box, agent)
            await agent.ended()
    async with Terminal(settings, "call", "start", WHO, "--way", "push", "--json") as agent:
        ran = await agent.ended()
    assert ran.code == 6
    assert "With --again it goes on." in ran.err
    async with Terminal(settings, "call", "start", WHO, "--way", "push", "--again", "--json") as agent:
        await on_phone_of(box, agent)
        ran = await agent.ended()
    assert ran.code == 0, ran
