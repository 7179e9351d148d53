"""The pages on which a customer recovers their account: `/recover` begins, `/recover/{token}` goes on."""

from __future__ import annotations

from typing import Final

from csrdesk.flows.kernel import Outcome
from csrdesk.flows.public_prompts import ForgotPasswordPrompt, RecoveryCodePrompt, ResendCodePrompt
from csrdesk.flows.recovery_inputs import Outputs
from csrdesk.server.public import PublicKind


def _ended(outcome: Outcome | None) -> Outputs | None:
    return outcome if isinstance(outcome, Outputs) else None


RECOVERY: Final = PublicKind(
    flow="account_recovery",
    path="/recover",
    first=ForgotPasswordPrompt(),
    templates={
        ForgotPasswordPrompt: "recover_address.html",
        RecoveryCodePrompt: "recover_code.html",
        ResendCodePrompt: "recover_resend.html",
    },
    ended=_ended,
    pages="recover",
)
