"""`user disable|enable|unlock --from FILE`: a list read whole, shown as a plan, confirmed, worked through."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from csrdesk.cli.acting import Order, completed
from csrdesk.cli.bulk_list import Account, AccountList, WrongListError, read_list
from csrdesk.cli.bulk_order import ListOrder
from csrdesk.cli.bulk_plan import Plan, Rates
from csrdesk.cli.bulk_progress import Progress
from csrdesk.cli.bulk_results import Came, Line, Results
from csrdesk.cli.bulk_run import BulkRun
from csrdesk.cli.bulk_telling import line_of, line_of_rehearsal, told
from csrdesk.cli.desk import settings_of_own_desk
from csrdesk.cli.interrupts import OF_OTHERS
from csrdesk.cli.interrupts import run as run_loop
from csrdesk.cli.result import Result, refusal, say
from csrdesk.engine.bulk_orders import Order as Ordered
from csrdesk.errors import StoreUnavailableError
from csrdesk.wiring.for_lists import open_for_list

if TYPE_CHECKING:
    from csrdesk.services.pace import Paces
    from csrdesk.wiring import Desk

STOPPED = "You stopped it"
_NO_DATABASE = "The desk's database could not be used, so nobody knows how far this came; --resume finds out"


def act_on_list(order: Order, wanted: ListOrder, *, yes: bool, dry_run: bool) -> Result:
    """The whole of it. What is wrong with the list is said before anything is opened."""
    settings, _ = settings_of_own_desk()
    path = wanted.result_path(dry_run=dry_run)
    order = completed(order, ticket_required=True)
    try:
        accounts = _read(wanted)
    except WrongListError as error:
        return _wrong(wanted.source, error)
    with contextlib.closing(accounts):
        results = _results(path, order, wanted, accounts, dry_run=dry_run)
        with contextlib.closing(results):

            async def work() -> Result:
                async with open_for_list(settings) as (desk, paces):
                    todo = _Work(desk, paces, accounts, results, order, wanted)
                    return await todo.done(yes=yes, dry_run=dry_run)

            return run_loop(work())


def _read(wanted: ListOrder) -> AccountList:
    def tell(lines: int) -> None:
        if sys.stderr.isatty():
            say(f"Reading the list: {lines:,} lines ...")

    if wanted.source == "-":
        return read_list(sys.stdin.buffer, wanted.column, tell)
    try:
        with Path(wanted.source).open("rb") as file:
            return read_list(file, wanted.column, tell)
    except OSError as error:
        raise WrongListError((f"it cannot be read: {error.strerror}",)) from None


def _wrong(source: str, error: WrongListError) -> Result:
    more = (f"... and {error.more:,} more lines",) if error.more else ()
    lines = tuple(f"{source}: {problem}" for problem in error.problems)
    words = "The list cannot be taken as it is. Nothing was done."
    came = refusal("invalid_value", words, details="; ".join(error.problems), data={"problems": error.problems})
    return msgspec.structs.replace(came, messages=(*lines, *more))


def _results(path: Path, order: Order, wanted: ListOrder, accounts: AccountList, *, dry_run: bool) -> Results:
    act = f"{order.action} (dry run)" if dry_run else order.action
    return Results.resumed(path, act, accounts) if wanted.resume else Results.new(path, act)


class _Work:
    """One list at an open desk."""

    def __init__(
        self, desk: Desk, paces: Paces, accounts: AccountList, results: Results, order: Order, wanted: ListOrder
    ) -> None:
        self._desk = desk
        self._paces = paces
        self._accounts = accounts
        self._results = results
        self._order = order
        self._wanted = wanted
        self._bulk = desk.bulk

    async def done(self, *, yes: bool, dry_run: bool) -> Result:
        """Plan, question, run, and what came of it."""
        order = Ordered(
            action=self._order.action,
            reason=self._order.reason,
            ticket=self._order.ticket,
            accounts=self._accounts.left,
            source=self._accounts.digest,
            dry_run=dry_run,
            no_notify=self._wanted.no_notify,
        )
        await self._bulk.permit(order)
        left_over = 0 if dry_run else await self._bulk.left_over()
        plan = Plan(
            self._order,
            self._wanted,
            self._accounts,
            Rates(self._paces.pingone.per_second, self._paces.mail.per_second),
            dry_run=dry_run,
        )
        for line in plan.lines(self._results.path, left_over):
            say(line)
        if not plan.left:
            return Result(data=plan.data, messages=("Nothing is left to do.",))
        if not (yes or dry_run):
            plan.confirm()
        if left_over:
            await self._bulk.take_up()
            say("The accounts of the earlier run were read back and brought to their end.")
        run_id = await self._bulk.begin(order)
        run = await self._run(run_id, order, plan.left)
        try:
            await self._bulk.end(run_id, order, {came.value: count for came, count in run.counts.items()})
        except StoreUnavailableError as error:
            return told(
                plan, run, run_id, self._results.path, (f"The end of the run is not on record. {error.message}",)
            )
        trouble = (self._desk.trouble,) if self._desk.trouble else ()
        return told(plan, run, run_id, self._results.path, trouble)

    async def _run(self, run_id: str, order: Ordered, left: int) -> BulkRun:
        progress = Progress(left)

        async def act(account: Account) -> Line:
            if order.dry_run:
                return line_of_rehearsal(account, await self._bulk.rehearse(run_id, order, account.identifier))
            try:
                return line_of(account, await self._bulk.act(run_id, order, account.identifier))
            except StoreUnavailableError as error:
                return Line(account.line, account.identifier, Came.UNKNOWN, _NO_DATABASE, error.code)

        def ended(line: Line) -> None:
            self._results.write(run_id, line)
            progress.tell(
                run.ended, run.ended - run.counts[Came.DONE] - run.counts[Came.WOULD], self._paces.pingone.held
            )

        run = BulkRun(act, ended)

        def stop() -> None:
            progress.end()
            say("Stopping: what is under way is brought to its end.")
            run.stop(STOPPED, interrupted=True)

        with _stopping(stop):
            await run.over(self._accounts.to_do(), self._wanted.parallel)
        progress.end()
        run.seconds = progress.seconds
        return run


@contextlib.contextmanager
def _stopping(stop: Callable[[], None]) -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed window end the run politely; what is under way is brought to its end."""
    loop = asyncio.get_running_loop()
    ours = [number for number in (signal.SIGINT, *OF_OTHERS) if signal.getsignal(number) is not signal.SIG_IGN]
    for number in ours:
        loop.add_signal_handler(number, stop)
    try:
        yield
    finally:
        for number in ours:
            loop.remove_signal_handler(number)
