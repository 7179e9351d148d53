"""Modules and functions stay small enough to be read in one go; the limits are those of CONTRIBUTING.md."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "csrdesk"


def modules() -> dict[str, str]:
    """Every module's text by its path."""
    return {str(path.relative_to(SOURCE)): path.read_text(encoding="utf-8") for path in sorted(SOURCE.rglob("*.py"))}


def functions() -> Iterator[tuple[str, int]]:
    """Every function and method with its number of lines, docstring and signature included."""
    for module, text in modules().items():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{module}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_module_is_above_500_lines_and_half_are_below_120() -> None:
    lines = {name: text.count("\n") for name, text in modules().items()}
    assert {name: count for name, count in lines.items() if count > 500} == {}
    assert statistics.median(lines.values()) <= 120


def test_no_function_is_above_60_lines_and_95_in_100_are_at_most_40() -> None:
    found = dict(functions())
    assert {name: count for name, count in found.items() if count > 60} == {}
    long = [name for name, count in found.items() if count > 40]
    assert len(long) <= len(found) * 0.05, long


def test_every_module_says_what_it_is() -> None:
    silent = [name for name, text in modules().items() if text.strip() and not ast.get_docstring(ast.parse(text))]
    assert silent == []
