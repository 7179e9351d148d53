"""What went over the desk API once goes on to be understood, or the number of the shapes grows.

The shapes stand in `shapes.json`. New prompts and new fields with a default are no change: an older console is told so
where it meets one. Otherwise raise `WIRE`, and `python -m tests.remote.test_shapes` writes them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from csrdesk.wire.openapi import document
from csrdesk.wire.version import WIRE

PINNED = Path(__file__).with_name("shapes.json")
PROSE = {"title", "description"}
Shape = dict[str, Any]


def bare(schema: object) -> object:
    """A schema without its prose."""
    if isinstance(schema, dict):
        return {key: bare(value) for key, value in schema.items() if key not in PROSE or not isinstance(value, str)}
    return [bare(value) for value in schema] if isinstance(schema, list | tuple) else schema


def shapes() -> dict[str, Shape]:
    """Every class that goes over the desk API, by its name."""
    found: dict[str, Shape] = json.loads(json.dumps(bare(document()["components"]["schemas"]), default=str))
    return found


def broken(then: Any, now: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether what was right by `then` is not by `now`: in a union or a list of words there may be more."""
    if isinstance(then, dict) and isinstance(now, dict):
        grown = {"properties", "anyOf", "enum", "required"} & then.keys()
        if any(broken(then[key], now.get(key)) for key in then.keys() - grown):
            return True
        fields = then.get("properties", {})
        lost = any(broken(schema, now.get("properties", {}).get(name)) for name, schema in fields.items())
        fewer = any(one not in now.get(key, []) for key in ("anyOf", "enum") for one in then.get(key, []))
        return lost or fewer or bool(set(now.get("required", [])) - set(then.get("required", [])))
    return bool(then != now)


def test_what_went_over_the_desk_api_is_still_understood_or_the_number_has_grown() -> None:
    pinned, now = json.loads(PINNED.read_text("utf-8")), shapes()
    assert pinned["wire"] == WIRE, "write shapes.json anew"
    changed = sorted(name for name, then in pinned["schemas"].items() if broken(then, now.get(name)))
    assert changed == [], "give the new field a default, or raise WIRE and write shapes.json anew"


PERSON = {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (PERSON, False),
        (PERSON | {"properties": {"id": {"type": "string"}, "age": {"type": "integer"}}}, False),
        (PERSON | {"required": []}, False),
        (PERSON | {"properties": {"id": {"type": "integer"}}}, True),
        (PERSON | {"properties": {}}, True),
        (PERSON | {"properties": {"id": {"type": "string"}, "age": {}}, "required": ["id", "age"]}, True),
        (PERSON | {"type": "array"}, True),
        (None, True),
    ],
)
def test_a_change_that_the_other_end_would_not_understand_is_found(now: object, expected: bool) -> None:
    assert broken(PERSON, now) is expected
    assert broken({"enum": ["a"]}, {"enum": ["a", "b"]}) is False
    assert broken({"enum": ["a", "b"]}, {"enum": ["a"]}) is True


def write() -> None:
    """One line a class, so that a change is read at a glance."""
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(shape)}" for name, shape in sorted(shapes().items()))
    PINNED.write_text(f'{{\n "wire": {WIRE},\n "schemas": {{\n{lines}\n }}\n}}\n', encoding="utf-8")


if __name__ == "__main__":
    write()
