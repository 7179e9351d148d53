"""What an agent may do, whom they may do it to, and until when that is known: the one value that rules ask about it.

Nothing that is not granted is allowed. Apart from proofs, which say what a caller has shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final

import msgspec

from csrdesk.model.names import is_below
from csrdesk.model.proofs import Act


class Role(StrEnum):
    """What somebody is at the desk. Whoever has several may do what any of them may."""

    VERIFIER = "verifier"
    """Verifies callers, and changes no account."""
    AGENT = "agent"
    """Verifies callers, and acts on their accounts."""
    LEAD = "lead"
    """As an agent; reads the audit, and ends another's sign-in."""
    AUDITOR = "auditor"
    """Reads and exports the audit, and nothing else."""


OF_AGENTS: Final = (
    Act.PROTECT,
    Act.DISABLE,
    Act.ENABLE,
    Act.UNLOCK,
    Act.RESET,
    Act.EXPIRE,
    Act.MUST_CHANGE,
    Act.DEVICES,
)
"""Acts that are anybody's to grant; the others belong to customers' own pages."""
ANYWHERE: Final = "*"
"""Stands for every population, or for every OU."""


class Grants(msgspec.Struct, frozen=True):
    """What one sign-in may do. The empty value may do nothing."""

    roles: tuple[Role, ...] = ()
    acts: tuple[Act, ...] = ()
    populations: tuple[str, ...] = ()
    """Names or ids of PingOne's populations, or `ANYWHERE`."""
    ous: tuple[str, ...] = ()
    """Distinguished names in AD, or `ANYWHERE`. They concern those who have an account there."""
    signed_in_at: datetime | None = None
    """When the person themselves signed in, UTC; None where nobody signs in at this desk."""
    until: datetime | None = None
    """Until when the sign-in counts, where it says so."""

    @property
    def signed_in(self) -> bool:
        """Whether a sign-in granted this; otherwise the operating system vouches for the agent, who may do all."""
        return self.signed_in_at is not None

    @property
    def has_calls(self) -> bool:
        """Whether they talk to callers at all."""
        return bool({Role.VERIFIER, Role.AGENT, Role.LEAD} & set(self.roles))

    @property
    def reads_audit(self) -> bool:
        """Whether they read what others did; everybody reads their own rows."""
        return bool({Role.LEAD, Role.AUDITOR} & set(self.roles))

    @property
    def leads(self) -> bool:
        """Whether they may end another's sign-in."""
        return Role.LEAD in self.roles

    @property
    def approves(self) -> bool:
        """Whether they may be the second agent of an act."""
        return bool({Role.AGENT, Role.LEAD} & set(self.roles))

    @property
    def withheld(self) -> tuple[Act, ...]:
        """The acts that are not theirs."""
        return tuple(act for act in OF_AGENTS if act not in self.acts)

    @property
    def is_everywhere(self) -> bool:
        """Whether nobody is out of their scope."""
        return ANYWHERE in self.populations and self.has_all_of_ad

    @property
    def has_all_of_ad(self) -> bool:
        """Whether no entry of AD is out of their scope."""
        return ANYWHERE in self.ous

    def covers_population(self, *names: str) -> bool:
        """Whether one of a population's names or ids is within the scope."""
        return ANYWHERE in self.populations or any(name in self.populations for name in names if name)

    def covers_entry(self, dn: str) -> bool:
        """Whether an entry of AD is within the scope; who has none there (empty) is not out of it."""
        return not dn or self.has_all_of_ad or any(is_below(dn, ou) for ou in self.ous)


class AgentOnRecord(msgspec.Struct, frozen=True):
    """Somebody who signed in at the desk, as leads see them."""

    id: str
    name: str
    roles: tuple[Role, ...]
    signed_in_at: datetime | None
    until: datetime
    """Until when the sign-in counts, as far as the desk has seen."""
    ended_by: str = ""
    """Who ended it; empty where nobody did."""


EVERYTHING: Final = Grants(tuple(Role), OF_AGENTS, (ANYWHERE,), (ANYWHERE,))
"""Where nobody signs in: the operating system's user."""


def in_order(acts: Iterable[Act]) -> tuple[Act, ...]:
    """Those acts once each, as they are listed everywhere."""
    wanted = set(acts)
    return tuple(act for act in OF_AGENTS if act in wanted)
