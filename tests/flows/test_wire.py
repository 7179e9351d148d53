"""Saved states keep their shape: where one changes, the flow's version grows, so that old saved states start again.

The shapes stand in `wire.json`; after a change that is meant, and a new version, `python -m tests.flows.test_wire`
writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from csrdesk.flows.catalog import FLOWS
from tests.flows.explore import walk

PINNED = Path(__file__).with_name("wire.json")
PROSE = {"title", "description"}
"""What a schema says for people: no part of the shape."""

Shapes = dict[str, object]


def bare(schema: object) -> object:
    """A schema without its prose."""
    if isinstance(schema, dict):
        return {key: bare(value) for key, value in schema.items() if key not in PROSE or not isinstance(value, str)}
    return [bare(value) for value in schema] if isinstance(schema, list) else schema


def shapes() -> dict[str, Shapes]:
    """The version of every flow, and the shape of each struct that its saved states are made of."""
    found: dict[str, Shapes] = {}
    for name, flow in FLOWS.items():
        defined = bare(msgspec.json.schema(flow.states)["$defs"])
        assert isinstance(defined, dict)
        found[name] = {"version": flow.version, **dict(sorted(defined.items()))}
    return found


def pinned() -> dict[str, Shapes]:
    found: dict[str, Shapes] = json.loads(PINNED.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("flow", FLOWS)
def test_saved_states_have_the_shape_of_their_version(flow: str) -> None:
    then, now = pinned()[flow], json.loads(json.dumps(shapes()[flow]))
    changed = sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    assert changed == [], "raise the flow's version in the catalog, and write wire.json anew"


@pytest.mark.parametrize("flow", FLOWS)
def test_every_state_is_saved_under_its_own_name(flow: str) -> None:
    for state in walk(flow).all:
        assert json.loads(msgspec.json.encode(state))["type"] == type(state).__name__


@pytest.mark.parametrize("saved", [b'{"type":"Gone"}', b'{"type":"LookingUp"}', b"[]"])
def test_a_saved_state_of_another_shape_is_refused_by_the_codec(saved: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(saved, type=FLOWS["csr_main"].states)


def write() -> None:
    """One line a struct, so that a change is read at a glance."""
    flows = []
    for name, found in shapes().items():
        lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
        flows.append(f" {json.dumps(name)}: {{\n{lines}\n }}")
    PINNED.write_text("{\n" + ",\n".join(flows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    write()
