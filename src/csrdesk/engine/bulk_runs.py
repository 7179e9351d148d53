"""Runs over many accounts: the rows that stand for a proof, since in a run nobody is verified.

A run is one agent's and one act's, and it ends; only what is bound to an open one, by id, is done in its name.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.engine.clock import stamp
from csrdesk.engine.store import Reading, Transaction
from csrdesk.model.proofs import Act


class Run(msgspec.Struct, frozen=True):
    """One order for many accounts."""

    id: str
    agent: str
    act: Act
    started_at: datetime
    no_notify: bool = False
    """Nobody is told by mail."""


async def open_act(reading: Reading, run_id: str, agent: str) -> Act | None:
    """The act of this agent's open run; None where there is no such run, or it has ended."""
    sql = "SELECT act FROM bulk_runs WHERE id = ? AND agent = ? AND ended_at IS NULL"
    row = await reading.one(sql, run_id, agent)
    return Act(str(row["act"])) if row else None


async def tells_nobody(reading: Reading, run_id: str) -> bool:
    """Whether it is a run whose people are not told by mail; also once it has ended."""
    return await reading.one("SELECT 1 FROM bulk_runs WHERE id = ? AND no_notify = 1", run_id) is not None


async def left_over(reading: Reading, agent: str, acts: frozenset[Act]) -> tuple[str, ...]:
    """The flows that the agent's open runs for one of these acts have not brought to their end."""
    sql = (
        "SELECT flows.id, bulk_runs.act FROM flows JOIN bulk_runs ON flows.call_id = bulk_runs.id"
        " WHERE bulk_runs.agent = ? AND bulk_runs.ended_at IS NULL"
    )
    return tuple(str(row["id"]) for row in await reading.all(sql, agent) if row["act"] in acts)


async def start(tx: Transaction, run: Run) -> None:
    """A new run."""
    values = (run.id, run.agent, run.act.value, stamp(run.started_at), int(run.no_notify))
    await tx.execute("INSERT INTO bulk_runs VALUES (?, ?, ?, ?, NULL, ?)", *values)


async def end_all(tx: Transaction, agent: str, now: datetime) -> None:
    """End every run of the agent, as where one was cut off."""
    for row in await tx.all("SELECT id FROM bulk_runs WHERE agent = ? AND ended_at IS NULL", agent):
        await tx.execute("DELETE FROM flows WHERE call_id = ?", row["id"])
        await end(tx, str(row["id"]), now)


async def end(tx: Transaction, run_id: str, now: datetime) -> None:
    """Nothing more is done in its name, unless an account was left in the middle: then the run waits for the next."""
    await tx.execute("DELETE FROM flows WHERE call_id = ? AND over = 1", run_id)
    await tx.execute(
        "UPDATE bulk_runs SET ended_at = ? WHERE id = ? AND ended_at IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM flows WHERE call_id = bulk_runs.id)",
        stamp(now),
        run_id,
    )
