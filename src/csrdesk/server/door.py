"""The inner door: `CustomerSession` and `PublicSession` for customers' pages that are a process of their own.

An application of its own, on a socket of its own, for whoever has the door's secret. What a page cannot do is not here.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk import errors as e
from csrdesk.flows.doors import CustomerSession, PublicSession
from csrdesk.model.secret import Secret
from csrdesk.server.failures import status_of
from csrdesk.server.look import Look
from csrdesk.wire import pages as w
from csrdesk.wire.now import said
from csrdesk.wire.wrong import to_wire

T = TypeVar("T")

PREFIX: Final = "/pages/v1"
MAX_BODY: Final = 512 * 1024
"""Bytes: a form of a page has 256 kB at the most, and JSON can make it longer."""
HEARD_SECONDS: Final = 20.0
"""How long after their last question pages count as being there; they ask every few seconds."""
NOBODY: Final = (
    "No process serves the customers' pages at this desk's door, so a link would open nothing. "
    "Start `csrdesk serve --role pages`."
)
_FOR_FORMS = b"csrdesk pages form key 1\n"


def form_key(desk_key: bytes) -> bytes:
    """The key of the pages' forms; what is made of it tells nothing of the desk's own."""
    return hmac.new(desk_key, _FOR_FORMS, hashlib.sha256).digest()


class Door:
    """What is behind the door, and whether anybody is before it."""

    def __init__(
        self,
        customers: CustomerSession,
        public: PublicSession,
        about: Callable[[], w.About],
        secret: Secret,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._customers = customers
        self._public = public
        self._about = about
        self._secret = secret
        self._now = now
        self._heard = float("-inf")

    @property
    def is_used(self) -> bool:
        """Whether pages have asked for the desk lately."""
        return time.monotonic() < self._heard + HEARD_SECONDS

    def app(self) -> ASGIApp:
        """The application; without the secret nothing of it is reached, and no body is read."""
        works: dict[str, Callable[[bytes], Awaitable[object]]] = {
            "open": self._open,
            "answer": self._answer,
            "opened-address": self._opened_address,
            "enter-code": self._enter_code,
            "public/begin": self._begin,
            "public/resume": self._resume,
            "public/open": self._public_open,
            "public/answer": self._public_answer,
        }
        routes = [Route(f"{PREFIX}/{name}", _endpoint(work), methods=["POST"]) for name, work in works.items()]
        routes.append(Route(f"{PREFIX}/about", self._tell, methods=["GET"]))
        return _Locked(Starlette(routes=routes), self._secret, self._now)

    async def _tell(self, _request: Request) -> Response:
        self._heard = time.monotonic()
        return _json(self._about())

    async def _open(self, body: bytes) -> object:
        asked = w.decode(body, w.Open)
        link = await self._customers.open(
            asked.token.reveal(), asked.browser.reveal(),
            user_agent=asked.user_agent, fetch=asked.fetch, source=asked.source,
        )  # fmt: skip
        return w.link_shown(link)

    async def _answer(self, body: bytes) -> object:
        form = w.decode(body, w.Form)
        answer = w.answer_of(form.answer)
        link = await self._customers.answer(
            form.token.reveal(), form.browser.reveal(), answer,
            source=form.source, visitor=w.visitor(form.user_agent, form.signals),
        )  # fmt: skip
        return w.link_shown(link)

    async def _opened_address(self, body: bytes) -> object:
        await self._customers.opened_address(w.decode(body, w.Visit).user_agent)
        return None

    async def _enter_code(self, body: bytes) -> object:
        typed = w.decode(body, w.Code)
        visitor = w.visitor(typed.user_agent, typed.signals)
        token = await self._customers.enter_code(
            typed.code, typed.browser.reveal(), source=typed.source, visitor=visitor
        )
        return w.Token(token)

    async def _begin(self, body: bytes) -> object:
        asked = w.decode(body, w.Begin)
        answer, visitor = w.answer_of(asked.answer), w.visitor(asked.user_agent, asked.signals)
        token = await self._public.begin(
            asked.flow, asked.browser.reveal(), answer, source=asked.source, visitor=visitor
        )
        return w.Token(token)

    async def _resume(self, body: bytes) -> object:
        asked = w.decode(body, w.Resume)
        token = await self._public.resume(asked.flow, asked.token.reveal(), asked.browser.reveal(), source=asked.source)
        return w.Token(token)

    async def _public_open(self, body: bytes) -> object:
        asked = w.decode(body, w.Open)
        seen = await self._public.open(asked.token.reveal(), asked.browser.reveal())
        return w.PublicShown(w.shown(seen.view), seen.until)

    async def _public_answer(self, body: bytes) -> object:
        form = w.decode(body, w.Form)
        answer, visitor = w.answer_of(form.answer), w.visitor(form.user_agent, form.signals)
        seen = await self._public.answer(
            form.token.reveal(), form.browser.reveal(), answer, form.asked, source=form.source, visitor=visitor
        )
        return w.PublicShown(w.shown(seen.view), seen.until)


def about(look: Look, key: bytes, *, public_url: str, spoken_address: bool, offers: tuple[str, ...] = ()) -> w.About:
    """What the pages are told; `key` is the desk's own."""
    signals = look.signals
    return w.About(
        version=w.VERSION,
        public_url=public_url,
        form_key=Secret(form_key(key).hex()),
        company=look.company,
        phone=look.phone,
        sign_on_url=look.sign_on_url,
        logo_style=look.logo_style,
        logo=w.Picture(look.logo.content, look.logo.media_type) if look.logo else None,
        signals=w.Script(signals.url, signals.integrity, signals.environment_id) if signals else None,
        spoken_address=spoken_address,
        offers=offers,
    )


def _endpoint(work: Callable[[bytes], Awaitable[object]]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        body = await _body(request)
        if body is None:
            return Response(status_code=413)
        try:
            return _json(await work(body))
        except msgspec.DecodeError:
            return Response(status_code=400)
        except e.CsrdeskError as error:
            return _json(to_wire(error), status_of(error))

    return endpoint


async def _body(request: Request) -> bytes | None:
    """The whole body; None for one that is too long, of which no more is kept."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return None
    return bytes(body)


def _json(value: object, status: int = 200) -> Response:
    return Response(w.encode(value), status, media_type="application/json", headers={"Cache-Control": "no-store"})


class _Locked:
    """Lets a request through that carries the secret (RFC 6750), and says nothing to any other. On each answer it says
    what time it is at the desk.
    """

    def __init__(self, app: ASGIApp, secret: Secret, now: Callable[[], datetime]) -> None:
        self._app, self._now = app, now
        self._expected = f"Bearer {secret.reveal()}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(said(self._now()))
            await send(message)

        headers: list[tuple[bytes, bytes]] = scope.get("headers", [])
        given = [value for name, value in headers if name == b"authorization"]
        if len(given) == 1 and hmac.compare_digest(given[0], self._expected):
            await self._app(scope, receive, dated)
        else:
            await Response(status_code=401, headers={"WWW-Authenticate": "Bearer"})(scope, receive, send)
