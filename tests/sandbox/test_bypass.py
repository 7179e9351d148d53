from __future__ import annotations

from datetime import timedelta

import pytest

from csrdesk.sandbox import people
from csrdesk.sandbox.clock import stamp
from tests.sandbox.conftest import Desk, error_of


async def set_bypass(desk: Desk, username: str) -> str:
    """Ten minutes of leave; its end as written."""
    until = stamp(desk.box.clock.now() + timedelta(minutes=10))
    answer = await desk.http.put(desk.user_url(username, "/bypassMFA"), json={"bypassMFAEnabledUntil": until})
    assert answer.status_code == 200
    return until


async def test_a_bypass_has_no_end_until_it_is_set_nor_after_it_has_passed(desk: Desk) -> None:
    url = desk.user_url(people.ONE_DEVICE, "/bypassMFA")
    assert set((await desk.http.get(url)).json()) == {"_links"}
    until = await set_bypass(desk, people.ONE_DEVICE)
    assert (await desk.http.get(url)).json()["bypassMFAEnabledUntil"] == until
    desk.box.clock.move(timedelta(minutes=11))
    assert set((await desk.http.get(url)).json()) == {"_links"}


@pytest.mark.parametrize("body", [{}, {"bypassMFAEnabledUntil": None}])
async def test_a_bypass_ends_where_no_moment_is_given(desk: Desk, body: dict[str, None]) -> None:
    await set_bypass(desk, people.ONE_DEVICE)
    answer = await desk.http.put(desk.user_url(people.ONE_DEVICE, "/bypassMFA"), json=body)
    assert (answer.status_code, set(answer.json())) == (200, {"_links"})
    assert desk.box.world.user(people.ONE_DEVICE).bypass_until is None


async def test_a_bypass_without_a_time_zone_is_refused(desk: Desk) -> None:
    body = {"bypassMFAEnabledUntil": "2030-01-01T00:00:00"}
    answer = await desk.http.put(desk.user_url(people.ONE_DEVICE, "/bypassMFA"), json=body)
    assert error_of(answer) == (400, "INVALID_DATA", "INVALID_VALUE")


async def test_with_a_bypass_an_authentication_completes_at_once_and_nobody_is_asked(desk: Desk) -> None:
    await set_bypass(desk, people.ONE_DEVICE)
    device = desk.box.world.user(people.ONE_DEVICE).devices[0].id
    started = await desk.authenticate(people.ONE_DEVICE)
    assert (started.status_code, started.json()["status"]) == (201, "COMPLETED")
    named = await desk.authenticate(people.ONE_DEVICE, selectedDevice={"id": device})
    assert (named.json()["status"], named.json()["selectedDevice"]) == ("COMPLETED", {"id": device})
    assert desk.box.world.passcodes == []


async def test_a_bypass_lets_no_disabled_account_in(desk: Desk) -> None:
    await set_bypass(desk, people.DISABLED_BY_OTHERS)
    answer = await desk.authenticate(people.DISABLED_BY_OTHERS)
    assert error_of(answer) == (400, "REQUEST_FAILED", "ACCOUNT_NOT_USABLE")
