"""What is about to be done to a list, in the words that somebody reads before they say yes."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import msgspec

from csrdesk.cli import tty
from csrdesk.cli.acting import WHAT, Order
from csrdesk.cli.bulk_list import AccountList
from csrdesk.cli.bulk_order import ListOrder
from csrdesk.cli.bulk_progress import in_words
from csrdesk.cli.result import columns
from csrdesk.errors import NeedsAnswerError

REQUESTS = {"disableUser": 15, "enableUser": 12, "unlockUser": 11}
"""What PingOne is asked for one account at least: look-up, checks, write, read-back. A test counts it."""
REHEARSED = 5
"""The same for a dry run."""
_NAMED = 3


class Rates(msgspec.Struct, frozen=True):
    """How fast it goes at most, a second."""

    requests: float
    """Of PingOne."""
    mails: float


class Plan:
    """A list and what is to be done with it."""

    def __init__(self, order: Order, wanted: ListOrder, accounts: AccountList, rates: Rates, *, dry_run: bool) -> None:
        self._order = order
        self._wanted = wanted
        self._accounts = accounts
        self._rates = rates
        self._dry_run = dry_run
        self._mails = not (dry_run or wanted.no_notify)
        self.left = accounts.left

    @property
    def seconds(self) -> float:
        """What the rates alone take."""
        requests = REHEARSED if self._dry_run else REQUESTS[self._order.action]
        return self.left * max(requests / self._rates.requests, 1 / self._rates.mails if self._mails else 0)

    @property
    def data(self) -> dict[str, object]:
        """For programs."""
        found = self._accounts
        return {
            "action": self._order.action,
            "accounts": found.total,
            "toDo": self.left,
            "column": found.column,
            "blankLines": found.blank,
            "namedTwice": found.twice,
            "leastSeconds": round(self.seconds),
        }

    def lines(self, path: Path, left_over: int) -> tuple[str, ...]:
        """For people; `left_over`: accounts that an earlier run was cut off in the middle of."""
        first = ", ".join(account.identifier for account in islice(self._accounts.to_do(), _NAMED))
        more = ", ..." if self.left > _NAMED else ""
        mails = f" and {self._rates.mails:g} mails" if self._mails else ""
        pace = f"{self._rates.requests:g} requests{mails} a second at most"
        told = "" if self._dry_run else "each by mail" if self._mails else "nobody (--no-notify)"
        rows = [
            ("What:", WHAT[self._order.action] + (" (a dry run: nothing is written)" if self._dry_run else "")),
            ("Whom:", self._whom()),
            ("First:", f"{first}{more}"),
            (
                "Before:",
                f"{left_over} accounts of a run that was cut off are read back and finished" if left_over else "",
            ),
            ("Proof:", "none; marked unverified, bulk"),
            ("Reason:", f"{self._order.reason} (ticket {self._order.ticket})"),
            ("Told:", told),
            ("Pace:", f"{self._wanted.parallel} at a time, {pace}"),
            ("Calls:", "go first; they keep the other half of what the services take"),
            ("Time:", f"{in_words(self.seconds)} at least"),
            ("Results:", str(path)),
        ]
        return columns([row for row in rows if row[1]])

    def confirm(self) -> None:
        """Go on only where the number of accounts is typed. Raises `NeedsAnswerError`."""
        if not tty.can_ask():
            raise NeedsAnswerError("Nobody is there to confirm: give --yes. Nothing was done.", prompt="--yes")
        answer = tty.ask(f"Type {self.left} to do it:", missing="--yes")
        if answer.replace(",", "") != str(self.left):
            raise NeedsAnswerError("Not confirmed. Nothing was done.", prompt="--yes")

    def _whom(self) -> str:
        found = self._accounts
        notes = [
            (bool(found.column), f"column {found.column}"),
            (found.total > self.left, f"{found.total - self.left:,} of {found.total:,} ended before"),
            (bool(found.twice), f"{found.twice:,} named twice"),
            (bool(found.blank), f"{found.blank:,} blank {'line' if found.blank == 1 else 'lines'}"),
        ]
        said = "; ".join(words for applies, words in notes if applies)
        accounts = "account" if self.left == 1 else "accounts"
        return f"{self.left:,} {accounts} of {self._wanted.source}" + (f" ({said})" if said else "")
