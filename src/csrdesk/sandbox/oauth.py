"""Tokens for the desk's client: client credentials (RFC 6749, 4.4), keys (RFC 7517), metadata (OpenID Discovery).

A token is an RS256 JWT as PingOne issues them, good for one hour of the sandbox's clock, checked on each call.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hmac
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qsl, unquote_plus

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from jwt.types import Options
from starlette.responses import JSONResponse, Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import by_status
from csrdesk.sandbox.calls import Call

_LIFE = timedelta(hours=1)
_KEY_ID = ids.stable("key", "signing")
_OWN_CLOCK: Options = {"verify_exp": False, "verify_iat": False, "verify_aud": False}
_FORM = "application/x-www-form-urlencoded"
_NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


def issuer(base: str) -> str:
    """The issuer in tokens and metadata, for a caller who reaches the sandbox under that URL."""
    return f"{base}/{ids.ENVIRONMENT}/as"


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    """Made when the first token is wanted, once a process: it takes longer than all else at the start."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Tokens:
    """Issues and judges tokens."""

    def __init__(self, client_secret: str) -> None:
        self._client_secret = client_secret

    def issue(self, call: Call) -> str:
        """A token for the desk's client."""
        now = call.clock.now()
        claims = {
            "client_id": ids.CLIENT,
            "iss": issuer(call.base),
            "jti": ids.fresh(),
            "iat": int(now.timestamp()),
            "exp": int((now + _LIFE).timestamp()),
            "aud": [call.base],
            "env": ids.ENVIRONMENT,
            "org": ids.ORGANIZATION,
        }
        return jwt.encode(claims, _key(), algorithm="RS256", headers={"kid": _KEY_ID})

    def keys(self) -> Mapping[str, object]:
        """The public half, as a JWK set."""
        public: dict[str, object] = RSAAlgorithm.to_jwk(_key().public_key(), as_dict=True)
        public.pop("key_ops", None)
        return {"keys": [{**public, "use": "sig", "alg": "RS256", "kid": _KEY_ID}]}

    def check(self, call: Call) -> None:
        """Raises 401 unless the call bears a token of ours that is still good."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        refused = by_status(401).detail("INVALID_TOKEN", "The token is missing, not valid or has expired.")
        if scheme.lower() != "bearer":
            raise refused
        try:
            claims = jwt.decode(token.strip(), _key().public_key(), algorithms=["RS256"], options=_OWN_CLOCK)
        except jwt.InvalidTokenError:
            raise refused from None
        if claims.get("env") != ids.ENVIRONMENT or claims.get("exp", 0) <= call.clock.now().timestamp():
            raise refused

    def knows(self, client_id: str, client_secret: str) -> bool:
        """True for the desk's client with its secret."""
        right = hmac.compare_digest(client_secret.encode(), self._client_secret.encode())
        return right and client_id == ids.CLIENT


def _refused(status: int, error: str, description: str) -> Response:
    headers = {**_NO_STORE, "www-authenticate": 'Basic realm="as"'} if status == 401 else _NO_STORE
    return JSONResponse({"error": error, "error_description": description}, status, headers)


def _credentials(call: Call, form: Mapping[str, str]) -> tuple[str, str]:
    """Client id and secret from the header (both form-encoded first: RFC 6749, 2.3.1) or the form."""
    scheme, _, value = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        client_id, _, client_secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return unquote_plus(client_id), unquote_plus(client_secret)


def token(call: Call, tokens: Tokens) -> Response:
    """POST token."""
    if call.content_type != _FORM:
        return _refused(400, "invalid_request", "Request denied: the body is not a form")
    form = dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))
    if not tokens.knows(*_credentials(call, form)):
        description = f"Request denied: Unsupported authentication method (Correlation ID: {call.correlation_id})"
        return _refused(401, "invalid_client", description)
    match form.get("grant_type"):
        case "client_credentials":
            body = {
                "access_token": tokens.issue(call),
                "token_type": "Bearer",
                "expires_in": int(_LIFE.total_seconds()),
            }
            return JSONResponse(body, headers=_NO_STORE)
        case None:
            return _refused(400, "invalid_request", "Request denied: grant_type is missing")
        case _:
            return _refused(400, "unsupported_grant_type", "Request denied: Unsupported grant type")


def jwks(call: Call, tokens: Tokens) -> Response:  # noqa: ARG001 - called like the others
    """GET jwks."""
    return JSONResponse(tokens.keys())


def metadata(call: Call, tokens: Tokens) -> Response:  # noqa: ARG001 - called like the others
    """GET .well-known/openid-configuration."""
    own = issuer(call.base)
    return JSONResponse(
        {
            "issuer": own,
            "authorization_endpoint": f"{own}/authorize",
            "token_endpoint": f"{own}/token",
            "jwks_uri": f"{own}/jwks",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
    )
