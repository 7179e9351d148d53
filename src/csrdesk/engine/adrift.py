"""Steps that could not be saved: kept in memory until they can be, so that look-ups go on while nothing can be written.

Apart from `flow_rows`, which knows the database alone. A flow that is kept here looks, and does nothing (see `guard`):
the end of its process loses what the agent saw on the screen, and no more.
"""

from __future__ import annotations

from dataclasses import replace

from csrdesk.engine.flow_rows import FlowRows, Running
from csrdesk.errors import StaleFlowError
from csrdesk.flows.kernel import State, Want

MOVED_ON = "Somebody else was faster. Look at the screen again."


class Adrift:
    """The flows of one process that have gone on further than the database knows."""

    def __init__(self, rows: FlowRows) -> None:
        self._rows = rows
        self._flows: dict[str, Running] = {}

    async def load(self, flow_id: str) -> Running:
        """The flow as it stands, here or in the database. Raises `NoSuchFlowError`, `StoreUnavailableError`."""
        return self._flows.get(flow_id) or await self._rows.load(flow_id)

    async def rev(self, flow_id: str) -> int:
        """The revision alone; 0 where there is no such flow."""
        kept = self._flows.get(flow_id)
        return kept.rev if kept else await self._rows.rev(flow_id)

    def __contains__(self, flow_id: str) -> bool:
        return flow_id in self._flows

    def check(self, running: Running) -> None:
        """Raises `StaleFlowError` where the flow was kept at another revision than this one."""
        kept = self._flows.get(running.id)
        if kept and kept.rev != running.rev:
            raise StaleFlowError(MOVED_ON)

    def begin(self, running: Running) -> Running:
        """A flow that could not be saved."""
        self._flows[running.id] = running
        return running

    def keep(self, running: Running, state: State, want: Want) -> Running:
        """The step from `running`, made here alone. Raises `StaleFlowError` where somebody was faster."""
        self.check(running)
        stepped = replace(self._rows.stepped(running, state, want), saved=running.saved)
        return self.begin(stepped)

    @property
    def flows(self) -> tuple[Running, ...]:
        """All of them, as they stand."""
        return tuple(self._flows.values())

    def saved(self, flow_id: str) -> bool:
        """The database knows it again; whether it was kept here."""
        return self._flows.pop(flow_id, None) is not None
