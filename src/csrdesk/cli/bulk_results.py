"""The result file of a run over many accounts: a line an account, written as each ends, and taken up again later.

Readable by its owner alone, and harmless in a spreadsheet.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Self

import msgspec

from csrdesk.cli.bulk_list import AccountList
from csrdesk.cli.exporting import cell
from csrdesk.errors import ConflictError, InvalidValueError

HEADS = ("at", "act", "line", "identifier", "result", "what", "person", "run")
_FIRST = ",".join(f'"{head}"' for head in HEADS)


class Came(StrEnum):
    """How one account ended."""

    DONE = "done"
    WOULD = "would"
    """A dry run: it could be done."""
    REFUSED = "refused"
    """Nobody fits or several do, protected, or a rule says no: trying again would say the same."""
    HALF_DONE = "half_done"
    FAILED = "failed"
    UNKNOWN = "unknown"


_FINAL = (Came.DONE, Came.REFUSED)
"""What is not tried again when a run is taken up."""


class Line(msgspec.Struct, frozen=True):
    """What came of one account."""

    line: int
    identifier: str
    came: Came
    what: str
    code: str = ""
    person_id: str = ""
    untold: bool = False
    """Done, and no mail server has taken the mail about it."""


class Results:
    """An open result file. Made with `new` or `resumed`."""

    def __init__(self, path: Path, descriptor: int, act: str) -> None:
        self.path = path
        self._descriptor = descriptor
        self._act = act
        self._empty = False

    @classmethod
    def new(cls, path: Path, act: str) -> Self:
        """A file that was not there. Raises `ConflictError`, `InvalidValueError`."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        except FileExistsError:
            words = f"{path} is there already. Add --resume to go on with it, or name another with --result."
            raise ConflictError(f"{words} Nothing was done.") from None
        except OSError as error:
            raise InvalidValueError(f"{path} cannot be written: {error.strerror}. Nothing was done.") from None
        found = cls._locked(path, descriptor, act)
        found.begin()
        return found

    @classmethod
    def resumed(cls, path: Path, act: str, accounts: AccountList) -> Self:
        """A file of an earlier run over the same list: what ended there is noted in `accounts`.

        A last line that a crash cut short is taken away. Raises `InvalidValueError` where it is none, or another's.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW)
        except OSError as error:
            raise InvalidValueError(f"{path} cannot be opened: {error.strerror}. Nothing was done.") from None
        found = cls._locked(path, descriptor, act)
        try:
            found.take_up(accounts)
        except InvalidValueError:
            found.close()
            raise
        return found

    @classmethod
    def _locked(cls, path: Path, descriptor: int, act: str) -> Self:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise ConflictError(f"Another run writes to {path}. Nothing was done.") from None
        return cls(path, descriptor, act)

    def write(self, run_id: str, line: Line) -> None:
        """One line, whole."""
        self._empty = False
        at = datetime.now(UTC).isoformat(timespec="seconds")
        cells = (at, self._act, str(line.line), line.identifier, line.came, line.what, line.person_id, run_id)
        self._put(",".join(f'"{one}"' for one in (cell(part).replace('"', '""') for part in cells)))

    def close(self) -> None:
        """A file that nothing was written to is taken away again."""
        if self._empty:
            self.path.unlink(missing_ok=True)
        os.close(self._descriptor)

    def begin(self) -> None:
        """The headings."""
        self._put(_FIRST)
        self._empty = True

    def _put(self, line: str) -> None:
        os.write(self._descriptor, line.encode() + b"\n")

    def take_up(self, accounts: AccountList) -> None:
        """Note in `accounts` what ended. Raises `InvalidValueError`."""
        with os.fdopen(os.dup(self._descriptor), "rb") as file:
            file.seek(0)
            if file.readline().decode("utf-8", "replace").rstrip("\n") != _FIRST:
                raise InvalidValueError(f"{self.path} is no result file. Nothing was done.")
            whole = file.tell()
            for raw in file:
                if not raw.endswith(b"\n"):
                    break
                whole += len(raw)
                self._note(raw, accounts)
        os.ftruncate(self._descriptor, whole)

    def _note(self, raw: bytes, accounts: AccountList) -> None:
        row = next(csv.reader(io.StringIO(raw.decode("utf-8", "replace"))), [])
        if len(row) != len(HEADS) or row[1] != self._act:
            words = f"{self.path} is the result of something else. Name the file of this act. Nothing was done."
            raise InvalidValueError(words)
        if not accounts.over(row[3], ended=row[4] in _FINAL):
            words = f"{self.path} names {cell(row[3])}, whom this list does not. Give the list it began with."
            raise InvalidValueError(f"{words} Nothing was done.")
