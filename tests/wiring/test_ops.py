"""Health and figures of a desk that serves: true, on an address of their own, and without a word of anybody."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette

from csrdesk.config import ServeSettings, Settings
from csrdesk.demo.beside import SandboxSide
from csrdesk.demo.calls import not_me, verified_call
from csrdesk.demo.resets import reset_in_page
from csrdesk.demo.stage import Stage
from csrdesk.engine.store_sqlite import SqliteStore
from csrdesk.errors import ConfigError, UnreachableError
from csrdesk.sandbox import Options, Sandbox
from csrdesk.server.health import Health
from csrdesk.services.timing import timed
from csrdesk.wiring import open_desk
from csrdesk.wiring.ops import Ops, checks_of, desk_watched
from csrdesk.wiring.trial import settings_for


def free_port() -> int:
    """One that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path) -> Settings:
    return replace(settings_for(box.settings(), tmp_path), serve=ServeSettings(ops_port=free_port()))


def values(text: str) -> dict[str, float]:
    """Each sample by its name and labels."""
    return {
        " ".join((sample.name, *(f"{key}={value}" for key, value in sorted(sample.labels.items())))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_r_16_the_figures_of_whole_calls_are_right_and_name_nobody(box: Sandbox, settings: Settings) -> None:
    """Three calls of the demo, because what must not be in the figures has to have been there to be found."""
    ops = Ops("127.0.0.1", settings.serve.ops_port)
    assert ops.metrics
    async with open_desk(settings, serve_pages=True, watch=ops.watch) as desk, desk_watched(ops, desk):
        async with httpx.AsyncClient(base_url=ops.url) as client:
            before = values((await client.get("/metrics")).text)
            for scene in (verified_call, reset_in_page, not_me):
                async for _ in scene(Stage(box, desk, SandboxSide(box))):
                    pass
            text = (await client.get("/metrics")).text
            ready = await client.get("/ready")
            assert (await client.get("/health")).text == "ok\n"
            for method, path in (("POST", "/metrics"), ("GET", "/v/x"), ("GET", "/")):
                assert (await client.request(method, path)).status_code in (404, 405)
        async with httpx.AsyncClient(base_url=desk.pages_url) as customers:
            for path in ("/metrics", "/ready", "/health"):
                assert "csrdesk_" not in (answer := await customers.get(path)).text
                assert answer.status_code == 404
    assert ready.json() == {"ready": True, "database": True, "pages": True, "pingone": True}
    now = values(text)
    assert before["csrdesk_calls_started_total"] == 0
    assert now["csrdesk_calls_started_total"] == 4
    assert now["csrdesk_calls_verified_total"] == 2
    assert now["csrdesk_calls_open"] == now["csrdesk_audit_unavailable"] == 0
    assert now["csrdesk_audit_rows_total kind=intent"] == now["csrdesk_audit_rows_total kind=outcome"] > 10
    for service in ("pingone", "directory", "mail"):
        assert now[f"csrdesk_outside_seconds_count result=ok service={service}"] > 0
    assert now["csrdesk_event_loop_lag_seconds_count"] > 0
    labels = {value for family in text_string_to_metric_families(text) for one in family.samples
              for key, value in one.labels.items() if key != "le"}  # fmt: skip
    assert all(re.fullmatch(r"[a-z_]{2,30}", label) for label in labels), labels
    for user in box.world.users.values():
        for named in (user.id, user.username, user.email, user.family):
            assert not named or not re.search(rf"\b{re.escape(named)}\b", text), named


async def test_without_a_port_nothing_is_served_or_loaded() -> None:
    ops = Ops("127.0.0.1", 0)
    assert (ops.url, ops.metrics) == ("", None)
    async with ops.served({}):
        pass


async def test_a_taken_port_names_its_own_key() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ConfigError, match=r"serve\.ops_port") as raised:
            async with Ops("127.0.0.1", other.getsockname()[1]).served({}):
                pass
    assert raised.value.key == "serve.ops_port"


async def test_a_desk_is_ready_once_pingone_was_reached_and_stays_so_while_it_is_down(
    box: Sandbox, settings: Settings
) -> None:
    async with open_desk(settings, serve_pages=True) as desk:
        unready = checks_of(desk)
        box.faults.add(path="/users", status=403)
        assert not await unready["pingone"]()
        box.faults.clear()
        assert await unready["pingone"]()
        box.faults.add(path="/users", status=403)
        assert await unready["pingone"]()


async def ready(health: Health) -> httpx.Response:
    transport = httpx.ASGITransport(Starlette(routes=health.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://ops.test") as client:
        return await client.get("/ready")


async def test_readiness_is_bounded_in_time_and_asked_once_in_some_seconds() -> None:
    asked: list[str] = []

    async def well() -> bool:
        asked.append("well")
        return True

    async def hangs() -> bool:
        await asyncio.Event().wait()
        return True

    health = Health({"well": well, "hangs": hangs}, patience=0.05)
    began = time.monotonic()
    answers = await asyncio.gather(*(ready(health) for _ in range(20)))
    assert time.monotonic() - began < 3
    assert {answer.status_code for answer in answers} == {503}
    assert answers[0].json() == {"ready": False, "well": True, "hangs": False}
    assert asked == ["well"]


async def test_the_figures_say_that_the_audit_cannot_be_used(settings: Settings) -> None:
    ops = Ops("127.0.0.1", settings.serve.ops_port)
    assert ops.metrics
    async with open_desk(settings, serve_pages=True) as desk, desk_watched(ops, desk):
        store = desk.engine._desk.store  # noqa: SLF001 - the database goes away under a running desk
        assert isinstance(store, SqliteStore)
        await store.close()
        text = (await ops.metrics.text()).decode()
    assert values(text)["csrdesk_audit_unavailable"] == 1


async def test_each_end_of_a_call_outside_is_told() -> None:
    told: list[tuple[str, str]] = []

    def watch(service: str, result: str, seconds: float) -> None:
        assert seconds >= 0
        told.append((service, result))

    async def fails(error: BaseException) -> None:
        raise error

    with pytest.raises(UnreachableError):
        await timed(watch, "mail", fails(UnreachableError("no")))
    with pytest.raises(asyncio.CancelledError):
        await timed(watch, "mail", fails(asyncio.CancelledError()))
    assert told == [("mail", "unreachable"), ("mail", "failed")]
