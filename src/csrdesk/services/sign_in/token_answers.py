"""What the token endpoint is asked, and what it says: one function a grant, none of them knows who signs in how."""

from __future__ import annotations

from typing import Final

import msgspec

from csrdesk.errors import NotSignedInError, UnexpectedAnswerError
from csrdesk.model.secret import Secret, decode_hook
from csrdesk.services import http
from csrdesk.services.sign_in.provider import SYSTEM, Provider, failure, oauth_error

_OF_PEOPLE: Final = frozenset({"openid", "profile", "email", "offline_access"})
"""Scopes that say something of a person; a script is none."""
OVER: Final = "Your sign-in has ended. Sign in again: csrdesk login"


class TokenAnswer(msgspec.Struct, frozen=True):
    """Tokens (RFC 6749, 5.1); `expires_in` in seconds."""

    access_token: Secret
    expires_in: float = 300.0
    refresh_token: Secret | None = None
    id_token: Secret | None = None


async def of_code(provider: Provider, code: str, *, redirect_uri: str, verifier: str) -> TokenAnswer:
    """The code's tokens (RFC 7636, 4.5)."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
    }
    return tokens(await asked(provider, form))


async def of_refresh(provider: Provider, token: Secret) -> TokenAnswer:
    """The next tokens. Raises `NotSignedInError` where the provider says that the sign-in is over."""
    answer = await asked(provider, {"grant_type": "refresh_token", "refresh_token": token.reveal()})
    if oauth_error(answer) == "invalid_grant":
        raise NotSignedInError(OVER, details="invalid_grant")
    return tokens(answer)


async def of_script(provider: Provider, secret: Secret) -> TokenAnswer:
    """A script's own token (RFC 6749, 4.4)."""
    settings = provider.settings
    form = {
        "grant_type": "client_credentials",
        "scope": " ".join(scope for scope in settings.scopes if scope not in _OF_PEOPLE),
    }
    url = (await provider.metadata()).token_endpoint
    return tokens(await provider.post(url, form, client=http.BasicAuth(settings.client_id, secret.reveal())))


async def revoke(provider: Provider, token: Secret, kind: str) -> None:
    """Tell the provider that a token counts no more (RFC 7009). Raises `ServiceError` where it could not be told.

    One that a provider never takes back (2.2.1) ends by itself, and is no failure.
    """
    url = (await provider.metadata()).revocation_endpoint
    if not url:
        words = f"{SYSTEM} has no way to end a sign-in."
        raise UnexpectedAnswerError(words, system=SYSTEM, details="no revocation_endpoint")
    form = {"token": token.reveal(), "token_type_hint": kind, "client_id": provider.settings.client_id}
    answer = await provider.post(url, form)
    if not answer.is_success and oauth_error(answer) != "unsupported_token_type":
        raise failure(answer)


async def asked(provider: Provider, form: dict[str, str]) -> http.Response:
    """What the token endpoint says to an agent's application, which has no secret."""
    url = (await provider.metadata()).token_endpoint
    return await provider.post(url, {**form, "client_id": provider.settings.client_id})


def tokens(answer: http.Response) -> TokenAnswer:
    """The tokens of an answer. Raises `ServiceError` where there are none."""
    if not answer.is_success:
        raise failure(answer)
    try:
        return msgspec.json.decode(answer.content, type=TokenAnswer, dec_hook=decode_hook)
    except (msgspec.DecodeError, UnicodeDecodeError):
        words = f"{SYSTEM} gave an answer that csrdesk does not know. Look at sign_in.issuer."
        raise UnexpectedAnswerError(words, system=SYSTEM, details="TokenAnswer was expected") from None
