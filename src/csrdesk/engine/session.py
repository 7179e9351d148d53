"""An agent's door: their own flows, the prompts of their own side, and nothing else, whatever the front end asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import get_args

import msgspec

from csrdesk.engine import call_stages, hand_over_rows
from csrdesk.engine.audit import Which, refused
from csrdesk.engine.codes import id_of
from csrdesk.engine.desk import Desk
from csrdesk.engine.entrance import Entrance
from csrdesk.engine.flow_rows import BOUND, OTHER_VERSION, Running
from csrdesk.engine.links import CUSTOMER_FLOWS
from csrdesk.engine.reading import AuditReader, page_of
from csrdesk.engine.record import record_of, records_of
from csrdesk.engine.refreshing import show_in_its_call
from csrdesk.engine.resuming import acts_of, is_act, left_unknown, take_up
from csrdesk.engine.runner import Runner, Typed
from csrdesk.engine.store import Row
from csrdesk.engine.views import agent_view, is_settled, prompt_for
from csrdesk.errors import HandedOverError, IllegalEventError, NoSuchFlowError, StaleFlowError
from csrdesk.flows.doors import Agent, AuditPage, CallRecord, CallSummary, Resumed, View
from csrdesk.flows.kernel import Answer, Audience
from csrdesk.flows.public_answers import RecoveryTyped
from csrdesk.model.grants import EVERYTHING, Grants
from csrdesk.model.people import Person
from csrdesk.model.secret import Secret


class AgentSession:
    """A `Session` for one agent."""

    def __init__(
        self, agent: Agent, desk: Desk, runner: Runner, trouble: Callable[[], str], grants: Grants = EVERYTHING
    ) -> None:
        self.agent = agent
        self._entrance = Entrance(agent, grants, desk)
        self._trouble = trouble
        self._desk = desk
        self._runner = runner

    async def start(self, flow: str, inputs: msgspec.Struct, *, call_id: str = "", key: str = "") -> View:
        """Start a flow; the customer's is the desk's alone to start. Raises `NoSuchFlowError`.

        The same `key` begins the same flow once: whoever lost the answer on the way may ask again.
        """
        await (self._entrance.act(flow) if flow in BOUND and not is_look(inputs) else self._entrance.call())
        if flow in CUSTOMER_FLOWS or not self._runner.rows.takes(flow, inputs):
            raise NoSuchFlowError("There is no such flow.", details=f"flow={flow} inputs={type(inputs).__name__}")
        if call_id and (await self._own(call_id)).over:
            raise NoSuchFlowError("This call is over.")
        flow_id = id_of(self.agent.id, key) if key else ""
        try:
            return self._view(await self._runner.start(flow, inputs, self.agent, call_id, flow_id))
        except StaleFlowError:  # it was begun before
            return await self.view(flow_id)

    async def view(self, flow_id: str) -> View:
        await self._entrance.enter()
        running = await self._own(flow_id)
        self._runner.attend(flow_id, running.want)
        return self._view(running)

    async def resume(self, flow_id: str) -> Resumed:
        """Take up a flow whose process is gone."""
        await self._entrance.call()
        running = await self._own(flow_id)
        links = await take_up(running, self._desk, self._runner)
        for other in await acts_of(running.call_id, self._desk, self._runner):
            self._runner.attend(other.id, other.want)
        return Resumed(await self.view(flow_id), links)

    async def answer(self, flow_id: str, rev: int, answer: Answer) -> View:
        """One answer to the prompt of revision `rev`, from the prompt's own list."""
        await self._entrance.call()
        running = await self._own(flow_id)
        if running.rev != rev:
            raise StaleFlowError("The call has moved on. Look at the screen again.")
        check_answer(running, Audience.AGENT, answer)
        return self._view(await self._runner.step(running, answer, Typed(secret_of(answer))))

    async def changed(self, flow_id: str, rev: int) -> View:
        await self._entrance.enter()
        await self._own(flow_id)
        running = await self._runner.until(flow_id, lambda running: running.rev > rev)
        await self._entrance.enter()  # a lead may have ended the sign-in meanwhile
        await self._require_own(running)
        return self._view(running)

    async def settled(self, flow_id: str) -> View:
        await self._entrance.enter()
        await self._own(flow_id)
        running = await self._runner.until(flow_id, is_settled)
        await show_in_its_call(running, self._runner)
        await self._entrance.enter()  # as above
        await self._require_own(running)
        return self._view(running)

    async def calls(self, *, all_of_them: bool = False) -> tuple[CallSummary, ...]:
        await self._entrance.enter()
        unknown = Counter(
            row.key.partition(":")[0] for row in await left_unknown(self._desk, self._runner) if is_act(row)
        )
        rows = await self._runner.rows.calls_of(self.agent.id)
        summaries = [await self._summary(row, unknown[str(row["id"])]) for row in rows]
        return tuple(summary for summary in summaries if all_of_them or not summary.over)

    async def record(self, call_id: str) -> CallRecord:
        await self._entrance.enter()
        # All of the call, whoever had it before: what was proved there counts for who has it now.
        whole = AuditReader(self.agent, self._desk.store, self._desk.audit)
        return await record_of((await self._own(call_id)).call_id, self.agent, whole)

    async def history(self) -> tuple[CallRecord, ...]:
        await self._entrance.enter()
        return await records_of(self.agent, self._reader)

    async def audit(self, *, call_id: str = "", before: int = 0, limit: int = 500) -> AuditPage:
        await self._entrance.enter()
        return page_of(await self._reader.list(Which(call_id=call_id), limit, before=before), limit)

    async def audit_row(self, seq: int) -> tuple[tuple[str, str], ...]:
        await self._entrance.enter()
        return (await self._reader.show(seq)).told

    async def reader(self) -> AuditReader:
        """The audit as far as this agent reads it: each look is a row itself. Raises `NotSignedInError`."""
        await self._entrance.enter()
        return self._reader

    async def enter(self) -> None:
        """Raises `NotSignedInError` where the agent's sign-in does not count any more."""
        await self._entrance.enter()

    async def enter_with_calls(self) -> None:
        """As `enter`; raises `ForbiddenError` for those who do not talk to callers."""
        await self._entrance.call()

    @property
    def _reader(self) -> AuditReader:
        return AuditReader(self.agent, self._desk.store, self._desk.audit, own=not self._entrance.grants.reads_audit)

    async def _own(self, flow_id: str) -> Running:
        running = await self._runner.load(flow_id)
        if running.agent.id != self.agent.id or running.name in CUSTOMER_FLOWS:
            await self._desk.audit.write(refused(self.agent, "call.foreign", call_id=running.call_id, flow=flow_id))
            await self._require_own(running)
            raise NoSuchFlowError("There is no such call.")
        return running

    async def _require_own(self, running: Running) -> None:
        """Raises `HandedOverError` where this agent had the call, and another has it by now."""
        if running.agent.id != self.agent.id and (
            gone := await hand_over_rows.taken_from(self._desk.store, running.call_id, self.agent.id)
        ):
            raise HandedOverError(f"This call was handed over to {gone.to_name}.")

    def _view(self, running: Running) -> View:
        return agent_view(running, self._desk.key, self._trouble())

    async def _summary(self, row: Row, unknown: int) -> CallSummary:
        flow_id, started_at = str(row["id"]), datetime.fromisoformat(str(row["started_at"]))
        try:
            running = self._runner.rows.decode(row)
        except NoSuchFlowError:
            return CallSummary(flow_id, started_at, "", OTHER_VERSION, over=True)
        person = next((found for found in within(running.state) if isinstance(found, Person)), None)
        tickets = (getattr(part, "ticket", "") for part in within(running.state))
        until = await call_stages.verified_until(self._desk.store, flow_id, self._desk.clock.now())
        return CallSummary(
            id=flow_id,
            started_at=started_at,
            customer=person.name if person else "",
            stage=await self._stage(running, person, until),
            ticket=next((ticket for ticket in tickets if ticket), ""),
            verified_until=until,
            over=running.over,
            left=not running.over and self._runner.is_nobodys(running),
            unknown=unknown,
            call_id="" if running.call_id == flow_id else running.call_id,
        )

    async def _stage(self, running: Running, person: Person | None, until: datetime | None) -> str:
        if running.over:
            return "over"
        if running.name in BOUND:
            return "an act was interrupted" if self._runner.is_left(running) else "an act is being done"
        if until:
            return f"verified until {until:%H:%M} UTC"
        waiting = await call_stages.waiting_for(self._desk.store, running.id)
        return waiting or (call_stages.NOT_VERIFIED if person else "looking up")


def is_look(inputs: msgspec.Struct) -> bool:
    """Whether an act that a command starts only reads the account."""
    return getattr(inputs, "action", "") == "getUserAccountStatus"


def check_answer(running: Running, audience: Audience, answer: Answer) -> None:
    """Raises `IllegalEventError` where this side is asked something that `answer` does not fit, or nothing."""
    prompt = prompt_for(running.want, audience)
    if prompt is None or type(answer) not in (get_args(prompt.answers) or (prompt.answers,)):
        raise IllegalEventError(running.state, answer)


def secret_of(answer: Answer) -> Secret | None:
    """What of an answer is never saved."""
    if isinstance(answer, RecoveryTyped):
        return answer.secret
    values = (getattr(answer, name) for name in answer.__struct_fields__)
    return next((value for value in values if isinstance(value, Secret)), None)


def within(value: object) -> Iterator[msgspec.Struct]:
    """The Structs inside a state, outermost first."""
    if isinstance(value, msgspec.Struct):
        yield value
        for name in value.__struct_fields__:
            yield from within(getattr(value, name))
