"""Who may do what at a desk where agents sign in. Apart from the other sections, which one machine's desk needs too."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

ActName = Literal["protect", "disable", "enable", "unlock", "reset", "expire", "must_change", "devices"]


class RoleSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What agents who sign in may do, by the groups that their token names. What is not granted here is refused."""

    claim: Annotated[str, Meta(min_length=1)] = "groups"
    """The token's claim that holds the groups (or roles): a list of words, or words with blanks between."""
    verifier: tuple[str, ...] = ()
    """Groups whose members verify callers and change no account."""
    agent: tuple[str, ...] = ()
    """Groups whose members verify callers and act on their accounts."""
    lead: tuple[str, ...] = ()
    """Groups whose members do what agents do, read the whole audit, and end an agent's sign-in."""
    auditor: tuple[str, ...] = ()
    """Groups whose members read and export the audit, and do nothing else."""
    agent_acts: tuple[ActName, ...] = ("protect", "disable", "enable", "unlock", "reset")
    """What role agent may do to an account."""
    lead_acts: tuple[ActName, ...] = (
        "protect",
        "disable",
        "enable",
        "unlock",
        "reset",
        "expire",
        "must_change",
        "devices",
    )
    """What role lead may do to an account."""
    populations: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Which populations of PingOne (names or ids) the members of a group serve; `["*"]` for all. Who is in none of them
    is found by nobody."""
    ous: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Which OUs of AD (distinguished names) the members of a group serve, with what is below; `["*"]` for all. It
    concerns callers who have an account in AD."""


def names_any(roles: RoleSettings) -> bool:
    """Whether any group is good for anything."""
    return any((roles.verifier, roles.agent, roles.lead, roles.auditor))
