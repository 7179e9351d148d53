"""Two agents at one served desk: what one cannot do alone the other approves, and a lead ends a sign-in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.agent import Call
from csrdesk.errors import NotSignedInError
from csrdesk.flows import answers as a
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows import prompts as p
from csrdesk.flows.approvals import Start as Approvals
from csrdesk.remote import RemoteSession
from csrdesk.sandbox import Sandbox, people
from tests.cli.conftest import Ran
from tests.remote.conftest import GRACE, HAL, Served, looked_up, served_at, token_of
from tests.remote.test_commands import Csrdesk, machine, program

WHO = people.ONE_DEVICE


@pytest.fixture
async def served(box: Sandbox, settings: Settings) -> AsyncIterator[Served]:
    """A desk where nobody disables alone."""
    alone_no_more = replace(settings, desk=replace(settings.desk, second_agent_for=("disable",)))
    async with served_at(box, alone_no_more) as running:
        yield running


@pytest.fixture
def hals(served: Served, tmp_path: Path) -> Csrdesk:
    """Commands on Hal's machine."""
    there = machine(tmp_path / "hal", served.url, token_of(HAL))

    async def run(*words: str) -> Ran:
        return await program(there, *words)

    return run


async def waiting(served: Served, session: RemoteSession) -> Call:
    """A verified caller whose disable waits for a second agent."""
    async with served.customer(WHO) as customer:
        call = await looked_up(session, WHO)
        code = await call.send_link()
        await customer.open(await customer.newest_link())
        await customer.answer("CodeGiven", code=code)
        await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
        await call.waits_for(p.AccountPrompt)
    await call.say(a.DisableChosen())
    await call.say(a.Confirmed("The phone was stolen.", "INC-7"))
    await call.waits_for(dp.SecondAgentPrompt)
    return call


async def test_r_40_another_agents_command_lets_the_act_be_done(served: Served, hals: Csrdesk) -> None:
    """Takes some seconds: each command is a program, as on an agent's machine."""
    user = served.box.world.user(WHO)
    async with served.session(GRACE) as session:
        call = await waiting(served, session)
        (asked,) = (await hals("approval", "list", "--json")).data
        assert (asked["agent"], asked["act"], asked["reason"]) == (GRACE.id, "disable", "The phone was stolen.")
        assert user.enabled
        seen = await hals("approval", "list")
        assert (seen.code, asked["id"] in seen.out, "INC-7" in seen.out) == (0, True, True)
        done = await hals("approval", "approve", asked["id"])
        assert (done.code, done.out.startswith("Approved: disable for")) == (0, True), done.err
        await call.waits_for(p.NoticePrompt)
        assert not user.enabled
        again = await hals("approval", "approve", "no-such-request", "--json")
        assert (again.code, again.error["code"]) == (6, "forbidden")
        assert (await hals("approval", "list")).err == "Nobody waits for you.\n"
        assert [one.id for one in await session.calls()] == [call.view.id]


async def test_r_40_a_refusal_by_command_is_read_in_the_call(served: Served, hals: Csrdesk) -> None:
    async with served.session(GRACE) as session:
        call = await waiting(served, session)
        (asked,) = (await hals("approval", "list", "--json")).data
        refused = await hals("approval", "refuse", asked["id"], "--reason", "Call them back first.", "--json")
        assert (refused.code, refused.data["answer"]) == (0, "ApprovalDenied"), refused.err
        page = await call.waits_for(p.AccountPrompt)
        assert page.note == "hal refused it: Call them back first. Nothing was done."
        assert served.box.world.user(WHO).enabled


async def test_r_40_the_command_of_a_device_waits_for_another_agents_yes(
    box: Sandbox, settings: Settings, tmp_path: Path
) -> None:
    """Takes some seconds: each command is a program, as on an agent's machine."""
    who = people.PASSKEY_AND_PHONE
    ways = replace(settings.ways, exception=True, exception_gives=("devices",))
    not_alone = replace(settings, desk=replace(settings.desk, second_agent_for=("devices",)), ways=ways)
    async with served_at(box, not_alone) as served, served.session(GRACE) as graces, served.session(HAL) as hals:
        call = await looked_up(graces, who)
        await call.say(a.ExceptionChosen())
        await call.say(a.ExceptionAsked("The phone was stolen.", "INC-7"))
        await approved(hals, "I know her.")
        await call.waits_for(p.AccountPrompt)
        there = machine(tmp_path / "grace", served.url, token_of(GRACE))
        words = ("device", "remove", "1", "--call", call.view.id, "--reason", "stolen", "--ticket", "INC-7", "--yes")
        user = served.box.world.user(who)
        had = len(user.devices)
        removing = asyncio.create_task(program(there, *words))
        await approved(hals)
        ran = await removing
        assert (ran.code, len(user.devices)) == (0, had - 1), ran
        assert "Another agent has to approve this first." in ran.err


async def approved(session: RemoteSession, why: str = "") -> None:
    """Wait for the first request of another agent, and say yes to it."""
    view = await session.start("approvals", Approvals())
    side = Call(session, await session.settled(view.id))
    async with asyncio.timeout(60):
        while not side.sees(dp.ApprovalsPrompt).approvals:
            side.view = await session.changed(side.view.id, side.view.rev)
    request = side.sees(dp.ApprovalsPrompt).approvals[0]
    await side.say(da.ApprovalGiven(request.id, why))
    assert side.sees(dp.ApprovalsPrompt).code == ""
    await side.say(a.BackChosen())


async def test_r_55_a_lead_ends_a_sign_in_by_command(served: Served, hals: Csrdesk) -> None:
    async with served.session(GRACE) as session:
        await session.calls()
        listed = (await hals("agent", "list", "--json")).data
        assert {one["id"]: one["roles"] for one in listed} == {GRACE.id: ["lead"], HAL.id: ["lead"]}
        assert GRACE.id in (await hals("agent", "list")).out
        ended = await hals("agent", "revoke", GRACE.id, "--reason", "left the company")
        assert (ended.code, ended.out) == (0, "The sign-in of grace has ended.\n"), ended.err
        with pytest.raises(NotSignedInError, match="ended by hal"):
            await session.calls()
        nobody = await hals("agent", "revoke", "nobody", "--reason", "why", "--json")
        assert (nobody.code, nobody.error["code"]) == (1, "not_found")
