"""Taking up what a process left that is gone: its links end, what it may have sent is noted, its acts are read back.

A verified window goes on, since it belongs to agent and call, not to a process. Apart from `session`, because the
desk's start asks the same questions without any call in hand.
"""

from __future__ import annotations

from contextlib import suppress

from csrdesk.engine import challenges, unknown
from csrdesk.engine.audit import AuditRow, Detail, Entry, Kind
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import close_all
from csrdesk.engine.flow_rows import BOUND, Running
from csrdesk.engine.runner import Runner
from csrdesk.errors import NoSuchFlowError

RESUMED = "call.resumed"
_WHY = "the console was gone, and the call was taken up again"


async def take_up(running: Running, desk: Desk, runner: Runner) -> int:
    """Make a flow this process's own that no other has; how many of its call's links ended, because one was killed.

    Nothing happens where another process has it, or somebody was faster.
    """
    if running.over or not runner.is_nobodys(running):
        return 0
    intents = await desk.audit.unknown()
    async with desk.store.transaction() as tx:
        if not await runner.rows.claim(tx, running) or not runner.is_left(running):
            return 0
        agent, call_id = running.agent.id, running.call_id
        links = len(await challenges.open_ones(tx, call_id=call_id)) if running.id == call_id else 0
        if links:
            await close_all(tx, desk, why=_WHY, agent=agent, call_id=call_id)
        for intent in intents:
            if intent.call_id == call_id and not is_act(intent):
                row = unknown.outcome(intent, agent, unknown.MAYBE_SENT, code="may_have_been_sent")
                await desk.audit.append(tx, row)
        details: dict[str, Detail] = {"links": links, "flow": running.id}
        resumed = Entry(kind=Kind.EVENT, action=RESUMED, agent=agent, call_id=call_id, details=details)
        await desk.audit.append(tx, resumed)
    return links


async def acts_of(call_id: str, desk: Desk, runner: Runner) -> list[Running]:
    """The customer's flows of a call that were left in the middle of an act: nobody else may ever go on with them."""
    begun = {row.key.partition(":")[0] for row in await desk.audit.unknown() if row.call_id == call_id and is_act(row)}
    found = []
    for flow_id in sorted(begun - {call_id}):
        with suppress(NoSuchFlowError):
            found.append(await runner.rows.load(flow_id))
    return [running for running in found if runner.is_nobodys(running) and running.name not in BOUND]


async def left_unknown(desk: Desk, runner: Runner) -> tuple[AuditRow, ...]:
    """The acts and messages whose end nobody knows, without those that are being done right now."""
    return tuple([row for row in await desk.audit.unknown() if not await _is_under_way(row, runner)])


async def _is_under_way(intent: AuditRow, runner: Runner) -> bool:
    flow_id, rev, _ = intent.key.split(":") if intent.key.count(":") == 2 else ("", "0", "")
    try:
        running = await runner.rows.load(flow_id)
    except NoSuchFlowError:
        return False
    return running.rev == int(rev) and not runner.is_left(running)


def is_act(intent: AuditRow) -> bool:
    """Whether the row is about a change of an account, not about a message."""
    return "act" in intent.details
