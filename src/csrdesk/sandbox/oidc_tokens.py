"""Making tokens of csrdesk's own resource (RFC 9068) and ID tokens (OpenID Connect Core 1.0, 2)."""

from __future__ import annotations

import base64
import hashlib
from datetime import timedelta
from typing import Final

from csrdesk.sandbox import ids
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.oauth_provider import Provider, issuer
from csrdesk.sandbox.oidc_apps import AUDIENCE, SCOPE, App
from csrdesk.sandbox.sign_ons import SignOn
from csrdesk.sandbox.staff import Staff

ACCESS_LIFE: Final = timedelta(minutes=15)
_ID_LIFE: Final = timedelta(minutes=60)


def for_sign_on(call: Call, provider: Provider, of: SignOn) -> dict[str, object]:
    """The token endpoint's answer for somebody who signed on: access, ID and, as long as they may, refresh token."""
    claims = {
        **_claims(call, scope=of.scope, client_id=of.client_id),
        "sub": of.who.id,
        "sid": of.id,
        "auth_time": int(of.at.timestamp()),
        **_about(of.who),
    }
    access = provider.signing.sign(claims, type_="at+jwt")
    answer = _answer(access, of.scope)
    if "openid" in of.scope.split():
        answer["id_token"] = _id_token(call, provider, of, access)
    if "refresh_token" in _grants(provider, of.client_id):
        answer["refresh_token"] = provider.sign_ons.refresh_for(of)
    return answer


def for_script(call: Call, provider: Provider, app: App, scope: str) -> dict[str, object]:
    """The same for a client that acts for itself: no person, no `auth_time`, nothing to refresh."""
    access = provider.signing.sign(_claims(call, scope=scope, client_id=app.id), type_="at+jwt")
    return _answer(access, scope)


def _answer(access: str, scope: str) -> dict[str, object]:
    seconds = int(ACCESS_LIFE.total_seconds())
    return {"access_token": access, "token_type": "Bearer", "expires_in": seconds, "scope": scope}


def _claims(call: Call, *, scope: str, client_id: str) -> dict[str, object]:
    """Without a scope of csrdesk's resource the token is one of PingOne's API, as there."""
    now = call.clock.now()
    return {
        "iss": issuer(call.base),
        "aud": [AUDIENCE if SCOPE in scope.split() else call.base],
        "client_id": client_id,
        "scope": scope,
        "jti": ids.fresh(),
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LIFE).timestamp()),
        "env": ids.ENVIRONMENT,
        "org": ids.ORGANIZATION,
    }


def _id_token(call: Call, provider: Provider, of: SignOn, access: str) -> str:
    now = call.clock.now()
    claims = {
        "iss": issuer(call.base),
        "aud": of.client_id,
        "sub": of.who.id,
        "sid": of.id,
        "iat": int(now.timestamp()),
        "exp": int((now + _ID_LIFE).timestamp()),
        "auth_time": int(of.at.timestamp()),
        "at_hash": base64.urlsafe_b64encode(hashlib.sha256(access.encode()).digest()[:16]).rstrip(b"=").decode(),
        **({"nonce": of.nonce} if of.nonce else {}),
        **_about(of.who),
    }
    return provider.signing.sign(claims)


def _about(who: Staff) -> dict[str, object]:
    return {
        "preferred_username": who.username,
        "name": who.name,
        "email": who.email,
        "roles": list(who.roles),
        "groups": list(who.groups),
    }


def _grants(provider: Provider, client_id: str) -> tuple[str, ...]:
    app = provider.apps.known(client_id)
    return app.grants if app else ()
