"""Keepers of a second audit against real servers: syslog over TLS, and HTTPS, with a CA of the tests' own."""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import trustme
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from csrdesk.config import AuditSinkSettings
from csrdesk.config.running import wrong_sink
from csrdesk.errors import ConfigError, TimedOutError, UnauthorizedError, UnavailableError, UnreachableError
from csrdesk.model.sink import Line, Sink
from csrdesk.server import serve
from csrdesk.services.sinks.opening import open_sink
from csrdesk.services.sinks.syslog import framed, moment
from tests.services.syslog_server import collector

NOW = datetime(2030, 5, 6, 12, 0, 0, 123456, tzinfo=UTC)


def line(number: int, *, alert: bool = False, trouble: bool = False) -> Line:
    return Line(NOW, "audit", alert, trouble, json.dumps({"seq": number}))


@dataclass
class Authority:
    """A CA and what it has certified, as files and as contexts."""

    folder: Path
    ca: trustme.CA = field(default_factory=trustme.CA)

    def __post_init__(self) -> None:
        self.ca.cert_pem.write_to_path(str(self.folder / "ca.pem"))
        leaf = self.ca.issue_cert("client.example")
        leaf.private_key_pem.write_to_path(str(self.folder / "client.key"))
        leaf.cert_chain_pems[0].write_to_path(str(self.folder / "client.pem"))
        shown = self.ca.issue_cert("localhost")
        shown.private_key_pem.write_to_path(str(self.folder / "server.key"))
        shown.cert_chain_pems[0].write_to_path(str(self.folder / "server.pem"))

    def context(self, *, wants_client: bool = False) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(self.folder / "server.pem", self.folder / "server.key")
        if wants_client:
            made.verify_mode = ssl.CERT_REQUIRED
            made.load_verify_locations(self.folder / "ca.pem")
        return made


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def opened(settings: AuditSinkSettings) -> Sink:
    sink = open_sink(settings)
    assert sink
    return sink


def syslog(authority: Authority, port: int, host: str = "localhost") -> AuditSinkSettings:
    ca = str(authority.folder / "ca.pem")
    return AuditSinkSettings(kind="syslog", url=f"{host}:{port}", ca_file=ca, timeout_seconds=5)


async def test_r_68_rows_go_to_syslog_over_tls_counted_in_order_and_on_one_connection(authority: Authority) -> None:
    async with collector(authority.context()) as there:
        sink = opened(syslog(authority, there.port))
        await sink.send([line(n) for n in range(500)])
        await sink.send([line(500, alert=True), line(501, trouble=True)])
        async with asyncio.timeout(10):
            while len(there.messages) < 502:  # noqa: ASYNC110 - the other side reads when it does
                await asyncio.sleep(0.005)
        await sink.close()
    assert [json.loads(one["text"])["seq"] for one in there.messages] == list(range(502))
    assert there.connections == 1
    assert [one["pri"] for one in there.messages[-3:]] == ["110", "105", "108"]  # 13 * 8 + severity
    first = there.messages[0]
    assert (first["at"], first["app"], first["id"]) == ("2030-05-06T12:00:00.123456Z", "csrdesk", "audit")


def test_a_message_is_counted_in_bytes_and_its_moment_is_utc() -> None:
    content = framed(Line(NOW, "audit", alert=False, trouble=False, text="\N{SNOWMAN}"))
    length, _, message = content.partition(b" ")
    assert int(length) == len(message)
    assert message.isascii()
    assert moment(NOW.astimezone(timezone(timedelta(hours=5)))) == "2030-05-06T12:00:00.123456Z"


async def test_r_68_what_a_collector_that_went_away_did_not_get_is_said_and_the_next_try_connects_anew(
    authority: Authority,
) -> None:
    async with collector(authority.context()) as there:
        port = there.port
        sink = opened(syslog(authority, port))
        await sink.send([line(1)])
    with pytest.raises(UnreachableError, match="cannot be reached"):
        await sink.send([line(2)])
    async with collector(authority.context(), port=port) as back:
        await sink.send([line(2)])
        back.hang_up()
        async with asyncio.timeout(10):
            while back.writers:  # noqa: ASYNC110 - until it has noticed
                await asyncio.sleep(0.005)
        for _ in range(2):  # whether it is noticed before or while the next is sent, nothing is taken for sent
            try:
                await sink.send([line(3)])
                break
            except UnreachableError:
                continue
        async with asyncio.timeout(10):
            while len(back.messages) < 2:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.005)
        await sink.close()
    assert [json.loads(one["text"])["seq"] for one in back.messages] == [2, 3]


async def test_a_collector_that_reads_nothing_holds_nobody_up_for_longer_than_settings_say(
    authority: Authority,
) -> None:
    async with collector(authority.context(), deaf=True) as there:
        sink = opened(replace(syslog(authority, there.port), timeout_seconds=0.5))
        began = time.monotonic()
        with pytest.raises(TimedOutError):
            await sink.send([Line(NOW, "audit", alert=False, trouble=False, text="x" * 1000)] * 20_000)
        assert time.monotonic() - began < 10
        await sink.close()


async def test_r_44_a_collector_with_a_wrong_certificate_gets_nothing(authority: Authority, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    stranger = Authority(tmp_path / "other")
    async with collector(authority.context()) as there:
        wrong_name = syslog(authority, there.port, "127.0.0.1")
        wrong_ca = syslog(stranger, there.port)
        for settings in (wrong_name, wrong_ca):
            sink = opened(settings)
            with pytest.raises(UnreachableError, match="certificate"):
                await sink.send([line(1)])
            await sink.close()
    assert not there.messages


async def test_a_collector_that_wants_our_certificate_gets_it_or_nothing(authority: Authority) -> None:
    async with collector(authority.context(wants_client=True)) as there:
        without = syslog(authority, there.port)
        shown = replace(
            without,
            certificate_file=str(authority.folder / "client.pem"),
            certificate_key_file=str(authority.folder / "client.key"),
        )
        sink = opened(without)
        with pytest.raises(UnreachableError):
            await sink.send([line(1)])
        await sink.close()
        sink = opened(shown)
        await sink.greet()
        await sink.send([line(2)])
        async with asyncio.timeout(10):
            while not there.messages:  # noqa: ASYNC110 - the other side reads when it does
                await asyncio.sleep(0.005)
        await sink.close()
    assert [json.loads(one["text"])["seq"] for one in there.messages] == [2]


def test_a_certificate_that_cannot_be_read_names_its_key(authority: Authority) -> None:
    settings = syslog(authority, 6514)
    for key in ("ca_file", "certificate_file"):
        with pytest.raises(ConfigError, match=f"audit_sink.{key}"):
            open_sink(replace(settings, **{key: str(authority.folder / "none")}))


@dataclass
class Taker:
    """What an HTTPS server got, and what it answers."""

    status: int = 204
    bodies: list[bytes] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        async def take(request: Request) -> Response:
            self.bodies.append(await request.body())
            self.tokens.append(request.headers.get("authorization", ""))
            return Response(status_code=self.status, headers={"location": "https://elsewhere.example/"})

        return Starlette(routes=[Route("/audit", take, methods=["POST"])])


async def test_r_68_rows_go_to_an_https_server_as_lines_of_json_until_it_has_them(authority: Authority) -> None:
    taker, token = Taker(), authority.folder / "token"
    token.touch(0o600)
    token.write_text("t0ken")
    certificate = serve.Certificate(str(authority.folder / "server.pem"), str(authority.folder / "server.key"))
    async with serve.serve(taker.app(), serve.listen(), certificate) as port:
        settings = AuditSinkSettings(
            kind="https", url=f"https://localhost:{port}/audit", ca_file=str(authority.folder / "ca.pem"),
            with_token=True, token_file=str(token),
        )  # fmt: skip
        sink = opened(settings)
        await sink.send([line(1), line(2)])
        assert taker.bodies == [b'{"seq": 1}\n{"seq": 2}\n']
        assert taker.tokens == ["Bearer t0ken"]
        for status, error in ((500, UnavailableError), (302, UnavailableError), (401, UnauthorizedError)):
            taker.status = status
            with pytest.raises(error):
                await sink.send([line(3)])
        taker.status = 200
        await sink.greet()
        assert taker.bodies[-1] == b""
        await sink.close()
        wrong = opened(replace(settings, url=f"https://127.0.0.1:{port}/audit", with_token=False))
        with pytest.raises(UnreachableError, match="certificate"):
            await wrong.send([line(4)])
        await wrong.close()


def test_without_a_second_keeper_nothing_is_opened() -> None:
    assert open_sink(AuditSinkSettings()) is None


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (AuditSinkSettings(), ""),
        (AuditSinkSettings(kind="syslog", url="logs.example:6514"), ""),
        (AuditSinkSettings(kind="syslog", url="logs.example"), ""),
        (AuditSinkSettings(kind="syslog"), "url"),
        (AuditSinkSettings(kind="syslog", url="logs.example:x"), "url"),
        (AuditSinkSettings(kind="syslog", url="logs.example/x"), "url"),
        (AuditSinkSettings(kind="https", url="https://logs.example/audit"), ""),
        (AuditSinkSettings(kind="https", url="http://logs.example/audit"), "url"),
        (AuditSinkSettings(kind="https", url="https://"), "url"),
        (AuditSinkSettings(kind="syslog", url="l.example", certificate_file="x"), "certificate_key_file"),
    ],
)
def test_r_44_a_second_keeper_is_reached_over_tls_alone(settings: AuditSinkSettings, key: str) -> None:
    assert (wrong_sink(settings) or ("",))[0] == key
