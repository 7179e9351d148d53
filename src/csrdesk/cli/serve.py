"""`csrdesk serve`: a desk and the customers' pages without a console, in one process or in two."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.result import Result, say

if TYPE_CHECKING:
    from csrdesk.wiring.desk import Desk


class Role(StrEnum):
    """What one process is."""

    ALL = "all"
    DESK = "desk"
    PAGES = "pages"


def serve(
    role: Annotated[
        Role,
        typer.Option(help="all: desk and pages. desk: the desk, with its door (serve.door). pages: the pages alone."),
    ] = Role.ALL,
    workers: Annotated[
        int, typer.Option(min=1, max=64, help="Processes that share the work; more than one needs desk.database.")
    ] = 1,
) -> Result:
    """Serve the customers' pages until Ctrl-C or SIGTERM. Consoles and commands beside it use them.

    In two processes the one that strangers reach holds no credential: the desk with `--role desk`, and the pages with
    `--role pages` and settings of their own (CSRDESK_CONFIG), which have nothing but [pages], [serve] and [log].

    \b
    Examples:
      csrdesk serve
      csrdesk serve --workers 4
      csrdesk serve --role desk
      CSRDESK_CONFIG=pages.toml csrdesk serve --role pages
    """
    if workers > 1:
        from csrdesk.cli.serving_workers import not_apart, serve_by_workers

        if role is not Role.ALL:
            raise not_apart()
        return run_loop(serve_by_workers(workers))
    if role is Role.PAGES:
        from csrdesk.cli.serving_pages import serve_pages

        return run_loop(serve_pages())
    return run_loop(_serve(role))


async def _serve(role: Role) -> Result:
    from csrdesk.cli.desk import settings_of_own_desk, unknown_acts
    from csrdesk.cli.sweeping import swept_in_pauses
    from csrdesk.cli.waiting import until_stopped
    from csrdesk.errors import ConfigError
    from csrdesk.wiring import open_desk
    from csrdesk.wiring.desk_api import desk_api_of
    from csrdesk.wiring.ops import Ops, desk_watched
    from csrdesk.wiring.pages import NO_PUBLIC_URL, served_already
    from csrdesk.wiring.workers import AsWorker

    settings, messages = settings_of_own_desk()
    if not settings.desk.public_url and not settings.demo:
        raise ConfigError(NO_PUBLIC_URL, key="desk.public_url")
    check_role(role, settings.serve.door)
    worker = AsWorker()
    ops_port = settings.serve.ops_port and settings.serve.ops_port + worker.number
    ops = Ops(settings.serve.ops_host, ops_port)
    async with (
        open_desk(settings, serve_pages=True, watch=ops.watch) as desk,
        swept_in_pauses(),
        desk_watched(ops, desk),
        desk_api_of(desk) as api_port,
    ):
        if not desk.pages.ours:
            raise served_already(desk.pages.holder)
        unknown = unknown_acts(len(await desk.audit.unknown())) if worker.number == 0 else ()
        for message in (*(() if worker.is_one_of_several else messages), *unknown):
            say(message)
        async with worker.serving(), until_stopped():
            for line in () if worker.is_one_of_several else _where(desk, role, ops.url, api_port):
                say(line)
    return Result()


def _where(desk: Desk, role: Role, ops_url: str, api_port: int | None) -> Iterator[str]:
    if api_port is not None:
        yield f"Serving the desk API at {desk.settings.desk.api_url} (here: port {api_port})."
    if ops_url:
        yield f"Health and figures are at {ops_url}/ready and {ops_url}/metrics."
    what = "The door of the customers' pages at" if role is Role.DESK else "Serving the customers' pages at"
    yield f"{what} {desk.pages_url} (here: {desk.pages.local_url}). Ctrl-C ends it."


def check_role(role: Role, door: str) -> None:
    """Raises `ConfigError` where role and settings do not fit: which process strangers reach must not be a surprise."""
    from csrdesk.errors import ConfigError

    if role is Role.DESK and not door:
        words = "--role desk needs serve.door: where `csrdesk serve --role pages` comes to."
        raise ConfigError(words, key="serve.door")
    if role is Role.ALL and door:
        words = "serve.door is set, so the pages run as a process of their own: start this one with --role desk."
        raise ConfigError(words, key="serve.door")
