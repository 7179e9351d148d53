"""Where `csrdesk` starts. Its own file, so that asking for the version costs no import at all."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from csrdesk import __version__


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given in (["--version"], ["-V"]):
        print(f"csrdesk {__version__}")
        return 0
    import gc

    # What imports make is no garbage: looking for some every 700 objects costs a fifth of a start.
    gc.set_threshold(100_000)
    from csrdesk.cli.run import run

    return run(given)
