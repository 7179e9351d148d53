"""What the endpoints of the identity provider share: its parts, who calls, and how it refuses (RFC 6749, 5.2)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

import msgspec
from starlette.responses import JSONResponse, Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.oidc_apps import App, Apps
from csrdesk.sandbox.sign_ons import SignOns
from csrdesk.sandbox.signing import Signing

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
_FORM = "application/x-www-form-urlencoded"


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """The identity provider's parts."""

    signing: Signing
    apps: Apps
    sign_ons: SignOns
    device_interval: float
    """Seconds that a device waits between two questions."""


def issuer(base: str) -> str:
    """The issuer in tokens and metadata, for a caller who reaches the sandbox under that URL."""
    return f"{base}/{ids.ENVIRONMENT}/as"


def refused(status: int, error: str, description: str) -> Response:
    """An OAuth error."""
    headers = {**NO_STORE, "www-authenticate": 'Basic realm="as"'} if status == 401 else NO_STORE
    return JSONResponse({"error": error, "error_description": description}, status, headers)


def form_of(call: Call) -> dict[str, str] | Response:
    """The form that was posted, or the refusal of anything else."""
    if call.content_type != _FORM:
        return refused(400, "invalid_request", "Request denied: the body is not a form")
    return dict(parse_qsl(call.body.decode(errors="replace"), keep_blank_values=True))


def client_of(call: Call, form: Mapping[str, str], provider: Provider) -> App | Response:
    """The client that calls, by header or form; a public one by its id alone."""
    app = provider.apps.proved(*_credentials(call, form))
    if app is not None:
        return app
    words = f"Request denied: Unsupported authentication method (Correlation ID: {call.correlation_id})"
    return refused(401, "invalid_client", words)


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
