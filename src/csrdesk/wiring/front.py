"""What a front end has of a desk, whether it is opened in this process or asked elsewhere.

Apart from both, so that console and commands are written once. `Session` is the door to calls; this is what stands
beside it.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from csrdesk.flows.doors import Session
from csrdesk.model.sign_in import Agent

if TYPE_CHECKING:
    from csrdesk.engine.audit import AuditRow, Which
    from csrdesk.engine.rehearsal import Rehearsed
    from csrdesk.flows.account_task import Start
    from csrdesk.flows.password_reset import Start as Reset
    from csrdesk.wire.values import About


class Reader(Protocol):
    """The audit as one agent reads it: each look is a row itself."""

    async def list(self, which: Which, limit: int, *, before: int = 0) -> tuple[AuditRow, ...]:
        """The newest `limit` rows, the oldest of them first."""
        ...

    async def show(self, seq: int) -> AuditRow:
        """One row. Raises `NotFoundError`."""
        ...

    async def unknown(self) -> tuple[AuditRow, ...]:
        """The acts that were begun and have no outcome on record."""
        ...

    async def leave(self, seq: int, reason: str) -> AuditRow:
        """Write down that somebody has looked after such an act. Raises `NotFoundError`."""
        ...


class FrontDesk(Protocol):
    """A desk, and the agent who uses it."""

    @property
    def agent(self) -> Agent: ...

    def now(self) -> datetime:
        """What time it is at the desk: what it says of moments is counted down by that."""
        ...

    @property
    def trouble(self) -> str:
        """What must be said loudly of the desk itself; empty while all is well."""
        ...

    @property
    def reader(self) -> Reader: ...

    def session(self, agent: Agent) -> Session:
        """The door of that agent, who must be this desk's own where it is elsewhere."""
        ...

    async def about(self) -> About:
        """What a front end needs to know of the desk."""
        ...

    async def rehearse(self, start: Start | Reset, call_id: str) -> Rehearsed:
        """What an act on one account would change, with nothing changed."""
        ...

    async def is_writable(self) -> bool:
        """Whether the desk can write down what it does."""
        ...

    async def not_answering(self) -> tuple[str, ...]:
        """Which of PingOne, AD and mail do not answer now."""
        ...

    async def failure(self) -> None:
        """Wait until something outside has failed since the last wait."""
        ...
