"""How User Account management ends: the ways in which an agent, or the clock, leaves an account.

Apart from `account_management`, because what disables without a proof ends the same way.
"""

from __future__ import annotations

from csrdesk.flows.kernel import Done, Outcome, Problem, Terminal
from csrdesk.model.people import Person

SECTION = "User Account management"


class Left(Outcome, frozen=True):
    """The agent left the account page; the parent flow goes on."""


class WentBack(Terminal, frozen=True):
    """Back gives the verification up."""

    section = SECTION

    person: Person

    def want(self) -> Done[Left]:
        return Done(Left())


class LostCaller(Terminal, frozen=True):
    """The line dropped: whoever calls back has to prove again who they are."""

    section = SECTION

    person: Person

    def want(self) -> Done[Left]:
        return Done(Left())


class Refused(Terminal, frozen=True):
    """The customer said "this wasn't me" in the middle of a reset: nobody is verified any more."""

    section = SECTION

    person: Person
    note: str
    """What the agent reads: where it was said."""

    def want(self) -> Done[Left]:
        return Done(Left())


class WindowClosed(Terminal, frozen=True):
    section = SECTION

    person: Person

    def want(self) -> Done[Left]:
        return Done(Left())


class EndedCall(Terminal, frozen=True):
    section = SECTION

    problem: Problem | None = None
    """The error that the agent did not try again."""

    def want(self) -> Done[Left]:
        return Done(Left())
