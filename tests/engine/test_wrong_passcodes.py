"""Wrong passcodes of a caller's device: the agent sees each on the link, and the audit counts those in a row."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import LimitSettings
from csrdesk.engine.challenges import find, insert
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import NOT_USABLE
from csrdesk.flows.kernel import Failed, Problem, Reply
from csrdesk.model.devices import WebAuthn
from csrdesk.model.secret import Secret
from tests.engine.world import ADA, Call, Desk, desk_on, linked

DEVICE = "d-totp"
LOCKED = Failed(Problem("That device is locked after wrong tries.", code=NOT_USABLE))


async def at_passcode(desk: Desk) -> Call:
    """A call whose customer is asked for a passcode."""
    call = await linked(desk)
    await call.enter_code()
    await choose(call)
    return call


async def choose(call: Call) -> None:
    page = await call.customer(a.BrowserChecked(WebAuthn.FULL))
    if isinstance(page.view.prompt, p.DeviceSelectionPrompt):
        await call.customer(a.DeviceChosen(DEVICE))


async def typed(desk: Desk, call: Call, reply: Reply) -> tuple[int, int | None]:
    """What the agent is told, where that is what comes of a passcode."""
    desk.world.replies[fx.CheckPasscode] = reply
    await call.customer(a.PasscodeGiven(Secret("123456")))
    row = await find(desk.store, call.challenge_id)
    assert row
    link = row.link(LimitSettings())
    return link.passcodes_wrong, link.passcodes_left


@pytest.mark.parametrize(("reply", "told"), [(r.PasscodeWrong(0), (3, 0)), (LOCKED, (2, 0))])
async def test_the_agent_is_told_of_each_wrong_passcode_and_of_the_lock(
    tmp_path: Path, reply: Reply, told: tuple[int, int]
) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await at_passcode(desk)
        assert await typed(desk, call, r.PasscodeWrong()) == (1, None)
        assert await typed(desk, call, r.PasscodeWrong(1)) == (2, 1)
        seen = await call.view()
        async with asyncio.timeout(10):
            while isinstance(seen.prompt, p.PollingPrompt) and seen.prompt.link.passcodes_wrong != 2:
                seen = await call.session.changed(call.id, seen.rev)
                seen = await call.view() if seen.working else seen
        assert isinstance(seen.prompt, p.PollingPrompt)
        assert seen.prompt.link.passcodes_left == 1
        assert await typed(desk, call, reply) == told


async def test_what_is_no_wrong_passcode_is_not_told_as_one(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await at_passcode(desk)
        assert await typed(desk, call, Failed(Problem("PingOne did not answer.", code="timed_out"))) == (0, None)
        assert await typed(desk, call, r.PasscodeRefused("It has expired.")) == (0, None)


async def test_wrong_passcodes_in_a_row_are_counted_by_device_until_a_right_one_or_the_lock(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        links, call = desk.engine.links, await at_passcode(desk)
        for n, reply in enumerate((r.PasscodeWrong(2), r.PasscodeWrong()), start=1):
            await typed(desk, call, reply)
            assert await links.wrong_passcodes(ADA.id, DEVICE) == n
        await typed(desk, call, Failed(Problem("PingOne did not answer.", code="timed_out")))
        assert await links.wrong_passcodes(ADA.id, DEVICE) == 2
        assert await links.wrong_passcodes(ADA.id, "d-sms") == 0
        assert await links.wrong_passcodes("somebody else", DEVICE) == 0
        await typed(desk, call, r.PasscodeWrong(0))
        assert await links.wrong_passcodes(ADA.id, DEVICE) == 0


async def test_a_right_passcode_begins_the_count_anew(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        links, call = desk.engine.links, await at_passcode(desk)
        await typed(desk, call, r.PasscodeWrong(2))
        await typed(desk, call, r.PasscodeRight(DEVICE))
        assert await links.wrong_passcodes(ADA.id, DEVICE) == 0


async def test_another_open_link_of_the_call_is_not_told(tmp_path: Path) -> None:
    async with desk_on(tmp_path / "desk.db") as desk:
        call = await at_passcode(desk)
        row = await find(desk.store, call.challenge_id)
        assert row
        async with desk.store.transaction() as tx:
            # Two open links of one call cannot come about any more; one is put there by hand.
            await insert(tx, replace(row, id="other", token_hash="other", flow_id="another page"))
        assert await typed(desk, call, r.PasscodeWrong(2)) == (1, 2)
        other = await find(desk.store, "other")
        assert other
        assert (other.passcodes_wrong, other.passcodes_left) == (0, -1)
