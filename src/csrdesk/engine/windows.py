"""Verified windows: from an approved link until the window, the call or the agent's interest in this caller ends."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.engine.clock import stamp
from csrdesk.engine.policy import Window
from csrdesk.engine.store import Reading, Transaction


async def newest(reading: Reading, call_id: str) -> Window | None:
    """The newest window of a call, open or not."""
    row = await reading.at_key("SELECT * FROM windows WHERE call_id = ? ORDER BY started_at DESC LIMIT 1", call_id)
    return msgspec.convert(row, Window) if row else None


async def of_challenge(reading: Reading, challenge_id: str) -> Window | None:
    """The window that a link opened."""
    row = await reading.at_key("SELECT * FROM windows WHERE challenge_id = ?", challenge_id)
    return msgspec.convert(row, Window) if row else None


async def other_calls(reading: Reading, agent: str, call_id: str, now: datetime) -> int:
    """How many other calls of this agent are verified now."""
    rows = await reading.all(
        "SELECT DISTINCT call_id FROM windows"
        " WHERE agent = ? AND call_id <> ? AND ended_at IS NULL AND verified_until > ?",
        agent,
        call_id,
        stamp(now),
    )
    return len(rows)


async def start(tx: Transaction, window: Window) -> None:
    """A new window; older ones of the call end."""
    await end(tx, window.call_id, window.started_at)
    await tx.execute(
        "INSERT INTO windows VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        window.challenge_id,
        window.call_id,
        window.agent,
        window.person_id,
        window.evidence,
        stamp(window.started_at),
        stamp(window.verified_until),
    )


async def end_of_challenge(tx: Transaction, challenge_id: str, now: datetime) -> int:
    """End the window that a link opened; how many were open."""
    return await tx.execute(
        "UPDATE windows SET ended_at = ? WHERE challenge_id = ? AND ended_at IS NULL AND verified_until > ?",
        stamp(now),
        challenge_id,
        stamp(now),
    )


async def end(tx: Transaction, call_id: str, now: datetime) -> int:
    """End every window of a call; how many were open."""
    return await tx.execute(
        "UPDATE windows SET ended_at = ? WHERE call_id = ? AND ended_at IS NULL AND verified_until > ?",
        stamp(now),
        call_id,
        stamp(now),
    )
