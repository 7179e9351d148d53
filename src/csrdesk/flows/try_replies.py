"""What can come of a try to verify a caller without a link."""

from __future__ import annotations

from csrdesk.flows.kernel import Reply
from csrdesk.model.link import Link


class TryOpened(Reply, frozen=True):
    """It is written down, and its clock runs."""

    link: Link


class TryNotOpened(Reply, frozen=True):
    """A rule said no; nothing went out."""

    message: str
    warning: bool = False
    """Only a warning: it is opened where the agent, having read it, goes on."""


class NumberNotRung(Reply, frozen=True):
    """The number on record is another one by now, or too new."""

    message: str


class PasscodeHeardRight(Reply, frozen=True):
    """PingOne answered COMPLETED to a passcode of this very call, without any device."""
