"""`csrdesk serve --workers N`: the process that starts the others, holds their ports, and serves nobody itself."""

from __future__ import annotations

import socket
from contextlib import AsyncExitStack, closing
from typing import TYPE_CHECKING

from csrdesk.cli.result import Result, say

if TYPE_CHECKING:
    from csrdesk.errors import ConfigError

NO_SHARED_DATABASE = (
    "--workers needs desk.database: several processes share one PostgreSQL. See docs/how-to/share-one-postgresql.md."
)
NOT_APART = "--workers serves desk and pages together: leave out --role, and serve.door in the settings."
_LISTENS = "desk.listen_port"


def not_apart() -> ConfigError:
    """The desk's door would be at one of several processes."""
    from csrdesk.errors import ConfigError

    return ConfigError(NOT_APART, key="serve.door")


async def serve_by_workers(count: int) -> Result:
    """Start them, and wait until Ctrl-C or SIGTERM. Raises `ConfigError`, `ConflictError`, `UnavailableError`."""
    from csrdesk.cli.desk import settings_of_own_desk
    from csrdesk.cli.waiting import until_stopped
    from csrdesk.errors import ConfigError
    from csrdesk.server.serve import listen
    from csrdesk.wiring.pages import NO_PUBLIC_URL, claimed_for_others
    from csrdesk.wiring.who import data_folder
    from csrdesk.wiring.workers import Workers

    settings, messages = settings_of_own_desk()
    desk = settings.desk
    for missing, words, key in (
        (not desk.public_url, NO_PUBLIC_URL, "desk.public_url"),
        (not desk.database, NO_SHARED_DATABASE, "desk.database"),
    ):
        if missing:
            raise ConfigError(words, key=key)
    if settings.serve.door:
        raise not_apart()
    async with AsyncExitStack() as stack:
        pages = listen(desk.listen_host, desk.listen_port)
        listeners = {_LISTENS: stack.enter_context(closing(pages))}
        await stack.enter_async_context(claimed_for_others(data_folder(settings), desk.public_url))
        if desk.api_url:
            api = listen(desk.api_host, desk.api_port, key="desk.api_port")
            listeners["desk.api_port"] = stack.enter_context(closing(api))
        workers = Workers(count, listeners, say)
        try:
            await workers.start()
            for message in messages:
                say(message)
            async with until_stopped():
                say(_said(count, desk.public_url, pages))
        finally:
            await workers.end()
    return Result()


def _said(count: int, url: str, pages: socket.socket) -> str:
    port = pages.getsockname()[1]
    return f"{count} processes serve the customers' pages at {url} (here: port {port}). Ctrl-C ends them."
