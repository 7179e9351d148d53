"""Where `csrdesk` starts. Its own file, so that asking for the version costs no import at all."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from csrdesk import __version__

START_THRESHOLD = 100_000
"""New objects between two searches for garbage. What imports make is none: Python's 700 cost a fifth of a start."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):
        print(f"csrdesk {__version__}")
        return 0
    import gc

    gc.set_threshold(START_THRESHOLD)
    from csrdesk.cli.run import run

    return run(given)
