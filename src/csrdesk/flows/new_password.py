"""Password reset Magic Link, the customer's side: the page where a verified caller types the new password, twice.

An instance of its own, joined to the agent's (`password_reset`) by the page's row alone: each finds out at its next
step what the other did. What happens with the typed password is `setting_password`, which runs inside.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_prompts as pp
from csrdesk.flows import password_replies as pr
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import setting_password as sp
from csrdesk.flows.challenge_acceptance import PageOver, PageRefused
from csrdesk.flows.device_authentication import NOT_NOW
from csrdesk.flows.kernel import Ask, Do, Done, Event, Failed, State, Terminal, Want
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.telling import Later
from csrdesk.model.link import LinkAbout, LinkStage
from csrdesk.model.passwords import Requirement

SECTION = sp.SECTION
_EMPTY = "Type the new password, and once more below it."
_NOT_NOTED = "Your new password is set. Only the agent has not been told yet: try again, or tell them yourself."
_DIFFERENT = "The two are not the same. Type the new password twice."


class Start(msgspec.Struct, frozen=True):
    """Made by the desk in the transaction that opens the page."""

    about: LinkAbout
    person_id: str
    dn: str
    reason: str
    ticket: str
    page: p.Page
    sign_out_fixed: bool = False
    """The account was reported as taken over."""


class Given(msgspec.Struct, frozen=True):
    """What every state carries along."""

    about: LinkAbout
    person_id: str
    dn: str
    reason: str
    ticket: str
    page: p.Page
    sign_out_fixed: bool

    @property
    def challenge_id(self) -> str:
        return self.about.challenge_id

    def work(self, authority: pr.AuthorityRead) -> sp.Work:
        """What is to be done with a password, by what the directories said."""
        return sp.Work(
            challenge_id=self.challenge_id,
            person_id=self.person_id,
            dn=self.dn,
            reason=self.reason,
            ticket=self.ticket,
            homes=authority.homes,
            states=authority.states,
        )


class Plan(msgspec.Struct, frozen=True):
    """Where the password goes, and what is asked of it."""

    work: sp.Work
    requirements: tuple[Requirement, ...]


class Tried(msgspec.Struct, frozen=True):
    """What came of the passwords typed so far."""

    refusals: tuple[str, ...] = ()
    note: str = ""
    lines: tuple[ResultLine, ...] = ()
    half_done: bool = False


def begin(start: Start) -> ReadingRequirements:
    """The first state of the page."""
    given = Given(start.about, start.person_id, start.dn, start.reason, start.ticket, start.page, start.sign_out_fixed)
    return ReadingRequirements(given, Tried())


class ReadingRequirements(State, frozen=True):
    """Who will judge the password, and what do they ask?"""

    section = SECTION

    given: Given
    tried: Tried

    def want(self) -> Do[pfx.ReadPasswordAuthority]:
        given = self.given
        return Do(pfx.ReadPasswordAuthority(person_id=given.person_id, dn=given.dn, with_requirements=True))

    def step(self, event: Event) -> AskNewPassword | AskAgain:
        match event:
            case pr.AuthorityRead(homes=()):
                words = "Your password cannot be set from here just now. Tell the agent."
                return AskAgain(self.given, words, self)
            case pr.AuthorityRead(requirements=requirements):
                return AskNewPassword(self.given, Plan(self.given.work(event), requirements), self.tried)
            case Failed():
                return AskAgain(self.given, NOT_NOW, self)
            case _:
                raise IllegalEventError(self, event)


class AskNewPassword(State, frozen=True):
    """The password, twice. What can be judged here is judged here, without a word to anybody."""

    section = SECTION

    given: Given
    plan: Plan
    tried: Tried

    def want(self) -> Ask[pp.NewPasswordPrompt]:
        given, tried = self.given, self.tried
        return Ask(
            pp.NewPasswordPrompt(
                given.about,
                tried.note,
                given.page,
                requirements=self.plan.requirements,
                refusals=tried.refusals,
                half_done=tried.half_done,
                sign_out_fixed=given.sign_out_fixed,
            )
        )

    def step(self, event: Event) -> SettingPassword | AskNewPassword | Finishing | AddingTime | AskNotMe:
        match event:
            case a.NewPasswordTyped(password, again, elsewhere):
                refusals = self._refusals(password.reveal(), again.reveal(), event)
                if refusals:
                    return replace(self, tried=replace(self.tried, refusals=refusals, note=""))
                sign_out = elsewhere == "yes" or self.given.sign_out_fixed
                work = replace(self.plan.work, sign_out=sign_out)
                return SettingPassword(self.given, self.plan, self.tried, sp.BeginningChange(work))
            case a.Cancelled():
                return Finishing(self.given, LinkStage.CANCELLED, self.tried.lines)
            case a.MoreTimeChosen():
                return AddingTime(self.given, self)
            case a.NotMeChosen():
                return AskNotMe(self.given, self)
            case _:
                raise IllegalEventError(self, event)

    def _refusals(self, password: str, again: str, typed: a.NewPasswordTyped) -> tuple[str, ...]:
        if not password:
            return (_EMPTY,)
        if password != again:
            return (_DIFFERENT,)
        return tuple(asked.words for asked in self.plan.requirements if not asked.is_met_by(typed.password))

    def extended(self, page: p.Page) -> AskNewPassword:
        return replace(self, given=replace(self.given, page=page))


class SettingPassword(State, frozen=True):
    """Stands in for the typed password, which is in memory only; `setting_password` runs inside."""

    section = SECTION

    given: Given
    plan: Plan
    tried: Tried
    sub: sp.SettingPasswordState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> SettingPassword | AskingAnother | Finishing | PageClosed:
        match self.sub.step(event):
            case sp.PasswordIsSet(lines, signed_out, later):
                return Finishing(self.given, LinkStage.APPROVED, lines, signed_out, later)
            case sp.NotSet(refusals, note, lines, half_done):
                half = half_done or self.tried.half_done
                tried = Tried(refusals, note, lines or self.tried.lines, half)
                return AskingAnother(self.given, self.plan, tried)
            case sp.NotVerified(lines):
                return Finishing(self.given, LinkStage.EXPIRED, lines)
            case sp.PageWasOver(stage):
                return PageClosed(stage)
            case sub:
                return replace(self, sub=sub)


class AskingAnother(State, frozen=True):
    """The page may be ended again, and what was done all the same is written down for the agent."""

    section = SECTION

    given: Given
    plan: Plan
    tried: Tried

    def want(self) -> Do[pfx.AskAnother]:
        given = self.given
        done = tuple(line for line in self.tried.lines if self.tried.half_done or line.unknown)
        return Do(pfx.AskAnother(person_id=given.person_id, challenge_id=given.challenge_id, lines=done))

    def step(self, event: Event) -> AskNewPassword | ReadingRequirements | PageClosed | AskAgain:
        match event:
            case r.Noted() if any(line.unknown for line in self.tried.lines):
                # What is read back next is compared with how it is now: this password, if it was set, is not the next.
                return ReadingRequirements(self.given, self.tried)
            case r.Noted():
                return AskNewPassword(self.given, self.plan, self.tried)
            case r.LinkOver(stage):
                return PageClosed(stage)
            case Failed():
                return AskAgain(self.given, NOT_NOW, ReadingRequirements(self.given, self.tried))
            case _:
                raise IllegalEventError(self, event)


class AskAgain(State, frozen=True):
    """Something did not answer: nothing is asked until it does."""

    section = SECTION

    given: Given
    note: str
    again: ReadingRequirements | Finishing

    def want(self) -> Ask[pp.CannotSetPasswordPrompt]:
        return Ask(pp.CannotSetPasswordPrompt(self.given.about, self.note, self.given.page))

    def step(self, event: Event) -> ReadingRequirements | Finishing | AddingTime | AskNotMe:
        match event:
            case a.TryAgainChosen():
                return replace(self.again, given=self.given)
            case a.Cancelled():
                return self._leave()
            case a.MoreTimeChosen():
                return AddingTime(self.given, self)
            case a.NotMeChosen():
                return AskNotMe(self.given, self)
            case _:
                raise IllegalEventError(self, event)

    def _leave(self) -> Finishing:
        # Where only the last word is missing, that is said: what was set is set.
        if isinstance(self.again, Finishing):
            return self.again
        return Finishing(self.given, LinkStage.CANCELLED, self.again.tried.lines)

    def extended(self, page: p.Page) -> AskAgain:
        return replace(self, given=replace(self.given, page=page))


class AddingTime(State, frozen=True):
    """More time, once, as long as the caller is verified."""

    section = SECTION

    given: Given
    back: AskNewPassword | AskAgain

    def want(self) -> Do[fx.AddPageTime]:
        return Do(fx.AddPageTime(person_id=self.given.person_id, challenge_id=self.given.challenge_id))

    def step(self, event: Event) -> AskNewPassword | AskAgain | PageClosed:
        match event:
            case r.PageTimeAdded(page_until):
                return self.back.extended(p.Page(page_until, more_time=False))
            case r.NoMoreTime():
                return self.back.extended(replace(self.given.page, more_time=False))
            case r.LinkOver(stage):
                return PageClosed(stage)
            case Failed():
                return self.back
            case _:
                raise IllegalEventError(self, event)


class AskNotMe(State, frozen=True):
    """A page of its own, so that nobody ends the call by one stray click."""

    section = SECTION

    given: Given
    back: AskNewPassword | AskAgain
    note: str = ""

    def want(self) -> Ask[p.NotMePrompt]:
        return Ask(p.NotMePrompt(self.given.about, self.note))

    def step(self, event: Event) -> RefusingChallenge | AskNewPassword | AskAgain:
        match event:
            case a.NotMeAnswered("not_me"):
                return RefusingChallenge(self.given, self.back)
            case a.NotMeAnswered():
                return self.back
            case _:
                raise IllegalEventError(self, event)


class RefusingChallenge(State, frozen=True):
    section = SECTION

    given: Given
    back: AskNewPassword | AskAgain

    def want(self) -> Do[fx.RefuseChallenge]:
        return Do(fx.RefuseChallenge(person_id=self.given.person_id, challenge_id=self.given.challenge_id))

    def step(self, event: Event) -> Refused | AskNotMe:
        match event:
            case r.ChallengeRefused() | r.LinkOver():
                return Refused(self.given.about)
            case Failed():
                return AskNotMe(self.given, self.back, NOT_NOW)
            case _:
                raise IllegalEventError(self, event)


class Finishing(State, frozen=True):
    """The page's last word, for the agent's side to find."""

    section = SECTION

    given: Given
    stage: LinkStage
    lines: tuple[ResultLine, ...]
    signed_out: bool = False
    later: Later | None = None

    def want(self) -> Do[pfx.FinishReset]:
        given = self.given
        return Do(
            pfx.FinishReset(
                person_id=given.person_id,
                challenge_id=given.challenge_id,
                stage=self.stage,
                lines=self.lines,
                later=self.later,
            )
        )

    def step(self, event: Event) -> Changed | Kept | PageClosed | AskAgain:
        match event:
            case r.Noted() if self.stage is LinkStage.APPROVED:
                return Changed(self.given.about, self.signed_out)
            case r.Noted() if self.stage is LinkStage.CANCELLED:
                return Kept(self.given.about, half_done=any(line.ok for line in self.lines))
            case r.Noted():
                return PageClosed(self.stage)
            case r.LinkOver(stage):
                return PageClosed(stage)
            case Failed():
                return AskAgain(self.given, _NOT_NOTED if self.stage is LinkStage.APPROVED else NOT_NOW, self)
            case _:
                raise IllegalEventError(self, event)


class Changed(Terminal, frozen=True):
    section = SECTION

    about: LinkAbout
    signed_out: bool

    def want(self) -> Done[pp.PasswordChanged]:
        return Done(pp.PasswordChanged(self.about, self.signed_out))


class Kept(Terminal, frozen=True):
    section = SECTION

    about: LinkAbout
    half_done: bool

    def want(self) -> Done[pp.PasswordKept]:
        return Done(pp.PasswordKept(self.about, self.half_done))


class Refused(Terminal, frozen=True):
    section = SECTION

    about: LinkAbout

    def want(self) -> Done[PageRefused]:
        return Done(PageRefused(self.about))


class PageClosed(Terminal, frozen=True):
    section = SECTION

    stage: LinkStage

    def want(self) -> Done[PageOver]:
        return Done(PageOver(self.stage))


NewPasswordState = (
    ReadingRequirements
    | AskNewPassword
    | SettingPassword
    | AskingAnother
    | AskAgain
    | AddingTime
    | AskNotMe
    | RefusingChallenge
    | Finishing
    | Changed
    | Kept
    | Refused
    | PageClosed
)
