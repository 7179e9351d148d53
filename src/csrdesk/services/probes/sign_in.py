"""Signing in: whether the identity provider is there and fits, whether its clock is ours, what a token at hand says."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from csrdesk.config import SignInSettings
from csrdesk.errors import ServiceError
from csrdesk.model.checkup import Finding, ok, warning, wrong
from csrdesk.model.secret import Secret
from csrdesk.services import http
from csrdesk.services.sign_in.key_set import KeySet
from csrdesk.services.sign_in.people import told
from csrdesk.services.sign_in.provider import Metadata, Provider

AREA: Final = "Sign-in"
LEEWAY: Final = 60.0
"""Seconds; a desk refuses tokens of a clock that is further away (`server.tokens`)."""
_DRIFT: Final = 5.0


async def probe(
    settings: SignInSettings, *, resource_secret: Secret | None = None, token: Secret | None = None
) -> tuple[Finding, ...]:
    """Only asks. `resource_secret`: what introspection would be asked with; `token`: of whoever is signed in here."""
    provider = Provider(settings)
    try:
        before = datetime.now(UTC)
        try:
            metadata = await provider.metadata()
        except ServiceError as error:
            todo = "Compare sign_in.issuer with the application's page at the identity provider."
            return (wrong(AREA, error.message, todo),)
        middle = before + (datetime.now(UTC) - before) / 2
        found = [*_clock(provider.date, middle), *_offered(metadata), *await _keys(provider)]
        if settings.introspect and resource_secret is not None:
            found += await _introspection(provider, resource_secret)
    finally:
        await provider.close()
    if token is not None:
        found += _token(token, settings)
    return tuple(found) or (ok(AREA, f"{settings.issuer} answers, and fits."),)


def _offered(metadata: Metadata) -> list[Finding]:
    """What `csrdesk login` cannot do without, and what it can."""
    if metadata.code_challenge_methods_supported and "S256" not in metadata.code_challenge_methods_supported:
        todo = "Choose another identity provider, or a newer one of it."
        return [wrong(AREA, "The sign-in service does not offer PKCE with S256.", todo)]
    if not metadata.device_authorization_endpoint:
        todo = "Allow the application the device authorization grant, if there are machines without a browser."
        return [warning(AREA, "The sign-in service offers no code for another device.", todo)]
    return []


async def _keys(provider: Provider) -> list[Finding]:
    try:
        await KeySet.of(provider).key("")
    except ServiceError as error:
        return [wrong(AREA, error.message, "Without its keys no token can be looked at, and nobody gets in.")]
    return []


async def _introspection(provider: Provider, secret: Secret) -> list[Finding]:
    """Asked about a token that nobody made: the answer tells whether the desk may ask."""
    client = http.BasicAuth(provider.settings.resource_id, secret.reveal())
    try:
        answer = await provider.introspected("csrdesk-doctor", client)
    except ServiceError as error:
        return [wrong(AREA, error.message, "While tokens cannot be asked about, nobody gets in.")]
    if answer.is_success:
        return []
    todo = "Compare sign_in.resource_id and its secret with csrdesk's resource at the identity provider."
    return [wrong(AREA, "The sign-in service does not tell this desk whether tokens count.", todo)]


def _token(token: Secret, settings: SignInSettings) -> list[Finding]:
    """What a desk would refuse it for."""
    claims = told(token)
    named, issued, ends = claims.get("aud"), claims.get("iat"), claims.get("exp")
    if settings.audience not in (named if isinstance(named, list) else [named]):
        todo = "sign_in.scopes must hold the scope of csrdesk's resource; sign_in.audience must be that resource's."
        return [wrong(AREA, "The token of your sign-in is not for csrdesk.", todo)]
    if isinstance(issued, int) and isinstance(ends, int) and ends - issued > settings.token_minutes * 60:
        todo = f"Set the resource's access token time to live to {settings.token_minutes * 60} seconds or less."
        return [wrong(AREA, f"Tokens live {(ends - issued) // 60} minutes: a desk refuses them.", todo)]
    if "auth_time" not in claims and "sub" in claims:
        return [wrong(AREA, "Tokens do not say when somebody signed in (auth_time): a desk refuses them.")]
    return []


def _clock(date: str, now: datetime) -> list[Finding]:
    """How far this machine is from the `Date` of an answer (RFC 9110, 6.6.1)."""
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return [warning(AREA, "The sign-in service's answer tells no time, so the clock was not compared.")]
    apart = (now - theirs.replace(tzinfo=theirs.tzinfo or UTC)).total_seconds()
    if abs(apart) <= _DRIFT:
        return []
    words = f"This machine is {abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} the sign-in service"
    todo = "Set its clock (NTP)."
    if abs(apart) <= LEEWAY:
        return [warning(AREA, f"{words}.", todo)]
    return [wrong(AREA, f"{words}: a desk here refuses every token.", todo)]
