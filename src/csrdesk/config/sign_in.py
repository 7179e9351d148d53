"""Where agents sign in, and which tokens a desk takes; beside the section, what types alone cannot say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

_PINGONE_API = ("https://api.pingone.", "api.pingone.")


class SignInSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """OpenID Connect: an agent's machine needs issuer, client_id and scopes, a desk that serves agents the rest."""

    issuer: str = ""
    """The identity provider: `https://auth.pingone.eu/ENVIRONMENT/as`. Empty: nobody signs in."""
    client_id: str = ""
    """The application that agents sign in with: a native one, without a secret. For scripts a worker's."""
    audience: str = ""
    """The audience of csrdesk's own resource at the identity provider; tokens for anything else are refused."""
    scopes: tuple[str, ...] = ("openid", "profile", "csrdesk:desk")
    """What is asked for. One of them must be csrdesk's resource's, or tokens are for PingOne's API and are refused."""
    client_secret_file: str = ""
    """Of scripts alone: they sign in by client credentials, without a browser. `CSRDESK_SIGN_IN_CLIENT_SECRET_FILE`
    wins. Where neither is set, a person signs in."""
    redirect_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """The port of this machine where the browser hands the sign-in over. 0 takes a free one, as PingOne allows."""
    introspect: bool = False
    """Whether the desk asks the identity provider about a token at each use: who is removed there is out at once."""
    resource_id: str = ""
    """Of `introspect`: the id of csrdesk's resource."""
    resource_secret_file: str = ""
    """Of `introspect`: its secret. Empty: `CSRDESK_SIGN_IN_RESOURCE_SECRET_FILE`, then the keyring."""
    token_minutes: Annotated[int, Meta(ge=1, le=15)] = 15
    """The longest life of an access token that the desk takes; who was removed is out after it at the latest."""
    shift_hours: Annotated[int, Meta(ge=1, le=24)] = 10
    """How long after signing in an agent has to do it again, whatever the identity provider allows."""
    timeout_seconds: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """For each request."""


def wrong_sign_in(settings: SignInSettings, is_safe: Callable[[str], bool]) -> tuple[str, str] | None:
    """The first key that cannot be, and why; None where all can."""
    if not settings.issuer:
        return None
    if not is_safe(settings.issuer):
        return "issuer", "must be https outside this machine."
    if settings.issuer.endswith("/") or urlsplit(settings.issuer).query or urlsplit(settings.issuer).fragment:
        return "issuer", "must be the issuer as its metadata spells it, without a slash at the end."
    if not settings.client_id:
        return "client_id", "is required with sign_in.issuer."
    if not settings.audience:
        return "audience", "is required with sign_in.issuer: the audience of csrdesk's own resource."
    if settings.audience == settings.client_id or settings.audience.startswith(_PINGONE_API):
        return "audience", "must be csrdesk's own resource, neither the application nor PingOne's API."
    if "openid" not in settings.scopes:
        return "scopes", 'must hold "openid": who signed in is read from it.'
    if settings.introspect and not settings.resource_id:
        return "resource_id", "is required with sign_in.introspect."
    return None
