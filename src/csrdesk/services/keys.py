"""Where csrdesk's own secrets come from: a file that the environment names, one that the settings name, the keyring.

Never from arguments, the environment itself or the settings' text. Messages name files and keys, never what they hold.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from csrdesk.config import DeskSettings, Settings
from csrdesk.errors import ConfigError
from csrdesk.model.secret import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "csrdesk"
"""The name of csrdesk's entries in a keyring."""
KEY_BYTES = 32
_CHECKPOINT_KEY = "desk.data_dir"
_LARGEST = 64 * 1024
_REFUSED = ("keyring.backends.null.", "keyring.backends.fail.", "keyrings.alt.", "keyrings.cryptfile.")
"""Keyrings that drop what they get, hold nothing, store in clear, or ask for a passphrase on the terminal."""


class Wanted(msgspec.Struct, frozen=True):
    """A secret by its names: the environment's variable, the settings' key, the keyring's entry."""

    variable: str
    key: str
    entry: str


PINGONE = Wanted("CSRDESK_PINGONE_CLIENT_SECRET_FILE", "pingone.client_secret_file", "pingone-client-secret")
DIRECTORY = Wanted("CSRDESK_DIRECTORY_PASSWORD_FILE", "directory.password_file", "directory-password")
DATABASE = Wanted("CSRDESK_DATABASE_PASSWORD_FILE", "desk.database_password_file", "database-password")
MAIL = Wanted("CSRDESK_MAIL_PASSWORD_FILE", "mail.password_file", "mail-password")
DOOR = Wanted("CSRDESK_DOOR_SECRET_FILE", "serve.door_secret_file", "door-secret")
PAGES_DOOR = Wanted("CSRDESK_DOOR_SECRET_FILE", "pages.door_secret_file", "pages-door-secret")
SIGN_IN_CLIENT = Wanted("CSRDESK_SIGN_IN_CLIENT_SECRET_FILE", "sign_in.client_secret_file", "sign-in-client-secret")
SIGN_IN_RESOURCE = Wanted(
    "CSRDESK_SIGN_IN_RESOURCE_SECRET_FILE", "sign_in.resource_secret_file", "sign-in-resource-secret"
)
AUDIT_SINK = Wanted("CSRDESK_AUDIT_SINK_TOKEN_FILE", "audit_sink.token_file", "audit-sink-token")
SHORTEST_DOOR_SECRET = 32


class Secrets(msgspec.Struct, frozen=True):
    """Every secret that the settings need; cannot be encoded. None where the settings need none."""

    pingone: Secret
    directory: Secret | None = None
    mail: Secret | None = None


def load_secrets(settings: Settings) -> Secrets:
    """All of them. Raises `ConfigError` with the key and what to do for the first that is missing."""
    return Secrets(
        pingone=read(PINGONE, settings.pingone.client_secret_file),
        directory=read(DIRECTORY, settings.directory.password_file) if settings.directory.needs_password else None,
        mail=read(MAIL, settings.mail.password_file) if settings.mail.user else None,
    )


def read(wanted: Wanted, file: str) -> Secret:
    """One secret; `file` is the settings' value. Raises `ConfigError` where there is none, or where it lies open."""
    named = os.environ.get(wanted.variable, "")
    if named:
        return _text(_content(Path(named), wanted.variable, private=False), named, wanted.variable)
    if file:
        path = Path(file).expanduser()
        return _text(_content(path, wanted.key, private=True), str(path), wanted.key)
    return _from_keyring(wanted)


def private_file(file: str, named_by: str) -> Secret:
    """What a file holds that must be ours and readable by nobody else. Raises `ConfigError`."""
    path = Path(file).expanduser()
    return _text(_content(path, named_by, private=True), str(path), named_by)


def door_secret(wanted: Wanted, file: str) -> Secret:
    """What customers' pages of their own process show at the desk's door. Raises `ConfigError`."""
    secret = read(wanted, file)
    if len(secret.reveal()) < SHORTEST_DOOR_SECRET:
        words = f"The secret named by {wanted.key} is too short. Make one: head -c 32 /dev/urandom | base64"
        raise ConfigError(words, key=wanted.key)
    return secret


def is_named(wanted: Wanted) -> bool:
    """Whether the environment names a file of it."""
    return bool(os.environ.get(wanted.variable))


def desk_key(settings: DeskSettings, data_dir: Path) -> bytes:
    """The 32 bytes behind spoken codes and form tokens; made in `data_dir`, mode 0600, where no file is named."""
    if settings.key_file:
        path = Path(settings.key_file).expanduser()
    else:
        path = data_dir / "desk.key"
        if not path.exists():
            _make_key(path)
    key = _content(path, "desk.key_file", private=True)
    if len(key) != KEY_BYTES:
        how = f"head -c {KEY_BYTES} /dev/urandom > {path}"
        raise ConfigError(
            f"{path} must hold exactly {KEY_BYTES} random bytes. Make it anew: {how}", key="desk.key_file"
        )
    return key


def checkpoint_seed(data_dir: Path) -> bytes:
    """The 32 bytes of the Ed25519 key that signs the audit's checkpoints; made in `data_dir`, mode 0600."""
    path = data_dir / "checkpoint.key"
    if not path.exists():
        _make_key(path)
    seed = _content(path, _CHECKPOINT_KEY, private=True)
    if len(seed) != KEY_BYTES:
        words = f"{path} is not the key that csrdesk made: {KEY_BYTES} bytes. Bring it back from a copy."
        raise ConfigError(words, key=_CHECKPOINT_KEY)
    return seed


def _make_key(path: Path) -> None:
    """Whole or not at all, also when two processes start at the same time: the first one's key counts."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()


def _content(path: Path, key: str, *, private: bool) -> bytes:
    """The file's bytes. What is checked is the opened file, so that none can be slipped in between."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}. It is named by {key}.", key=key) from None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ConfigError(f"{path} is not a regular file. It is named by {key}.", key=key)
        if private and found.st_uid != os.geteuid():
            raise ConfigError(f"{path} belongs to somebody else. It is named by {key}; use one of yours.", key=key)
        if private and found.st_mode & 0o077:
            raise ConfigError(f"{path} can be read by others. It is named by {key}; run: chmod 600 {path}", key=key)
        if found.st_size > _LARGEST:
            raise ConfigError(f"{path} is too large for a secret. It is named by {key}.", key=key)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(_LARGEST)
    finally:
        os.close(descriptor)


def _text(content: bytes, path: str, key: str) -> Secret:
    try:
        value = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not text. It is named by {key}.", key=key) from None
    if not value:
        raise ConfigError(f"{path} is empty. It is named by {key}.", key=key)
    return Secret(value)


def _from_keyring(wanted: Wanted) -> Secret:
    # A desk whose secrets come from files does not pay for the keyring's libraries.
    from keyring.errors import KeyringError, KeyringLocked

    instead = f"name a file in {wanted.key} or {wanted.variable}"
    backend = safe_keyring()
    if backend is None:
        words = f"There is no keyring here that keeps secrets safely, so {instead}."
        raise ConfigError(words, key=wanted.key)
    try:
        value = backend.get_password(SERVICE, wanted.entry)
    except KeyringLocked:
        raise ConfigError(f"The keyring is locked: unlock it, or {instead}.", key=wanted.key) from None
    except KeyringError as error:
        raise ConfigError(f"The keyring failed ({type(error).__name__}): {instead}.", key=wanted.key) from None
    if not value:
        words = f"No secret was found for {wanted.key}: {instead}, or run: keyring set {SERVICE} {wanted.entry}"
        raise ConfigError(words, key=wanted.key)
    return Secret(value)


def safe_keyring() -> KeyringBackend | None:
    """The system's keyring, or None where there is none, or one that keeps secrets in clear."""
    import keyring

    backend = keyring.get_keyring()
    return None if any(_is_refused(inner) for inner in _inner(backend)) else backend


def _inner(backend: KeyringBackend) -> Iterator[KeyringBackend]:
    """The backend itself, and those that a chain of backends would ask."""
    yield backend
    for one in getattr(backend, "backends", ()):
        yield from _inner(one)


def _is_refused(backend: KeyringBackend) -> bool:
    name = f"{type(backend).__module__}.{type(backend).__qualname__}"
    return name.startswith(_REFUSED)
