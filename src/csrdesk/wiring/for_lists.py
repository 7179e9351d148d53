"""Opening a desk for acts on a list: at half of PingOne's rate, and one list at a time in one data folder.

Apart from the desk, because a person at the desk is never slowed down or kept out.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from csrdesk.config import Settings
from csrdesk.errors import ConflictError
from csrdesk.wiring.desk import Desk, open_desk
from csrdesk.wiring.who import data_folder

if TYPE_CHECKING:
    from csrdesk.services.pingone.pace import Pace

SHARE = 0.5
"""Of what PingOne allows; the rest is for calls."""


@contextlib.asynccontextmanager
async def open_for_list(settings: Settings) -> AsyncIterator[tuple[Desk, Pace]]:
    """The desk, and the pace that its calls to PingOne keep. Raises `ConflictError` while another list is worked on."""
    from csrdesk.services.pingone.pace import Pace

    pace = Pace(settings.pingone.requests_per_second * SHARE)
    with _alone(data_folder(settings) / "list.lock"):
        async with open_desk(settings, serve_pages=False, pace=pace) as desk:
            yield desk, pace


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the lock, which is the system's (flock) and so goes with its process."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            words = "Another list is being worked on at this desk. Wait for its end. Nothing was done."
            raise ConflictError(words) from None
        yield
    finally:
        os.close(descriptor)
