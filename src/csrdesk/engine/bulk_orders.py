"""What can be ordered for many accounts at once, and who may order it: decided purely, before anything is begun."""

from __future__ import annotations

import msgspec

from csrdesk.errors import ForbiddenError
from csrdesk.flows import user_functions as uf
from csrdesk.model.proofs import Act


class Bulk(msgspec.Struct, frozen=True):
    """What settings allow."""

    agents: frozenset[str] = frozenset()
    """Who may disable from a list."""
    restore: bool = False
    """Whether they may enable and unlock from a list as well."""
    no_notify: bool = False
    """Whether they may leave out the mails to the people on it."""

    @property
    def acts(self) -> frozenset[Act]:
        """What may be done to a list."""
        return frozenset((Act.DISABLE, Act.ENABLE, Act.UNLOCK) if self.restore else (Act.DISABLE,))


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done to how many accounts, and why."""

    action: str
    """`disableUser`, `enableUser` or `unlockUser`."""
    reason: str
    ticket: str
    accounts: int
    source: str = ""
    """The SHA-256 of the list, so that it can be told later which one it was."""
    dry_run: bool = False
    no_notify: bool = False
    """Nobody on the list is told by mail."""

    @property
    def act(self) -> Act | None:
        return uf.act_of(self.action, protective=False)


def permit(order: Order, agent: str, allowed: Bulk) -> Act:
    """The order's act, where settings allow it. Raises `ForbiddenError`."""
    act = order.act
    if agent not in allowed.agents:
        words = "Settings do not name you for acting on a list (desk.bulk_identities). Nothing was done."
        raise ForbiddenError(words)
    if act is None or act not in (Act.DISABLE, Act.ENABLE, Act.UNLOCK):
        raise ForbiddenError("This is not done to many accounts at once. Nothing was done.")
    if act not in allowed.acts:
        raise ForbiddenError(f"Settings do not allow to {act} from a list (desk.bulk_restore). Nothing was done.")
    if order.no_notify and not allowed.no_notify:
        raise ForbiddenError("Settings do not allow to leave the mails out (desk.bulk_no_notify). Nothing was done.")
    if not (order.reason.strip() and order.ticket.strip()):
        raise ForbiddenError("What is done to a list needs a reason and a ticket. Nothing was done.")
    return act
