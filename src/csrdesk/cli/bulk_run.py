"""Doing what was ordered to each account of a list: several at a time, until the list or somebody's patience ends.

What is under way when a run is stopped is brought to its end, so that nothing is left half done.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator

from csrdesk.cli.bulk_list import Account
from csrdesk.cli.bulk_results import Came, Line
from csrdesk.cli.exits import Exit, exit_for

IN_A_ROW = 10
"""Accounts that fail one after the other because something outside is down, before the run stops by itself."""
_DOWN = (Came.FAILED, Came.HALF_DONE, Came.UNKNOWN)


class BulkRun:
    """One pass over a list, and how far it is."""

    def __init__(self, act: Callable[[Account], Awaitable[Line]], done: Callable[[Line], None]) -> None:
        self.counts: Counter[Came] = Counter()
        self.stopped = ""
        """Why it ended before the list did; empty where it did not."""
        self.code = ""
        """The error that ended it."""
        self.untold = 0
        """Accounts whose people no mail has told."""
        self.interrupted = False
        self.seconds = 0.0
        self._act = act
        self._done = done
        self._down = 0

    @property
    def ended(self) -> int:
        """How many accounts came to an end, good or bad."""
        return sum(self.counts.values())

    def stop(self, why: str, *, interrupted: bool = False) -> None:
        """Begin with no further account."""
        if not self.stopped:
            self.stopped, self.interrupted = why, interrupted

    async def over(self, accounts: Iterator[Account], parallel: int) -> None:
        """Do them all. What is raised stops the run, once every account under way has ended."""
        works = [asyncio.create_task(self._work(accounts)) for _ in range(parallel)]
        await asyncio.wait(works)
        for work in works:
            work.result()

    async def _work(self, accounts: Iterator[Account]) -> None:
        while not self.stopped and (account := next(accounts, None)):
            try:
                line = await self._act(account)
            except BaseException:
                self.stop("csrdesk failed")
                raise
            self.counts[line.came] += 1
            self.untold += line.untold
            self._judge(line)
            try:
                self._done(line)
            except OSError as error:
                self.stop(f"The result file cannot be written: {error.strerror}. The audit has what was done")

    def _judge(self, line: Line) -> None:
        self._down = self._down + 1 if line.came in _DOWN else 0
        no_audit = exit_for(line.code) is Exit.AUDIT
        if no_audit or self._down >= IN_A_ROW:
            self.code = self.code or line.code
            many = "" if no_audit else f"{IN_A_ROW} accounts in a row failed. The last one: "
            self.stop(f"{many}{line.what}")
