"""Checkpoints: who signs says which row was the last one, and when. They live in a file outside the database.

The chain alone cannot tell that its end was cut off, or that all of it was written anew; a signature over its head can.
A file of its own, so that it can be copied to where nobody at the desk can change it. Ed25519: RFC 8032.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

SEED_BYTES: Final = 32
_SIGNED_FOR = b"csrdesk audit checkpoint 1\n"
"""Before what is signed, so that no signature can be taken for one about something else."""
_LONGEST_LINE = 4096


class Checkpoint(msgspec.Struct, frozen=True):
    """One line of the file."""

    count: int
    """The number of the last row."""
    head: str
    """Its hash."""
    row_at: datetime
    """When it was written."""
    at: datetime
    """When this was signed."""
    signature: str = ""
    """Base64, over everything else."""

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        bare = msgspec.structs.replace(self, signature="")
        return _SIGNED_FOR + msgspec.json.encode(bare, order="sorted")


Signed = Callable[[Checkpoint], bool]
"""Whether a checkpoint's signature is right."""


def sign(checkpoint: Checkpoint, seed: bytes) -> Checkpoint:
    """`checkpoint` with its signature."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    made = Ed25519PrivateKey.from_private_bytes(seed).sign(checkpoint.signed)
    return msgspec.structs.replace(checkpoint, signature=base64.b64encode(made).decode())


def public_key(seed: bytes) -> str:
    """The key that others check checkpoints with, as PEM (RFC 8410)."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = Ed25519PrivateKey.from_private_bytes(seed).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def signed_by(public: str) -> Signed:
    """Tells whether the owner of `public` (PEM) signed a checkpoint. Raises `ValueError` for what is no Ed25519 key."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    key = load_pem_public_key(public.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("this is no Ed25519 key")  # noqa: TRY004 - the caller's file is wrong, not a program's type

    def is_signed(checkpoint: Checkpoint) -> bool:
        try:
            key.verify(base64.b64decode(checkpoint.signature), checkpoint.signed)
        except (InvalidSignature, ValueError):
            return False
        return True

    return is_signed


class CheckpointFile:
    """The file, as one process writes and reads it."""

    def __init__(self, path: Path, seed: bytes) -> None:
        self.path = path
        self._seed = seed

    @property
    def public_key(self) -> str:
        """What its checkpoints are checked with, as PEM."""
        return public_key(self._seed)

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint; None where there is none. Raises `OSError`."""
        try:
            with self.path.open("rb") as file:
                return _newest(file.fileno())
        except FileNotFoundError:
            return None

    def append(self, checkpoint: Checkpoint) -> int:
        """Sign and add it, durable on return, unless the newest is as new: the count of the newest, whoever wrote it.

        Two processes take turns by the system's lock on the file (flock). Raises `OSError`.
        """
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self.path, flags, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            newest = _newest(descriptor)
            if newest and newest.count >= checkpoint.count:
                return newest.count
            line = msgspec.json.encode(sign(checkpoint, self._seed)) + b"\n"
            os.write(descriptor, line if _ends_a_line(descriptor) else b"\n" + line)
            os.fsync(descriptor)
            return checkpoint.count
        finally:
            os.close(descriptor)

    def read(self) -> Iterator[Checkpoint]:
        """What the file holds now, in its order, one line at a time; see `read_checkpoints`."""
        return read_checkpoints(self.path)


def read_checkpoints(path: Path) -> Iterator[Checkpoint]:
    """Every checkpoint of a file, as long as it was when this was called; none where there is no file.

    A line that is none comes as the checkpoint of row 0 without a signature. Raises `OSError`.
    """
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return iter(())
    return _lines(path, size)


def _lines(path: Path, size: int) -> Iterator[Checkpoint]:
    with path.open("rb") as file:
        while file.tell() < size:
            line = file.readline(_LONGEST_LINE)
            if line.strip():
                yield _decoded(line)


def _decoded(line: bytes) -> Checkpoint:
    try:
        return msgspec.json.decode(line, type=Checkpoint)
    except msgspec.DecodeError:
        return _NONE


def _newest(descriptor: int) -> Checkpoint | None:
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _LONGEST_LINE, max(0, size - _LONGEST_LINE))
    found = [one for line in tail.split(b"\n") if line and (one := _decoded(line)).count]
    return max(found, key=lambda one: one.count, default=None)


def _ends_a_line(descriptor: int) -> bool:
    size = os.fstat(descriptor).st_size
    return size == 0 or os.pread(descriptor, 1, size - 1) == b"\n"


_NONE = Checkpoint(0, "", datetime.fromtimestamp(0, UTC), datetime.fromtimestamp(0, UTC))
