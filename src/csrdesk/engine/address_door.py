"""The door of the spoken address: a browser brings a code, and is given the page of one call, or nothing at all."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from csrdesk.engine import call_codes, challenges, quotas
from csrdesk.engine.audit import Detail, Entry, Kind
from csrdesk.engine.challenges import Challenge
from csrdesk.engine.codes import fingerprint, new_token
from csrdesk.engine.desk import Desk
from csrdesk.engine.endings import note
from csrdesk.engine.runner import Runner, Typed
from csrdesk.engine.session import check_answer
from csrdesk.engine.store import Transaction
from csrdesk.engine.views import is_settled
from csrdesk.errors import FlowError, LinkOverError
from csrdesk.flows.answers import CodeGiven
from csrdesk.flows.doors import Visitor
from csrdesk.flows.kernel import Audience
from csrdesk.model.link import LinkStage
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean

_PATIENCE: Final = 15.0
"""Seconds that a browser is kept waiting for the page's first question."""
_NOTED: Final = 9
"""How often it is noted that the address was opened while a code waits: anybody can open it."""
_SHOWN_AGENT: Final = 60


class AddressDoor:
    """What `CustomerDesk` asks of the spoken address."""

    def __init__(self, desk: Desk, runner: Runner) -> None:
        self._desk = desk
        self._runner = runner

    async def opened(self, user_agent: str) -> None:
        """Note for every call that waits that somebody opened the address; whose caller it was nobody can know."""
        desk = self._desk
        if not any(row.fetched < _NOTED for row in await call_codes.waiting(desk.store, desk)):
            return
        by, now = clean(user_agent, _SHOWN_AGENT), desk.clock.now()
        async with desk.store.transaction() as tx:
            for row in await call_codes.waiting(tx, desk):
                seen = min(row.fetched + 1, _NOTED)
                await challenges.save(tx, row, fetched=seen, fetched_by=by, fetched_at=now)

    async def enter(self, code: Secret, browser: str, *, source: str, visitor: Visitor) -> Secret:
        """The token of the page that this code opens in this browser.

        Counted before it is compared. Raises `LinkOverError` for whatever opens nothing, after the same work, and
        `LimitReachedError`.
        """
        desk, mark = self._desk, fingerprint(browser)
        async with desk.store.transaction() as tx:
            if over := await quotas.posts(tx, desk, source) or await quotas.call_codes(tx, desk, source):
                raise over.error
            counted = await quotas.count_call_code(tx, desk, source)
        row = await call_codes.called(desk.store, desk, code)
        if row is not None and row.stage is LinkStage.SENT:
            row = await self._take(row, code, Typed(code, mark, source, visitor))
        async with desk.store.transaction() as tx:
            if row is None or row.browser != mark:
                await self._wrong(tx, row, source)
            else:
                await quotas.uncount_call_code(tx, counted)
                token = new_token()
                await challenges.set_token(tx, row, fingerprint(token.reveal()))
                return token
        raise LinkOverError("That code opens nothing. Ask for it again.")

    async def _take(self, row: Challenge, code: Secret, typed: Typed) -> Challenge | None:
        """Hand the code to the page's flow, which checks it once more and is bound to this browser."""
        answer = CodeGiven(code)
        with suppress(FlowError, TimeoutError):  # somebody else was faster
            running = await self._runner.rows.load(row.flow_id)
            check_answer(running, Audience.CUSTOMER, answer)
            await self._runner.step(running, answer, typed)
            await asyncio.wait_for(self._runner.until(row.flow_id, is_settled), _PATIENCE)
        return await challenges.find(self._desk.store, row.id)

    async def _wrong(self, tx: Transaction, row: Challenge | None, source: str) -> None:
        desk = self._desk
        await quotas.count_wrong(tx, desk, source)
        if over := await quotas.call_codes(tx, desk, source):
            await quotas.alert_of_source(tx, desk, over, source)
        open_now = await call_codes.waiting(tx, desk)  # read in either case: what a code was is not told by time
        if row is not None and row.browser:
            # The code was right once: for another browser.
            if not row.second_browser:
                row = await challenges.save(tx, row, second_browser=1)
            await desk.audit.append(tx, note(row, "link.second_browser", kind=Kind.ALERT, by="unknown"))
            return
        for other in open_now:
            await challenges.save(tx, other, tries=other.tries + 1)
        details: dict[str, Detail] = {"source": quotas.place(desk, source), "waiting": len(open_now)}
        entry = Entry(kind=Kind.EVENT, action="address.code_wrong", agent="", result="refused", details=details)
        await desk.audit.append(tx, entry)
