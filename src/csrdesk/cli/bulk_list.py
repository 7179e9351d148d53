"""A list of accounts from a CSV file: read whole, line by line, before anything is done, kept on disk, not in memory.

What is wrong with it is said with line numbers; a list with one wrong line is not taken at all.
"""

from __future__ import annotations

import csv
import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from typing import BinaryIO

import msgspec

from csrdesk.cli.exporting import cell
from csrdesk.flows.look_up import unfit

MOST_LINES = 1_000_000
LONGEST_LINE = 65_536
"""Bytes."""
_SHOWN = 20
"""Wrong lines that are named."""
_PAGE = 500
_TOLD_EVERY = 50_000
_BOM, _UTF16 = b"\xef\xbb\xbf", (b"\xff\xfe", b"\xfe\xff")
_DELIMITERS = (",", ";", "\t")
KNOWN_HEADS = (
    "identifier", "username", "user name", "user", "email", "e-mail", "mail", "userprincipalname", "upn",
    "samaccountname", "customer number", "number", "externalid", "employeeid", "phone", "id",
)  # fmt: skip
"""Headings of a column that names people, the best first."""


class WrongListError(Exception):
    """The list cannot be taken; `problems` say where and why, `more` how many are not named."""

    def __init__(self, problems: tuple[str, ...], more: int = 0) -> None:
        super().__init__(*problems)
        self.problems = problems
        self.more = more


class Account(msgspec.Struct, frozen=True):
    """One line of the list."""

    line: int
    identifier: str


class AccountList:
    """The accounts of one file, each once, in a file without a name that goes when this is closed."""

    def __init__(self) -> None:
        self.column = ""
        """The heading of the column that was taken; empty where there is none."""
        self.blank = 0
        self.twice = 0
        """Lines that name somebody who was named before, in the same words."""
        self.digest = ""
        """SHA-256 of the whole file."""
        self._file = sqlite3.connect("", isolation_level=None)  # SQLite's own temporary file: nobody else can open it
        self._file.execute("PRAGMA journal_mode = OFF")
        self._file.execute(
            "CREATE TABLE accounts (line INTEGER PRIMARY KEY, key TEXT UNIQUE, identifier TEXT, left INT)"
        )
        self._file.execute("BEGIN")

    def close(self) -> None:
        self._file.close()

    def add(self, line: int, identifier: str) -> None:
        """One more account, unless it is there already."""
        sql = "INSERT OR IGNORE INTO accounts VALUES (?, ?, ?, 1)"
        self.twice += 1 - self._file.execute(sql, (line, key_of(identifier), identifier)).rowcount

    def over(self, identifier: str, *, ended: bool) -> bool:
        """Note whether this account needs nothing more; False where the list does not hold it."""
        sql = "UPDATE accounts SET left = ? WHERE key = ?"
        return self._file.execute(sql, (0 if ended else 1, key_of(identifier))).rowcount == 1

    @property
    def total(self) -> int:
        return int(self._file.execute("SELECT count(*) FROM accounts").fetchone()[0])

    @property
    def left(self) -> int:
        """How many accounts are still to be done."""
        return int(self._file.execute("SELECT count(*) FROM accounts WHERE left = 1").fetchone()[0])

    def to_do(self) -> Iterator[Account]:
        """What is left when it is asked for, in the file's order, a page at a time."""
        line, sql = 0, "SELECT line, identifier FROM accounts WHERE line > ? AND left = 1 ORDER BY line LIMIT ?"
        while rows := self._file.execute(sql, (line, _PAGE)).fetchall():
            for line, identifier in rows:
                yield Account(line, identifier)


def key_of(identifier: str) -> str:
    """What is the same for two spellings of one identifier, also where a result file has made it harmless."""
    return cell(identifier).casefold()


def read_list(file: BinaryIO, column: str, tell: Callable[[int], None], *, most: int = MOST_LINES) -> AccountList:
    """The accounts of an open file; `tell` hears how many lines were read. Raises `WrongListError`."""
    found = AccountList()
    try:
        _Reading(found, column, most).whole(file, tell)
    except sqlite3.Error as error:
        found.close()
        raise WrongListError((f"the folder for temporary files cannot take it: {error}",)) from None
    except BaseException:
        found.close()
        raise
    return found


class _Reading:
    """One pass over a file."""

    def __init__(self, found: AccountList, column: str, most: int) -> None:
        self._found = found
        self._wanted = column
        self._most = most
        self._delimiter = ""
        self._place = 0
        self._width = 0
        self._problems: list[str] = []
        self._wrong = 0

    def whole(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        digest, number, accounts = hashlib.sha256(), 0, 0
        while raw := file.readline(LONGEST_LINE + 1):
            digest.update(raw)
            number += 1
            if len(raw) > LONGEST_LINE:
                raise WrongListError(
                    (f"line {number} is longer than {LONGEST_LINE} bytes: this is no list of accounts",)
                )
            if number == 1:
                raw = _without_mark(raw)
            if number > self._most:
                raise WrongListError((f"it has more than {self._most:,} lines: split the list",))
            accounts += self._line(number, raw)
            if number % _TOLD_EVERY == 0:
                tell(number)
        if self._wrong:
            raise WrongListError(tuple(self._problems), self._wrong - len(self._problems))
        if not accounts:
            raise WrongListError(("it names nobody",))
        self._found.digest = digest.hexdigest()

    def _line(self, number: int, raw: bytes) -> int:
        """How many accounts this line adds."""
        try:
            text = raw.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError as error:
            return self._bad(number, f"byte {error.start + 1} is no UTF-8: save the list as CSV UTF-8")
        if not text.strip(" \t" + "".join(_DELIMITERS)):
            self._found.blank += 1
            return 0
        if not self._delimiter:
            self._delimiter = max(_DELIMITERS, key=text.count)
        try:
            cells = next(csv.reader([text], delimiter=self._delimiter, strict=True))
        except csv.Error:
            return self._bad(number, "its quotes do not fit: each account stands on one line")
        return self._cells(number, cells)

    def _cells(self, number: int, cells: list[str]) -> int:
        if not self._width:
            self._width = len(cells)
            if self._is_heading(cells):
                return 0
        if len(cells) != self._width:
            return self._bad(number, f"{len(cells)} columns, but the first line has {self._width}")
        identifier = cells[self._place].strip()
        if not identifier:
            return self._bad(number, "it names nobody")
        if unfit(identifier):
            return self._bad(number, "nobody is called that: it is too long, or holds what nobody can type")
        self._found.add(number, identifier)
        return 1

    def _is_heading(self, cells: list[str]) -> bool:
        """Which column is meant, and whether this first line is their headings. Raises `WrongListError`."""
        heads = [one.strip().casefold() for one in cells]
        if self._wanted:
            if self._wanted.strip().casefold() not in heads:
                shown = ", ".join(cell(one) for one in cells)
                raise WrongListError((f"no column is called {self._wanted}; there are: {shown}",))
            self._place = heads.index(self._wanted.strip().casefold())
        elif known := [heads.index(head) for head in KNOWN_HEADS if head in heads]:
            self._place = known[0]
        elif len(cells) == 1:
            return False
        else:
            raise WrongListError(("which column names the accounts? Say it with --column",))
        self._found.column = cell(cells[self._place])
        return True

    def _bad(self, number: int, why: str) -> int:
        self._wrong += 1
        if len(self._problems) < _SHOWN:
            self._problems.append(f"line {number}: {why}")
        return 0


def _without_mark(raw: bytes) -> bytes:
    if raw.startswith(_UTF16):
        raise WrongListError(("it is UTF-16: save the list as CSV UTF-8",))
    return raw.removeprefix(_BOM)
