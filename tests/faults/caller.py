"""One call at a desk that is being hurt: its agent presses as a person does who reads the screen, its customer loads
the page again where it does not come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from csrdesk.demo.customer import Customer
from csrdesk.errors import CsrdeskError, StaleFlowError
from csrdesk.flows import answers as a
from csrdesk.flows import prompts as p
from csrdesk.flows.csr_main import Start
from csrdesk.flows.doors import View
from csrdesk.flows.kernel import Answer, Prompt
from csrdesk.remote import RemoteSession
from csrdesk.sandbox.model import User
from csrdesk.services import http
from tests.faults.desk import Desk

Q = ParamSpec("Q")
T = TypeVar("T")
P = TypeVar("P", bound=Prompt)
AGAIN = 0.3
"""Seconds before somebody tries again."""


_LOOKS = 300
"""At a page that asks nothing, until it is given up."""


class LostError(Exception):
    """A call that does not go on, or shows what it must not."""


@dataclass
class Caller:
    """A call, and whoever is on the line."""

    desk: Desk
    session: RemoteSession
    username: str
    said: list[str] = field(default_factory=list)
    """What the agent was told instead of an answer."""
    reloads: int = 0
    """How often the customer had to load a page again."""
    fell_back: list[str] = field(default_factory=list)
    """What the agent read in the place of a call that waits."""
    notices: list[p.NoticePrompt] = field(default_factory=list)
    """What the agent read of what was done."""
    code: str = ""
    _view: View | None = None

    @property
    def view(self) -> View:
        assert self._view
        return self._view

    @property
    def user(self) -> User:
        """The caller's account in PingOne."""
        return self.desk.box.world.user(self.username)

    # The agent
    async def begin(self) -> None:
        """Look up the caller and send the link; the code to say is on the screen."""
        view = await self._again(self.session.start, "csr_main", Start())
        self._view = await self._again(self.session.settled, view.id)
        await self.press(a.UsernameGiven(self.username))
        await self.press(a.MagicLinkChosen())
        await self.press(a.SendChosen())
        code = self.view.spoken_code
        if not isinstance(self.view.prompt, p.PollingPrompt) or code is None:
            raise LostError(f"{self.username}: no code to say: {self.view.prompt}")
        self.code = code.reveal()

    async def press(self, answer: Answer) -> None:
        """Answer, and wait until the flow asks again; where the answer was not taken, look at the screen first."""
        while True:
            before = self.view
            try:
                after = await self.session.answer(before.id, before.rev, answer)
            except StaleFlowError:
                pass
            except CsrdeskError as error:
                self.said.append(error.message)
                await asyncio.sleep(AGAIN)
            else:
                self._view = await self._again(self.session.settled, after.id)
                return
            self._view = await self._again(self.session.settled, before.id)
            if type(self.view.prompt) is not type(before.prompt):
                return

    async def waits_for(self, kind: type[P]) -> P:
        """Wait until the screen shows this, as a console does that asks again and again; where it shows a problem
        instead, the agent presses Try again.
        """
        while not isinstance(prompt := self.view.prompt, kind):
            if isinstance(prompt, p.ErrorPrompt):
                self.said.append(prompt.error_message)
                self.fell_back.append(prompt.error_message)
                await asyncio.sleep(AGAIN)
                await self.press(a.TryAgainChosen())
                continue
            seen = self.view
            self._view = await self._again(self.session.changed, seen.id, seen.rev)
        return prompt

    async def still_waits(self) -> bool:
        """Whether the link waits with the same code; False where its own time ran out. Raises `LostError`."""
        self._view = await self._again(self.session.settled, self.view.id)
        prompt, code = self.view.prompt, self.view.spoken_code
        if isinstance(prompt, p.MagicLinkFormPrompt) and "Time ran out" in prompt.note:
            return False
        if not isinstance(prompt, p.PollingPrompt) or code is None or code.reveal() != self.code:
            raise LostError(f"{self.username}: does not wait any more: {prompt}")
        return True

    async def disable(self) -> None:
        """Disable the account, and try again what was interrupted or refused until all of it is done."""
        while not (self.notices and self._is_done(self.notices[-1])):
            match prompt := self.view.prompt:
                case p.AccountPrompt():
                    await self.press(a.DisableChosen())
                case p.ConfirmPrompt():
                    await self.press(a.Confirmed("The caller asks for it: phone lost", "INC-5000"))
                case p.ErrorPrompt():
                    self.said.append(prompt.error_message)
                    await asyncio.sleep(AGAIN)
                    await self.press(a.TryAgainChosen())
                case p.NoticePrompt():
                    self.notices.append(prompt)
                    await asyncio.sleep(AGAIN)
                    await self.press(a.TryAgainChosen() if prompt.again else a.NoticeRead())
                case _:
                    raise LostError(f"{self.username}: cannot be disabled: {prompt}")
        if self.user.enabled:
            raise LostError(f"{self.username}: said to be disabled and is not")

    @staticmethod
    def _is_done(notice: p.NoticePrompt) -> bool:
        return not notice.again and all(line.ok or line.aside for line in notice.lines)

    async def end(self) -> None:
        """End the call, wherever it is."""
        if isinstance(self.view.prompt, p.PollingPrompt):
            await self.press(a.Cancelled())
        while self.view.outcome is None:
            await self.press(a.CallEnded())

    async def _again(self, ask: Callable[Q, Awaitable[T]], *args: Q.args, **named: Q.kwargs) -> T:
        while True:
            try:
                return await ask(*args, **named)
            except CsrdeskError as error:
                self.said.append(error.message)
                await asyncio.sleep(AGAIN)

    # The customer
    async def goes_through_page(self) -> None:
        """Open the link, type the code and the passcode; where a page does not come, load it again."""
        async with Customer(self.user.email, self.desk.team.mailbox_url) as customer:
            link, idle = await customer.newest_link(), 0
            await self._loaded(customer, link)
            while "keep this page open" not in customer.text.lower():
                try:
                    if customer.offers("CodeGiven"):
                        await customer.answer("CodeGiven", code=self.code)
                    elif customer.offers("PasscodeGiven"):
                        await customer.answer("PasscodeGiven", passcode=await customer.newest_passcode())
                    elif customer.offers("TryAgainChosen"):
                        await customer.answer("TryAgainChosen")
                    elif (idle := idle + 1) < _LOOKS:
                        await self._loaded(customer, link)
                    else:
                        raise LostError(f"{self.username}: the page does not go on: {customer.text[:200]}")
                except http.RequestError:
                    self.reloads += 1
                    await self._loaded(customer, link)

    async def _loaded(self, customer: Customer, link: str) -> None:
        while True:
            await asyncio.sleep(AGAIN)
            try:
                await customer.open(link)
            except http.RequestError:
                self.reloads += 1
                continue
            if customer.status < 500:
                return
            self.reloads += 1

    async def is_verified(self) -> None:
        """The customer goes through the page, and the console shows the account."""
        await asyncio.gather(self.goes_through_page(), self.waits_for(p.AccountPrompt))

    async def whole(self) -> None:
        """From the first question to the end."""
        await self.begin()
        await self.is_verified()
        await self.whole_after_verified()

    async def whole_after_verified(self) -> None:
        await self.disable()
        await self.end()


def all_waited_on(calls: list[Caller]) -> None:
    """Raises `LostError` where a call that waited fell back to its card."""
    if fell := [f"{call.username}: {words}" for call in calls for words in call.fell_back]:
        raise LostError(f"{len(fell)} waiting calls fell back: {fell[0]}")


async def several(
    desk: Desk, stack: AsyncExitStack, number: int, agents: tuple[str, ...], *, verifiable: bool = True
) -> list[Caller]:
    """So many calls, whose agents take turns; none has begun."""
    sessions = [await stack.enter_async_context(desk.session(agent)) for agent in agents]
    people = desk.people if verifiable else desk.others
    return [Caller(desk, sessions[n % len(sessions)], next(people).username) for n in range(number)]
