"""`desk.lock` in the data folder: whoever holds it serves the customers' pages, and wrote down who and where it is.

The lock is the system's (flock), so it goes with its process, whatever ends that; the file's text alone proves nothing.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

_TRIES = 3
_PAUSE = 0.02


class Holder(msgspec.Struct, frozen=True):
    """The process that serves the pages."""

    pid: int
    url: str
    """The origin of its pages as customers reach it."""


class PagesLock:
    """The lock of one data folder, as one process sees it."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "desk.lock"
        self._descriptor: int | None = None

    @property
    def ours(self) -> bool:
        """Whether this process holds it."""
        return self._descriptor is not None

    async def take(self) -> bool:
        """Hold the lock if nobody else does. Somebody's look at it lasts a moment, so it is tried more than once."""
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_PAUSE)
            if self._try():
                return True
        return False

    def _try(self) -> bool:
        if self._descriptor is None:
            with _without_disk():
                self._descriptor = locked(self._path)
            if self._descriptor is not None:
                os.ftruncate(self._descriptor, 0)
        return self._descriptor is not None

    def announce(self, url: str) -> None:
        """Write down where the pages are, once they are served."""
        if self._descriptor is not None:
            with _without_disk():
                os.pwrite(self._descriptor, msgspec.json.encode(Holder(os.getpid(), url)), 0)

    def holder(self) -> Holder | None:
        """Who serves the pages now. None for nobody, and while that process is only starting."""
        if not self._path.exists():
            return None
        try:
            free = None if self.ours else locked(self._path)
            if free is not None:
                os.close(free)
                return None
            return msgspec.json.decode(self._path.read_bytes(), type=Holder)
        except (OSError, msgspec.DecodeError):
            return None

    def release(self) -> None:
        """Let somebody else serve."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


@contextmanager
def _without_disk() -> Iterator[None]:
    """A disk that takes no writing stops no desk: then no link is sent, and nobody has to know where the pages are."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.EDQUOT, errno.ENOSPC, errno.EROFS):
            raise


def locked(path: Path) -> int | None:
    """A descriptor of that file with its lock, until it is closed; None where another process has it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
