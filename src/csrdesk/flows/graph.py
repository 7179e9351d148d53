"""A flow's graph, read from its code: states, what each wants, and where each can lead.

Edges are the return annotations of `step`, wants those of `want`; a state that runs another flow keeps that flow's
state in its field `sub`. The first state of a union is where its flow begins. Diagrams and proofs are made from this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from typing import TypeVar, Union, get_args, get_origin, get_type_hints

from csrdesk.flows.kernel import Answer, Effect, Outcome, Prompt, State

K = TypeVar("K")


@dataclass(frozen=True)
class Node:
    """One state, and the annotations that say what it does."""

    state: type[State]
    wants: tuple[str, ...]
    """`Ask`, `Do`, `Poll` or `Done`; none where a flow that runs inside says it."""
    prompts: tuple[type[Prompt], ...]
    effects: tuple[type[Effect], ...]
    """Those performed at the same time stand beside their `Together`."""
    outcomes: tuple[type[Outcome], ...]
    next: tuple[type[State], ...]
    sub: tuple[type[State], ...]
    """The states of the flow that runs inside, empty where none does."""

    @property
    def sections(self) -> tuple[str, ...]:
        """The documentation's sections that this state stands for."""
        return (self.state.section, *self.state.also)


Graph = Mapping[type[State], Node]


def graph(states: object) -> Graph:
    """The graph of the flow whose states are that union, in its order; flows that run inside are not expanded."""
    return {state: node(state) for state in members(states, State)}


def expanded(states: object) -> Iterator[tuple[tuple[type[State], ...], Node]]:
    """Every node of a flow and of those that run inside, each with the states around it, the outermost first."""
    for state, found in graph(states).items():
        yield (), found
        for around, inner in expanded(found.sub):
            yield (state, *around), inner


def node(state: type[State]) -> Node:
    """What the annotations of one state say."""
    sub = members(get_type_hints(state).get("sub", ()), State)
    wants = () if sub else _parts(get_type_hints(state.want)["return"])
    held = [part for want in wants for kind in get_args(want) for part in _parts(kind)]
    held += [part for kind in held for inside in get_args(kind) for part in _parts(inside)]
    return Node(
        state=state,
        wants=tuple(_class(want).__name__ for want in wants),
        prompts=members(tuple(held), Prompt),
        effects=members(tuple(held), Effect),
        outcomes=members(tuple(held), Outcome),
        next=members(get_type_hints(state.step)["return"], State),
        sub=sub,
    )


def answers(prompt: type[Prompt]) -> tuple[type[Answer], ...]:
    """What a prompt takes."""
    return members(prompt.answers, Answer)


def members(union: object, kind: type[K]) -> tuple[type[K], ...]:
    """The classes below `kind` in a union, in its order."""
    classes = [_class(part) for part in _parts(union)]
    return tuple(found for found in classes if issubclass(found, kind))


def reachable(first: type[State], among: Graph, *, without: type[State] | None = None) -> frozenset[type[State]]:
    """The states that `first` can lead to, itself included, where nobody enters `without`."""
    seen: set[type[State]] = set()
    waiting = [first]
    while waiting:
        kind = waiting.pop()
        if kind not in seen and kind is not without:
            seen.add(kind)
            waiting += among[kind].next
    return frozenset(seen)


def _parts(union: object) -> tuple[object, ...]:
    """A union's alternatives; anything else is the only alternative, and a tuple a union already taken apart."""
    if isinstance(union, tuple):
        return union
    return get_args(union) if isinstance(union, UnionType) or get_origin(union) is Union else (union,)


def _class(part: object) -> type:
    """A class, also of a generic one with its arguments; `NoReturn` is none."""
    found = get_origin(part) or part
    return found if isinstance(found, type) else type(None)
