"""What people are asked: what a screen or page needs to know; the words that people read stand with those."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Audience, Prompt
from csrdesk.model.account import Account
from csrdesk.model.devices import Device
from csrdesk.model.link import Link, LinkAbout
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act, Evidence
from csrdesk.model.recovery import Progress
from csrdesk.model.ways import WayOffer


class UsernamePrompt(Prompt, frozen=True):
    """Who is calling?"""

    answers = a.UsernameGiven | a.InviteChosen | a.CallEnded
    ticket_required: bool = False
    ticket: str = ""
    note: str = ""
    """What happened before, if it matters: nobody found, window over."""
    code: str = ""
    """The `code` of the problem behind `note`, for scripts: `not_found`, `unreachable`; empty where there was none."""
    invitable: bool = False
    """Whether what was looked up is a mail address that nobody has, and can be invited to register."""
    details: str = ""
    """What failed, for the log, where something did."""
    reference: str = ""
    """PingOne's correlation id of what failed, to quote; empty where its answer carried none."""


class SeveralFoundPrompt(Prompt, frozen=True):
    answers = a.UserChosen | a.AnotherCustomerChosen | a.CallEnded
    people: tuple[Person, ...]
    more: bool = False


class CardPrompt(Prompt, frozen=True):
    """Before verification: name, masked address, ways to verify; no account state."""

    answers = (
        a.MagicLinkChosen
        | a.SpokenAddressChosen
        | a.PushChosen
        | a.CallBackChosen
        | a.ExceptionChosen
        | a.RecoveryChosen
        | a.ProtectiveDisableChosen
        | a.CannotVerifyChosen
        | a.AnotherCustomerChosen
        | a.CallEnded
    )
    person: Person
    devices: tuple[Device, ...]
    """The registered ones."""
    ways: tuple[WayOffer, ...]
    """Those that settings have; at least one is open. One that is not cannot be chosen."""
    warning: str = ""
    note: str = ""
    recovery: bool = False
    """Whether the caller can be mailed the way to the page on which they choose a new password by themselves."""
    note_code: str = ""
    """The `code` of the problem behind the note, for scripts: `unreachable`; empty where a rule said no."""
    withheld: tuple[Act, ...] = ()
    """Acts that are not this agent's to do."""


class UnverifiableCardPrompt(Prompt, frozen=True):
    """Before verification, where no way is open now."""

    answers = (
        a.RecoveryChosen | a.ProtectiveDisableChosen | a.CannotVerifyChosen | a.AnotherCustomerChosen | a.CallEnded
    )
    person: Person
    devices: tuple[Device, ...]
    obstacles: tuple[str, ...]
    """One line a device, in words."""
    why: str
    """Why no link can be sent, and whatever else agents must know."""
    note: str = ""
    code: str = ""
    """The `code` of what failed, for scripts, where that is why: PingOne could not be asked."""
    ways: tuple[WayOffer, ...] = ()
    """The others than the link, with why each is not open either."""
    recovery: bool = False
    """As on the card above."""
    note_code: str = ""
    frozen: bool = False
    """Why is a "this wasn't me": whoever is on the phone may be somebody else."""
    details: str = ""
    """What failed, for the log, where `code` says that something did."""
    reference: str = ""
    """As where one asks who is calling."""
    withheld: tuple[Act, ...] = ()
    """As on the card above."""


class RecoveryWatchPrompt(Prompt, frozen=True):
    """The caller chooses a new password by themselves; how far they are, and nothing that they typed."""

    answers = a.RecoveryChosen | a.BackChosen | a.CallEnded
    person: Person
    to: str
    """The masked address that the way in was mailed to."""
    since: datetime
    progress: Progress = Progress()
    doubt: str = ""
    """Why the mail may not have reached them."""


class RegistrationWatchPrompt(Prompt, frozen=True):
    """Somebody who was invited makes an account by themselves; how far they are, and nothing that they typed."""

    answers = a.BackChosen | a.CallEnded
    to: str
    """The masked address that the invitation was mailed to."""
    since: datetime
    progress: Progress = Progress()


class ProtectedPrompt(Prompt, frozen=True):
    """A look-up of a protected account says only that."""

    answers = a.AnotherCustomerChosen | a.CallEnded
    name: str
    message: str


class CannotVerifyPrompt(Prompt, frozen=True):
    """The way "none": the words to say."""

    answers = a.BackChosen | a.AnotherCustomerChosen | a.CallEnded
    person: Person


class MagicLinkFormPrompt(Prompt, frozen=True):
    answers = a.SendChosen | a.Cancelled
    person: Person
    note: str = ""
    warned: bool = False
    """The note is a warning: Send goes on all the same."""
    code: str = ""
    """The `code` of the problem behind the note, for scripts: `unreachable`; empty where a rule said no."""
    refused: bool = False
    """The note says why no link can be sent now: a rule, a limit, or PingOne Protect says no."""


class PollingPrompt(Prompt, frozen=True):
    """The link's life, the clocks, and (in the view, never here) the code to say."""

    answers = a.ResendChosen | a.NewCodeChosen | a.MoreTimeChosen | a.LineDropped | a.Cancelled
    person: Person
    link: Link
    note: str = ""


class AccountPrompt(Prompt, frozen=True):
    """The verified caller's account in both directories, and what can be done."""

    answers = (
        a.DisableChosen
        | a.EnableChosen
        | a.UnlockChosen
        | a.ResetChosen
        | a.ExpireChosen
        | a.MustChangeChosen
        | a.DevicesChosen
        | a.RefreshChosen
        | a.LineDropped
        | a.BackChosen
        | a.CallEnded
    )
    person: Person
    account: Account
    evidence: Evidence
    verified_until: datetime
    button_label: str
    button_value: str
    """`disableUser` or `enableUser`."""
    note: str = ""
    why_no_reset: str = ""
    """Why the password cannot be reset now, in words; empty where it can."""
    withheld: tuple[Act, ...] = ()
    """Acts that are not this agent's to do."""


class ConfirmPrompt(Prompt, frozen=True):
    """Whom and what in full; the default is No."""

    answers = a.Confirmed | a.Declined
    person: Person
    act: Act
    effects: tuple[str, ...]
    """What will be done, a line each."""
    ticket: str = ""
    ticket_required: bool = False
    unverified: bool = False
    """Protective disable: nobody proved anything."""
    account: Account | None = None
    verified_until: datetime | None = None
    note: str = ""


class ResultLine(msgspec.Struct, frozen=True):
    """One thing that was done, was not needed, or failed."""

    text: str
    ok: bool = True
    unknown: bool = False
    """Nobody knows whether it was done."""
    aside: bool = False
    """To be known beside it: no part of the change, so it makes nothing half done."""


class NoticePrompt(Prompt, frozen=True):
    """What was done, and what was not: that can be tried again, or left as it is."""

    answers = a.TryAgainChosen | a.NoticeRead | a.CallEnded
    person: Person
    act: Act
    lines: tuple[ResultLine, ...]
    half_done: bool = False
    verified_until: datetime | None = None
    again: bool = False
    """Whether something was left undone that trying again would do: what was done is not done twice."""


class ErrorPrompt(Prompt, frozen=True):
    """Return Error: `errorMessage`, `errorDetails`, and a reference to quote."""

    answers = a.TryAgainChosen | a.CallEnded
    error_message: str
    error_details: str
    reference: str = ""
    code: str = "failed"


# The customer's page
class CustomerPrompt(Prompt, frozen=True):
    """On the customer's page; `about` says who asks and what for."""

    audience = Audience.CUSTOMER
    about: LinkAbout
    note: str = ""


class CodePrompt(CustomerPrompt, frozen=True):
    answers = a.CodeGiven | a.NotMeChosen


class NotMePrompt(CustomerPrompt, frozen=True):
    """A page of its own; its choice is not pre-set."""

    answers = a.NotMeAnswered


class BrowserPrompt(CustomerPrompt, frozen=True):
    """Answered by what the code form carried; shown only where that was lost."""

    answers = a.BrowserChecked | a.NotMeChosen


class Page(msgspec.Struct, frozen=True):
    """The page's clock, from the right code on."""

    until: datetime | None = None
    more_time: bool = True
    """Whether "more time" can still be had."""


class PagePrompt(CustomerPrompt, frozen=True):
    """After the right code."""

    page: Page = Page()


class DeviceSelectionPrompt(PagePrompt, frozen=True):
    answers = (
        a.DeviceChosen | a.MagicLinkChosen | a.CannotUseAnyChosen | a.FactorCancelled | a.MoreTimeChosen | a.NotMeChosen
    )
    devices: tuple[Device, ...] = ()
    cancel_enabled: bool = True
    magic_link: str = ""
    """The masked address that a magic link would go to; empty where none is offered."""


class PasscodePrompt(PagePrompt, frozen=True):
    answers = (
        a.PasscodeGiven
        | a.ResendChosen
        | a.OtherDeviceChosen
        | a.CannotUseAnyChosen
        | a.FactorCancelled
        | a.MoreTimeChosen
        | a.NotMeChosen
    )
    device: Device | None = None
    resends_left: int = 0
    others: bool = False
    cancel_enabled: bool = True


class TryAgainPrompt(PagePrompt, frozen=True):
    """The factor failed or was cancelled; nothing was approved."""

    answers = a.TryAgainChosen | a.CannotUseAnyChosen | a.MoreTimeChosen | a.NotMeChosen
