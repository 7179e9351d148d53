"""What the world answers to an account recovery: expected outcomes as values. None holds a code or a password."""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows.kernel import Reply
from csrdesk.model.passwords import Home, Requirement
from csrdesk.model.recovery import Progress


# PingOne
class RecoveryUser(Reply, frozen=True):
    """Who has the address; nobody where it is empty. The same reply either way, so that nothing branches too early."""

    person_id: str = ""


class RecoveryPolicy(Reply, frozen=True):
    requirements: tuple[Requirement, ...] = ()
    for_everybody: bool = False
    """PingOne has no other policy: what breaks it need not be tried."""


class RecoveryCodeSent(Reply, frozen=True):
    home: Home = Home.PINGONE
    """`PINGONE`, or `GATEWAY` where PingOne hands the new password on."""
    changed_at: datetime | None = None
    """When the password was set last, by PingOne's clock: what is read back later is compared with it."""


class RecoveryNotPossible(Reply, frozen=True):
    """Disabled, without a password, locked out, or kept where PingOne cannot change it: no code was sent."""

    call_help_desk: bool = False
    """The password is kept elsewhere (`EXTERNAL`, and the gateway allows no change): a mail says whom to call."""


class RecoveryCodeWrong(Reply, frozen=True):
    """Wrong, used, or too old; PingOne has counted it."""


# The desk
class RecoveryBegun(Reply, frozen=True):
    mark: str
    """The keyed hash of the typed address: what Protect knows the visitor by, whoever it is."""


class RecoveryLimited(Reply, frozen=True):
    """A limit is reached; nothing was sent."""

    message: str
    minutes: int = 0
    """When it is possible again."""


class TryCounted(Reply, frozen=True):
    pass


class ResendCounted(Reply, frozen=True):
    pass


class RecoveryOver(Reply, frozen=True):
    """The page was ended meanwhile, its time is up, or too much was tried for this address."""


# For the agent who started one
class RecoveryInvited(Reply, frozen=True):
    """The mail server has taken the mail."""

    to: str
    """The masked address."""
    at: datetime
    doubt: str = ""
    """Why it may not have reached the person; empty where nothing speaks against it."""


class RecoveryNotInvited(Reply, frozen=True):
    message: str


class RecoveryIs(Reply, frozen=True):
    progress: Progress
