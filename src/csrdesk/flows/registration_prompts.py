"""What customers are asked on the pages of a registration: what they typed before is there again, but for passwords."""

from __future__ import annotations

from csrdesk.flows import answers as a
from csrdesk.flows import registration_answers as ra
from csrdesk.flows.public_prompts import PublicPrompt
from csrdesk.model.agreements import Agreement
from csrdesk.model.passwords import Requirement


class RegisterEmailPrompt(PublicPrompt, frozen=True):
    """Whose account? The same for every address that is typed."""

    answers = ra.RegisterEmailGiven | a.Cancelled
    email: str = ""
    """As it was typed before."""


class EmailCodePrompt(PublicPrompt, frozen=True):
    """The passcode from PingOne's mail. Shown alike whether or not one was sent."""

    answers = a.PasscodeGiven | a.ResendChosen | a.BackChosen
    tries_left: int = 0
    resends_left: int = 0
    resent: bool = False
    """Another code was asked for."""


class NamesPrompt(PublicPrompt, frozen=True):
    answers = ra.NamesGiven | a.BackChosen
    given_name: str = ""
    family_name: str = ""


class FirstPasswordPrompt(PublicPrompt, frozen=True):
    """A password, or none: then a device is registered in its place."""

    answers = ra.FirstPasswordTyped | ra.WithoutPasswordChosen | a.BackChosen
    email: str = ""
    """As it was typed: what a password manager keeps the password by."""
    requirements: tuple[Requirement, ...] = ()
    refusals: tuple[str, ...] = ()
    """Why what was typed before was not taken, in plain words."""


class PasswordInsteadPrompt(PublicPrompt, frozen=True):
    """The account is there, and its owner wants a password in place of a device."""

    answers = ra.FirstPasswordTyped | a.BackChosen
    requirements: tuple[Requirement, ...] = ()
    refusals: tuple[str, ...] = ()


class AgreementPrompt(PublicPrompt, frozen=True):
    """The terms, in the customer's language."""

    answers = ra.AgreementAccepted | ra.AgreementDeclined
    agreement: Agreement = Agreement("", "", "", "", "", "")


class UnfinishedPrompt(PublicPrompt, frozen=True):
    """The account is there and something of it did not work: what was made is shown, and a retry goes on from it."""

    answers = a.TryAgainChosen
    made: tuple[str, ...] = ()
    """What is there already, in words."""
