"""Faults that tests and demos ask for: refusals, delays, cut connections, other shapes, writes that do nothing.

An ASGI layer in front of everything a client of csrdesk talks to; mailbox and control are never touched. The mail
server asks here, too, under the method `SMTP` and with the recipient as path.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable
from contextlib import suppress

import msgspec
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import by_status

_EXEMPT = re.compile(r"^/(mailbox|control)\b")
_SEED = 4711


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong, for which requests, how often. Several members may be set at once."""

    method: str = "*"
    path: str = ""
    """A regular expression searched in the path without query; empty means any."""
    rate: float = 1.0
    """Share of the matching requests that meet it."""
    times: int | None = None
    """How many requests meet it before it is over; None: until cleared."""
    status: int | None = None
    retry_after: int | None = None
    """Seconds, as a header; 429 says 1 where nothing is given."""
    latency_ms: int = 0
    late_ms: int = 0
    """What was asked is done at once, and the answer comes that much later."""
    cut: bool = False
    """The connection ends without an answer."""
    wrong_shape: bool = False
    """200 and JSON, but of another shape."""
    ignore_write: bool = False
    """The answer is as ever, but nothing changes."""

    def __post_init__(self) -> None:
        try:
            re.compile(self.path)
        except re.error as error:
            raise ValueError(f"The path of a fault is a regular expression: {error}.") from None
        if not 0 <= self.rate <= 1:
            raise ValueError("The rate of a fault is between 0 and 1.")

    @property
    def is_only_delay(self) -> bool:
        """True where answers stay right and merely come late."""
        return self.status is None and not (self.cut or self.wrong_shape or self.ignore_write)


class Faults:
    """The faults in force. Which requests meet one of a rate below 1 is the same in every run."""

    def __init__(self, *, latency_ms: int = 0, fail: str | None = None) -> None:
        self.latency_ms = latency_ms
        self._standing: tuple[Fault, ...] = (_parsed(fail),) if fail else ()
        self._faults: dict[str, Fault] = {}
        self._met: dict[str, int] = {}
        self._chance = random.Random(_SEED)  # noqa: S311 - which calls fail is no secret

    def add(self, fault: Fault | None = None, /, **members: object) -> str:
        """Puts a fault in force, given whole or by its members; its id ends it. ValueError where it makes no sense."""
        id_ = ids.fresh()
        self._faults[id_] = fault or msgspec.convert(members, Fault)
        return id_

    def clear(self, id: str | None = None) -> None:
        """Ends one fault, or all that were added."""
        if id is None:
            self._faults.clear()
        else:
            self._faults.pop(id, None)

    def current(self) -> dict[str, Fault]:
        """Those in force, by id, without the standing one of the options."""
        return dict(self._faults)

    def meet(self, method: str, path: str) -> Fault | None:
        """The first fault that this request meets; counts it."""
        for id_, fault in (*self._faults.items(), *(("", fault) for fault in self._standing)):
            if fault.method not in {"*", method} or not re.search(fault.path, path):
                continue
            if fault.rate < 1 and self._chance.random() >= fault.rate:
                continue
            self._met[id_] = self._met.get(id_, 0) + 1
            if fault.times is not None and self._met[id_] >= fault.times:
                self._faults.pop(id_, None)
            return fault
        return None


def _parsed(fail: str) -> Fault:
    match = re.fullmatch(r"([45]\d\d):(0(?:\.\d+)?|1(?:\.0+)?)", fail)
    if match is None:
        raise ValueError("Give failures as STATUS:RATE, for example 503:0.2.")
    return Fault(path=r"^/", status=int(match[1]), rate=float(match[2]))


def ignores_write(scope: Scope) -> bool:
    """True where a fault says that this request changes nothing."""
    fault = fault_of(scope)
    return fault is not None and fault.ignore_write


def fault_of(scope: Scope) -> Fault | None:
    """The fault that this request met, if any."""
    fault = scope.get("csrdesk.fault")
    return fault if isinstance(fault, Fault) else None


def _answer(fault: Fault, scope: Scope) -> Response | None:
    """What is sent in place of the right answer."""
    if fault.status is not None:
        if "/as/" in str(scope["path"]):
            response: Response = JSONResponse({"error": "temporarily_unavailable"}, fault.status)
        else:
            response = by_status(fault.status).response()
        wait = fault.retry_after if fault.retry_after is not None else {429: 1}.get(fault.status)
        if wait is not None:
            response.headers["retry-after"] = str(wait)
        return response
    if fault.wrong_shape:
        return JSONResponse([{"unexpected": True}, "another shape"], media_type="application/hal+json;charset=UTF-8")
    return None


class FaultLayer:
    """ASGI: delays, replaces or drops what a request would have been answered."""

    def __init__(self, app: ASGIApp, faults: Faults, cut: Callable[[Scope], None]) -> None:
        self._app = app
        self._faults = faults
        self._cut = cut

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _EXEMPT.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        fault = self._faults.meet(scope["method"], scope["path"])
        delay = self._faults.latency_ms + (fault.latency_ms if fault else 0)
        if delay:
            await asyncio.sleep(delay / 1000)
        if fault is None:
            await self._app(scope, receive, send)
            return
        scope["csrdesk.fault"] = fault
        if fault.cut:
            self._cut(scope)
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        response = _answer(fault, scope)
        await (response or self._app)(scope, receive, _late(send, receive, fault.late_ms) if fault.late_ms else send)


def _late(send: Send, receive: Receive, late_ms: int) -> Send:
    """The answer, when it is time or nobody waits for it any more."""

    async def later(message: Message) -> None:
        if message["type"] == "http.response.start":
            with suppress(TimeoutError):
                async with asyncio.timeout(late_ms / 1000):
                    while (await receive())["type"] != "http.disconnect":
                        pass
        await send(message)

    return later
