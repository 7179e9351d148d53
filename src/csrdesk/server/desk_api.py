"""The desk API: `Session`, and what else a front end needs of a desk, over HTTP, for agents who are signed in.

An application of its own, for an origin of its own: none of the customers' pages is here, and none of this is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk.engine.audit import AuditRow, Which
from csrdesk.engine.rehearsal import Rehearsed
from csrdesk.errors import IllegalEventError, NoSuchFlowError, StaleFlowError
from csrdesk.flows.catalog import FLOWS
from csrdesk.flows.doors import Session, View
from csrdesk.model.sign_in import SignedIn
from csrdesk.server.agent_rates import AgentRates
from csrdesk.server.api_requests import (
    BODY_SECONDS,
    Gated,
    always,
    as_json,
    body_of,
    check_texts,
    crashed,
    not_taken,
    number_of,
    raw_json,
    refused,
)
from csrdesk.server.failures import Failures
from csrdesk.server.gate import Gate
from csrdesk.server.long_poll import LongPolls
from csrdesk.wire.codec import decode_answer, encode_view
from csrdesk.wire.now import said
from csrdesk.wire.values import (
    About,
    Answered,
    Calls,
    History,
    Reason,
    Rehearsal,
    Started,
    State,
    TakenUp,
    Told,
    Would,
)
from csrdesk.wire.version import PREFIX, SETTLED_HEADER

MOST_ROWS: Final = 10_000
SOON: Final = 1.5
"""Seconds that a step's answer may take longer, so that the next question comes with it."""
_NEWEST = 2**53 - 1
"""More than any row's number, and what every JSON reader can hold."""


class KeyedSession(Session, Protocol):
    """A `Session` whose starts can be repeated."""

    async def start(self, flow: str, inputs: msgspec.Struct, *, call_id: str = "", key: str = "") -> View:
        """As `Session`; the same `key` of the same agent begins the same flow once."""
        ...


class Reader(Protocol):
    """The audit as one agent reads it: each look is a row itself."""

    async def list(self, which: Which, limit: int, *, before: int = 0) -> tuple[AuditRow, ...]: ...

    async def show(self, seq: int) -> AuditRow: ...

    async def unknown(self) -> tuple[AuditRow, ...]: ...

    async def leave(self, seq: int, reason: str) -> AuditRow: ...


class DeskSide(Protocol):
    """What the desk gives to somebody who is signed in."""

    def session(self, signed: SignedIn) -> KeyedSession: ...

    async def reader(self, signed: SignedIn, *, acts: bool = False) -> Reader:
        """With `acts` for somebody who looks after what was left unknown: not an auditor. Raises `ForbiddenError`."""
        ...

    async def about(self, signed: SignedIn) -> About: ...

    async def rehearse(self, start: msgspec.Struct, signed: SignedIn, call_id: str) -> Rehearsed: ...

    @property
    def state(self) -> State: ...


class DeskApi:
    """The endpoints."""

    def __init__(self, desk: DeskSide, polls: LongPolls, body_seconds: float) -> None:
        self._desk = desk
        self._polls = polls
        self._body_seconds = body_seconds

    async def about(self, _request: Request, signed: SignedIn) -> Response:
        return as_json(await self._desk.about(signed))

    async def state(self, _request: Request, _signed: SignedIn) -> Response:
        return as_json(self._desk.state)

    async def start(self, request: Request, signed: SignedIn) -> Response:
        given = await body_of(request, Started, self._body_seconds)
        inputs, session = _inputs_of(given), self._desk.session(signed)
        view = await session.start(given.flow, inputs, call_id=given.call_id, key=given.key)
        return await _shown_soon(request, session, view)

    async def view(self, request: Request, signed: SignedIn) -> Response:
        return _shown(await self._desk.session(signed).view(_flow(request)))

    async def resume(self, request: Request, signed: SignedIn) -> Response:
        resumed = await self._desk.session(signed).resume(_flow(request))
        return as_json(TakenUp(msgspec.Raw(encode_view(resumed.view)), resumed.links_ended))

    async def answer(self, request: Request, signed: SignedIn) -> Response:
        """Decoded as an answer of the prompt that is shown, so nobody can claim to be the world's reply."""
        given, session, flow_id = (
            await body_of(request, Answered, self._body_seconds),
            self._desk.session(signed),
            _flow(request),
        )
        view = await session.view(flow_id)
        if view.rev != given.rev:
            raise StaleFlowError("The call has moved on. Look at the screen again.")
        if view.prompt is None:
            raise IllegalEventError(view.outcome, given)
        try:
            answer = decode_answer(given.answer, view.prompt)
        except (msgspec.DecodeError, RecursionError) as error:
            raise not_taken(error) from None
        return await _shown_soon(request, session, await session.answer(flow_id, given.rev, answer))

    async def changed(self, request: Request, signed: SignedIn) -> Response:
        rev, session = number_of(request, "rev", 0, most=_NEWEST), self._desk.session(signed)
        return await self._polls.view(request, signed.agent.id, lambda: session.changed(_flow(request), rev))

    async def settled(self, request: Request, signed: SignedIn) -> Response:
        session = self._desk.session(signed)
        return await self._polls.view(request, signed.agent.id, lambda: session.settled(_flow(request)))

    async def calls(self, request: Request, signed: SignedIn) -> Response:
        everything = bool(number_of(request, "all", 0, most=1))
        return as_json(Calls(await self._desk.session(signed).calls(all_of_them=everything)))

    async def record(self, request: Request, signed: SignedIn) -> Response:
        return as_json(await self._desk.session(signed).record(_flow(request)))

    async def history(self, _request: Request, signed: SignedIn) -> Response:
        return as_json(History(await self._desk.session(signed).history()))

    async def audit(self, request: Request, signed: SignedIn) -> Response:
        session, before = self._desk.session(signed), number_of(request, "before", 0, most=_NEWEST)
        limit = max(1, number_of(request, "limit", 500, most=MOST_ROWS))
        return as_json(await session.audit(call_id=_text(request, "call_id"), before=before, limit=limit))

    async def audit_row(self, request: Request, signed: SignedIn) -> Response:
        return as_json(Told(await self._desk.session(signed).audit_row(_seq(request))))

    async def rows(self, request: Request, signed: SignedIn) -> Response:
        reader = await self._desk.reader(signed)
        if number_of(request, "unknown", 0, most=1):
            return as_json(await reader.unknown())
        limit, before = number_of(request, "limit", 50, most=MOST_ROWS), number_of(request, "before", 0, most=_NEWEST)
        return as_json(await reader.list(_which(request), max(1, limit), before=before))

    async def row(self, request: Request, signed: SignedIn) -> Response:
        return as_json(await (await self._desk.reader(signed)).show(_seq(request)))

    async def leave(self, request: Request, signed: SignedIn) -> Response:
        given = await body_of(request, Reason, self._body_seconds)
        reader = await self._desk.reader(signed, acts=True)
        return as_json(await reader.leave(_seq(request), given.reason))

    async def rehearse(self, request: Request, signed: SignedIn) -> Response:
        given = await body_of(request, Started, self._body_seconds)
        found = await self._desk.rehearse(_inputs_of(given), signed, given.call_id)
        planned = tuple(Would(one.effect, one.refusal) for one in found.planned)
        return as_json(Rehearsal(found.person, planned, found.outcome))


def make_desk_api(
    desk: DeskSide,
    gate: Gate,
    polls: LongPolls,
    *,
    https: bool,
    description: bytes,
    body_seconds: float = BODY_SECONDS,
    rates: AgentRates | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """The application; `description` is the OpenAPI document that it serves, to anybody. `now` is said on each answer:
    what time it is at the desk.
    """
    api, gated = DeskApi(desk, polls, body_seconds), Gated(gate, rates or AgentRates())

    async def openapi(_request: Request) -> Response:
        return raw_json(description)

    return Starlette(
        routes=[
            Route(f"{PREFIX}/openapi.json", openapi, methods=["GET"]),
            *(Route(f"{PREFIX}{path}", gated(work), methods=[method]) for method, path, work in routes(api)),
        ],
        middleware=[Middleware(_Headers, https=https, now=now), Middleware(Failures, answer=crashed)],
        exception_handlers={HTTPException: refused},
    )


Endpoint = Callable[[Request, SignedIn], Awaitable[Response]]


def routes(api: DeskApi) -> tuple[tuple[str, str, Endpoint], ...]:
    """Methods and paths, and what answers them: `csrdesk.wire.operations` describes each."""
    return (
        ("GET", "/about", api.about),
        ("GET", "/state", api.state),
        ("POST", "/flows", api.start),
        ("GET", "/flows/{id}", api.view),
        ("POST", "/flows/{id}/resume", api.resume),
        ("POST", "/flows/{id}/answers", api.answer),
        ("GET", "/flows/{id}/changed", api.changed),
        ("GET", "/flows/{id}/settled", api.settled),
        ("GET", "/calls", api.calls),
        ("GET", "/calls/{id}/record", api.record),
        ("GET", "/history", api.history),
        ("GET", "/audit", api.audit),
        ("GET", "/audit/{seq}", api.audit_row),
        ("GET", "/rows", api.rows),
        ("GET", "/rows/{seq}", api.row),
        ("POST", "/rows/{seq}/left", api.leave),
        ("POST", "/rehearsals", api.rehearse),
    )


class _Headers:
    """Puts the headers on every answer, on errors too."""

    def __init__(self, app: ASGIApp, *, https: bool, now: Callable[[], datetime]) -> None:
        self.app = app
        self.now = now
        self.always = always() | ({"Strict-Transport-Security": "max-age=31536000"} if https else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self.always | said(self.now()))
            await send(message)

        await self.app(scope, receive, send_with_headers)


async def _shown_soon(request: Request, session: Session, view: View) -> Response:
    """The flow after a step; where that is asked for, as it asks next, if it does so within a moment."""
    if not number_of(request, "settle", 0, most=1):
        return _shown(view)
    try:
        async with asyncio.timeout(SOON):
            response = _shown(await session.settled(view.id))
    except TimeoutError:
        return _shown(view)
    response.headers[SETTLED_HEADER] = "1"
    return response


def _shown(view: View) -> Response:
    return raw_json(encode_view(view))


def _inputs_of(given: Started) -> msgspec.Struct:
    """What the flow starts with. Raises `NoSuchFlowError`, `InvalidValueError`."""
    flow = FLOWS.get(given.flow)
    if flow is None:
        raise NoSuchFlowError("There is no such flow.", details=f"flow={given.flow!r}")
    try:
        inputs = msgspec.json.decode(given.inputs, type=flow.inputs)
    except (msgspec.DecodeError, RecursionError) as error:
        raise not_taken(error) from None
    check_texts(inputs)
    return inputs


def _flow(request: Request) -> str:
    return str(request.path_params["id"])


def _seq(request: Request) -> int:
    given = str(request.path_params["seq"])
    if not (given.isascii() and given.isdecimal() and len(given) < 16):
        raise HTTPException(404)
    return int(given)


def _text(request: Request, name: str) -> str:
    return request.query_params.get(name, "")[:200]


def _which(request: Request) -> Which:
    named = {name: _text(request, name) for name in ("call_id", "person_id", "agent")}
    moments = {name: given for name in ("since", "until") if (given := _text(request, name))}
    try:
        return msgspec.convert(named | moments, Which)
    except msgspec.ValidationError as error:
        raise not_taken(error) from None
