"""Signing in where there is no browser: a code to type on another device (RFC 8628)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import msgspec

from csrdesk.errors import NotSignedInError, ServiceError, TimedOutError, UnexpectedAnswerError
from csrdesk.model.text import clean
from csrdesk.services.sign_in import token_answers
from csrdesk.services.sign_in.keeping import Kept
from csrdesk.services.sign_in.people import kept_of
from csrdesk.services.sign_in.provider import SYSTEM, Provider, decoded, failure, is_as_safe, oauth_error

_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_WAITING: Final = ("authorization_pending", "slow_down", "access_denied", "expired_token")
_SLOWER: Final = 5.0
"""Seconds more between two questions, each time the provider asks for it (3.5)."""
_SHORTEST, _LONGEST = 1.0, 60.0


class DeviceCode(msgspec.Struct, frozen=True):
    """What to type where, and for how many seconds."""

    user_code: str
    verification_uri: str
    verification_uri_complete: str = ""
    """The same with the code in it, for a QR code."""
    expires_in: float = 600.0


class _Answer(DeviceCode, frozen=True, kw_only=True):
    device_code: str
    interval: float = 5.0


async def by_device(provider: Provider, shown: Callable[[DeviceCode], None]) -> Kept:
    """Sign somebody in; `shown` is given what they have to type. Waits as long as the code counts.

    Raises `NotSignedInError` where somebody said no, `TimedOutError` where nobody said anything, and `ServiceError`.
    """
    begun = await _begin(provider)
    shown(DeviceCode(begun.user_code, begun.verification_uri, begun.verification_uri_complete, begun.expires_in))
    ends = time.monotonic() + begun.expires_in
    pause = min(max(begun.interval, _SHORTEST), _LONGEST)
    while time.monotonic() + pause < ends:
        await asyncio.sleep(pause)
        answer = await _asked(provider, begun.device_code)
        match answer:
            case None:  # 3.5: less often, where there is trouble on the way
                pause = min(pause * 2, _LONGEST)
            case "slow_down":
                pause = min(pause + _SLOWER, _LONGEST)
            case "expired_token":
                break
            case "access_denied":
                words = "You were not signed in: somebody said that it is not their device, or it is not allowed."
                raise NotSignedInError(words, details="access_denied")
            case token_answers.TokenAnswer():
                return await kept_of(provider, answer)
            case str():  # authorization_pending
                continue
    words = "Nobody typed the code in time. Begin again: csrdesk login --device"
    raise TimedOutError(words, system=SYSTEM, details="expired_token")


async def _asked(provider: Provider, device_code: str) -> token_answers.TokenAnswer | str | None:
    """Tokens, the provider's word for why there are none yet, or None where something was wrong on the way."""
    try:
        answer = await token_answers.asked(provider, {"grant_type": _GRANT, "device_code": device_code})
        return oauth_error(answer) if oauth_error(answer) in _WAITING else token_answers.tokens(answer)
    except ServiceError as error:
        if not error.retryable:
            raise
        return None


async def _begin(provider: Provider) -> _Answer:
    url = (await provider.metadata()).device_authorization_endpoint
    if not url:
        words = f"{SYSTEM} offers no code for another device. Sign in on a machine with a browser."
        raise UnexpectedAnswerError(words, system=SYSTEM, details="no device_authorization_endpoint")
    form = {"client_id": provider.settings.client_id, "scope": " ".join(provider.settings.scopes)}
    answer = await provider.post(url, form)
    if not answer.is_success:
        raise failure(answer)
    begun = decoded(answer, _Answer)
    named, issuer = (begun.verification_uri, begun.verification_uri_complete), provider.settings.issuer
    if not all(is_as_safe(one, issuer) for one in named if one):
        words = f"{SYSTEM} names an address that is not https. Nobody was signed in."
        raise UnexpectedAnswerError(words, system=SYSTEM, details="verification_uri")
    return msgspec.structs.replace(begun, user_code=clean(begun.user_code, 32))
