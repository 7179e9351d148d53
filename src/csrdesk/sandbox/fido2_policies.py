"""FIDO2 policies, read only. PingOne API, "FIDO2 policies": which site passkeys are registered for, and how."""

from __future__ import annotations

from starlette.responses import Response

from csrdesk.sandbox import ids
from csrdesk.sandbox.answers import Json, hal, link, not_found, page
from csrdesk.sandbox.calls import Call

RELYING_PARTY = "localhost"
"""Passkeys of the sandbox belong to pages on this machine."""


def _resource(call: Call) -> Json:
    return {
        "_links": {"self": link(f"{call.api}/fido2Policies/{ids.FIDO2_POLICY}"), "environment": link(call.api)},
        "id": ids.FIDO2_POLICY,
        "environment": {"id": ids.ENVIRONMENT},
        "name": "Passkeys",
        "default": True,
        "relyingPartyId": RELYING_PARTY,
        "deviceDisplayName": "Passkey",
        "attestationRequirements": "NONE",
        "authenticatorAttachment": "BOTH",
        "discoverableCredentials": "PREFERRED",
        "backupEligibility": {"allow": True, "enforceDuringAuthentication": False},
        "mdsAuthenticatorsRequirements": {"option": "NONE", "enforceDuringAuthentication": False},
        "userDisplayNameAttributes": {"attributes": [{"name": "username"}]},
        "userVerification": {"option": "PREFERRED", "enforceDuringAuthentication": False},
        "createdAt": "2018-01-02T08:00:00.000Z",
        "updatedAt": "2018-01-02T08:00:00.000Z",
    }


def list_fido2_policies(call: Call) -> Response:
    """GET fido2Policies."""
    return hal(page("fido2Policies", [_resource(call)], call.href))


def read_fido2_policy(call: Call) -> Response:
    """GET fido2Policy."""
    if call.path["policy"].lower() != ids.FIDO2_POLICY:
        raise not_found()
    return hal(_resource(call))
