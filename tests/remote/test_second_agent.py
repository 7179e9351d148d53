"""Two agents at two machines, and a desk that is elsewhere: one asks, the other approves, and neither can do both."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.agent import Call
from csrdesk.flows import answers as a
from csrdesk.flows import approvals
from csrdesk.flows import prompts as p
from csrdesk.flows.desk_answers import ApprovalGiven
from csrdesk.flows.desk_prompts import ApprovalsPrompt, SecondAgentPrompt
from csrdesk.remote import RemoteSession
from csrdesk.sandbox import Sandbox, people
from tests.remote.conftest import HAL, looked_up, served_at


@pytest.fixture
def strict(settings: Settings) -> Settings:
    return replace(settings, desk=replace(settings.desk, second_agent_for=("disable",)))


async def waiting_for(session: RemoteSession) -> Call:
    """What other agents wait for, as this one sees it."""
    view = await session.start("approvals", approvals.Start())
    return Call(session, await session.settled(view.id))


async def test_r_40_an_act_waits_for_another_agents_yes_at_another_machine(box: Sandbox, strict: Settings) -> None:
    user = box.world.user(people.ONE_DEVICE)
    async with (
        served_at(box, strict) as served,
        served.session() as graces,
        served.session(HAL) as hals,
        served.customer(people.ONE_DEVICE) as customer,
    ):
        call = await looked_up(graces, people.ONE_DEVICE)
        code = await call.send_link()
        await customer.open(await customer.newest_link())
        await customer.answer("CodeGiven", code=code)
        await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
        await call.waits_for(p.AccountPrompt)
        await call.say(a.DisableChosen())
        await call.say(a.Confirmed("phone lost", "INC-1"))
        call.sees(SecondAgentPrompt)
        assert user.enabled
        assert (await waiting_for(graces)).sees(ApprovalsPrompt).approvals == ()
        asked = await waiting_for(hals)
        (request,) = asked.sees(ApprovalsPrompt).approvals
        await asked.say(ApprovalGiven(request.id))
        notice = await call.waits_for(p.NoticePrompt)
        assert not user.enabled
        assert all(line.ok for line in notice.lines)
