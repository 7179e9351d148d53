"""What people are asked in a password reset. The agent's prompts hold no password, and no place for one."""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Outcome, Prompt
from csrdesk.flows.prompts import PagePrompt
from csrdesk.model.link import Link, LinkAbout
from csrdesk.model.passwords import Home, Requirement
from csrdesk.model.people import Person


class WaitingForNewPasswordPrompt(Prompt, frozen=True):
    """The customer types the new password in their page; the agent sees how far they are, and never what they type."""

    answers = a.OwnLinkChosen | a.LineDropped | a.Cancelled
    person: Person
    link: Link
    homes: tuple[Home, ...]
    """Where it will be set."""
    verified_until: datetime
    note: str = ""


class NewPasswordPrompt(PagePrompt, frozen=True):
    """The new password, twice, on the customer's page."""

    answers = a.NewPasswordTyped | a.Cancelled | a.MoreTimeChosen | a.NotMeChosen
    requirements: tuple[Requirement, ...] = ()
    """What the judging directories ask, to be shown live."""
    refusals: tuple[str, ...] = ()
    """Why the one typed before was not taken, in plain words."""
    half_done: bool = False
    """One directory took the last one and the other did not: the next one has to suit both."""
    sign_out_fixed: bool = False
    """The account was reported as taken over: "sign out elsewhere" is on and stays on."""


class CannotSetPasswordPrompt(PagePrompt, frozen=True):
    """Just now no password can be taken: what happened stands in `note`; nothing was changed by the last try."""

    answers = a.TryAgainChosen | a.Cancelled | a.MoreTimeChosen | a.NotMeChosen


class PasswordChanged(Outcome, frozen=True):
    """The page's end: the new password is set. Keep the page open while you talk to us."""

    about: LinkAbout
    signed_out: bool
    """Sign-ins elsewhere were ended, too."""


class PasswordKept(Outcome, frozen=True):
    """The page's end: the customer cancelled."""

    about: LinkAbout
    half_done: bool = False
    """One directory had taken a new password already."""
