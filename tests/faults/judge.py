"""What must not be after any fault: done twice, done without its intent, unknown at the end, lost, an audit that is not
whole.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from csrdesk.config import load
from csrdesk.demo.replicas import Replica
from csrdesk.engine.checkpoints import read_checkpoints, signed_by
from csrdesk.engine.store_postgres import PostgresStore
from csrdesk.engine.verify import verify
from csrdesk.wiring.checkpoints import checkpoints_of
from csrdesk.wiring.store import address_of
from tests.faults.caller import Caller
from tests.faults.desk import Desk

_OPEN = "SELECT action FROM open_intents JOIN audit USING (seq)"
_SETTLES = 20.0
"""Seconds in which what was queued behind a fault is sent."""


async def flaws(desk: Desk, calls: Sequence[Caller], *, settles: float = _SETTLES) -> list[str]:
    """Everything that is wrong now; `calls` are those that must be over."""
    found = [f"unknown at the end: {action}" for (action,) in await _unknown(desk, settles)]
    found += _twice(desk)
    found += await _without_intent(desk)
    for replica in desk.replicas:
        found += await _audit(replica)
    if calls:
        ids = ", ".join(f"'{call.view.id}'" for call in calls)
        states = await desk.rows(f"SELECT id, over FROM flows WHERE id IN ({ids})")
        found += [f"not over: {id_}" for id_, over in states if not over]
        found += ["a call is gone"] * (len(calls) - len(states))
    return found


async def _unknown(desk: Desk, settles: float) -> list[tuple[object, ...]]:
    until = time.monotonic() + settles
    while (rows := await desk.rows(_OPEN)) and time.monotonic() < until:  # noqa: ASYNC110 - other processes settle it
        await asyncio.sleep(0.2)
    return rows


def _twice(desk: Desk) -> list[str]:
    writes = Counter(desk.writes.taken)
    told = Counter(mail.to for mail in desk.box.world.mails if "disabled" in mail.subject.lower())
    found = [f"done {n} times: {write.action} {write.whom}" for write, n in writes.items() if n > 1]
    return found + [f"told {n} times: {who}" for who, n in told.items() if n > 1]


async def _without_intent(desk: Desk) -> list[str]:
    rows = await desk.rows("SELECT action, person_id FROM audit WHERE kind = 'intent'")
    of_all, of_each = Counter(action for action, _ in rows), Counter(rows)
    links = sum("/v/" in mail.text for mail in desk.box.world.mails)
    done: Counter[object] = Counter({"link.send": links, "notice.send": len(desk.box.world.mails) - links})
    done["ad.set_enabled"] = desk.writes.of("ad.set_enabled")
    found = [f"{action}: {n} times, {of_all[action]} intents" for action, n in done.items() if n > of_all[action]]
    people = {(one.action, one.whom) for one in desk.writes.taken if one.action.startswith("pingone")}
    return found + [f"without its intent: {action} {whom}" for action, whom in people if not of_each[action, whom]]


async def _audit(replica: Replica) -> list[str]:
    settings = load(replica.folder / "config.toml")
    file = checkpoints_of(settings)
    store = await PostgresStore.open(address_of(settings))
    try:
        verdict = await verify(store, read_checkpoints(file.path), signed_by(file.public_key))
    finally:
        await store.close()
    return [f"the audit: {verdict.finding}"] if verdict.finding else []
