"""Protective disable: "somebody has their account". No proof is asked, because it only takes access away.

A reason and a ticket are needed, the act is marked unverified, and policy counts it. A nested flow of its own, so that
the one account effect before verification stands in one place.
"""

from __future__ import annotations

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.flows import answers as a
from csrdesk.flows import effects as fx
from csrdesk.flows import prompts as p
from csrdesk.flows import replies as r
from csrdesk.flows import second_agent as sa
from csrdesk.flows import user_functions as uf
from csrdesk.flows.account_ends import SECTION, Left
from csrdesk.flows.act_words import SECOND_AGENT, disable_words
from csrdesk.flows.kernel import Ask, Done, Event, Failed, Poll, State, Terminal, Want
from csrdesk.flows.result_lines import told_line
from csrdesk.flows.telling import Later, prompt_with
from csrdesk.model.people import Person
from csrdesk.model.proofs import Act


class Confirming(State, frozen=True):
    """Whom and what in full; the default is No."""

    section = SECTION

    person: Person
    dn: str
    ticket: str = ""
    note: str = ""
    unchecked: str = ""
    """Why AD cannot be asked now."""
    alone: bool = True
    """Whether settings let one agent do it."""

    def want(self) -> Ask[p.ConfirmPrompt]:
        words = disable_words(has_directory=bool(self.dn), unchecked=self.unchecked)
        words = words if self.alone else (*SECOND_AGENT, *words)
        prompt = p.ConfirmPrompt(self.person, Act.PROTECT, words, self.ticket, ticket_required=True, unverified=True)
        return Ask(msgspec.structs.replace(prompt, note=self.note))

    def step(self, event: Event) -> Disabling | AwaitingApproval | Confirming | Finished:
        match event:
            case a.Confirmed(reason, ticket) if not (reason.strip() and ticket.strip()):
                note = "A reason and a ticket number are both needed."
                return msgspec.structs.replace(self, ticket=ticket.strip(), note=note)
            case a.Confirmed(reason, ticket):
                person = self.person
                task = uf.Task("disableUser", person.id, person, self.dn, Act.PROTECT, reason.strip(), ticket.strip())
                if self.alone:
                    return Disabling(person, uf.ReadingAccount(task))
                order = sa.Order(person, self.dn, Act.PROTECT, task.reason, task.ticket, _SHOWN)
                return AwaitingApproval(self, task, sa.begin(order))
            case a.Declined():
                return Finished(self.person)
            case _:
                raise IllegalEventError(self, event)


_SHOWN = "Nothing: nobody has proved anything. It only takes access away, and can be undone."


class AwaitingApproval(State, frozen=True):
    """Where settings let nobody close an account alone, it waits here for another agent."""

    section = SECTION

    confirming: Confirming
    task: uf.Task
    sub: sa.SecondAgentState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> AwaitingApproval | Disabling | Confirming | EndedCall:
        match self.sub.step(event):
            case sa.Approved():
                return Disabling(self.task.person, uf.ReadingAccount(self.task))
            case sa.NotApproved(note):
                return msgspec.structs.replace(self.confirming, ticket=self.task.ticket, note=note)
            case sa.EndedCall():
                return EndedCall()
            case sub:
                return msgspec.structs.replace(self, sub=sub)


class Disabling(State, frozen=True):
    """`disableUser` runs here, marked unverified."""

    section = SECTION

    person: Person
    sub: uf.ActingState

    def want(self) -> Want:
        return self.sub.want()

    def step(self, event: Event) -> Disabling | Showing:
        match self.sub.step(event):
            case uf.ReturnSuccess(task, _, lines) as done:
                return Showing(self.person, lines, half_done=done.half_done, again=task if done.again else None)
            case uf.TellingLater(task, _, lines, later) as telling:
                half_done, again = telling.so_far.half_done, task if telling.so_far.again else None
                return Showing(self.person, lines, half_done, again, later)
            case uf.ReturnError() as error:
                return Showing(self.person, (p.ResultLine(error.words, ok=False),))
            case sub:
                return Disabling(self.person, sub)


class Showing(State, frozen=True):
    section = SECTION

    person: Person
    lines: tuple[p.ResultLine, ...]
    half_done: bool = False
    again: uf.Task | None = None
    """What trying again does; None where nothing is left to do."""

    later: Later | None = None
    """The mail about it, where that is still tried."""

    def want(self) -> Ask[p.NoticePrompt] | Poll[p.NoticePrompt, fx.AwaitNotice]:
        again = self.again is not None
        prompt = p.NoticePrompt(self.person, Act.PROTECT, self.lines, half_done=self.half_done, again=again)
        return prompt_with(prompt, self.later)

    def step(self, event: Event) -> Showing | Disabling | Finished | EndedCall:
        match event:
            case r.CustomerTold() | r.CustomerNotTold() | Failed() if self.later:
                return msgspec.structs.replace(self, lines=(*self.lines, told_line(event)), later=None)
            case a.TryAgainChosen() if self.again:
                return Disabling(self.person, uf.ReadingAccount(self.again))
            case a.NoticeRead() | a.TryAgainChosen():
                return Finished(self.person)
            case a.CallEnded():
                return EndedCall()
            case _:
                raise IllegalEventError(self, event)


class Finished(Terminal, frozen=True):
    section = SECTION

    person: Person

    def want(self) -> Done[Left]:
        return Done(Left())


class EndedCall(Terminal, frozen=True):
    section = SECTION

    def want(self) -> Done[Left]:
        return Done(Left())


ProtectiveDisableState = Confirming | AwaitingApproval | Disabling | Showing | Finished | EndedCall
