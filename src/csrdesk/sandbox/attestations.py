"""Registering a passkey at PingOne's side: what a browser is asked to make, and the judgement of what comes back.

The judging is py_webauthn's (W3C Web Authentication Level 2, 7.1), imported when the first attestation arrives. Bytes
in `publicKeyCredentialCreationOptions` are signed integers, as in `assertions`; that algorithms are strings there, and
which error answers a bad attestation, is inferred.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Final

import msgspec

from csrdesk.sandbox.answers import Refusal, invalid
from csrdesk.sandbox.assertions import TIMEOUT_MS, fresh_challenge, refuse_foreign_origin, signed
from csrdesk.sandbox.authenticator import decode, encode
from csrdesk.sandbox.model import Device, User

_ALGORITHMS: Final = ("-7", "-257")
"""ES256 and RS256 (IANA, "COSE Algorithms")."""
SITE_NAME: Final = "csrdesk sandbox"


def ask(device: Device) -> None:
    """A new challenge, which ends the one before."""
    device.challenge = fresh_challenge()


def creation_options(user: User, device: Device) -> str:
    """`publicKeyCredentialCreationOptions`, a JSON string within the JSON."""
    mine = [other for other in user.devices if other.type == "FIDO2" and other.status == "ACTIVE"]
    return json.dumps(
        {
            "rp": {"id": device.rp_id, "name": SITE_NAME},
            "user": {
                "id": signed(hashlib.sha256(f"user:{user.id}".encode()).digest()[:16]),
                "displayName": user.username,
                "name": user.username,
            },
            "challenge": signed(decode(device.challenge)),
            "pubKeyCredParams": [{"type": "public-key", "alg": algorithm} for algorithm in _ALGORITHMS],
            "timeout": TIMEOUT_MS,
            "excludeCredentials": [
                {"type": "public-key", "id": signed(decode(other.credential_id))} for other in mine
            ],
            "authenticatorSelection": {"residentKey": "preferred", "userVerification": "preferred"},
            "attestation": "none",
        }
    )  # fmt: skip


def _refused() -> Refusal:
    return invalid("attestation", "The attestation is not valid.")


def check(device: Device, origin: str, attestation: str, everybody: Iterable[User]) -> None:
    """Takes an attestation once, or raises the refusal; then the device has its key. No key is registered twice."""
    # Here, because it takes 0.2 s that no other request should pay.
    from webauthn import verify_registration_response
    from webauthn.helpers.exceptions import WebAuthnException

    challenge, device.challenge = device.challenge, ""
    refuse_foreign_origin(origin, device)
    try:
        verified = verify_registration_response(
            credential=_in_base64url(attestation),
            expected_challenge=decode(challenge),
            expected_rp_id=device.rp_id,
            expected_origin=origin,
            require_user_verification=False,
        )
    except (WebAuthnException, msgspec.MsgspecError, ValueError, TypeError, KeyError):
        raise _refused() from None
    credential_id = encode(verified.credential_id)
    if any(other.credential_id == credential_id for user in everybody for other in user.devices):
        raise invalid("attestation", "The authenticator is paired already.", code="UNIQUENESS_VIOLATION")
    device.credential_id = credential_id
    device.public_key = encode(verified.credential_public_key)
    device.sign_count = verified.sign_count


def _in_base64url(attestation: str) -> dict[str, object]:
    """What counts of it with all its bytes in base64url, which the library wants; scripts often send base64."""
    credential = msgspec.json.decode(attestation, type=dict[str, object])
    response = credential["response"]
    if not isinstance(response, dict):
        raise TypeError("response")
    names = ("clientDataJSON", "attestationObject")
    raw = encode(decode(str(credential["rawId"])))
    bytes_of = {name: encode(decode(str(response[name]))) for name in names}
    return {"id": raw, "rawId": raw, "type": credential.get("type"), "response": bytes_of}
