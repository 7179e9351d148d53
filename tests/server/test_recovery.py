"""The recovery pages by themselves: what a page that works shows is the same however far its flow is."""

from __future__ import annotations

from datetime import timedelta

import httpx
from msgspec import Struct

from csrdesk.flows.doors import PublicView, View, Visitor
from csrdesk.flows.kernel import Answer
from csrdesk.model.secret import Secret
from csrdesk.server.app import make_app
from tests.server.conftest import KEY, LOOK, ORIGIN
from tests.server.customers import NOW, Customers


class Working(Struct):
    """A `PublicSession` whose only page works, after that many steps."""

    steps: int

    def offers(self, _flow: str) -> bool:
        return True

    async def begin(self, flow: str, browser: str, answer: Answer, *, source: str, visitor: Visitor) -> Secret:
        raise NotImplementedError

    async def resume(self, flow: str, token: str, browser: str, *, source: str) -> Secret:
        raise NotImplementedError

    async def open(self, token: str, browser: str) -> PublicView:
        view = View(token, browser, self.steps, working="One moment")
        return PublicView(view, NOW + timedelta(minutes=9))

    async def answer(
        self, token: str, browser: str, answer: Answer, asked: int, *, source: str, visitor: Visitor
    ) -> PublicView:
        raise NotImplementedError


async def test_a_page_that_works_does_not_tell_how_many_steps_its_flow_has_made() -> None:
    shown = set()
    for steps in (5, 6):
        app = make_app(Customers(), LOOK, key=KEY, public_url=ORIGIN, now=lambda: NOW, public=Working(steps))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=ORIGIN) as browser:
            answer = await browser.get("/recover/token")
            assert answer.status_code == 200
            shown.add(answer.text)
    assert len(shown) == 1
    assert "One moment" in shown.pop()
