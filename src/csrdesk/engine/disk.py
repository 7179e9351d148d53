"""Whether a disk is full, which SQLite does not always say: to lock a file it wants room beside it.

Apart from `store_connection`, because it is asked only when something went wrong.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

LITTLE: Final = 64 * 1024
"""Bytes: what SQLite needs beside a database before it reads a row (https://www.sqlite.org/walformat.html)."""


def is_full(folder: Path) -> bool:
    """False also where it cannot be asked."""
    try:
        return shutil.disk_usage(folder).free < LITTLE
    except OSError:
        return False
