"""What went wrong at a PostgreSQL server, in words: what tells of the server, and what is a mistake in a statement.

See https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from csrdesk.engine.store_connection import unavailable
from csrdesk.errors import StoreUnavailableError

FULL: Final = "its server takes no more connections"
_REASONS: Final = {
    "0A000": "its tables were changed meanwhile",
    "22021": "it does not keep text as UTF-8",
    "25006": "its server takes no writing; is it a standby?",
    "25P02": "it ended what was begun",
    "25P03": "what was begun took too long",
    "28000": "its server refuses this name",
    "28P01": "its server refuses name or password",
    "3D000": "its server has no database of that name",
    "40001": "it ended what was begun",
    "40P01": "it ended what was begun",
    "42501": "this name may not use it",
    "42P01": "it is damaged: a table is gone",
    "53100": "its server's disk is full",
    "53200": "its server has no memory left",
    "53300": FULL,
    "55P03": "another program holds it",
    "57014": "it did not answer in time",
    "57P01": "its server is being shut down",
    "57P02": "its server is being started anew",
    "57P03": "its server is being started or shut down",
    "57P05": "it was not asked for too long",
    "58030": "its server's disk cannot be read or written",
    "XX001": "it is damaged",
    "XX002": "it is damaged",
}
"""By SQLSTATE."""
_AT_THE_DOOR: Final = (
    ("too many clients", FULL),
    ("connection slots are reserved", FULL),
    ("too many connections", FULL),
    ("starting up", _REASONS["57P03"]),
    ("shutting down", _REASONS["57P03"]),
    ("recovery mode", _REASONS["57P03"]),
    ("not yet accepting", _REASONS["57P03"]),
    ("No space left", _REASONS["53100"]),
    ("password", _REASONS["28P01"]),
    ("pg_hba.conf", _REASONS["28000"]),
    ("does not support SSL", "its server speaks no TLS"),
    ("certificate", "its server's certificate cannot be trusted"),
    ("read-only", _REASONS["25006"]),
    ("does not exist", "its server knows no such name or database"),
)
"""Whoever is not let in is told in the server's words alone; libpq hands over no SQLSTATE there."""
_ENDS: Final = frozenset({"0A000", "25P03", "57P01", "57P02", "57P03", "57P05"})
AWAY: Final = "its server cannot be reached"
BROKEN: Final = "the way to its server broke"
LOST: Final = "its server did not say whether it kept what was written last. It is looked at again when it is back."


def ends(error: psycopg.Error) -> bool:
    """Whether nothing more can be asked by the connection that said this."""
    return error.sqlstate in _ENDS


def translated(error: psycopg.Error) -> BaseException:
    """Errors about the server become `StoreUnavailableError`; mistakes stay what they are."""
    why = _REASONS.get(error.sqlstate or "")
    if not why and isinstance(error, psycopg.OperationalError | psycopg.InternalError | psycopg.InterfaceError):
        why = BROKEN
    return unavailable(why, str(error)) if why else error


def not_let_in(error: psycopg.Error) -> StoreUnavailableError:
    """Why there is no connection."""
    said = str(error)
    why = _REASONS.get(error.sqlstate or "") or next((words for sign, words in _AT_THE_DOOR if sign in said), AWAY)
    return unavailable(why, said)


@contextmanager
def translating() -> Iterator[None]:
    """Raises errors as `translated` says them."""
    try:
        yield
    except psycopg.Error as error:
        raise translated(error) from error


def lost(details: str) -> StoreUnavailableError:
    """The answer to a commit did not come: it may be there, and must not be written again without looking."""
    return StoreUnavailableError(f"The desk's database cannot be used: {LOST}", details=details)
