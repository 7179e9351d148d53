from __future__ import annotations

from datetime import timedelta

import httpx
import jwt
import pytest

from csrdesk.sandbox import Connection
from tests.sandbox.conftest import Desk, error_of


def token_url(at: Connection) -> str:
    return f"{at.auth_url}/{at.environment_id}/as/token"


async def test_a_token_is_signed_by_the_served_key_and_lasts_an_hour(desk: Desk) -> None:
    keys = (await desk.http.get(f"{desk.at.auth_url}/{desk.at.environment_id}/as/jwks")).json()
    token = desk.http.headers["authorization"].removeprefix("Bearer ")
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, algorithms=["RS256"], options={"verify_aud": False})
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["client_id"] == desk.at.client_id


async def test_the_metadata_names_the_token_endpoint(desk: Desk) -> None:
    url = f"{desk.at.auth_url}/{desk.at.environment_id}/as/.well-known/openid-configuration"
    assert (await desk.http.get(url)).json()["token_endpoint"] == token_url(desk.at)


async def test_credentials_may_stand_in_the_form(desk: Desk) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": desk.at.client_id,
        "client_secret": desk.at.client_secret,
    }
    async with httpx.AsyncClient() as bare:
        answer = await bare.post(token_url(desk.at), data=form)
    assert answer.json()["token_type"] == "Bearer"


async def test_a_wrong_secret_gets_no_token(desk: Desk) -> None:
    answer = await desk.http.post(
        token_url(desk.at), data={"grant_type": "client_credentials"}, auth=(desk.at.client_id, "wrong")
    )
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "error"), [({"grant_type": "password"}, "unsupported_grant_type"), ({"x": "y"}, "invalid_request")]
)
async def test_other_grants_are_refused(desk: Desk, form: dict[str, str], error: str) -> None:
    auth = (desk.at.client_id, desk.at.client_secret)
    answer = await desk.http.post(token_url(desk.at), data=form, auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


@pytest.mark.parametrize("value", ["", "Bearer nonsense", "Basic eDp5", "Bearer a.b.c"])
async def test_calls_without_a_good_token_are_refused(desk: Desk, value: str) -> None:
    answer = await desk.http.get(desk.api("/users"), headers={"authorization": value})
    assert error_of(answer) == (401, "ACCESS_FAILED", "INVALID_TOKEN")


async def test_a_token_signed_by_another_key_is_refused(desk: Desk) -> None:
    other = jwt.encode({"env": desk.at.environment_id, "exp": 4_000_000_000}, "k" * 32, algorithm="HS256")
    answer = await desk.http.get(desk.api("/users"), headers={"authorization": f"Bearer {other}"})
    assert answer.status_code == 401


async def test_a_token_ends_after_an_hour_of_the_sandboxs_clock(desk: Desk) -> None:
    desk.box.clock.move(timedelta(minutes=59))
    assert (await desk.http.get(desk.api("/populations"))).status_code == 200
    desk.box.clock.move(timedelta(minutes=2))
    assert (await desk.http.get(desk.api("/populations"))).status_code == 401


async def test_device_authentications_need_a_token_too(desk: Desk) -> None:
    answer = await desk.http.post(desk.authentications, json={}, headers={"authorization": "Bearer x"})
    assert error_of(answer) == (401, "ACCESS_FAILED", "INVALID_TOKEN")


async def test_another_environment_is_not_found(desk: Desk) -> None:
    url = f"{desk.at.api_url}/environments/{desk.at.client_id}/users"
    assert error_of(await desk.http.get(url)) == (404, "NOT_FOUND", "")
