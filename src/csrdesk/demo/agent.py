"""The agent of a played demo: answers prompts through the same `Session` that the console uses."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from csrdesk.demo.telling import DifferenceError
from csrdesk.errors import StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.csr_main import Start
from csrdesk.flows.doors import Session, View
from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.model.link import LinkStage

P = TypeVar("P", bound=Prompt)
_PATIENCE = 20.0


class Call:
    """One call of one agent."""

    def __init__(self, session: Session, view: View) -> None:
        self._session = session
        self.view = view

    @classmethod
    async def begin(cls, session: Session) -> Call:
        """Start a call, up to the first prompt."""
        view = await session.start("csr_main", Start())
        return cls(session, await session.settled(view.id))

    async def say(self, answer: Answer) -> None:
        """Answer the prompt, and wait until the flow asks again."""
        self.view = await self._answered(answer)
        self.view = await self._session.settled(self.view.id)

    async def _answered(self, answer: Answer) -> View:
        """News of a link may come between reading and answering: a person would press the key once more."""
        while True:
            self.view = await self._session.view(self.view.id)
            try:
                return await self._session.answer(self.view.id, self.view.rev, answer)
            except StaleFlowError:
                continue

    async def look_up(self, identifier: str) -> None:
        """Type who is calling."""
        await self.say(a.UsernameGiven(identifier))

    async def send_link(self) -> str:
        """Choose the link, send it, and read the code off the screen."""
        await self.say(a.MagicLinkChosen())
        await self.say(a.SendChosen())
        if isinstance(self.view.prompt, p.MagicLinkFormPrompt) and self.view.prompt.warned:
            await self.say(a.SendChosen())
        return self.code()

    def code(self) -> str:
        """The code to say aloud. Raises `DifferenceError` where none is shown."""
        if self.view.spoken_code is None:
            raise DifferenceError(f"no code to say: {self.view.prompt!r}")
        return self.view.spoken_code.reveal()

    def sees(self, kind: type[P]) -> P:
        """The prompt, which must be of this kind. Raises `DifferenceError`."""
        if not isinstance(self.view.prompt, kind):
            raise DifferenceError(f"expected {kind.__name__}, found {self.view.prompt!r}")
        return self.view.prompt

    async def looks_again(self) -> None:
        """See what others did to the call meanwhile."""
        self.view = await self._session.settled(self.view.id)

    async def waits_for(self, kind: type[P]) -> P:
        """Wait until the screen shows this prompt. Raises `DifferenceError` after 20 seconds."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while not isinstance(self.view.prompt, kind):
                    self.view = await self._session.changed(self.view.id, self.view.rev)
        except TimeoutError:
            return self.sees(kind)
        return self.sees(kind)

    async def waits_for_stage(self, stage: LinkStage) -> p.PollingPrompt:
        """Wait until the link on the screen is that far."""
        try:
            async with asyncio.timeout(_PATIENCE):
                while self.sees(p.PollingPrompt).link.stage is not stage:
                    self.view = await self._session.changed(self.view.id, self.view.rev)
        except TimeoutError:
            raise DifferenceError(f"the link is {self.sees(p.PollingPrompt).link.stage}, not {stage}") from None
        return self.sees(p.PollingPrompt)

    async def end(self) -> None:
        """End the call."""
        await self.say(a.CallEnded())
