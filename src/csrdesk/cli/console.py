"""Opening the console: the app at once, the desk behind it while the first screen is already taking keys."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.result import Result
from csrdesk.errors import NeedsAnswerError, StoreUnavailableError

if TYPE_CHECKING:
    from contextlib import AsyncExitStack
    from datetime import datetime

    from csrdesk.app import CsrdeskApp
    from csrdesk.config import Settings
    from csrdesk.flows.doors import Session
    from csrdesk.wiring.front import FrontDesk

_READ_SECONDS = 20
"""How long what a start says stays on the screen."""
SOON: Final = 3.0
"""Seconds that a console waits, before it paints, for a desk elsewhere to say who the agent is."""


def open_console() -> Result:
    """Run the console until the agent leaves it."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        words = "The console needs a terminal. `csrdesk --help` lists the commands that do without."
        raise NeedsAnswerError(words, prompt="terminal")
    return run_loop(_run())


async def _run() -> Result:
    from contextlib import AsyncExitStack

    from csrdesk.app import ConsoleInfo, CsrdeskApp
    from csrdesk.cli.desk import settings_for_desk
    from csrdesk.widgets.moments import utc_now
    from csrdesk.wiring.who import agent_of, log_path

    settings, messages = settings_for_desk()
    if settings.desk.server:
        from csrdesk.cli.console_elsewhere import run_elsewhere

        return await run_elsewhere(settings)
    now = utc_now
    async with AsyncExitStack() as desks:

        async def connect() -> Session:
            nonlocal now
            desk = await _opened(settings, desks, app)
            now = desk.now
            return desk.session(desk.agent)

        def moment() -> datetime:
            """The machine's, and the desk's as soon as there is one: it counts moments down by its own."""
            return now()

        info = ConsoleInfo(
            agent=agent_of(settings).name,
            desk=settings.flow.ciam_company_name,
            mailbox_url=settings.mailbox_url,
            ticket_required=settings.desk.ticket_required,
            log_file=str(log_path(settings)),
            theme=settings.desk.theme,
            keys=settings.keys,
            lock_seconds=settings.limits.lock_seconds,
            lock_seconds_in_call=settings.limits.lock_seconds_in_call,
            hand_over=bool(settings.desk.api_url),
        )
        app = CsrdeskApp(connect, info, now=moment)
        await app.run_async()
    return Result(messages=messages)


async def _opened(settings: Settings, desks: AsyncExitStack, app: CsrdeskApp) -> FrontDesk:
    """The desk of this very process, closed with `desks`."""
    import asyncio
    from contextlib import suppress

    from csrdesk.cli.desk import unknown_acts
    from csrdesk.wiring import load, open_desk

    await asyncio.to_thread(load)
    desk = await desks.enter_async_context(open_desk(settings, serve_pages=True, wait_for_store=False))
    with suppress(StoreUnavailableError):  # the first line is about to say so
        for words in unknown_acts(len(await desk.left_unknown())):
            say_long(app, words)
    await look_after(desk, desks, app)
    return desk


async def look_after(desk: FrontDesk, desks: AsyncExitStack, app: CsrdeskApp, *, every: float | None = None) -> None:
    """What goes on beside an open console: garbage, what is down (looked at as usual, or as often as `every` says),
    and the settings file.
    """
    import asyncio

    from csrdesk.cli.sweeping import swept_in_pauses
    from csrdesk.config import default_path
    from csrdesk.console import settings_file
    from csrdesk.wiring.watching import EVERY, HERE, WORDS, watch

    await desks.enter_async_context(swept_in_pauses())
    watching = watch(desk, lambda names: app.say_down(names, WORDS), every=every or EVERY, here=every or HERE)
    desks.callback(asyncio.create_task(watching).cancel)
    watching_file = settings_file.watch(default_path(), lambda words: say_long(app, words))
    desks.callback(asyncio.create_task(watching_file).cancel)


def say_long(app: CsrdeskApp, words: str) -> None:
    """Something that takes a while to read."""
    app.notify(words, severity="warning", timeout=_READ_SECONDS, markup=False)
