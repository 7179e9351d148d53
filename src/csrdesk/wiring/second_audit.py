"""The audit's second keeper, where settings name one: fed by whatever process stays, beside the desk's own work."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from csrdesk.config import Settings
from csrdesk.errors import ServiceError
from csrdesk.model.checkup import Finding, ok, warning, wrong

if TYPE_CHECKING:
    from csrdesk.engine.engine import Engine

AREA: Final = "Second audit"


async def forward_audit(engine: Engine, settings: Settings, stack: AsyncExitStack) -> None:
    """Hand the audit over until `stack` is closed. Raises `ConfigError` for a certificate or token that is missing."""
    if settings.audit_sink.kind == "none":
        return
    from csrdesk.services.sinks.opening import open_sink
    from csrdesk.wiring.checkpoints import checkpoints_of

    sink = open_sink(settings.audit_sink)
    if sink is None:
        return
    late = timedelta(minutes=settings.audit_sink.late_minutes)
    forwarding = engine.forward_to(sink, checkpoints_of(settings).newest, late=late)
    stack.push_async_callback(sink.close)
    stack.push_async_callback(_ended, asyncio.create_task(forwarding.run(), name="second-audit"))


async def look(settings: Settings) -> tuple[Finding, ...]:
    """For the check-up: whether the keeper answers, and how far behind it is."""
    from csrdesk.engine.forwarding import behind
    from csrdesk.services.keys import desk_key
    from csrdesk.services.sinks.opening import open_sink
    from csrdesk.wiring.store import clock_of, open_store
    from csrdesk.wiring.who import data_folder

    named = settings.audit_sink
    sink = open_sink(named)
    if sink is None:
        return ()
    try:
        await sink.greet()
    except ServiceError as error:
        return (wrong(AREA, error.message, "Compare [audit_sink] with the server, and look at the way there."),)
    finally:
        await sink.close()
    folder = data_folder(settings)
    clock = clock_of(settings)
    store = await open_store(settings, folder, desk_key(settings.desk, folder), wait=True, clock=clock)
    try:
        missing = await behind(store)
    finally:
        await store.close()
    if missing.oldest and clock.now() - missing.oldest > timedelta(minutes=named.late_minutes):
        words = f"It answers, and has not got {missing.rows} rows, the first from {missing.oldest:%Y-%m-%d %H:%M} UTC."
        return (warning(AREA, words, "Start `csrdesk serve` or a console: they hand the audit over."),)
    return (ok(AREA, f"{named.url} answers over TLS; {missing.rows} rows are on their way."),)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
