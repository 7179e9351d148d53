"""What the spoken address needs of the world: a code that opens a page in any browser."""

from __future__ import annotations

from csrdesk.flows.kernel import Effect, Kind, Reply
from csrdesk.model.link import Link


class OpenAddress(Effect, frozen=True, kw_only=True):
    """Make a code for this call that can be typed at the one fixed address; the person's links and codes end.

    Nothing is mailed. Answered with `AddressOpened` or `AddressNotOpened`.
    """

    kind = Kind.SEND
    action = "address.open"
    account: str
    """How the page names the account, once the code is right: `M*** S***, ending 41`."""
    warned: bool = False
    """The agent has read how often this person was tried, and goes on."""


class AddressOpened(Reply, frozen=True):
    """A code can be typed now; its clock runs. `link.to` is the address to say."""

    link: Link


class AddressNotOpened(Reply, frozen=True):
    """A rule said no, or nobody serves the pages; there is no code."""

    message: str
    warning: bool = False
    """Only a warning: it is made where the agent, having read it, goes on."""
