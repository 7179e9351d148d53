"""Magic Link Authentication, in the page that Device Authentication runs in: send, show the code, watch the link.

The page that the link opens is an instance of its own (`magic_link_page`): the two are joined by the link's row alone,
and each finds out at its next step what the other did.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_prompts as dp
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows.device_inputs import NOT_NOW
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, Outcome, Poll, Problem, State, Terminal
from csrdesk.flows.ping import spelled
from csrdesk.model.devices import Strength
from csrdesk.model.link import Link, LinkAbout, LinkStage, Purpose
from csrdesk.model.proofs import Proof

MAGIC_LINK = Proof("ml", Strength.NONE, label="magic link")
"""The person's own mailbox: no device, and never a second factor."""
_NOT_SENT = "The link could not be sent. Nothing was confirmed. Try again in a moment."
_MAYBE_SENT = "Nobody knows whether the link was sent. Send another one: only the newest works."
_NO_OTHER = "There is no other way here."
Leaving = Literal["deviceSelection", "cancelled", "cannotUse"]


class Inputs(msgspec.Struct, frozen=True, rename=spelled):
    """What the flow is called with, in Ping's names."""

    p1_user_id: str
    """The PingOne id of whoever gets the link."""
    can_change_device: bool
    """Whether the page offers to go back to the devices; false where there is none to choose."""
    company_logo: str = ""
    """The pages show the logo of `flowCompanyLogo` or `ciam_logoUrl`, which csrdesk serves; no caller names another."""


class Outputs(Outcome, frozen=True, rename=spelled):
    """Return Success or Return Error."""

    subflow_result: str = ""
    """`complete`, or `deviceSelection`: back to the devices. `cancelled`, where the page that it runs in offers that;
    `notMe`, where whoever opened the mail said so. Empty after an error."""
    error_message: str = ""
    """For people; empty unless it failed."""
    error_details: str = ""
    """For the log, without secrets."""


class Given(msgspec.Struct, frozen=True):
    """What every state carries along."""

    inputs: Inputs
    about: LinkAbout
    """What the page that it runs in is about."""
    to: str
    """The masked address."""
    page: p.Page = p.Page()
    cancel_enabled: bool = True


class DisplayingForm(State, frozen=True):
    """Where the link would go, before anything is sent."""

    section = "Display Magic Link Form"

    given: Given
    note: str = ""

    def want(self) -> Ask[dp.MagicLinkOfferPrompt]:
        given = self.given
        return Ask(
            dp.MagicLinkOfferPrompt(
                given.about,
                self.note,
                given.page,
                given.to,
                others=given.inputs.can_change_device,
                cancel_enabled=given.cancel_enabled,
            )
        )

    def step(self, event: Event) -> CreatingChallenge | DisplayingForm | ReturnSuccess | CannotUse:
        match event:
            case a.SendChosen():
                return CreatingChallenge(self.given)
            case a.OtherDeviceChosen() if not self.given.inputs.can_change_device:
                return DisplayingForm(self.given, _NO_OTHER)
            case a.OtherDeviceChosen():
                return ReturnSuccess("deviceSelection")
            case a.FactorCancelled():
                return ReturnSuccess("cancelled")
            case a.CannotUseAnyChosen():
                return CannotUse()
            case _:
                raise IllegalEventError(self, event)


class CreatingChallenge(State, frozen=True):
    """The challenge is made and its mail handed over, or neither counts: a link's mail is never queued."""

    section = "Create Challenge and Send Email"

    given: Given

    def want(self) -> Do[fx.SendMagicLink]:
        given = self.given
        return Do(
            fx.SendMagicLink(
                person_id=given.inputs.p1_user_id,
                account=given.about.account,
                warned=True,  # how often it was tried is a word to agents; here the limits alone count
                purpose=Purpose.MAGIC_LINK,
            )
        )

    def step(self, event: Event) -> AwaitingChallenge | DisplayingForm:
        match event:
            case r.LinkSent(link):
                return AwaitingChallenge(self.given, link)
            case r.LinkNotSent(message, code="limit_reached"):
                return DisplayingForm(self.given, message)
            case Failed(problem) if problem.code == "may_have_been_sent":
                return DisplayingForm(self.given, _MAYBE_SENT)
            case r.LinkNotSent() | Failed():
                # Why is on record; customers cannot do anything about servers, and strangers read no more than this.
                return DisplayingForm(self.given, _NOT_SENT)
            case _:
                raise IllegalEventError(self, event)


class AwaitingChallenge(State, frozen=True):
    """The page shows the code and watches; the page behind the link writes the row that this one reads."""

    section = "Display Magic Link Polling And Check For Challenge Status"
    also = ("Challenge Acceptance By The User", "Go To Success")

    given: Given
    link: Link
    note: str = ""

    def want(self) -> Poll[dp.MagicLinkSentPrompt, fx.AwaitChallenge]:
        given, link = self.given, self.link
        prompt = dp.MagicLinkSentPrompt(
            given.about,
            self.note,
            given.page,
            link,
            others=given.inputs.can_change_device,
            cancel_enabled=given.cancel_enabled,
        )
        return Poll(
            prompt,
            fx.AwaitChallenge(person_id=given.inputs.p1_user_id, challenge_id=link.id, seen=link.rev, stage=link.stage),
        )

    def step(
        self, event: Event
    ) -> (
        AwaitingChallenge
        | CreatingChallenge
        | CancellingChallenge
        | ExpiringChallenge
        | DisplayingForm
        | ReturnSuccess
        | DeniedByCustomer
        | ReturnError
    ):
        match event:
            case r.LinkChanged(link):
                return self._after(link)
            case a.ResendChosen():
                return CreatingChallenge(self.given)
            case a.OtherDeviceChosen() if not self.given.inputs.can_change_device:
                return replace(self, note=_NO_OTHER)
            case a.OtherDeviceChosen():
                return self._leaving("deviceSelection")
            case a.FactorCancelled():
                return self._leaving("cancelled")
            case a.CannotUseAnyChosen():
                return self._leaving("cannotUse")
            case Failed(problem):
                return ReturnError(replace(problem, message=NOT_NOW))
            case _:
                raise IllegalEventError(self, event)

    def _leaving(self, leaving: Leaving) -> CancellingChallenge:
        return CancellingChallenge(self.given, self.link, leaving)

    def _after(
        self, link: Link
    ) -> AwaitingChallenge | ExpiringChallenge | DisplayingForm | ReturnSuccess | DeniedByCustomer:
        match link.stage:
            case LinkStage.APPROVED:
                return ReturnSuccess("complete")
            case LinkStage.NOT_ME:
                return DeniedByCustomer()
            case LinkStage.EXPIRED:
                return ExpiringChallenge(self.given, link.id)
            case LinkStage.TOO_MANY_CODES:
                return DisplayingForm(self.given, "Too many wrong codes. That link opens nothing any more.")
            case stage if stage.over:
                return DisplayingForm(self.given, "That link was ended. You can send another one.")
            case _:
                return AwaitingChallenge(self.given, link)


class CancellingChallenge(State, frozen=True):
    """A link that nobody waits for must not be approved: it ends first."""

    section = "Display Magic Link Polling And Check For Challenge Status"

    given: Given
    link: Link
    leaving: Leaving

    def want(self) -> Do[fx.EndChallenge]:
        return Do(fx.EndChallenge(person_id=self.given.inputs.p1_user_id, challenge_id=self.link.id))

    def step(self, event: Event) -> ReturnSuccess | CannotUse | AwaitingChallenge:
        match event:
            case r.LinkChanged() if self.leaving == "cannotUse":
                return CannotUse()
            case r.LinkChanged():
                return ReturnSuccess(self.leaving)
            case Failed():
                return AwaitingChallenge(self.given, self.link, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class ExpiringChallenge(State, frozen=True):
    """Deny what nobody took in time; another one can be sent."""

    section = "Challenge Expiration"

    given: Given
    challenge_id: str

    def want(self) -> Do[fx.EndChallenge]:
        person_id, expired = self.given.inputs.p1_user_id, LinkStage.EXPIRED
        return Do(fx.EndChallenge(person_id=person_id, challenge_id=self.challenge_id, stage=expired))

    def step(self, event: Event) -> DisplayingForm:
        match event:
            case r.LinkChanged() | Failed():
                return DisplayingForm(self.given, "The link's time was up. You can send another one.")
            case _:
                raise IllegalEventError(self, event)


class ReturnSuccess(Terminal, frozen=True):
    section = "Return Success"

    subflow_result: str

    def want(self) -> Done[Outputs]:
        return Done(Outputs(self.subflow_result))


class CannotUse(Terminal, frozen=True):
    """The customer cannot open that mailbox."""

    section = "Return Error"

    def want(self) -> Done[Outputs]:
        return Done(Outputs(error_message="The customer cannot use a magic link.", error_details="no_factor"))


class DeniedByCustomer(Terminal, frozen=True):
    """Whoever opened the mail said "this wasn't me"."""

    section = "Return Error"

    def want(self) -> Done[Outputs]:
        return Done(Outputs("notMe", error_message="Whoever got the mail did not ask for it.", error_details="not_me"))


class ReturnError(Terminal, frozen=True):
    section = "Return Error"

    problem: Problem

    def want(self) -> Done[Outputs]:
        return Done(Outputs(error_message=self.problem.message, error_details=self.problem.details))


MagicLinkState = (
    DisplayingForm
    | CreatingChallenge
    | AwaitingChallenge
    | CancellingChallenge
    | ExpiringChallenge
    | ReturnSuccess
    | CannotUse
    | DeniedByCustomer
    | ReturnError
)


def on_page(state: MagicLinkState, page: p.Page) -> MagicLinkState:
    """The same state with the page's clock as it is now."""
    match state:
        case DisplayingForm() | CreatingChallenge() | AwaitingChallenge() | CancellingChallenge() | ExpiringChallenge():
            return replace(state, given=replace(state.given, page=page))
        case _:
            return state
