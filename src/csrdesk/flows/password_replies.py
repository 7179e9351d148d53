"""What the world answers to a password reset: expected outcomes as values. None of them holds a password."""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows.kernel import Reply
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.telling import Later
from csrdesk.model.link import Link
from csrdesk.model.passwords import Home, PasswordState, Requirement


# PingOne and the directory
class AuthorityRead(Reply, frozen=True):
    """Where the password is to be written, in this order; none with the reason why not."""

    homes: tuple[Home, ...] = ()
    """AD before PingOne."""
    why_not: str = ""
    """Why Reset cannot be offered, in words that name the setting where that decides; empty where it can."""
    requirements: tuple[Requirement, ...] = ()
    """What the judging directories ask, each once; empty unless asked for."""
    states: tuple[PasswordState, ...] = ()
    """As they are before anything is written, one a home."""


class PasswordStateRead(Reply, frozen=True):
    state: PasswordState


class PasswordSet(Reply, frozen=True):
    """Written and read back: set later than the write began, and no change demanded."""

    home: Home
    changed_at: datetime | None = None
    """By the directory's clock; None where only the directory behind a gateway knows."""
    unlocked: bool = False
    """AD's lock after wrong passwords ended with it."""
    server: str = ""
    """As in `DirectoryEnabledSet`."""


class PasswordRefused(Reply, frozen=True):
    """The directory's policy said no, and nothing was written."""

    reasons: tuple[str, ...]
    """In plain words, for the customer: `It was used before. Choose one that you have not had yet.`"""


# The desk
class PasswordPageOpened(Reply, frozen=True):
    """The page that verified asks for the password; its row is a link without a mail."""

    link: Link
    verified_until: datetime


class NoPasswordPage(Reply, frozen=True):
    """No page can go on: a link of its own is needed."""

    why: str


class ResetIs(Reply, frozen=True):
    """What was written down of a reset so far."""

    lines: tuple[ResultLine, ...] = ()
    later: Later | None = None
    """The mail about it, where that is still tried."""
