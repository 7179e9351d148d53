"""How reaching a phone can end: push and call-back each end in one of these, for the flow that opened the try."""

from __future__ import annotations

from csrdesk.flows.kernel import Done, Outcome, Terminal
from csrdesk.model.link import LinkStage
from csrdesk.model.proofs import Proof

SECTION = "CSR Flow for Verification"


class Reached(Outcome, frozen=True):
    """The part is over; what came of it stands in its last state."""


class _End(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Reached]:
        return Done(Reached())


class Proved(_End, frozen=True):
    """Shown by this very answer."""

    proof: Proof


class Stopped(_End, frozen=True):
    """Nothing was proved; the try is still to be ended."""

    note: str
    code: str = ""


class Ended(_End, frozen=True):
    """Nothing was proved, and the try is over."""

    stage: LinkStage
    note: str = ""


class Again(_End, frozen=True):
    """Reach the same phone once more, by another try."""


class Left(_End, frozen=True):
    """Back to the caller's card; the try is still to be ended."""


class LineDropped(_End, frozen=True):
    """The caller is gone."""


class Denied(_End, frozen=True):
    """The phone said no: whoever holds it did not call."""
