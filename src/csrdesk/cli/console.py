"""Opening the console: the app at once, the desk behind it while the first screen is already taking keys."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.result import Result
from csrdesk.errors import NeedsAnswerError, StoreUnavailableError

if TYPE_CHECKING:
    from csrdesk.flows.doors import Session

_READ_SECONDS = 20
"""How long what a start says stays on the screen."""


def open_console() -> Result:
    """Run the console until the agent leaves it."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        words = "The console needs a terminal. `csrdesk --help` lists the commands that do without."
        raise NeedsAnswerError(words, prompt="terminal")
    return run_loop(_run())


async def _run() -> Result:
    import asyncio
    from contextlib import AsyncExitStack, suppress

    from csrdesk.app import ConsoleInfo, CsrdeskApp
    from csrdesk.cli.desk import settings_for_desk, unknown_acts
    from csrdesk.wiring.who import agent_of, log_path

    settings, messages = settings_for_desk()
    agent = agent_of(settings)
    async with AsyncExitStack() as desks:

        def say_long(words: str) -> None:
            app.notify(words, severity="warning", timeout=_READ_SECONDS, markup=False)

        async def connect() -> Session:
            from csrdesk.cli.sweeping import swept_in_pauses
            from csrdesk.config import default_path
            from csrdesk.console import settings_file
            from csrdesk.wiring import load, open_desk
            from csrdesk.wiring.watching import WORDS, watch

            await asyncio.to_thread(load)
            opening = open_desk(settings, serve_pages=True, wait_for_store=False)
            desk = await desks.enter_async_context(opening)
            with suppress(StoreUnavailableError):  # the first line is about to say so
                for words in unknown_acts(len(await desk.left_unknown())):
                    say_long(words)
            await desks.enter_async_context(swept_in_pauses())
            watching = asyncio.create_task(watch(desk, lambda names: app.say_down(names, WORDS)))
            desks.callback(watching.cancel)
            desks.callback(asyncio.create_task(settings_file.watch(default_path(), say_long)).cancel)
            return desk.session(desk.agent)

        info = ConsoleInfo(
            agent=agent.name,
            desk=settings.flow.ciam_company_name,
            mailbox_url=settings.mailbox_url,
            ticket_required=settings.desk.ticket_required,
            log_file=str(log_path(settings)),
            theme=settings.desk.theme,
            keys=settings.keys,
            lock_seconds=settings.limits.lock_seconds,
            lock_seconds_in_call=settings.limits.lock_seconds_in_call,
        )
        app = CsrdeskApp(connect, info)
        await app.run_async()
    return Result(messages=messages)
