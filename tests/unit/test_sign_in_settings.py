from __future__ import annotations

import msgspec
import pytest

from csrdesk.config import PingOneSettings, Settings, SignInSettings, check
from csrdesk.errors import ConfigError

ISSUER = "https://auth.pingone.eu/6a1a9b3c/as"
FITTING = SignInSettings(issuer=ISSUER, client_id="app", audience="csrdesk")


def of(sign_in: SignInSettings) -> Settings:
    return Settings(pingone=PingOneSettings("e", "c"), sign_in=sign_in)


def test_without_an_issuer_nothing_is_asked_for() -> None:
    check(of(SignInSettings()))
    check(of(FITTING))


@pytest.mark.parametrize(
    ("other", "key"),
    [
        ({"issuer": "http://auth.pingone.eu/6a1a9b3c/as"}, "issuer"),
        ({"issuer": f"{ISSUER}/"}, "issuer"),
        ({"issuer": f"{ISSUER}?x=1"}, "issuer"),
        ({"issuer": "somewhere"}, "issuer"),
        ({"client_id": ""}, "client_id"),
        ({"audience": ""}, "audience"),
        ({"audience": "app"}, "audience"),
        ({"audience": "https://api.pingone.eu"}, "audience"),
        ({"scopes": ("csrdesk:desk",)}, "scopes"),
        ({"introspect": True}, "resource_id"),
    ],
)
def test_r_55_settings_under_which_tokens_for_others_would_count_are_refused(
    other: dict[str, object], key: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        check(of(msgspec.structs.replace(FITTING, **other)))
    assert raised.value.key == f"sign_in.{key}"


@pytest.mark.parametrize(("key", "value"), [("token_minutes", 16), ("token_minutes", 0), ("shift_hours", 25)])
def test_r_55_tokens_and_shifts_have_their_bounds(key: str, value: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({key: value}, SignInSettings)
