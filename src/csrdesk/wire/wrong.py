"""Errors over the desk API: the same leaf of the tree in `csrdesk.errors` at either end, and its words."""

from __future__ import annotations

from functools import cache

from csrdesk import errors as e
from csrdesk.wire.values import Wrong


def to_wire(error: e.CsrdeskError) -> Wrong:
    """What the other end is told; details are redacted already, since they are for the log."""
    fields: dict[str, str] = getattr(error, "fields", {})
    after: float = getattr(error, "after", 0.0)
    return Wrong(error.code, error.message, error.details, error.correlation_id, after, fields)


def from_wire(wrong: Wrong) -> e.CsrdeskError:
    """The error that the desk met; one that this csrdesk does not know is said in the desk's words."""
    kind = _by_code().get(wrong.code, e.UnexpectedAnswerError)
    error = kind.__new__(kind)
    # Not every leaf's constructor takes words: some make their own, and the desk has made them already.
    e.CsrdeskError.__init__(error, wrong.message, details=wrong.details, correlation_id=wrong.correlation_id)
    for name, value in {"system": "", "after": wrong.after, "fields": wrong.fields, "rules": ()}.items():
        setattr(error, name, value)
    for name in ("prompt", "file", "key"):
        setattr(error, name, "")
    return error


@cache
def _by_code() -> dict[str, type[e.CsrdeskError]]:
    return {kind.code: kind for kind in _below(e.CsrdeskError) if "code" in vars(kind)}


def _below(kind: type[e.CsrdeskError]) -> list[type[e.CsrdeskError]]:
    return [found for child in kind.__subclasses__() for found in (child, *_below(child))]
