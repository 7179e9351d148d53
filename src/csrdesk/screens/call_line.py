"""One call as a line of the list: a value, so that the list needs to know no call."""

from __future__ import annotations

from datetime import datetime

import msgspec


class CallLine(msgspec.Struct, frozen=True):
    """Who, how far, and until when."""

    place: str
    """The console's name for it, or its id where this console does not have it yet."""
    customer: str
    """Empty before anybody is found."""
    state: str
    until: datetime | None = None
    """When the link, the page or the verified window ends."""
    ticket: str = ""
    current: bool = False
    needs_agent: bool = False
