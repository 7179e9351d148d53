"""Walking a flow from the shell: start it, answer its prompts, wait until it asks or is over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from csrdesk.errors import StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows.doors import Session, View
from csrdesk.flows.exception_prompts import AwaitingLeadPrompt
from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.flows.prompts import PollingPrompt, RecoveryWatchPrompt, RegistrationWatchPrompt
from csrdesk.flows.try_prompts import AgentPushPrompt

_WAYS_OUT = (a.CallEnded, a.Cancelled, a.Declined, a.NoticeRead, a.BackChosen)
"""The answers that lead out of a call, the shortest way first."""
_WATCHING = PollingPrompt | AgentPushPrompt | AwaitingLeadPrompt | RecoveryWatchPrompt | RegistrationWatchPrompt
_MOST_STEPS = 12
_GLANCE = 0.3
"""Seconds."""
_PATIENCE = 2.0
"""Seconds after which it is said what is waited for."""


class Walk:
    """One flow of one agent, and where it stands."""

    def __init__(self, session: Session, view: View) -> None:
        self.session = session
        self.view = view

    @classmethod
    async def begin(
        cls,
        session: Session,
        flow: str,
        inputs: msgspec.Struct,
        *,
        call_id: str = "",
        tell: Callable[[str], None] | None = None,
    ) -> Walk:
        """Start a flow and wait until it asks; as `settle`."""
        return await cls(session, await session.start(flow, inputs, call_id=call_id)).settle(tell)

    @classmethod
    async def resume(cls, session: Session, flow_id: str) -> Walk:
        """Take up a flow where it stands. Raises `NoSuchFlowError`, also for another agent's."""
        return await cls(session, await session.view(flow_id)).settle()

    @property
    def prompt(self) -> Prompt | None:
        """What the flow asks; None where it is over."""
        return self.view.prompt

    async def settle(self, tell: Callable[[str], None] | None = None) -> Walk:
        """Wait until the flow asks somebody or is over; where that takes its time, `tell` what is waited for."""
        settled = asyncio.ensure_future(self.session.settled(self.view.id))
        if tell:
            await asyncio.wait([settled], timeout=_PATIENCE)
            if not settled.done() and (words := (await self.session.view(self.view.id)).working):
                tell(f"{words} ...")
        self.view = await settled
        return self

    async def answer(self, answer: Answer) -> None:
        """Answer the prompt, and wait for the next."""
        await self.session.answer(self.view.id, self.view.rev, answer)
        await self.settle()

    async def news(self) -> None:
        """Wait for anything new, and until the flow asks again."""
        await self.session.changed(self.view.id, self.view.rev)
        await self.settle()

    async def catch_up(self) -> None:
        """Let the news of a link arrive that nobody may have watched, without waiting for more of it."""
        while isinstance(self.prompt, _WATCHING):
            try:
                await asyncio.wait_for(self.news(), _GLANCE)
            except TimeoutError:
                return

    async def leave(self) -> None:
        """End the call, by whatever its prompts offer."""
        for _ in range(_MOST_STEPS):
            offered = taken_by(self.prompt) if self.prompt else ()
            way = next((kind for kind in _WAYS_OUT if kind in offered), None)
            if way is None:
                return
            try:
                await self.answer(way())
            except StaleFlowError:
                await self.settle()


def taken_by(prompt: Prompt) -> tuple[type[Answer], ...]:
    """The answers that a prompt takes."""
    return tuple(getattr(prompt.answers, "__args__", (prompt.answers,)))
