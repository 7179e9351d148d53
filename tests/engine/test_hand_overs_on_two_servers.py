"""Two servers on one PostgreSQL: a call goes from an agent of one to an agent of the other, and each server knows."""

from __future__ import annotations

import asyncio

import pytest

from csrdesk.errors import HandedOverError
from csrdesk.flows import answers as a
from csrdesk.flows import approvals, hand_over
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows import hand_over_prompts as hp
from csrdesk.flows import prompts as p
from tests.engine.test_hand_overs import answer, at_desk, gone, listed, offer, said, waiting
from tests.engine.world import GRACE, HAL, Call, desk_on, linked
from tests.postgres import Server

pytestmark = pytest.mark.needs("postgres")


async def test_r_12_an_offer_of_one_server_is_accepted_at_another_and_both_know_whose_the_call_is(
    postgres: Server,
) -> None:
    url = postgres.new()
    async with desk_on(url) as one, desk_on(url) as other:
        (grace,) = await at_desk(one, GRACE)
        (hal,) = await at_desk(other, HAL)
        beside, _ = await waiting(other, hal)
        rev = (await beside.view()).rev
        call = await linked(one)
        call.session = grace
        code = await call.code()
        following = asyncio.ensure_future(grace.changed(call.id, (await call.view()).rev))
        side, offered = await offer(one, call)
        assert [found.id for found in listed(await hal.changed(beside.id, rev)).offers] == [offered.id]
        assert isinstance((await beside.tell(ha.CallAccepted(offered.id))).outcome, approvals.TookOver)
        with pytest.raises(HandedOverError, match="Hal"):
            await following
        assert (await gone(side)).to == HAL.id
        # The link was mailed by the one server, and its page opened there; the call goes on at the other.
        theirs = Call(other, hal, call.id)
        polling = (await theirs.view()).prompt
        assert isinstance(polling, p.PollingPrompt)
        assert (await hal.view(call.id)).spoken_code is not None
        assert await call_code(theirs, call) == code
        await one.engine.customers.answer(call.token, "cookie-of-ada", code_given(code))
        await theirs.tell(a.LineDropped())
        assert await said(other) == [
            ("offered", GRACE.id, GRACE.id, HAL.id),
            ("accepted", HAL.id, GRACE.id, HAL.id),
        ]


async def call_code(theirs: Call, call: Call) -> str:
    """What the other server's agent says aloud."""
    code = (await theirs.session.view(call.id)).spoken_code
    assert code is not None
    return code.reveal()


def code_given(code: str) -> a.CodeGiven:
    from csrdesk.model.secret import Secret

    return a.CodeGiven(Secret(code))


async def test_two_who_are_offered_one_call_after_the_other_cannot_both_have_it(postgres: Server) -> None:
    url = postgres.new()
    async with desk_on(url) as one, desk_on(url) as other:
        (grace,) = await at_desk(one, GRACE)
        (hal,) = await at_desk(other, HAL)
        call = await linked(one)
        call.session = grace
        side, offered = await offer(one, call)
        # At the same moment the one takes it back, and the other accepts.
        back, taken = await asyncio.gather(
            side.tell(a.Cancelled()), answer(other, hal, ha.CallAccepted(offered.id)), return_exceptions=True
        )
        assert not isinstance(back, BaseException)
        assert not isinstance(taken, BaseException)
        ends = [what for what, *_ in await said(one)]
        assert ends in (["offered", "accepted"], ["offered", "withdrawn"])
        accepted = ends[-1] == "accepted"
        assert isinstance(taken.outcome, approvals.TookOver) is accepted
        assert isinstance(back.outcome, hand_over.HandedOver) is accepted
        assert isinstance(back.prompt, hp.HandOverPrompt) is not accepted
        assert [found.id for found in await (hal if accepted else grace).calls()] == [call.id]


async def test_a_server_that_stops_leaves_the_offer_to_the_others(postgres: Server) -> None:
    url = postgres.new()
    async with desk_on(url) as other:
        (hal,) = await at_desk(other, HAL)
        async with desk_on(url) as one:
            (grace,) = await at_desk(one, GRACE)
            call = await linked(one)
            call.session = grace
            _, offered = await offer(one, call)
        assert isinstance((await answer(other, hal, ha.CallAccepted(offered.id))).outcome, approvals.TookOver)
        # Taken up from the console of whoever has it now, it goes on: nobody ended its link.
        resumed = await hal.resume(call.id)
        assert resumed.links_ended == 0
        assert isinstance(resumed.view.prompt, p.PollingPrompt)
