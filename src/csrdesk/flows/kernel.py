"""The words that every flow is written in: states, events, wants. `step(state, event) -> state`; the rest is derived.

A saved state alone says what to do next: `want()` names the prompt to show, the effect to perform, or the outcome.
Edges are read from the return annotations of `step`, wants from those of `want`: diagrams and proofs come from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Generic, NoReturn, TypeVar

import msgspec

from csrdesk.errors import IllegalEventError
from csrdesk.model.proofs import Act


class Audience(StrEnum):
    """Whose screen a prompt belongs on; the other side shows "waiting for the customer" or nothing."""

    AGENT = "agent"
    CUSTOMER = "customer"


class Kind(StrEnum):
    """What may be done with an effect that a crash interrupted."""

    READ = "read"
    """Performed again."""
    SEND = "send"
    """Never again: it may have been sent; a person chooses to resend."""
    WRITE = "write"
    """Never again: its intent without outcome is unknown, and the state is read back first."""
    DESK = "desk"
    """One transaction in the desk's own database, harmless to perform again; it audits itself in that transaction."""


class Problem(msgspec.Struct, frozen=True):
    """Something that went wrong, as a value."""

    message: str
    """For people: what happened, what was not done, what to do next."""
    details: str = ""
    """For the log; no secrets."""
    code: str = "failed"
    """The `code` of the error it was made from."""
    correlation_id: str = ""


class Event(msgspec.Struct, frozen=True, tag=True):
    """Something that happened: an `Answer` of a person or a `Reply` of the world."""


class Answer(Event, frozen=True):
    """What a person chose or typed; made only from what the prompt allows (`msgspec.convert(form, prompt.answers)`)."""


class Reply(Event, frozen=True, kw_only=True):
    """What the world answered; no front end can make one."""

    correlation_id: str = ""
    """PingOne's, for the audit."""


class Failed(Reply, frozen=True):
    """An effect did not get its answer."""

    problem: Problem


class Replies(Reply, frozen=True):
    """The replies to a `Together`, in its order."""

    replies: tuple[Reply, ...]


class Effect(msgspec.Struct, frozen=True, tag=True, kw_only=True):
    """Something that a state needs from the world, imperative."""

    kind: ClassVar[Kind]
    action: ClassVar[str] = ""
    """What the audit calls it (`pingone.disable`); empty where nothing is audited around it."""
    waits: ClassVar[bool] = False
    """Whether it does nothing but wait for somebody else: then no process stays for its end, and it outlasts a database
    that is away.
    """
    needs_secret: ClassVar[bool] = False
    """Whether it needs what the person typed: gone after a restart, it is answered with `SecretLost`, not performed."""
    takes_secret: ClassVar[bool] = False
    """Whether it is handed what the person typed where that is still there, and does without it otherwise."""

    person_id: str = ""
    """The PingOne id of the person concerned, empty where it is nobody's."""


class AccountEffect(Effect, frozen=True, kw_only=True):
    """An effect that changes an account: policy checks `act` against what was proved, whatever the state says."""

    kind = Kind.WRITE

    act: Act
    reason: str
    ticket: str = ""
    unchecked: bool = False
    """AD could not be asked whether it protects the person, so this half is done on PingOne's word alone."""


P_co = TypeVar("P_co", bound="Prompt", covariant=True)
E_co = TypeVar("E_co", bound=Effect, covariant=True)
O_co = TypeVar("O_co", bound="Outcome", covariant=True)


class Together(Effect, Generic[E_co], frozen=True, kw_only=True):
    """Effects performed at the same time; none waits for another or is stopped by its failure.

    Each is checked, audited and keyed by itself. Not nested. Its type says which effects it holds.
    """

    kind = Kind.READ
    effects: tuple[E_co, ...]


class Prompt(msgspec.Struct, frozen=True, tag=True):
    """What a person is asked: a front end draws it and posts one of `answers`."""

    audience: ClassVar[Audience] = Audience.AGENT
    answers: ClassVar[object]
    """The union of `Answer` classes that this prompt takes."""


class Outcome(msgspec.Struct, frozen=True, tag=True):
    """How a flow ended."""


@dataclass(frozen=True)
class Ask(Generic[P_co]):
    """Wait for a person."""

    prompt: P_co


@dataclass(frozen=True)
class Do(Generic[E_co]):
    """Perform an effect and step with its reply."""

    effect: E_co


@dataclass(frozen=True)
class Poll(Generic[P_co, E_co]):
    """Show a prompt while an effect is under way; whichever answers first makes the step."""

    prompt: P_co
    effect: E_co


@dataclass(frozen=True)
class Done(Generic[O_co]):
    """The flow is over."""

    outcome: O_co


Want = Ask[Prompt] | Do[Effect] | Poll[Prompt, Effect] | Done[Outcome]


class State(msgspec.Struct, frozen=True, tag=True):
    """One node of a flow's diagram."""

    section: ClassVar[str]
    """The documentation's section that this node belongs to."""
    also: ClassVar[tuple[str, ...]] = ()
    """Sections that only decide something, where the decision falls in this node's step."""

    def want(self) -> Want:
        """What this state needs to go on."""
        raise NotImplementedError

    def meanwhile(self) -> Prompt | Outcome | None:
        """What a customer's page shows already while this state works: None for "one moment"."""
        return None

    def step(self, event: Event) -> State:
        """The state after `event`. Raises `IllegalEventError`, with nothing done, where it takes no such event."""
        raise IllegalEventError(self, event)


class Terminal(State, frozen=True):
    """A state that takes no event: a subflow's result, or a flow's end."""

    def step(self, event: Event) -> NoReturn:
        raise IllegalEventError(self, event)
