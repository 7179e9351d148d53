"""A copy of everything that a desk has to get back: database, keys, checkpoints, as of one moment, while it works.

What is newest in the copy must be the database: a checkpoint of a row that the copy does not have would later look like
a row that somebody has cut off.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import msgspec

from csrdesk.config import Settings
from csrdesk.engine.audit import Entry, Kind
from csrdesk.errors import ConflictError, StoreUnavailableError
from csrdesk.wiring.desk import Desk
from csrdesk.wiring.store import DATABASE

BACKED_UP: Final = "data.backed_up"
KEYS: Final = ("desk.key", "checkpoint.key")


class Backup(msgspec.Struct, frozen=True):
    """What was copied."""

    folder: str
    files: tuple[str, ...]
    rows: int
    """Rows of the audit in the copy; 0 where the database is not among the files."""


async def back_up(desk: Desk, folder: Path) -> Backup:
    """Copy into a new folder of mode 0700. Raises `ConflictError` where it is there, and `StoreUnavailableError`."""
    _make(folder)
    row = Entry(kind=Kind.EVENT, action=BACKED_UP, agent=desk.agent.id, details={"database": _is_ours(desk.settings)})
    await desk.audit.write(row)
    try:
        return await asyncio.to_thread(_copy, desk.settings, desk.data_dir, folder)
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(folder, ignore_errors=True)
        why = error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__
        words = f"The copy could not be made: {why}. What there was of it is taken away again."
        raise StoreUnavailableError(words, details=type(error).__name__) from error


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise ConflictError(f"{folder} is there already. Nothing was copied.", system="csrdesk") from None
    except OSError as error:
        words = f"{folder} cannot be made: {error.strerror}. Nothing was copied."
        raise ConflictError(words, system="csrdesk") from None


def _is_ours(settings: Settings) -> bool:
    """Whether the database is a file of the data folder; PostgreSQL's has tools of its own."""
    return not settings.desk.database


def _copy(settings: Settings, data_dir: Path, folder: Path) -> Backup:
    named = settings.desk.checkpoint_file
    checkpoints = Path(named).expanduser() if named else data_dir / "checkpoints.jsonl"
    key = Path(settings.desk.key_file).expanduser() if settings.desk.key_file else data_dir / KEYS[0]
    for source, name in ((checkpoints, "checkpoints.jsonl"), (key, KEYS[0]), (data_dir / KEYS[1], KEYS[1])):
        if source.exists():
            _write(folder / name, source.read_bytes())
    rows = _copy_database(data_dir / DATABASE, folder / DATABASE) if _is_ours(settings) else 0
    return Backup(str(folder), tuple(sorted(path.name for path in folder.iterdir())), rows)


def _copy_database(source: Path, target: Path) -> int:
    """By SQLite's own backup, beside which others may write (sqlite.org, "Online Backup API"); the audit's rows."""
    _write(target, b"")
    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file, and no companions of it
        found = copy.execute("PRAGMA quick_check").fetchone()
        if found != ("ok",):
            raise sqlite3.DatabaseError(f"the copy is damaged: {found}")
        rows = int(copy.execute("SELECT count(*) FROM audit").fetchone()[0])
    with target.open("rb") as file:
        os.fsync(file.fileno())
    return rows


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
