"""The customers' pages as one process sees them: served here, by another process, or by nobody.

Apart from the desk's opening, because who serves can change while a desk is open: a console takes over where the
process that served before it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from csrdesk.config import Settings
from csrdesk.errors import ConfigError, ConflictError
from csrdesk.wiring.lock import Holder, PagesLock

if TYPE_CHECKING:
    import socket

    from csrdesk.flows.doors import CustomerSession, PublicSession
    from csrdesk.server.door import Door
    from csrdesk.server.look import Look

NO_PUBLIC_URL = (
    "desk.public_url is not set, so no link can be made. Set it to the origin where customers reach the pages."
)
NOBODY_SERVES = "Nobody serves the customers' pages, so a link would open nothing. Start `csrdesk serve` or a console."
_SERVES: Final = "serves the customers' pages"
_LOOK_AGAIN = 1.0
"""Seconds between two looks at whether the pages need somebody else to serve them."""


def served_already(holder: Holder | None) -> ConflictError:
    """Why this process cannot serve them."""
    who = f"Process {holder.pid}" if holder else "Another process"
    return ConflictError(f"{who} serves the customers' pages already. Nothing was started.", system="csrdesk")


@contextlib.asynccontextmanager
async def claimed_for_others(data_dir: Path, url: str) -> AsyncIterator[None]:
    """Hold the lock for processes of this one's own until the block ends. Raises `ConflictError`."""
    lock = PagesLock(data_dir)
    if not await lock.take():
        raise served_already(lock.holder())
    try:
        lock.announce(url)
        yield
    finally:
        lock.release()


class Others(Protocol):
    """The desk's processes on other machines, where its database tells of them."""

    def say(self, what: str, *, on: bool = True) -> None:
        """Let them know something of this process, or no more."""
        ...

    def is_said(self, what: str) -> bool:
        """Whether any process said that."""
        ...


class Pages:
    """Who serves the pages, and where."""

    def __init__(
        self, settings: Settings, data_dir: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """`now` says what is left of a page's clock."""
        self._settings, self._now = settings, now
        self._lock = PagesLock(data_dir)
        self._listener: socket.socket | None = None
        self._door: Door | None = None
        self.others: Others | None = None
        """Who else serves them, at the same `public_url`; set where the desk is shared by several machines."""

    @property
    def ours(self) -> bool:
        """Whether this process serves them."""
        return self._listener is not None

    @property
    def holder(self) -> Holder | None:
        """The process that serves them; None for nobody."""
        return self._lock.holder()

    @property
    def url(self) -> str:
        """Their origin as customers reach it; empty where there is none. In the demo it follows the port."""
        if self._settings.desk.public_url or not self._settings.demo:
            return self._settings.desk.public_url
        if self.ours:
            return self.local_url
        holder = self.holder
        return holder.url if holder else ""

    @property
    def local_url(self) -> str:
        """Where this process serves them, on this machine. A browser allows passkeys on localhost, not on 127.0.0.1."""
        if self._listener is None:
            return ""
        if self._settings.serve.door:
            return self._settings.serve.door
        host, port = self._listener.getsockname()[:2]
        return f"http://{'localhost' if host == '127.0.0.1' else host}:{port}"

    def why_no_link(self) -> str:
        """Why a link would open nothing now, in words; empty where it would open."""
        if not self._settings.desk.public_url and not self._settings.demo:
            return NO_PUBLIC_URL
        if self.others is not None and self.others.is_said(_SERVES):
            return ""
        if self._door is not None:
            from csrdesk.server.door import NOBODY

            return "" if self._door.is_used else NOBODY
        return "" if self.ours or self.holder else NOBODY_SERVES

    async def claim(self) -> bool:
        """Become the one who serves, if nobody else does: the lock is held, and the port listens."""
        if not self._settings.desk.public_url and not self._settings.demo:
            return False
        from csrdesk.server.inherited import inherited

        self._listener = inherited("desk.listen_port")
        if self._listener:  # the lock is held by the process that gave it
            return True
        if not await self._lock.take():
            return False
        try:
            self._listener = self._listening()
        except ConfigError:
            self._lock.release()
            raise
        return True

    def _listening(self) -> socket.socket:
        if self._settings.serve.door:
            from csrdesk.wiring.door import listen_at_door

            return listen_at_door(self._settings.serve)
        from csrdesk.server.serve import listen

        return listen(self._settings.desk.listen_host, self._settings.desk.listen_port)

    @contextlib.asynccontextmanager
    async def served(
        self, customers: CustomerSession, key: bytes, public: PublicSession | None = None
    ) -> AsyncIterator[None]:
        """Serve them, once claimed, until the block ends; or, where settings name one, the door of those who do."""
        from csrdesk.server.app import load_pages, make_app
        from csrdesk.server.look import load_look, with_signals
        from csrdesk.server.serve import serve

        desk = self._settings.desk
        if self._listener is None:
            raise RuntimeError("claim the pages before serving them")
        look = with_signals(await load_look(self._settings.flow, desk), self._settings)
        if self._settings.serve.door and public:
            async with self._at_door(look, key, customers, public):
                yield
            return
        app = make_app(
            customers,
            look,
            key=key,
            public_url=self.url,
            trusted_proxies=desk.trusted_proxies,
            spoken_address=self._settings.ways.spoken_address,
            now=self._now,
            public=public,
        )
        try:
            async with serve(app, self._listener):
                self._announce()
                # Templates are compiled while no customer waits for one yet, and agents' keys go through.
                loading = asyncio.get_running_loop().run_in_executor(None, load_pages, app)
                yield
                await loading
        finally:
            self.release()

    @contextlib.asynccontextmanager
    async def _at_door(
        self, look: Look, key: bytes, customers: CustomerSession, public: PublicSession
    ) -> AsyncIterator[None]:
        from csrdesk.wiring.door import door_of, served_at_door

        if self._listener is None:
            raise RuntimeError("claim the pages before serving their door")
        try:
            self._door = door_of(self._settings, look, key, self.url, (customers, public), self._now)
            async with served_at_door(self._door, self._settings.serve, self._listener):
                self._lock.announce(self.url)
                telling = asyncio.create_task(self._tell_whether_used(self._door))
                try:
                    yield
                finally:
                    telling.cancel()
        finally:
            self._door = None
            self.release()

    async def _tell_whether_used(self, door: Door) -> None:
        """Let other servers know while pages come to this one's door: their links open here as well."""
        while True:
            if self.others:
                self.others.say(_SERVES, on=door.is_used)
            await asyncio.sleep(_LOOK_AGAIN)

    async def serve_when_free(
        self, customers: CustomerSession, key: bytes, public: PublicSession | None = None
    ) -> None:
        """Wait for whoever serves now to be gone, then serve, until cancelled."""
        while not await self._claimed_quietly():  # noqa: ASYNC110 - another process's end rings no event here
            await asyncio.sleep(_LOOK_AGAIN)
        async with self.served(customers, key, public):
            await asyncio.Event().wait()

    async def _claimed_quietly(self) -> bool:
        try:
            return await self.claim()
        except ConfigError:  # the port is still taken
            return False

    def _announce(self) -> None:
        self._lock.announce(self.url)
        if self.others:
            self.others.say(_SERVES)

    def release(self) -> None:
        """Serve no more, and let somebody else."""
        if self.others:
            self.others.say(_SERVES, on=False)
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self._lock.release()
