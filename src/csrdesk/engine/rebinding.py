"""A call gets another agent, in one transaction: its flows, links, window and approvals, and nothing beside them.

R-12: whatever is bound to customer, call, agent and purpose is bound anew with the agent alone changed. A step or an
effect that was begun for the agent before finds another revision, or another agent, and does nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar, cast

import msgspec
from msgspec.structs import replace

from csrdesk.engine import approvals
from csrdesk.engine.flow_rows import FlowRows, Running
from csrdesk.engine.links import CUSTOMER_FLOWS
from csrdesk.engine.store import Transaction
from csrdesk.flows.kernel import Do, Effect, Kind, Together
from csrdesk.flows.rules import Rules
from csrdesk.model.approvals import Approval
from csrdesk.model.grants import Grants
from csrdesk.model.hand_overs import HandOver
from csrdesk.model.link import LinkAbout
from csrdesk.model.proofs import Act
from csrdesk.model.sign_in import Agent

T = TypeVar("T")

_OF_CALL: Final = "SELECT * FROM flows WHERE call_id = ? ORDER BY started_at, id"


async def flows_of(tx: Transaction, rows: FlowRows, call_id: str) -> list[Running]:
    """Every flow of a call. Raises `NoSuchFlowError` where another version of csrdesk saved one."""
    return [rows.decode(row) for row in await tx.all(_OF_CALL, call_id)]


def is_busy(flows: list[Running]) -> bool:
    """Whether anything is being done in the call right now: its end must find the agent that it was begun for.

    A page that nobody has opened only waits to read something, for whomever.
    """
    return any(
        isinstance(running.want, Do) and (running.performer or not _only_reads(running.want.effect))
        for running in flows
        if not running.over
    )


def _only_reads(effect: Effect) -> bool:
    parts = effect.effects if isinstance(effect, Together) else (effect,)
    return all(part.kind is Kind.READ for part in parts)


async def bind(tx: Transaction, rows: FlowRows, offer: HandOver, flows: list[Running], grants: Grants) -> None:
    """Give the call to whom it is offered, who may do what `grants` say. The verified window keeps its end."""
    old, new = offer.agent, Agent(offer.to, offer.to_name)
    for running in flows:
        withheld = None if running.name in CUSTOMER_FLOWS else grants.withheld
        state = _within(running.state, lambda part, w=withheld: _bound(part, old, new, w))  # type: ignore[misc]
        await rows.hand_to(tx, running, state, new)
    await tx.execute("UPDATE challenges SET agent = ? WHERE call_id = ? AND agent = ?", new.id, offer.call_id, old)
    await tx.execute("UPDATE windows SET agent = ? WHERE call_id = ? AND agent = ?", new.id, offer.call_id, old)
    sql = "UPDATE approvals SET agent = ?, agent_name = ? WHERE call_id = ? AND agent = ?"
    await tx.execute(sql, new.id, new.name or new.id, offer.call_id, old)
    tx.wake(approvals.ALL)


def _bound(part: msgspec.Struct, old: str, new: Agent, withheld: tuple[Act, ...] | None) -> msgspec.Struct:
    match part:
        case LinkAbout(agent_name=name) if name:
            return replace(part, agent_name=new.name or new.id, handed_over=True)
        case Approval(agent=asked_by) if asked_by == old:
            return replace(part, agent=new.id, agent_name=new.name or new.id)
        case Rules() if withheld is not None:
            return replace(part, withheld=withheld)
        case _:
            return part


def _within(value: T, change: Callable[[msgspec.Struct], msgspec.Struct]) -> T:
    """A value with every Struct in it changed, the innermost first."""
    if isinstance(value, tuple):
        return cast("T", tuple(_within(one, change) for one in value))
    if not isinstance(value, msgspec.Struct):
        return value
    held = {name: getattr(value, name) for name in value.__struct_fields__}
    parts = {name: _within(one, change) for name, one in held.items()}
    changed = {name: part for name, part in parts.items() if part is not held[name]}
    return cast("T", change(replace(value, **changed) if changed else value))
