"""The errors and their codes, as scripts meet them in `--json` output."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from csrdesk import errors

HEAD = """# Errors

The `code` is stable; the message is for people and may change.

| error | code | meaning |
|---|---|---|
"""


def leaves(kind: type[errors.CsrdeskError], depth: int = 0) -> Iterator[tuple[int, type[errors.CsrdeskError]]]:
    """Every error below `kind` in the one tree, parents before children."""
    for child in (child for child in kind.__subclasses__() if child.__module__ == errors.__name__):
        yield depth, child
        yield from leaves(child, depth + 1)


def pages() -> dict[str, str]:
    rows = [
        f"| {'&nbsp;' * 4 * depth}{kind.__name__} | {_code(kind)} | {inspect.getdoc(kind)} |"
        for depth, kind in leaves(errors.CsrdeskError)
    ]
    return {"errors.md": HEAD + "\n".join(rows)}


def _code(kind: type[errors.CsrdeskError]) -> str:
    return f"`{kind.code}`" if "code" in kind.__dict__ else ""
