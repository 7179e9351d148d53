"""The door of the pages that customers open by themselves: a form begins a flow, and its token finds it again.

Nothing is begun by looking. Whatever a token cannot open, it cannot open alike: the same error after the same work.
"""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress
from datetime import timedelta
from typing import Final

import msgspec
from msgspec.structs import replace

from csrdesk.engine import codes, public_pages, quotas, registrations
from csrdesk.engine.customers import PATIENCE
from csrdesk.engine.desk import Desk
from csrdesk.engine.flow_rows import Running
from csrdesk.engine.public_pages import CUSTOMER, PublicPage
from csrdesk.engine.quotas import TEN_MINUTES
from csrdesk.engine.runner import Runner, Typed
from csrdesk.engine.session import check_answer, secret_of
from csrdesk.engine.views import FOR_CUSTOMERS, prompt_for
from csrdesk.errors import LinkOverError, NoSuchFlowError
from csrdesk.flows.doors import PublicView, View, Visitor
from csrdesk.flows.kernel import Answer, Audience, Do, Done, Prompt
from csrdesk.model.secret import Secret

SOURCES: Final = (("public_pages_per_source", TEN_MINUTES),)
TOO_MANY: Final = "Too many pages were begun from this address."


class PublicDesk:
    """A `PublicSession`."""

    def __init__(self, desk: Desk, runner: Runner) -> None:
        self._desk = desk
        self._runner = runner
        self._starts: dict[str, msgspec.Struct] = {}

    def offer(self, flow: str, start: msgspec.Struct) -> None:
        """Let customers begin this flow, with those inputs: settings say so."""
        self._starts[flow] = start

    def offers(self, flow: str) -> bool:
        return flow in self._starts

    async def begin(self, flow: str, browser: str, answer: Answer, *, source: str, visitor: Visitor) -> Secret:
        """Begin a flow with the answer to its first question; its page's token.

        Raises `LimitReachedError`, and `NoSuchFlowError` where settings do not offer it.
        """
        if flow not in self._starts:
            raise NoSuchFlowError("There is no such page.")
        desk, mark = self._desk, codes.fingerprint(browser)
        token, now = codes.new_token(), desk.clock.now()
        place = quotas.place(desk, source)
        async with desk.store.transaction() as tx:
            if over := await quotas.posts(tx, desk, source):
                raise over.error
            if over := await public_pages.over(tx, desk, "page", place, SOURCES, TOO_MANY):
                raise over.error
            flow_id = await self._runner.rows.insert(tx, flow, self._starts[flow], CUSTOMER)
            row = PublicPage(
                id=flow_id,
                flow=flow,
                token_hash=codes.fingerprint(token.reveal()),
                browser=mark,
                started_at=now,
                until=now + timedelta(seconds=desk.limits.page_seconds),
                quiet_until=now,
            )
            await public_pages.insert(tx, row)
            await public_pages.count(tx, desk, "page", place)
            reached = await public_pages.over(tx, desk, "page", place, SOURCES, TOO_MANY)
            await public_pages.alert_reached(tx, desk, reached)
        running = await self._runner.rows.load(flow_id)
        check_answer(running, Audience.CUSTOMER, answer)
        await self._runner.step(running, answer, Typed(secret_of(answer), mark, source, visitor))
        return token

    async def resume(self, flow: str, token: str, browser: str, *, source: str) -> Secret:
        """Go on in this browser with a page that a mail leads back to. Raises `LimitReachedError`, `LinkOverError`."""
        desk = self._desk
        async with desk.store.transaction() as tx:
            if over := await quotas.posts(tx, desk, source):
                raise over.error
            found = await registrations.take_up(tx, desk, token, codes.fingerprint(browser))
            if found is None:
                await quotas.count_wrong(tx, desk, source)
        if found is None or flow not in self._starts:
            raise _over()
        return found

    async def open(self, token: str, browser: str) -> PublicView:
        """What the page shows this browser, as soon as it shows something. Raises `LinkOverError`."""
        row = await self._knock(token, browser)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._runner.until(row.id, _shows), PATIENCE)
        return await self._view(row)

    async def answer(
        self, token: str, browser: str, answer: Answer, asked: int, *, source: str, visitor: Visitor
    ) -> PublicView:
        """Answer question number `asked`, and wait for what comes of it.

        Raises `LinkOverError`, `LimitReachedError`, `IllegalEventError` and `StaleFlowError`; nothing is done where the
        flow asks something else by now.
        """
        row = await self._knock(token, browser)
        if over := await quotas.posts(self._desk.store, self._desk, source):
            raise over.error
        # Not sooner for those to whom nothing was to be sent.
        await self._desk.clock.sleep_until(row.quiet_until)
        running = await self._runner.until(row.id, lambda now: not isinstance(now.want, Do))
        if _asked(running) == asked:
            check_answer(running, Audience.CUSTOMER, answer)
            typed = Typed(secret_of(answer), codes.fingerprint(browser), source, visitor)
            self._runner.shown.keep_typed(running.id, answer)
            await self._runner.step(running, answer, typed)
        with suppress(TimeoutError):
            await asyncio.wait_for(self._runner.until(row.id, _shows), PATIENCE)
        return await self._view(row)

    async def _view(self, row: PublicPage) -> PublicView:
        running = await self._runner.rows.load(row.id)
        self._runner.attend(running.id, running.want)
        view = _view(running)
        view = replace(view, shown=self._runner.shown.of(running.id, view.prompt))
        now = await public_pages.find(self._desk.store, row.id)
        if view.prompt and (now is None or now.ended_at):
            raise _over()  # ended from outside, while it asked
        return PublicView(view, row.until)

    async def _knock(self, token: str, browser: str) -> PublicPage:
        row = await public_pages.find_by_token(self._desk.store, codes.fingerprint(token))
        now, mark = self._desk.clock.now(), codes.fingerprint(browser)
        is_its_own = hmac.compare_digest(row.browser if row else "-", mark)
        if row is None or not is_its_own or now >= row.until:
            raise _over()
        return row


def _view(running: Running) -> View:
    """For the page; what it shows already while the flow works is what comes next."""
    prompt = prompt_for(running.want, Audience.CUSTOMER)
    outcome = running.want.outcome if isinstance(running.want, Done) else None
    early = running.state.meanwhile()
    if isinstance(early, Prompt):
        prompt = early
    elif early is not None:
        outcome = early
    working = "" if prompt or outcome else FOR_CUSTOMERS
    return View(running.id, running.name, running.rev, prompt, outcome, working)


def _shows(running: Running) -> bool:
    """Whether the page has something to show: also what it shows while the flow works."""
    return not isinstance(running.want, Do) or running.state.meanwhile() is not None


def _asked(running: Running) -> int:
    prompt = getattr(running.want, "prompt", None)
    return int(getattr(prompt, "asked", 0))


def _over() -> LinkOverError:
    return LinkOverError("This page opens nothing any more. Begin again, or call the help desk.")
