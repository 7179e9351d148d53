"""The demo with its console: the first screen at once, sandbox and desk behind it."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from csrdesk.app import ConsoleInfo, CsrdeskApp
from csrdesk.flows.doors import Session
from csrdesk.widgets.moments import utc_now
from csrdesk.wiring.who import agent_of

if TYPE_CHECKING:
    from csrdesk.demo.beside import Beside


async def run(record: Path | None, directory: Beside | None = None) -> int:
    """Run the console until the agent leaves it; stop everything then."""
    port, now = _free_port(), utc_now
    async with AsyncExitStack() as stages:

        async def connect() -> Session:
            nonlocal now
            from csrdesk.demo.stage import stage
            from csrdesk.wiring.watching import WORDS, watch

            on_stage = await stages.enter_async_context(stage(record, port=port, directory=directory))
            desk, now = on_stage.desk, on_stage.box.clock.now
            stages.callback(asyncio.create_task(watch(desk, lambda names: app.say_down(names, WORDS))).cancel)
            return on_stage.desk.session(on_stage.desk.agent)

        def moment() -> datetime:
            """The machine's, and the sandbox's as soon as there is one: the desk goes by that."""
            return now()

        info = ConsoleInfo(
            agent=agent_of(None).name, desk="Example Health", mailbox_url=f"http://127.0.0.1:{port}/mailbox"
        )
        app = CsrdeskApp(connect, info, now=moment)
        await app.run_async()
    return 0


def _free_port() -> int:
    """A port for the sandbox, known before the sandbox is loaded: the screen names its mailbox from the start."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])
