"""Health and figures of a process that serves, on the address that settings name; nothing where they name none.

Apart from the desk's opening: only `csrdesk serve` has this, and only it loads what it needs.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

from csrdesk.errors import ServiceError

if TYPE_CHECKING:
    from csrdesk.server.health import Check
    from csrdesk.server.metrics import Metrics
    from csrdesk.services.timing import Watch
    from csrdesk.wiring.desk import Desk


class Ops:
    """What a process tells of itself. Made before the desk is opened, because it is told of calls outside."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self.metrics: Metrics | None = None
        if port:
            from csrdesk.server.metrics import Metrics

            self.metrics = Metrics()

    @property
    def url(self) -> str:
        """Where it is; empty where it is not served."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}" if self.metrics else ""

    @property
    def watch(self) -> Watch | None:
        """Who is told of calls outside."""
        return self.metrics.observe if self.metrics else None

    @contextlib.asynccontextmanager
    async def served(
        self, checks: Mapping[str, Check], also: Callable[[], Mapping[str, float]] = dict
    ) -> AsyncIterator[None]:
        """Serve it until the block ends. Raises `ConfigError` where the address is taken."""
        if self.metrics is None:
            yield
            return
        from starlette.applications import Starlette

        from csrdesk.server.health import Health
        from csrdesk.server.serve import listen, serve

        app = Starlette(routes=[*Health(checks, also=also).routes(), *self.metrics.routes()])
        listener = listen(self._host, self._port, key="serve.ops_port")
        watching = asyncio.create_task(self.metrics.watch_loop(), name="loop-lag")
        try:
            async with serve(app, listener):
                yield
        finally:
            watching.cancel()


@contextlib.asynccontextmanager
async def desk_watched(ops: Ops, desk: Desk) -> AsyncIterator[None]:
    """Tell of a whole desk until the block ends."""
    clock = desk.clock

    def apart() -> dict[str, float]:
        return {} if clock.apart is None else {"clock_seconds_apart": round(clock.apart.total_seconds(), 3)}

    if ops.metrics:
        from csrdesk.server.desk_figures import DeskFigures

        figures = DeskFigures(ops.metrics, desk.engine.figures(), clock, desk.engine.forwarding)
        await figures.update()  # from here on it counts
    async with ops.served(checks_of(desk), apart):
        yield


def checks_of(desk: Desk) -> dict[str, Check]:
    """What a desk needs to take a call. That PingOne was reached once counts: while it is down, what waits goes on."""
    reached = False

    async def pages() -> bool:
        return not desk.pages.why_no_link()

    async def pingone() -> bool:
        nonlocal reached
        reached = reached or await _pingone(desk)
        return reached

    return {"database": desk.is_writable, "pages": pages, "pingone": pingone}


async def _pingone(desk: Desk) -> bool:
    from csrdesk.services.pingone import users

    try:
        for outside in desk.world:
            await users.any_there(outside.pingone)
    except ServiceError:
        return False
    return True
