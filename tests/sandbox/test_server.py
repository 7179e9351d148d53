from __future__ import annotations

import asyncio
import time

import httpx
import pytest

from csrdesk.sandbox import Options, Sandbox, people
from tests.sandbox.conftest import Desk


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "example.test", "::"])
def test_a_host_that_is_not_loopback_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(Options(host=host))


async def test_nothing_is_left_behind() -> None:
    async with Sandbox(Options()) as box:
        ca_file = box.settings().smtp_ca_file
        assert ca_file.stat().st_mode & 0o077 == 0 or ca_file.parent.stat().st_mode & 0o077 == 0
    assert not ca_file.parent.exists()
    with pytest.raises(RuntimeError):
        box.settings()


async def test_a_port_in_use_is_said_at_once() -> None:
    async with Sandbox(Options()) as box:
        port = int(box.settings().auth_url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            await Sandbox(Options(port=port)).start()


async def test_answers_are_sent_without_the_networks_delay(desk: Desk) -> None:
    took = []
    for _ in range(15):
        began = time.monotonic()
        await desk.http.get(desk.user_url(people.ONE_DEVICE, "/enabled"))
        took.append(time.monotonic() - began)
    # Nagle's algorithm would cost each of them 40 ms; a busy machine costs some of them more.
    assert min(took) < 0.03


async def test_two_sandboxes_run_side_by_side() -> None:
    async with Sandbox(Options()) as one, Sandbox(Options()) as other:
        assert one.settings().auth_url != other.settings().auth_url
        one.world.user(people.ONE_DEVICE).enabled = False
        assert other.world.user(people.ONE_DEVICE).enabled


async def test_it_ends_at_once_where_connections_are_merely_kept() -> None:
    taken = []
    for _ in range(5):
        box = Sandbox(Options())
        await box.start()
        async with httpx.AsyncClient() as http:
            await http.get(f"{box.settings().mailbox_url}.json")
            began = time.monotonic()
            await box.stop()
            taken.append(time.monotonic() - began)
    assert min(taken) < 0.1


async def test_it_ends_while_a_slow_answer_is_on_its_way(desk: Desk) -> None:
    desk.box.faults.add(latency_ms=300)
    waiting = asyncio.create_task(desk.http.get(desk.api("/mfaSettings")))
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await desk.box.stop()
    assert time.monotonic() - began < 3
    assert (await waiting).status_code == 200
