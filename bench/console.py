"""When is the console's first screen there, and when does it take keys? Held against the emptiest Textual app."""

from __future__ import annotations

from bench import programs
from bench.figure import Figure, in_turns, sample
from bench.terminal import Times, paint_and_type

ROUNDS = 15
KEY = "@"
"""On neither screen before it is typed."""
BASELINE = "an empty Textual app (a label, a field)"


def measure(*, quick: bool) -> list[Figure]:
    ours: list[Times] = []
    base: list[Times] = []
    empty = [programs.PYTHON, str(programs.BASELINES / "empty_app.py")]
    with programs.sandbox() as settings:
        env = programs.environment(CSRDESK_CONFIG=settings)

        def start_console() -> float:
            ours.append(paint_and_type([programs.CSRDESK], env, wait_for="User name, mail address", key=KEY))
            return ours[-1].typed

        def start_empty() -> float:
            base.append(paint_and_type(empty, env, wait_for="Ready to type", key=KEY))
            return base[-1].typed

        typed = in_turns(start_console, start_empty, ROUNDS // 2 if quick else ROUNDS)
    painted = sample(t.painted for t in ours[1:]), sample(t.painted for t in base[1:])
    return [
        Figure(question="console: look-up painted", ours=painted[0], baseline=BASELINE, base=painted[1], target=1.4),
        Figure(question="console: typed key echoed", ours=typed[0], baseline=BASELINE, base=typed[1], target=1.4),
    ]
