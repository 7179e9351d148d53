"""The token endpoint, keys (RFC 7517), metadata (OpenID Discovery), and tokens of PingOne's own API.

A token is a JWT as PingOne issues them. The API's are good for one hour of the sandbox's clock, checked on each call.
"""

from __future__ import annotations

from datetime import timedelta

import jwt
from starlette.responses import JSONResponse, Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import by_status
from csrdesk.sandbox.calls import Call
from csrdesk.sandbox.oauth_provider import NO_STORE, Provider, client_of, form_of, issuer, refused
from csrdesk.sandbox.oidc_apps import DEVICE_CODE, GRANTS, SCOPES
from csrdesk.sandbox.oidc_grants import of_code, of_device, of_refresh, of_script
from csrdesk.sandbox.signing import Signing

_LIFE = timedelta(hours=1)


class Tokens:
    """Issues and judges tokens of the API."""

    def __init__(self, signing: Signing) -> None:
        self._signing = signing

    def issue(self, call: Call) -> str:
        """A token for the desk's worker."""
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
        return self._signing.sign(claims)

    def check(self, call: Call) -> None:
        """Raises 401 unless the call bears a token of ours for the API that is still good."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        refusal = by_status(401).detail("INVALID_TOKEN", "The token is missing, not valid or has expired.")
        if scheme.lower() != "bearer":
            raise refusal
        try:
            claims = self._signing.verified(token.strip())
        except jwt.InvalidTokenError:
            raise refusal from None
        ends = claims.get("exp")
        over = not isinstance(ends, int) or ends <= call.clock.now().timestamp()
        if claims.get("client_id") != ids.CLIENT or claims.get("env") != ids.ENVIRONMENT or over:
            raise refusal


def token(call: Call, provider: Provider) -> Response:
    """POST token."""
    form = form_of(call)
    if isinstance(form, Response):
        return form
    app = client_of(call, form, provider)
    if isinstance(app, Response):
        return app
    match form.get("grant_type"):
        case None:
            return refused(400, "invalid_request", "Request denied: grant_type is missing")
        case kind if kind not in GRANTS:
            return refused(400, "unsupported_grant_type", "Request denied: Unsupported grant type")
        case kind if kind not in app.grants:
            return refused(400, "unauthorized_client", "Request denied: the client may not use this grant type")
        case "authorization_code":
            return of_code(call, provider, app, form)
        case "refresh_token":
            return of_refresh(call, provider, app, form)
        case kind if kind == DEVICE_CODE:
            return of_device(call, provider, app, form)
        case _ if app.of_api:
            issued = Tokens(provider.signing).issue(call)
            body = {"access_token": issued, "token_type": "Bearer", "expires_in": int(_LIFE.total_seconds())}
            return JSONResponse(body, headers=NO_STORE)
        case _:
            return of_script(call, provider, app, form)


def jwks(call: Call, provider: Provider) -> Response:  # noqa: ARG001 - called like the others
    """GET jwks."""
    return JSONResponse(provider.signing.published())


def metadata(call: Call, provider: Provider) -> Response:  # noqa: ARG001 - called like the others
    """GET .well-known/openid-configuration."""
    own = issuer(call.base)
    return JSONResponse(
        {
            "issuer": own,
            "authorization_endpoint": f"{own}/authorize",
            "token_endpoint": f"{own}/token",
            "userinfo_endpoint": f"{own}/userinfo",
            "jwks_uri": f"{own}/jwks",
            "device_authorization_endpoint": f"{own}/device_authorization",
            "introspection_endpoint": f"{own}/introspect",
            "revocation_endpoint": f"{own}/revoke",
            "grant_types_supported": list(GRANTS),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "scopes_supported": list(SCOPES),
            "code_challenge_methods_supported": ["S256"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": True,
        }
    )
