from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.starlette_client import OAuth, OAuthError
from starlette.requests import Request

from csrdesk.sandbox import Options, Sandbox
from csrdesk.sandbox.options import SignIn
from csrdesk.sandbox.staff import AGENT, LEAD, VERIFIER, somebody
from tests.signing_on import REDIRECT, asked, exchanged, introspected, refreshed, signed_on, tokens, told


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


@pytest.fixture
def at(box: Sandbox) -> SignIn:
    return box.settings().sign_in


@pytest.fixture
async def http() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(timeout=30) as client:
        yield client


def request(session: dict[str, object], query: str = "") -> Request:
    """What a web application would have got; Authlib keeps what it began in the session."""
    scope = {"type": "http", "method": "GET", "path": "/callback", "headers": [], "session": session}
    return Request({**scope, "query_string": query.encode()})


@pytest.fixture
def independent(at: SignIn) -> OAuth:
    """An OpenID Connect client that shares no line with csrdesk; it is told the issuer and finds the rest."""
    oauth = OAuth()
    oauth.register(
        "desk",
        client_id=at.client_id,
        server_metadata_url=f"{at.issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": " ".join(at.scopes),
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "none",
        },
    )
    return oauth


@pytest.mark.parametrize("rolled", [0, 1], ids=["RS256", "ES256 after a roll"])
async def test_an_independent_client_signs_in_from_the_issuers_name_alone(
    box: Sandbox, independent: OAuth, http: httpx.AsyncClient, rolled: int
) -> None:
    for _ in range(rolled):
        box.provider.signing.roll()
    session: dict[str, object] = {}
    begun = await independent.desk.authorize_redirect(request(session), REDIRECT)
    back = await http.post(begun.headers["location"], data={"agent": LEAD})
    token = await independent.desk.authorize_access_token(request(session, urlsplit(back.headers["location"]).query))
    claims = token["userinfo"]
    petra = somebody(LEAD)
    assert petra is not None
    assert (claims["sub"], claims["preferred_username"], claims["roles"]) == (petra.id, LEAD, ["lead"])
    assert (await independent.desk.userinfo(token=token))["name"] == petra.name


async def test_an_independent_client_finds_a_foreign_state(independent: OAuth, http: httpx.AsyncClient) -> None:
    session: dict[str, object] = {}
    begun = await independent.desk.authorize_redirect(request(session), REDIRECT)
    back = await http.post(begun.headers["location"].replace("state=", "state=x"), data={"agent": LEAD})
    with pytest.raises(OAuthError):
        await independent.desk.authorize_access_token(request(session, urlsplit(back.headers["location"]).query))


async def test_an_independent_client_refreshes_revokes_and_acts_as_a_script(
    at: SignIn, http: httpx.AsyncClient
) -> None:
    first = await tokens(http, at)
    async with AsyncOAuth2Client(at.client_id, token_endpoint_auth_method="none", token=first) as client:
        second = await client.refresh_token(f"{at.issuer}/token")
        assert second["refresh_token"] != first["refresh_token"]
        await client.revoke_token(
            f"{at.issuer}/revoke", token=second["refresh_token"], body=f"client_id={at.client_id}"
        )
    assert not await introspected(http, at, second["access_token"])
    async with AsyncOAuth2Client(at.script_client_id, at.script_client_secret, scope="csrdesk:desk") as script:
        alone = await script.fetch_token(f"{at.issuer}/token", grant_type="client_credentials")
    claims = jwt.decode(alone["access_token"], options={"verify_signature": False})
    assert claims["client_id"] == at.script_client_id
    assert "sub" not in claims
    assert "auth_time" not in claims


async def test_an_access_token_is_for_csrdesk_alone_and_lasts_15_minutes(at: SignIn, http: httpx.AsyncClient) -> None:
    answer = await tokens(http, at, VERIFIER)
    keys = jwt.PyJWKSet.from_dict((await http.get(f"{at.issuer}/jwks")).json())
    header = jwt.get_unverified_header(answer["access_token"])
    claims = jwt.decode(
        answer["access_token"], keys[header["kid"]], algorithms=["RS256"], audience=at.audience, issuer=at.issuer
    )
    assert header["typ"] == "at+jwt"
    assert claims["exp"] - claims["iat"] == 900
    assert claims["roles"] == ["verifier"]
    assert claims["auth_time"] <= claims["iat"]


async def test_without_a_scope_of_csrdesk_the_token_is_one_of_pingones_api(
    box: Sandbox, at: SignIn, http: httpx.AsyncClient
) -> None:
    answer = await exchanged(http, at, (await signed_on(http, at, AGENT, scope="openid"))["code"])
    token = answer.json()["access_token"]
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["aud"] == [box.settings().auth_url]
    users = f"{box.settings().api_url}/environments/{box.settings().environment_id}/users"
    refused = await http.get(users, headers={"authorization": f"Bearer {token}"})
    assert refused.status_code == 401, "an agent has no role of PingOne's"


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"scope": "openid p1:read:user"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
async def test_a_request_that_is_not_as_it_should_be_goes_back_with_its_error(
    at: SignIn, http: httpx.AsyncClient, other: dict[str, str], error: str
) -> None:
    answer = told(await http.get(f"{at.issuer}/authorize", params=asked(at, **other)))
    assert (answer["error"], answer["state"], answer["iss"]) == (error, "s", at.issuer)


@pytest.mark.parametrize(
    "other", [{"redirect_uri": "https://elsewhere.example/callback"}, {"client_id": "somebody"}, {"redirect_uri": ""}]
)
async def test_nobody_is_sent_to_an_address_that_is_not_the_clients(
    at: SignIn, http: httpx.AsyncClient, other: dict[str, str]
) -> None:
    answer = await http.get(f"{at.issuer}/authorize", params=asked(at, **other))
    assert answer.status_code == 400
    assert "location" not in answer.headers


async def test_a_code_counts_once_and_the_second_time_ends_what_came_of_it(at: SignIn, http: httpx.AsyncClient) -> None:
    code = (await signed_on(http, at, AGENT))["code"]
    first = (await exchanged(http, at, code)).json()
    assert await introspected(http, at, first["access_token"])
    assert (await exchanged(http, at, code)).json()["error"] == "invalid_grant"
    assert not await introspected(http, at, first["access_token"])


@pytest.mark.parametrize("other", [{"code_verifier": "w" * 43}, {"redirect_uri": REDIRECT + "x"}, {"code": "guessed"}])
async def test_a_code_is_nothing_without_what_it_was_asked_with(
    at: SignIn, http: httpx.AsyncClient, other: dict[str, str]
) -> None:
    code = (await signed_on(http, at, AGENT))["code"]
    answer = await exchanged(http, at, other.get("code", code), **{k: v for k, v in other.items() if k != "code"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


async def test_a_code_ends_after_a_minute(box: Sandbox, at: SignIn, http: httpx.AsyncClient) -> None:
    code = (await signed_on(http, at, AGENT))["code"]
    box.clock.move(timedelta(seconds=61))
    assert (await exchanged(http, at, code)).json()["error"] == "invalid_grant"


async def test_a_refresh_token_that_comes_twice_ends_the_sign_in(at: SignIn, http: httpx.AsyncClient) -> None:
    first = await tokens(http, at)
    second = (await refreshed(http, at, first["refresh_token"])).json()
    assert (await refreshed(http, at, first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await refreshed(http, at, second["refresh_token"])).json()["error"] == "invalid_grant"
    assert not await introspected(http, at, second["access_token"])


async def test_refreshing_ends_with_the_shift(box: Sandbox, at: SignIn, http: httpx.AsyncClient) -> None:
    token = (await tokens(http, at))["refresh_token"]
    box.clock.move(timedelta(hours=9, minutes=59))
    token = (await refreshed(http, at, token)).json()["refresh_token"]
    box.clock.move(timedelta(minutes=2))
    assert (await refreshed(http, at, token)).json()["error"] == "invalid_grant"


async def test_a_sign_on_stays_as_old_as_it_is_through_refreshing(
    box: Sandbox, at: SignIn, http: httpx.AsyncClient
) -> None:
    first = await tokens(http, at)
    box.clock.move(timedelta(minutes=20))
    second = (await refreshed(http, at, first["refresh_token"])).json()
    before, after = (jwt.decode(t["access_token"], options={"verify_signature": False}) for t in (first, second))
    assert after["auth_time"] == before["auth_time"]
    assert after["iat"] > before["iat"]


async def test_an_agent_who_is_removed_is_inactive_at_once(box: Sandbox, at: SignIn, http: httpx.AsyncClient) -> None:
    answer = await tokens(http, at)
    control = f"{box.settings().auth_url}/control/agents/{AGENT}"
    await http.patch(control, json={"removed": True})
    assert not await introspected(http, at, answer["access_token"])
    assert (await refreshed(http, at, answer["refresh_token"])).status_code == 400
    refused = await http.post(f"{at.issuer}/authorize", params=asked(at), data={"agent": AGENT})
    assert refused.status_code == 403
    await http.patch(control, json={"removed": False})
    assert await tokens(http, at)


async def test_two_keys_are_published_and_a_roll_replaces_the_older(box: Sandbox, http: httpx.AsyncClient) -> None:
    issuer, control = box.settings().sign_in.issuer, f"{box.settings().auth_url}/control/keys/roll"

    async def kids() -> list[str]:
        return [key["kid"] for key in (await http.get(f"{issuer}/jwks")).json()["keys"]]

    before = await kids()
    rolled = (await http.post(control)).json()["kid"]
    assert len(before) == 2
    assert await kids() == [rolled, before[0]]


async def test_only_the_resource_may_introspect(at: SignIn, http: httpx.AsyncClient) -> None:
    token = (await tokens(http, at))["access_token"]
    for auth, status in (((at.script_client_id, at.script_client_secret), 403), ((at.resource_id, "wrong"), 401)):
        answer = await http.post(f"{at.issuer}/introspect", data={"token": token}, auth=auth)
        assert answer.status_code == status


async def device(http: httpx.AsyncClient, at: SignIn) -> dict[str, str]:
    form = {"client_id": at.client_id, "scope": " ".join(at.scopes)}
    found: dict[str, str] = (await http.post(f"{at.issuer}/device_authorization", data=form)).json()
    return found


async def polled(http: httpx.AsyncClient, at: SignIn, code: str) -> dict[str, str]:
    form = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "client_id": at.client_id,
        "device_code": code,
    }
    found: dict[str, str] = (await http.post(f"{at.issuer}/token", data=form)).json()
    return found


async def test_a_device_waits_until_somebody_signs_on_elsewhere(
    box: Sandbox, at: SignIn, http: httpx.AsyncClient
) -> None:
    begun = await device(http, at)
    assert (await polled(http, at, begun["device_code"]))["error"] == "authorization_pending"
    assert (await polled(http, at, begun["device_code"]))["error"] == "slow_down"
    page = await http.get(begun["verification_uri_complete"])
    assert begun["user_code"] in page.text
    typed = begun["user_code"].lower().replace("-", " ")
    done = await http.post(begun["verification_uri"], data={"user_code": typed, "agent": AGENT})
    assert "Oskar Nyström is signed on" in done.text
    box.clock.move(timedelta(seconds=20))
    assert (await polled(http, at, begun["device_code"]))["access_token"]
    assert (await polled(http, at, begun["device_code"]))["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("then", "error"),
    [
        (lambda box: box.clock.move(timedelta(minutes=11)), "expired_token"),
        (lambda _box: None, "access_denied"),
    ],
    ids=["late", "refused"],
)
async def test_a_device_is_told_that_nobody_signs_on(
    box: Sandbox, at: SignIn, http: httpx.AsyncClient, then: Callable[[Sandbox], None], error: str
) -> None:
    begun = await device(http, at)
    await http.post(begun["verification_uri"], data={"user_code": begun["user_code"], "agent": ""})
    then(box)
    assert (await polled(http, at, begun["device_code"]))["error"] == error


async def test_a_wrong_code_signs_no_device_on(at: SignIn, http: httpx.AsyncClient) -> None:
    begun = await device(http, at)
    answer = await http.post(begun["verification_uri"], data={"user_code": "BBBB-BBBB", "agent": AGENT})
    assert answer.status_code == 400
    assert "No device shows that code" in answer.text
