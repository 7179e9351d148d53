"""Where `csrdesk` starts. Its own file, so that asking for the version costs no import at all."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from csrdesk import __version__

INTERRUPTED = 130
"""As in `exits`, which need not be loaded yet."""
START_THRESHOLD = 100_000
"""New objects between two searches for garbage. What imports make is none: Python's 700 cost a fifth of a start."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):
        print(f"csrdesk {__version__}")
        return 0
    from csrdesk.cli import interrupts

    try:
        if arguments is None:  # otherwise whoever calls this has Ctrl-C
            interrupts.heed()
        code = _loaded(given)
    except KeyboardInterrupt:
        code = INTERRUPTED
    if arguments is None:
        interrupts.heed_no_more()
    return code


def _loaded(given: list[str]) -> int:
    import gc

    gc.set_threshold(START_THRESHOLD)
    from csrdesk.cli.run import run

    return run(given)
