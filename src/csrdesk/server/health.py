"""Whether this process lives and whether it is ready, for a service manager or a load balancer: words and no secret.

On an address of its own. Being asked often costs little: what was found out is kept for some seconds, and asked once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

KEPT_SECONDS: Final = 5.0
"""How long an answer of `/ready` is given again."""
PATIENCE: Final = 3.0
"""Seconds that finding out may take; what has not answered by then is not ready."""

Check = Callable[[], Awaitable[bool]]


class Health:
    """What a process says of itself: each check has a name, and is bounded in time."""

    def __init__(
        self, checks: Mapping[str, Check], *, patience: float = PATIENCE, also: Callable[[], Mapping[str, float]] = dict
    ) -> None:
        """`also`: figures that `/ready` gives beside the checks, of which it does not depend."""
        self._checks = checks
        self._also = also
        self._patience = patience
        self._found: dict[str, bool] = {}
        self._until = float("-inf")
        self._looking = asyncio.Lock()

    def routes(self) -> list[BaseRoute]:
        """Where it is asked."""
        return [Route("/health", self._health), Route("/ready", self._ready)]

    async def found(self) -> Mapping[str, bool]:
        """What each check says, by its name; at most `KEPT_SECONDS` old."""
        async with self._looking:
            if time.monotonic() >= self._until:
                names, checks = self._checks.keys(), self._checks.values()
                said = await asyncio.gather(*(self._said(check) for check in checks))
                self._found = dict(zip(names, said, strict=True))
                self._until = time.monotonic() + KEPT_SECONDS
            return self._found

    async def _said(self, check: Check) -> bool:
        try:
            async with asyncio.timeout(self._patience):
                return await check()
        except TimeoutError:
            return False

    async def _health(self, _request: Request) -> Response:
        """The process lives and its event loop turns: nothing else is asked."""
        return PlainTextResponse("ok\n")

    async def _ready(self, _request: Request) -> Response:
        found = await self.found()
        ready = all(found.values())
        return JSONResponse({"ready": ready, **found, **self._also()}, status_code=200 if ready else 503)
