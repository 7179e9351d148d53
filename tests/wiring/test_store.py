"""Desks on one PostgreSQL: each with a data folder and pages of its own, one key, and what is said where that fails."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from msgspec.structs import replace

from csrdesk.config import Settings
from csrdesk.engine.postgres_address import Address
from csrdesk.engine.store_postgres import PostgresStore
from csrdesk.errors import ConfigError, StoreUnavailableError
from csrdesk.flows import answers as a
from csrdesk.flows import csr_main
from csrdesk.flows import prompts as p
from csrdesk.model.checkup import Level
from csrdesk.sandbox import Options, Sandbox, people
from csrdesk.services import keys
from csrdesk.wiring import open_desk
from csrdesk.wiring.here import database, keys_of
from csrdesk.wiring.pages import NOBODY_SERVES
from csrdesk.wiring.store import DATABASE, address_of
from csrdesk.wiring.trial import settings_for
from tests.postgres import Server, server

pytestmark = pytest.mark.needs("postgres")


@pytest_asyncio.fixture
async def box() -> AsyncIterator[Sandbox]:
    async with Sandbox(Options()) as sandbox:
        yield sandbox


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    """The tests' server asks for none, and takes any."""
    path = tmp_path / "password"
    path.write_text("hush-hush")
    path.chmod(0o600)
    return path


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "shared.key"
    path.write_bytes(b"k" * 32)
    path.chmod(0o600)
    return path


def server_of(box: Sandbox, folder: Path, url: str, password_file: Path, key_file: Path | str = "") -> Settings:
    """One server's settings: a data folder of its own, and the database of all."""
    folder.mkdir(exist_ok=True)
    made = settings_for(box.settings(), folder)
    desk = replace(made.desk, database=url, database_password_file=str(password_file), key_file=str(key_file))
    return replace(made, desk=desk)


async def test_two_servers_share_calls_and_each_serves_its_own_pages(
    box: Sandbox, tmp_path: Path, postgres: Server, password_file: Path, key_file: Path
) -> None:
    url = postgres.new()
    one, two = (server_of(box, tmp_path / name, url, password_file, key_file) for name in ("one", "two"))
    async with open_desk(one, serve_pages=True) as first, open_desk(two, serve_pages=True) as second:
        assert first.pages.ours
        assert second.pages.ours
        assert first.pages_url != second.pages_url
        session = first.session(first.agent)
        begun = await session.settled((await session.start("csr_main", csr_main.Start())).id)
        await session.answer(begun.id, begun.rev, a.UsernameGiven(people.ONE_DEVICE))
        elsewhere = second.session(second.agent)
        view = await elsewhere.settled(begun.id)
        assert isinstance(view.prompt, p.CardPrompt)
        await elsewhere.answer(begun.id, view.rev, a.MagicLinkChosen())
        assert (await session.settled(begun.id)).prompt == (await elsewhere.settled(begun.id)).prompt
    assert not (tmp_path / "one" / DATABASE).exists()


async def test_a_link_can_be_sent_from_a_machine_where_nobody_serves_while_another_one_serves_the_pages(
    box: Sandbox, tmp_path: Path, postgres: Server, password_file: Path, key_file: Path
) -> None:
    url = postgres.new()
    one, two = (server_of(box, tmp_path / name, url, password_file, key_file) for name in ("one", "two"))
    async with open_desk(two, serve_pages=False) as sender:
        assert sender.pages.why_no_link() == NOBODY_SERVES
        async with open_desk(one, serve_pages=True):
            await until(lambda: sender.pages.why_no_link() == "")
        await until(lambda: sender.pages.why_no_link() == NOBODY_SERVES)


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not seen():  # noqa: ASYNC110 - another process's word rings no event here
            await asyncio.sleep(0.02)


async def test_a_console_opens_while_its_server_is_away_shows_nobody_unchecked_and_goes_on_when_it_is_back(
    box: Sandbox, tmp_path: Path, password_file: Path
) -> None:
    with server() as own:
        url = own.new()
        settings = server_of(box, tmp_path / "one", url, password_file)
        own.stop()
        async with open_desk(settings, serve_pages=False, wait_for_store=False) as desk:
            session = desk.session(desk.agent)
            begun = await session.settled((await session.start("csr_main", csr_main.Start())).id)
            await session.answer(begun.id, begun.rev, a.UsernameGiven(people.ONE_DEVICE))
            view = await session.settled(begun.id)
            assert isinstance(view.prompt, p.ErrorPrompt)
            assert view.prompt.code == "store_unavailable", "who is protected or frozen stands there"
            assert "audit cannot be written" in desk.trouble
            assert not await desk.is_writable()
            own.start()
            async with asyncio.timeout(30):
                while not await desk.is_writable():  # noqa: ASYNC110 - a server's start rings no event here
                    await asyncio.sleep(0.1)
            assert desk.trouble == ""
            await session.answer(begun.id, view.rev, a.TryAgainChosen())
            assert isinstance((await session.settled(begun.id)).prompt, p.CardPrompt)


async def test_a_server_with_another_key_is_refused_and_says_what_to_do(
    box: Sandbox, tmp_path: Path, postgres: Server, password_file: Path
) -> None:
    url = postgres.new()
    one, two = (server_of(box, tmp_path / name, url, password_file) for name in ("one", "two"))
    async with open_desk(one, serve_pages=False):
        pass
    with pytest.raises(StoreUnavailableError, match=r"another key .* desk\.key_file"):
        async with open_desk(two, serve_pages=False):
            pass
    (found,) = await database(two)
    assert found.level is Level.WRONG
    assert "desk.key_file" in found.what


async def test_the_check_up_looks_at_the_server(
    box: Sandbox, tmp_path: Path, postgres: Server, password_file: Path
) -> None:
    settings = server_of(box, tmp_path / "one", postgres.new(), password_file)
    found, clock = await database(settings)
    assert (found.level, found.what) == (Level.OK, f"{settings.desk.database} can be written.")
    assert (clock.area, clock.what) == ("Clock", "This machine and the database's server agree.")
    (found,) = await database(server_of(box, tmp_path / "one", postgres.url("nowhere"), password_file))
    assert "its server knows no such name or database. Without it people can be looked up" in found.what
    assert found.todo.startswith("Look at the server")
    missing = server_of(box, tmp_path / "one", postgres.url(), tmp_path / "none")
    assert any("desk.database_password_file" in found.what for found in keys_of(missing))
    (found,) = await database(missing)
    assert "desk.database_password_file" in found.what


def test_r_46_the_databases_password_comes_from_a_file_or_the_keyring(
    box: Sandbox,
    tmp_path: Path,
    password_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    memory_keyring: dict[tuple[str, str], str],
) -> None:
    url = "postgresql://csrdesk@db.example.org/csrdesk"
    settings = server_of(box, tmp_path / "one", url, password_file)
    found = address_of(settings)
    assert (found.password and found.password.reveal(), found.tls) == ("hush-hush", True)
    assert "hush" not in repr(found)
    assert "sslmode=verify-full" in found.conninfo
    memory_keyring[keys.SERVICE, "database-password"] = "of the keyring"
    unnamed = replace(settings, desk=replace(settings.desk, database_password_file=""))
    password = address_of(unnamed).password
    assert password and password.reveal() == "of the keyring"  # noqa: PT018 - one thing
    named = tmp_path / "named"
    named.write_text("of the environment")
    monkeypatch.setenv("CSRDESK_DATABASE_PASSWORD_FILE", str(named))
    password = address_of(settings).password
    assert password and password.reveal() == "of the environment"  # noqa: PT018 - one thing
    monkeypatch.delenv("CSRDESK_DATABASE_PASSWORD_FILE")
    on_socket = replace(settings, desk=replace(unnamed.desk, database="postgresql:///csrdesk"))
    assert (address_of(on_socket).password, address_of(on_socket).tls) == (None, False)


@pytest.mark.parametrize("variable", ["PGHOST", "PGHOSTADDR"])
async def test_r_44_the_environment_leads_to_no_other_server_than_settings_name(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """There is another one, on this machine here, and nobody would have asked it for a certificate."""
    with socket.create_server(("127.0.0.2", 0)) as other:
        port = other.getsockname()[1]
        other.setblocking(False)
        monkeypatch.setenv(variable, "127.0.0.2")
        monkeypatch.setenv("PGPORT", str(port))
        for url in ("postgresql:///csrdesk", f"postgresql://csrdesk@localhost:{port}/csrdesk"):
            with pytest.raises(StoreUnavailableError):
                await PostgresStore.open(Address(url))
        with pytest.raises(BlockingIOError):
            other.accept()


def test_without_the_driver_it_is_said_how_to_get_it(
    box: Sandbox, tmp_path: Path, password_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ConfigError, match=r"csrdesk\[postgres\]"):
        address_of(server_of(box, tmp_path / "one", "postgresql:///csrdesk", password_file))
