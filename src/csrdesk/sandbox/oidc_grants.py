"""The token endpoint's grants for csrdesk's own resource: code with PKCE, refresh, device, client credentials."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.oauth_provider import NO_STORE, Provider, refused
from csrdesk.sandbox.oidc_apps import SCOPE, App
from csrdesk.sandbox.oidc_tokens import for_script, for_sign_on

Form = Mapping[str, str]
_SLOWER = 5.0
"""Seconds that each question too early adds (RFC 8628, 3.5)."""


def of_code(call: Call, provider: Provider, app: App, form: Form) -> Response:
    """RFC 6749, 4.1.3, with RFC 7636. A code that comes twice ends what was made of it."""
    code = provider.sign_ons.codes.get(form.get("code", ""))
    if code is None or code.sign_on.client_id != app.id:
        return _invalid_grant()
    if code.used:
        code.sign_on.over = True
        return _invalid_grant()
    code.used = True
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    right = (
        hmac.compare_digest(challenge.encode(), code.challenge.encode())
        and form.get("redirect_uri") == code.redirect_uri
    )
    if not right or not provider.sign_ons.lives(code.ends) or not provider.sign_ons.stands(code.sign_on):
        return _invalid_grant()
    return JSONResponse(for_sign_on(call, provider, code.sign_on), headers=NO_STORE)


def of_refresh(call: Call, provider: Provider, app: App, form: Form) -> Response:
    """RFC 6749, 6: the token is exchanged for another."""
    found = provider.sign_ons.take_refresh(form.get("refresh_token", ""))
    if found is None or found.client_id != app.id:
        return _invalid_grant()
    return JSONResponse(for_sign_on(call, provider, found), headers=NO_STORE)


def of_device(call: Call, provider: Provider, app: App, form: Form) -> Response:
    """RFC 8628, 3.4."""
    sign_ons, now = provider.sign_ons, call.clock.now()
    device = sign_ons.devices.get(form.get("device_code", ""))
    if device is None or device.client_id != app.id:
        return _invalid_grant()
    if not sign_ons.lives(device.ends):
        return refused(400, "expired_token", "The device code has expired")
    if device.denied:
        return refused(400, "access_denied", "The request was denied")
    if device.sign_on is not None:
        del sign_ons.devices[device.code]
        return JSONResponse(for_sign_on(call, provider, device.sign_on), headers=NO_STORE)
    early = device.asked_at is not None and (now - device.asked_at).total_seconds() < device.interval * 0.9
    device.asked_at = now
    if early:
        device.interval += _SLOWER
        return refused(400, "slow_down", "Asked too soon")
    return refused(400, "authorization_pending", "Nobody has signed on yet")


def of_script(call: Call, provider: Provider, app: App, form: Form) -> Response:
    """RFC 6749, 4.4, for a client that is no worker of the API."""
    scope = form.get("scope", "")
    if scope != SCOPE:
        return refused(400, "invalid_scope", "At least one scope must be granted")
    return JSONResponse(for_script(call, provider, app, scope), headers=NO_STORE)


def _invalid_grant() -> Response:
    return refused(400, "invalid_grant", "The grant is invalid, expired or revoked")
