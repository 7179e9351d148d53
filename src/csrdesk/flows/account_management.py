"""User Account management, the part of the main flow after the verification: see, confirm, act, see again.

A nested flow of its own, so that "nothing gives access before verification" is one door: `begin` takes the proof.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import device_management as dm
from csrdesk.flows import directory_acts as da
from csrdesk.flows import effects as fx
from csrdesk.flows import password_effects as pfx
from csrdesk.flows import password_reset as reset
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import second_agent as sa
from csrdesk.flows import user_functions as uf
from csrdesk.flows.account_ends import SECTION, EndedCall, Left, LostCaller, Refused, WentBack, WindowClosed
from csrdesk.flows.account_given import Needs, Verified
from csrdesk.flows.act_words import CHOSEN, SECOND_AGENT, why_withheld, withheld, words_of
from csrdesk.flows.kernel import (
    Answer,
    Ask,
    Do,
    Event,
    Failed,
    Poll,
    Problem,
    Replies,
    State,
    Together,
    Want,
)
from csrdesk.flows.result_lines import told_line
from csrdesk.flows.telling import Later, prompt_with
from csrdesk.model.account import Account
from csrdesk.model.days import last_day, moment_of
from csrdesk.model.proofs import Act

__all__ = [
    "SECTION",
    "AccountManagementState",
    "AwaitingSecondAgent",
    "ChangingAccount",
    "ConfirmingAct",
    "EndedCall",
    "Left",
    "LostCaller",
    "ManagingAccount",
    "ManagingDevices",
    "Needs",
    "ReadingAccount",
    "Refused",
    "Resetting",
    "ReturnError",
    "ShowingNotice",
    "Verified",
    "WentBack",
    "WindowClosed",
    "begin",
]


def begin(verified: Verified, needs: Needs) -> ReadingAccount:
    """The only way in: with a verification."""
    return _read(verified, needs)


class ReadingAccount(State, frozen=True):
    """What `getUserAccountStatus` reads, and beside it whether the password can be reset: it never leads to a write."""

    section = SECTION

    verified: Verified
    needs: Needs

    @property
    def _why_no_proof(self) -> str:
        """Said before anybody confirms a reset, which policy would refuse."""
        enough = self.verified.evidence.has_device or not self.needs.rules.reset_needs_device
        return "" if enough else "A new password needs a device here, and this caller has shown none."

    def want(self) -> Do[Together[fx.RequireProof | fx.ReadAccount | pfx.ReadPasswordAuthority]]:
        who, dn = self.verified.person.id, self.verified.dn
        read = fx.ReadAccount(person_id=who, dn=dn)
        authority = pfx.ReadPasswordAuthority(person_id=who, dn=dn)
        return Do(Together(effects=(fx.RequireProof(person_id=who), read, authority)))

    def step(self, event: Event) -> ReadingAccount | ManagingAccount | WindowClosed | ReturnError:
        match event:
            case Replies((Failed(problem), *_)) if problem.code == "not_verified":
                return WindowClosed(self.verified.person)
            case Replies((r.Noted(), r.AccountRead(Account(directory=found)), _)) if found and not self.verified.dn:
                # AD was down when the person was looked up, and answers now.
                return ReadingAccount(msgspec.structs.replace(self.verified, dn=found.dn), self.needs)
            case Replies((r.Noted(), r.AccountRead(account), authority)):
                why = reset.why_no_reset(account, authority) or self._why_no_proof
                return ManagingAccount(self.verified, self.needs, account, why)
            case Replies(replies):
                return ReturnError(self.verified, self.needs, uf.first_problem(replies))
            case Failed(problem):
                return ReturnError(self.verified, self.needs, problem)
            case _:
                raise IllegalEventError(self, event)


class ManagingAccount(State, frozen=True):
    """Both directories side by side, and what can be done, until the window ends."""

    section = SECTION

    verified: Verified
    needs: Needs
    account: Account
    why_no_reset: str = ""
    """Why Reset is not offered; empty where it is."""
    note: str = ""

    def want(self) -> Poll[p.AccountPrompt, fx.WaitUntil]:
        v = self.verified
        label, value = uf.button(self.account)
        prompt = p.AccountPrompt(
            v.person,
            self.account,
            v.evidence,
            v.until,
            label,
            value,
            self.note,
            why_no_reset=self.why_no_reset,
            withheld=withheld(self.needs.rules, v.evidence),
        )
        return Poll(prompt, fx.WaitUntil(person_id=v.person.id, moment=v.until))

    def step(
        self, event: Event
    ) -> (
        ConfirmingAct
        | ManagingAccount
        | ManagingDevices
        | ReadingAccount
        | LostCaller
        | WentBack
        | EndedCall
        | WindowClosed
        | ReturnError
    ):
        match event:
            case Answer() if CHOSEN.get(type(event)) in withheld(self.needs.rules, self.verified.evidence):
                return msgspec.structs.replace(self, note=why_withheld(self.verified.evidence))
            case a.ResetChosen() if self.why_no_reset:
                return msgspec.structs.replace(self, note=f"Reset is not possible now. {self.why_no_reset}")
            case (
                a.DisableChosen()
                | a.EnableChosen()
                | a.UnlockChosen()
                | a.ResetChosen()
                | a.ExpireChosen()
                | a.MustChangeChosen()
            ):
                return ConfirmingAct(
                    self.verified,
                    self.needs,
                    self.account,
                    CHOSEN[type(event)],
                    self.verified.ticket,
                    why_no_reset=self.why_no_reset,
                )
            case a.DevicesChosen():
                return ManagingDevices(self.verified, self.needs, dm.ReadingDevices(self._devices()))
            case a.RefreshChosen():
                return _read(self.verified, self.needs)
            case a.LineDropped():
                return LostCaller(self.verified.person)
            case a.BackChosen():
                return WentBack(self.verified.person)
            case a.CallEnded():
                return EndedCall()
            case r.TimeCame():
                return WindowClosed(self.verified.person)
            case Failed(problem):
                return ReturnError(self.verified, self.needs, problem)
            case _:
                raise IllegalEventError(self, event)

    def _devices(self) -> dm.Given:
        v = self.verified
        return dm.Given(v.person, v.evidence, v.until, v.ticket, self.needs.ticket, v.dn, self.needs.rules)


class ManagingDevices(State, frozen=True):
    """The caller's devices are looked at and changed here."""

    section = SECTION

    verified: Verified
    needs: Needs
    sub: dm.DeviceManagementState

    def want(self) -> Want:
        return self.sub.want()

    def step(
        self, event: Event
    ) -> ManagingDevices | ShowingNotice | ReadingAccount | WindowClosed | EndedCall | ReturnError:
        match self.sub.step(event):
            case dm.DeviceDone(lines, later):
                return ShowingNotice(self.verified, self.needs, Act.DEVICES, lines, later=later)
            case dm.LeftDevices():
                return _read(self.verified, self.needs)
            case dm.WindowEnded():
                return WindowClosed(self.verified.person)
            case dm.Ended():
                return EndedCall()
            case dm.Unread(problem):
                return ReturnError(self.verified, self.needs, problem)
            case sub:
                return ManagingDevices(self.verified, self.needs, sub)


class ConfirmingAct(State, frozen=True):
    """Whom and what in full; nothing happens without a reason."""

    section = SECTION

    verified: Verified
    needs: Needs
    account: Account
    act: Act
    ticket: str = ""
    note: str = ""
    why_no_reset: str = ""

    def want(self) -> Poll[p.ConfirmPrompt, fx.WaitUntil]:
        v = self.verified
        prompt = p.ConfirmPrompt(
            v.person,
            self.act,
            self._words(),
            self.ticket,
            ticket_required=self.needs.ticket,
            account=self.account,
            verified_until=v.until,
            note=self.note,
        )
        return Poll(prompt, fx.WaitUntil(person_id=v.person.id, moment=v.until))

    def step(
        self, event: Event
    ) -> (
        ChangingAccount | Resetting | AwaitingSecondAgent | ConfirmingAct | ManagingAccount | WindowClosed | ReturnError
    ):
        match event:
            case a.Confirmed(reason, ticket) if not reason.strip():
                return self._saying("A reason is needed: one line for the audit.", ticket)
            case a.Confirmed(_, ticket) if self.needs.ticket and not ticket.strip():
                return self._saying("A ticket number is needed.", ticket)
            case a.Confirmed(_, ticket, ends) if self.act is Act.EXPIRE and (wrong := da.wrong_end(ends)):
                return self._saying(wrong, ticket)
            case a.Confirmed() as confirmed if self.act in self.needs.rules.second_agent_for:
                return AwaitingSecondAgent(self, confirmed, sa.begin(self._order(confirmed)))
            case a.Confirmed() as confirmed:
                return self.done(confirmed)
            case a.Declined():
                return self.managing()
            case r.TimeCame():
                return WindowClosed(self.verified.person)
            case Failed(problem):
                return ReturnError(self.verified, self.needs, problem)
            case _:
                raise IllegalEventError(self, event)

    def done(self, confirmed: a.Confirmed) -> ChangingAccount | Resetting:
        """What the agent has said yes to, and whoever else had to."""
        reason, ticket = confirmed.reason, confirmed.ticket
        if self.act is Act.RESET:
            return Resetting(self.verified, self.needs, reset.ReadingAuthority(self._reset(reason, ticket)))
        return ChangingAccount(self.verified, self.needs, self.act, self._task(reason, ticket, confirmed.ends))

    def managing(self, note: str = "") -> ManagingAccount:
        """Back at the account, with nothing done."""
        return ManagingAccount(self.verified, self.needs, self.account, self.why_no_reset, note)

    def _order(self, confirmed: a.Confirmed) -> sa.Order:
        v, shown = self.verified, self.verified.evidence.label
        if self.act is Act.EXPIRE:
            until = moment_of(confirmed.ends)
            shown = f"{shown}; the account is to end {f'with {last_day(until)}' if until else 'never'}"
        return sa.Order(v.person, v.dn, self.act, confirmed.reason.strip(), confirmed.ticket.strip(), shown, v.until)

    def _saying(self, note: str, ticket: str) -> ConfirmingAct:
        return msgspec.structs.replace(self, note=note, ticket=ticket.strip())

    def _task(self, reason: str, ticket: str, ends: str) -> uf.ReadingAccount:
        v, action = self.verified, _ACTIONS[self.act]
        until = moment_of(ends) if self.act is Act.EXPIRE else None
        reason, ticket = reason.strip(), ticket.strip()
        return uf.ReadingAccount(uf.Task(action, v.person.id, v.person, v.dn, self.act, reason, ticket, ends_at=until))

    def _reset(self, reason: str, ticket: str) -> reset.Task:
        v = self.verified
        return reset.Task(v.person, v.dn, reason.strip(), ticket.strip(), self.needs.rules)

    def _words(self) -> tuple[str, ...]:
        second = SECOND_AGENT if self.act in self.needs.rules.second_agent_for else ()
        if self.act is Act.RESET:
            return (*second, *reset.WORDS)
        return (*second, *words_of(self.act, self.account, has_directory=bool(self.verified.dn)))


class AwaitingSecondAgent(State, frozen=True):
    """An act that settings let nobody do alone waits here for another agent."""

    section = SECTION

    confirming: ConfirmingAct
    confirmed: a.Confirmed
    sub: sa.SecondAgentState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> AwaitingSecondAgent | ChangingAccount | Resetting | ManagingAccount | EndedCall:
        match self.sub.step(event):
            case sa.Approved():
                return self.confirming.done(self.confirmed)
            case sa.NotApproved(note):
                return self.confirming.managing(note)
            case sa.EndedCall():
                return EndedCall()
            case sub:
                return msgspec.structs.replace(self, sub=sub)


_ACTIONS = {
    Act.DISABLE: "disableUser",
    Act.ENABLE: "enableUser",
    Act.UNLOCK: "unlockUser",
    Act.EXPIRE: "setExpiry",
    Act.MUST_CHANGE: "demandPasswordChange",
}


class ChangingAccount(State, frozen=True):
    """`disableUser`, `enableUser`, `unlockUser`, `setExpiry` or `demandPasswordChange` runs here."""

    section = SECTION

    verified: Verified
    needs: Needs
    act: Act
    sub: uf.ActingState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> ChangingAccount | ShowingNotice:
        match self.sub.step(event):
            case uf.ReturnSuccess(task, _, lines) as done:
                again = task if done.again else None
                return ShowingNotice(self.verified, self.needs, self.act, lines, half_done=done.half_done, again=again)
            case uf.TellingLater(task, _, lines, later) as telling:
                half_done, again = telling.so_far.half_done, task if telling.so_far.again else None
                return ShowingNotice(self.verified, self.needs, self.act, lines, half_done, again, later)
            case uf.ReturnError() as error:
                line = p.ResultLine(error.words, ok=False)
                return ShowingNotice(self.verified, self.needs, self.act, (line,))
            case sub:
                return ChangingAccount(self.verified, self.needs, self.act, sub)


class Resetting(State, frozen=True):
    """Password reset Magic Link runs here: the agent watches, the customer types."""

    section = SECTION

    verified: Verified
    needs: Needs
    sub: reset.ResettingState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> Resetting | ShowingNotice | LostCaller | Refused:
        v = self.verified
        match self.sub.step(event):
            case reset.ReturnSuccess(line_dropped=True):
                return LostCaller(v.person)
            case reset.ReturnSuccess("notMe", note=note):
                return Refused(v.person, note)
            case reset.ReturnSuccess(_, lines, renewed) as done:
                v = _renewed(v, renewed)
                return ShowingNotice(v, self.needs, Act.RESET, lines, half_done=done.half_done)
            case reset.TellingLater(_, done, later):
                v = _renewed(v, done.renewed)
                return ShowingNotice(v, self.needs, Act.RESET, done.lines, half_done=done.half_done, later=later)
            case reset.ReturnError(problem):
                line = p.ResultLine(problem.message, ok=False)
                return ShowingNotice(v, self.needs, Act.RESET, (line,))
            case sub:
                return msgspec.structs.replace(self, sub=sub)


class ShowingNotice(State, frozen=True):
    """Stays until it is read, also past the window: what was half done must not vanish."""

    section = SECTION

    verified: Verified
    needs: Needs
    act: Act
    lines: tuple[p.ResultLine, ...]
    half_done: bool = False
    again: uf.Task | None = None
    """What trying again does; None where nothing is left to do."""

    later: Later | None = None
    """The mail about it, where that is still tried."""

    def want(self) -> Ask[p.NoticePrompt] | Poll[p.NoticePrompt, fx.AwaitNotice]:
        v, again = self.verified, self.again is not None
        prompt = p.NoticePrompt(v.person, self.act, self.lines, half_done=self.half_done, verified_until=v.until)
        prompt = msgspec.structs.replace(prompt, again=again)
        return prompt_with(prompt, self.later)

    def step(self, event: Event) -> ShowingNotice | ReadingAccount | ChangingAccount | EndedCall:
        match event:
            case r.CustomerTold() | r.CustomerNotTold() | Failed() if self.later:
                return msgspec.structs.replace(self, lines=(*self.lines, told_line(event)), later=None)
            case a.TryAgainChosen() if self.again:
                return ChangingAccount(self.verified, self.needs, self.act, uf.ReadingAccount(self.again))
            case a.NoticeRead() | a.TryAgainChosen():
                return _read(self.verified, self.needs)
            case a.CallEnded():
                return EndedCall()
            case _:
                raise IllegalEventError(self, event)


class ReturnError(State, frozen=True):
    """The account cannot be shown now; the window runs on, and Try again reads once more."""

    section = "Return Error"

    verified: Verified
    needs: Needs
    problem: Problem

    def want(self) -> Ask[p.ErrorPrompt]:
        problem = self.problem
        words = f"The account could not be read, and nothing was changed. {problem.message}"
        return Ask(p.ErrorPrompt(words, problem.details, problem.correlation_id, problem.code))

    def step(self, event: Event) -> ReadingAccount | EndedCall:
        match event:
            case a.TryAgainChosen():
                return _read(self.verified, self.needs)
            case a.CallEnded():
                return EndedCall(self.problem)
            case _:
                raise IllegalEventError(self, event)


AccountManagementState = (
    ReadingAccount
    | ManagingAccount
    | ManagingDevices
    | ConfirmingAct
    | AwaitingSecondAgent
    | ChangingAccount
    | Resetting
    | ShowingNotice
    | ReturnError
    | LostCaller
    | WentBack
    | Refused
    | WindowClosed
    | EndedCall
)


def _renewed(verified: Verified, renewed: reset.Renewed | None) -> Verified:
    """Whom a link of its own has shown once more is verified from there on."""
    if renewed is None:
        return verified
    return msgspec.structs.replace(verified, until=renewed.until, evidence=renewed.evidence)


def _read(verified: Verified, needs: Needs) -> ReadingAccount:
    return ReadingAccount(verified, needs)
