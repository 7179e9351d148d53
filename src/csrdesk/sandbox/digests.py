"""What is kept of an invented password: enough to know it again, nothing that can be read back.

Apart, because PingOne's side and the directory's both remember passwords and neither holds one.
"""

from __future__ import annotations

import hashlib


def digest(owner: str, value: str) -> str:
    """The same for the same owner and value. Quick on purpose: these passwords protect nothing."""
    hashed = hashlib.blake2b(value.encode(), digest_size=32, salt=_salt(owner))
    return hashed.hexdigest()


def _salt(owner: str) -> bytes:
    return hashlib.blake2b(owner.encode(), digest_size=hashlib.blake2b.SALT_SIZE).digest()
