"""`python -m bench [NAME ...] [--quick]`: measure, print a table, write bench/results.json. Nothing here is a test."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from bench import (
    ad,
    audit_append,
    audit_postgres,
    audit_verify,
    click_to_console,
    console,
    critical_path,
    first_input,
    keys,
    lists,
    programs,
    push_to_console,
    recovery,
    registration,
    replicas,
    reset,
    show_elsewhere,
    spoken_address,
    team,
    user_show,
    verify_page,
    version,
    waiting_consoles,
    whole_call,
)
from bench.figure import Figure, Judged, NotMeasured, Sample

QUESTIONS: dict[str, Callable[..., list[Figure] | list[Figure | NotMeasured]]] = {
    "version": version.measure,
    "user_show": user_show.measure,
    "show_elsewhere": show_elsewhere.measure,
    "waiting_consoles": waiting_consoles.measure,
    "console": console.measure,
    "critical_path": critical_path.measure,
    "whole_call": whole_call.measure,
    "click_to_console": click_to_console.measure,
    "push_to_console": push_to_console.measure,
    "first_input": first_input.measure,
    "reset": reset.measure,
    "recovery": recovery.measure,
    "registration": registration.measure,
    "spoken_address": spoken_address.measure,
    "audit_append": audit_append.measure,
    "audit_postgres": audit_postgres.measure,
    "replicas": replicas.measure,
    "audit_verify": audit_verify.measure,
    "lists": lists.measure,
    "keys": keys.measure,
    "verify_page": verify_page.measure,
    "team": team.measure,
    "ad": ad.measure,
}
RESULTS = Path(__file__).with_name("results.json")
HEADS = ("question", "ours ms: median, min, p99, n", "baseline", "its ms: median, min", "ratio", "target", "met")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(QUESTIONS)}; all without one")
    parser.add_argument("--quick", action="store_true", help="fewer rounds: to see that it works, not to believe it")
    given = parser.parse_args(arguments)
    if unknown := set(given.names) - set(QUESTIONS):
        parser.error(f"no such question: {', '.join(sorted(unknown))}")
    began = time.monotonic()
    programs.compile_all()
    found: list[Figure | NotMeasured] = []
    for name in given.names or QUESTIONS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        found += _measured(name, quick=given.quick)
    print("\n".join(table([HEADS, *(row(figure) for figure in found)])))
    print(f"{time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores at the end")
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(_results(found, quick=given.quick))))
    return int(any(isinstance(figure, Broken) for figure in found))


class Broken(NotMeasured, frozen=True):
    """A question that ended in an error."""


def _measured(name: str, *, quick: bool) -> Sequence[Figure | NotMeasured]:
    try:
        return QUESTIONS[name](quick=quick)
    except Exception as error:  # noqa: BLE001 - what the others found, in minutes, is not lost by it
        traceback.print_exc()
        return [Broken(name, f"{type(error).__name__}: {error}"[:120])]


def row(figure: Figure | NotMeasured) -> tuple[str, ...]:
    """A line of the table."""
    if isinstance(figure, NotMeasured):
        return (figure.question, f"not measured: {figure.why}", "", "", "", "", "")
    ours, base = figure.ours, figure.base
    target = "" if figure.judged is Judged.NOTHING else f"{figure.judged.value} < {figure.target:g}"
    return (
        figure.question,
        f"{ours.median:.1f}, {ours.least:.1f}, {ours.p99:.1f}, {ours.n}",
        figure.baseline,
        f"{base.median:.1f}, {base.least:.1f}",
        f"{figure.ratio:.2f}",
        target,
        {True: "yes", False: "NO", None: "stated"}[figure.is_met],
    )


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Markdown with columns that stand below each other."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |" for cells in rows
    ]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _results(found: list[Figure | NotMeasured], *, quick: bool) -> dict[str, object]:
    return {
        "at": datetime.now(UTC),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
        "quick": quick,
        "figures": [_figure(figure) for figure in found],
    }


def _figure(figure: Figure | NotMeasured) -> dict[str, object]:
    if isinstance(figure, NotMeasured):
        return {"question": figure.question, "not_measured": figure.why}
    return {
        "question": figure.question,
        "ours": _sample(figure.ours),
        "baseline": figure.baseline,
        "base": _sample(figure.base),
        "ratio": round(figure.ratio, 3),
        "judged": figure.judged,
        "target": figure.target or None,
        "met": figure.is_met,
    }


def _sample(values: Sample) -> dict[str, object]:
    return {"median": values.median, "min": values.least, "p99": values.p99, "n": values.n, "values": values.values}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
