"""What one client may cost the desk API: bodies, slowness and waits are bounded, and errors are JSON throughout."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.types import ASGIApp

from csrdesk import errors as e
from csrdesk.flows.doors import View
from csrdesk.flows.prompts import UsernamePrompt
from csrdesk.server.agent_rates import AT_ONCE as AT_ONCE_REQUESTS
from csrdesk.server.agent_rates import AgentRates
from csrdesk.server.api_requests import MAX_BODY
from csrdesk.server.desk_api import make_desk_api
from csrdesk.server.failures import status_of
from csrdesk.server.long_poll import AT_ONCE, LongPolls
from csrdesk.server.serve import listen, serve
from csrdesk.wire.values import State
from csrdesk.wire.wrong import from_wire, to_wire
from tests.remote.conftest import GRACE, HAL, FixedGate, Served, token_of
from tests.unit.test_errors import LEAVES, made

PREFIX = "/desk/v1"
SIGNED_IN = {"authorization": f"Bearer {token_of(GRACE)}"}


class Quiet:
    """A desk whose one flow never moves on, unless `news` is set; with a defect where one asks for the calls."""

    def __init__(self) -> None:
        self.news = asyncio.Event()
        self.left = 0
        self.state = State()

    def session(self, _signed: object) -> Quiet:
        return self

    async def changed(self, flow_id: str, rev: int) -> View:
        try:
            await self.news.wait()
        except asyncio.CancelledError:
            self.left += 1
            raise
        return View(flow_id, "csr_main", rev + 1, UsernamePrompt())

    async def calls(self, *, all_of_them: bool) -> tuple[object, ...]:
        raise RuntimeError(f"nobody expected this: passcode 123456 {all_of_them}")


@contextlib.asynccontextmanager
async def serving(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    async with serve(app, listen()) as port:
        limits = httpx.Limits(max_connections=200)
        url = f"http://localhost:{port}{PREFIX}"
        async with httpx.AsyncClient(base_url=url, headers=SIGNED_IN, limits=limits, timeout=40) as client:
            yield client


async def until(polls: LongPolls, number: int) -> None:
    """Wait until so many wait."""
    while polls.waiting != number:  # noqa: ASYNC110 - as a client sees it
        await asyncio.sleep(0.01)


def api(desk: Quiet, polls: LongPolls, *, rates: AgentRates | None = None) -> ASGIApp:
    return make_desk_api(desk, FixedGate(), polls, https=True, description=b"{}", rates=rates)  # type: ignore[arg-type]  # ten lines


async def test_a_body_that_is_too_large_is_not_read_to_its_end(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url + PREFIX, headers=SIGNED_IN) as client:
        for size, status in ((MAX_BODY + 1, 413), (50 * MAX_BODY, 413), (MAX_BODY, 422)):
            refused = await client.post("/flows", content=b" " * size, headers={"content-type": "application/json"})
            assert (refused.status_code, refused.json()["code"]) == (status, "invalid_value")
        other = await client.post("/flows", content=b"{}", headers={"content-type": "text/plain"})
        assert other.status_code == 415
        long = {"flow": "csr_main", "inputs": {"ticket": "x" * 1001}}
        refused = await client.post("/flows", json=long)
        assert (refused.status_code, refused.json()["fields"]) == (422, {"ticket": "too long"})


async def test_a_body_that_does_not_come_ends_the_request() -> None:
    app = make_desk_api(Quiet(), FixedGate(), LongPolls(), https=False, description=b"{}", body_seconds=0.2)  # type: ignore[arg-type]  # as above
    async with serve(app, listen()) as port:
        reader, writer = await asyncio.open_connection("localhost", port)
        head = f"POST {PREFIX}/flows HTTP/1.1\r\nhost: x\r\nauthorization: {SIGNED_IN['authorization']}\r\n"
        writer.write(f"{head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{{".encode())
        answer = await asyncio.wait_for(reader.read(), 60)
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"timed_out" in answer


async def test_no_news_is_said_after_the_time_that_was_asked_for() -> None:
    polls, desk = LongPolls(), Quiet()
    async with serving(api(desk, polls)) as client:
        none = await client.get("/flows/f/changed?rev=3&wait=0")
        assert (none.status_code, none.content) == (204, b"")
        for wrong in ("wait=26", "wait=-1", "wait=x", "rev=", "rev=99999999999999999999"):
            assert (await client.get(f"/flows/f/changed?{wrong}")).status_code == 422
        waiting = asyncio.create_task(client.get("/flows/f/changed?rev=3"))
        await until(polls, 1)
        desk.news.set()
        assert (await waiting).json()["rev"] == 4
        assert polls.waiting == 0


async def test_one_agent_waits_for_a_bounded_number_of_calls_at_once() -> None:
    polls, desk = LongPolls(), Quiet()
    async with serving(api(desk, polls)) as client:
        waiting = [asyncio.create_task(client.get("/flows/f/changed?rev=3")) for _ in range(AT_ONCE)]
        await until(polls, AT_ONCE)
        refused = await client.get("/flows/f/changed?rev=3")
        assert (refused.status_code, refused.json()["code"]) == (429, "limit_reached")
        assert refused.headers["retry-after"] == "25"
        desk.news.set()
        assert {(await one).status_code for one in waiting} == {200}


async def test_r_18_one_agent_cannot_keep_a_desk_busy_for_the_others() -> None:
    async with serving(api(Quiet(), LongPolls(), rates=AgentRates(now=lambda: 0.0))) as client:
        answers = [await client.get("/state") for _ in range(int(AT_ONCE_REQUESTS) + 1)]
        *taken, refused = answers
        assert {answer.status_code for answer in taken} == {200}
        assert (refused.status_code, refused.json()["code"]) == (429, "limit_reached")
        assert refused.headers["retry-after"] == "1"
        other = await client.get("/state", headers={"authorization": f"Bearer {token_of(HAL)}"})
        assert other.status_code == 200


def test_what_an_agent_used_up_flows_back_with_the_time() -> None:
    moved = 0.0
    rates = AgentRates(now=lambda: moved)

    def taken(agent: str) -> int:
        for number in range(10_000):
            try:
                rates.count(agent)
            except e.LimitReachedError:
                return number
        return -1

    assert (taken("grace"), taken("grace"), taken("hal")) == (300, 0, 300)
    moved = 0.5
    assert taken("grace") == 25
    moved = 1000
    assert taken("grace") == 300


async def test_nobody_waits_any_more_for_a_client_that_has_gone() -> None:
    polls, desk = LongPolls(), Quiet()
    async with serving(api(desk, polls)) as client:
        waiting = [asyncio.create_task(client.get("/flows/f/changed?rev=3")) for _ in range(10)]
        await until(polls, 10)
        for one in waiting:
            one.cancel()
        await until(polls, 0)
        assert desk.left == 10


async def test_a_server_that_stops_lets_everybody_ask_elsewhere_without_an_error() -> None:
    polls, desk = LongPolls(), Quiet()
    async with serving(api(desk, polls)) as client:
        waiting = [asyncio.create_task(client.get("/flows/f/changed?rev=3")) for _ in range(10)]
        await until(polls, 10)
        polls.stop()
        assert {(await one).status_code for one in waiting} == {204}


async def test_an_error_that_nobody_expected_tells_its_place_in_the_log_and_no_more() -> None:
    async with serving(api(Quiet(), LongPolls())) as client:
        crashed = await client.get("/calls")
    assert (crashed.status_code, crashed.json()["code"]) == (500, "crash")
    assert len(crashed.json()["correlation_id"]) == 8
    assert "123456" not in crashed.text
    assert crashed.headers["strict-transport-security"]
    assert crashed.headers["cache-control"] == "no-store"


async def test_what_is_at_no_address_or_takes_no_such_method_is_said_as_json(served: Served) -> None:
    async with httpx.AsyncClient(base_url=served.url, headers=SIGNED_IN) as client:
        for method, path, status in (("GET", "/desk/v2/about", 404), ("DELETE", f"{PREFIX}/calls", 405)):
            refused = await client.request(method, path)
            assert (refused.status_code, refused.json()["code"]) == (status, "not_found")
        assert (await client.get(f"{PREFIX}/rows/x")).status_code == 404
        assert (await client.get(f"{PREFIX}/rows?since=yesterday")).status_code == 422


@pytest.mark.parametrize("kind", LEAVES)
def test_every_error_is_the_same_at_the_other_end(kind: type[e.CsrdeskError]) -> None:
    error = made(kind)
    error.correlation_id = "c-1"
    again = from_wire(to_wire(error))
    assert type(again) is kind
    assert (again.message, again.details, again.correlation_id) == (error.message, error.details, "c-1")
    assert status_of(again) == status_of(error)


def test_an_error_of_a_later_desk_is_said_in_its_words() -> None:
    told = to_wire(e.NotFoundError("There is none.", details="d"))
    again = from_wire(type(told)(code="too_new", message=told.message, details=told.details, after=3.0))
    assert isinstance(again, e.UnexpectedAnswerError)
    assert (again.message, again.details, again.after, again.system) == ("There is none.", "d", 3.0, "")
