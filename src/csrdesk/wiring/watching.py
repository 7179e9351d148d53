"""Looking now and then whether the world outside answers, so that an agent knows before a call begins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from csrdesk.wiring.desk import Desk

EVERY: Final = 60.0
"""Seconds between two looks; a look costs each server one question."""
WORDS: Final = {
    "PingOne": "PingOne does not answer: nobody can be looked up or verified. A protective disable closes AD alone.",
    "AD": "AD does not answer: only PingOne's half can be disabled or unlocked. Nothing can be enabled or reset.",
    "mail": "The mail server does not answer: no link can be sent. Acts go on; mails about them are tried for a while.",
}
"""What each means for a call."""


async def watch(desk: Desk, tell: Callable[[tuple[str, ...]], None], *, every: float = EVERY) -> None:
    """Tell what does not answer, whenever that is another than before; runs until it is cancelled."""
    before: tuple[str, ...] = ()
    while True:
        now = await desk.not_answering()
        if now != before:
            tell(now)
        before = now
        await asyncio.sleep(every)
