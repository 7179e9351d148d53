"""What every part of the engine stands on, in one frozen value: store, audit, waiters, clock, key and limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property

from csrdesk.config import LimitSettings
from csrdesk.engine.audit import Audit
from csrdesk.engine.changes import Changes
from csrdesk.engine.clock import Clock
from csrdesk.engine.owed import Owed
from csrdesk.engine.store import Store
from csrdesk.flows.rules import Rules


@dataclass(frozen=True)
class Desk:
    """One process's desk."""

    store: Store
    audit: Audit
    changes: Changes
    clock: Clock
    rules: Rules
    limits: LimitSettings
    key: bytes
    """32 random bytes that spoken codes and address hashes are derived from; the same in every process."""
    scripts: frozenset[str] = frozenset()
    """Agents that settings let act without a call (`desk.script_identities`)."""

    vouched_for: set[str] = field(default_factory=set)
    """Agents at this process's door whom the operating system vouches for, and no sign-in limits."""

    @cached_property
    def owed(self) -> Owed:
        """Rows of the audit that could not be written yet."""
        return Owed(self.audit, self.clock)

    @property
    def verified(self) -> timedelta:
        """How long a verified window lasts."""
        return timedelta(minutes=self.limits.verified_minutes)

    @property
    def page(self) -> timedelta:
        """How long the customer's page lasts from the right code."""
        return timedelta(seconds=self.limits.page_seconds)
