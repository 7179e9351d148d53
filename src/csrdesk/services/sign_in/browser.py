"""Signing in with the system's browser: authorization code with PKCE and a loopback redirect (RFC 8252, RFC 7636)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlencode

from csrdesk.errors import CsrdeskError, NotSignedInError, TimedOutError, UnexpectedAnswerError
from csrdesk.services.sign_in import token_answers
from csrdesk.services.sign_in.keeping import Kept
from csrdesk.services.sign_in.loopback import Loopback, listening
from csrdesk.services.sign_in.people import kept_of
from csrdesk.services.sign_in.provider import SYSTEM, Metadata, Provider

PATIENCE: Final = 300.0
"""Seconds that somebody may take to sign in."""


async def by_browser(provider: Provider, opened: Callable[[str], None], *, patience: float = PATIENCE) -> Kept:
    """Sign somebody in; `opened` is given the address to open, once a browser can come back here.

    Whoever has signed in somewhere before is asked again (`prompt=login`): what needs a fresh sign-in asks for this.
    Raises `NotSignedInError` where nobody did, `ConfigError`, and `ServiceError`.
    """
    metadata = await provider.metadata()
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))

    def is_ours(answer: Mapping[str, str]) -> bool:
        return hmac.compare_digest(answer.get("state", "").encode(), state.encode())

    async with listening(provider.settings.redirect_port, is_ours) as loopback:
        opened(_address(provider, metadata, loopback.redirect_uri, state=state, nonce=nonce, verifier=verifier))
        try:
            kept = await _signed_in(provider, loopback, verifier=verifier, nonce=nonce, patience=patience)
        except CsrdeskError as error:
            await loopback.finish(well=False, words=error.message)
            raise
        await loopback.finish(well=True, words=f"You are {kept.name}. You can close this page.")
    return kept


async def _signed_in(provider: Provider, loopback: Loopback, *, verifier: str, nonce: str, patience: float) -> Kept:
    try:
        answer = await loopback.answer(patience)
    except TimeoutError:
        words = f"Nobody signed in within {patience / 60:.0f} minutes. Begin again: csrdesk login"
        raise TimedOutError(words, system=SYSTEM, details="loopback") from None
    code = _code(answer, provider.settings.issuer)
    tokens = await token_answers.of_code(provider, code, redirect_uri=loopback.redirect_uri, verifier=verifier)
    return await kept_of(provider, tokens, nonce=nonce)


def _address(
    provider: Provider, metadata: Metadata, redirect_uri: str, *, state: str, nonce: str, verifier: str
) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": provider.settings.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(provider.settings.scopes),
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        "prompt": "login",
    }
    mark = "&" if "?" in metadata.authorization_endpoint else "?"
    return f"{metadata.authorization_endpoint}{mark}{urlencode(asked)}"


def _code(answer: Mapping[str, str], issuer: str) -> str:
    """The code of an answer that is this issuer's (RFC 9207), or why there is none."""
    if answer.get("iss", issuer) != issuer:
        words = "The answer came from another sign-in service. Nobody was signed in."
        raise UnexpectedAnswerError(words, system=SYSTEM, details="iss differs")
    error = answer.get("error", "")
    if error == "access_denied":
        raise NotSignedInError("You were not signed in: that was cancelled, or is not allowed.", details=error)
    code = answer.get("code", "")
    if error or not code:
        said = "".join(letter for letter in error[:64] if letter.isalnum() or letter in "_-") or "no code"
        words = f"{SYSTEM} did not sign you in ({said}). Compare [sign_in] with the application there."
        raise UnexpectedAnswerError(words, system=SYSTEM, details=said)
    return code
