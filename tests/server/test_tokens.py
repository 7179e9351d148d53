from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from starlette.types import ASGIApp, Receive, Scope, Send

from csrdesk.config import SignInSettings
from csrdesk.errors import ConfigError, NotSignedInError, ServiceError, UnexpectedAnswerError, UnreachableError
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Options, Sandbox
from csrdesk.sandbox.options import SignIn
from csrdesk.sandbox.staff import AGENT, LEAD
from csrdesk.server.tokens import TokenGate
from tests.signing_on import refreshed, tokens

OUR_RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Clock:
    """Both clocks of a gate, moved by hand."""

    def __init__(self) -> None:
        self.moved = 0.0

    def now(self) -> float:
        return time.time() + self.moved

    def monotonic(self) -> float:
        return time.monotonic() + self.moved


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


@pytest.fixture
def clock() -> Clock:
    return Clock()


def settings_of(at: SignIn, **other: object) -> SignInSettings:
    known = {"issuer": at.issuer, "client_id": at.client_id, "audience": at.audience, "resource_id": at.resource_id}
    return SignInSettings(**{**known, **other})  # type: ignore[arg-type]  # each test names what it means


@pytest.fixture
async def gate(at: SignIn, clock: Clock) -> AsyncIterator[TokenGate]:
    opened = TokenGate(settings_of(at), now=clock.now, monotonic=clock.monotonic)
    yield opened
    await opened.close()


@pytest.fixture
async def token(http: httpx.AsyncClient, at: SignIn) -> str:
    return (await tokens(http, at))["access_token"]


async def who(gate: TokenGate, token: str) -> str:
    return (await gate.signed_in(token)).agent.id


async def refusal(gate: TokenGate, token: str) -> NotSignedInError:
    with pytest.raises(NotSignedInError) as raised:
        await gate.signed_in(token)
    return raised.value


def claims_of(token: str) -> dict[str, object]:
    found: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return found


def signed(box: Sandbox, token: str, *, type_: str = "at+jwt", **other: object) -> str:
    """The provider's own signature under other claims; None takes one out."""
    claims = {**claims_of(token), **other}
    return box.provider.signing.sign({k: v for k, v in claims.items() if v is not None}, type_=type_)


async def test_r_42_the_agent_is_who_the_sign_in_says(gate: TokenGate, token: str) -> None:
    found = await gate.signed_in(token)
    assert (found.agent.id, found.agent.name) == (AGENT, "Oskar Nyström")
    assert found.claims["groups"] == ["Help desk agents"]
    assert abs(found.at.timestamp() - time.time()) < 60


async def test_a_sign_in_is_as_old_as_it_is_after_refreshing(
    gate: TokenGate, box: Sandbox, at: SignIn, http: httpx.AsyncClient, clock: Clock
) -> None:
    first = await tokens(http, at)
    box.clock.move(timedelta(minutes=30))
    clock.moved = 1800
    later = (await refreshed(http, at, first["refresh_token"])).json()["access_token"]
    assert clock.now() - (await gate.signed_in(later)).at.timestamp() >= 1800


async def test_a_script_is_told_apart_from_every_person(
    gate: TokenGate, box: Sandbox, at: SignIn, http: httpx.AsyncClient, token: str
) -> None:
    form = {"grant_type": "client_credentials", "scope": "csrdesk:desk"}
    answer = await http.post(f"{at.issuer}/token", data=form, auth=(at.script_client_id, at.script_client_secret))
    script = await gate.signed_in(answer.json()["access_token"])
    assert script.agent.id == f"client:{at.script_client_id}"
    assert "groups" not in script.claims
    posing = signed(box, token, preferred_username=script.agent.id)
    assert (await refusal(gate, posing)).details == "claims"


Made = Callable[[Sandbox, str], str]


def unsigned(_box: Sandbox, token: str) -> str:
    return jwt.encode(claims_of(token), "", algorithm="none", headers={"typ": "at+jwt", "kid": kid_of(token)})


def by_shared_key(_box: Sandbox, token: str) -> str:
    return jwt.encode(claims_of(token), "k" * 32, algorithm="HS256", headers={"kid": kid_of(token)})


def by_our_own_key(_box: Sandbox, token: str) -> str:
    return jwt.encode(claims_of(token), OUR_RSA, algorithm="RS256", headers={"kid": kid_of(token)})


def by_another_kind_of_key(_box: Sandbox, token: str) -> str:
    other = ec.generate_private_key(ec.SECP256R1())
    return jwt.encode(claims_of(token), other, algorithm="ES256", headers={"kid": kid_of(token)})


def by_unknown_key(_box: Sandbox, token: str) -> str:
    return jwt.encode(claims_of(token), OUR_RSA, algorithm="RS256", headers={"kid": "nobody's"})


def with_its_own_key(_box: Sandbox, token: str) -> str:
    jwk = jwt.algorithms.RSAAlgorithm.to_jwk(OUR_RSA.public_key(), as_dict=True)
    return jwt.encode(claims_of(token), OUR_RSA, algorithm="RS256", headers={"jwk": jwk, "kid": "mine"})


def altered(_box: Sandbox, token: str) -> str:
    head, body, signature = token.split(".")
    return f"{head}.{body}.{'A' * 8}{signature[8:]}"


def kid_of(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (unsigned, "algorithm"),
        (by_shared_key, "algorithm"),
        (by_our_own_key, "signature"),
        (by_another_kind_of_key, "algorithm"),
        (by_unknown_key, "key"),
        (with_its_own_key, "key"),
        (altered, "signature"),
        (lambda box, token: signed(box, token, iss="https://auth.pingone.eu/another/as"), "issuer"),
        (lambda box, token: signed(box, token, aud=["another resource"]), "audience"),
        (lambda box, token: signed(box, token, aud="another resource"), "audience"),
        (lambda box, token: signed(box, token, aud={"csrdesk": "csrdesk"}), "audience"),
        (lambda box, token: signed(box, token, aud=None), "claims"),
        (lambda box, token: signed(box, token, exp=None), "claims"),
        (lambda box, token: signed(box, token, exp=True), "claims"),
        (lambda box, token: signed(box, token, exp=1e300), "claims"),
        (lambda box, token: signed(box, token, exp=int(time.time()) - 120), "expired"),
        (lambda box, token: signed(box, token, nbf=int(time.time()) + 120), "not_yet"),
        (lambda box, token: signed(box, token, iat=int(time.time()) + 120), "not_yet"),
        (lambda box, token: signed(box, token, exp=int(time.time()) + 3600), "life"),
        (lambda box, token: signed(box, token, auth_time=int(time.time()) - 11 * 3600), "shift"),
        (lambda box, token: signed(box, token, auth_time=None), "claims"),
        (lambda box, token: signed(box, token, client_id=None), "type"),
        (lambda box, token: signed(box, token, nonce="n"), "type"),
        (lambda box, token: signed(box, token, type_="logout+jwt"), "type"),
        (lambda _box, _token: "", "shape"),
        (lambda _box, _token: "not a token", "shape"),
        (lambda _box, _token: "a.b.c", "shape"),
        (lambda _box, token: token + "x" * 20_000, "shape"),
    ],
)
async def test_r_55_a_token_that_is_not_for_this_desk_now_is_refused_and_not_logged(
    gate: TokenGate, box: Sandbox, token: str, made: Made, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    shown = made(box, token)
    with caplog.at_level(logging.DEBUG):
        refused = await refusal(gate, shown)
    assert refused.details == reason
    assert f"token refused: {reason}" in caplog.text
    told = caplog.text + refused.message
    assert not any(part and part in told for part in shown.split(".") if len(part) > 8)


async def test_r_55_a_token_of_pingones_api_is_refused_and_called_that(
    gate: TokenGate, box: Sandbox, at: SignIn, http: httpx.AsyncClient, token: str
) -> None:
    of_api = signed(box, token, aud=["https://api.pingone.eu"])
    refused = await refusal(gate, of_api)
    assert refused.details == "audience"
    assert "PingOne's API" in refused.message
    worker = {"grant_type": "client_credentials"}
    auth = (box.settings().client_id, box.settings().client_secret)
    answer = await http.post(f"{at.issuer}/token", data=worker, auth=auth)
    assert (await refusal(gate, answer.json()["access_token"])).details == "audience"


async def test_r_55_an_id_token_opens_nothing(gate: TokenGate, at: SignIn, http: httpx.AsyncClient) -> None:
    id_token = (await tokens(http, at))["id_token"]
    assert (await refusal(gate, id_token)).details == "audience"
    same_name = TokenGate(settings_of(at, audience=at.client_id))
    try:
        assert (await refusal(same_name, id_token)).details == "type"
    finally:
        await same_name.close()


async def test_r_55_a_token_lives_a_quarter_of_an_hour_and_no_longer(gate: TokenGate, token: str, clock: Clock) -> None:
    clock.moved = 15 * 60 + 55
    assert await who(gate, token) == AGENT
    clock.moved = 15 * 60 + 65
    assert (await refusal(gate, token)).details == "expired"


@pytest.mark.parametrize(("apart", "reason"), [(-120, "not_yet"), (900 + 120, "expired")])
async def test_clocks_that_are_two_minutes_apart_are_named(
    gate: TokenGate, token: str, clock: Clock, apart: int, reason: str
) -> None:
    clock.moved = apart
    refused = await refusal(gate, token)
    assert refused.details == reason
    assert "clocks" in refused.message
    clock.moved = -50
    assert await who(gate, token) == AGENT


async def test_a_key_that_was_rolled_in_is_found_and_one_rolled_out_is_forgotten(
    gate: TokenGate, box: Sandbox, at: SignIn, http: httpx.AsyncClient, token: str, clock: Clock
) -> None:
    assert await who(gate, token) == AGENT
    box.provider.signing.roll()
    clock.moved = 11
    new = (await tokens(http, at, LEAD))["access_token"]
    assert jwt.get_unverified_header(new)["alg"] == "ES256"
    assert (await gate.signed_in(new)).agent.id == LEAD
    assert await who(gate, token) == AGENT
    box.provider.signing.roll()
    clock.moved = 700
    box.clock.move(timedelta(seconds=700))
    assert (await refusal(gate, token)).details == "key"


def watched(app: ASGIApp, asked: list[str]) -> ASGIApp:
    """Notes which paths are asked for."""

    async def noting(scope: Scope, receive: Receive, send: Send) -> None:
        asked.append(str(scope.get("path", "")))
        await app(scope, receive, send)

    return noting


async def test_a_flood_of_unknown_keys_is_no_flood_of_questions(http: httpx.AsyncClient, clock: Clock) -> None:
    asked: list[str] = []
    async with Sandbox(Options(), around=lambda app: watched(app, asked)) as other:
        found = other.settings().sign_in
        token = (await tokens(http, found))["access_token"]
        gate = TokenGate(settings_of(found), now=clock.now, monotonic=clock.monotonic)
        try:
            for number in range(200):
                foreign = jwt.encode(claims_of(token), OUR_RSA, algorithm="RS256", headers={"kid": f"k{number}"})
                assert (await refusal(gate, foreign)).details == "key"
            assert sum(path.endswith("/jwks") for path in asked) == 1
            clock.moved = 11
            await refusal(gate, by_unknown_key(other, token))
            assert sum(path.endswith("/jwks") for path in asked) == 2
            assert await who(gate, token) == AGENT
        finally:
            await gate.close()


async def test_keys_go_on_counting_while_the_provider_is_away(
    gate: TokenGate, box: Sandbox, token: str, clock: Clock
) -> None:
    assert await who(gate, token) == AGENT
    box.faults.add(path="/as/", status=503)
    clock.moved = 11 * 60
    assert await who(gate, token) == AGENT
    clock.moved = 62 * 60
    with pytest.raises(ServiceError):
        await gate.signed_in(token)


async def test_nobody_with_a_known_key_waits_for_the_question_about_an_unknown_one(
    gate: TokenGate, box: Sandbox, token: str, clock: Clock
) -> None:
    assert await who(gate, token) == AGENT
    clock.moved = 11
    box.faults.add(path="/as/jwks", latency_ms=3000)
    stranger = asyncio.create_task(refusal(gate, by_unknown_key(box, token)))
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        assert await who(gate, token) == AGENT
    assert not stranger.done()
    assert (await stranger).details == "key"


async def test_without_any_key_nobody_passes_and_the_next_may_ask_again(
    gate: TokenGate, box: Sandbox, token: str
) -> None:
    box.faults.add(path="/as/jwks", status=503)
    with pytest.raises(ServiceError):
        await gate.signed_in(token)
    box.faults.clear()
    assert await who(gate, token) == AGENT


@pytest.fixture
async def asking(at: SignIn) -> AsyncIterator[TokenGate]:
    opened = TokenGate(settings_of(at, introspect=True), resource_secret=Secret(at.resource_secret))
    yield opened
    await opened.close()


async def test_r_55_whoever_is_removed_is_out_at_once_where_introspection_is_set(
    asking: TokenGate, gate: TokenGate, box: Sandbox, token: str
) -> None:
    assert await who(asking, token) == AGENT
    box.provider.sign_ons.removed.add(AGENT)
    assert (await refusal(asking, token)).details == "inactive"
    assert await who(gate, token) == AGENT, "without introspection the token counts until it ends"


async def test_nobody_passes_while_introspection_gives_no_answer(asking: TokenGate, box: Sandbox, token: str) -> None:
    assert await who(asking, token) == AGENT
    box.faults.add(path="/as/introspect", cut=True)
    with pytest.raises(UnreachableError):
        await asking.signed_in(token)


async def test_a_desk_that_should_ask_and_has_no_secret_is_not_opened(at: SignIn) -> None:
    with pytest.raises(ConfigError) as raised:
        TokenGate(settings_of(at, introspect=True))
    assert raised.value.key == "sign_in.resource_secret_file"


async def test_a_wrong_secret_for_introspection_is_the_desks_trouble_and_not_the_agents(at: SignIn, token: str) -> None:
    gate = TokenGate(settings_of(at, introspect=True), resource_secret=Secret("wrong"))
    try:
        with pytest.raises(ServiceError, match="does not take this client"):
            await gate.signed_in(token)
    finally:
        await gate.close()


async def test_metadata_of_another_issuer_is_not_believed(box: Sandbox, at: SignIn, token: str) -> None:
    environment = box.settings().environment_id
    gate = TokenGate(settings_of(at, issuer=at.issuer.replace(environment, environment.upper())))
    try:
        with pytest.raises(UnexpectedAnswerError, match="letter by letter"):
            await gate.signed_in(token)
    finally:
        await gate.close()


LONG = "anna." + "a" * 200


@pytest.mark.parametrize(
    "name",
    ["(customer)", "(desk)", "csrdesk", "CSRdesk", "Client:nightly", LONG, "osk\u200bar", "osk\u202ear", " oskar", ""],
    ids=ascii,
)
async def test_r_42_a_name_that_could_be_taken_for_another_is_nobodys(
    gate: TokenGate, box: Sandbox, token: str, name: str
) -> None:
    others = {"sub": "", "username": ""} if not name else {}
    posing: dict[str, object] = {"preferred_username": name, **others}
    assert (await refusal(gate, signed(box, token, type_="at+jwt", **posing))).details == "claims"


async def test_r_42_a_person_without_a_subject_is_no_script(gate: TokenGate, box: Sandbox, token: str) -> None:
    assert await who(gate, signed(box, token, sub=None)) == AGENT


async def test_r_55_a_sign_in_of_tomorrow_is_refused_for_no_end_would_come_after_it(
    gate: TokenGate, box: Sandbox, token: str
) -> None:
    later = signed(box, token, auth_time=int(time.time()) + 86_400)
    assert (await refusal(gate, later)).details == "not_yet"
    assert await who(gate, signed(box, token, auth_time=int(time.time()) + 30)) == AGENT
