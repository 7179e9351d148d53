"""`csrdesk serve`: the customers' pages without a console."""

from __future__ import annotations

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.result import Result, say


def serve() -> Result:
    """Serve the customers' pages until Ctrl-C or SIGTERM. Consoles and commands beside it use them.

    \b
    Example:
      csrdesk serve
    """
    return run_loop(_serve())


async def _serve() -> Result:
    from csrdesk.cli.desk import settings_for_desk, unknown_acts
    from csrdesk.cli.sweeping import swept_in_pauses
    from csrdesk.cli.waiting import until_stopped
    from csrdesk.errors import ConfigError, ConflictError
    from csrdesk.wiring import open_desk
    from csrdesk.wiring.ops import Ops, desk_watched
    from csrdesk.wiring.pages import NO_PUBLIC_URL

    settings, messages = settings_for_desk()
    if not settings.desk.public_url and not settings.demo:
        raise ConfigError(NO_PUBLIC_URL, key="desk.public_url")
    ops = Ops(settings.serve)
    watch = ops.metrics.observe if ops.metrics else None
    async with open_desk(settings, serve_pages=True, watch=watch) as desk, swept_in_pauses(), desk_watched(ops, desk):
        if not desk.pages.ours:
            holder = desk.pages.holder
            who = f"Process {holder.pid}" if holder else "Another process"
            raise ConflictError(f"{who} serves the customers' pages already. Nothing was started.", system="csrdesk")
        for message in (*messages, *unknown_acts(len(await desk.audit.unknown()))):
            say(message)
        async with until_stopped():
            if ops.url:
                say(f"Health and figures are at {ops.url}/ready and {ops.url}/metrics.")
            say(f"Serving the customers' pages at {desk.pages_url} (here: {desk.pages.local_url}). Ctrl-C ends it.")
    return Result()
