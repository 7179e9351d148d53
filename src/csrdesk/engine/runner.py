"""The one loop: save the step, then perform what the new state wants, until it wants a person.

A flow's effects run in tasks of this process's own, so that no front end that goes away takes one with it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec

from csrdesk.engine.adrift import MOVED_ON, Adrift
from csrdesk.engine.changes import PAUSE, News, flow_topic
from csrdesk.engine.desk import Desk
from csrdesk.engine.finishing import to_the_end
from csrdesk.engine.flow_rows import FlowRows, Running
from csrdesk.engine.guard import NOT_AUDITED, Guard
from csrdesk.engine.presence import Nobody, Presence
from csrdesk.engine.shown import Shown
from csrdesk.engine.store import Statements
from csrdesk.errors import NoSuchFlowError, StaleFlowError, StoreUnavailableError
from csrdesk.flows.doors import NOBODY, Agent, Context, Visitor
from csrdesk.flows.kernel import Answer, Ask, Do, Done, Effect, Event, Poll, Reply, State, Together, Want
from csrdesk.model.secret import Secret

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
"""How long a process is waited for that made a step and is to perform what comes next; then another takes over.

Taking over too early is harmless: see `guard`. A process that is known to be gone is not waited for: see `presence`."""
LOOK_UPS = frozenset({"csr_main"})
"""The flows that go on while nothing can be written, since they look people up; nothing else can be done then."""
_LOOK_AGAIN = timedelta(seconds=1)
"""How soon it is noticed that a process is gone that is waited for."""


@dataclass(frozen=True)
class Typed:
    """What came with an answer and is never saved."""

    secret: Secret | None = None
    browser: str = ""
    """Hash of the cookie of the browser that answered."""
    source: str = ""
    """The address that the answer came from."""
    visitor: Visitor = NOBODY


class Runner:
    """Steps and effects of one process."""

    def __init__(self, desk: Desk, rows: FlowRows, guard: Guard) -> None:
        self.rows = rows
        self.adrift = Adrift(rows)
        self.presence: Presence = Nobody()
        self.shown = Shown(desk.clock)
        self._desk = desk
        self._guard = guard
        guard.is_adrift = self.adrift.__contains__
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._typed: dict[tuple[str, int], Typed] = {}

    async def start(
        self, name: str, inputs: msgspec.Struct, agent: Agent, call_id: str = "", flow_id: str = ""
    ) -> Running:
        """A new flow, attended by this process. Raises `StaleFlowError` where there is one of that id."""
        running = self.rows.begun(name, inputs, agent, call_id, flow_id)
        try:
            running = await self._save(running)
        except StoreUnavailableError:
            if name not in LOOK_UPS:
                raise
            self._keep(running)
        self.attend(running.id, running.want)
        return running

    async def load(self, flow_id: str) -> Running:
        """The flow as it stands for this process. Raises `NoSuchFlowError`, `StoreUnavailableError`."""
        return await self.adrift.load(flow_id)

    async def step(self, running: Running, event: Event, typed: Typed | None = None, *, adrift: bool = True) -> Running:
        """One step from `running`, and go on from there; the flow as it is then.

        Raises `IllegalEventError` where the state takes no such event and `StaleFlowError` where somebody was faster;
        then nothing happened. Without `adrift` also `StoreUnavailableError`, where a look-up would go on unsaved.
        """
        state = running.state.step(event)
        want = state.want()
        # From one effect to the next, what was typed is handed on where that needs it, and forgotten otherwise.
        kept = typed if isinstance(event, Answer) or _takes_secret(want) else None
        drifts = adrift and running.name in LOOK_UPS
        return await to_the_end(self._step(running, state, want, kept or Typed(), drifts=drifts))

    async def _step(self, running: Running, state: State, want: Want, typed: Typed, *, drifts: bool) -> Running:
        self.adrift.check(running)
        try:
            saved = await self._swap(running, state, want, typed)
            self._saved(running.id)
        except StaleFlowError:
            self._saved(running.id)
            raise
        except StoreUnavailableError:
            if not drifts:
                raise
            saved = self._keep(self.adrift.keep(running, state, want))
            self._typed[saved.id, saved.rev] = typed
        older = [where for where in self._typed if where[0] == saved.id and where[1] < saved.rev]
        for where in older:
            del self._typed[where]
        self.attend(saved.id, want)
        return saved

    async def _swap(self, running: Running, state: State, want: Want, typed: Typed) -> Running:
        def swap(tx: Statements) -> Running:
            saved = self.rows.save(tx, running, state, want)
            if saved is None:
                raise StaleFlowError(MOVED_ON)
            return saved

        # Not waited for on the disk: whatever is sent or written next has its intent there first, and this with it.
        if typed == Typed():
            return await self._desk.store.at_once(swap, durable=False)
        async with self._desk.store.transaction(durable=False) as tx:
            saved = await tx.at_once(swap)
            # After the swap, so that the loser of a race does not leave its secret to the winner; before the
            # commit, so that it is there when whoever performs the effect is woken.
            self._typed[saved.id, saved.rev] = typed
        return saved

    async def save_adrift(self) -> None:
        """Have the database know what it missed. Raises `StoreUnavailableError`."""
        for running in self.adrift.flows:
            with suppress(StaleFlowError):  # another process went on with it meanwhile
                await self._save(running)

    async def _save(self, running: Running) -> Running:
        """Have the database know a flow as it is. Raises `StoreUnavailableError`, `StaleFlowError`."""
        put = await self._desk.store.at_once(lambda tx: self.rows.put(tx, running, running.saved))
        self._saved(running.id)
        if not put:
            raise StaleFlowError(MOVED_ON)
        return replace(running, saved=running.rev)

    def _saved(self, flow_id: str) -> None:
        if self.adrift.saved(flow_id):  # whoever was rung by the commit may have looked before this
            self._desk.changes.ring([flow_topic(flow_id)])

    def _keep(self, running: Running) -> Running:
        """Go on with a flow that cannot be saved, and say loudly that nothing can be written."""
        self.adrift.begin(running)
        self._guard.trouble = NOT_AUDITED
        self._desk.changes.ring([flow_topic(running.id)])
        return running

    def attend(self, flow_id: str, want: Want) -> asyncio.Task[None] | None:
        """Go on with a flow that wants the world, in a task that is there already or a new one."""
        if isinstance(want, Ask | Done):
            return None
        task = self._tasks.get(flow_id)
        if task is None:
            task = self._tasks[flow_id] = asyncio.create_task(self._attend(flow_id), name=f"flow {flow_id}")
            task.add_done_callback(_report)
        return task

    async def until(self, flow_id: str, ready: Callable[[Running], bool]) -> Running:
        """Wait, attending the flow, until it is as `ready` says. Raises what stopped it."""
        with self._desk.changes.listen(flow_topic(flow_id)) as news:
            while True:
                news.clear()
                running = await self.load(flow_id)
                if ready(running):
                    return running
                task = self.attend(flow_id, running.want)
                await news.wait(*([task] if task else []))
                if task and task.done() and not news.rung:
                    task.result()

    async def stop(self) -> None:
        """End the waiting; effects under way are brought to their end."""
        while tasks := list(self._tasks.values()):
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # A task that was cancelled before it began could not take itself off the list.
            self._tasks = {flow_id: task for flow_id, task in self._tasks.items() if not task.done()}

    async def _attend(self, flow_id: str) -> None:
        try:
            await self._go_on(flow_id)
        finally:
            del self._tasks[flow_id]

    async def _go_on(self, flow_id: str) -> None:
        with self._desk.changes.listen(flow_topic(flow_id)) as news:
            news.ring()
            # Also once more where somebody answered after the flow was read.
            while news.rung:
                news.clear()
                try:
                    running = await self.load(flow_id)
                except NoSuchFlowError:
                    return  # it was over, and whoever it was for has taken it away
                match running.want:
                    case Do() if not self._is_ours(running):
                        await self._wait_for_performer(running, news)
                        news.ring()
                    case Do(effect):
                        work = self._go(running, effect)
                        await (work if effect.waits else to_the_end(work))
                        news.ring()
                    case Poll(_, effect):
                        await self._poll(running, effect, news)
                        news.ring()
                    case _:
                        pass  # a person is asked, or it is over

    def _is_ours(self, running: Running) -> bool:
        lapsed = self._desk.clock.now() >= running.changed_at + LEASE
        return lapsed or running.performer in ("", self.rows.performer) or self.is_left(running)

    def is_left(self, running: Running) -> bool:
        """Whether the process that had this flow is gone."""
        return running.performer not in ("", self.rows.performer) and self.presence.is_gone(running.performer)

    def is_nobodys(self, running: Running) -> bool:
        """Whether no process has this flow: it was given back, or its process is gone."""
        return running.performer == "" or self.is_left(running)

    async def _wait_for_performer(self, running: Running, news: News) -> None:
        moment = min(running.changed_at + LEASE, self._desk.clock.now() + _LOOK_AGAIN)
        lapse = asyncio.ensure_future(self._desk.clock.sleep_until(moment))
        try:
            await news.wait(lapse)
        finally:
            lapse.cancel()

    async def _go(self, running: Running, effect: Effect) -> None:
        typed = self._typed.pop((running.id, running.rev), Typed())
        if running.id in self.adrift:
            try:
                running = await self._save(running)
            except StaleFlowError:  # another process went on with it meanwhile
                return
            except StoreUnavailableError:
                pass  # then it goes on with what needs no row
        reply = await self._guard(effect, _context(running, typed))
        self.shown.keep(running.id, reply)
        with suppress(StaleFlowError):  # another process took over: its reply stands
            await self.step(running, reply, typed)

    async def _poll(self, running: Running, effect: Effect, news: News) -> None:
        work = asyncio.ensure_future(self._guard(effect, _context(running, Typed())))
        try:
            while not work.done():
                await news.wait(work)
                if not work.done():
                    news.clear()
                    if await self._has_moved(running):
                        return
            with suppress(StaleFlowError):  # an answer was faster
                await self._go_on_with(running, work.result(), effect)
        finally:
            work.cancel()
            await asyncio.wait([work])

    async def _has_moved(self, running: Running) -> bool:
        """Whether somebody answered meanwhile; while nobody can know, that is waited for."""
        while True:
            try:
                return await self.adrift.rev(running.id) != running.rev
            except StoreUnavailableError:
                await asyncio.sleep(PAUSE)

    async def _go_on_with(self, running: Running, reply: Reply, effect: Effect) -> None:
        """The step that was waited for: saved when it can be. Whoever waits for somebody else does not go on unsaved:
        nothing that is to follow could be done.
        """
        while True:
            try:
                await self.step(running, reply, adrift=not effect.waits)
            except StoreUnavailableError:
                await asyncio.sleep(PAUSE)
            else:
                return


def _report(task: asyncio.Task[None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error:
        log.error("%s stopped: %s", task.get_name(), type(error).__name__, exc_info=error)


def _takes_secret(want: Want) -> bool:
    if not isinstance(want, Do):
        return False
    parts = want.effect.effects if isinstance(want.effect, Together) else (want.effect,)
    return any(part.needs_secret or part.takes_secret for part in parts)


def _context(running: Running, typed: Typed) -> Context:
    return Context(
        running.id,
        running.rev,
        running.call_id,
        running.agent,
        secret=typed.secret,
        browser=typed.browser,
        source=typed.source,
        visitor=typed.visitor,
    )
