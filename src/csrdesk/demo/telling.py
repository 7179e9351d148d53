"""How a played demo speaks: one line a step, and what it expected where something differs."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from typing import TextIO, TypeVar

import msgspec

from csrdesk.demo.stage import Stage
from csrdesk.errors import CsrdeskError


class Step(msgspec.Struct, frozen=True):
    """One line of the story."""

    who: str
    """agent, customer, scanner, desk."""
    text: str


class DifferenceError(Exception):
    """Something was not as the story expects."""


S = TypeVar("S")
Scene = Callable[[Stage], AsyncIterator[Step]]


def expect(actual: object, wanted: object, what: str) -> None:
    """Go on where both are equal; otherwise the demo has failed. Raises `DifferenceError`."""
    if actual != wanted:
        msg = f"{what}: expected {wanted!r}, found {actual!r}"
        raise DifferenceError(msg)


def expect_that(fact: bool, what: str) -> None:  # noqa: FBT001 - reads as a sentence where it is called
    """Go on where `fact` holds. Raises `DifferenceError`."""
    if not fact:
        raise DifferenceError(what)


class Teller:
    """Prints steps as they happen and remembers whether all went well."""

    def __init__(self, *, as_json: bool, out: TextIO | None = None) -> None:
        self._as_json = as_json
        self._out = out or sys.stdout
        self._steps = 0
        self._failed = ""

    async def tell(self, scene: Callable[[S], AsyncIterator[Step]], on_stage: S) -> bool:
        """Play one scene; False where something differed."""
        title = (scene.__doc__ or "").strip().splitlines()[0]
        self._line("scene", title)
        try:
            async for step in scene(on_stage):
                self._steps += 1
                self._line(step.who, step.text)
        except (DifferenceError, CsrdeskError) as error:
            self._failed = str(error)
            self._line("failed", self._failed)
        return not self._failed

    def finish(self) -> int:
        """The last line; returns the exit code."""
        done = f"Everything was as expected: {self._steps} steps."
        self._line("end", f"Not as expected: {self._failed}" if self._failed else done)
        return 1 if self._failed else 0

    def _line(self, who: str, text: str) -> None:
        if self._as_json:
            ok = not (who in ("failed", "end") and self._failed)
            line = msgspec.json.encode({"step": self._steps, "who": who, "text": text, "ok": ok}).decode()
        elif who == "scene":
            line = f"\n{text}"
        else:
            line = f"  {who:<9} {text}"
        self._out.write(line + "\n")
        self._out.flush()
