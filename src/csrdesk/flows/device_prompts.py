"""What the customer's page asks where a passkey, a push or a magic link is used, and the agent's list of devices.

Apart from `prompts`, which has the rest.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows import answers as a
from csrdesk.flows.kernel import Prompt
from csrdesk.flows.prompts import CustomerPrompt, PagePrompt
from csrdesk.model.devices import Device
from csrdesk.model.link import Link, LinkStage
from csrdesk.model.people import Person
from csrdesk.model.proofs import Evidence

_NO_LINK = Link("", 0, LinkStage.SENDING, "", "")


class PasskeyPrompt(PagePrompt, frozen=True):
    """The browser is to sign PingOne's challenge."""

    answers = (
        a.AssertionGiven
        | a.PasskeyFailed
        | a.OtherDeviceChosen
        | a.CannotUseAnyChosen
        | a.FactorCancelled
        | a.MoreTimeChosen
        | a.NotMeChosen
    )
    device: Device | None = None
    options: str = ""
    """`publicKeyCredentialRequestOptions`: JSON for `navigator.credentials.get`, its bytes as signed integers."""
    others: bool = False
    cancel_enabled: bool = True


class PushPrompt(PagePrompt, frozen=True):
    """The phone has the question; the page waits."""

    answers = (
        a.AppPasscodeChosen
        | a.OtherDeviceChosen
        | a.CannotUseAnyChosen
        | a.FactorCancelled
        | a.MoreTimeChosen
        | a.NotMeChosen
    )
    device: Device | None = None
    number: str = ""
    """To choose in the app; empty without number matching."""
    passcode_allowed: bool = True
    others: bool = False
    cancel_enabled: bool = True


class PushTimedOutPrompt(PagePrompt, frozen=True):
    """Nobody answered on the phone."""

    answers = (
        a.ResendChosen
        | a.AppPasscodeChosen
        | a.OtherDeviceChosen
        | a.CannotUseAnyChosen
        | a.FactorCancelled
        | a.MoreTimeChosen
        | a.NotMeChosen
    )
    device: Device | None = None
    resends_left: int = 0
    passcode_allowed: bool = True
    others: bool = False
    cancel_enabled: bool = True


class MagicLinkOfferPrompt(PagePrompt, frozen=True):
    """A link can be sent to the person's own address."""

    answers = (
        a.SendChosen | a.OtherDeviceChosen | a.CannotUseAnyChosen | a.FactorCancelled | a.MoreTimeChosen | a.NotMeChosen
    )
    to: str = ""
    """The masked address."""
    others: bool = False
    cancel_enabled: bool = True


class MagicLinkSentPrompt(PagePrompt, frozen=True):
    """The link is on its way; the page that it opens asks for the code that (in the view, never here) stands on this
    one.
    """

    answers = (
        a.ResendChosen
        | a.OtherDeviceChosen
        | a.CannotUseAnyChosen
        | a.FactorCancelled
        | a.MoreTimeChosen
        | a.NotMeChosen
    )
    link: Link = _NO_LINK
    others: bool = False
    cancel_enabled: bool = True


class LinkAgainPrompt(CustomerPrompt, frozen=True):
    """The code was right, and then something did not work."""

    answers = a.TryAgainChosen | a.NotMeChosen


class DevicesPrompt(Prompt, frozen=True):
    """The verified caller's devices, in PingOne's order."""

    answers = (
        a.BlockDeviceChosen
        | a.UnblockDeviceChosen
        | a.UnlockDeviceChosen
        | a.RenameDeviceChosen
        | a.DefaultDeviceChosen
        | a.RemoveDeviceChosen
        | a.RefreshChosen
        | a.BackChosen
        | a.CallEnded
    )
    person: Person
    devices: tuple[Device, ...]
    evidence: Evidence
    verified_until: datetime
    note: str = ""
