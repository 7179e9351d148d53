"""The agent's calls in this console, one of them on the screen: which is next, and which wants the agent."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING

from textual.app import App

from csrdesk.console.call import Call
from csrdesk.console.lines import elsewhere, line_of
from csrdesk.errors import CsrdeskError
from csrdesk.flows import answers as a
from csrdesk.flows.doors import CallSummary, Session
from csrdesk.flows.kernel import Outcome
from csrdesk.flows.prompts import UsernamePrompt
from csrdesk.screens.call_line import CallLine
from csrdesk.screens.following import Following
from csrdesk.screens.info import Surroundings

if TYPE_CHECKING:
    from csrdesk.console.aside import Aside

FIRST = "call-1"
"""The mode that the console begins with."""
GOODBYE_SECONDS = 2.0


class Calls:
    """At least one call is always there, if only an empty look-up."""

    def __init__(self, app: App[None], around: Surroundings, reach: Callable[[], Awaitable[Following]]) -> None:
        self.session: Session | None = None
        """Known once the desk is connected."""
        self._app = app
        self._around = around
        self._reach = reach
        self._numbers = count(1)
        self._calls: list[Call] = []
        self._known: tuple[CallSummary, ...] = ()
        """The agent's open calls as the desk listed them last."""
        self._at = 0
        self._asides: dict[str, Aside] = {}
        """What stands beside the calls, by its flow."""
        self._beside: Aside | None = None
        """Which of them is on the screen."""
        self._add()

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    @property
    def current(self) -> Call:
        """The call on the screen, or what stands there beside the calls."""
        return self._beside or self._calls[self._at]

    def at(self, place: str) -> Call | None:
        """The call in that mode."""
        return self._asides.get(place) or next((call for call in self._calls if call.mode == place), None)

    def counted(self) -> tuple[int, int]:
        """How many calls there are, and how many of those behind the screen want the agent."""
        return len(self._calls), sum(call.needs_agent for call in self._calls)

    # Beside the calls
    def watch(self, flow: str, call_id: str = "") -> Aside:
        """Follow what stands beside the calls, or beside that one, from now on."""
        from csrdesk.console.aside import Aside, place_of

        place = place_of(flow, call_id)
        found = self._asides.get(place)
        if found is None:
            found = self._asides[place] = Aside(self._app, flow, self._around, self._reach, self.back, call_id=call_id)
            self._app.add_mode(place, found.first_screen)
            found.follow()
        return found

    async def aside(self, flow: str, call_id: str = "") -> None:
        """Bring up what stands beside the calls; back to the call from there."""
        wanted = self.watch(flow, call_id)
        if self._beside is wanted:
            await self._bring(self._calls[self._at])
            return
        self._beside = wanted
        await self._app.switch_mode(wanted.mode)
        await wanted.bring_up()

    async def hand_over(self) -> None:
        """Bring up the offer of the call on the screen, or back to that call from there."""
        call = self._calls[self._at]
        if call.is_somebodys:
            await self.aside("hand_over", call.view.id)
        else:
            call.complain("There is no call to hand over: nobody has been found in it.")

    async def back(self, over: Aside, outcome: Outcome) -> None:
        """What stood beside the calls is over: back to the call, or to the one that was taken over."""
        from csrdesk.flows.approvals import TookOver

        if isinstance(outcome, TookOver):
            await self.bring(outcome.hand_over.call_id)
        elif self._beside is over:
            await self._bring(self._calls[self._at])
        if over.is_of_call:
            del self._asides[over.mode]
            await self._app.remove_mode(over.mode)
        else:
            over.follow("")

    # Going from one to another
    async def go(self, step: int) -> None:
        """Bring up the call that many places on, round and round."""
        await self._bring(self._calls[(self._at + step) % len(self._calls)])

    async def new(self) -> None:
        """Bring up an empty look-up: one that is there, or another one."""
        if self.current.is_over:
            self.current.next_caller()
            return
        looking_up = (call for call in self._calls if isinstance(call.newest.prompt, UsernamePrompt))
        found = next(looking_up, None)
        if found is None:
            found = self._add()
            found.follow()
        await self._bring(found)

    async def bring(self, place: str) -> None:
        """Bring up the call in that mode, or the open call of that id, which this console did not have so far."""
        found = self.at(place)
        if found is None:
            found = self._add()
            found.take_up(place)
        await self._bring(found)

    def _add(self) -> Call:
        call = Call(self._app, f"call-{next(self._numbers)}", self._around, self._reach)
        self._app.add_mode(call.mode, call.first_screen)
        self._calls.append(call)
        return call

    async def _bring(self, call: Call) -> None:
        before, beside = self._calls[self._at], self._beside
        if call is self.current:
            call.catch_up()
            return
        self._at, self._beside = self._calls.index(call), None
        await self._app.switch_mode(call.mode)
        if before.is_over and not beside:
            await self._close(before)
        await call.bring_up()

    async def _close(self, call: Call) -> None:
        """Take a call away that is over and behind the screen."""
        here = self.current
        self._calls.remove(call)
        self._at = self._calls.index(here)
        await self._app.remove_mode(call.mode)

    # All of them
    async def forget(self) -> None:
        """Keep nothing of any caller but the calls' ids, in no screen and in no value."""
        for call in (*self._calls, *self._asides.values()):
            call.leave_alone()
            await self._app.remove_mode(call.mode)
            self._app.add_mode(call.mode, call.first_screen)

    async def read_again(self) -> None:
        """Bring up the call that was on the screen, and follow all of them from where they stand."""
        await self._app.switch_mode(self.current.mode)
        for call in (*self._calls, *self._asides.values()):
            call.follow()

    async def lines(self) -> tuple[CallLine, ...]:
        """The calls of this console, and the agent's others that are open on the desk."""
        here = [line_of(call, current=call is self.current) for call in self._calls]
        return (*here, *(elsewhere(other) for other in await self._others()))

    async def left(self) -> int:
        """How many calls and single acts no console has: they wait for somebody to take them up."""
        return sum(other.left for other in await self._others())

    async def _others(self) -> list[CallSummary]:
        ids = {call.view.id for call in self._calls}
        with contextlib.suppress(
            CsrdeskError
        ):  # the first line says that the desk does not answer; these stay meanwhile
            self._known = await self.session.calls() if self.session else ()
        return [other for other in self._known if other.id not in ids and other.customer]

    async def end_all(self) -> None:
        """End every open call that can be ended now, as the agent leaves."""
        ends = [self._end(call) for call in self._calls if call.can_end]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*ends), GOODBYE_SECONDS)

    async def _end(self, call: Call) -> None:
        if self.session:
            view = call.newest
            with contextlib.suppress(CsrdeskError):
                await self.session.answer(view.id, view.rev, a.CallEnded())
