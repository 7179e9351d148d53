"""How long does the smallest command take? Everything else pays this first."""

from __future__ import annotations

from bench import programs
from bench.figure import Figure, in_turns

ROUNDS = 25


def measure(*, quick: bool) -> list[Figure]:
    env = programs.environment()
    ours, base = in_turns(
        lambda: programs.milliseconds([programs.CSRDESK, "--version"], env),
        lambda: programs.milliseconds([programs.PYTHON, "-c", "pass"], env),
        ROUNDS // 2 if quick else ROUNDS,
    )
    return [Figure(question="csrdesk --version", ours=ours, baseline="python -c pass", base=base, target=7)]
