"""Verify User Magic Link Authentication, the agent's side: send, watch, and end with what the customer's side did."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Poll, Problem, State, Terminal
from csrdesk.flows.ping import spelled
from csrdesk.flows.rules import Rules
from csrdesk.flows.way_ends import said_no
from csrdesk.model.link import Link, LinkStage, Purpose
from csrdesk.model.masking import mask_name
from csrdesk.model.people import Person
from csrdesk.model.proofs import Evidence


class Inputs(msgspec.Struct, frozen=True, rename=spelled):
    """What the flow is called with, in Ping's names."""

    p1_user_id: str
    """The caller's PingOne id."""
    can_change_device: bool
    """Whether the customer may choose another device in the page; csrdesk calls it with true."""
    p1_mfa_policy_id: str = ""
    """The device authentication policy; empty for PingOne's default one."""
    allowed_device_types: tuple[str, ...] = ()
    """Which kinds of device may be asked."""
    company_logo: str = ""
    """The pages show the logo of `flowCompanyLogo` or `ciam_logoUrl`, which csrdesk serves; no caller names another."""


class Outputs(Outcome, frozen=True, rename=spelled):
    """Return Success or Return Error."""

    subflow_result: str = ""
    """`complete`, `cancelled`, `expired` or `notMe`; empty after an error."""
    error_message: str = ""
    """For people; empty unless it failed."""
    error_details: str = ""
    """For the log, without secrets."""


class Given(msgspec.Struct, frozen=True):
    """What every state carries along."""

    inputs: Inputs
    person: Person
    account: str
    """How the customer's page names the account."""
    purpose: Purpose = Purpose.VERIFY


def begin(person: Person, rules: Rules, *, purpose: Purpose = Purpose.VERIFY, note: str = "") -> DisplayingForm:
    """Where a link to this person begins."""
    inputs = Inputs(
        p1_user_id=person.id,
        can_change_device=True,
        p1_mfa_policy_id=rules.mfa_policy_id,
        allowed_device_types=rules.allowed_device_types,
    )
    return DisplayingForm(Given(inputs, person, account_words(person), purpose), note)


def account_words(person: Person) -> str:
    """How a customer's page names the account: masked, and enough to know one's own."""
    number = f", ending {person.number_ending}" if person.number_ending else ""
    return mask_name(person.given, person.family) + number


OTHER_WAYS = "Without a link nobody is verified: Cancel leads to the words to say, and to a protective disable."
"""What can be done where the link cannot be sent."""


class DisplayingForm(State, frozen=True):
    """Send or cancel."""

    section = "Display Magic Link Form"

    given: Given
    note: str = ""
    warned: bool = False
    """The note warns of many tries; to send goes on all the same."""
    code: str = ""
    """The `code` of what failed."""
    refused: bool = False
    """The note says why no link can be sent now."""

    def want(self) -> Ask[p.MagicLinkFormPrompt]:
        return Ask(p.MagicLinkFormPrompt(self.given.person, self.note, self.warned, self.code, self.refused))

    def step(self, event: Event) -> CreatingChallenge | ReturnSuccess:
        match event:
            case a.SendChosen():
                return CreatingChallenge(self.given, self.warned)
            case a.Cancelled():
                return ReturnSuccess("cancelled")
            case _:
                raise IllegalEventError(self, event)


class CreatingChallenge(State, frozen=True):
    """The challenge is made and its mail handed over, or neither counts: a link's mail is never queued."""

    section = "Create Challenge and Send Email"

    given: Given
    warned: bool = False

    def want(self) -> Do[fx.SendMagicLink]:
        given = self.given
        return Do(
            fx.SendMagicLink(
                person_id=given.person.id, account=given.account, warned=self.warned, purpose=given.purpose
            )
        )

    def step(self, event: Event) -> AwaitingChallenge | DisplayingForm:
        match event:
            case r.LinkSent(link):
                return AwaitingChallenge(self.given, link)
            case r.LinkNotSent(message, warning, code):
                other = f" {OTHER_WAYS}" if code else ""
                refused = not warning and not code
                return DisplayingForm(self.given, f"{message}{other}", warned=warning, code=code, refused=refused)
            case Failed(problem):
                return DisplayingForm(self.given, f"No link is open. {problem.message} {OTHER_WAYS}", code=problem.code)
            case _:
                raise IllegalEventError(self, event)


class AwaitingChallenge(State, frozen=True):
    """The agent says the code and watches; the customer's side writes the row that this one reads."""

    section = "Display Magic Link Polling And Check For Challenge Status"
    also = ("Challenge Acceptance By The User",)

    given: Given
    link: Link
    note: str = ""

    def want(self) -> Poll[p.PollingPrompt, fx.AwaitChallenge]:
        prompt = p.PollingPrompt(self.given.person, self.link, self.note)
        seen = fx.AwaitChallenge(person_id=self.given.person.id, challenge_id=self.link.id, seen=self.link.rev)
        return Poll(prompt, seen)

    def step(
        self, event: Event
    ) -> After | CreatingChallenge | RenewingCode | ExtendingLink | CancellingChallenge | ReturnSuccess | ReturnError:
        match event:
            case r.LinkChanged(link):
                return after(self.given, link)
            case a.ResendChosen():
                return CreatingChallenge(self.given)
            case a.NewCodeChosen():
                return RenewingCode(self.given, self.link)
            case a.MoreTimeChosen():
                return ExtendingLink(self.given, self.link)
            case a.LineDropped():
                # Whoever called ends the link, together with whatever else the caller has open.
                return ReturnSuccess("cancelled", line_dropped=True)
            case a.Cancelled():
                return CancellingChallenge(self.given, self.link.id)
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)


class RenewingCode(State, frozen=True):
    """A new code for the same link; its tries go on counting."""

    section = "Display Magic Link Polling And Check For Challenge Status"

    given: Given
    link: Link

    def want(self) -> Do[fx.NewCode]:
        return Do(fx.NewCode(person_id=self.given.person.id, challenge_id=self.link.id))

    def step(self, event: Event) -> After:
        match event:
            case r.LinkChanged(link):
                return after(self.given, link)
            case Failed(problem):
                return AwaitingChallenge(self.given, self.link, problem.message)
            case _:
                raise IllegalEventError(self, event)


class ExtendingLink(State, frozen=True):
    """One key gives the caller more time, audited."""

    section = "Display Magic Link Polling And Check For Challenge Status"

    given: Given
    link: Link

    def want(self) -> Do[fx.ExtendLink]:
        return Do(fx.ExtendLink(person_id=self.given.person.id, challenge_id=self.link.id))

    def step(self, event: Event) -> After:
        match event:
            case r.LinkChanged(link):
                return after(self.given, link)
            case r.NoMoreTime():
                return AwaitingChallenge(self.given, self.link, "This link cannot have more time. Send a new one.")
            case Failed(problem):
                return AwaitingChallenge(self.given, self.link, problem.message)
            case _:
                raise IllegalEventError(self, event)


class CancellingChallenge(State, frozen=True):
    section = "Display Magic Link Polling And Check For Challenge Status"

    given: Given
    challenge_id: str

    def want(self) -> Do[fx.EndChallenge]:
        return Do(fx.EndChallenge(person_id=self.given.person.id, challenge_id=self.challenge_id))

    def step(self, event: Event) -> ReturnSuccess | ReturnError:
        match event:
            case r.LinkChanged():
                return ReturnSuccess("cancelled")
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)


class ExpiringChallenge(State, frozen=True):
    """Deny what nobody took in time; the agent is back at Send."""

    section = "Challenge Expiration"

    given: Given
    challenge_id: str

    def want(self) -> Do[fx.EndChallenge]:
        expired = LinkStage.EXPIRED
        return Do(fx.EndChallenge(person_id=self.given.person.id, challenge_id=self.challenge_id, stage=expired))

    def step(self, event: Event) -> ReturnSuccess | ReturnError:
        match event:
            case r.LinkChanged():
                return ReturnSuccess("expired")
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)


class GoingToSuccess(State, frozen=True):
    """The approved link becomes this call's verified window."""

    section = "Go To Success"

    given: Given
    challenge_id: str

    def want(self) -> Do[fx.StartWindow]:
        return Do(fx.StartWindow(person_id=self.given.person.id, challenge_id=self.challenge_id))

    def step(self, event: Event) -> ReturnSuccess | DisplayingForm | ReturnError:
        match event:
            case r.WindowStarted(verified_until, evidence):
                return ReturnSuccess("complete", verified_until, evidence)
            case r.WindowRefused(message):
                return DisplayingForm(self.given, message)
            case Failed(problem):
                return ReturnError(problem)
            case _:
                raise IllegalEventError(self, event)


class ReturnSuccess(Terminal, frozen=True):
    section = "Return Success"

    subflow_result: str
    verified_until: datetime | None = None
    evidence: Evidence | None = None
    line_dropped: bool = False
    """The agent lost the caller; the link is still open and the parent flow has to end it."""
    note: str = ""
    """What the agent reads of it: where a `notMe` was said, or that no device could be used."""

    def want(self) -> Done[Outputs]:
        return Done(Outputs(self.subflow_result))


class ReturnError(Terminal, frozen=True):
    section = "Return Error"

    problem: Problem

    def want(self) -> Done[Outputs]:
        return Done(Outputs(error_message=self.problem.message, error_details=self.problem.details))


VerifyUserState = (
    DisplayingForm
    | CreatingChallenge
    | AwaitingChallenge
    | RenewingCode
    | ExtendingLink
    | CancellingChallenge
    | ExpiringChallenge
    | GoingToSuccess
    | ReturnSuccess
    | ReturnError
)

After = AwaitingChallenge | GoingToSuccess | ExpiringChallenge | DisplayingForm | ReturnSuccess
"""Where news of the link can lead."""


def after(given: Given, link: Link) -> After:
    """What the link's stage means for the agent."""
    match link.stage:
        case LinkStage.APPROVED:
            return GoingToSuccess(given, link.id)
        case LinkStage.EXPIRED:
            return ExpiringChallenge(given, link.id)
        case LinkStage.NOT_ME:
            return ReturnSuccess("notMe", note=said_no(link))
        case LinkStage.RISKY:
            found = link.risk.label if link.risk else "high risk"
            return DisplayingForm(given, f"Nothing was approved. PingOne Protect: {found}.", refused=True)
        case LinkStage.NO_FACTOR if link.risk and link.risk.steps_up:
            return ReturnSuccess("cancelled", note=f"{_NO_FACTOR} PingOne Protect: {link.risk.label}.")
        case LinkStage.NO_FACTOR:
            return ReturnSuccess("cancelled", note=_NO_FACTOR)
        case LinkStage.TOO_MANY_CODES:
            return DisplayingForm(given, "Too many wrong codes. That link opens nothing any more.")
        case LinkStage.ENDED | LinkStage.CANCELLED:
            return DisplayingForm(given, "That link was ended.")
        case _:
            return AwaitingChallenge(given, link)


_NO_FACTOR = "The caller cannot use any of their devices. Nothing was approved."
