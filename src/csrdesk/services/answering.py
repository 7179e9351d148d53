"""Whether PingOne, AD and the mail server answer at all: one light question each, all at once, for the status line.

Apart from the probes of `doctor`, which ask everything and say what to do: this is asked every minute.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final

from csrdesk.errors import ServiceError
from csrdesk.services.directory.port import Equal
from csrdesk.services.performer.outside import Outside
from csrdesk.services.pingone import users

PINGONE: Final = "PingOne"
DIRECTORY: Final = "AD"
MAIL: Final = "mail"
_PATIENCE = 10.0
"""Seconds: whoever answers later than that is no help in a call."""


async def not_answering(outside: Outside) -> tuple[str, ...]:
    """Those of the three that do not answer, in that order. What settings do not name cannot be down."""
    asked: dict[str, Awaitable[object]] = {PINGONE: users.any_there(outside.pingone)}
    if outside.directory is not None:
        asked[DIRECTORY] = outside.directory.search(Equal("objectClass", "domain"), ("objectClass",))
    if outside.mailer is not None:
        asked[MAIL] = outside.mailer().greet()
    answers = await asyncio.gather(*map(_answers, asked.values()))
    return tuple(name for name, well in zip(asked, answers, strict=True) if not well)


async def _answers(question: Awaitable[object]) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await question
    except (ServiceError, TimeoutError):
        return False
    return True
