"""The secrets of a link and what is kept of them: the token's hash; a spoken code is derived and never stored."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final

from csrdesk.model.secret import Secret
from csrdesk.model.text import digits

_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Characters that are not taken for one another when they are read aloud or written down."""
_CODES: Final = 1_000_000
_FAIR: Final = (1 << 24) // _CODES * _CODES
"""Of 24 random bits, those below this number give every code equally often; the others are drawn again."""
_CALL_CODES: Final = 1_000_000_000
_FAIR_CALL: Final = (1 << 32) // _CALL_CODES * _CALL_CODES
"""The same of 32 bits."""


def new_id() -> str:
    """An id of a flow, a call or a link. It opens nothing."""
    return secrets.token_hex(8)


def id_of(agent: str, key: str) -> str:
    """The id of the flow that an agent begins with that key: the same for each time that they send it."""
    return hashlib.sha256(b"csrdesk flow 1\0" + agent.encode() + b"\0" + key.encode()).hexdigest()[:16]


def new_token() -> Secret:
    """32 random bytes for a link's address."""
    return Secret(secrets.token_urlsafe(32))


def new_reference() -> str:
    """What caller and agent compare, like `K7Q-2M9`: it names a mail and opens nothing."""
    drawn = "".join(secrets.choice(_ALPHABET) for _ in range(6))
    return f"{drawn[:3]}-{drawn[3:]}"


def fingerprint(value: str) -> str:
    """SHA-256 of a token or cookie: enough for random values, which nobody can guess from their hash."""
    return hashlib.sha256(value.encode()).hexdigest()


def keyed_fingerprint(key: bytes, value: str, kind: str = "address") -> str:
    """HMAC-SHA256 of what could be guessed, such as an address in any letter case; `kind` keeps uses apart."""
    return hmac.new(key, f"{kind}:{value.strip().casefold()}".encode(), hashlib.sha256).hexdigest()


def spoken_code(key: bytes, challenge_id: str, attempt: int) -> str:
    """The six digits for this attempt of a link: HMAC-SHA256 with the desk's key (RFC 2104), rejection-sampled."""
    draw = 0
    while (drawn := _draw(key, f"spoken:{challenge_id}:{attempt}:{draw}")) >= _FAIR:
        draw += 1
    return f"{drawn % _CODES:06}"


def call_code(key: bytes, challenge_id: str, attempt: int) -> str:
    """The nine digits for the spoken address, derived as `spoken_code` is."""
    draw = 0
    while (drawn := _draw(key, f"call:{challenge_id}:{attempt}:{draw}", 4)) >= _FAIR_CALL:
        draw += 1
    return f"{drawn % _CALL_CODES:09}"


def is_right(typed: Secret, key: bytes, challenge_id: str, attempt: int, *, of_address: bool = False) -> bool:
    """Whether `typed` is the code, compared in constant time; blanks, hyphens and any Unicode digits are taken.

    `of_address`: the nine digits for the spoken address.
    """
    derive = call_code if of_address else spoken_code
    expected = derive(key, challenge_id, attempt)
    return hmac.compare_digest(digits(typed.reveal()).encode(), expected.encode())


def _draw(key: bytes, label: str, size: int = 3) -> int:
    return int.from_bytes(hmac.new(key, label.encode(), hashlib.sha256).digest()[:size])
