"""Agreement (Terms of Service): the customer reads the terms in their language and accepts them; Registration calls it.

Declining leaves the page where it is: there is no account without the terms. What was shown is what is accepted: its
language and revision go to PingOne with it.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import agreement_effects as gx
from csrdesk.flows import registration_answers as ra
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Problem, State, Terminal
from csrdesk.flows.registration_prompts import AgreementPrompt
from csrdesk.model.agreements import Agreement

FORM = "Agreement Form"
SUCCESS = "Return Success"
ERROR = "Return Error"

DECLINED = "To use your account, you must accept the agreement."
NOT_ACCEPTED = "That was not taken. This is the text that counts now: read it, and accept it once more."
NO_TEXT = Problem("The agreement cannot be shown now. Your account is there; try again later, or call us.", code="none")
_NAMES = {
    "check_required": "checkRequired",
    "person_id": "pingOneUserId",
    "agreement_id": "ciam_agreementId",
    "agreement_enabled": "ciam_agreementEnabled",
    "company_logo": "ciam_companyLogo",
    # Ours, not Ping's:
    "languages": "languages",
}


class Inputs(msgspec.Struct, frozen=True, rename=_NAMES):
    """What the flow is called with, in Ping's names."""

    person_id: str
    agreement_id: str
    check_required: bool = True
    """Whether somebody who has accepted already is not asked again."""
    agreement_enabled: bool = False
    company_logo: str = ""
    """Has no effect: the page takes its logo from the settings."""
    languages: str = ""
    """csrdesk's own: what the browser asks for (`Accept-Language`)."""


class Outputs(Outcome, frozen=True, rename={"error_message": "errorMessage", "error_details": "errorDetails"}):
    """Return Success or Return Error."""

    error_message: str = ""
    """For people; empty after success."""
    error_details: str = ""
    """For the log, without secrets."""


def begin(inputs: Inputs, asked: int) -> CheckingConsent | ReadingAgreement | ReturnSuccess:
    """The first state; `asked` is the number of the first question."""
    if not inputs.agreement_enabled:
        return ReturnSuccess(asked)
    return CheckingConsent(inputs, asked) if inputs.check_required else ReadingAgreement(inputs, asked)


class CheckingConsent(State, frozen=True):
    """Who has accepted it as it stands now is not asked again."""

    section = FORM

    inputs: Inputs
    asked: int

    def want(self) -> Do[gx.ReadConsent]:
        return Do(gx.ReadConsent(person_id=self.inputs.person_id, agreement_id=self.inputs.agreement_id))

    def step(self, event: Event) -> ReadingAgreement | ReturnSuccess | ReturnError:
        match event:
            case gx.ConsentRead(accepted=True):
                return ReturnSuccess(self.asked)
            case gx.ConsentRead():
                return ReadingAgreement(self.inputs, self.asked)
            case Failed(problem):
                return ReturnError(problem, self.asked)
            case _:
                raise IllegalEventError(self, event)


class ReadingAgreement(State, frozen=True):
    section = FORM

    inputs: Inputs
    asked: int
    note: str = ""

    def want(self) -> Do[gx.ReadAgreement]:
        return Do(gx.ReadAgreement(agreement_id=self.inputs.agreement_id, languages=self.inputs.languages))

    def step(self, event: Event) -> AskAgreement | ReturnError:
        match event:
            case gx.AgreementRead(agreement):
                return AskAgreement(self.inputs, self.asked, agreement, self.note)
            case gx.NoAgreement():
                return ReturnError(NO_TEXT, self.asked)
            case Failed(problem):
                return ReturnError(problem, self.asked)
            case _:
                raise IllegalEventError(self, event)


class AskAgreement(State, frozen=True):
    section = FORM

    inputs: Inputs
    asked: int
    agreement: Agreement
    note: str = ""

    def want(self) -> Ask[AgreementPrompt]:
        return Ask(AgreementPrompt(self.note, self.asked, agreement=self.agreement))

    def step(self, event: Event) -> Accepting | AskAgreement:
        match event:
            case ra.AgreementAccepted():
                return Accepting(self.inputs, self.asked, self.agreement)
            case ra.AgreementDeclined():
                return replace(self, asked=self.asked + 1, note=DECLINED)
            case _:
                raise IllegalEventError(self, event)


class Accepting(State, frozen=True):
    """PingOne writes down who accepted which text."""

    section = FORM

    inputs: Inputs
    asked: int
    agreement: Agreement

    def want(self) -> Do[gx.AcceptAgreement]:
        who, what = self.inputs.person_id, self.agreement
        return Do(
            gx.AcceptAgreement(
                person_id=who, agreement_id=what.id, language_id=what.language_id, revision_id=what.revision_id
            )
        )

    def step(self, event: Event) -> ReturnSuccess | ReadingAgreement:
        match event:
            case gx.AgreementAccepted():
                return ReturnSuccess(self.asked + 1)
            case Failed():  # maybe because there is another text by now
                return ReadingAgreement(self.inputs, self.asked + 1, NOT_ACCEPTED)
            case _:
                raise IllegalEventError(self, event)


class ReturnSuccess(Terminal, frozen=True):
    section = SUCCESS

    asked: int

    def want(self) -> Done[Outputs]:
        return Done(Outputs())


class ReturnError(Terminal, frozen=True):
    section = ERROR

    problem: Problem
    asked: int

    def want(self) -> Done[Outputs]:
        return Done(Outputs(self.problem.message, self.problem.details))


AgreementState = CheckingConsent | ReadingAgreement | AskAgreement | Accepting | ReturnSuccess | ReturnError
