"""Looking now and then whether the audit can be written and the world outside answers, so that an agent knows before a
call begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from csrdesk.wiring.front import FrontDesk

EVERY: Final = 60.0
"""Seconds between two looks outside; a look costs each server one question."""
HERE: Final = 5.0
"""Seconds between two looks at the desk's own database; and outside, while something there is down."""
AUDIT: Final = "Audit"
WORDS: Final = {
    AUDIT: "The audit cannot be written: people can be looked up, waiting calls wait on, and nothing else is done. "
    "Look at the desk's disk or database.",
    "PingOne": "PingOne does not answer: nobody can be looked up or verified. A protective disable closes AD alone.",
    "AD": "AD does not answer: only PingOne's half can be disabled or unlocked. Nothing can be enabled or reset.",
    "mail": "The mail server does not answer: no link can be sent. Acts go on; mails about them are tried for a while.",
}
"""What each means for a call."""


async def watch(
    desk: FrontDesk, tell: Callable[[tuple[str, ...]], None], *, every: float = EVERY, here: float = HERE
) -> None:
    """Tell what cannot be used, whenever that is another than before; runs until it is cancelled."""
    down: dict[str, tuple[str, ...]] = {}

    def told(where: str, names: tuple[str, ...]) -> None:
        if names != down.get(where, ()):
            down[where] = names
            tell((*down.get("here", ()), *down.get("outside", ())))

    async def look_here() -> None:
        while True:
            told("here", () if await desk.is_writable() else (AUDIT,))
            await asyncio.sleep(here)

    async def look_outside() -> None:
        while True:
            names = await desk.not_answering()
            told("outside", names)
            # A failure says more than the last look; and what is down may be back at any moment.
            with suppress(TimeoutError):
                await asyncio.wait_for(desk.failure(), min(here, every) if names else every)

    await asyncio.gather(look_here(), look_outside())
