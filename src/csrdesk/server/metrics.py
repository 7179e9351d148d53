"""The figures of one process in Prometheus's form. Labels are words of the program: no person, address or id is one.

`prometheus_client` is imported here and in `desk_figures` alone, and both only where figures are served.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

_SECONDS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_LAG: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
LOOP_PAUSE: Final = 0.5
"""Seconds between two looks at how late the event loop is."""

Update = Callable[[], Awaitable[None]]


class Metrics:
    """Of one process: `observe` is told of calls outside, `updates` bring what is counted at a look."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.updates: list[Update] = []
        self._updating = asyncio.Lock()
        self._outside = Histogram(
            "csrdesk_outside_seconds",
            "Calls outside, by service and by what came of them: ok or the error's code.",
            ("service", "result"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._lag = Histogram(
            "csrdesk_event_loop_lag_seconds",
            "How late the event loop came back to what was due.",
            buckets=_LAG,
            registry=self.registry,
        )

    def observe(self, service: str, result: str, seconds: float) -> None:
        """`services.timing.Watch`."""
        self._outside.labels(service, result).observe(seconds)

    async def watch_loop(self) -> None:
        """Measure the event loop; runs until it is cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LOOP_PAUSE
            await asyncio.sleep(LOOP_PAUSE)
            self._lag.observe(max(0.0, loop.time() - due))

    def routes(self) -> list[BaseRoute]:
        """Where they are asked for."""
        return [Route("/metrics", self._show)]

    async def _show(self, _request: Request) -> Response:
        return Response(await self.text(), headers={"content-type": CONTENT_TYPE_LATEST})

    async def text(self) -> bytes:
        """All of it, as Prometheus reads it."""
        async with self._updating:
            for update in self.updates:
                await update()
            return generate_latest(self.registry)
