"""What stands beside the agent's calls in a mode of its own: what other agents wait for, and who is signed in.

A flow like a call, followed and answered in the same way; but it is nobody's call, and its end leads back to one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from textual.app import App

from csrdesk.console.call import Call
from csrdesk.flows.agents import Start as Agents
from csrdesk.flows.approvals import Start as Approvals
from csrdesk.flows.desk_prompts import AgentsPrompt, ApprovalsPrompt
from csrdesk.flows.doors import View
from csrdesk.flows.hand_over import Start as HandOver
from csrdesk.flows.hand_over_prompts import HandOverPrompt
from csrdesk.flows.kernel import Outcome, Prompt
from csrdesk.model.approvals import Approval
from csrdesk.model.hand_overs import HandOver as Offered
from csrdesk.screens.act_names import act_name
from csrdesk.screens.following import Arrived, Following
from csrdesk.screens.frame import FrameScreen
from csrdesk.screens.info import Surroundings
from csrdesk.screens.registry import make_screen
from csrdesk.widgets.choices import shown

APPROVALS: Final = "approvals"
AGENTS: Final = "agents"
HAND_OVER: Final = "hand_over"
_READ_SECONDS = 30
"""How long it is shown that another agent waits."""
_FIRST: Mapping[str, Prompt] = {
    APPROVALS: ApprovalsPrompt(()),
    AGENTS: AgentsPrompt(()),
    HAND_OVER: HandOverPrompt(""),
}
_STARTS = {APPROVALS: Approvals, AGENTS: Agents}


class Aside(Call):
    """One of them; `left` is told when it is over, and how. With `call_id` it stands beside that call alone."""

    def __init__(
        self,
        app: App[None],
        flow: str,
        around: Surroundings,
        reach: Callable[[], Awaitable[Following]],
        left: Callable[[Aside, Outcome], Awaitable[None]],
        *,
        call_id: str = "",
    ) -> None:
        super().__init__(app, place_of(flow, call_id), around, reach)
        self._flow = flow
        self._left = left
        self._call_id = call_id
        self._told: frozenset[str] = frozenset()
        """Requests that this console has rung for."""
        self.view = View("", flow, -1, _FIRST[flow])

    def first_screen(self) -> FrameScreen:
        """As it is before the desk has said anything."""
        first = make_screen(self.view, _FIRST[self._flow], self._around, None)
        first.connected("Connecting", well=False)
        return first

    def _forget(self, flow_id: str) -> None:
        super()._forget(flow_id)
        self.view = View(flow_id, self._flow, -1, _FIRST[self._flow])

    async def _follow(self) -> None:
        following = await self._reach()
        inputs = HandOver(self._call_id) if self.is_of_call else _STARTS[self._flow]()
        await following.follow(self.view.id, self.mode, start=(self._flow, inputs))

    @property
    def is_of_call(self) -> bool:
        """Whether it stands beside one call, and goes when it is over."""
        return bool(self._call_id)

    def leave_alone(self) -> None:
        """As a call's, also where it was never on the screen: an offer that stands is looked at again, not made."""
        known = self.newest.id
        super().leave_alone()
        self._forget(known)

    async def arrived(self, message: Arrived) -> None:
        """As a call's; and whoever waits is said on whichever screen there is."""
        view = message.view
        if view.outcome is None:
            self._ring(view)
            await super().arrived(message)
        elif view.id == self.newest.id:  # otherwise the end of the one before, told twice
            await self._left(self, view.outcome)

    def _ring(self, view: View) -> None:
        prompt, keys = view.prompt, self._around.info.keys
        if isinstance(prompt, HandOverPrompt) and prompt.note and not self._is_current:
            self._say(f"{prompt.note} ({shown(keys.hand_over)})")
        if not isinstance(prompt, ApprovalsPrompt):
            return
        waiting: tuple[Approval | Offered, ...] = (*prompt.offers, *prompt.approvals)
        asked = {one.id: one for one in waiting}
        new = [one for key, one in asked.items() if key not in self._told]
        self._told = frozenset(asked)
        if new and not self._is_current:
            more = f", and {len(new) - 1} more" if len(new) > 1 else ""
            self._say(f"{_asks(new[0])}{more} ({shown(keys.approvals)})")

    def _say(self, words: str) -> None:
        self._app.notify(words, severity="warning", timeout=_READ_SECONDS, markup=False)
        self._app.bell()


def place_of(flow: str, call_id: str) -> str:
    """The mode of a flow beside all calls, or beside that one."""
    return f"{flow} {call_id}".strip()


def _asks(one: Approval | Offered) -> str:
    if isinstance(one, Offered):
        return f"{one.agent_name} offers you a call: {one.person.name}, {one.stage}"
    whom = "a lead" if one.is_exception else "a second agent"
    return f"{one.agent_name} waits for {whom}: {act_name(one.act)} for {one.person.name}"
