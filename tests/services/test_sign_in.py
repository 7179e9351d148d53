from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt
import msgspec
import pytest

from csrdesk.config import DeskSettings, PingOneSettings, Settings, SignInSettings
from csrdesk.errors import (
    ConfigError,
    CsrdeskError,
    NotSignedInError,
    ServiceError,
    TimedOutError,
    UnauthorizedError,
    UnexpectedAnswerError,
)
from csrdesk.model.secret import Secret
from csrdesk.sandbox import Options, Sandbox
from csrdesk.sandbox.staff import AGENT, LEAD
from csrdesk.services import sign_in
from csrdesk.services.keys import SERVICE
from csrdesk.services.sign_in.browser import by_browser
from csrdesk.services.sign_in.current import Current, opened
from csrdesk.services.sign_in.device import DeviceCode, by_device
from csrdesk.services.sign_in.id_tokens import identity
from csrdesk.services.sign_in.keeping import PIECE, Kept, KeyringKeeper
from csrdesk.services.sign_in.loopback import listening
from csrdesk.services.sign_in.turn import alone
from tests.signing_on import introspected

Keyring = dict[tuple[str, str], str]


@pytest.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options(device_interval=1)) as sandbox:
        yield sandbox


@pytest.fixture
def settings(box: Sandbox, tmp_path: Path) -> Settings:
    at = box.settings().sign_in
    chosen = SignInSettings(issuer=at.issuer, client_id=at.client_id, audience=at.audience, timeout_seconds=5)
    return Settings(pingone=PingOneSettings("e", "c"), desk=DeskSettings(data_dir=str(tmp_path)), sign_in=chosen)


def changed(settings: Settings, **other: object) -> Settings:
    return msgspec.structs.replace(settings, sign_in=msgspec.structs.replace(settings.sign_in, **other))


class Person:
    """Somebody at a browser: opens what they are told to, and signs on as `who`."""

    def __init__(self, who: str = AGENT, *, instead: str = "") -> None:
        self.who = who
        self.instead = instead
        """A query for the way back in place of the provider's; `{state}` is the right one."""
        self.asked: dict[str, str] = {}
        self.page = ""
        self._going: asyncio.Task[None] | None = None

    def opens(self, url: str) -> None:
        self.asked = dict(parse_qsl(urlsplit(url).query))
        self._going = asyncio.create_task(self._go(url))

    async def _go(self, url: str) -> None:
        async with httpx.AsyncClient(timeout=30) as browser:
            way = (await browser.post(url, data={"agent": self.who})).headers["location"]
            if self.instead:
                way = f"{self.asked['redirect_uri']}?{self.instead.format(state=self.asked['state'])}"
            self.page = (await browser.get(way)).text

    async def done(self) -> None:
        assert self._going is not None
        await self._going


async def signed_in(settings: Settings, person: Person | None = None) -> Kept:
    person = person or Person()
    async with opened(settings) as provider:
        kept = await by_browser(provider, person.opens)
    await person.done()
    return kept


async def refused(settings: Settings, person: Person, *, patience: float = 5) -> CsrdeskError:
    async with opened(settings) as provider:
        with pytest.raises(CsrdeskError) as raised:
            await by_browser(provider, person.opens, patience=patience)
    await person.done()
    return raised.value


async def test_a_browser_signs_an_agent_in_and_is_told_so(settings: Settings) -> None:
    person = Person(LEAD)
    kept = await signed_in(settings, person)
    assert (kept.username, kept.name) == (LEAD, "Petra Kowalska")
    assert abs(kept.signed_in_at - time.time()) < 60
    assert "You are Petra Kowalska. You can close this page." in person.page


async def test_what_is_asked_holds_a_challenge_and_no_secret(settings: Settings) -> None:
    person = Person()
    await signed_in(settings, person)
    assert person.asked["code_challenge_method"] == "S256"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/callback", person.asked["redirect_uri"])
    assert person.asked["prompt"] == "login"
    assert len({person.asked["state"], person.asked["nonce"], person.asked["code_challenge"]}) == 3
    assert "code_verifier" not in person.asked


async def test_a_second_browser_with_another_state_is_turned_away_and_the_first_goes_on(settings: Settings) -> None:
    person = Person()
    strays: list[asyncio.Task[httpx.Response]] = []

    def opens(url: str) -> None:
        asked = dict(parse_qsl(urlsplit(url).query))

        async def stray() -> httpx.Response:
            async with httpx.AsyncClient(timeout=30) as browser:
                return await browser.get(f"{asked['redirect_uri']}?{urlencode({'state': 'ä', 'code': 'stolen'})}")

        strays.append(asyncio.create_task(stray()))
        strays[0].add_done_callback(lambda _done: person.opens(url))

    async with opened(settings) as provider:
        kept = await by_browser(provider, opens)
    await person.done()
    answer = strays[0].result()
    assert answer.status_code == 400
    assert "another sign-in" in answer.text
    assert kept.username == AGENT


@pytest.mark.parametrize(
    ("instead", "kind", "words"),
    [
        ("state={state}&error=access_denied", NotSignedInError, "cancelled"),
        ("state={state}&error=invalid_scope", UnexpectedAnswerError, "invalid_scope"),
        ("state={state}&code=abc&iss=https://elsewhere.example", UnexpectedAnswerError, "another sign-in service"),
        ("state={state}", UnexpectedAnswerError, "no code"),
        ("state={state}&code=guessed", UnauthorizedError, "invalid_grant"),
        ("state={state}&error=%E2%80%AE%1b[2J", UnexpectedAnswerError, "(2J)"),
    ],
)
async def test_an_answer_that_signs_nobody_in_says_so_in_browser_and_terminal(
    settings: Settings, instead: str, kind: type[CsrdeskError], words: str
) -> None:
    person = Person(instead=instead)
    error = await refused(settings, person)
    assert isinstance(error, kind)
    assert words in error.message
    assert "Not signed in" in person.page


async def test_whoever_cancels_is_not_signed_in(settings: Settings) -> None:
    assert isinstance(await refused(settings, Person("")), NotSignedInError)


async def test_nobody_is_waited_for_for_ever(settings: Settings) -> None:
    async with opened(settings) as provider:
        with pytest.raises(TimedOutError, match="Begin again"):
            await by_browser(provider, lambda _url: None, patience=0.2)


@pytest.mark.parametrize(
    ("method", "target", "host"),
    [
        ("GET", "/other", None),
        ("POST", "/callback?state=s&code=c", None),
        ("GET", "/callback?state=s&code=c", "evil.example"),
        ("GET", "/callback?state=s&code=c", "localhost:1"),
    ],
)
async def test_the_loopback_answers_nothing_but_its_one_page_under_its_own_name(
    method: str, target: str, host: str | None
) -> None:
    async with listening(0, lambda _answer: True) as loopback:
        own = urlsplit(loopback.redirect_uri)
        async with httpx.AsyncClient(timeout=30) as browser:
            headers = {"host": host} if host else {}
            answer = await browser.request(method, f"http://{own.netloc}{target}", headers=headers)
    assert answer.status_code == 404


async def test_the_loopback_is_not_held_up_by_whoever_says_nothing(settings: Settings) -> None:
    person = Person()
    silent: list[asyncio.StreamWriter] = []

    def opens(url: str) -> None:
        port = urlsplit(dict(parse_qsl(urlsplit(url).query))["redirect_uri"]).port

        async def connect() -> None:
            silent.append((await asyncio.open_connection("127.0.0.1", port))[1])
            person.opens(url)

        opening.append(asyncio.create_task(connect()))

    opening: list[asyncio.Task[None]] = []
    async with opened(settings) as provider:
        kept = await by_browser(provider, opens)
    await person.done()
    silent[0].close()
    assert kept.username == AGENT


async def test_a_port_that_is_taken_is_named_with_its_key() -> None:
    async with listening(0, lambda _answer: True) as first:
        port = urlsplit(first.redirect_uri).port or 0
        with pytest.raises(ConfigError, match=f"Port {port}"):
            async with listening(port, lambda _answer: True):
                pass


async def test_a_token_for_pingones_api_is_said_to_be_one_before_anything_is_kept(settings: Settings) -> None:
    error = await refused(changed(settings, scopes=("openid",)), Person())
    assert "not for csrdesk" in error.message


async def test_an_id_token_of_another_sign_in_signs_nobody_in(settings: Settings, box: Sandbox) -> None:
    sign = box.provider.signing.sign
    claims = {"iss": settings.sign_in.issuer, "aud": settings.sign_in.client_id, "sub": "s"}
    now = int(time.time())
    wrong = {
        "another nonce": {**claims, "iat": now, "exp": now + 60, "nonce": "other"},
        "another audience": {**claims, "iat": now, "exp": now + 60, "nonce": "n", "aud": "other"},
        "another issuer": {**claims, "iat": now, "exp": now + 60, "nonce": "n", "iss": "https://other.example"},
        "another application": {**claims, "iat": now, "exp": now + 60, "nonce": "n", "azp": "other"},
        "another access token": {**claims, "iat": now, "exp": now + 60, "nonce": "n", "at_hash": "other"},
        "ended": {**claims, "iat": now - 500, "exp": now - 300, "nonce": "n"},
        "not begun": {**claims, "iat": now + 300, "exp": now + 500, "nonce": "n"},
        "nobody": {"iss": claims["iss"], "aud": claims["aud"], "iat": now, "exp": now + 60, "nonce": "n"},
    }
    async with opened(settings) as provider:
        right = await identity(
            provider, Secret(sign({**claims, "iat": now, "exp": now + 60, "nonce": "n"})), Secret("a"), nonce="n"
        )
        assert right.subject == "s"
        by_shared_key = jwt.encode({**claims, "nonce": "n"}, "k" * 32, algorithm="HS256")
        for made in (*map(sign, wrong.values()), by_shared_key, "no token"):
            with pytest.raises(UnexpectedAnswerError, match="Nobody was signed in"):
                await identity(provider, Secret(made), Secret("a"), nonce="n")


async def type_code(code: DeviceCode, who: str) -> None:
    async with httpx.AsyncClient(timeout=30) as browser:
        form = {"user_code": code.user_code, "agent": who}
        assert (await browser.post(code.verification_uri, data=form)).status_code == 200


async def by_typing(settings: Settings, who: str) -> Kept:
    typing: list[asyncio.Task[None]] = []
    async with opened(settings) as provider:
        return await by_device(provider, lambda code: typing.append(asyncio.create_task(type_code(code, who))))


async def test_a_code_typed_elsewhere_signs_an_agent_in(settings: Settings) -> None:
    kept = await by_typing(settings, AGENT)
    assert kept.username == AGENT


async def test_a_code_that_somebody_refuses_signs_nobody_in(settings: Settings) -> None:
    with pytest.raises(NotSignedInError, match="not their device"):
        await by_typing(settings, "")


async def test_trouble_on_the_way_does_not_end_the_waiting_for_a_code(settings: Settings, box: Sandbox) -> None:
    box.faults.add(path="/as/token", status=503, times=1)
    assert (await by_typing(settings, AGENT)).username == AGENT


def all_of(folder: Path) -> list[bytes]:
    found = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert found, "at least the lock is there"
    return found


async def test_r_46_a_sign_in_is_kept_in_the_keyring_alone_and_in_pieces(
    settings: Settings, memory_keyring: Keyring, tmp_path: Path
) -> None:
    kept = await signed_in(settings)
    await Current(settings).keep(kept)
    assert await Current(settings).kept() == kept
    assert len(memory_keyring) > 2
    assert all(len(value) <= PIECE for value in memory_keyring.values())
    refresh = kept.refresh_token
    assert refresh is not None
    for held in all_of(tmp_path):
        assert refresh.reveal().encode() not in held
        assert kept.access_token.reveal().encode() not in held
    assert refresh.reveal() not in repr(kept)


async def test_a_process_that_is_killed_while_it_keeps_a_sign_in_leaves_the_one_before(
    settings: Settings, memory_keyring: Keyring
) -> None:
    keeper = KeyringKeeper(settings.sign_in)
    first = Kept("a", "A", 1.0, Secret("x" * 2500), 2.0, Secret("r"))
    keeper.write(first)
    before = dict(memory_keyring)
    keeper.write(msgspec.structs.replace(first, username="b"))
    after = dict(memory_keyring)
    new = {entry: value for entry, value in after.items() if entry not in before}
    memory_keyring.clear()
    memory_keyring.update(before | new)  # the pieces are there, what counts them is not
    assert keeper.read() == first
    memory_keyring.update({entry: "torn" for entry in before if entry[1][-2:] == "a1"})
    assert keeper.read() is None
    keeper.forget()
    assert [entry for entry in memory_keyring if entry[0] == SERVICE] == []


async def test_two_desks_sign_ins_are_kept_apart(settings: Settings, memory_keyring: Keyring) -> None:
    kept = Kept("a", "A", 1.0, Secret("x"), 2.0)
    KeyringKeeper(settings.sign_in).write(kept)
    assert KeyringKeeper(changed(settings, client_id="other").sign_in).read() is None
    assert memory_keyring


async def test_without_a_keyring_the_choices_are_named(settings: Settings) -> None:
    with pytest.raises(ConfigError, match="CSRDESK_TOKEN_FILE") as raised:
        await sign_in.access_token(settings)
    assert "login --once" in raised.value.message


async def test_whoever_is_not_signed_in_is_told_how(settings: Settings, memory_keyring: Keyring) -> None:
    assert memory_keyring == {}
    with pytest.raises(NotSignedInError, match="csrdesk login"):
        await sign_in.access_token(settings)


async def test_a_token_is_renewed_before_it_ends_and_the_old_one_counts_no_more(
    settings: Settings, memory_keyring: Keyring
) -> None:
    kept = await signed_in(settings)
    await Current(settings).keep(kept)
    assert memory_keyring
    assert await Current(settings).access_token() == kept.access_token
    later = Current(settings, now=lambda: time.time() + 14 * 60 + 10)
    renewed = await later.access_token()
    assert renewed != kept.access_token
    again = await Current(settings).kept()
    assert again is not None
    assert (again.access_token, again.refresh_token == kept.refresh_token) == (renewed, False)


async def test_two_commands_at_once_use_one_refresh_token_once(
    settings: Settings, memory_keyring: Keyring, box: Sandbox
) -> None:
    await Current(settings).keep(await signed_in(settings))
    assert memory_keyring
    ended = time.time() + 16 * 60
    # What came of the first counts from then on for the others, whose clocks are the same.
    clocks = [Current(settings, now=lambda: ended) for _ in range(5)]
    found = await asyncio.gather(*(one.access_token() for one in clocks))
    assert len(set(found)) == 1
    assert await introspected_by(box, found[0])


async def introspected_by(box: Sandbox, token: Secret) -> bool:
    async with httpx.AsyncClient(timeout=30) as client:
        return await introspected(client, box.settings().sign_in, token.reveal())


async def test_ctrl_c_in_the_middle_of_a_renewal_loses_no_sign_in(
    settings: Settings, memory_keyring: Keyring, box: Sandbox
) -> None:
    kept = await signed_in(settings)
    await Current(settings).keep(kept)
    box.faults.add(path="/as/token", late_ms=300)
    late = Current(settings, now=lambda: time.time() + 16 * 60)
    asking = asyncio.create_task(late.access_token())
    (before,) = box.provider.sign_ons.refreshes
    while before in box.provider.sign_ons.refreshes:  # noqa: ASYNC110 - the sandbox has no event for it
        await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    again = await Current(settings).kept()
    assert again is not None
    assert again.refresh_token is not None
    assert again.refresh_token.reveal() in box.provider.sign_ons.refreshes
    assert memory_keyring


async def test_whoever_signs_out_elsewhere_is_signed_out_here(settings: Settings, memory_keyring: Keyring) -> None:
    moved = 0.0
    here = Current(settings, now=lambda: time.time() + moved)
    await here.keep(await signed_in(settings))
    await Current(settings).end()
    assert (await here.access_token()).reveal(), "for some seconds the keyring is not asked"
    moved = 25
    with pytest.raises(NotSignedInError):
        await here.access_token()
    await Current(settings).keep(await signed_in(settings, Person(LEAD)))
    assert (await here.access_token()).reveal()
    assert memory_keyring


async def test_whoever_waits_too_long_for_another_is_told_so(tmp_path: Path) -> None:
    async with alone(tmp_path / "lock"):
        with pytest.raises(TimedOutError, match="Another csrdesk"):
            async with alone(tmp_path / "lock", patience=0.15):
                pass
    async with alone(tmp_path / "lock", patience=0.15):
        pass


async def test_a_sign_in_that_is_over_is_forgotten(settings: Settings, memory_keyring: Keyring, box: Sandbox) -> None:
    await Current(settings).keep(await signed_in(settings))
    box.provider.sign_ons.removed.add(AGENT)
    late = Current(settings, now=lambda: time.time() + 16 * 60)
    with pytest.raises(NotSignedInError, match="has ended"):
        await late.access_token()
    assert memory_keyring == {}


async def test_a_provider_that_is_away_ends_no_sign_in(
    settings: Settings, memory_keyring: Keyring, box: Sandbox
) -> None:
    kept = await signed_in(settings)
    await Current(settings).keep(kept)
    box.faults.add(path="/as/", status=503)
    soon = Current(settings, now=lambda: time.time() + 14 * 60 + 30)
    assert await soon.access_token() == kept.access_token, "too early is no harm"
    late = Current(settings, now=lambda: time.time() + 16 * 60)
    with pytest.raises(ServiceError):
        await late.access_token()
    box.faults.clear()
    assert await late.access_token() != kept.access_token
    assert memory_keyring


async def test_signing_out_ends_it_here_and_there(settings: Settings, memory_keyring: Keyring, box: Sandbox) -> None:
    kept = await signed_in(settings)
    current = Current(settings)
    await current.keep(kept)
    assert await introspected_by(box, kept.access_token)
    await current.end()
    assert memory_keyring == {}
    assert not await introspected_by(box, kept.access_token)
    with pytest.raises(NotSignedInError):
        await current.access_token()
    assert await current.end() is None


async def test_signing_out_ends_it_here_where_the_provider_is_away(
    settings: Settings, memory_keyring: Keyring, box: Sandbox
) -> None:
    current = Current(settings)
    await current.keep(await signed_in(settings))
    box.faults.add(path="/as/", cut=True)
    with pytest.raises(ServiceError):
        await current.end()
    assert memory_keyring == {}


async def test_a_script_signs_in_by_its_secret_and_asks_once(settings: Settings, box: Sandbox, tmp_path: Path) -> None:
    at, file = box.settings().sign_in, tmp_path / "secret"
    file.write_text(at.script_client_secret)
    file.chmod(0o600)
    script = changed(settings, client_id=at.script_client_id, client_secret_file=str(file))
    token = await sign_in.access_token(script)
    claims = jwt.decode(token.reveal(), options={"verify_signature": False})
    assert claims["client_id"] == at.script_client_id
    assert claims["aud"] == [at.audience]
    assert await sign_in.access_token(script) == token
    file.write_text("wrong")
    with pytest.raises(UnauthorizedError, match="invalid_client"):
        await Current(script).access_token()


async def test_r_46_a_named_token_is_taken_from_a_file_that_nobody_else_reads(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "token"
    file.write_text("a-token\n")
    file.chmod(0o600)
    monkeypatch.setenv("CSRDESK_TOKEN_FILE", str(file))
    assert await sign_in.access_token(settings) == Secret("a-token")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        await sign_in.access_token(settings)


async def test_a_sign_in_for_one_run_is_kept_nowhere(settings: Settings, memory_keyring: Keyring) -> None:
    kept = await signed_in(settings)
    sign_in.only_this_run(settings, kept)
    assert await sign_in.access_token(settings) == kept.access_token
    assert memory_keyring == {}


async def test_where_nobody_signs_in_the_key_is_named(tmp_path: Path, memory_keyring: Keyring) -> None:
    alone_here = Settings(pingone=PingOneSettings("e", "c"), desk=DeskSettings(data_dir=str(tmp_path)))
    with pytest.raises(ConfigError) as raised:
        await sign_in.access_token(alone_here)
    assert raised.value.key == "sign_in.issuer"
    assert memory_keyring == {}
