"""The gate that looks at tokens: whose they are, and whether they are for csrdesk at all (RFC 9068, RFC 8725).

Only access tokens of csrdesk's own resource pass. Why one did not is told in words that help, and logged without it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, NoReturn

import jwt
import msgspec

from csrdesk.config import SignInSettings
from csrdesk.errors import ConfigError, NotSignedInError
from csrdesk.model.secret import Secret
from csrdesk.model.sign_in import SCRIPT, Agent, SignedIn
from csrdesk.model.text import clean
from csrdesk.services import http
from csrdesk.services.sign_in.key_set import ALGORITHMS, KeySet
from csrdesk.services.sign_in.provider import Provider, decoded, failure

LEEWAY: Final = 60
"""Seconds that two clocks may be apart. More, and tokens are refused and the clocks are named."""
_LARGEST: Final = 16 * 1024
_TYPES: Final = ("at+jwt", "application/at+jwt", "jwt", "")
"""PingOne writes `at+jwt` always from March 2027, and may leave it out until then (Token claims, developer site)."""
_ONLY_ID_TOKENS: Final = ("nonce", "at_hash", "c_hash")
_API: Final = "https://api.pingone."
_NAME: Final = 80
_LAST: Final = 253_402_300_799
"""The end of the year 9999."""
_DESK, _ASIDE = "csrdesk", "("
"""By which name, and by names that begin how, the desk keeps what it and its customers do themselves."""
_LONGEST_NAME: Final = 128
"""Letters of a user name in PingOne."""

_log = logging.getLogger(__name__)


class _Introspected(msgspec.Struct, frozen=True):
    active: bool


class TokenGate:
    """Judges bearer tokens. Holds no token longer than one question takes; close it afterwards."""

    def __init__(
        self,
        settings: SignInSettings,
        *,
        resource_secret: Secret | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`resource_secret`: what introspection asks with; `ConfigError` where settings want that and there is none."""
        self._settings = settings
        self._now = now
        self._provider = Provider(settings)
        self._keys = KeySet.of(self._provider, monotonic=monotonic)
        self._resource = _resource(settings, resource_secret) if settings.introspect else None

    async def close(self) -> None:
        await self._provider.close()

    async def signed_in(self, token: str) -> SignedIn:
        """Whose token it is. Raises `NotSignedInError` for one that does not count, and `ServiceError` where the
        identity provider would have to be asked and does not answer.
        """
        claims = await self._claims(token)
        self._check_purpose(claims)
        self._check_time(claims)
        found = self._found(claims)
        if self._resource is not None:
            await self._ask(token, self._resource)
        return found

    async def _claims(self, token: str) -> Mapping[str, object]:
        """What a token says that the provider signed for this audience, whatever the time."""
        if not token or len(token) > _LARGEST:
            _refuse("shape", "This is no token of a sign-in.")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError:
            _refuse("shape", "This is no token of a sign-in.")
        algorithm, kind = header.get("alg"), str(header.get("typ", "")).lower()
        if algorithm not in ALGORITHMS or "crit" in header:
            _refuse("algorithm", "The token is signed in a way that is not taken.")
        if kind not in _TYPES:
            _refuse("type", "This is another kind of token, not one to call with.")
        key = await self._keys.key(str(header.get("kid", "")))
        if key is None:
            _refuse("key", "The token is signed with a key that the sign-in service does not publish.")
        if key.algorithm_name != algorithm:
            _refuse("algorithm", "The token is signed in a way that its key is not for.")
        return self._verified(token, key)

    def _verified(self, token: str, key: jwt.PyJWK) -> Mapping[str, object]:
        try:
            claims: Mapping[str, object] = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                issuer=self._settings.issuer,
                options={
                    "require": ["exp", "iat", "iss", "aud"],
                    "verify_exp": False,
                    "verify_nbf": False,
                    "verify_iat": False,
                    "verify_aud": False,
                },
            )
        except jwt.InvalidIssuerError:
            _refuse("issuer", "The token is another sign-in service's.")
        except jwt.InvalidSignatureError:
            _refuse("signature", "The token was altered, or signed by somebody else.")
        except jwt.InvalidTokenError:
            _refuse("claims", "The token lacks what a token of a sign-in says.")
        return claims

    def _check_purpose(self, claims: Mapping[str, object]) -> None:
        """R-55: csrdesk's own resource and nothing else; an ID token is no key either."""
        audience = claims["aud"]
        named = [audience] if isinstance(audience, str) else audience
        if not isinstance(named, list) or self._settings.audience not in named:
            of_api = isinstance(named, list) and any(str(one).startswith(_API) for one in named)
            words = "The token is for PingOne's API, not for csrdesk." if of_api else "The token is not for csrdesk."
            _refuse("audience", f"{words} Ask for csrdesk's own scope (sign_in.scopes).")
        if not _text(claims, "client_id") or any(name in claims for name in _ONLY_ID_TOKENS):
            _refuse("type", "This is an ID token: it says who you are, and opens nothing.")

    def _check_time(self, claims: Mapping[str, object]) -> None:
        now = self._now()
        issued, ends = _moment(claims["iat"]), _moment(claims["exp"])
        begins = _moment(claims.get("nbf", claims["iat"]))
        if issued is None or ends is None or begins is None:
            _refuse("claims", "The token does not say when it counts.")
        early, late = max(begins, issued) - now, now - ends
        if early > LEEWAY:
            words = f"The token counts from {_clock(now + early)} on, and at this desk it is {_clock(now)}"
            _refuse("not_yet", f"{words}: the clocks of desk and sign-in service are {early:.0f} s apart.")
        if late > LEEWAY:
            words = f"The token ended at {_clock(now - late)}, and at this desk it is {_clock(now)}."
            _refuse("expired", f"{words} If you have just signed in, the clocks are apart: see csrdesk doctor.")
        minutes, life = self._settings.token_minutes, (ends - issued) / 60
        if life > minutes:
            words = f"The token lives {life:.0f} minutes, and {minutes} are taken at most."
            _refuse("life", f"{words} Set the access token's time to live at the identity provider's resource.")

    def _found(self, claims: Mapping[str, object]) -> SignedIn:
        client, subject = _named(claims, "client_id"), _named(claims, "sub")
        if subject in ("", client) and "auth_time" not in claims:
            issued = datetime.fromtimestamp(_moment(claims["iat"]) or 0, UTC)
            return SignedIn(Agent(SCRIPT + client, client), issued, claims)
        at = _moment(claims.get("auth_time"))
        if at is None:
            _refuse("claims", "The token does not say when you signed in (auth_time).")
        if at - self._now() > LEEWAY:  # no end of a sign-in would ever come after it
            _refuse(
                "not_yet", "The token says that you sign in later: the clocks of desk and sign-in service are apart."
            )
        if self._now() - at > self._settings.shift_hours * 3600 + LEEWAY:
            words = f"You signed in more than {self._settings.shift_hours} hours ago. Sign in again: csrdesk login"
            _refuse("shift", words)
        username = _named(claims, "preferred_username", "username", "sub")
        known_as = username.casefold()
        if not username or known_as == _DESK or known_as.startswith((SCRIPT, _ASIDE)):
            _refuse("claims", "The token names a person as a script or the desk itself would be named, or not at all.")
        agent = Agent(username, _text(claims, "name") or username)
        return SignedIn(agent, datetime.fromtimestamp(at, UTC), claims)

    async def _ask(self, token: str, resource: http.BasicAuth) -> None:
        """Nobody passes while the provider cannot be asked."""
        answer = await self._provider.introspected(token, resource)
        if not answer.is_success:
            raise failure(answer)
        if not decoded(answer, _Introspected).active:
            _refuse("inactive", "Your sign-in was ended. Sign in again: csrdesk login")


def _resource(settings: SignInSettings, secret: Secret | None) -> http.BasicAuth:
    """Without it every token would pass unasked, so it is never left out."""
    if secret is None:
        raise ConfigError("is required with sign_in.introspect.", key="sign_in.resource_secret_file")
    return http.BasicAuth(settings.resource_id, secret.reveal())


def _refuse(reason: str, words: str) -> NoReturn:
    """The log gets a word of ours, and nothing that somebody may have written into a token."""
    _log.warning("token refused: %s", reason)
    raise NotSignedInError(words, details=reason)


def _moment(value: object) -> float | None:
    """A NumericDate (RFC 7519, 2) within what calendars know."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _LAST:
        return None
    return float(value)


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S} UTC"


def _named(claims: Mapping[str, object], *names: str) -> str:
    """Whom the first of these names that is there, as it stands: shortened, two people could be one agent."""
    value = next((held for name in names if isinstance(held := claims.get(name), str) and held), "")
    if clean(value, _LONGEST_NAME) != value:
        _refuse("claims", "The token holds a name that is too long, or has letters that cannot be told from others.")
    return value


def _text(claims: Mapping[str, object], name: str) -> str:
    value = claims.get(name)
    return clean(value, _NAME) if isinstance(value, str) else ""
