"""A call goes from one agent to another over the desk API, by session and by command; the customer's page tells."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from csrdesk.demo.agent import Call
from csrdesk.errors import CsrdeskError, HandedOverError
from csrdesk.flows import answers as a
from csrdesk.flows import approvals, hand_over
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows import prompts as p
from csrdesk.flows.desk_prompts import ApprovalsPrompt
from csrdesk.flows.hand_over_prompts import HandOverPrompt, OfferedPrompt
from csrdesk.remote import RemoteSession
from csrdesk.sandbox import people
from csrdesk.server import texts
from tests.remote.conftest import GRACE, HAL, Served, looked_up, token_of
from tests.remote.test_commands import machine, program

WHO = people.ONE_DEVICE
NOTE = "Speaks French."
NOW_WITH_HAL = texts.NOW_WITH.format(agent="Hal")


async def offered(session: RemoteSession, call: Call) -> tuple[str, str]:
    """The flow in which Grace waits for Hal, and the offer's id."""
    begun = await session.start("hand_over", hand_over.Start(call.view.id))
    asked = await session.settled(begun.id)
    assert isinstance(asked.prompt, HandOverPrompt)
    assert [one.id for one in asked.prompt.colleagues] == [HAL.id]
    await session.answer(asked.id, asked.rev, ha.CallOffered(HAL.id, NOTE))
    waits = await session.settled(asked.id)
    assert isinstance(waits.prompt, OfferedPrompt)
    return waits.id, waits.prompt.hand_over.id


async def accept(session: RemoteSession, offer: str) -> approvals.TookOver:
    begun = await session.start("approvals", approvals.Start())
    listed = await session.settled(begun.id)
    assert isinstance(listed.prompt, ApprovalsPrompt)
    assert [(one.id, one.note) for one in listed.prompt.offers] == [(offer, NOTE)]
    await session.answer(listed.id, listed.rev, ha.CallAccepted(offer))
    outcome = (await session.settled(listed.id)).outcome
    assert isinstance(outcome, approvals.TookOver)
    return outcome


async def test_r_12_a_call_whose_page_is_open_goes_to_another_agent_and_the_page_says_so(served: Served) -> None:
    async with served.session(GRACE) as grace, served.session(HAL) as hal, served.customer(WHO) as customer:
        await hal.calls()
        call = await looked_up(grace, WHO)
        code = await call.send_link()
        await customer.open(await customer.newest_link())
        assert NOW_WITH_HAL not in customer.text
        waits, offer = await offered(grace, call)
        following = asyncio.ensure_future(grace.changed(call.view.id, (await grace.view(call.view.id)).rev))
        assert (await accept(hal, offer)).hand_over.call_id == call.view.id
        with pytest.raises(HandedOverError, match="handed over to Hal"):
            await following
        ended = await grace.view(waits)
        while ended.outcome is None:
            ended = await grace.changed(waits, ended.rev)
        assert isinstance(ended.outcome, hand_over.HandedOver)
        with pytest.raises(HandedOverError):
            await grace.answer(call.view.id, call.view.rev, a.Cancelled())
        await customer.open(await customer.newest_link())
        assert NOW_WITH_HAL in customer.text
        theirs = Call(hal, await hal.view(call.view.id))
        await customer.answer("CodeGiven", code=code)
        await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
        await theirs.waits_for(p.AccountPrompt)
        await theirs.say(a.DisableChosen())
        await theirs.say(a.Confirmed("The phone was stolen.", "INC-7"))
        await theirs.waits_for(p.NoticePrompt)
        assert not served.box.world.user(WHO).enabled
        assert [one.id for one in await grace.calls()] == []


async def test_a_call_is_handed_over_and_declined_by_command(served: Served, tmp_path: Path) -> None:
    """Takes some seconds: each command is a program, as on an agent's machine."""
    there = {agent.id: machine(tmp_path / agent.id, served.url, token_of(agent)) for agent in (GRACE, HAL)}
    async with served.session(GRACE) as grace, served.session(HAL) as hal:
        await hal.calls()
        call = await looked_up(grace, WHO)
        hand = ("call", "hand-over", call.view.id, "--note", NOTE, "--json", "--to")
        nobody = await program(there[GRACE.id], *hand, "nobody")
        assert (nobody.code, nobody.error["code"]) == (1, "not_found")
        for words, code, data in (
            (("decline", call.view.id, "--reason", "in a call"), 1, None),
            (("accept", call.view.id), 0, True),
        ):
            giving = asyncio.ensure_future(program(there[GRACE.id], *hand, "Hal"))
            await waits_for_offer(hal)
            listed = await program(there[HAL.id], "call", "offers", "--json")
            assert [(one["call_id"], one["note"]) for one in listed.data] == [(call.view.id, NOTE)]
            taken = await program(there[HAL.id], "call", *words, "--json")
            assert (taken.code, taken.data["accepted"]) == (0, data is True), taken.err
            given = await giving
            assert given.code == code, given.err
            assert given.data["handed_over"] is (data is True)
        assert [one.id for one in await hal.calls()] == [call.view.id]
        late = await program(there[GRACE.id], *hand, "hal")
        assert (late.code, late.error["code"]) == (6, "forbidden")
        none = await program(there[HAL.id], "call", "accept", "3f9c", "--json")
        assert (none.code, none.error["code"]) == (1, "not_found")


async def waits_for_offer(session: RemoteSession) -> None:
    """Until something is offered to this agent."""
    begun = await session.start("approvals", approvals.Start())
    view = await session.settled(begun.id)
    while not (isinstance(view.prompt, ApprovalsPrompt) and view.prompt.offers):
        view = await session.changed(view.id, view.rev)
    await session.answer(view.id, view.rev, a.BackChosen())


async def test_what_is_said_of_a_call_that_was_handed_over_is_the_same_error_at_either_end(
    served: Served,
) -> None:
    async with served.session(GRACE) as grace, served.session(HAL) as hal:
        await hal.calls()
        call = await looked_up(grace, WHO)
        _, offer = await offered(grace, call)
        await accept(hal, offer)
        with pytest.raises(CsrdeskError) as caught:
            await grace.record(call.view.id)
        assert (type(caught.value), caught.value.message) == (HandedOverError, "This call was handed over to Hal.")
        assert (await hal.record(call.view.id)).call_id == call.view.id
