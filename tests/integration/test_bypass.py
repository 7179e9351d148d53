"""An administrator's MFA bypass, through the whole stack: PingOne completes at once, and that proves nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from csrdesk.flows import prompts as p
from csrdesk.model.link import LinkStage
from csrdesk.sandbox import people
from tests.integration.conftest import World


@pytest.mark.parametrize("username", [people.ONE_DEVICE, people.SEVERAL_DEVICES, people.TOTP])
async def test_r_32_a_bypass_that_completes_without_asking_verifies_nobody(world: World, username: str) -> None:
    user = world.box.world.user(username)
    user.bypass_until = world.box.clock.now() + timedelta(hours=1)
    call, code = await world.sent(username)
    async with world.customer(username) as caller:
        await caller.open(await caller.newest_link())
        await caller.answer("CodeGiven", code=code)
        caller.reads("you are not confirmed yet")
        caller.reads("No device was asked for, so nothing was proved.")
        await caller.answer("TryAgainChosen")
        caller.reads("you are not confirmed yet")
        shown = await call.waits_for_stage(LinkStage.CODE_RIGHT)
        assert [status.status for status in world.box.world.authentications.values()] == ["COMPLETED"] * 2
        assert world.box.world.passcodes == []

        # Once the bypass is over, the device is asked as ever, and counts.
        user.bypass_until = None
        await caller.answer("TryAgainChosen")
        if caller.offers("DeviceChosen"):
            await caller.answer("DeviceChosen")
        assert caller.offers("PasscodeGiven")
    assert shown.link.stage is LinkStage.CODE_RIGHT


async def test_a_running_bypass_is_shown_before_the_agent_sends_anything(world: World) -> None:
    user = world.box.world.user(people.ONE_DEVICE)
    assert "bypass" not in (await world.looked_up(people.ONE_DEVICE)).sees(p.CardPrompt).warning
    user.bypass_until = world.box.clock.now() + timedelta(hours=1)
    card = (await world.looked_up(people.ONE_DEVICE)).sees(p.CardPrompt)
    assert card.warning.startswith("An MFA bypass is running for this person; it proves nothing.")
