from __future__ import annotations

import asyncio
import dataclasses
import ssl
import time
from contextlib import suppress
from pathlib import Path

import pytest
import trustme

from csrdesk.config import PingOneSettings
from csrdesk.errors import (
    CsrdeskError,
    RateLimitedError,
    ServiceError,
    TimedOutError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
    UnreachableError,
)
from csrdesk.model.secret import Secret
from csrdesk.services.attempts import UnderWay
from csrdesk.services.pingone import authentications, devices, policies, users
from csrdesk.services.pingone.api import Api, open_api
from tests.services.scripted import TOKEN, Asked, Say, Script, Scripted, in_order, scripted

USER = {"id": "u-1", "username": "ada", "enabled": True}
ENABLED = {"enabled": False}


def api_of(server: Scripted, timeout_seconds: float = 2.0) -> Api:
    settings = PingOneSettings(
        environment_id="e-1",
        client_id="client",
        api_url=f"{server.url}/v1",
        auth_url=server.url,
        timeout_seconds=timeout_seconds,
    )
    api = open_api(settings, Secret("the client's secret"))
    return dataclasses.replace(api, jitter=lambda: 0.0)  # no chance in the pauses


async def test_the_token_is_fetched_once_for_calls_at_the_same_time_and_kept() -> None:
    async with scripted(in_order(Say(body=USER, delay=0.02))) as server:
        api = api_of(server)
        await asyncio.gather(*(users.read(api, "u-1") for _ in range(8)))
        await users.read(api, "u-1")
        await api.close()
        assert len(server.to("/as/token")) == 1
        assert {one.headers["authorization"] for one in server.to("/users/u-1")} == {"Bearer token-1"}


async def test_whoever_asks_what_is_asked_already_is_given_the_same_answer_or_error() -> None:
    for says, outcome in ((Say(body=USER, delay=0.05), "ada"), (Say(404, delay=0.05), "RefusedError")):
        async with scripted(in_order(says)) as server:
            api = api_of(server).within("call-1", UnderWay())
            asking = [asyncio.ensure_future(users.read(api, "u-1")) for _ in range(3)]
            await asyncio.sleep(0)
            asking[0].cancel()
            others = await asyncio.gather(*asking[1:], return_exceptions=True)
            for other in others:
                assert getattr(getattr(other, "body", None), "username", "RefusedError") == outcome
            assert len(server.to("/users/u-1")) == 1
            with suppress(ServiceError):
                await users.read(api, "u-1")
            assert len(server.to("/users/u-1")) == 2, "what was answered before is asked again"
            await api.close()


async def test_the_token_is_asked_for_by_client_credentials_with_basic_authentication() -> None:
    async with scripted(in_order(Say(body=USER))) as server:
        api = api_of(server)
        await users.read(api, "u-1")
        await api.close()
        (asked,) = server.to("/e-1/as/token")
        assert asked.method == "POST"
        assert asked.body == b"grant_type=client_credentials"
        assert asked.headers["authorization"].startswith("Basic ")


async def test_a_token_is_not_used_in_its_last_minute() -> None:
    short = Say(body={"access_token": "short", "expires_in": 0.2})
    async with scripted(in_order(Say(body=USER), token=short)) as server:
        api = api_of(server)
        await users.read(api, "u-1")
        await asyncio.sleep(0.15)
        await users.read(api, "u-1")
        await api.close()
        assert len(server.to("/as/token")) == 2


async def test_after_a_401_one_new_token_is_fetched_and_the_call_is_made_once_more() -> None:
    tokens = iter(("old", "new"))

    def script(asked: Asked) -> Say:
        if asked.path.endswith("/as/token"):
            return Say(body={"access_token": next(tokens), "expires_in": 3600})
        return Say(body=USER) if asked.headers["authorization"] == "Bearer new" else Say(401)

    async with scripted(script) as server:
        api = api_of(server)
        read = await asyncio.gather(*(users.read(api, "u-1") for _ in range(5)))
        await api.close()
        assert {got.body.username for got in read} == {"ada"}
        assert len(server.to("/as/token")) == 2


async def test_a_401_that_stays_is_csrdesks_own_problem_and_not_asked_for_ever() -> None:
    async with scripted(in_order(Say(401, {"code": "ACCESS_FAILED"}))) as server:
        api = api_of(server)
        with pytest.raises(UnauthorizedError):
            await users.read(api, "u-1")
        await api.close()
        assert len(server.to("/users/u-1")) == 2


async def test_refused_credentials_are_said_without_the_credentials() -> None:
    said = Say(401, {"error": "invalid_client", "error_description": "secret 'the client's secret' is wrong"})
    async with scripted(in_order(Say(body=USER), token=said)) as server:
        api = api_of(server)
        with pytest.raises(UnauthorizedError) as raised:
            await users.read(api, "u-1")
        await api.close()
    assert "error=invalid_client" in raised.value.details
    assert "secret is" not in raised.value.details + raised.value.message
    assert "the client's" not in raised.value.details + raised.value.message


async def test_a_request_for_a_pause_is_kept_to() -> None:
    async with scripted(in_order(Say(429, headers=(("retry-after", "1"),)), Say(body=USER))) as server:
        api = api_of(server, timeout_seconds=5)
        began = time.monotonic()
        await users.read(api, "u-1")
        await api.close()
        assert time.monotonic() - began >= 1.0


async def test_a_long_pause_is_not_waited_for_but_told() -> None:
    async with scripted(in_order(Say(429, headers=(("retry-after", "600"),)))) as server:
        api = api_of(server)
        with pytest.raises(RateLimitedError) as raised:
            await users.read(api, "u-1")
        await api.close()
        assert raised.value.after == 600
        assert len(server.to("/users/u-1")) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_read_is_tried_again_where_the_server_is_not_well(status: int) -> None:
    async with scripted(in_order(Say(status), Say(status), Say(body=USER))) as server:
        api = api_of(server)
        assert (await users.read(api, "u-1")).body.username == "ada"
        await api.close()


async def test_writing_the_whole_switch_is_tried_again() -> None:
    async with scripted(in_order(Say(503), Say(body=ENABLED))) as server:
        api = api_of(server)
        await users.set_enabled(api, "u-1", enabled=False)
        await api.close()
        assert [one.body for one in server.to("/enabled")] == [b'{"enabled":false}'] * 2


@pytest.mark.parametrize("say", [Say(503), Say(429), Say(cut=0), Say(cut=20), Say(delay=1.0)])
async def test_what_sends_or_spends_a_passcode_is_never_tried_again(say: Say) -> None:
    async with scripted(in_order(say)) as server:
        api = api_of(server, timeout_seconds=0.3)
        for call in (
            authentications.start(api, "u-1"),
            authentications.select(api, "a-1", "d-1"),
            authentications.check_passcode(api, "a-1", "123456"),
        ):
            with pytest.raises(ServiceError):
                await call
        await api.close()
        assert len([one for one in server.asked if "deviceAuthentications" in one.path]) == 3


async def test_a_session_is_not_ended_twice() -> None:
    async with scripted(in_order(Say(503))) as server:
        api = api_of(server)
        with pytest.raises(UnavailableError):
            await api.delete(f"{api.api_url}/users/u-1/sessions/s-1")
        await api.close()
        assert len(server.to("/sessions/s-1")) == 1


async def test_an_answer_that_comes_too_slowly_ends_in_time() -> None:
    async with scripted(in_order(Say(body=USER, delay=3))) as server:
        api = api_of(server, timeout_seconds=0.2)
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            await users.read(api, "u-1")
        await api.close()
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("cut", [0, 10, 120])
async def test_a_cut_connection_is_said_to_be_unreachable(cut: int) -> None:
    async with scripted(in_order(Say(body=USER, cut=cut))) as server:
        api = api_of(server)
        with pytest.raises(UnreachableError):
            await users.read(api, "u-1")
        await api.close()


async def test_nobody_listening_is_said_to_be_unreachable() -> None:
    async with scripted(in_order(Say())) as server:
        api = api_of(server)
    with pytest.raises(UnreachableError):
        await users.read(api, "u-1")
    await api.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'{"id": 5}',
        b'{"id": "u-1"}',
        b"\xff\xfe",
        b'{"id":"u","username":"a","enabled":"no"}',
    ],
)
async def test_a_success_of_another_shape_is_an_error_of_its_own(body: bytes) -> None:
    async with scripted(in_order(Say(body=body, headers=(("correlation-id", "c-9"),)))) as server:
        api = api_of(server)
        with pytest.raises(UnexpectedAnswerError) as raised:
            await users.read(api, "u-1")
        await api.close()
        assert raised.value.correlation_id == "c-9"
        assert len(server.to("/users/u-1")) == 1


async def test_members_that_nobody_knows_are_passed_over() -> None:
    async with scripted(in_order(Say(body=USER | {"novelty": {"deep": [1]}}))) as server:
        api = api_of(server)
        assert (await users.read(api, "u-1")).body.username == "ada"
        await api.close()


async def test_the_correlation_id_of_an_answer_is_kept() -> None:
    async with scripted(in_order(Say(body=USER, headers=(("correlation-id", "c-1"),)))) as server:
        api = api_of(server)
        assert (await users.read(api, "u-1")).correlation_id == "c-1"
        await api.close()


async def test_pingone_is_told_the_calls_id_in_the_letters_that_it_takes() -> None:
    async with scripted(in_order(Say(body=USER))) as server:
        api = api_of(server)
        await users.read(api.within("call 7:ä" + "x" * 200), "u-1")
        await api.close()
        (asked,) = server.to("/users/u-1")
        assert asked.headers["x-ping-external-transaction-id"] == "call_7__" + "x" * 92


async def test_all_pages_are_read_by_the_links_given() -> None:
    device = {"type": "SMS", "status": "ACTIVE"}

    def script(asked: Asked) -> Say:
        if asked.path.endswith("/as/token"):
            return TOKEN
        more = {"next": {"href": f"http://{asked.headers['host']}/v1/environments/e-1/users/u-1/devices?cursor=2"}}
        if "cursor" in asked.path:
            return Say(body={"_links": {}, "_embedded": {"devices": [device | {"id": "d-2"}]}})
        return Say(body={"_links": more, "_embedded": {"devices": [device | {"id": "d-1"}]}})

    async with scripted(script) as server:
        api = api_of(server)
        assert [one.id for one in await devices.read_all(api, "u-1")] == ["d-1", "d-2"]
        await api.close()


@pytest.mark.parametrize(
    "href",
    ["http://elsewhere.example/v1/environments/e-1/", "{own}/v1/environments/e-2/x", "{own}/v1/environments/e-1/x"],
)
async def test_pages_that_lead_elsewhere_or_never_end_are_not_followed(href: str) -> None:
    def script(asked: Asked) -> Say:
        if asked.path.endswith("/as/token"):
            return TOKEN
        link = href.format(own=f"http://{asked.headers['host']}")
        return Say(body={"_links": {"next": {"href": link}}, "_embedded": {"deviceAuthenticationPolicies": []}})

    async with scripted(script) as server:
        api = api_of(server)
        with pytest.raises(UnexpectedAnswerError):
            await policies.read(api, "")
        await api.close()
        assert len(server.asked) <= 21


async def test_a_redirect_is_not_followed_so_the_token_stays_here() -> None:
    async with scripted(in_order(Say(302, headers=(("location", "http://127.0.0.1:9/"),)))) as server:
        api = api_of(server)
        with pytest.raises(UnexpectedAnswerError):
            await users.read(api, "u-1")
        await api.close()


def tls(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that this process trusts."""
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    return made


async def test_a_certificate_of_a_trusted_authority_is_taken(authority: trustme.CA) -> None:
    async with scripted(in_order(Say(body=USER)), tls=tls(authority)) as server:
        api = api_of(server)
        assert (await users.read(api, "u-1")).body.username == "ada"
        await api.close()


async def test_r_44_a_certificate_of_another_name_ends_the_call(authority: trustme.CA) -> None:
    async with scripted(in_order(Say(body=USER)), tls=tls(authority, "other.example")) as server:
        api = api_of(server)
        with pytest.raises(UnreachableError, match="certificate that is not trusted"):
            await users.read(api, "u-1")
        await api.close()
        assert server.asked == []


async def test_r_44_a_certificate_of_an_authority_that_nobody_trusts_ends_the_call() -> None:
    async with scripted(in_order(Say(body=USER)), tls=tls(trustme.CA())) as server:
        api = api_of(server)
        with pytest.raises(UnreachableError, match="certificate that is not trusted"):
            await users.read(api, "u-1")
        await api.close()
        assert server.asked == []


async def test_r_44_tls_spoken_where_plain_http_was_named_is_not_trusted_either() -> None:
    """A client for this machine's plain http trusts no authority at all."""
    async with scripted(in_order(Say(body=USER)), tls=tls(trustme.CA())) as server:
        api = api_of(Scripted(server.port, "http"))
        with pytest.raises(CsrdeskError):
            await api.get(f"{server.url}/v1/environments/e-1/users/u-1", users.User)
        await api.close()
        assert server.asked == []


def never(_asked: Asked) -> Say:
    raise AssertionError("nothing should have been asked")


async def test_opening_sends_nothing() -> None:
    script: Script = never
    async with scripted(script) as server:
        api = api_of(server)
        await asyncio.sleep(0.05)
        await api.close()
        assert server.asked == []
