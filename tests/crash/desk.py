"""A desk as one process has it, wired as csrdesk wires it, but with points at which it can be killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from csrdesk.config import Settings
from csrdesk.engine.checkpoints import read_checkpoints, signed_by
from csrdesk.engine.engine import Engine
from csrdesk.flows.doors import Agent, LinkDesk
from csrdesk.services.keys import desk_key
from csrdesk.services.performer import Performer
from csrdesk.wiring.checkpoints import checkpoints_of
from csrdesk.wiring.desk import recovery_of, registration_of, rules_of
from csrdesk.wiring.outside import open_outside
from csrdesk.wiring.pages import Pages
from csrdesk.wiring.presence import Processes
from csrdesk.wiring.store import DATABASE
from csrdesk.wiring.who import data_folder
from tests.crash.points import KilledPerform, KilledStore, Points

AGENT = Agent("grace", "Grace")


@dataclass(frozen=True)
class CrashDesk:
    """An open desk and its settings."""

    engine: Engine
    settings: Settings

    async def flaw(self) -> str:
        """What is wrong with the audit; empty where nothing is."""
        file = checkpoints_of(self.settings)
        verdict = await self.engine.reader(AGENT).verify(read_checkpoints(file.path), signed_by(file.public_key))
        return f"{verdict.finding}" if verdict.finding else ""


@asynccontextmanager
async def open_killable(settings: Settings, points: Points) -> AsyncIterator[CrashDesk]:
    """Open the desk; it can die at each point that it passes."""
    data_dir = data_folder(settings)
    store = await KilledStore.open(data_dir / DATABASE)
    assert isinstance(store, KilledStore)
    store.points = points
    pages = Pages(settings, data_dir)

    def outside(links: LinkDesk) -> KilledPerform:
        return KilledPerform(Performer(open_outside(settings, links, pages)), points)

    key = desk_key(settings.desk, data_dir)
    engine = Engine(store, outside, rules=rules_of(settings), limits=settings.limits, key=key)
    if settings.flow.ciam_account_recovery_enabled:
        engine.public.offer("account_recovery", recovery_of(settings))
    if settings.registration.enabled:
        engine.public.offer("registration", registration_of(settings))
    engine.write_checkpoints(checkpoints_of(settings))
    processes = Processes(data_dir, engine.name)
    processes.arrive()
    engine.tell_who_is_gone(processes)
    async with engine:
        sending = asyncio.create_task(engine.keep_sending())
        yield CrashDesk(engine, settings)
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending
    processes.leave()
    await store.close()
