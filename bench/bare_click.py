"""The baseline of `click_to_console`: the same way of a click by bare parts, in the same process.

A Starlette page that takes a form, one durable commit, an event that somebody waits for, an empty Textual app that is
painted anew. No flow, no policy, no audit, no call outside.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from textual.app import App, ComposeResult
from textual.widgets import Label

from bench.painted import Listener, shown
from csrdesk.server.serve import listen, serve


class EmptyApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Label("waiting", id="news")


class BareClick:
    """One row, one page, one waiter, one screen."""

    def __init__(self, url: str, app: EmptyApp, listener: Listener) -> None:
        self._url = url
        self._app = app
        self._listener = listener
        self._client = httpx.AsyncClient()
        self.rung = asyncio.Event()

    async def once(self, number: int) -> float:
        """Milliseconds from the form that is sent to the words that are painted."""
        words = f"click number {number};"
        painted = self._listener.expect(words)
        waiting = asyncio.create_task(self._wait(words))
        await asyncio.sleep(0)
        began = time.perf_counter()
        sent = asyncio.create_task(self._client.post(self._url, data={"code": "123456"}))
        moment = await painted
        await asyncio.gather(waiting, sent)
        return (moment - began) * 1000

    async def close(self) -> None:
        await self._client.aclose()

    async def _wait(self, words: str) -> None:
        await self.rung.wait()
        self.rung.clear()
        self._app.query_one("#news", Label).update(words)


@contextlib.asynccontextmanager
async def bare_click(folder: Path) -> AsyncIterator[BareClick]:
    """Everything up, and down again at the end."""
    async with contextlib.AsyncExitStack() as stack:
        path = folder / "bare.sqlite3"
        database = stack.enter_context(
            contextlib.closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False))
        )
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "CREATE TABLE clicks (at REAL)"):
            database.execute(statement)
        clicks: list[BareClick] = []

        async def take(request: Request) -> Response:
            await request.form()
            await asyncio.to_thread(database.execute, "INSERT INTO clicks VALUES (?)", (time.time(),))
            clicks[0].rung.set()
            return RedirectResponse("/", 303)

        page = Starlette(routes=[Route("/", take, methods=["POST"])])
        port = await stack.enter_async_context(serve(page, listen()))
        listener = Listener()
        app = await stack.enter_async_context(shown(EmptyApp(), listener, "waiting"))
        clicks.append(BareClick(f"http://127.0.0.1:{port}/", app, listener))
        stack.push_async_callback(clicks[0].close)
        yield clicks[0]
