"""The caller, as saved states and screens know them: an id and what may be shown before anybody is verified."""

from __future__ import annotations

import hashlib

import msgspec


class Person(msgspec.Struct, frozen=True):
    """A PingOne user without anything that a saved state must not hold: addresses are masked, no account state."""

    id: str
    username: str
    """Masked where it is an address."""
    given: str = ""
    family: str = ""
    email: str = ""
    """Masked; empty where the user has none."""
    email_verified: bool = False
    population: str = ""
    """The population's name."""
    population_id: str = ""
    number_ending: str = ""
    """Last characters of the customer number (`externalId`)."""

    @property
    def name(self) -> str:
        """What the agent reads on the screen."""
        return " ".join(part for part in (self.given, self.family) if part) or self.username

    @property
    def is_doubtful(self) -> bool:
        """Whether PingOne says that the address was never verified; where it was not asked, nobody says so."""
        return bool(self.email) and not self.email_verified and not self.only_in_directory

    @property
    def only_in_directory(self) -> bool:
        """Whether PingOne could not be asked who this is; then the id is the directory's."""
        return self.id.startswith(_IN_DIRECTORY)


_IN_DIRECTORY = "ad:"


def directory_id(dn: str) -> str:
    """The id of somebody whom only the directory could be asked about: it names the entry, and nobody reads it back."""
    return _IN_DIRECTORY + hashlib.sha256(dn.casefold().encode()).hexdigest()[:24]


class Protection(msgspec.Struct, frozen=True):
    """Why nobody at the desk may act on an account; empty `reasons` where nothing protects it."""

    reasons: tuple[str, ...] = ()
    dn: str = ""
    """The distinguished name of the matching directory entry, empty where there is none."""
    unchecked: str = ""
    """Why the directory could not be asked, in words; then it may have an entry, and may protect it."""

    @property
    def protected(self) -> bool:
        return bool(self.reasons)
