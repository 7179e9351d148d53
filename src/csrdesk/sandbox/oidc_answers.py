"""Endpoints beside the token's: device authorization (RFC 8628), introspection (RFC 7662), revocation (RFC 7009),
user info (OpenID Connect Core 1.0, 5.3).
"""

from __future__ import annotations

from collections.abc import Mapping

import jwt
from starlette.responses import JSONResponse, Response

from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.oauth_provider import NO_STORE, Provider, client_of, form_of, refused
from csrdesk.sandbox.oidc_apps import DEVICE_CODE, SCOPES
from csrdesk.sandbox.sign_ons import DEVICE_LIFE


def authorize_device(call: Call, provider: Provider) -> Response:
    """POST device_authorization."""
    form = form_of(call)
    if isinstance(form, Response):
        return form
    app = client_of(call, form, provider)
    if isinstance(app, Response):
        return app
    if DEVICE_CODE not in app.grants:
        return refused(400, "unauthorized_client", "Request denied: the client may not use this grant type")
    scope = form.get("scope", "openid")
    if not set(scope.split()) <= set(SCOPES):
        return refused(400, "invalid_scope", "Request denied: unknown scope")
    made = provider.sign_ons.device_for(app.id, scope, provider.device_interval)
    go = f"{call.auth}/device/go"
    body = {
        "device_code": made.code,
        "user_code": made.user_code,
        "verification_uri": go,
        "verification_uri_complete": f"{go}?user_code={made.user_code}",
        "expires_in": int(DEVICE_LIFE.total_seconds()),
        "interval": provider.device_interval,
    }
    return JSONResponse(body, headers=NO_STORE)


def introspect(call: Call, provider: Provider) -> Response:
    """POST introspect, for the resource alone."""
    form = form_of(call)
    if isinstance(form, Response):
        return form
    app = client_of(call, form, provider)
    if isinstance(app, Response):
        return app
    if not app.introspects:
        return refused(403, "unauthorized_client", "Request denied: this client may not introspect")
    claims = _active(call, provider, form.get("token", ""))
    return JSONResponse({"active": False} if claims is None else {**claims, "active": True}, headers=NO_STORE)


def revoke(call: Call, provider: Provider) -> Response:
    """POST revoke: always 200 for a client that is known, whatever the token was."""
    form = form_of(call)
    if isinstance(form, Response):
        return form
    app = client_of(call, form, provider)
    if isinstance(app, Response):
        return app
    given = form.get("token", "")
    claims = _claims(provider, given)
    if claims is None:
        provider.sign_ons.end_by_refresh(given)
    elif claims.get("client_id") == app.id:
        provider.sign_ons.revoke(str(claims.get("jti", "")))
    return Response(headers=NO_STORE)


def userinfo(call: Call, provider: Provider) -> Response:
    """GET userinfo."""
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    claims = _active(call, provider, token) if scheme.lower() == "bearer" else None
    if claims is None or "openid" not in str(claims.get("scope")).split():
        return JSONResponse({"error": "invalid_token"}, 401, {**NO_STORE, "www-authenticate": "Bearer"})
    told = ("sub", "preferred_username", "name", "email", "roles", "groups")
    return JSONResponse({name: claims[name] for name in told if name in claims}, headers=NO_STORE)


def _active(call: Call, provider: Provider, token: str) -> Mapping[str, object] | None:
    claims = _claims(provider, token)
    if claims is None or claims.get("scope") is None:
        return None
    ends = claims.get("exp")
    lives = isinstance(ends, int) and ends > call.clock.now().timestamp()
    counts = provider.sign_ons.counts(str(claims.get("jti", "")), str(claims.get("sid", "")))
    return claims if lives and counts else None


def _claims(provider: Provider, token: str) -> Mapping[str, object] | None:
    try:
        return provider.signing.verified(token)
    except jwt.InvalidTokenError:
        return None
