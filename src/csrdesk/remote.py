"""A `Session` whose desk is elsewhere: each method is a request to the desk API.

What is safe to repeat is repeated. An answer belongs to one revision and a start has a key of its own, so that neither
is taken twice however often the network loses what came of it.
"""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import msgspec

from csrdesk.errors import (
    CsrdeskError,
    NotSignedInError,
    ServiceError,
    StaleFlowError,
    StoreUnavailableError,
    UnavailableError,
    UnexpectedAnswerError,
)
from csrdesk.flows.doors import AuditPage, CallRecord, CallSummary, Resumed, View
from csrdesk.flows.kernel import Answer
from csrdesk.model.secret import Secret
from csrdesk.model.sign_in import Agent
from csrdesk.services import http
from csrdesk.services.retry import decide
from csrdesk.wire.codec import act_of, decode_view, decoded, encode_answer, outcome_of
from csrdesk.wire.now import NOW_HEADER, DeskTime
from csrdesk.wire.values import Answered, Calls, History, Reason, RehearsalRead, Started, TakenUp, Told, Wrong
from csrdesk.wire.version import PREFIX, SETTLED_HEADER, WIRE_HEADER, check_desk, spoken
from csrdesk.wire.wrong import from_wire

if TYPE_CHECKING:
    from csrdesk.engine.audit import AuditRow, Which
    from csrdesk.engine.rehearsal import Rehearsed
    from csrdesk.flows.account_task import Start as Act
    from csrdesk.flows.password_reset import Start as Reset

T = TypeVar("T")

SYSTEM: Final = "The desk"
SECONDS: Final = 20.0
"""How long one answer may take."""
WAIT: Final = 25
"""Seconds that the desk keeps a question for news, at the most."""
AGAIN: Final = 2.0
"""Seconds between two tries while the desk cannot be reached."""
_LOST: Final = "The desk cannot be reached; trying again. Nothing is lost."
_AWAY: Final = "The desk's database is away; trying again. Nothing is lost."
Query = dict[str, object]


class _MovedOnError(Exception):
    """The flow is further on, and it may be that this very request did that before its answer was lost."""


class TokenSource(Protocol):
    """Where the token comes from that says who asks."""

    async def __call__(self) -> Secret:
        """A token that counts now. Raises `NotSignedInError`."""
        ...


class Line:
    """The way to one desk: requests, what their failures are called, and what of them is tried again."""

    def __init__(
        self, url: str, token: TokenSource, *, patience: float = 0.0, tell: Callable[[str], None] | None = None
    ) -> None:
        """`patience`: seconds that waiting for news outlasts a desk that cannot be reached; `tell` hears of it."""
        self.url = url
        self._token = token
        self._patience = patience
        self._tell = tell or (lambda _: None)
        self._client = http.open_client(url, timeout_seconds=SECONDS)
        self.time = DeskTime()
        """What time it is at the desk."""

    async def close(self) -> None:
        await self._client.aclose()

    def now(self) -> datetime:
        """What time it is at the desk."""
        return self.time.now()

    async def get(self, path: str, kind: type[T], **query: object) -> T:
        """Read something. Raises what the desk says, `UnreachableError`, `TimedOutError` and `UnavailableError`."""
        return decoded((await self.ask("GET", path, query=query)).content, kind)

    async def ask(
        self, method: str, path: str, *, query: Query | None = None, body: bytes | None = None
    ) -> http.Response:
        """One request, tried again where the desk was not reached; it must be harmless to repeat.

        Raises what the desk says; `_MovedOnError` for `StaleFlowError` where an earlier try may have been taken.
        """
        tries = 0
        while True:
            tries += 1
            try:
                return await self._once(method, path, query or {}, body, SECONDS)
            except ServiceError as error:
                decision = decide(error, tries, jitter=random.random())  # noqa: S311 - only how long to wait
                if not (decision.again and _of_the_way(error)):
                    raise
                await asyncio.sleep(decision.after)
            except StaleFlowError:
                if tries == 1:
                    raise
                raise _MovedOnError from None

    async def news(self, path: str, **query: object) -> View:
        """Ask until there is news, as long as it takes; a desk that cannot be reached, or whose database is away, is
        waited for a while.
        """
        loop = asyncio.get_running_loop()
        lost_at = 0.0
        while True:
            try:
                answer = await self._once("GET", path, {**query, "wait": WAIT}, None, WAIT + SECONDS)
            except (ServiceError, StoreUnavailableError) as error:
                now = loop.time()
                lost_at = lost_at or now
                if not _passes(error) or now - lost_at >= self._patience:
                    raise
                if lost_at == now:
                    self._tell(_AWAY if isinstance(error, StoreUnavailableError) else _LOST)
                await asyncio.sleep(AGAIN * (0.5 + random.random() / 2))  # noqa: S311 - as above
                continue
            if lost_at:
                self._tell("Connected again.")
                lost_at = 0.0
            if answer.status_code != 204:
                return decode_view(answer.content)

    async def _once(self, method: str, path: str, query: Query, body: bytes | None, seconds: float) -> http.Response:
        token = (await self._token()).reveal()
        given = {name: str(value) for name, value in query.items() if value not in ("", None)}
        request = self._client.build_request(
            method,
            PREFIX + path,
            params=given,
            content=body,
            headers={
                "authorization": f"Bearer {token}",
                WIRE_HEADER: spoken(),
                **({"content-type": "application/json"} if body is not None else {}),
            },
        )
        asked = self.time.elapsed()
        answer = await http.send(self._client, request, system=SYSTEM, timeout_seconds=seconds)
        self.time.heard(answer.headers.get(NOW_HEADER, ""), asked)
        if answer.status_code >= 400:
            raise _error_of(answer)
        check_desk(answer.headers.get(WIRE_HEADER, ""))
        return answer


class RemoteSession:
    """A `Session` at the other end of a line.

    With `ahead` each step asks for the next question as well, which saves a command, that waits for it anyway, a way.
    """

    def __init__(self, agent: Agent, line: Line, *, ahead: bool = False) -> None:
        self.agent = agent
        self._line = line
        self._step: Query = {"settle": 1} if ahead else {}
        self._settled: dict[str, View] = {}
        """What came with the last step of a flow."""

    async def start(self, flow: str, inputs: msgspec.Struct, *, call_id: str = "") -> View:
        started = Started(flow, msgspec.Raw(msgspec.json.encode(inputs)), call_id, secrets.token_urlsafe(16))
        return self._came(await self._line.ask("POST", "/flows", query=self._step, body=msgspec.json.encode(started)))

    async def view(self, flow_id: str) -> View:
        self._settled.pop(flow_id, None)
        return decode_view((await self._line.ask("GET", f"/flows/{flow_id}")).content)

    async def resume(self, flow_id: str) -> Resumed:
        answer = await self._line.ask("POST", f"/flows/{flow_id}/resume")
        taken = decoded(answer.content, TakenUp)
        return Resumed(decode_view(taken.view), taken.links_ended)

    async def answer(self, flow_id: str, rev: int, answer: Answer) -> View:
        """As `Session`. Where the network lost what came of it, the call says where it stands: not taken twice."""
        body = msgspec.json.encode(Answered(rev, msgspec.Raw(encode_answer(answer))))
        try:
            return self._came(await self._line.ask("POST", f"/flows/{flow_id}/answers", query=self._step, body=body))
        except _MovedOnError:
            return await self.view(flow_id)

    async def changed(self, flow_id: str, rev: int) -> View:
        self._settled.pop(flow_id, None)
        return await self._line.news(f"/flows/{flow_id}/changed", rev=rev)

    async def settled(self, flow_id: str) -> View:
        return self._settled.pop(flow_id, None) or await self._line.news(f"/flows/{flow_id}/settled")

    def _came(self, answer: http.Response) -> View:
        view = decode_view(answer.content)
        if SETTLED_HEADER in answer.headers:
            self._settled[view.id] = view
        return view

    async def calls(self, *, all_of_them: bool = False) -> tuple[CallSummary, ...]:
        return (await self._line.get("/calls", Calls, all=int(all_of_them))).calls

    async def record(self, call_id: str) -> CallRecord:
        return await self._line.get(f"/calls/{call_id}/record", CallRecord)

    async def history(self) -> tuple[CallRecord, ...]:
        return (await self._line.get("/history", History)).records

    async def audit(self, *, call_id: str = "", before: int = 0, limit: int = 500) -> AuditPage:
        return await self._line.get("/audit", AuditPage, call_id=call_id, before=before, limit=limit)

    async def audit_row(self, seq: int) -> tuple[tuple[str, str], ...]:
        return (await self._line.get(f"/audit/{seq}", Told)).told


class RemoteReader:
    """The audit at the other end of a line, as whoever is signed in reads it."""

    def __init__(self, line: Line) -> None:
        self._line = line

    async def list(self, which: Which, limit: int, *, before: int = 0) -> tuple[AuditRow, ...]:
        from csrdesk.engine.audit import AuditRow

        query = msgspec.to_builtins(which) | {"limit": limit, "before": before or ""}
        return await self._line.get("/rows", tuple[AuditRow, ...], **query)

    async def show(self, seq: int) -> AuditRow:
        from csrdesk.engine.audit import AuditRow

        return await self._line.get(f"/rows/{seq}", AuditRow)

    async def unknown(self) -> tuple[AuditRow, ...]:
        from csrdesk.engine.audit import AuditRow

        return await self._line.get("/rows", tuple[AuditRow, ...], unknown=1)

    async def leave(self, seq: int, reason: str) -> AuditRow:
        from csrdesk.engine.audit import AuditRow

        answer = await self._line.ask("POST", f"/rows/{seq}/left", body=msgspec.json.encode(Reason(reason)))
        return decoded(answer.content, AuditRow)


async def rehearsed(line: Line, start: Act | Reset, call_id: str) -> Rehearsed:
    """What an act on one account would change, with nothing changed."""
    from csrdesk.engine.rehearsal import Planned, Rehearsed
    from csrdesk.flows.account_task import Start as Act

    flow = "user_functions" if isinstance(start, Act) else "password_reset"
    body = msgspec.json.encode(Started(flow, msgspec.Raw(msgspec.json.encode(start)), call_id))
    found = decoded((await line.ask("POST", "/rehearsals", body=body)).content, RehearsalRead)
    planned = tuple(Planned(act_of(one.effect), one.refusal) for one in found.planned)
    return Rehearsed(found.person, planned, outcome_of(flow, found.outcome))


def _passes(error: ServiceError | StoreUnavailableError) -> bool:
    """Whether whoever waits may go on waiting after it."""
    return isinstance(error, StoreUnavailableError) or _of_the_way(error)


def _of_the_way(error: ServiceError) -> bool:
    """Whether this side did not reach the desk, or the sign-in's renewal; what failed behind the desk is the desk's to
    try again, and names no system here.
    """
    return error.retryable and bool(error.system)


def _error_of(answer: http.Response) -> CsrdeskError:
    """What the desk said; a proxy before it says nothing that is understood."""
    try:
        return from_wire(msgspec.json.decode(answer.content, type=Wrong))
    except msgspec.DecodeError:
        details = f"status={answer.status_code}"
        if answer.status_code in (502, 503, 504):
            words = "The desk is not there now. Try again in a moment."
            return UnavailableError(words, system=SYSTEM, details=details)
        if answer.status_code == 401:
            return NotSignedInError("You are not signed in. Run: csrdesk login", details=details)
        check_desk(answer.headers.get(WIRE_HEADER, ""))
        return UnexpectedAnswerError("The desk's answer was not understood.", system=SYSTEM, details=details)
