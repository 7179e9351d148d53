"""What a sign-in may do by the settings: claims become grants here, purely, so that it can be read and tried alone.

Apart from the settings themselves, which every command reads: only a desk where agents sign in needs this.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from csrdesk.config.roles import RoleSettings
from csrdesk.model.grants import ANYWHERE, Grants, Role, in_order
from csrdesk.model.proofs import Act
from csrdesk.model.sign_in import SignedIn

_LAST_MOMENT: Final = 253_402_300_799
"""The end of the year 9999: what claims to end later says nothing."""


def grants_of(signed_in: SignedIn, settings: RoleSettings) -> Grants:
    """What a sign-in may do by these settings: nothing where they name none of its groups."""
    groups = _groups(signed_in.claims, settings.claim)
    named, acts = _named(settings), _acts(settings)
    roles = tuple(role for role in Role if groups & set(named[role]))
    return Grants(
        roles=roles,
        acts=in_order(Act(act) for role in roles for act in acts.get(role, ())),
        populations=_of_groups(settings.populations, groups),
        ous=_of_groups(settings.ous, groups),
        signed_in_at=signed_in.at,
        until=_until(signed_in.claims),
    )


def _named(settings: RoleSettings) -> dict[Role, tuple[str, ...]]:
    """Whose members have a role."""
    return {
        Role.VERIFIER: settings.verifier,
        Role.AGENT: settings.agent,
        Role.LEAD: settings.lead,
        Role.AUDITOR: settings.auditor,
    }


def _acts(settings: RoleSettings) -> dict[Role, tuple[str, ...]]:
    """What a role may do to an account; the others may do nothing."""
    return {Role.AGENT: settings.agent_acts, Role.LEAD: settings.lead_acts}


def _groups(claims: Mapping[str, object], name: str) -> frozenset[str]:
    """The words of a claim: a list of texts, or one text with blanks between them. Anything else names no group."""
    held = claims.get(name)
    if isinstance(held, str):
        return frozenset(held.split())
    if isinstance(held, list | tuple):
        return frozenset(word for word in held if isinstance(word, str) and word)
    return frozenset()


def _of_groups(named: Mapping[str, tuple[str, ...]], groups: frozenset[str]) -> tuple[str, ...]:
    found = sorted({value for group, values in named.items() if group in groups for value in values if value})
    return (ANYWHERE,) if ANYWHERE in found else tuple(found)


def _until(claims: Mapping[str, object]) -> datetime | None:
    """When the token ends (`exp`, RFC 7519 section 4.1.4: seconds since 1970)."""
    ends = claims.get("exp")
    if isinstance(ends, bool) or not isinstance(ends, int | float) or not 0 <= ends <= _LAST_MOMENT:
        return None
    return datetime.fromtimestamp(ends, UTC)
