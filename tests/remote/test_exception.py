"""An exception at a desk that is elsewhere: an agent asks, a lead at another machine answers, and only that is open."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.demo.agent import Call
from csrdesk.flows import answers as a
from csrdesk.flows import approvals
from csrdesk.flows import desk_answers as da
from csrdesk.flows import desk_prompts as dp
from csrdesk.flows import device_prompts as vp
from csrdesk.flows import exception_prompts as xp
from csrdesk.flows import prompts as p
from csrdesk.model.approvals import Approval
from csrdesk.model.proofs import Act
from csrdesk.remote import RemoteSession
from csrdesk.sandbox import Sandbox, people
from tests.remote.conftest import GRACE, HAL, Served, looked_up, served_at, token_of
from tests.remote.test_commands import machine, program

WHO = people.PINGONE_LOCKED
LABEL = "exception, approved by Hal"


@pytest.fixture
async def served(box: Sandbox, settings: Settings) -> AsyncIterator[Served]:
    """A desk where a lead's word opens two acts."""
    ways = replace(settings.ways, exception=True, exception_gives=("unlock", "devices"))
    async with served_at(box, replace(settings, ways=ways)) as running:
        yield running


async def at_leads(session: RemoteSession) -> tuple[Call, tuple[Approval, ...]]:
    """What waits for this lead."""
    view = await session.start("approvals", approvals.Start())
    side = Call(session, await session.settled(view.id))
    return side, side.sees(dp.ApprovalsPrompt).approvals


async def asking(session: RemoteSession) -> Call:
    call = await looked_up(session, WHO)
    await call.say(a.ExceptionChosen())
    await call.say(a.ExceptionAsked("The phone was stolen.", "INC-9"))
    call.sees(xp.AwaitingLeadPrompt)
    return call


async def test_r_40_r_30_a_lead_elsewhere_opens_what_settings_name_and_a_hand_made_answer_nothing_else(
    served: Served,
) -> None:
    user = served.box.world.user(WHO)
    async with served.session(GRACE) as graces, served.session(HAL) as hals, served.customer(WHO) as customer:
        call = await asking(graces)
        assert (await at_leads(graces))[1] == ()
        side, (request,) = await at_leads(hals)
        assert (request.agent, request.ticket, request.gives) == (GRACE.id, "INC-9", (Act.UNLOCK, Act.DEVICES))
        assert request.shown.startswith("Nothing digital: nothing proves who is calling.")
        await side.say(da.ApprovalGiven(request.id))
        assert side.sees(dp.ApprovalsPrompt).code == "needs_answer"
        await side.say(da.ApprovalGiven(request.id, "Her ward confirms it."))
        page = await call.waits_for(p.AccountPrompt)
        assert page.evidence.label == LABEL
        for not_given in (a.DisableChosen(), a.ResetChosen(), a.ExpireChosen(), a.MustChangeChosen()):
            await call.say(not_given)
            assert call.sees(p.AccountPrompt).note.startswith("The exception does not give this.")
        await call.say(a.UnlockChosen())
        await call.say(a.Confirmed("asked for it", "INC-9"))
        assert (await call.waits_for(p.NoticePrompt)).lines[0].ok
        assert LABEL in await customer.mail("Account Unlocked")
        await call.say(a.NoticeRead())
        await call.say(a.DevicesChosen())
        device = (await call.waits_for(vp.DevicesPrompt)).devices[0]
        await call.say(a.RemoveDeviceChosen(device.id))
        await call.say(a.Confirmed("stolen", "INC-9"))
        await call.waits_for(p.NoticePrompt)
        assert device.id not in {one.id for one in user.devices}
        assert LABEL in await customer.mail("Device Changed")
        record = await graces.record(call.view.id)
        assert [shown for _, shown in record.proofs] == [LABEL]
        rows = await served.desk.audit.list(call_id=call.view.id, limit=500)
        assert [row.kind for row in rows if row.action == "exception.approved"] == ["alert"]
        acts = [row for row in rows if row.kind == "outcome" and "act" in row.details]
        assert {row.details["proof"] for row in acts} == {LABEL}


async def test_r_39_a_protected_account_has_no_such_way(served: Served) -> None:
    async with served.session(GRACE) as session:
        call = await looked_up(session, people.PROTECTED)
        call.sees(p.ProtectedPrompt)


async def test_r_40_by_command_an_agent_asks_and_a_lead_answers(served: Served, tmp_path: Path) -> None:
    """Takes some seconds: each command is a program, as on an agent's machine."""
    graces = machine(tmp_path / "graces", served.url, token_of(GRACE))
    hals = machine(tmp_path / "hals", served.url, token_of(HAL))
    start = ("call", "start", WHO, "--way", "exception", "--json")
    short = await program(graces, *start, "--ticket", "INC-9")
    assert (short.code, short.error["errorDetails"]) == (4, "prompt=--reason"), short
    whole = (*start, "--ticket", "INC-9", "--reason", "The phone was stolen.")
    asked = await program(graces, *whole, "--no-wait")
    assert (asked.code, asked.data["verified"]) == (0, False), asked
    listed = await program(hals, "approval", "list")
    assert "exception: unlock, devices" in listed.out
    request = asked.data["request"]
    refused = await program(hals, "approval", "refuse", request, "--reason", "Ring the ward.")
    assert refused.out == "Refused: exception for Nadia Benali.\n", refused
    waiting = asyncio.create_task(program(graces, *whole))
    async with served.session(HAL) as session:
        side, _ = await at_leads(session)
        async with asyncio.timeout(60):
            while not side.sees(dp.ApprovalsPrompt).approvals:
                side.view = await session.changed(side.view.id, side.view.rev)
        request = side.sees(dp.ApprovalsPrompt).approvals[0].id
    silent = await program(hals, "approval", "approve", request, "--json")
    assert (silent.code, silent.error["code"]) == (4, "needs_answer"), silent
    yes = await program(hals, "approval", "approve", request, "--reason", "Her ward confirms it.")
    assert yes.code == 0, yes
    ran = await waiting
    assert (ran.code, ran.data["verified"], ran.data["evidence"], ran.data["authMethod"]) == (0, True, LABEL, ""), ran
    assert "Leads are asked for: unlock, devices" in ran.err
