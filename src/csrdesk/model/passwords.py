"""What is known of passwords without knowing one: which directory judges, what it asks, and when it was set last."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from csrdesk.model.secret import Secret


class Home(StrEnum):
    """Where a password is written, in the words that people read."""

    DIRECTORY = "AD"
    PINGONE = "PingOne"
    GATEWAY = "AD through PingOne"
    """An `EXTERNAL` password: PingOne hands it to its LDAP gateway, whose user type allows it."""


Authority = Literal["auto", "ad", "pingone", "both"]
"""`password_authority`: who judges and keeps the passwords of a population."""


class PasswordState(msgspec.Struct, frozen=True):
    """What one directory says of its password."""

    home: Home
    changed_at: datetime | None = None
    """By the directory's own clock; None where it was never set, or nobody can tell."""
    must_change: bool = False
    """A change is demanded at the next sign-on; after a reset it must not be."""


class Requirement(msgspec.Struct, frozen=True):
    """One thing that is asked of a new password: said in words, and checked where that needs the password alone."""

    words: str
    """`At least 10 characters`."""
    kind: Literal["min_length", "max_length", "characters", "distinct", "classes", "said"]
    """`characters`: `number` of those in `characters`. `distinct`: `number` different ones. `classes`: `number` of
    small letters, capitals, digits, letters that are neither, everything else. `said`: only the directory can tell
    (history, names, common ones)."""
    number: int = 0
    characters: str = ""

    def is_met_by(self, password: Secret) -> bool:
        """Whether the password meets it; what only a directory can tell counts as met."""
        text = password.reveal()
        match self.kind:
            case "min_length":
                return len(text) >= self.number
            case "max_length":
                return len(text) <= self.number
            case "characters":
                return sum(text.count(one) for one in self.characters) >= self.number
            case "distinct":
                return len(set(text)) >= self.number
            case "classes":
                return _classes(text) >= self.number
            case "said":
                return True


def _classes(text: str) -> int:
    """Small letters, capital ones, digits, letters that are neither, everything else: AD's five kinds."""
    return len({_KINDS.get(category, category[0] == "L") for category in map(unicodedata.category, text)})


_KINDS = {"Ll": "small", "Lu": "capital", "Nd": "digit"}
