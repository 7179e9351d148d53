"""The invented agents who sign in to csrdesk, one for each role; apart from the people that a desk acts on.

Values only, as `people`: tests and the demo name the constants.
"""

from __future__ import annotations

import msgspec

from csrdesk.sandbox import ids

VERIFIER = "nele"
AGENT = "oskar"
SECOND_AGENT = "sven"
LEAD = "petra"
AUDITOR = "rahel"
WITHOUT_ROLE = "tilda"


class Staff(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who works at the help desk."""

    username: str
    given: str
    family: str
    roles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """`sub` of their tokens."""
        return ids.stable("agent", self.username)

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"

    @property
    def email(self) -> str:
        return f"{self.username}@desk.example"


STAFF: tuple[Staff, ...] = (
    Staff(username=VERIFIER, given="Nele", family="Brandt", roles=("verifier",), groups=("Help desk verifiers",)),
    Staff(username=AGENT, given="Oskar", family="Nyström", roles=("agent",), groups=("Help desk agents",)),
    Staff(username=SECOND_AGENT, given="Sven", family="Achterberg", roles=("agent",), groups=("Help desk agents",)),
    Staff(username=LEAD, given="Petra", family="Kowalska", roles=("lead",), groups=("Help desk leads",)),
    Staff(username=AUDITOR, given="Rahel", family="Zürcher", roles=("auditor",), groups=("Audit",)),
    Staff(username=WITHOUT_ROLE, given="Tilda", family="Moreau"),
)


_CREW = (
    "Aino", "Bela", "Cato", "Dario", "Eevi", "Filip", "Greta", "Hanna", "Ivo", "Jonna", "Kaja", "Linus", "Maren",
    "Nils", "Ottilie", "Pavel", "Ragna",
)  # fmt: skip
_SIZE = 1_000


def _one_of_crew(index: int) -> Staff:
    turn, given = index // len(_CREW), _CREW[index % len(_CREW)]
    number = str(turn + 1) if turn else ""
    username, family = f"{given.lower()}{number}", f"Winter {number}".strip()
    return Staff(username=username, given=given, family=family, roles=("agent",), groups=("Help desk agents",))


CREW: tuple[Staff, ...] = tuple(map(_one_of_crew, range(_SIZE)))
"""More agents, for a desk on which many calls are on at once; the page to sign on at does not list them."""
_KNOWN = {one.username: one for one in (*STAFF, *CREW)}


def somebody(username: str) -> Staff | None:
    """The agent of that user name."""
    return _KNOWN.get(username)
