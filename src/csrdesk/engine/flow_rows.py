"""Flows as they are saved: a row, its state by the catalog's codec, and the compare-and-swap that makes a step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from csrdesk.engine.changes import flow_topic
from csrdesk.engine.clock import Clock, stamp
from csrdesk.engine.codes import new_id
from csrdesk.engine.store import Row, Statements, Store, Transaction, Value
from csrdesk.errors import NoSuchFlowError
from csrdesk.flows.catalog import Flow
from csrdesk.flows.doors import Agent
from csrdesk.flows.kernel import Done, State, Want


class _Columns(msgspec.Struct, frozen=True):
    id: str
    name: str
    version: int
    call_id: str
    agent: str
    agent_name: str
    rev: int
    state: bytes
    performer: str
    started_at: datetime
    changed_at: datetime
    over: int


@dataclass(frozen=True)
class Running:
    """One flow as it was read."""

    id: str
    name: str
    call_id: str
    agent: Agent
    rev: int
    state: State
    want: Want
    """What the state wants, asked once."""
    performer: str
    """The process that made the last step, and performs what the state wants; empty where it is anybody's."""
    started_at: datetime
    changed_at: datetime
    over: bool
    saved: int
    """The revision that the database knows; 0 where it knows none, because it could not be written (see `adrift`)."""


class FlowRows:
    """The flows' table, for one process, whose name is `performer`."""

    def __init__(self, store: Store, catalog: Mapping[str, Flow], clock: Clock, performer: str) -> None:
        self.performer = performer
        self._store = store
        self._catalog = catalog
        self._clock = clock
        self._has_some = False

    async def load(self, flow_id: str) -> Running:
        """The flow as it stands. Raises `NoSuchFlowError` where there is none, or none that can go on."""
        row = await self._store.at_key("SELECT * FROM flows WHERE id = ?", flow_id)
        if row is None:
            raise NoSuchFlowError("There is no such call.")
        return self.decode(row)

    def takes(self, name: str, inputs: msgspec.Struct) -> bool:
        """Whether there is a flow of that name that starts with such inputs."""
        flow = self._catalog.get(name)
        return flow is not None and isinstance(inputs, flow.inputs)

    async def rev(self, flow_id: str) -> int:
        """The revision alone; 0 where there is no such flow."""
        row = await self._store.at_key("SELECT rev FROM flows WHERE id = ?", flow_id)
        return int(str(row["rev"])) if row else 0

    async def calls_of(self, agent: str) -> list[Row]:
        """The rows of an agent's calls, newest first; and of acts under way that are bound to a call."""
        sql = (
            "SELECT * FROM flows WHERE agent = ? AND name NOT IN (?, ?, ?)"
            " AND (id = call_id OR (over = 0 AND name IN (?, ?)))"
            " ORDER BY started_at DESC"
        )
        return await self._store.all(sql, agent, *ASIDE, *BOUND)

    async def claim(self, tx: Transaction, running: Running) -> bool:
        """Become the process that has this flow, where nobody was faster."""
        self._has_some = True
        sql = "UPDATE flows SET performer = ? WHERE id = ? AND rev = ? AND performer = ?"
        return await tx.execute(sql, self.performer, running.id, running.rev, running.performer) == 1

    async def hand_to(self, tx: Transaction, running: Running, state: State, agent: Agent) -> None:
        """Have a flow be another agent's, in that state, which asks as before; this process has it from now on.

        Whoever was about to make a step of it finds another revision.
        """
        self._has_some = True
        await tx.execute(
            "UPDATE flows SET agent = ?, agent_name = ?, state = ?, rev = ?, performer = ?, changed_at = ?"
            " WHERE id = ?",
            agent.id,
            agent.name,
            msgspec.json.encode(state),
            running.rev + 1,
            self.performer,
            stamp(self._clock.now()),
            running.id,
        )
        tx.wake(flow_topic(running.id))

    def decode(self, row: Row) -> Running:
        """Raises `NoSuchFlowError` for a state that another version of csrdesk saved."""
        columns = msgspec.convert(row, _Columns)
        flow = self._catalog.get(columns.name)
        try:
            if flow is None or flow.version != columns.version:
                raise NoSuchFlowError(OTHER_VERSION, details=f"flow={columns.name} version={columns.version}")
            state: State = msgspec.json.decode(columns.state, type=flow.states)
        except msgspec.DecodeError as error:
            raise NoSuchFlowError(OTHER_VERSION, details=str(error)) from error
        return Running(
            id=columns.id,
            name=columns.name,
            call_id=columns.call_id,
            agent=Agent(columns.agent, columns.agent_name),
            rev=columns.rev,
            state=state,
            want=state.want(),
            performer=columns.performer,
            started_at=columns.started_at,
            changed_at=columns.changed_at,
            over=bool(columns.over),
            saved=columns.rev,
        )

    async def give_back(self) -> None:
        """Be nobody's any more, flow by flow: this process ends in order, and nothing of it is interrupted."""
        if self._has_some:
            async with self._store.transaction(durable=False) as tx:
                await tx.execute("UPDATE flows SET performer = '' WHERE performer = ? AND over = 0", self.performer)

    async def insert(
        self, tx: Transaction, name: str, inputs: msgspec.Struct, agent: Agent, *, call_id: str = "", claim: bool = True
    ) -> str:
        """A new flow in its first state; its id. Without `call_id` it is a call of its own.

        With `claim` this process performs what it wants first, otherwise whoever attends it.
        """
        self._has_some = self._has_some or claim
        begun = self.begun(name, inputs, agent, call_id)
        await tx.execute(_INSERT, *self._row(begun if claim else replace(begun, performer="")))
        return begun.id

    def begun(self, name: str, inputs: msgspec.Struct, agent: Agent, call_id: str = "", flow_id: str = "") -> Running:
        """A new flow in its first state, which no row holds yet; of that id, or a new one."""
        state, flow_id, now = self._catalog[name].begin(inputs), flow_id or new_id(), self._clock.now()
        want = state.want()
        over = isinstance(want, Done)
        return Running(flow_id, name, call_id or flow_id, agent, 1, state, want, self.performer, now, now, over, 0)

    def stepped(self, running: Running, state: State, want: Want) -> Running:
        """The flow after a step of this process."""
        rev, now, over = running.rev + 1, self._clock.now(), running.over or isinstance(want, Done)
        return replace(
            running, rev=rev, state=state, want=want, performer=self.performer, changed_at=now, over=over, saved=rev
        )

    def save(self, tx: Statements, running: Running, state: State, want: Want) -> Running | None:
        """Make the step where nobody was faster; this process then performs what the new state wants.

        Gives the flow as it is saved, None where somebody was faster.
        """
        stepped = self.stepped(running, state, want)
        tx.wake(flow_topic(running.id))
        return stepped if self.put(tx, stepped, running.saved) else None

    def put(self, tx: Statements, running: Running, over: int) -> bool:
        """Have the row hold the flow as it is, where it holds revision `over` now, or where there is none."""
        self._has_some = True
        if not over:
            return tx.execute(_INSERT, *self._row(running)) == 1
        changed = tx.execute(
            "UPDATE flows SET state = ?, rev = ?, performer = ?, changed_at = ?,"
            " over = CASE WHEN over = 1 THEN 1 ELSE ? END"
            " WHERE id = ? AND rev = ?",
            msgspec.json.encode(running.state),
            running.rev,
            running.performer,
            stamp(running.changed_at),
            int(running.over),
            running.id,
            over,
        )
        return changed == 1

    def _row(self, running: Running) -> tuple[Value, ...]:
        return (
            running.id,
            running.name,
            self._catalog[running.name].version,
            running.call_id,
            running.agent.id,
            running.agent.name,
            running.rev,
            msgspec.json.encode(running.state),
            running.performer,
            stamp(running.started_at),
            stamp(running.changed_at),
            int(running.over),
        )


_INSERT = "INSERT INTO flows VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"

BOUND = ("user_functions", "password_reset")
"""The flows of a single act, which run beside their call."""

ASIDE = ("approvals", "agents", "hand_over")
"""The flows between agents, which are nobody's call."""

OTHER_VERSION = "This call was begun by another version of csrdesk and cannot go on. Start again."
"""A saved state is never migrated: a call lasts minutes."""
