"""The door of the customers' pages: a link's token and a browser's cookie open one flow, or nothing at all.

Every link that opens nothing is turned away alike, whatever the reason: the same error after the same work.
"""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress
from functools import partial
from typing import Final

from csrdesk.engine import challenges, quotas, windows
from csrdesk.engine.address_door import AddressDoor
from csrdesk.engine.audit import Kind
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.codes import fingerprint
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import expire, note
from csrdesk.engine.password_pages import going_on
from csrdesk.engine.runner import Runner, Typed
from csrdesk.engine.session import check_answer, secret_of
from csrdesk.engine.store import Reading, Transaction
from csrdesk.engine.store_inside import inside
from csrdesk.engine.views import customer_view, is_settled
from csrdesk.errors import LinkOverError
from csrdesk.flows.doors import NOBODY, LinkView, Visitor
from csrdesk.flows.kernel import Answer, Audience
from csrdesk.model.link import LinkStage, Purpose
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean

PATIENCE: Final = 15.0
"""Seconds that a browser is kept waiting for the flow's next question."""
_MOMENT: Final = 2.0
"""Seconds that a page is kept waiting for its first question."""
_SHOWN_AGENT: Final = 60
_ENDS_OF_PAGE: Final = frozenset({LinkStage.APPROVED, LinkStage.CANCELLED, LinkStage.EXPIRED})
"""How a page for a new password ends, when the caller stays verified; and one of Device Authentication by itself."""
_ALONE: Final = frozenset({Purpose.DEVICE, Purpose.MAGIC_LINK})
"""Pages without an agent on the other side."""


class CustomerDesk:
    """A `CustomerSession`."""

    def __init__(self, desk: Desk, runner: Runner) -> None:
        self._desk = desk
        self._runner = runner
        self._address = AddressDoor(desk, runner)

    async def open(
        self, token: str, browser: str, *, user_agent: str = "", fetch: bool = True, source: str = ""
    ) -> LinkView:
        """What this link shows this browser. Raises `LinkOverError` and `LimitReachedError`."""
        agent = clean(user_agent, _SHOWN_AGENT)
        row = await self._knock(token, fingerprint(browser), agent, fetch=fetch, source=source)
        if row.purpose in (Purpose.PASSWORD, Purpose.DEVICE):
            # It reads what is asked of a password, or which devices there are, when it is opened: better a moment than
            # a page that says so.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._runner.until(row.flow_id, is_settled), _MOMENT)
        return await self._view(row)

    async def opened_address(self, user_agent: str) -> None:
        """Note that somebody opened the spoken address."""
        await self._address.opened(user_agent)

    async def enter_code(self, code: Secret, browser: str, *, source: str = "", visitor: Visitor = NOBODY) -> Secret:
        """The token of the page that a code for the spoken address opens. Raises `LinkOverError` and
        `LimitReachedError`.
        """
        return await self._address.enter(code, browser, source=source, visitor=visitor)

    async def answer(
        self, token: str, browser: str, answer: Answer, *, source: str = "", visitor: Visitor = NOBODY
    ) -> LinkView:
        """Answer the page's prompt and wait for the next, at most `PATIENCE`.

        Raises `LinkOverError`, also where the link ends meanwhile, `LimitReachedError`, `IllegalEventError` and
        `StaleFlowError`.
        """
        mark = fingerprint(browser)
        row = await self._knock(token, mark, "", fetch=False, source=source)
        if row.stage is LinkStage.EXPIRED:
            return await self._view(row)
        running = await self._runner.rows.load(row.flow_id)
        check_answer(running, Audience.CUSTOMER, answer)
        await self._runner.step(running, answer, Typed(secret_of(answer), mark, source, visitor))
        with suppress(TimeoutError):
            await asyncio.wait_for(self._runner.until(row.flow_id, is_settled), PATIENCE)
        now_row = await challenges.find(self._desk.store, row.id)
        return await self._view(now_row or row)

    async def _view(self, row: Challenge) -> LinkView:
        running = await self._runner.rows.load(row.flow_id)
        self._runner.attend(running.id, running.want)
        time_up = row.stage is LinkStage.EXPIRED and bool(row.browser)
        if row.stage.over and not time_up and not is_settled(running):
            # A link's end is saved a moment before the page's last word: another tab may look in between.
            with suppress(TimeoutError):
                running = await asyncio.wait_for(self._runner.until(row.flow_id, is_settled), PATIENCE)
        view = customer_view(running, self._desk.key)
        if row.stage.over and not (time_up or view.outcome):
            raise _over()
        goes_on, alone = await self._goes_on(row), row.purpose in _ALONE
        return LinkView(view, row.id, row.page_until, time_up, goes_on, alone)

    async def _goes_on(self, row: Challenge) -> bool:
        """Whether another question may come: the caller is verified, and nothing is asked now."""
        if row.purpose is Purpose.PASSWORD:
            window = await windows.newest(self._desk.store, row.call_id)
            return row.stage in _ENDS_OF_PAGE and window is not None and window.is_open(self._desk.clock.now())
        if row.purpose in _ALONE:
            return False
        return row.stage is LinkStage.APPROVED and await self._shows(self._desk.store, row, row.browser)

    async def _knock(self, token: str, mark: str, user_agent: str, *, fetch: bool, source: str) -> Challenge:
        if not fetch and (seen_open := await self._glance(token, mark, source)):
            return seen_open
        knocking = partial(self._knock_in, token, mark, user_agent, source, fetch=fetch)
        row, shows = await self._desk.store.at_once(inside(knocking))
        if row is None or not shows:
            raise _over()
        return row

    async def _knock_in(
        self, token: str, mark: str, user_agent: str, source: str, tx: Transaction, *, fetch: bool
    ) -> tuple[Challenge | None, bool]:
        now = self._desk.clock.now()
        if source and (over := await quotas.posts(tx, self._desk, source)):
            raise over.error
        row = await challenges.find_by_token(tx, fingerprint(token))
        if row is not None:
            row = await expire(tx, self._desk, row)
        if row is not None:
            row = await self._going_on(tx, row)
        shows = row is not None and await self._shows(tx, row, mark)
        # Also where a page of ours led to it, as after web mail or where a page goes on, the agent wants to know once.
        first = row is not None and not row.fetched
        if row is not None and shows and (fetch or first) and row.stage.open:
            seen = row.fetched + 1
            row = await challenges.save(tx, row, fetched=seen, fetched_by=user_agent, fetched_at=now)
        elif not shows:
            await self._turn_away(tx, row, mark)
            await quotas.count_wrong(tx, self._desk, source)
        return row, shows

    async def _going_on(self, tx: Transaction, row: Challenge) -> Challenge:
        """The page that goes on from this link's, where there is one that was not ended by the agent."""
        later = await going_on(tx, row.id) if row.stage is LinkStage.APPROVED else None
        if later is not None:
            later = await expire(tx, self._desk, later)
        return row if later is None or later.stage is LinkStage.ENDED else later

    async def _glance(self, token: str, mark: str, source: str) -> Challenge | None:
        """The link where it is open to this browser and nothing is to be written: a POST waits for no other's write."""
        store = self._desk.store
        row = await challenges.find_by_token(store, fingerprint(token))
        if row is None or not row.fetched or not row.stage.open or row.has_run_out(self._desk.clock.now()):
            return None
        if not await self._shows(store, row, mark) or (source and await quotas.posts(store, self._desk, source)):
            return None
        return row

    async def _shows(self, tx: Reading, row: Challenge, mark: str) -> bool:
        """Whether the link shows this browser anything: while it is open, and later what became of it."""
        now, desk = self._desk.clock.now(), self._desk
        is_its_own = hmac.compare_digest(row.browser, mark)
        match row.stage:
            case stage if not stage.over:
                return is_its_own or not row.browser
            case stage if stage in _ENDS_OF_PAGE and row.purpose in (Purpose.PASSWORD, Purpose.DEVICE):
                return is_its_own and row.ended_at is not None and now < row.ended_at + desk.page
            case LinkStage.EXPIRED | LinkStage.NOT_ME | LinkStage.NO_FACTOR | LinkStage.RISKY:
                return is_its_own and row.ended_at is not None and now < row.ended_at + desk.page
            case LinkStage.APPROVED:
                # The page that verified lives until the window ends.
                window = await windows.of_challenge(tx, row.id)
                soon = row.used_at is not None and now < row.used_at + desk.verified
                return is_its_own and (window.is_open(now) if window else soon)
            case _:
                return False

    async def _turn_away(self, tx: Transaction, row: Challenge | None, mark: str) -> None:
        if row and row.stage.open and not row.second_browser:
            # Open, and yet it shows nothing: the right code was entered in another browser.
            row = await challenges.save(tx, row, second_browser=1)
            await self._desk.audit.append(tx, note(row, "link.second_browser", kind=Kind.ALERT, by="unknown"))
        else:
            await tx.execute("UPDATE challenges SET fetched = fetched WHERE browser = ? AND id = ''", mark)


def _over() -> LinkOverError:
    return LinkOverError("This link opens nothing any more. Ask the help desk for a new one.")
