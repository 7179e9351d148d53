"""Where a person's sign-in is kept: in the system's keyring and nowhere else, or in memory for one run.

In pieces, because some keyrings take few bytes at a time; and in two places by turns, so that a process that is killed
while it writes leaves the sign-in from before.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Protocol

import msgspec

from csrdesk.config import SignInSettings
from csrdesk.errors import ConfigError
from csrdesk.model.secret import Secret, decode_hook
from csrdesk.services.keys import SERVICE, safe_keyring

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

PIECE: Final = 1000
"""Letters of one entry: Windows' keyring takes 1,280, and others more."""
NO_KEYRING: Final = (
    "There is no keyring here that keeps secrets safely, and a sign-in is kept nowhere else. Install one and unlock it "
    "(on Linux GNOME Keyring, KWallet or KeePassXC), or sign in for one command alone: csrdesk login --once COMMAND. "
    "Scripts can name a file that holds a token, mode 0600, in CSRDESK_TOKEN_FILE."
)
_TURNS: Final = ("a", "b")


class Kept(msgspec.Struct, frozen=True):
    """One person's sign-in. Moments are seconds since 1970 UTC, by this machine's clock."""

    username: str
    name: str
    signed_in_at: float
    access_token: Secret
    access_ends: float
    refresh_token: Secret | None = None


class Keeper(Protocol):
    """Keeps one sign-in, or none."""

    def read(self) -> Kept | None: ...

    def write(self, kept: Kept) -> None: ...

    def forget(self) -> None: ...


class MemoryKeeper:
    """For one run."""

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept

    def read(self) -> Kept | None:
        return self._kept

    def write(self, kept: Kept) -> None:
        self._kept = kept

    def forget(self) -> None:
        self._kept = None


class _Head(msgspec.Struct, frozen=True):
    turn: str
    pieces: int
    digest: str


class KeyringKeeper:
    """In the keyring, one sign-in for each application of each provider. Methods block and raise `ConfigError`."""

    def __init__(self, settings: SignInSettings) -> None:
        named = f"{settings.issuer}\n{settings.client_id}".encode()
        self._entry = f"sign-in-{hashlib.sha256(named).hexdigest()[:12]}"

    def read(self) -> Kept | None:
        """None where nobody signed in, or where what is there is not whole."""
        ring = _ring()
        head = self._head(ring)
        if head is None:
            return None
        pieces = [_get(ring, f"{self._entry}.{head.turn}{number}") for number in range(head.pieces)]
        whole = "".join(piece or "" for piece in pieces)
        if _digest(whole) != head.digest:
            return None
        try:
            return msgspec.json.decode(whole, type=Kept, dec_hook=decode_hook)
        except msgspec.DecodeError:
            return None

    def write(self, kept: Kept) -> None:
        """The pieces first, then the entry that counts them, then what was there before goes."""
        ring = _ring()
        before = self._head(ring)
        turn = _TURNS[1] if before is not None and before.turn == _TURNS[0] else _TURNS[0]
        whole = msgspec.json.encode(kept, enc_hook=_revealed).decode()
        pieces = [whole[start : start + PIECE] for start in range(0, len(whole), PIECE)]
        for number, piece in enumerate(pieces):
            _set(ring, f"{self._entry}.{turn}{number}", piece)
        head = _Head(turn, len(pieces), _digest(whole))
        _set(ring, self._entry, msgspec.json.encode(head).decode())
        self._sweep(ring, keep=turn)

    def forget(self) -> None:
        ring = _ring()
        _delete(ring, self._entry)
        self._sweep(ring)

    def _head(self, ring: KeyringBackend) -> _Head | None:
        try:
            return msgspec.json.decode(_get(ring, self._entry) or "", type=_Head)
        except msgspec.DecodeError:
            return None

    def _sweep(self, ring: KeyringBackend, *, keep: str = "") -> None:
        for turn in _TURNS:
            number = 0
            while turn != keep and _delete(ring, f"{self._entry}.{turn}{number}"):
                number += 1


def _ring() -> KeyringBackend:
    found = safe_keyring()
    if found is None:
        raise ConfigError(NO_KEYRING)
    return found


def _get(ring: KeyringBackend, entry: str) -> str | None:
    from keyring.errors import KeyringError

    try:
        return ring.get_password(SERVICE, entry)
    except KeyringError as error:
        raise _failed(error) from None


def _set(ring: KeyringBackend, entry: str, value: str) -> None:
    from keyring.errors import KeyringError

    try:
        ring.set_password(SERVICE, entry, value)
    except KeyringError as error:
        raise _failed(error) from None


def _delete(ring: KeyringBackend, entry: str) -> bool:
    """Whether it was there."""
    from keyring.errors import KeyringError

    if _get(ring, entry) is None:
        return False
    try:
        ring.delete_password(SERVICE, entry)
    except KeyringError as error:
        raise _failed(error) from None
    return True


def _failed(error: Exception) -> ConfigError:
    kind = type(error).__name__
    if kind == "KeyringLocked":
        return ConfigError("The keyring is locked: unlock it, and try again.")
    return ConfigError(f"The keyring failed ({kind}). Look whether it is unlocked, and try again.")


def _digest(whole: str) -> str:
    return hashlib.sha256(whole.encode()).hexdigest()


def _revealed(value: object) -> str:
    """The keyring is the one place that a token is written to."""
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError
