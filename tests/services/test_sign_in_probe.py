"""The check-up's look at signing in: against the sandbox's provider, and against ones that do not fit."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from email.utils import formatdate

import msgspec
import pytest

from csrdesk.config import SignInSettings
from csrdesk.model.checkup import Finding, Level
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Options, Sandbox
from csrdesk.services.probes.sign_in import AREA, probe
from tests.services.scripted import Say, by_path, scripted

NOW = int(time.time())
FITTING = {"aud": ["csrdesk"], "sub": "s", "iat": NOW, "exp": NOW + 900, "auth_time": NOW}


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


def chosen(box: Sandbox, **other: object) -> SignInSettings:
    at = box.settings().sign_in
    settings = SignInSettings(
        issuer=at.issuer, client_id=at.client_id, audience=at.audience, resource_id=at.resource_id, introspect=True
    )
    return msgspec.structs.replace(settings, **other)


def only(found: tuple[Finding, ...]) -> tuple[Level, str]:
    (one,) = found
    assert one.area == AREA
    return one.level, one.what


async def test_a_provider_that_fits_is_said_to_fit(box: Sandbox) -> None:
    secret = Secret(box.settings().sign_in.resource_secret)
    token = Secret(box.provider.signing.sign(FITTING))
    assert only(await probe(chosen(box), resource_secret=secret, token=token))[0] is Level.OK


async def test_a_secret_that_is_not_the_resources_is_wrong(box: Sandbox) -> None:
    level, what = only(await probe(chosen(box), resource_secret=Secret("wrong")))
    assert level is Level.WRONG
    assert "does not tell this desk whether tokens count" in what


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"aud": ["https://api.pingone.eu"]}, "not for csrdesk"),
        ({"exp": NOW + 3600}, "live 60 minutes"),
        ({"auth_time": None}, "auth_time"),
    ],
)
async def test_a_token_that_a_desk_would_refuse_is_wrong(box: Sandbox, other: dict[str, object], words: str) -> None:
    claims = {name: value for name, value in {**FITTING, **other}.items() if value is not None}
    token = Secret(box.provider.signing.sign(claims))
    level, what = only(await probe(chosen(box), token=token))
    assert (level, words in what) == (Level.WRONG, True)


async def test_a_provider_that_is_away_is_wrong(box: Sandbox) -> None:
    box.faults.add(path="/as/.well-known", cut=True)
    assert only(await probe(chosen(box)))[0] is Level.WRONG
    box.faults.clear()
    box.faults.add(path="/as/jwks", status=503)
    assert only(await probe(chosen(box)))[0] is Level.WRONG


@pytest.mark.parametrize(
    ("apart", "level"), [(0, Level.OK), (30, Level.WARNING), (-30, Level.WARNING), (120, Level.WRONG)]
)
async def test_a_clock_two_minutes_away_is_wrong(apart: int, level: Level) -> None:
    found = await probe_scripted({}, apart=apart)
    assert only(found)[0] is level


@pytest.mark.parametrize(
    ("other", "level"),
    [
        ({"code_challenge_methods_supported": ["plain"]}, Level.WRONG),
        ({"device_authorization_endpoint": ""}, Level.WARNING),
        ({"token_endpoint": "http://sign-in.example/token"}, Level.WRONG),
        ({"issuer": "https://sign-in.example/as"}, Level.WRONG),
    ],
)
async def test_a_provider_that_does_not_fit_is_named(other: dict[str, object], level: Level) -> None:
    assert only(await probe_scripted(other))[0] is level


async def probe_scripted(other: dict[str, object], *, apart: float = 0) -> tuple[Finding, ...]:
    keys: dict[str, object] = {"keys": [EC]}
    told: dict[str, object] = {}
    date = (("date", formatdate(time.time() + apart, usegmt=True)),)
    script = by_path((("openid-configuration", Say(200, told, date)), ("jwks", Say(200, keys, date))))
    async with scripted(script) as at:
        issuer = f"{at.url}/as"
        told |= {
            "issuer": issuer,
            "authorization_endpoint": f"{issuer}/authorize",
            "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks",
            "device_authorization_endpoint": f"{issuer}/device_authorization",
            **other,
        }
        return await probe(SignInSettings(issuer=issuer, client_id="c", audience="csrdesk"))


EC = {
    "kty": "EC",
    "crv": "P-256",
    "kid": "k",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}
"""The public key of RFC 7517, appendix A.1."""
