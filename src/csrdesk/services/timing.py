"""How long each call outside took and what came of it, told to whoever watches: a service's name, a word, seconds.

Around the ports, so that the services themselves do not know that somebody watches.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from csrdesk.errors import CsrdeskError, ServiceError
from csrdesk.services.directory.port import Change, Control, Directory, Entry, Filter
from csrdesk.services.letters import Letter, Mailer

T = TypeVar("T")

Watch = Callable[[str, str, float], None]
"""Is told of each call: the service, `ok` or the error's code, and seconds."""
OK: Final = "ok"
FAILED: Final = "failed"
"""What no error of ours tells: somebody stopped waiting, or a defect."""


async def timed(watch: Watch | None, service: str, work: Awaitable[T]) -> T:
    """What `work` gives or raises; `watch` is told."""
    if watch is None:
        return await work
    began, result = time.monotonic(), FAILED
    try:
        given = await work
        result = OK
        return given
    except CsrdeskError as error:
        result = error.code
        raise
    finally:
        watch(service, result, time.monotonic() - began)


class TimedMailer:
    """Hands letters over, and tells how long it took."""

    def __init__(self, mailer: Mailer, watch: Watch) -> None:
        self._mailer = mailer
        self._watch = watch

    async def send(self, letter: Letter, *, to: str, sender_name: str) -> None:
        """As the mailer does."""
        await timed(self._watch, "mail", self._mailer.send(letter, to=to, sender_name=sender_name))

    async def greet(self) -> None:
        """As the mailer does."""
        await timed(self._watch, "mail", self._mailer.greet())


class TimedDirectory:
    """Asks a directory, and tells how long it took."""

    def __init__(self, directory: Directory, watch: Watch) -> None:
        self._directory = directory
        self._watch = watch

    @property
    def private(self) -> bool:
        """As the directory says."""
        return self._directory.private

    @property
    def keeps_moments(self) -> bool:
        """As the directory says."""
        return self._directory.keeps_moments

    @property
    def server(self) -> str:
        """As the directory says."""
        return self._directory.server

    async def writer(self) -> Directory:
        """As the directory does."""
        writer = await timed(self._watch, "directory", self._directory.writer())
        return self if writer is self._directory else TimedDirectory(writer, self._watch)

    async def root(self, attributes: tuple[str, ...]) -> Entry:
        """As the directory does."""
        return await timed(self._watch, "directory", self._directory.root(attributes))

    async def search(self, wanted: Filter, attributes: tuple[str, ...], *, base: str = "") -> tuple[Entry, ...]:
        """As the directory does."""
        return await timed(self._watch, "directory", self._directory.search(wanted, attributes, base=base))

    async def at_each(self, dn: str, attributes: tuple[str, ...]) -> tuple[tuple[str, Entry | ServiceError], ...]:
        """As the directory does."""
        return await timed(self._watch, "directory", self._directory.at_each(dn, attributes))

    async def modify(self, dn: str, changes: tuple[Change, ...], *, controls: tuple[Control, ...] = ()) -> None:
        """As the directory does."""
        await timed(self._watch, "directory", self._directory.modify(dn, changes, controls=controls))

    async def close(self) -> None:
        """As the directory does."""
        await self._directory.close()
