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
from csrdesk.flows.kernel import Prompt
from csrdesk.screens.act_names import act_name
from csrdesk.screens.following import Arrived, Following
from csrdesk.screens.frame import FrameScreen
from csrdesk.screens.info import Surroundings
from csrdesk.screens.registry import make_screen
from csrdesk.widgets.choices import shown

APPROVALS: Final = "approvals"
AGENTS: Final = "agents"
_READ_SECONDS = 30
"""How long it is shown that another agent waits."""
_FIRST: Mapping[str, Prompt] = {APPROVALS: ApprovalsPrompt(()), AGENTS: AgentsPrompt(())}
_STARTS = {APPROVALS: Approvals, AGENTS: Agents}


class Aside(Call):
    """One of them; `left` is told when the agent has seen enough."""

    def __init__(
        self,
        app: App[None],
        flow: str,
        around: Surroundings,
        reach: Callable[[], Awaitable[Following]],
        left: Callable[[], Awaitable[None]],
    ) -> None:
        super().__init__(app, flow, around, reach)
        self._flow = flow
        self._left = left
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
        await following.follow(self.view.id, self.mode, start=(self._flow, _STARTS[self._flow]()))

    async def arrived(self, message: Arrived) -> None:
        """As a call's; and whoever waits is said on whichever screen there is."""
        if message.view.outcome is not None and message.view.id != self.view.id:
            return  # the end of the one before, told twice
        self._ring(message.view)
        await super().arrived(message)

    def _ring(self, view: View) -> None:
        if not isinstance(view.prompt, ApprovalsPrompt):
            return
        asked = {one.id: one for one in view.prompt.approvals}
        new = [one for key, one in asked.items() if key not in self._told]
        self._told = frozenset(asked)
        if not new or self._is_current:
            return
        first, key = new[0], shown(self._around.info.keys.approvals)
        more = f", and {len(new) - 1} more" if len(new) > 1 else ""
        whom = "a lead" if first.is_exception else "a second agent"
        words = f"{first.agent_name} waits for {whom}: {act_name(first.act)} for {first.person.name}{more} ({key})"
        self._app.notify(words, severity="warning", timeout=_READ_SECONDS, markup=False)
        self._app.bell()

    async def _show_over(self) -> None:
        await self._left()
