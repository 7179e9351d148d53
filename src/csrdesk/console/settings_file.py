"""Whether the settings file was changed under a running console: it goes on with the old ones, and says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from csrdesk.config import load
from csrdesk.errors import ConfigError

LOOK_SECONDS = 2.0
_GOES_ON = "This console goes on with the old ones."
CHANGED = f"The settings were changed. {_GOES_ON} Leave it and start it again for the new ones; open calls stay open."


async def watch(path: Path, say: Callable[[str], None], *, seconds: float = LOOK_SECONDS) -> None:
    """Say each change once, and what is wrong with the new settings, if anything; runs until it is cancelled."""
    said = seen = _signature(path)
    while True:
        await asyncio.sleep(seconds)
        now = _signature(path)
        # Not before it lay still for a moment: an editor may be in the middle of writing it.
        if now != said and now == seen:
            said = now
            say(await asyncio.to_thread(_words, path))
        seen = now


def _signature(path: Path) -> tuple[int, int, int] | None:
    """What moves whenever the file is written or replaced; None where there is none."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _words(path: Path) -> str:
    try:
        load(path)
    except ConfigError as error:
        return f"The settings were changed and cannot be used like this. {_GOES_ON} {error.message}"
    return CHANGED
