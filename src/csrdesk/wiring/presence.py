"""Who is there: each process holds a lock of its own in the data folder, which goes with it, whatever ends it.

The lock is the system's (flock); the file's existence alone proves nothing.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from csrdesk.wiring.lock import locked

FOLDER: Final = "running"


class Processes:
    """The desk's processes on one data folder, as one of them sees the others: `engine.presence.Presence`."""

    def __init__(self, data_dir: Path, name: str) -> None:
        self._folder = data_dir / FOLDER
        self._name = name
        self._descriptor: int | None = None

    def arrive(self) -> None:
        """Be there from now on; what others left that are gone is taken away.

        Where the disk takes no file more, this process is like one that is gone: others may go on with what it does,
        which does nothing twice.
        """
        with suppress(OSError):
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._descriptor = locked(self._folder / self._name)
            for path in self._folder.iterdir():
                self.is_gone(path.name)

    def leave(self) -> None:
        """Be gone."""
        if self._descriptor is not None:
            with suppress(OSError):  # what a disk that takes no writing keeps is taken away by whoever comes next
                (self._folder / self._name).unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def is_gone(self, performer: str) -> bool:
        """Whether nobody holds that process's lock."""
        if performer == self._name or not performer.isalnum():
            return False
        path = self._folder / performer
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        except FileNotFoundError:
            return True
        except OSError:  # nobody can tell: it is waited for until its lease ends
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            path.unlink(missing_ok=True)
            return True
        finally:
            os.close(descriptor)
