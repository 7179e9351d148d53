"""The pages on which a customer registers: `/register` begins, `/register/{token}` goes on in that browser, and a mail
leads back by `/register/again/{token}`.
"""

from __future__ import annotations

from typing import Final

from csrdesk.flows import registration_prompts as rp
from csrdesk.flows.kernel import Outcome, Prompt
from csrdesk.flows.registration_inputs import Outputs
from csrdesk.model.secret import Secret
from csrdesk.server import pairing
from csrdesk.server.agreements import shown_text
from csrdesk.server.public import PublicKind


def _ended(outcome: Outcome | None) -> Outputs | None:
    return outcome if isinstance(outcome, Outputs) else None


def _context(prompt: Prompt, shown: Secret | None) -> dict[str, object]:
    if isinstance(prompt, rp.AgreementPrompt):
        return {"text": shown_text(prompt.agreement)}
    return pairing.context(prompt, shown)


REGISTRATION: Final = PublicKind(
    flow="registration",
    path="/register",
    first=rp.RegisterEmailPrompt(),
    templates={
        rp.RegisterEmailPrompt: "register_address.html",
        rp.EmailCodePrompt: "register_code.html",
        rp.NamesPrompt: "register_names.html",
        rp.FirstPasswordPrompt: "register_password.html",
        rp.PasswordInsteadPrompt: "register_password.html",
        rp.AgreementPrompt: "register_agreement.html",
        rp.UnfinishedPrompt: "register_unfinished.html",
        **pairing.TEMPLATES,
    },
    ended=_ended,
    pages="register",
    context=_context,
    refuse=pairing.refuse,
    reads_languages=True,
)
