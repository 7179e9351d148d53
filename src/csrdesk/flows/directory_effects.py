"""What is changed in AD alone, beside its switch and its lock: the account's last day, and a password to be changed.

PingOne has neither: it keeps no last day, and what it asks of its own password is another thing.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows.kernel import AccountEffect


class SetDirectoryExpiry(AccountEffect, frozen=True, kw_only=True):
    """Let the account end: `accountExpires`. What stands there is swapped, never overwritten."""

    action = "ad.set_expiry"
    dn: str
    ends_at: datetime | None
    """The moment after its last day; None for never."""
    was: datetime | None
    """What stood there when it was decided; None for never."""


class DemandPasswordChange(AccountEffect, frozen=True, kw_only=True):
    """Let AD ask for another password at the next sign-in: `pwdLastSet` 0."""

    action = "ad.demand_change"
    dn: str
