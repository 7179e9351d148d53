"""The other end of the inner door: `CustomerSession` and `PublicSession` of pages that are a process of their own.

It holds nothing but the way to the desk: what a page shows and what a customer types pass through memory.
"""

from __future__ import annotations

from typing import Final, TypeVar

import msgspec

from csrdesk.errors import ConfigError, UnexpectedAnswerError
from csrdesk.flows.doors import NOBODY, LinkView, PublicView, Visitor
from csrdesk.flows.kernel import Answer
from csrdesk.model.secret import Secret
from csrdesk.server.door import PREFIX
from csrdesk.server.look import Logo, Look
from csrdesk.server.signals import Signals
from csrdesk.services import http
from csrdesk.services.timing import Watch, timed
from csrdesk.wire import pages as w
from csrdesk.wire.now import NOW_HEADER, DeskTime
from csrdesk.wire.values import Wrong
from csrdesk.wire.wrong import from_wire

T = TypeVar("T")

SYSTEM: Final = "The desk"
SECONDS: Final = 25.0
"""For each request: a page is kept waiting for up to 15 s on purpose."""


class Way:
    """Requests to the desk. All raise `ServiceError` where it cannot be reached or understood, and what it raised."""

    def __init__(self, client: http.Client, secret: Secret, watch: Watch | None = None) -> None:
        self.time = DeskTime()
        """What time it is at the desk."""
        self._client = client
        self._watch = watch
        self._headers = {"authorization": f"Bearer {secret.reveal()}", "content-type": "application/json"}

    async def about(self) -> w.About:
        """How the pages look and where they are. Raises `ConfigError` where the desk does not take the secret."""
        return await self._asked("GET", "about", None, w.About)

    async def ask(self, name: str, question: msgspec.Struct, kind: type[T]) -> T:
        """Ask for one thing."""
        return await self._asked("POST", name, w.encode(question), kind)

    async def _asked(self, method: str, name: str, content: bytes | None, kind: type[T]) -> T:
        request = self._client.build_request(method, f"{PREFIX}/{name}", content=content, headers=self._headers)
        asked = self.time.elapsed()
        sending = http.send(self._client, request, system=SYSTEM, timeout_seconds=SECONDS)
        answer = await timed(self._watch, "desk", sending)
        self.time.heard(answer.headers.get(NOW_HEADER, ""), asked)
        if answer.status_code == 401:
            words = "The desk does not take this secret: pages.door_secret_file must hold what the desk's own holds."
            raise ConfigError(words, key="pages.door_secret_file")
        try:
            if answer.is_success:
                return w.decode(answer.content, kind)
            wrong = msgspec.json.decode(answer.content, type=Wrong)
        except msgspec.DecodeError as error:
            raise w.not_understood(f"status={answer.status_code} {kind.__name__}: {error}") from None
        raise from_wire(wrong)

    async def close(self) -> None:
        """Close the kept connections."""
        await self._client.aclose()


class DoorCustomers:
    """`CustomerSession`."""

    def __init__(self, way: Way) -> None:
        self._way = way

    async def open(
        self, token: str, browser: str, *, user_agent: str = "", fetch: bool = True, source: str = ""
    ) -> LinkView:
        """As the desk does."""
        question = w.Open(Secret(token), Secret(browser), user_agent, fetch, source)
        return w.link_view_of(await self._way.ask("open", question, w.LinkShown))

    async def answer(
        self, token: str, browser: str, answer: Answer, *, source: str = "", visitor: Visitor = NOBODY
    ) -> LinkView:
        """As the desk does."""
        form = w.Form(Secret(token), Secret(browser), w.named(answer), source, visitor.user_agent, visitor.signals)
        return w.link_view_of(await self._way.ask("answer", form, w.LinkShown))

    async def opened_address(self, user_agent: str) -> None:
        """As the desk does."""
        await self._way.ask("opened-address", w.Visit(user_agent), type(None))

    async def enter_code(self, code: Secret, browser: str, *, source: str = "", visitor: Visitor = NOBODY) -> Secret:
        """As the desk does."""
        typed = w.Code(code, Secret(browser), source, visitor.user_agent, visitor.signals)
        return (await self._way.ask("enter-code", typed, w.Token)).token


class DoorPublic:
    """`PublicSession`; what is offered, the desk has said."""

    def __init__(self, way: Way, offered: tuple[str, ...]) -> None:
        self._way = way
        self._offered = offered

    def offers(self, flow: str) -> bool:
        """As the desk said last."""
        return flow in self._offered

    async def begin(self, flow: str, browser: str, answer: Answer, *, source: str, visitor: Visitor) -> Secret:
        """As the desk does."""
        asked = w.Begin(flow, Secret(browser), w.named(answer), source, visitor.user_agent, visitor.signals)
        return (await self._way.ask("public/begin", asked, w.Token)).token

    async def resume(self, flow: str, token: str, browser: str, *, source: str) -> Secret:
        """As the desk does."""
        asked = w.Resume(flow, Secret(token), Secret(browser), source)
        return (await self._way.ask("public/resume", asked, w.Token)).token

    async def open(self, token: str, browser: str) -> PublicView:
        """As the desk does."""
        return w.public_view_of(
            await self._way.ask("public/open", w.Open(Secret(token), Secret(browser)), w.PublicShown)
        )

    async def answer(
        self, token: str, browser: str, answer: Answer, asked: int, *, source: str, visitor: Visitor
    ) -> PublicView:
        """As the desk does."""
        form = w.Form(
            Secret(token), Secret(browser), w.named(answer), source, visitor.user_agent, visitor.signals, asked
        )
        return w.public_view_of(await self._way.ask("public/answer", form, w.PublicShown))


def check_version(about: w.About) -> None:
    """Raises `UnexpectedAnswerError` where desk and pages are of versions that do not understand each other."""
    if about.version != w.VERSION:
        words = "Desk and pages are of different versions: run the same csrdesk on both."
        raise UnexpectedAnswerError(words, system=SYSTEM, details=f"version={about.version}")


def look_of(about: w.About) -> Look:
    """How the pages look."""
    logo = Logo(about.logo.content, about.logo.media_type) if about.logo else None
    script = about.signals
    signals = Signals(script.url, script.integrity, script.environment_id) if script else None
    return Look(about.company, about.phone, logo, about.logo_style, about.sign_on_url, signals)
