"""A code to type on another device, as a terminal shows it: large, as a QR code, and with the time that is left."""

from __future__ import annotations

import asyncio
import contextlib
import io
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from csrdesk.cli.result import inert, say

if TYPE_CHECKING:
    from csrdesk.services.sign_in.device import DeviceCode

_AROUND: Final = 2
"""Modules of light around the picture: a phone finds it, and a terminal of 24 lines holds it."""
_OTHER_LINES: Final = 3


@asynccontextmanager
async def waiting() -> AsyncIterator[Callable[[DeviceCode], None]]:
    """Gives what shows a code. The time that is left is told until the block ends, also where Ctrl-C ended it."""
    telling: list[asyncio.Task[None]] = []

    def shown(code: DeviceCode) -> None:
        for line in picture(code.verification_uri_complete, *shutil.get_terminal_size()):
            sys.stderr.write(line)
        say(f"Open {code.verification_uri}")
        say(f"on another device, and type:   {spread(code.user_code)}")
        telling.append(asyncio.create_task(_tell(time.monotonic() + code.expires_in)))

    try:
        yield shown
    finally:
        for task in telling:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def spread(code: str) -> str:
    """`[ B V K V - 2 G Z 2 ]`: wide enough to be read from the other device."""
    return f"[ {' '.join(inert(code))} ]"


def picture(url: str, columns: int, lines: int) -> tuple[str, ...]:
    """The lines of a QR code, dark on light whatever the terminal's colours are; none where they would not fit."""
    if not url or not sys.stderr.isatty():
        return ()
    import segno

    drawn = io.StringIO()
    segno.make(url, error="l", micro=False).terminal(drawn, border=_AROUND, compact=True)
    rows = drawn.getvalue().splitlines()
    if len(rows) + _OTHER_LINES > lines or any(len(row) > columns for row in rows):
        return ()
    return tuple(f"\x1b[97;40m{row}\x1b[0m\r\n" for row in rows)


async def _tell(ends: float) -> None:
    """One line, drawn anew each second; where nobody watches it is said once."""
    if not sys.stderr.isatty():
        say("Waiting until somebody has signed in there. Ctrl-C ends the waiting.")
        return
    try:
        while (left := int(ends - time.monotonic())) > 0:
            sys.stderr.write(f"\r\x1b[KWaiting for you: {left // 60}:{left % 60:02} left. Ctrl-C ends it.")
            sys.stderr.flush()
            await asyncio.sleep(1)
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
