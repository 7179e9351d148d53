"""Takes away what has been kept long enough: call states a day after the call's end, audit rows after years.

A call that nobody ended ends by itself here.

What stays of the audit is still a chain: a row says up to which one the older rows are gone, and the hash of that one.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final

import msgspec

from csrdesk.engine import outgoing
from csrdesk.engine.audit import CALL_ENDED, PURGED, Detail, Entry, Kind
from csrdesk.engine.clock import stamp
from csrdesk.engine.desk import Desk
from csrdesk.engine.flow_rows import ASIDE
from csrdesk.engine.store import Reading, Transaction
from csrdesk.errors import StoreUnavailableError
from csrdesk.flows.doors import Agent

log = logging.getLogger(__name__)

CALL_STATES: Final = timedelta(hours=24)
"""How long a call's states, links and windows are kept after its end. Limits count the last 24 hours, no more."""
FORGOTTEN: Final = CALL_STATES + timedelta(hours=1)
"""How long a call may lie untouched that nobody ended: its link and its verified window, an hour at the most, are over
long before. Then it ends by itself, which is written down."""
_PAUSE: Final = timedelta(hours=1)
_YEAR: Final = timedelta(days=366)
"""Never shorter than a year is."""


class Purged(msgspec.Struct, frozen=True):
    """What was taken away, or would be."""

    calls: int
    """Calls whose states went."""
    audit_rows: int
    upto: int
    """The last audit row that went; 0 for none."""
    never_ended: int
    """How many of the calls nobody had ended; they did not outlive `FORGOTTEN`."""
    unknown: int
    """Calls as old that stay, because in them an act was begun that nobody knows the end of."""


async def keep_purging(desk: Desk, agent: Agent) -> None:
    """Every hour take away the states of the calls that ended a day ago, audited; runs until it is cancelled."""
    while True:
        try:
            if any(await _old_calls(desk.store, desk.clock.now())):
                async with desk.store.transaction() as tx:
                    await _purge_calls(tx, desk, agent, *await _old_calls(tx, desk.clock.now()))
        except StoreUnavailableError as error:
            log.warning("no call was purged: %s", error.message)
        await desk.clock.sleep_until(desk.clock.now() + _PAUSE)


async def purge(desk: Desk, agent: Agent, *, dry_run: bool) -> Purged:
    """Take away what is old enough, in one transaction, audited. With `dry_run` only say what that would be."""
    now = desk.clock.now()
    before = now - desk.limits.audit_years * _YEAR
    async with desk.store.transaction() as tx:
        ended, forgotten = await _old_calls(tx, now)
        upto, rows = await _old_rows(tx, before)
        if not dry_run:
            if ended or forgotten:
                await _purge_calls(tx, desk, agent, ended, forgotten)
            if rows:
                await _purge_rows(tx, desk, agent, upto, before)
        unknown = len(await _ids(tx, f"{_NEVER_ENDED} AND {_UNKNOWN}", now - FORGOTTEN))
        return Purged(len(ended) + len(forgotten), rows, upto, len(forgotten), unknown)


_ENDED = "SELECT id FROM flows WHERE id = call_id AND over = 1 AND changed_at < ?"
_NEVER_ENDED = "SELECT id FROM flows WHERE id = call_id AND over = 0 AND changed_at < ?"
_UNKNOWN = "EXISTS (SELECT 1 FROM open_intents JOIN audit USING (seq) WHERE audit.call_id = flows.call_id)"


async def _old_calls(reading: Reading, now: datetime) -> tuple[list[str], list[str]]:
    """Those that ended a day ago, and those that nobody ended and nobody touched for longer."""
    forgotten = await _ids(reading, f"{_NEVER_ENDED} AND NOT {_UNKNOWN}", now - FORGOTTEN)
    return await _ids(reading, _ENDED, now - CALL_STATES), forgotten


async def _ids(reading: Reading, sql: str, before: datetime) -> list[str]:
    return [str(row["id"]) for row in await reading.all(sql, stamp(before))]


async def _purge_calls(tx: Transaction, desk: Desk, agent: Agent, ended: list[str], forgotten: list[str]) -> None:
    now, calls = desk.clock.now(), [*ended, *forgotten]
    aside = {str(row["id"]) for row in await tx.all("SELECT id FROM flows WHERE name IN (?, ?, ?)", *ASIDE)}
    for call_id in forgotten:
        if call_id in aside:
            continue  # a look at what other agents wait for: nobody's call, and nothing of it is kept
        row = Entry(kind=Kind.EVENT, action=CALL_ENDED, agent=agent.id, call_id=call_id, details={"forgotten": True})
        await desk.audit.append(tx, row)
    await tx.execute("DELETE FROM tries WHERE at < ?", stamp(now - CALL_STATES))
    await outgoing.forget(tx, now)
    # A link that was answered with "this wasn't me" keeps the person's verification frozen, maybe for more than a day.
    frozen = stamp(now - timedelta(hours=desk.limits.not_me_freeze_hours))
    links = "DELETE FROM challenges WHERE call_id = ? AND NOT (stage = 'not_me' AND ended_at >= ?)"
    resets = "DELETE FROM resets WHERE challenge_id IN (SELECT id FROM challenges WHERE call_id = ?)"
    for call_id in calls:
        await tx.execute(resets, call_id)
        await tx.execute("DELETE FROM windows WHERE call_id = ?", call_id)
        await tx.execute(links, call_id, frozen)
        await tx.execute("DELETE FROM public_pages WHERE id = ?", call_id)
        await tx.execute("DELETE FROM found WHERE call_id = ?", call_id)
        await tx.execute("DELETE FROM approvals WHERE call_id = ?", call_id)
        await tx.execute("DELETE FROM hand_overs WHERE call_id = ?", call_id)
        await tx.execute("DELETE FROM flows WHERE call_id = ?", call_id)
    gone = Entry(kind=Kind.EVENT, action="data.purged", agent=agent.id, details={"calls": len(calls)})
    await desk.audit.append(tx, gone)


async def _old_rows(tx: Transaction, before: datetime) -> tuple[int, int]:
    """Up to which row all are older than `before`, and how many those are."""
    sql = (
        "SELECT count(*) AS count, coalesce(max(seq), 0) AS upto FROM audit"
        " WHERE seq < coalesce((SELECT min(seq) FROM audit WHERE at >= ?), (SELECT max(seq) + 1 FROM audit))"
    )
    found = (await tx.all(sql, stamp(before)))[0]
    return int(str(found["upto"])), int(str(found["count"]))


async def _purge_rows(tx: Transaction, desk: Desk, agent: Agent, upto: int, before: datetime) -> None:
    last = await tx.all("SELECT hash FROM audit WHERE seq = ?", upto)
    details: dict[str, Detail] = {"upto": upto, "head": str(last[0]["hash"]), "before": stamp(before)}
    await desk.audit.append(tx, Entry(kind=Kind.EVENT, action=PURGED, agent=agent.id, details=details))
    await tx.execute("DELETE FROM open_intents WHERE seq <= ?", upto)
    await tx.execute("DELETE FROM audit WHERE seq <= ?", upto)
