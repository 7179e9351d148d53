"""A session of ten lines: it keeps what it was told, and moves on when the test says so."""

# ruff: noqa: ARG002 - the signatures are those of Session

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from csrdesk.errors import NotFoundError, StaleFlowError, StoreUnavailableError
from csrdesk.flows.doors import Agent, AuditLine, AuditPage, CallRecord, CallSummary, Resumed, View
from csrdesk.flows.kernel import Answer

Reaction = Callable[[Answer], View | None]


class FakeSession:
    """Answers with what `react` makes of an answer; None leaves the flow working until `move`."""

    def __init__(self, first: View, react: Reaction = lambda _: None) -> None:
        self.agent = Agent("sam")
        self.now = first
        self.react = react
        self.answers: list[Answer] = []
        self.started = 0
        self.links_ended = 0
        """What taking it up says."""
        self.on_record: CallRecord | None = None
        self.rows: tuple[AuditLine, ...] = ()
        """The audit, newest first."""
        self.looks: list[tuple[str, int]] = []
        """What was asked of the audit: the call, and the row before which."""
        self.unreadable = False
        self._moved = asyncio.Event()

    def move(self, **changes: object) -> View:
        """The flow is elsewhere now; whoever waits hears of it."""
        fields = {"prompt": None, "outcome": None, "working": "", "spoken_code": None, "rev": self.now.rev + 1}
        self.now = msgspec.structs.replace(self.now, **(fields | changes))
        self._moved.set()
        self._moved = asyncio.Event()
        return self.now

    async def start(self, flow: str, inputs: msgspec.Struct, *, call_id: str = "") -> View:
        self.started += 1
        return self.now

    async def view(self, flow_id: str) -> View:
        return self.now

    async def resume(self, flow_id: str) -> Resumed:
        return Resumed(self.now, self.links_ended)

    async def answer(self, flow_id: str, rev: int, answer: Answer) -> View:
        if rev != self.now.rev:
            raise StaleFlowError("The call moved on.")
        self.answers.append(answer)
        return self.react(answer) or self.now

    async def changed(self, flow_id: str, rev: int) -> View:
        while self.now.rev <= rev:
            await self._moved.wait()
        return self.now

    async def settled(self, flow_id: str) -> View:
        return self.now

    async def calls(self, *, all_of_them: bool = False) -> tuple[CallSummary, ...]:
        return ()

    async def record(self, call_id: str) -> CallRecord:
        if self.on_record is None:
            raise NotFoundError("Nothing was done in this call yet.", system="csrdesk")
        return self.on_record

    async def history(self) -> tuple[CallRecord, ...]:
        return (self.on_record,) if self.on_record else ()

    async def audit(self, *, call_id: str = "", before: int = 0, limit: int = 500) -> AuditPage:
        if self.unreadable:
            raise StoreUnavailableError("The desk's database cannot be used.")
        self.looks.append((call_id, before))
        found = [line for line in self.rows if call_id in ("", line.call_id) and (not before or line.seq < before)]
        return AuditPage(tuple(found[:limit]), more=len(found) > limit)

    async def audit_row(self, seq: int) -> tuple[tuple[str, str], ...]:
        return next((("seq", str(line.seq)), ("action", line.action)) for line in self.rows if line.seq == seq)


class FakeDesk:
    """As many calls as it is given, each a `FakeSession`; those that were `left` are open before it starts."""

    def __init__(self, *calls: FakeSession, left: tuple[CallSummary, ...] = ()) -> None:
        self.agent = Agent("sam")
        self.known = {call.now.id: call for call in calls}
        self.left = left
        self._next = iter(calls)

    async def start(self, flow: str, inputs: msgspec.Struct, *, call_id: str = "") -> View:
        return await next(self._next).start(flow, inputs)

    async def view(self, flow_id: str) -> View:
        return self.known[flow_id].now

    async def resume(self, flow_id: str) -> Resumed:
        return await self.known[flow_id].resume(flow_id)

    async def answer(self, flow_id: str, rev: int, answer: Answer) -> View:
        return await self.known[flow_id].answer(flow_id, rev, answer)

    async def changed(self, flow_id: str, rev: int) -> View:
        return await self.known[flow_id].changed(flow_id, rev)

    async def settled(self, flow_id: str) -> View:
        return self.known[flow_id].now

    async def calls(self, *, all_of_them: bool = False) -> tuple[CallSummary, ...]:
        return self.left

    async def record(self, call_id: str) -> CallRecord:
        return await self.known[call_id].record(call_id)

    async def history(self) -> tuple[CallRecord, ...]:
        return ()

    async def audit(self, *, call_id: str = "", before: int = 0, limit: int = 500) -> AuditPage:
        return AuditPage((), more=False)

    async def audit_row(self, seq: int) -> tuple[tuple[str, str], ...]:
        raise NotFoundError(f"There is no row {seq}.", system="csrdesk")
