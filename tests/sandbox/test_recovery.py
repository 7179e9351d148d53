from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from csrdesk.sandbox import people
from tests.sandbox.conftest import Desk, error_of

NEW = "Winding-7-Lanes"


async def send(desk: Desk, username: str = people.ONLY_PINGONE) -> httpx.Response:
    return await desk.verb(desk.user_url(username, "/password"), "password.sendRecoveryCode")


async def recover(desk: Desk, code: str, new: str = NEW, username: str = people.ONLY_PINGONE) -> httpx.Response:
    body = {"recoveryCode": code, "newPassword": new}
    return await desk.verb(desk.user_url(username, "/password"), "password.recover", body)


def code_of(desk: Desk, username: str = people.ONLY_PINGONE) -> str:
    recovery = desk.box.world.user(username).recovery
    assert recovery
    return recovery.code


async def test_the_mailed_code_sets_a_new_password_once(desk: Desk) -> None:
    assert (await send(desk)).status_code == 200
    code = code_of(desk)
    assert code in desk.box.world.mails[-1].text
    assert (await recover(desk, code.lower())).json()["status"] == "OK"
    checked = await desk.verb(desk.user_url(people.ONLY_PINGONE, "/password"), "password.check", {"password": NEW})
    assert checked.status_code == 200
    assert (await recover(desk, code)).json()["details"][0]["target"] == "recoveryCode"


async def test_a_password_that_is_refused_leaves_the_code_good(desk: Desk) -> None:
    await send(desk)
    refused = await recover(desk, code_of(desk), "short")
    assert refused.json()["details"][0]["innerError"]["unsatisfiedRequirements"]
    assert (await recover(desk, code_of(desk))).status_code == 200


async def test_after_five_wrong_codes_the_right_one_is_too_late(desk: Desk) -> None:
    await send(desk)
    for _ in range(5):
        assert error_of(await recover(desk, "WRONG")) == (400, "INVALID_DATA", "INVALID_VALUE")
    assert (await recover(desk, code_of(desk))).status_code == 400
    await send(desk)
    assert (await recover(desk, code_of(desk))).status_code == 200


async def test_a_code_lives_five_minutes_and_a_new_one_ends_it(desk: Desk) -> None:
    await send(desk)
    first = code_of(desk)
    await send(desk)
    assert (await recover(desk, first)).status_code == 400
    desk.box.clock.move(timedelta(minutes=5))
    assert (await recover(desk, code_of(desk))).status_code == 400


@pytest.mark.parametrize(
    ("username", "code"),
    [
        (people.DISABLED_BY_DESK, "ACCOUNT_NOT_USABLE"),
        (people.NO_PASSWORD, "NO_PASSWORD"),
        (people.PINGONE_PASSWORD_LOCKED, "CONSTRAINT_VIOLATION"),
        (people.EXTERNAL_NOT_ALLOWED, "CONSTRAINT_VIOLATION"),
    ],
)
async def test_nobody_recovers_who_cannot(desk: Desk, username: str, code: str) -> None:
    assert error_of(await send(desk, username)) == (400, "REQUEST_FAILED", code)


async def test_a_password_of_the_directory_goes_through_the_gateway(desk: Desk) -> None:
    await send(desk, people.EXTERNAL_ALLOWED)
    done = await recover(desk, code_of(desk, people.EXTERNAL_ALLOWED), username=people.EXTERNAL_ALLOWED)
    assert done.status_code == 200
