"""How a table of a flow's branches is read: (state, event, next), one line a branch."""

from __future__ import annotations

import pytest

from csrdesk.errors import IllegalEventError
from csrdesk.flows.kernel import Event, State

Row = tuple[State, Event, State]


def name(value: object) -> str:
    """A row's part in a test's name."""
    return type(value).__name__


def step_by_step(state: State, event: Event, after: State) -> None:
    """The step is as the table says, and left its state as it was."""
    before = repr(state)
    assert state.step(event) == after
    assert repr(state) == before


def refused(state: State, event: Event) -> None:
    with pytest.raises(IllegalEventError, match="not possible here") as error:
        state.step(event)
    assert error.value.details == f"Event {name(event)} cannot be sent in state {name(state)}"
