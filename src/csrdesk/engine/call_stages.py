"""How far a call is, in words for agents: from its window and its links, whatever state it is saved in."""

from __future__ import annotations

from datetime import datetime

from csrdesk.engine import bound, challenges, windows
from csrdesk.engine.store import Reading
from csrdesk.model.link import Purpose

VERIFIED = "verified"
NOT_VERIFIED = "not verified"
_OPEN = {
    **dict.fromkeys(bound.TRIES, "waiting for the phone"),
    Purpose.SPOKEN_ADDRESS: "address said, waiting for the code",
}
"""What is open, where it is no link."""


async def verified_until(reading: Reading, call_id: str, now: datetime) -> datetime | None:
    """Until when the caller is verified in this call; None where they are not."""
    window = await windows.newest(reading, call_id)
    return window.verified_until if window and window.is_open(now) else None


async def waiting_for(reading: Reading, call_id: str) -> str:
    """What the caller is waited for, empty where nothing is open."""
    open_ones = await challenges.open_ones(reading, call_id=call_id)
    return _OPEN.get(open_ones[0].purpose, "link sent") if open_ones else ""


async def stage_of(reading: Reading, call_id: str, now: datetime) -> tuple[str, datetime | None]:
    """The same as one word or two, and until when the caller is verified; an exception is named as what it is."""
    window = await windows.newest(reading, call_id)
    if window and window.is_open(now):
        return window.shown.exception or VERIFIED, window.verified_until
    return await waiting_for(reading, call_id) or NOT_VERIFIED, None
