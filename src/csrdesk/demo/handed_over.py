"""What is played at a team's desk before the many calls: a call goes from an agent at one replica to one at the other.

Its caller stays on the line, and their page says the new name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from csrdesk.demo.agent import Call
from csrdesk.demo.customer import Customer
from csrdesk.demo.team import Team
from csrdesk.demo.telling import DifferenceError, Step, expect, expect_that
from csrdesk.errors import HandedOverError
from csrdesk.flows import approvals, hand_over
from csrdesk.flows import hand_over_answers as ha
from csrdesk.flows import prompts as p
from csrdesk.flows.desk_prompts import ApprovalsPrompt
from csrdesk.flows.hand_over_prompts import HandOverPrompt, OfferedPrompt
from csrdesk.model.hand_overs import Colleague, HandOver
from csrdesk.remote import RemoteSession
from csrdesk.sandbox import people, staff

WHO = people.ONE_DEVICE
NOTE = "My shift ends; the link is sent."


async def handed_over(team: Team) -> AsyncIterator[Step]:
    """A call whose link is out is offered, accepted, and brought to its end by the other agent."""
    first_url, second_url = (f"http://localhost:{replica.api_port}" for replica in team.replicas[:2])
    async with (
        team.session(staff.AGENT, url=first_url) as first,
        team.session(staff.SECOND_AGENT, url=second_url) as second,
        Customer(team.box.world.user(WHO).email, team.mailbox_url) as caller,
    ):
        await second.calls()
        call = await Call.begin(first)
        await call.look_up(WHO)
        code = await call.send_link()
        link = await caller.newest_link()
        await caller.open(link)
        colleague = await _offer(first, call.view.id, second.agent.id)
        yield Step(
            "agent", f"offers a call to {colleague.name}, who is at the other replica; its caller stays on the line"
        )
        taken = await _accept(second)
        expect(taken.call_id, call.view.id, "the call that was taken over")
        try:
            await first.view(call.view.id)
        except HandedOverError as error:
            yield Step("agent", f"can do nothing more in it: {error.message}")
        else:
            raise DifferenceError("the first agent still has the call")
        await caller.open(link)
        expect_that(f"You now talk to {colleague.name}" in caller.text, f"the page says so: {caller.text[:300]}")
        yield Step("customer", f"reads on the page: You now talk to {colleague.name}")
        theirs = Call(second, await second.view(call.view.id))
        await caller.answer("CodeGiven", code=code)
        await caller.answer("PasscodeGiven", passcode=await caller.newest_passcode())
        await theirs.waits_for(p.AccountPrompt)
        yield Step(
            "colleague", "has the caller verified, by the link and the code that the first agent had sent and said"
        )
        await theirs.end()


async def _offer(session: RemoteSession, call_id: str, to: str) -> Colleague:
    begun = await session.start("hand_over", hand_over.Start(call_id))
    asked = await session.settled(begun.id)
    found = asked.prompt.colleagues if isinstance(asked.prompt, HandOverPrompt) else ()
    colleague = next((one for one in found if one.id == to), None)
    if colleague is None:
        raise DifferenceError(f"nobody to hand over to: {asked.prompt!r}")
    await session.answer(asked.id, asked.rev, ha.CallOffered(colleague.id, NOTE))
    waits = await session.settled(asked.id)
    expect_that(isinstance(waits.prompt, OfferedPrompt), f"the call is offered: {waits.prompt!r}")
    return colleague


async def _accept(session: RemoteSession) -> HandOver:
    begun = await session.start("approvals", approvals.Start())
    listed = await session.settled(begun.id)
    offers = listed.prompt.offers if isinstance(listed.prompt, ApprovalsPrompt) else ()
    expect([one.note for one in offers], [NOTE], "what is offered to the colleague")
    await session.answer(listed.id, listed.rev, ha.CallAccepted(offers[0].id))
    outcome = (await session.settled(listed.id)).outcome
    if not isinstance(outcome, approvals.TookOver):
        raise DifferenceError(f"the call was not taken over: {outcome!r}")
    return outcome.hand_over
