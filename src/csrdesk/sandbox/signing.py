"""The keys that sign the sandbox's tokens: two are published, the newer one signs, and a roll makes another.

The first is RSA, as PingOne's are; each that a roll makes is P-256, so that clients meet both (RFC 7518, 3.1).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping

import jwt
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from csrdesk.sandbox import ids

_FIRST = ids.stable("key", "signing")
_PUBLISHED = 2


class Key(msgspec.Struct, frozen=True):
    """A key of one algorithm, with the id that tokens name it by."""

    id: str
    algorithm: str
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    def public(self) -> dict[str, object]:
        """As a JWK (RFC 7517)."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            jwk: dict[str, object] = RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        else:
            jwk = ECAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        jwk.pop("key_ops", None)
        return {**jwk, "use": "sig", "alg": self.algorithm, "kid": self.id}


@functools.cache
def _rsa() -> rsa.RSAPrivateKey:
    """Made when the first token is wanted, once a process: it takes longer than all else at the start."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _another() -> Key:
    return Key(ids.fresh(), "ES256", ec.generate_private_key(ec.SECP256R1()))


class Signing:
    """Signs, tells which keys are published, and rolls."""

    def __init__(self) -> None:
        self._made: list[Key] = []

    def roll(self) -> str:
        """From now on a new key signs; the one before stays published until the next roll. Gives the new one's id."""
        self._made = [_another(), *self._keys()][:_PUBLISHED]
        return self._made[0].id

    def sign(self, claims: Mapping[str, object], *, type_: str = "JWT") -> str:
        """A JWS of those claims; `type_` is its header's `typ`."""
        key = self._keys()[0]
        headers = {"kid": key.id, "typ": type_}
        return jwt.encode(dict(claims), key.private, algorithm=key.algorithm, headers=headers)

    def verified(self, token: str) -> Mapping[str, object]:
        """The claims of a token that a published key signed, whatever the time. Raises `jwt.InvalidTokenError`."""
        named = jwt.get_unverified_header(token).get("kid")
        for key in self._keys():
            if key.id == named:
                claims: dict[str, object] = jwt.decode(
                    token,
                    key.private.public_key(),
                    algorithms=[key.algorithm],
                    options={"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False},
                )
                return claims
        raise jwt.InvalidTokenError

    def published(self) -> Mapping[str, object]:
        """The public halves, as a JWK set."""
        return {"keys": [key.public() for key in self._keys()]}

    def _keys(self) -> list[Key]:
        """The newest first; at the start one is there already that signs nothing yet and never will."""
        if not self._made:
            self._made = [Key(_FIRST, "RS256", _rsa()), _another()]
        return self._made
