"""What the command line says of a list: apart, so that a command for one account loads nothing else of lists."""

from __future__ import annotations

from pathlib import Path

import msgspec

from csrdesk.errors import NeedsAnswerError


class ListOrder(msgspec.Struct, frozen=True):
    """Which list, and how it is worked through."""

    source: str = ""
    column: str = ""
    result: str = ""
    resume: bool = False
    parallel: int = 8
    no_notify: bool = False

    def result_path(self, *, dry_run: bool) -> Path:
        """Where results go: into the working folder, unless it is named."""
        if self.result:
            return Path(self.result)
        if self.source == "-":
            raise NeedsAnswerError("A list from standard input has no name: give --result FILE.", prompt="--result")
        kind = "dry-run" if dry_run else "result"
        return Path(f"{Path(self.source).stem}.{kind}.csv")
