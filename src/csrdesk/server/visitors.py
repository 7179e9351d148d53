"""Whose browser a form came from, for PingOne Protect: what it says of itself, and what the Signals script found.

Both are a stranger's text. Neither decides anything here, and neither is written down.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from csrdesk.flows.doors import Visitor
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean
from csrdesk.server.forms import Form

FIELD: Final = "signals"
"""The hidden field that our script fills."""
MAX_SIGNALS: Final = 100_000
"""Characters; what is longer is dropped, and address and browser have to do."""
_AGENT: Final = 512


def visitor_of(request: Request, form: Form) -> Visitor:
    """The visitor behind a form; its field is taken out of the form, so that nothing else meets it."""
    signals = form.pop(FIELD, "").strip()
    agent = clean(request.headers.get("user-agent", ""), _AGENT)
    return Visitor(agent, Secret(signals) if signals and len(signals) <= MAX_SIGNALS else None)
