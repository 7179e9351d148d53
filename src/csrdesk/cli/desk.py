"""Running a command at the desk, here or elsewhere: settings, a desk, a piece of work, and everything closed again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import msgspec

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.result import Result, say
from csrdesk.errors import ConfigError

if TYPE_CHECKING:
    from csrdesk.config import Settings
    from csrdesk.wiring import Desk
    from csrdesk.wiring.front import FrontDesk


def settings_for_desk() -> tuple[Settings, tuple[str, ...]]:
    """The settings, and what to say before real people call."""
    from csrdesk.config import ONE_MACHINE, default_path, load

    settings = load(default_path())
    return settings, () if settings.demo or settings.desk.server else (ONE_MACHINE,)


def settings_of_own_desk() -> tuple[Settings, tuple[str, ...]]:
    """As above, for what is done where the desk is. Raises `ConfigError` where that is elsewhere."""
    settings, messages = settings_for_desk()
    if settings.desk.server:
        words = f"this is done where the desk runs, and that is {settings.desk.server}. Nothing was done."
        raise ConfigError(words, key="desk.server")
    return settings, messages


def at_desk(
    work: Callable[[FrontDesk], Awaitable[Result]], *, serve_pages: bool = False, reach_out: bool = True
) -> Result:
    """Do the work at the desk that settings name: elsewhere where they name a server, otherwise in this process.

    Then the desk is opened and closed: without `reach_out` nothing outside is connected and no secret is read.
    """
    settings, _ = settings_for_desk()
    if settings.desk.server:
        return run_loop(_elsewhere(settings, work))
    return run_loop(_here(settings, work, serve_pages=serve_pages, reach_out=reach_out))


def at_own_desk(work: Callable[[Desk], Awaitable[Result]]) -> Result:
    """As `at_desk`, for what only the desk itself can do; nothing outside is connected."""
    settings, _ = settings_of_own_desk()
    return run_loop(_here(settings, work, serve_pages=False, reach_out=False))


async def _here(
    settings: Settings, work: Callable[[Desk], Awaitable[Result]], *, serve_pages: bool, reach_out: bool
) -> Result:
    from csrdesk.wiring import open_desk

    async with open_desk(settings, serve_pages=serve_pages, reach_out=reach_out) as desk:
        unknown = unknown_acts(len(await desk.left_unknown()))
        return _with_trouble(await work(desk), unknown, desk.trouble)


async def _elsewhere(settings: Settings, work: Callable[[FrontDesk], Awaitable[Result]]) -> Result:
    from csrdesk.wiring.elsewhere import open_remote

    async with open_remote(settings, tell=say) as desk:
        about = await desk.about()
        return _with_trouble(await work(desk), unknown_acts(about.unknown), about.trouble)


def _with_trouble(came: Result, unknown: tuple[str, ...], trouble: str) -> Result:
    said = (trouble,) if trouble else ()
    return msgspec.structs.replace(came, messages=(*came.messages, *unknown, *said))


def unknown_acts(count: int) -> tuple[str, ...]:
    """What a start says of acts that were begun and have no outcome on record; nothing where there are none."""
    if not count:
        return ()
    acts, were = ("act", "was") if count == 1 else ("acts", "were")
    words = f"{count} {acts} {were} begun and nobody knows how it ended. Take up what `csrdesk call list` shows."
    return (f"{words} All of them: csrdesk audit list --unknown",)
