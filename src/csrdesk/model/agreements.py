"""Agreements as customers read them, what they said to them, and which language they are shown in.

Consents bear PingOne's words; languages are chosen by BCP 47's tags the simple way (RFC 4647, 3.4: look-up).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import msgspec

_TAGS = 10
"""Languages of a browser that are looked at."""


class Agreement(msgspec.Struct, frozen=True):
    """One text in one language, at one revision. The text is as PingOne has it: HTML is not made safe here."""

    id: str
    language_id: str
    revision_id: str
    locale: str
    title: str
    text: str
    html: bool = False
    """Whether the text is HTML; otherwise it is plain."""
    accept: str = ""
    """Words beside the box to tick, in the same language; empty where PingOne has none. So are the next two."""
    proceed: str = ""
    decline: str = ""


class ConsentState(StrEnum):
    """What somebody said to an agreement."""

    ACCEPTED = "ACCEPTED"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"
    """Accepted, but too long ago, or an older text than counts now."""
    NONE = "NONE"
    """Never asked."""
    UNKNOWN = "UNKNOWN"
    """A word of PingOne's that csrdesk does not know: it counts for nothing."""


class Consent(msgspec.Struct, frozen=True):
    """What somebody said, when, and to which text."""

    state: ConsentState = ConsentState.NONE
    at: datetime | None = None
    expires_at: datetime | None = None
    language_id: str = ""
    revision_id: str = ""

    @property
    def accepted(self) -> bool:
        return self.state is ConsentState.ACCEPTED

    @property
    def words(self) -> str:
        """For an agent."""
        return _WORDS[self.state]


_WORDS = {
    ConsentState.ACCEPTED: "accepted",
    ConsentState.REVOKED: "taken back",
    ConsentState.EXPIRED: "an older text was accepted",
    ConsentState.NONE: "not accepted",
    ConsentState.UNKNOWN: "not known",
}


def wanted_of(accept_language: str) -> tuple[str, ...]:
    """The tags of a browser's `Accept-Language`, the one it likes best first (RFC 9110, 12.5.4)."""
    weighed: list[tuple[float, str]] = []
    for part in accept_language.split(",")[:_TAGS]:
        tag, _, parameters = part.partition(";")
        weight = _weight(parameters)
        if tag.strip() not in ("", "*") and weight > 0:
            weighed.append((weight, tag.strip()))
    return tuple(tag for _, tag in sorted(weighed, key=lambda one: -one[0]))


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def choose(locales: Sequence[str], wanted: Sequence[str], default: str) -> str | None:
    """Of these locales the one to show: exactly a wanted one, then one of its language, then the default.

    None where there is none of them.
    """
    for tag in wanted:
        for locale in locales:
            if locale.casefold() == tag.casefold():
                return locale
        for locale in locales:
            if _language(locale) == _language(tag):
                return locale
    return next((locale for locale in locales if locale.casefold() == default.casefold()), None)


def _language(tag: str) -> str:
    return tag.replace("_", "-").partition("-")[0].casefold()
