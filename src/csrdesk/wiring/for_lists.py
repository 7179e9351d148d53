"""Opening a desk for acts on a list: at half of what the services take, and one list at a time in one data folder.

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
    from csrdesk.services.pace import Paces

SHARE = 0.5
"""Of what PingOne and the mail server take; the rest is for calls."""


@contextlib.asynccontextmanager
async def open_for_list(settings: Settings) -> AsyncIterator[tuple[Desk, Paces]]:
    """The desk, and how fast it goes. Raises `ConflictError` while another list is worked on."""
    from csrdesk.services.pace import Pace, Paces

    paces = Paces(Pace(settings.pingone.requests_per_second * SHARE), Pace(settings.mail.mails_per_second * SHARE))
    with _alone(data_folder(settings) / "list.lock"):
        async with open_desk(settings, serve_pages=False, paces=paces) as desk:
            yield desk, paces


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
