"""Who signed in, from an ID token that is checked in full (OpenID Connect Core 1.0, 3.1.3.7)."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import jwt
import msgspec

from csrdesk.errors import UnexpectedAnswerError
from csrdesk.model.secret import Secret
from csrdesk.model.text import clean
from csrdesk.services.sign_in.key_set import ALGORITHMS, KeySet
from csrdesk.services.sign_in.provider import SYSTEM, Provider

_LEEWAY: Final = 120
"""Seconds that this machine's clock may be off; a desk is stricter with access tokens."""
_NAME: Final = 80


class Identity(msgspec.Struct, frozen=True):
    """Who signed in; names are harmless."""

    subject: str
    username: str
    name: str
    signed_in_at: float
    """When, in seconds since 1970 UTC."""


async def identity(provider: Provider, id_token: Secret | None, access: Secret, *, nonce: str = "") -> Identity:
    """Raises `UnexpectedAnswerError` for any token that does not say who has just signed in here."""
    if id_token is None:
        raise _not_usable("none was given")
    settings = provider.settings
    try:
        header = jwt.get_unverified_header(id_token.reveal())
        key = await KeySet.of(provider).key(str(header.get("kid", "")))
        if key is None or header.get("alg") != key.algorithm_name:
            raise _not_usable("its key is not the provider's")
        claims: Mapping[str, object] = jwt.decode(
            id_token.reveal(),
            key,
            algorithms=ALGORITHMS,
            audience=settings.client_id,
            issuer=settings.issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "iat", "sub"]},
        )
    except (jwt.ImmatureSignatureError, jwt.ExpiredSignatureError):
        raise _not_usable("this machine's clock and the provider's are more than two minutes apart") from None
    except jwt.PyJWTError as error:
        raise _not_usable(type(error).__name__) from None
    _check(claims, settings.client_id, nonce)
    _check_hash(claims, access, key.algorithm_name)
    username = _text(claims, "preferred_username") or _text(claims, "username") or _text(claims, "sub")
    at = claims.get("auth_time", claims["iat"])
    return Identity(
        subject=_text(claims, "sub"),
        username=username,
        name=_text(claims, "name") or username,
        signed_in_at=float(at) if isinstance(at, int | float) else 0.0,
    )


def _check(claims: Mapping[str, object], client_id: str, nonce: str) -> None:
    """What a signature alone does not say: that it is this sign-in's and this client's."""
    if nonce and not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise _not_usable("it is of another sign-in")
    if claims.get("azp", client_id) != client_id:
        raise _not_usable("it is of another application")


def _check_hash(claims: Mapping[str, object], access: Secret, algorithm: str) -> None:
    """That it came with this access token, where it says so (3.1.3.8): half of the hash of the signature's size."""
    told = claims.get("at_hash")
    digest = hashlib.new(f"sha{algorithm[-3:]}", access.reveal().encode()).digest()
    half = base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if told is not None and told != half:
        raise _not_usable("it is of another access token")


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    return clean(value, _NAME) if isinstance(value, str) else ""


def _not_usable(why: str) -> UnexpectedAnswerError:
    words = f"{SYSTEM} did not prove who signed in: {why}. Nobody was signed in."
    return UnexpectedAnswerError(words, system=SYSTEM, details="id_token")
