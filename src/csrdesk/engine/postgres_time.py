"""Asking PostgreSQL what time it is, in its own connections: on a thread, and on the loop.

See https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-CURRENT.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from csrdesk.engine.shared_clock import SharedClock
from csrdesk.engine.store import Value
from csrdesk.model.other_clock import Reading

_ASK: Final = b"SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
"""Not `now()`, which is when the transaction began. A number, which no setting of the session writes otherwise."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def compare(clock: SharedClock, live: psycopg.Connection[tuple[Value, ...]]) -> None:
    """Tell the clock what the server says."""
    asked = clock.elapsed()
    rows = live.execute(_ASK).fetchall()
    clock.told(Reading.between(_moment(rows), asked, clock.elapsed()))


async def compare_on_loop(clock: SharedClock, live: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
    """The same."""
    asked = clock.elapsed()
    rows = await (await live.execute(_ASK)).fetchall()
    clock.told(Reading.between(_moment(rows), asked, clock.elapsed()))


def _moment(rows: Sequence[tuple[object, ...]]) -> datetime:
    return _EPOCH + timedelta(microseconds=int(str(rows[0][0])))
