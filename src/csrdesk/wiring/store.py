"""Which database a desk is kept in, and how its processes see each other: by the file's folder, or by the server.

Apart from the desk's opening, because the check-up opens the same.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from csrdesk.config import Settings
from csrdesk.config.database import is_elsewhere, needs_password
from csrdesk.engine.presence import Presence
from csrdesk.errors import ConfigError
from csrdesk.wiring.pages import Others, Pages

if TYPE_CHECKING:
    from csrdesk.engine.clock import Clock
    from csrdesk.engine.engine import Engine
    from csrdesk.engine.postgres_address import Address
    from csrdesk.engine.store import Store

DATABASE = "desk.sqlite3"
NO_DRIVER = "desk.database needs PostgreSQL's driver, which is an extra. Run: pip install 'csrdesk[postgres]'"


class Neighbours(Presence, Others, Protocol):
    """Those who use a shared store."""


@runtime_checkable
class SharedStore(Protocol):
    """A store that knows who uses it, wherever they run."""

    async def arrive(self, name: str) -> Neighbours:
        """Be seen by the others by that name, and see them."""
        ...


def clock_of(settings: Settings) -> Clock:
    """The time that a desk goes by: its machine's, or that of the server that several share: `open_store` keeps it."""
    if settings.desk.database:
        from csrdesk.engine.shared_clock import SharedClock

        return SharedClock()
    from csrdesk.engine.clock import SystemClock

    return SystemClock()


async def open_store(
    settings: Settings, data_dir: Path, key: bytes, *, wait: bool, clock: Clock | None = None
) -> Store:
    """The desk's database. Raises `ConfigError`, and `StoreUnavailableError`: not without `wait`, where it is opened
    when it is first used and can be. `clock`: of `clock_of`.
    """
    if settings.desk.database:
        address = address_of(settings)
        from csrdesk.engine.shared_clock import SharedClock
        from csrdesk.engine.store_postgres import PostgresStore

        shared = clock if isinstance(clock, SharedClock) else None
        return await PostgresStore.open(address, key=key, wait=wait, clock=shared)
    from csrdesk.engine.store_late import LateStore
    from csrdesk.engine.store_sqlite import SqliteStore

    return await SqliteStore.open(data_dir / DATABASE) if wait else LateStore(data_dir / DATABASE)


def address_of(settings: Settings) -> Address:
    """Where the server is, with the password where it wants one. Raises `ConfigError`."""
    if find_spec("psycopg") is None:
        raise ConfigError(NO_DRIVER, key="desk.database")
    from csrdesk.engine.postgres_address import Address
    from csrdesk.services import keys

    file = settings.desk.database_password_file
    password = keys.read(keys.DATABASE, file) if wants_password(settings) else None
    return Address(settings.desk.database, password, tls=is_elsewhere(settings.desk.database))


def wants_password(settings: Settings) -> bool:
    """Whether a password for the database has to be found."""
    from csrdesk.services import keys

    desk = settings.desk
    if not desk.database:
        return False
    return bool(desk.database_password_file) or keys.is_named(keys.DATABASE) or needs_password(desk.database)


async def be_there(engine: Engine, store: Store, pages: Pages, data_dir: Path, stack: AsyncExitStack) -> None:
    """Let the desk's other processes see that this one is there, until the desk is closed."""
    if not isinstance(store, SharedStore):
        from csrdesk.wiring.presence import Processes

        processes = Processes(data_dir, engine.name)
        stack.callback(processes.leave)
        processes.arrive()
        engine.tell_who_is_gone(processes)
    else:
        pages.others = others = await store.arrive(engine.name)
        engine.tell_who_is_gone(others)
