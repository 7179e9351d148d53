"""Until when the caller is verified, and whether by an exception, as far as a prompt tells: in one place, so that every
screen shows the same.
"""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows import prompts as p
from csrdesk.flows.desk_prompts import SecondAgentPrompt
from csrdesk.flows.device_prompts import DevicesPrompt
from csrdesk.flows.hand_over_prompts import HandOverPrompt, OfferedPrompt
from csrdesk.flows.kernel import Prompt
from csrdesk.flows.password_prompts import WaitingForNewPasswordPrompt


def verified_until(prompt: Prompt, before: datetime | None) -> datetime | None:
    """The window's end with this prompt; `before` is what it was, for prompts that do not say."""
    match prompt:
        case p.AccountPrompt() | p.ConfirmPrompt() | p.NoticePrompt() | WaitingForNewPasswordPrompt() | DevicesPrompt():
            return prompt.verified_until
        case SecondAgentPrompt() | HandOverPrompt():
            return prompt.verified_until
        case OfferedPrompt():
            return prompt.hand_over.verified_until
        case p.ErrorPrompt():
            return before
        case _:
            return None


def by_exception(prompt: Prompt, before: bool) -> bool:  # noqa: FBT001 - it goes with the window's end
    """Whether the window stands on a lead's word alone; `before` as above."""
    match prompt:
        case p.AccountPrompt():
            return bool(prompt.evidence.exception)
        case _:
            return before
