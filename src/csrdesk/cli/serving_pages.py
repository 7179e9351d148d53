"""`csrdesk serve --role pages`: the customers' pages as a process that has no credential but the inner door's."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from csrdesk.cli.result import Result, say


async def serve_pages() -> Result:
    """Serve them until somebody ends it. Raises `ConfigError`."""
    from csrdesk.cli.waiting import until_stopped
    from csrdesk.config import default_path
    from csrdesk.config.pages_file import load_pages
    from csrdesk.wiring.door import outer_pages
    from csrdesk.wiring.ops import Ops

    settings = load_pages(default_path())
    ops = Ops(settings.serve.ops_host, settings.serve.ops_port)
    with _logged(settings.pages.log_file, settings.log.format):
        reached = outer_pages(settings.pages, _waits, ops.watch)
        async with reached as (pages, here), ops.served({"desk": pages.ready}), until_stopped():
            if ops.url:
                say(f"Health and figures are at {ops.url}/ready and {ops.url}/metrics.")
            say(f"Serving the customers' pages at {pages.url} (here: {here}). Ctrl-C ends it.")
    return Result()


def _waits(why: str) -> None:
    say(f"{why.removesuffix(' Try again in a moment.')} Waiting for it. Ctrl-C ends it.")


@contextlib.contextmanager
def _logged(file: str, form: Literal["text", "json"]) -> Iterator[None]:
    """The log in that file, or on standard error; redacted in either."""
    from csrdesk.wiring.log import send_logging_to, stop_logging_to

    handler = send_logging_to(Path(file).expanduser() if file else sys.stderr, form)
    try:
        yield
    finally:
        stop_logging_to(handler)
