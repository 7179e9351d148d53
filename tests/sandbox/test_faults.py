from __future__ import annotations

import asyncio
import time

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.sandbox.faults import Fault, Faults
from tests.sandbox.conftest import Desk, error_of


async def test_a_status_is_answered_in_pingones_form(desk: Desk) -> None:
    for status, code in ((429, "REQUEST_LIMITED"), (500, "UNEXPECTED_ERROR"), (403, "ACCESS_FAILED")):
        desk.box.faults.add(method="GET", path="/users$", status=status, times=1)
        answer = await desk.http.get(desk.api("/users"))
        assert error_of(answer)[:2] == (status, code)
        assert "correlation-id" in answer.headers
    assert (await desk.http.get(desk.api("/users"))).status_code == 200


async def test_retry_after_is_said(desk: Desk) -> None:
    desk.box.faults.add(status=429, times=1)
    desk.box.faults.add(status=503, retry_after=7, times=1)
    assert (await desk.http.get(desk.api("/users"))).headers["retry-after"] == "1"
    assert (await desk.http.get(desk.api("/users"))).headers["retry-after"] == "7"


async def test_a_fault_meets_only_its_method_and_path(desk: Desk) -> None:
    id_ = desk.box.faults.add(Fault(method="PUT", path="/enabled$", status=500))
    assert (await desk.http.get(desk.user_url("ada", "/enabled"))).status_code == 200
    assert (await desk.http.put(desk.user_url("ada", "/enabled"), json={"enabled": False})).status_code == 500
    assert desk.box.world.user("ada").enabled
    desk.box.faults.clear(id_)
    assert (await desk.http.put(desk.user_url("ada", "/enabled"), json={"enabled": False})).status_code == 200


async def test_a_cut_connection_answers_nothing(desk: Desk) -> None:
    desk.box.faults.add(path="/users", cut=True, times=1)
    with pytest.raises(httpx.TransportError):
        await desk.http.get(desk.api("/users"))
    assert (await desk.http.get(desk.api("/users"))).status_code == 200


async def test_another_shape_is_json_all_the_same(desk: Desk) -> None:
    desk.box.faults.add(path="/users", wrong_shape=True)
    answer = await desk.http.get(desk.api("/users"))
    assert answer.status_code == 200
    assert isinstance(answer.json(), list)


async def test_an_ignored_write_answers_as_ever_and_changes_nothing(desk: Desk) -> None:
    desk.box.faults.add(method="PUT", ignore_write=True)
    desk.box.faults.add(path="/directory/modify", ignore_write=True)
    answer = await desk.http.put(desk.user_url("ada", "/enabled"), json={"enabled": False})
    assert (answer.status_code, answer.json()["enabled"]) == (200, False)
    assert (await desk.http.get(desk.user_url("ada", "/enabled"))).json()["enabled"] is True
    assert (await desk.modify("ada", ("replace", "userAccountControl", ["514"])))["resultCode"] == 0
    assert (await desk.entry("ada"))["userAccountControl"] == ["512"]


async def test_latency_is_added_to_each_call_but_not_to_the_mailbox() -> None:
    async with Sandbox(Options(latency_ms=1000)) as box, httpx.AsyncClient() as http:
        began = time.monotonic()
        await http.get(f"{box.settings().api_url}/environments/x/users")
        assert time.monotonic() - began >= 1
        began = time.monotonic()
        await http.get(f"{box.settings().mailbox_url}.json")
        assert time.monotonic() - began < 1


async def test_a_client_that_does_not_wait_for_its_answer_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    came: list[BaseException | None] = []

    def watched(app: ASGIApp) -> ASGIApp:
        async def call(scope: Scope, receive: Receive, send: Send) -> None:
            try:
                await app(scope, receive, send)
            except BaseException as error:
                came.append(error)
                raise
            came.append(None)

        return call

    async with Sandbox(Options(latency_ms=300), around=watched) as box, httpx.AsyncClient(timeout=0.1) as client:
        with pytest.raises(httpx.TimeoutException):
            await client.post(f"{box.settings().directory_url}/search", json={})
        await client.aclose()
        async with asyncio.timeout(20):
            while not came:  # noqa: ASYNC110 - until the request is over, whatever came of it
                await asyncio.sleep(0.02)
    assert came == [None]
    assert not [record for record in caplog.records if record.exc_info]


async def test_failures_at_a_rate_meet_about_that_share_and_never_mailbox_or_controls() -> None:
    async with Sandbox(Options(fail="503:0.3")) as box, httpx.AsyncClient() as http:
        url = f"{box.settings().api_url}/environments/x/users"
        statuses = [(await http.get(url)).status_code for _ in range(200)]
        assert 30 <= statuses.count(503) <= 90
        assert {503, 401} == set(statuses)
        for path in ("/mailbox.json", "/control/clock") * 10:
            assert (await http.get(f"{box.settings().auth_url}{path}")).status_code == 200


@pytest.mark.parametrize("fail", ["503", "200:0.5", "503:2", "x:0.1", "503:-1"])
def test_failures_that_cannot_be_read_are_refused(fail: str) -> None:
    with pytest.raises(ValueError, match=r"503:0\.2"):
        Faults(fail=fail)


def test_which_calls_fail_is_the_same_in_every_run() -> None:
    first, second = Faults(fail="503:0.5"), Faults(fail="503:0.5")
    assert [first.meet("GET", "/v1") is None for _ in range(50)] == [
        second.meet("GET", "/v1") is None for _ in range(50)
    ]


class Steering:
    """A client of the controls, as another process would be."""

    def __init__(self, desk: Desk) -> None:
        self.http = desk.http
        self.url = f"{desk.at.auth_url}/control"

    async def call(self, method: str, path: str, body: object = None) -> httpx.Response:
        return await self.http.request(method, self.url + path, json=body)


@pytest.fixture
async def steering(desk: Desk) -> Steering:
    return Steering(desk)


async def test_the_clock_is_moved_over_http(desk: Desk, steering: Steering) -> None:
    before = desk.box.clock.now()
    assert (await steering.call("POST", "/clock", {"move_seconds": 3600})).status_code == 200
    assert (desk.box.clock.now() - before).total_seconds() >= 3600
    assert "now" in (await steering.call("GET", "/clock")).json()


async def test_faults_are_set_and_cleared_over_http(desk: Desk, steering: Steering) -> None:
    id_ = (await steering.call("POST", "/faults", {"path": "/users", "status": 503})).json()["id"]
    assert (await desk.http.get(desk.api("/users"))).status_code == 503
    assert list((await steering.call("GET", "/faults")).json()["faults"]) == [id_]
    await steering.call("DELETE", f"/faults/{id_}")
    assert (await desk.http.get(desk.api("/users"))).status_code == 200
    await steering.call("POST", "/faults", {"cut": True})
    await steering.call("DELETE", "/faults")
    assert (await desk.http.get(desk.api("/users"))).status_code == 200


@pytest.mark.parametrize("body", [{"path": "("}, {"rate": 2}, {"status": "x"}, {"stats": 503}, []])
async def test_a_fault_that_makes_no_sense_is_refused(steering: Steering, body: object) -> None:
    assert (await steering.call("POST", "/faults", body)).status_code == 400


async def test_an_account_is_changed_over_http_as_others_would_change_it(desk: Desk, steering: Steering) -> None:
    answer = await steering.call("PATCH", "/users/ada", {"email": "new@mail.example", "enabled": False})
    assert answer.json()["email"] == "new@mail.example"
    assert not desk.box.world.user("ada").enabled
    assert (await steering.call("GET", "/users/nobody")).status_code == 404


async def test_reset_brings_everybody_back(desk: Desk, steering: Steering) -> None:
    desk.box.world.user("ada").enabled = False
    await desk.authenticate("bruno")
    await steering.call("POST", "/reset")
    assert desk.box.world.user("ada").enabled
    assert not desk.box.world.passcodes


async def test_the_controls_take_no_form_of_a_web_page(steering: Steering) -> None:
    answer = await steering.http.post(f"{steering.url}/clock", content=b'{"move_seconds":1}')
    assert answer.status_code == 415


async def test_another_host_name_is_refused(desk: Desk) -> None:
    answer = await desk.http.get(f"{desk.at.mailbox_url}.json", headers={"host": "evil.example"})
    assert answer.status_code == 400


async def test_the_people_worth_trying_are_listed_over_http(steering: Steering) -> None:
    listed = (await steering.call("GET", "/people")).json()["people"]
    assert listed[0]["username"] == people.ONE_DEVICE


async def test_a_late_answer_comes_when_the_write_is_long_done(desk: Desk) -> None:
    desk.box.faults.add(path="/enabled$", late_ms=60_000, times=1)
    with pytest.raises(httpx.ReadTimeout):
        await desk.http.put(desk.user_url("ada", "/enabled"), json={"enabled": False}, timeout=1)
    assert not desk.box.world.user("ada").enabled
