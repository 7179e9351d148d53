"""Audit rows as files: one row a line, written page by page, and harmless in a terminal and in a spreadsheet."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import AsyncIterator, Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from csrdesk.cli.result import Result, escaped, out, refusal
from csrdesk.model.text import clean

if TYPE_CHECKING:
    from csrdesk.engine.audit import AuditRow

_CELL = 32_000
"""A spreadsheet takes no more in one cell."""
_FORMULA = ("=", "+", "-", "@", "\N{FULLWIDTH EQUALS SIGN}", "\N{FULLWIDTH PLUS SIGN}", "\N{FULLWIDTH HYPHEN-MINUS}")
"""What makes a cell a formula (OWASP, CSV Injection); with a quote before it, it is text."""

Pages = AsyncIterator[tuple["AuditRow", ...]]


class Form(StrEnum):
    """How rows are written."""

    JSONL = "jsonl"
    CSV = "csv"


async def export_out(form: Form, pages: Pages) -> Result:
    """Write to standard output, and keep quiet otherwise."""
    await _write(form, pages, out)
    return Result()


async def export_file(path: Path, form: Form, pages: Pages) -> Result:
    """Write a new file, readable by its owner alone; one that is there already is left alone."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return refusal("conflict", f"{path} is there already. Nothing was written.")
    except OSError as error:
        return refusal("invalid_value", f"{path} cannot be written: {error.strerror}. Nothing was exported.")
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        try:
            rows = await _write(form, pages, lambda text: print(text, file=file))
        except BaseException:
            os.unlink(path)  # noqa: PTH108 - one call, and the event loop has nothing else to do
            raise
    return Result(data={"path": str(path), "rows": rows}, lines=(f"{path}: {rows} rows.",))


async def _write(form: Form, pages: Pages, write: Callable[[str], None]) -> int:
    rows = 0
    if form is Form.CSV:
        write(_csv([HEADS]))
    async for page in pages:
        write(_csv([_cells(row) for row in page]) if form is Form.CSV else "\n".join(map(_json, page)))
        rows += len(page)
    return rows


HEADS = (
    "seq", "at", "version", "kind", "action", "agent", "place", "call_id", "person_id", "result", "reason", "ticket",
    "correlation_id", "key", "details", "prev", "hash",
)  # fmt: skip
"""The columns of the CSV, in the order of the audit's own."""


def _json(row: AuditRow) -> str:
    return escaped(msgspec.json.encode(row).decode())


def _cells(row: AuditRow) -> list[str]:
    values = (getattr(row, name) for name in HEADS)
    return [
        cell(value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"')) for value in values
    ]


def cell(text: str) -> str:
    """Text that a spreadsheet shows and never calculates."""
    inert = clean(text, _CELL)
    return f"'{inert}" if inert.startswith(_FORMULA) else inert


def _csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
    return text.getvalue().removesuffix("\n")
