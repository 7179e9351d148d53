"""Whether csrdesk's own application has more rights in PingOne than a desk needs, as far as PingOne lets it see."""

from __future__ import annotations

from csrdesk.errors import ServiceError
from csrdesk.model.checkup import Finding, ok, warning
from csrdesk.services.pingone import roles
from csrdesk.services.pingone.api import Api
from csrdesk.services.pingone.roles import Held

AREA = "PingOne roles"
NEEDED = "Identity Data Admin"
READS = ("Configuration Read Only", "Identity Data Read Only")
"""What lets csrdesk read policies, gateways and agreements, and changes nothing."""
_GUIDE = "docs/how-to/connect-pingone.md says which roles each feature needs."


async def probe(api: Api, application_id: str) -> tuple[Finding, ...]:
    """The roles that are held and not needed, and those that go further than the people whom the desk serves."""
    try:
        held = await roles.held_by(api, application_id)
    except ServiceError:
        words = "PingOne does not show csrdesk its own roles, so they could not be compared. That is as it should be."
        return (ok(AREA, words),)
    return judged(held)


def judged(held: tuple[Held, ...]) -> tuple[Finding, ...]:
    """What is to be said of them."""
    more = sorted({one.name for one in held if one.name not in (NEEDED, *READS)})
    wide = sorted({one.name for one in held if one.name == NEEDED and one.scope in ("ENVIRONMENT", "ORGANIZATION")})
    found: list[Finding] = []
    if more:
        todo = f"Take them away, unless one is a role of your own for csrdesk. {_GUIDE}"
        found.append(warning(AREA, f"Held and not needed: {', '.join(more)}.", todo))
    if wide:
        words = f"{NEEDED} is held over everybody in the environment."
        found.append(warning(AREA, words, "Give it over the populations alone that the desk serves."))
    return tuple(found) or (
        ok(AREA, f"Held: {', '.join(sorted({one.name for one in held})) or 'none'}; none too many."),
    )
