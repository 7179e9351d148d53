"""The ways in which a caller can show who they are, and what each is worth for one caller now."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Way(StrEnum):
    """A way to verify; the words are those of `csrdesk call start --way`."""

    LINK = "link"
    """A link by mail, a code by voice, and a registered device."""
    SPOKEN_ADDRESS = "spoken-address"
    """A short address and a code by voice; a strong device must follow in any browser."""
    PUSH = "push"
    """A push that the agent leads, with a number to find."""
    CALL_BACK = "call-back"
    """PingOne rings the number on record."""
    EXCEPTION = "exception"
    """Nothing digital: a lead approves that some acts are done all the same."""

    @property
    def label(self) -> str:
        """What agents read."""
        return _LABELS[self]


_LABELS = {
    Way.LINK: "Magic link",
    Way.SPOKEN_ADDRESS: "Spoken address",
    Way.PUSH: "Push to the app",
    Way.CALL_BACK: "Call-back",
    Way.EXCEPTION: "Exception",
}


class WayOffer(msgspec.Struct, frozen=True):
    """One way for one caller."""

    way: Way
    gives: str = ""
    """What the caller shows by it, in words."""
    why_not: str = ""
    """Why it is not open now, in words; empty where it is."""

    @property
    def is_open(self) -> bool:
        return not self.why_not

    @property
    def words(self) -> str:
        """What it gives, or why it is not open."""
        return f"not now: {self.why_not}" if self.why_not else self.gives
