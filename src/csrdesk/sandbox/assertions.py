"""FIDO2 at PingOne's side: what a browser is asked to sign, and the judgement of what comes back.

The judging is py_webauthn's (W3C Web Authentication Level 2, 7.2), imported when the first assertion arrives. Bytes in
`publicKeyCredentialRequestOptions` are signed integers, as PingOne's "MFA device authentications" shows them. Which
error answers a bad assertion is inferred: the documentation shows none.
"""

from __future__ import annotations

import json
import secrets
from typing import Final

import msgspec

from csrdesk.sandbox.answers import Refusal, invalid
from csrdesk.sandbox.authenticator import decode, encode
from csrdesk.sandbox.model import Authentication, Device

TIMEOUT_MS: Final = 120_000
_CHALLENGE_BYTES: Final = 32


class Check(msgspec.Struct, frozen=True):
    """Body of `assertion.check`."""

    origin: str
    assertion: str
    """JSON, as a string."""


def signed(value: bytes) -> list[int]:
    """Bytes as PingOne writes them."""
    return [byte - 256 if byte > 127 else byte for byte in value]


def fresh_challenge() -> str:
    """Something to sign that was never signed before, base64url."""
    return encode(secrets.token_bytes(_CHALLENGE_BYTES))


def ask(authentication: Authentication) -> None:
    """A new challenge, which ends the one before."""
    authentication.challenge = fresh_challenge()


def request_options(authentication: Authentication, device: Device) -> str:
    """`publicKeyCredentialRequestOptions`, a JSON string within the JSON."""
    return json.dumps(
        {
            "challenge": signed(decode(authentication.challenge)),
            "timeout": TIMEOUT_MS,
            "rpId": device.rp_id,
            "allowCredentials": [{"type": "public-key", "id": signed(decode(device.credential_id))}],
            "userVerification": "preferred",
        }
    )


def _refused() -> Refusal:
    return invalid("assertion", "The assertion is not valid.")


def check(authentication: Authentication, device: Device, body: Check) -> None:
    """Takes an assertion once, or raises the refusal. A counter that went back is a copied key and is refused."""
    # Here, because it takes 0.2 s that no other request should pay.
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    challenge, authentication.challenge = authentication.challenge, ""
    refuse_foreign_origin(body.origin, device)
    try:
        credential = msgspec.json.decode(body.assertion, type=dict[str, object])
        verified = verify_authentication_response(
            credential=_in_base64url(credential),
            expected_challenge=decode(challenge),
            expected_rp_id=device.rp_id,
            expected_origin=body.origin,
            credential_public_key=decode(device.public_key),
            credential_current_sign_count=device.sign_count,
            require_user_verification=False,
        )
    except (WebAuthnException, msgspec.MsgspecError, ValueError, TypeError, KeyError):
        raise _refused() from None
    if verified.credential_id != decode(device.credential_id):
        raise _refused()
    device.sign_count = verified.new_sign_count


def refuse_foreign_origin(origin: str, device: Device) -> None:
    """Raises where the origin does not belong to the relying party (Web Authentication, 5.1.4.1)."""
    host = origin.partition("://")[2].partition(":")[0].rstrip("/")
    if host != device.rp_id and not host.endswith("." + device.rp_id):
        raise invalid("origin", "The origin does not belong to the relying party.")


def _in_base64url(credential: dict[str, object]) -> dict[str, object]:
    """The same with all its bytes in base64url, which the library wants; browsers' scripts often send base64."""
    response = credential["response"]
    if not isinstance(response, dict):
        raise TypeError("response")
    bytes_of = {name: encode(decode(str(value))) for name, value in response.items() if value}
    raw = encode(decode(str(credential["rawId"])))
    return {**credential, "id": raw, "rawId": raw, "response": bytes_of}
