"""What customers are asked on pages that they open by themselves: no call, no agent, no link that a mail brought."""

from __future__ import annotations

from csrdesk.flows import answers as a
from csrdesk.flows import public_answers as pa
from csrdesk.flows.kernel import Audience, Prompt
from csrdesk.model.passwords import Requirement


class PublicPrompt(Prompt, frozen=True):
    """On a public page."""

    audience = Audience.CUSTOMER
    note: str = ""
    asked: int = 1
    """Grows with each question: a form that was served for an earlier one answers nothing."""


class ForgotPasswordPrompt(PublicPrompt, frozen=True):
    """Whose password? The same for every address that is typed."""

    answers = pa.EmailGiven | a.Cancelled


class RecoveryCodePrompt(PublicPrompt, frozen=True):
    """The code from the mail, and the new password twice. Shown alike whether or not a mail was sent."""

    answers = pa.RecoveryTyped | a.ResendChosen | a.Cancelled
    requirements: tuple[Requirement, ...] = ()
    """What PingOne's policy asks, to be shown live."""
    refusals: tuple[str, ...] = ()
    """Why what was typed before was not taken, in plain words."""
    tries_left: int = 0
    resends_left: int = 0
    resent: bool = False
    """Another code was asked for."""


class ResendCodePrompt(PublicPrompt, frozen=True):
    """Another code ends the one before: is that wanted?"""

    answers = a.SendChosen | a.BackChosen
