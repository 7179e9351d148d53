"""One request, read in full, as the handlers see it; and the way from a handler to a route.

Handlers are plain functions of a `Call`: nothing else runs between their first and their last line, and a write that
is to be ignored is simply given a copy of the world.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import invalid, malformed, wrong_media
from csrdesk.sandbox.clock import Clock
from csrdesk.sandbox.decoding import decode
from csrdesk.sandbox.faults import ignores_write
from csrdesk.sandbox.model import Activity, User, World

T = TypeVar("T")


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A request and what it is judged against."""

    world: World
    clock: Clock
    base: str
    """The sandbox's own URL as the caller wrote it, without a slash at the end."""
    href: str
    """The full URL of the request."""
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content_type: str
    """Without parameters, lower case."""
    body: bytes
    correlation_id: str

    @property
    def api(self) -> str:
        """URL of the environment at the API."""
        return f"{self.base}/v1/environments/{ids.ENVIRONMENT}"

    @property
    def auth(self) -> str:
        """URL of the environment at the sign-on host."""
        return f"{self.base}/{ids.ENVIRONMENT}"

    def decode(self, shape: type[T]) -> T:
        """The JSON body in that shape; unknown members are passed over, as PingOne does."""
        if self.content_type != "application/json" and not self.content_type.endswith("+json"):
            raise wrong_media()
        try:
            value: object = decode(self.body, object)
        except msgspec.DecodeError:
            raise malformed("The body is not JSON.") from None
        try:
            return msgspec.convert(value, shape)
        except msgspec.ValidationError as error:
            missing = "missing required field" in str(error)
            raise invalid(_place(str(error)), code="REQUIRED_VALUE" if missing else "INVALID_VALUE") from None

    def note(self, type_: str, description: str, user: User) -> None:
        """Writes an activity about that account, done by the calling client."""
        self.world.activities.append(
            Activity(
                id=ids.fresh(),
                at=self.clock.now(),
                type=type_,
                description=description,
                client_id=ids.CLIENT,
                user_id=user.id,
                correlation_id=self.correlation_id,
            )
        )


def _place(message: str) -> str:
    """The member msgspec names in an error: `a.b` of "... - at `$.a.b`", or the missing one's name."""
    quoted = message.split("`")[1::2]
    return next(
        (part.removeprefix("$.") for part in quoted if part not in {"$", "str", "int", "bool", "object"}), "body"
    )


Handler = Callable[[Call], Response]


def by_media(call: Call, handlers: Mapping[str, Handler]) -> Response:
    """Chooses by the exact content type, the way PingOne tells verbs apart; any other is refused with 415."""
    handler = handlers.get(call.content_type)
    if handler is None:
        raise wrong_media()
    return handler(call)


def ping_media(verb: str) -> str:
    """PingOne's content type of that name."""
    return f"application/vnd.pingidentity.{verb.lower()}+json"


async def read(request: Request, world: World, clock: Clock) -> Call:
    """Reads the body and makes the call; on a copy of the world where a fault says that writes do nothing."""
    body = await request.body()
    return Call(
        world=copy.deepcopy(world) if ignores_write(request.scope) else world,
        clock=clock,
        base=str(request.base_url).rstrip("/"),
        href=str(request.url),
        path=request.path_params,
        query=request.query_params,
        headers=request.headers,
        content_type=request.headers.get("content-type", "").split(";")[0].strip().lower(),
        body=body,
        correlation_id=request.scope.setdefault("csrdesk.correlation", ids.fresh()),
    )
