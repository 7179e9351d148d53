"""The passkeys of invented people: keys that sign for real, for the demo and tests, as a phone or a stick would.

On the people's side of the wire: PingOne (`assertions`, `attestations`) keeps only the public key. Formats are those of
W3C Web Authentication Level 2 (6.1 authenticator data, 6.3.3 assertion, 6.5.4 attestation object, 5.8.1 client data)
and RFC 9053 (COSE keys).
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of the curve P-256 (SEC 2, 2.4.2)."""
_COSE_ES256: Final = bytes.fromhex("a5010203262001215820")
"""A map of five: kty EC2, alg ES256, crv P-256, then x (32 bytes); see `public_key`."""
_COSE_Y: Final = bytes.fromhex("225820")
_PRESENT: Final = 0x01
_VERIFIED: Final = 0x04
_ATTESTED: Final = 0x40
_NO_MODEL: Final = bytes(16)
"""AAGUID of an authenticator that does not say what it is."""
_CBOR_NONE: Final = bytes.fromhex("a363666d74646e6f6e656761747453746d74a068617574684461746158")
"""A map of three: fmt "none", attStmt {}, authData as bytes whose length follows in one byte (RFC 8949)."""


class Passkey(msgspec.Struct, kw_only=True):
    """A key in somebody's authenticator."""

    device_id: str
    """As PingOne numbers it."""
    username: str
    credential_id: str
    """Base64url, as all bytes here."""
    private_key: str
    """PKCS #8, DER: what a browser's virtual authenticator takes as well."""
    rp_id: str
    user_handle: str
    sign_count: int = 0
    """How often it has signed."""


def encode(value: bytes) -> str:
    """Base64url without padding (RFC 4648, 5)."""
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def decode(text: str) -> bytes:
    """Bytes of base64url, or of plain base64, with padding or without. Raises ValueError."""
    plain = text.replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def make_passkey(device_id: str, username: str, rp_id: str) -> Passkey:
    """A key that is the same in every sandbox, because it is made of the device's id: nobody's secret."""
    digest = hashlib.sha256(f"passkey:{device_id}".encode()).digest()
    key = ec.derive_private_key(int.from_bytes(digest, "big") % (_ORDER - 1) + 1, ec.SECP256R1())
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Passkey(
        device_id=device_id,
        username=username,
        credential_id=encode(hashlib.sha256(f"credential:{device_id}".encode()).digest()[:16]),
        private_key=encode(der),
        rp_id=rp_id,
        user_handle=encode(hashlib.sha256(f"user:{username}".encode()).digest()[:16]),
    )


def _private(passkey: Passkey) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(decode(passkey.private_key), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError("not a key on an elliptic curve")
    return key


def public_key(passkey: Passkey) -> str:
    """The COSE key that a relying party keeps, base64url."""
    point = _private(passkey).public_key().public_numbers()
    return encode(_COSE_ES256 + point.x.to_bytes(32, "big") + _COSE_Y + point.y.to_bytes(32, "big"))


def sign(passkey: Passkey, options: str, origin: str, *, verified: bool = True) -> str:
    """What a browser at `origin` makes of PingOne's `publicKeyCredentialRequestOptions`: the assertion as JSON.

    `verified` tells whether the person showed a finger or typed a PIN. Counts one signature up.
    """
    asked = json.loads(options)
    challenge = bytes(byte % 256 for byte in asked["challenge"])
    client_data = _client_data("webauthn.get", challenge, origin)
    passkey.sign_count += 1
    flags = _PRESENT | (_VERIFIED if verified else 0)
    about = hashlib.sha256(asked["rpId"].encode()).digest() + bytes([flags]) + passkey.sign_count.to_bytes(4, "big")
    signature = _private(passkey).sign(about + hashlib.sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
    return json.dumps(
        {
            "id": passkey.credential_id,
            "rawId": passkey.credential_id,
            "type": "public-key",
            "response": {
                "clientDataJSON": encode(client_data),
                "authenticatorData": encode(about),
                "signature": encode(signature),
                "userHandle": passkey.user_handle,
            },
        }
    )


def attest(
    options: str, origin: str, *, username: str = "", key: Passkey | None = None, verified: bool = True
) -> tuple[Passkey, str]:
    """What a browser at `origin` makes of PingOne's `publicKeyCredentialCreationOptions`: a new passkey, and the
    attestation as JSON. Format "none", as a browser sends it to a site that asks for none (8.7).

    `key`: an authenticator's own key in place of a new one, as it would come where nothing excludes it.
    """
    asked = json.loads(options)
    site = asked["rp"]["id"]
    passkey = key or make_passkey(str(uuid.uuid4()), username or asked["user"]["name"], site)
    passkey.user_handle = encode(bytes(byte % 256 for byte in asked["user"]["id"]))
    challenge = bytes(byte % 256 for byte in asked["challenge"])
    client_data = _client_data("webauthn.create", challenge, origin)
    flags = _PRESENT | _ATTESTED | (_VERIFIED if verified else 0)
    credential_id = decode(passkey.credential_id)
    attested = _NO_MODEL + len(credential_id).to_bytes(2, "big") + credential_id + decode(public_key(passkey))
    about = hashlib.sha256(site.encode()).digest() + bytes([flags]) + passkey.sign_count.to_bytes(4, "big") + attested
    attestation = {
        "id": passkey.credential_id,
        "rawId": passkey.credential_id,
        "type": "public-key",
        "response": {
            "clientDataJSON": encode(client_data),
            "attestationObject": encode(_CBOR_NONE + bytes([len(about)]) + about),
        },
        "clientExtensionResults": {},
    }
    return passkey, json.dumps(attestation)


def _client_data(kind: str, challenge: bytes, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": encode(challenge), "origin": origin, "crossOrigin": False}).encode()
