"""What a line of the log says beside its message: which call and which agent it is about, as text or as JSON.

The call comes from whatever effect is performed when somebody writes to the log, so that services need not know it.
"""

from __future__ import annotations

import json
import logging
import re
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final, Literal

from csrdesk.errors import CsrdeskError
from csrdesk.flows.doors import Context, Perform
from csrdesk.flows.kernel import Effect, Reply
from csrdesk.model.text import clean

Format = Literal["text", "json"]

_ABOUT: Final[ContextVar[tuple[str, str]]] = ContextVar("about", default=("", ""))
"""Call and agent of what is being performed."""
_CORRELATION = re.compile(r"\bcorrelation=([\w-]{0,64})")
_REFERENCE = re.compile(r"\breference=([\w-]{1,64})")
"""Of PingOne, unless the line has a correlation beside it: then it is the reference that a page shows."""


class Told:
    """Performs effects, and lets every line of the log that is written meanwhile know for which call."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform

    async def __call__(self, effect: Effect, context: Context) -> Reply:
        """As the performer does."""
        token = _ABOUT.set((context.call_id, context.agent.id))
        try:
            return await self._perform(effect, context)
        finally:
            _ABOUT.reset(token)


def about() -> dict[str, str]:
    """The call and the agent that a line is about now; nothing where it is about none."""
    call, agent = _ABOUT.get()
    return {name: clean(value, 100) for name, value in (("call", call), ("agent", agent)) if value}


def as_json(record: logging.LogRecord, message: str, crash: str) -> str:
    """One object on one line, in ASCII; `message` and `crash` are redacted already."""
    error = record.exc_info[1] if record.exc_info else None
    own = error.correlation_id if isinstance(error, CsrdeskError) else ""
    found = _CORRELATION.search(message) or _REFERENCE.search(message)
    correlation = own or (found[1] if found else "")
    at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line = {"time": at, "level": record.levelname, "logger": record.name, "message": message, **about()}
    line |= {name: value for name, value in (("correlation", correlation), ("places", crash)) if value}
    return json.dumps(line)


def as_text(line: str) -> str:
    """The line with what it is about at its end."""
    known = " ".join(f"{name}={value}" for name, value in about().items())
    return f"{line} {known}" if known else line
