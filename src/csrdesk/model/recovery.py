"""The life of a page that a customer began by themselves, as those see it who watch: a recovery, or a registration.

Beside it the two secrets that a recovery's form holds.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from enum import StrEnum

import msgspec

from csrdesk.model.risk import RiskCheck
from csrdesk.model.secret import Secret


class Stage(StrEnum):
    """How far it is. The last three are ends."""

    OPENED = "opened"
    """An address was typed."""
    ANALYSED = "analysed"
    CODE_SENT = "code_sent"
    """The page asks for the code; whether one was sent, only the audit of the account says."""
    VERIFIED = "verified"
    """Of a registration: the code of the mail was right."""
    CREATED = "created"
    """Of a registration: the account is there, and something of it is still to be done."""
    DONE = "done"
    REFUSED = "refused"
    """Protect, a limit, or too many tries."""
    ENDED = "ended"
    """Cancelled, too old, or ended from outside."""

    @property
    def open(self) -> bool:
        return self not in (Stage.DONE, Stage.REFUSED, Stage.ENDED)


class End(StrEnum):
    """How the customer's page ends."""

    DONE = "done"
    SIGN_ON = "sign_on"
    """Back to signing in, with nothing changed."""
    STOPPED = "stopped"
    """Protect speaks against it, or gives no answer."""
    LIMITED = "limited"
    TRIES = "tries"
    """All tries were used."""
    KNOWN = "known"
    """Of a registration: whoever has the mailbox has an account already."""
    OVER = "over"
    """The page was ended from outside, or its time was up."""
    FAILED = "failed"
    """Something did not answer."""


def plain(code: str) -> str:
    """A recovery code as PingOne takes it: no blanks or hyphens, compatibility forms made plain (Unicode NFKC)."""
    kept = (c for c in unicodedata.normalize("NFKC", code) if c.isalnum())
    return "".join(kept).upper()


def joined(code: Secret, password: Secret) -> Secret:
    """Both as the one secret of a step; a plain code holds no NUL, so they can be told apart whatever is typed."""
    return Secret(f"{plain(code.reveal())}\0{password.reveal()}")


def apart(both: Secret) -> tuple[Secret, Secret]:
    """Code and password of `joined`."""
    code, _, password = both.reveal().partition("\0")
    return Secret(code), Secret(password)


class Progress(msgspec.Struct, frozen=True):
    """How far somebody is, as those see it who watch: no code, no address, nothing that was typed."""

    stage: Stage | None = None
    """None before they have opened the page."""
    opened_at: datetime | None = None
    code_at: datetime | None = None
    """When the newest code was asked for; whether PingOne could send one, only the audit says."""
    tries: int = 0
    ended_at: datetime | None = None
    risk: RiskCheck | None = None
    """What PingOne Protect made of the visit; None before it was asked, and where it is not shown."""

    @property
    def stopped_by_protect(self) -> bool:
        """Whether the page ended because Protect speaks against it."""
        return self.stage is Stage.REFUSED and self.risk is not None and self.risk.stops
