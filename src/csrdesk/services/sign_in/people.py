"""From tokens to a person's sign-in, whichever way they signed in."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Mapping

import msgspec

from csrdesk.errors import UnexpectedAnswerError
from csrdesk.model.secret import Secret
from csrdesk.services.sign_in.id_tokens import identity
from csrdesk.services.sign_in.keeping import Kept
from csrdesk.services.sign_in.provider import SYSTEM, Provider
from csrdesk.services.sign_in.token_answers import TokenAnswer


async def kept_of(provider: Provider, tokens: TokenAnswer, *, nonce: str = "") -> Kept:
    """Who has signed in, with their tokens. Raises `ServiceError` where that is not proved, or not for this desk."""
    who = await identity(provider, tokens.id_token, tokens.access_token, nonce=nonce)
    _check_audience(tokens.access_token, provider.settings.audience)
    return Kept(
        username=who.username,
        name=who.name,
        signed_in_at=who.signed_in_at,
        access_token=tokens.access_token,
        access_ends=time.time() + tokens.expires_in,
        refresh_token=tokens.refresh_token,
    )


def told(token: Secret) -> Mapping[str, object]:
    """What an access token says, unchecked: to show and to warn, never to decide. Empty where it cannot be read."""
    body = token.reveal().split(".")[1:2]
    try:
        plain = base64.urlsafe_b64decode(body[0] + "=" * (-len(body[0]) % 4)) if body else b"{}"
        return msgspec.json.decode(plain, type=dict[str, object])
    except (binascii.Error, ValueError):
        return {}


def _check_audience(token: Secret, audience: str) -> None:
    """Said here, where settings can be mended, and not at the first call that the desk refuses."""
    named = told(token).get("aud", audience)
    if audience not in (named if isinstance(named, list) else [named]):
        words = (
            "You signed in, but the token is not for csrdesk: sign_in.scopes must hold the scope of csrdesk's own "
            "resource, and the application must be allowed to ask for it. Nothing was kept."
        )
        raise UnexpectedAnswerError(words, system=SYSTEM, details="aud differs")
