"""Steering a sandbox from another process: `/control/...`, outside everything a client of PingOne would call.

JSON in and out. A body must be `application/json`, which no web page of another site can send without asking first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from csrdesk.sandbox.clock import Clock, stamp
from csrdesk.sandbox.decoding import decode
from csrdesk.sandbox.faults import Fault, Faults
from csrdesk.sandbox.model import World
from csrdesk.sandbox.oauth_provider import Provider
from csrdesk.sandbox.people import worth_trying
from csrdesk.sandbox.staff import STAFF, somebody

T = TypeVar("T")


class MoveClock(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How far the clock is moved."""

    move_seconds: float


class ChangeUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody else changes about an account meanwhile."""

    email: str | None = None
    email_verified: bool | None = None
    mobile_phone: str | None = None
    enabled: bool | None = None
    mfa_enabled: bool | None = None
    bypass_until: datetime | None = None


class ChangeAgent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether an agent is taken away: signs on no more, and what they hold is called inactive."""

    removed: bool


def _json(body: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(body), status, {"cache-control": "no-store"}, "application/json")


class Controls:
    """The handlers, bound to one sandbox."""

    def __init__(
        self,
        *,
        world: Callable[[], World],
        clock: Clock,
        faults: Faults,
        provider: Provider,
        reset: Callable[[], None],
    ) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._provider = provider
        self._reset = reset

    async def clock(self, request: Request) -> Response:
        """GET and POST /control/clock."""
        if request.method == "POST":
            wanted = await _decoded(request, MoveClock)
            if isinstance(wanted, Response):
                return wanted
            self._clock.move(timedelta(seconds=wanted.move_seconds))
        return _json({"now": stamp(self._clock.now())})

    async def faults(self, request: Request) -> Response:
        """GET, POST and DELETE /control/faults."""
        if request.method == "POST":
            wanted = await _decoded(request, Fault)
            return wanted if isinstance(wanted, Response) else _json({"id": self._faults.add(wanted)}, 201)
        if request.method == "DELETE":
            self._faults.clear()
        return _json({"faults": self._faults.current()})

    async def fault(self, request: Request) -> Response:
        """DELETE /control/faults/{id}."""
        self._faults.clear(request.path_params["id"])
        return _json({"faults": self._faults.current()})

    async def people(self, _request: Request) -> Response:
        """GET /control/people."""
        return _json({"people": worth_trying()})

    async def user(self, request: Request) -> Response:
        """GET and PATCH /control/users/{username}: an account as the sandbox keeps it."""
        try:
            user = self._world().user(request.path_params["username"])
        except KeyError:
            return _json({"error": "Nobody has that username."}, 404)
        if request.method == "PATCH":
            wanted = await _decoded(request, ChangeUser)
            if isinstance(wanted, Response):
                return wanted
            for name, value in msgspec.structs.asdict(wanted).items():
                if value is not None:
                    setattr(user, name, value)
                    user.updated_at = self._clock.now()
        return _json(user)

    async def roll(self, _request: Request) -> Response:
        """POST /control/keys/roll: another key signs; the one before stays published until the next roll."""
        return _json({"kid": self._provider.signing.roll()})

    async def agents(self, _request: Request) -> Response:
        """GET /control/agents."""
        return _json({"agents": STAFF, "removed": self._provider.sign_ons.removed})

    async def agent(self, request: Request) -> Response:
        """PATCH /control/agents/{username}."""
        who = somebody(request.path_params["username"])
        if who is None:
            return _json({"error": "No agent has that username."}, 404)
        wanted = await _decoded(request, ChangeAgent)
        if isinstance(wanted, Response):
            return wanted
        removed = self._provider.sign_ons.removed
        (removed.add if wanted.removed else removed.discard)(who.username)
        return _json({"username": who.username, "removed": wanted.removed})

    async def reset(self, _request: Request) -> Response:
        """POST /control/reset: everybody and everything as at the start; the clock stays where it is."""
        self._reset()
        self._faults.clear()
        return _json({"now": stamp(self._clock.now())})


async def _decoded(request: Request, shape: type[T]) -> T | Response:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        return _json({"error": "Send application/json."}, 415)
    try:
        return decode(await request.body(), shape)
    except msgspec.DecodeError as error:
        return _json({"error": str(error)}, 400)
