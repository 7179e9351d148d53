"""Running a command at the desk: settings, an open desk, one piece of work, and everything closed again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.result import Result

if TYPE_CHECKING:
    from csrdesk.config import Settings
    from csrdesk.wiring import Desk


def settings_for_desk() -> tuple[Settings, tuple[str, ...]]:
    """The settings, and what to say before real people call."""
    from csrdesk.config import ONE_MACHINE, default_path, load

    settings = load(default_path())
    return settings, () if settings.demo else (ONE_MACHINE,)


def at_desk(work: Callable[[Desk], Awaitable[Result]], *, serve_pages: bool = False, reach_out: bool = True) -> Result:
    """Open the desk, do the work, close it. Without `reach_out` nothing outside is connected and no secret is read."""
    settings, _ = settings_for_desk()

    async def run() -> Result:
        from csrdesk.wiring import open_desk

        async with open_desk(settings, serve_pages=serve_pages, reach_out=reach_out) as desk:
            unknown = unknown_acts(len(await desk.left_unknown()))
            came = await work(desk)
            trouble = (desk.trouble,) if desk.trouble else ()
            return msgspec.structs.replace(came, messages=(*came.messages, *unknown, *trouble))

    return run_loop(run())


def unknown_acts(count: int) -> tuple[str, ...]:
    """What a start says of acts that were begun and have no outcome on record; nothing where there are none."""
    if not count:
        return ()
    acts, were = ("act", "was") if count == 1 else ("acts", "were")
    words = f"{count} {acts} {were} begun and nobody knows how it ended. Take up what `csrdesk call list` shows."
    return (f"{words} All of them: csrdesk audit list --unknown",)
