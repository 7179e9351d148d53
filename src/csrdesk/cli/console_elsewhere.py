"""The console of a desk that is elsewhere: who the agent is, the desk says; nothing of an engine is loaded.

Apart from `console`, because what is said and waited for before the first screen is another matter here.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import datetime
from urllib.parse import urlsplit

from csrdesk.app import ConsoleInfo, CsrdeskApp
from csrdesk.cli.console import SOON, look_after, say_long
from csrdesk.cli.desk import unknown_acts
from csrdesk.cli.result import Result
from csrdesk.config import Settings
from csrdesk.errors import ServiceError
from csrdesk.flows.doors import Session
from csrdesk.widgets.moments import utc_now
from csrdesk.wire.values import About
from csrdesk.wiring.elsewhere import EVERY, RemoteDesk, open_remote
from csrdesk.wiring.who import log_path


async def run_elsewhere(settings: Settings) -> Result:
    """Run the console until the agent leaves it.

    Raises `NotSignedInError` and `OtherVersionError` before anything is painted. A desk that does not answer soon is
    waited for on the screen.
    """
    async with AsyncExitStack() as desks:
        desk = await _soon(settings, desks)
        now = desk.now if desk else utc_now

        async def connect() -> Session:
            nonlocal now
            opened = desk
            if opened is None:
                opened = await desks.enter_async_context(open_remote(settings, patience=0, ahead=False))
            about, now = await opened.about(), opened.now
            for words in unknown_acts(about.unknown):
                say_long(app, words)
            app.say_who(about.company, about.agent.name or about.agent.id)
            await look_after(opened, desks, app, every=EVERY)
            return opened.session(opened.agent)

        def moment() -> datetime:
            """The machine's, and the desk's as soon as that has said."""
            return now()

        app = CsrdeskApp(connect, _info(settings, await desk.about() if desk else None), now=moment)
        await app.run_async()
    return Result()


async def _soon(settings: Settings, desks: AsyncExitStack) -> RemoteDesk | None:
    """The desk, where it answers soon."""
    try:
        async with asyncio.timeout(SOON):
            return await desks.enter_async_context(open_remote(settings, patience=0, ahead=False))
    except (ServiceError, TimeoutError):
        return None


def _info(settings: Settings, about: About | None) -> ConsoleInfo:
    """What the screens know from the first one on; a desk that has not answered yet gives the usual for the rest."""
    server = urlsplit(settings.desk.server).hostname or ""
    log, theme, keys = str(log_path(settings)), settings.desk.theme, settings.keys
    if about is None:
        return ConsoleInfo("not known yet", "Help desk", server, log_file=log, theme=theme, keys=keys)
    return ConsoleInfo(
        agent=about.agent.name or about.agent.id,
        desk=about.company,
        server=server,
        mailbox_url=about.mailbox_url,
        ticket_required=about.ticket_required,
        log_file=log,
        theme=theme,
        keys=keys,
        lock_seconds=about.lock_seconds,
        lock_seconds_in_call=about.lock_seconds_in_call,
        second_agent=about.second_agent,
        hand_over=about.hand_over,
    )
