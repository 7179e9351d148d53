"""What a look at the desk's surroundings found: one line each, with what to do about it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """The desk works, and somebody should know."""
    WRONG = "wrong"
    """Something that the desk does fails until this is mended."""


class Finding(msgspec.Struct, frozen=True):
    """One line of a check-up; texts are harmless and hold no secret."""

    area: str
    level: Level
    what: str
    todo: str = ""
    """What to do; empty where nothing is to be done, or where `what` says it."""


def ok(area: str, what: str) -> Finding:
    """All is well."""
    return Finding(area, Level.OK, what)


def warning(area: str, what: str, todo: str = "") -> Finding:
    """Worth knowing."""
    return Finding(area, Level.WARNING, what, todo)


def wrong(area: str, what: str, todo: str = "") -> Finding:
    """To be mended."""
    return Finding(area, Level.WRONG, what, todo)
