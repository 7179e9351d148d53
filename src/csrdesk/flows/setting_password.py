"""Setting a password that was typed just now: AD, then PingOne, then the sign-ins elsewhere and the mail about it.

Runs inside the customer's page, apart from it because of what is special here: the password is the context's secret,
handed from one write to the next in memory alone. A state here is its stand-in. Found after a crash, or where an answer
was lost, it is not known what was written: the directory is asked, and never the same write made twice.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_replies as pr
from csrdesk.flows import replies as r
from csrdesk.flows.kernel import Do, Done, Event, Failed, Outcome, Problem, Replies, Reply, State, Terminal, Together
from csrdesk.flows.prompts import ResultLine
from csrdesk.flows.result_lines import session_lines
from csrdesk.flows.telling import Later, Told, told_of
from csrdesk.model.link import LinkStage
from csrdesk.model.notices import Change
from csrdesk.model.passwords import Home, PasswordState
from csrdesk.model.proofs import Act

SECTION = "Challenge Acceptance By The User"
NOT_SET_NOW = "The password could not be set just now. Type it once more; if it fails again, tell the agent."
_UNSURE = "We could not find out whether the password was set. Type one once more, the same or another."
_LOST = "The password was not set. Type it once more."
_BOTH = "AD has taken the new password, but PingOne has not. Type one once more that suits both."
_SAID_NO = ("not_verified", "forbidden")
_UNKNOWN = ("unknown", "timed_out", "unreachable", "unexpected_answer")


class Work(msgspec.Struct, frozen=True):
    """Where a password is to be set, for whom and why."""

    challenge_id: str
    person_id: str
    dn: str
    reason: str
    ticket: str
    homes: tuple[Home, ...]
    states: tuple[PasswordState, ...] = ()
    """As they were before; what is read back is compared with them."""
    sign_out: bool = True

    @property
    def in_directory(self) -> bool:
        return Home.DIRECTORY in self.homes

    @property
    def in_pingone(self) -> bool:
        return any(home is not Home.DIRECTORY for home in self.homes)

    @property
    def pingone(self) -> Home:
        """PingOne itself, or through it."""
        return Home.GATEWAY if Home.GATEWAY in self.homes else Home.PINGONE

    def changed_since(self, now: PasswordState) -> bool:
        """Whether the directory's own clock says that it was set after it was read first."""
        before = next((state.changed_at for state in self.states if state.home is now.home), None)
        return now.changed_at is not None and now.changed_at != before and not now.must_change


class Ended(Outcome, frozen=True):
    """The page goes on."""


class BeginningChange(State, frozen=True):
    """Nothing else ends the page from here on."""

    section = SECTION

    work: Work

    def want(self) -> Do[pfx.BeginChange]:
        return Do(pfx.BeginChange(person_id=self.work.person_id, challenge_id=self.work.challenge_id))

    def step(self, event: Event) -> SettingInDirectory | SettingInPingOne | NotSet | NotVerified | PageWasOver:
        match event:
            case r.Noted() if self.work.in_directory:
                return SettingInDirectory(self.work)
            case r.Noted():
                return SettingInPingOne(self.work)
            case r.LinkOver(stage):
                return PageWasOver(stage)
            case r.SecretLost():
                return NotSet(note=_LOST)
            case Failed(problem) if problem.code in _SAID_NO:
                return NotVerified((ResultLine(problem.message, ok=False),))
            case Failed():
                return NotSet(note=NOT_SET_NOW)
            case _:
                raise IllegalEventError(self, event)


class SettingInDirectory(State, frozen=True):
    """AD first: it has the stricter rules, and its password opens the computer."""

    section = SECTION

    work: Work

    def want(self) -> Do[pfx.SetDirectoryPassword]:
        work = self.work
        who, act = work.person_id, Act.RESET
        return Do(pfx.SetDirectoryPassword(person_id=who, dn=work.dn, act=act, reason=work.reason, ticket=work.ticket))

    def step(self, event: Event) -> SettingInPingOne | EndingSessions | ReadingBack | NotSet | NotVerified:
        match event:
            case pr.PasswordSet():
                lines = set_lines(event)
                return SettingInPingOne(self.work, lines) if self.work.in_pingone else EndingSessions(self.work, lines)
            case pr.PasswordRefused(reasons):
                return NotSet(reasons, lines=(refused_line(Home.DIRECTORY, reasons),))
            case r.SecretLost():
                return ReadingBack(self.work, Home.DIRECTORY)
            case Failed(problem):
                return _failed(self.work, Home.DIRECTORY, problem, ())
            case _:
                raise IllegalEventError(self, event)


class SettingInPingOne(State, frozen=True):
    """The same value, still in memory; where PingOne refuses after AD took it, it is half done and said so."""

    section = SECTION

    work: Work
    lines: tuple[ResultLine, ...] = ()

    def want(self) -> Do[pfx.SetPingOnePassword]:
        work = self.work
        who, act = work.person_id, Act.RESET
        return Do(
            pfx.SetPingOnePassword(person_id=who, home=work.pingone, act=act, reason=work.reason, ticket=work.ticket)
        )

    def step(self, event: Event) -> EndingSessions | ReadingBack | NotSet | NotVerified:
        match event:
            case pr.PasswordSet():
                return EndingSessions(self.work, (*self.lines, *set_lines(event)))
            case pr.PasswordRefused(reasons):
                lines = (*self.lines, refused_line(self.work.pingone, reasons))
                return NotSet(reasons, lines=lines, half_done=bool(self.lines))
            case r.SecretLost():
                return ReadingBack(self.work, self.work.pingone, self.lines)
            case Failed(problem):
                return _failed(self.work, self.work.pingone, problem, self.lines)
            case _:
                raise IllegalEventError(self, event)


class ReadingBack(State, frozen=True):
    """The answer of a write was lost, or this process: did the directory take it?"""

    section = SECTION

    work: Work
    home: Home
    lines: tuple[ResultLine, ...] = ()

    def want(self) -> Do[pfx.ReadPasswordState]:
        work = self.work
        return Do(pfx.ReadPasswordState(person_id=work.person_id, home=self.home, dn=work.dn))

    def step(self, event: Event) -> EndingSessions | NotSet:
        match event:
            case pr.PasswordStateRead(state) if self.work.changed_since(state):
                lines = (*self.lines, ResultLine(f"{self.home.value}: password set"))
                if self.home is Home.DIRECTORY and self.work.in_pingone:
                    # The value is gone from memory: PingOne cannot be given the same one.
                    left = ResultLine(f"{self.work.pingone.value}: password not set", ok=False)
                    return NotSet(note=_BOTH, lines=(*lines, left), half_done=True)
                return EndingSessions(self.work, lines)
            case pr.PasswordStateRead(state) if state.changed_at is not None:
                left = ResultLine(f"{self.home.value}: password not set", ok=False)
                return NotSet(note=_LOST, lines=(*self.lines, left), half_done=bool(self.lines))
            case pr.PasswordStateRead() | Failed():
                words = f"{self.home.value}: unknown whether the password was set"
                unsure = ResultLine(words, ok=False, unknown=True)
                return NotSet(note=_UNSURE, lines=(*self.lines, unsure), half_done=bool(self.lines))
            case _:
                raise IllegalEventError(self, event)


class EndingSessions(State, frozen=True):
    """Sign-ins elsewhere, where the customer wants them ended or has to; and beside it the mail about the change.

    Where a crash came first and they were found to live on, they are ended now: nobody is here who could be asked.
    """

    section = SECTION

    work: Work
    lines: tuple[ResultLine, ...]
    told: Told | None = None
    """What became of the mail, where only the sign-ins are left."""

    def want(self) -> Do[Together[fx.EndSessions | fx.TellCustomer]]:
        work = self.work
        who, act = work.person_id, Act.RESET
        tell = fx.TellCustomer(person_id=who, change=Change.PASSWORD)
        end = fx.EndSessions(person_id=who, act=act, reason=work.reason, ticket=work.ticket)
        if self.told:
            return Do(Together(effects=(end,)))
        return Do(Together(effects=(tell, end) if work.sign_out else (tell,)))

    def step(self, event: Event) -> EndingSessions | PasswordIsSet:
        match event:
            case Replies((ended,)) if self.told:
                return self._then(self.told, (ended,))
            case Replies((told, Failed(problem))) if problem.code == "not_done" and self.work.sign_out:
                return EndingSessions(self.work, self.lines, told_of(told))
            case Replies((told, *ended)) if len(ended) == self.work.sign_out:
                return self._then(told_of(told), tuple(ended))
            case Failed():
                return self._then(self.told or told_of(event), (event,) * self.work.sign_out)
            case _:
                raise IllegalEventError(self, event)

    def _then(self, told: Told, ended: tuple[Reply, ...]) -> PasswordIsSet:
        lines = [*self.lines]
        for reply in ended:
            lines += session_lines(reply)
        if not ended:
            lines.append(ResultLine("PingOne: the customer kept their sign-ins elsewhere", aside=True))
        return PasswordIsSet((*lines, *told.lines), signed_out=bool(ended), later=told.later)


class PasswordIsSet(Terminal, frozen=True):
    """Everywhere where it belongs."""

    section = SECTION

    lines: tuple[ResultLine, ...]
    signed_out: bool
    later: Later | None = None
    """The mail about it, where that is still tried."""

    def want(self) -> Done[Ended]:
        return Done(Ended())


class NotSet(Terminal, frozen=True):
    """Refused, failed, or not known: the page asks again."""

    section = SECTION

    refusals: tuple[str, ...] = ()
    note: str = ""
    lines: tuple[ResultLine, ...] = ()
    half_done: bool = False

    def want(self) -> Done[Ended]:
        return Done(Ended())


class NotVerified(Terminal, frozen=True):
    """Policy said no: the verified window has ended, or the account is not to be touched. Nothing was written now."""

    section = SECTION

    lines: tuple[ResultLine, ...]

    def want(self) -> Done[Ended]:
        return Done(Ended())


class PageWasOver(Terminal, frozen=True):
    """The page had ended when the password came; it went nowhere."""

    section = SECTION

    stage: LinkStage

    def want(self) -> Done[Ended]:
        return Done(Ended())


SettingPasswordState = (
    BeginningChange
    | SettingInDirectory
    | SettingInPingOne
    | ReadingBack
    | EndingSessions
    | PasswordIsSet
    | NotSet
    | NotVerified
    | PageWasOver
)


def set_lines(done: pr.PasswordSet) -> tuple[ResultLine, ...]:
    """`AD: password set`, and the lock that ended with it."""
    at = f" at {done.server}; other sites follow" if done.server else ""
    line = ResultLine(f"{done.home.value}: password set{at}")
    return (line, ResultLine(f"{done.home.value}: unlocked with it")) if done.unlocked else (line,)


def refused_line(home: Home, reasons: tuple[str, ...]) -> ResultLine:
    """What a directory has against a password, for the agent: the rules, and nothing of the password."""
    return ResultLine(f"{home.value}: password refused. {' '.join(reasons)}", ok=False)


def _failed(
    work: Work, home: Home, problem: Problem, lines: tuple[ResultLine, ...]
) -> ReadingBack | NotSet | NotVerified:
    line = ResultLine(f"{home.value}: password not set. {problem.message}", ok=False)
    if problem.code in _UNKNOWN:
        return ReadingBack(work, home, lines)
    if problem.code in _SAID_NO:
        return NotVerified((*lines, line))
    return NotSet(note=NOT_SET_NOW, lines=(*lines, line), half_done=bool(lines))
