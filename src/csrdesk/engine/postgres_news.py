"""What other processes wrote, as PostgreSQL tells it (LISTEN and NOTIFY), and which of them are there.

One connection for both, which only listens: while it is there it holds an advisory lock with this process's name, and
the lock goes with it, whatever ends the process. See https://www.postgresql.org/docs/current/sql-notify.html.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Final

import psycopg

from csrdesk.engine.postgres_address import Address
from csrdesk.engine.postgres_errors import not_let_in
from csrdesk.engine.postgres_time import compare_on_loop
from csrdesk.engine.shared_clock import SharedClock
from csrdesk.engine.store_connection import unavailable
from csrdesk.errors import StoreUnavailableError

log = logging.getLogger(__name__)

CHANGED: Final = "csrdesk_changed"
"""Notified with each commit that wakes somebody."""
HERE: Final = "csrdesk_here"
"""Notified when a process arrives."""
PAUSE: Final = 0.5
"""Seconds before the next try to listen. Waiters look for themselves meanwhile, so it is longer than their looks."""
LOOK: Final = 2.0
"""Seconds between two looks at who is there."""
GRACE: Final = 5.0
"""Seconds after a pause of listening in which those count as there who were there before: they come back, too."""
_WHO: Final = (
    b"SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 1"
    b" AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


def lock_of(name: str) -> int:
    """The number of the lock that the process of that name holds while it is there."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


class News:
    """One process's ear. `run` it in a task."""

    def __init__(self, address: Address, clock: SharedClock, *, elapsed: Callable[[], float] = time.monotonic) -> None:
        """`clock` is told what the server's says, again and again."""
        self.heard = 0
        """Moves with everything that was heard."""
        self.name = ""
        """How this process is known to the others; set before `run`."""
        self._said: set[str] = set()
        self._held: set[str] = set()
        self._address = address
        self._clock = clock
        self._elapsed = elapsed
        self._trouble: StoreUnavailableError | None = unavailable("it is not listened to yet")
        self._looked = asyncio.Event()
        self._news = asyncio.Event()
        self._there: frozenset[int] = frozenset()
        self._grace_until = 0.0

    async def generation(self) -> int:
        """What `Store.generation` is. Raises `StoreUnavailableError` while nothing can be heard."""
        await self.settled()
        if why := self._trouble:
            raise StoreUnavailableError(why.message, details=why.details)
        return self.heard

    async def moved(self, generation: int) -> None:
        """What `Store.moved` is; a moment later at the latest, whatever is heard."""
        self._news.clear()
        if self.heard == generation and not self._trouble:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._news.wait()

    async def settled(self) -> None:
        """Wait until it listens, or is known not to."""
        await self._looked.wait()

    def is_gone(self, performer: str) -> bool:
        """As `Presence`: whether no process of that name is connected. Nobody is gone while nothing can be heard."""
        known = self._looked.is_set() and self._trouble is None
        return known and performer not in ("", self.name) and lock_of(performer) not in self._there

    def say(self, what: str, *, on: bool = True) -> None:
        """Let the others know something of this process, or no more; they do so within seconds."""
        (self._said.add if on else self._said.discard)(what)

    def is_said(self, what: str) -> bool:
        """Whether any process said that, this one included; nothing is while nothing can be heard."""
        return self._trouble is None and lock_of(what) in self._there

    async def run(self) -> None:
        """Listen, again and again where it breaks, until cancelled."""
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                self._trouble = not_let_in(error)
                log.warning("the database is not listened to: %s", self._trouble.message)
                self._looked.set()
                self._news.set()
            await asyncio.sleep(PAUSE)

    async def _listen(self) -> None:
        address = self._address
        live = await psycopg.AsyncConnection.connect(address.conninfo, autocommit=True)
        async with live:
            await live.execute(address.session())
            await live.execute(f"LISTEN {CHANGED}; LISTEN {HERE}".encode())
            self._held = set()
            self._grace_until = self._elapsed() + GRACE if self._there else 0.0
            while True:
                await self._hold(live)
                await compare_on_loop(self._clock, live)
                await self._look(live)
                async with aclosing(live.notifies(timeout=LOOK)) as telling:
                    async for told in telling:
                        self._hear()
                        if told.channel == HERE:
                            break

    async def _hold(self, live: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        """Have the locks that say what is said. Shared: where the way broke, the server may not know yet that the one
        who had them before is gone, and several may say the same.
        """
        wanted = self._said | ({self.name} if self.name else set())
        for what in wanted - self._held:
            await live.execute(b"SELECT pg_advisory_lock_shared(%s)", (lock_of(what),))
        for what in self._held - wanted:
            await live.execute(b"SELECT pg_advisory_unlock_shared(%s)", (lock_of(what),))
        if wanted != self._held:
            self._held = wanted
            await live.execute(f"NOTIFY {HERE}".encode())

    async def _look(self, live: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        rows = await (await live.execute(_WHO)).fetchall()
        found = frozenset(int(str(number)) for (number,) in rows)
        self._there = found | self._there if self._elapsed() < self._grace_until else found
        if self._trouble:
            self._trouble = None
            self._hear()
            self._looked.set()

    def _hear(self) -> None:
        self.heard += 1
        self._news.set()
