"""What an invitation to register needs from the world, and what comes of it: for a caller whom a look-up does not find.

The mail holds the address of the registration page and nothing secret. Nobody is verified by it, and nobody acts for
the person who gets it.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows.kernel import Effect, Kind, Reply
from csrdesk.model.recovery import Progress


class CountInvitation(Effect, frozen=True, kw_only=True):
    """Count this invitation, before it is mailed, for the address and for the agent.

    Answered with `InvitationCounted`, or a failure where a limit is reached.
    """

    kind = Kind.DESK
    address: str


class InviteToRegister(Effect, frozen=True, kw_only=True):
    """Mail that address the way to the registration page. Answered with `Invited` or `NotInvited`."""

    kind = Kind.SEND
    action = "registration.invite"
    address: str


class AwaitRegistration(Effect, frozen=True, kw_only=True):
    """Wait until a registration with that address, begun since then, is further than `seen`.

    Answered with `RegistrationIs`.
    """

    kind = Kind.READ
    waits = True
    address_hash: str
    since: datetime
    seen: Progress


class InvitationCounted(Reply, frozen=True):
    address_hash: str
    """Keyed: all that is kept of the address once the mail has gone."""


class Invited(Reply, frozen=True):
    """The mail server has taken the mail."""

    to: str
    """The masked address."""
    at: datetime


class NotInvited(Reply, frozen=True):
    message: str


class RegistrationIs(Reply, frozen=True):
    progress: Progress
