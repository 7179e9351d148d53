"""One process at a time: a refresh token counts once, and two commands that use it at once would end the sign-in."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from csrdesk.errors import ConfigError, TimedOutError
from csrdesk.services.sign_in.provider import SYSTEM

PATIENCE: Final = 30.0
"""Seconds; longer than a provider may take."""
_AGAIN: Final = 0.05


@asynccontextmanager
async def alone(path: Path, *, patience: float = PATIENCE) -> AsyncIterator[None]:
    """Whoever is inside is the only one, on this machine. Raises `TimedOutError` where another one does not leave."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise ConfigError(f"{path} cannot be used: {error.strerror}.", key="desk.data_dir") from None
    try:  # closing gives the lock back, as the end of the process does
        await _wait(descriptor, patience)
        yield
    finally:
        os.close(descriptor)


async def _wait(descriptor: int, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            while not _taken(descriptor):  # noqa: ASYNC110 - the system has no event for it
                await asyncio.sleep(_AGAIN)
    except TimeoutError:
        words = "Another csrdesk is renewing the sign-in and does not finish. Try again in a moment."
        raise TimedOutError(words, system=SYSTEM, details="sign-in.lock") from None


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
