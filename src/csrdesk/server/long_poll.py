"""Waiting for a flow on behalf of somebody who may go away: bounded in time, and in how many wait for one agent.

Its own file, because an endpoint that simply waits goes on doing so after its client has left.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from csrdesk.errors import LimitReachedError
from csrdesk.flows.doors import View
from csrdesk.server.api_requests import number_of, raw_json
from csrdesk.wire.codec import encode_view

LONGEST: Final = 25
"""Seconds that a client waits for news: less than what proxies keep a silent connection for (nginx: 60 s)."""
SHORTEST: Final = 0.2
"""Seconds that the desk takes to look, whatever is asked for."""
AT_ONCE: Final = 50
"""Waits of one agent: a console has one for each open call."""


class LongPolls:
    """Those who wait, in one process."""

    def __init__(self) -> None:
        self._waiting: Counter[str] = Counter()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Let everybody who waits ask again, somewhere else: this process ends."""
        self._stopping.set()

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._waiting.total()

    async def view(self, request: Request, agent: str, news: Callable[[], Coroutine[None, None, View]]) -> Response:
        """The view that `news` brings; 204 where it did not come in time. Raises what `news` does, and
        `LimitReachedError`.
        """
        seconds = max(SHORTEST, number_of(request, "wait", LONGEST, most=LONGEST))
        if self._waiting[agent] >= AT_ONCE:
            words = f"You wait for {AT_ONCE} calls at once already: close a console, or end a command."
            raise LimitReachedError(words, after=float(LONGEST))
        await request.body()  # so that what comes next is the client's going
        self._waiting[agent] += 1
        work = asyncio.create_task(news())
        others = [asyncio.create_task(_gone(request)), asyncio.create_task(self._stopping.wait())]
        try:
            await asyncio.wait([work, *others], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            return raw_json(encode_view(work.result())) if work.done() else Response(status_code=204)
        finally:
            self._waiting[agent] -= 1
            if not self._waiting[agent]:
                del self._waiting[agent]
            for one in (work, *others):
                one.cancel()
            await asyncio.wait([work, *others])


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
