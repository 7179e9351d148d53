from __future__ import annotations

import os
import stat
import threading
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.errors import KeyringLocked

from csrdesk.config import DeskSettings, PingOneSettings, Settings
from csrdesk.errors import ConfigError
from csrdesk.services.keys import MAIL, PINGONE, SERVICE, desk_key, load_secrets, read

Keyring = dict[tuple[str, str], str]
VALUE = "s3cret-nobody-may-see"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(VALUE + "\n", encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.fixture
def use() -> Iterator[Callable[[KeyringBackend], None]]:
    before = keyring.get_keyring()
    yield keyring.set_keyring
    keyring.set_keyring(before)


def test_r_46_the_file_of_the_environment_comes_first_then_that_of_the_settings_then_the_keyring(
    file: Path, tmp_path: Path, memory_keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory_keyring[SERVICE, PINGONE.entry] = "from the keyring"
    assert read(PINGONE, "").reveal() == "from the keyring"
    assert read(PINGONE, str(file)).reveal() == VALUE
    named = tmp_path / "named"
    named.write_text("from the environment's file")
    monkeypatch.setenv(PINGONE.variable, str(named))
    assert read(PINGONE, str(file)).reveal() == "from the environment's file"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666, 0o644, 0o601])
def test_r_46_a_secrets_file_that_others_can_read_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(ConfigError, match="chmod 600") as raised:
        read(PINGONE, str(file))
    assert raised.value.key == "pingone.client_secret_file"
    assert str(file) in raised.value.message


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_r_46_a_secrets_file_of_somebody_else_is_refused(file: Path) -> None:
    os.chown(file, 12345, 12345)
    with pytest.raises(ConfigError, match="belongs to somebody else"):
        read(PINGONE, str(file))


def test_r_46_what_is_no_regular_file_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    for path in (pipe, tmp_path):
        with pytest.raises(ConfigError):
            read(PINGONE, str(path))


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00", b"x" * 70_000])
def test_r_46_a_file_that_holds_no_secret_is_refused_without_showing_it(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError) as raised:
        read(MAIL, str(file))
    assert "xxx" not in raised.value.message


def test_r_46_a_missing_secret_names_key_variable_and_what_to_do(memory_keyring: Keyring) -> None:
    with pytest.raises(ConfigError, match="keyring set csrdesk pingone-client-secret") as raised:
        read(PINGONE, "")
    assert PINGONE.key in raised.value.message
    assert PINGONE.variable in raised.value.message
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        read(PINGONE, "/nowhere/secret")


class ReadOnly(KeyringBackend):
    """What a keyring needs to be one."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError(f"{service} {username}: nothing of {len(password)} characters is kept")


class PlaintextKeyring(ReadOnly):
    """Bears the name of the one that stores in clear."""

    priority = 9

    def get_password(self, service: str, username: str) -> str | None:
        raise AssertionError(f"{service} {username}: it must not even be asked")


PlaintextKeyring.__module__ = "keyrings.alt.file"


class Chain(ReadOnly):
    priority = 10
    backends = (PlaintextKeyring(),)

    def get_password(self, service: str, username: str) -> str | None:
        return VALUE if service and username else None


@pytest.mark.parametrize("backend", [null.Keyring, fail.Keyring, PlaintextKeyring, Chain])
def test_r_46_keyrings_that_store_in_clear_or_not_at_all_are_refused(
    use: Callable[[KeyringBackend], None], backend: type[KeyringBackend]
) -> None:
    use(backend())
    with pytest.raises(ConfigError, match="no keyring here that keeps secrets safely"):
        read(PINGONE, "")


class Locked(ReadOnly):
    priority = 5

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"{service} {username}")


def test_r_46_a_locked_keyring_is_said_to_be_locked(use: Callable[[KeyringBackend], None]) -> None:
    use(Locked())
    with pytest.raises(ConfigError, match="locked: unlock it, or name a file"):
        read(PINGONE, "")


def test_r_46_no_secret_shows_in_a_traceback_or_a_printed_value(file: Path) -> None:
    settings = Settings(pingone=PingOneSettings("e", "c", client_secret_file=str(file)))
    secrets = load_secrets(settings)
    assert secrets.directory is None
    assert secrets.mail is None
    with pytest.raises(RuntimeError) as raised:
        raise RuntimeError(secrets)
    shown = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert "Secret('***')" in shown
    assert VALUE not in shown


def test_the_desks_key_is_made_once_and_readable_by_us_alone(tmp_path: Path) -> None:
    made = desk_key(DeskSettings(), tmp_path)
    assert len(made) == 32
    assert desk_key(DeskSettings(), tmp_path) == made
    assert stat.S_IMODE((tmp_path / "desk.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["desk.key"]


def test_two_who_start_at_once_get_one_key(tmp_path: Path) -> None:
    keys: list[bytes] = []
    starting = threading.Barrier(8)

    def start() -> None:
        starting.wait()
        keys.append(desk_key(DeskSettings(), tmp_path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1


def test_a_key_that_is_open_or_of_another_length_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.key"
    path.write_bytes(b"k" * 32)
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        desk_key(DeskSettings(key_file=str(path)), tmp_path)
    path.chmod(0o600)
    assert desk_key(DeskSettings(key_file=str(path)), tmp_path) == b"k" * 32
    path.write_bytes(b"k" * 31)
    with pytest.raises(ConfigError, match="exactly 32"):
        desk_key(DeskSettings(key_file=str(path)), tmp_path)
