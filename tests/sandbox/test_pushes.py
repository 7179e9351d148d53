from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from csrdesk.sandbox import ids, people
from csrdesk.sandbox.passcodes import totp_now
from tests.sandbox.conftest import Desk, error_of


def at(desk: Desk, started: httpx.Response) -> str:
    return f"{desk.authentications}/{started.json()['id']}"


async def status(desk: Desk, started: httpx.Response) -> str:
    return str((await desk.http.get(at(desk, started))).json()["status"])


async def on_phone(desk: Desk, act: str, number: str = "") -> httpx.Response:
    form = {"push": str(desk.box.world.pushes[-1].seq), "act": act, "number": number}
    return await desk.http.post(f"{desk.at.mailbox_url}/push", data=form)


async def test_the_number_that_the_page_shows_approves(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_APP)
    assert started.json()["status"] == "PUSH_CONFIRMATION_REQUIRED"
    number = started.json()["numberMatching"]["number"]
    push = desk.box.world.pushes[-1]
    assert number in push.choices
    assert len(set(push.choices)) == 3
    assert (await on_phone(desk, "approve", number)).status_code == 303
    assert await status(desk, started) == "COMPLETED"


async def test_without_number_matching_approving_is_enough(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_APP, policy=ids.DEFAULT_MFA_POLICY)
    assert "numberMatching" not in started.json()
    await on_phone(desk, "approve")
    assert await status(desk, started) == "COMPLETED"


@pytest.mark.parametrize(("act", "number"), [("deny", ""), ("approve", ""), ("approve", "7")])
async def test_denying_or_another_number_fails(desk: Desk, act: str, number: str) -> None:
    started = await desk.authenticate(people.ONLY_APP)
    await on_phone(desk, act, number)
    answer = (await desk.http.get(at(desk, started))).json()
    assert (answer["status"], answer["error"]["code"]) == ("FAILED", "PUSH_CONFIRMATION_DENIED")


async def test_a_push_that_nobody_answers_times_out_and_can_be_sent_again(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_APP)
    desk.box.clock.move(timedelta(seconds=39))
    assert await status(desk, started) == "PUSH_CONFIRMATION_REQUIRED"
    desk.box.clock.move(timedelta(seconds=2))
    assert await status(desk, started) == "PUSH_CONFIRMATION_TIMED_OUT"
    assert (await on_phone(desk, "approve", started.json()["numberMatching"]["number"])).status_code == 404
    device = desk.box.world.user(people.ONLY_APP).devices[0]
    again = await desk.verb(at(desk, started), "device.select", {"device": {"id": device.id}})
    assert again.json()["status"] == "PUSH_CONFIRMATION_REQUIRED"
    await on_phone(desk, "approve", again.json()["numberMatching"]["number"])
    assert await status(desk, started) == "COMPLETED"


@pytest.mark.parametrize("timed_out", [False, True])
async def test_the_apps_passcode_takes_the_pushs_place(desk: Desk, timed_out: bool) -> None:
    started = await desk.authenticate(people.ONLY_APP)
    if timed_out:
        desk.box.clock.move(timedelta(seconds=41))
    code = totp_now(desk.box.world.user(people.ONLY_APP).devices[0], desk.box.clock.now())
    assert (await desk.verb(at(desk, started), "otp.check", {"otp": code})).json()["status"] == "COMPLETED"
    assert (await on_phone(desk, "approve")).status_code == 404


async def test_a_cancelled_push_leaves_the_phone_and_a_device_is_asked_for(desk: Desk) -> None:
    started = await desk.authenticate(people.ONLY_APP)
    cancelled = await desk.verb(at(desk, started), "cancel.push.authentication", {"reason": "CHANGE_DEVICE"})
    assert cancelled.json()["status"] == "DEVICE_SELECTION_REQUIRED"
    assert (await desk.http.get(f"{desk.at.mailbox_url}.json")).json()["pushes"] == []
    wrong = await desk.verb(at(desk, started), "cancel.push.authentication", {"reason": "CHANGE_DEVICE"})
    assert error_of(wrong) == (400, "REQUEST_FAILED", "CONSTRAINT_VIOLATION")


@pytest.mark.parametrize("form", [{}, {"push": "x", "act": "deny"}, {"push": "1", "act": "shout"}])
async def test_a_form_of_another_shape_is_refused(desk: Desk, form: dict[str, str]) -> None:
    started = await desk.authenticate(people.ONLY_APP)
    assert (await desk.http.post(f"{desk.at.mailbox_url}/push", data=form)).status_code == 400
    assert await status(desk, started) == "PUSH_CONFIRMATION_REQUIRED"


async def test_the_page_of_the_phones_asks(desk: Desk) -> None:
    await desk.authenticate(people.ONLY_APP)
    page = (await desk.http.get(desk.at.mailbox_url)).text
    assert "Is it you who signs in?" in page
    assert all(number in page for number in desk.box.world.pushes[-1].choices)
