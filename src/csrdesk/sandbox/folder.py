"""A temporary folder with secrets in it that goes with its process, and the folders of processes that were killed.

Nothing can tidy up after a kill. So whoever makes a folder holds a lock on a file in it; the system lets go of the lock
when the process dies, and the next start removes what nobody holds. What has no such file is not ours to remove.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "csrdesk-"
_HELD: Final = ".held"


@contextmanager
def own_folder(kind: str) -> Iterator[Path]:
    """A folder `csrdesk-KIND-...` of mode 0700, removed at the end."""
    with tempfile.TemporaryDirectory(prefix=f"{PREFIX}{kind}-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        lock = os.open(folder / "new", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            # Only now is it there by name, so nobody finds it without its lock.
            (folder / "new").rename(folder / _HELD)
            yield folder
        finally:
            os.close(lock)


def remove_dead() -> int:
    """Remove the folders of this user whose process was killed; how many."""
    return sum(_removed(Path(entry)) for entry in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def _removed(folder: Path) -> bool:
    with suppress(OSError):  # gone by now, of another user, or held: all of them stay as they are
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            return False
        lock = os.open(folder / _HELD, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
        finally:
            os.close(lock)
        return True
    return False
