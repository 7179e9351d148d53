"""How a way to verify can end, whichever it is: what the main flow reads, so that one account page follows them all.

`verify_user` has ends of its own, because Ping's documentation names its outputs.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows.kernel import Done, Outcome, Problem, Terminal
from csrdesk.model.link import Link
from csrdesk.model.proofs import Evidence

SECTION = "CSR Flow for Verification"
PHONE_SAID_NO = (
    "The request was denied on the phone. Verification of this person is frozen, since whoever holds it did not call. "
    "End the call politely."
)
"""What the agent reads after a push that was denied."""
PAGE_SAID_NO = 'The customer pressed "This wasn\'t me". Verification of this person is frozen. End the call politely.'
"""What the agent reads where it was said on the customer's page."""


def said_no(link: Link) -> str:
    """What the agent reads of a link that ended because nobody had called: where that was said."""
    return PHONE_SAID_NO if link.phone_said_no else PAGE_SAID_NO


class WayOver(Outcome, frozen=True):
    """The main flow goes on."""


class _End(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[WayOver]:
        return Done(WayOver())


class Verified(_End, frozen=True):
    """The caller has shown something, and the verified window has begun."""

    verified_until: datetime
    evidence: Evidence


class WentBack(_End, frozen=True):
    """Nothing was shown; back to the caller's card."""


class NotMe(_End, frozen=True):
    """The customer said that they did not call; verification of this person is frozen."""

    note: str
    """What the agent reads: where it was said."""


class LineDropped(_End, frozen=True):
    """The caller is gone; what is open is still to be ended."""


class Broken(_End, frozen=True):
    """It cannot be watched any more, so it must not be approved meanwhile."""

    problem: Problem
