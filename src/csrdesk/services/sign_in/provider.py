"""The identity provider as its metadata tells it (OpenID Connect Discovery 1.0), and what its failures are called."""

from __future__ import annotations

from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from csrdesk.config import SignInSettings, is_safe
from csrdesk.errors import (
    RateLimitedError,
    ServiceError,
    UnauthorizedError,
    UnavailableError,
    UnexpectedAnswerError,
)
from csrdesk.services import http

SYSTEM: Final = "The sign-in service"
_ADDRESSES: Final = ("_endpoint", "_uri")
_LARGEST: Final = 256 * 1024
T = TypeVar("T")


class Metadata(msgspec.Struct, frozen=True):
    """Where the provider's endpoints are; empty where it has none."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    device_authorization_endpoint: str = ""
    revocation_endpoint: str = ""
    introspection_endpoint: str = ""
    code_challenge_methods_supported: tuple[str, ...] = ()
    """Empty where it does not say."""


class OAuthError(msgspec.Struct, frozen=True):
    """An error of the provider (RFC 6749, 5.2). Its description is left out: servers quote requests in it."""

    error: str = ""


class Provider:
    """Talks to one identity provider; close it afterwards."""

    def __init__(self, settings: SignInSettings) -> None:
        self.settings = settings
        self._client = http.open_client(settings.issuer, timeout_seconds=settings.timeout_seconds)
        self._metadata: Metadata | None = None
        self.date = ""
        """The `Date` of the last answer, as it stands."""

    async def close(self) -> None:
        await self._client.aclose()

    async def metadata(self) -> Metadata:
        """Asked once. Raises `ServiceError`, also where the metadata is of another issuer (Discovery 1.0, 4.3)."""
        if self._metadata is None:
            found = decoded(await self.get(f"{self.settings.issuer}/.well-known/openid-configuration"), Metadata)
            if found.issuer != self.settings.issuer:
                words = "The metadata is another issuer's: compare sign_in.issuer with it, letter by letter."
                raise UnexpectedAnswerError(words, system=SYSTEM, details="issuer differs")
            named = [value for name, value in msgspec.structs.asdict(found).items() if name.endswith(_ADDRESSES)]
            if not all(is_as_safe(url, self.settings.issuer) for url in named if url):
                words = f"{SYSTEM} names an address that is not https. Nothing was sent there."
                raise UnexpectedAnswerError(words, system=SYSTEM, details="endpoint is not https")
            self._metadata = found
        return self._metadata

    async def get(self, url: str) -> http.Response:
        """A successful answer. Raises `ServiceError`."""
        answer = await self._sent(self._client.build_request("GET", url))
        if not answer.is_success:
            raise failure(answer)
        return answer

    async def post(self, url: str, form: dict[str, str], *, client: http.BasicAuth | None = None) -> http.Response:
        """Whatever the provider says to a form; `client` authenticates who asks. Raises `ServiceError` of the way."""
        request = self._client.build_request("POST", url, data=form)
        return await self._sent(next(client.sync_auth_flow(request)) if client else request)

    async def introspected(self, token: str, client: http.BasicAuth) -> http.Response:
        """What the provider says to a question about a token (RFC 7662); `client` is csrdesk's resource."""
        url = (await self.metadata()).introspection_endpoint
        if not url:
            words = f"{SYSTEM} cannot be asked about tokens. Set sign_in.introspect to false."
            raise UnexpectedAnswerError(words, system=SYSTEM, details="no introspection_endpoint")
        return await self.post(url, {"token": token}, client=client)

    async def _sent(self, request: http.Request) -> http.Response:
        answer = await http.send(self._client, request, system=SYSTEM, timeout_seconds=self.settings.timeout_seconds)
        self.date = answer.headers.get("date", "")
        return answer


def is_as_safe(url: str, issuer: str) -> bool:
    """https; plain http to this machine only where the issuer is such an address itself, as in the demo. A provider
    elsewhere has no business on this machine, where anybody's program may listen.
    """
    return is_safe(url) and (urlsplit(url).scheme == "https" or urlsplit(issuer).scheme == "http")


def decoded(answer: http.Response, shape: type[T]) -> T:
    """The answer in that shape. Raises `UnexpectedAnswerError`."""
    try:
        return msgspec.json.decode(answer.content[:_LARGEST], type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        words = f"{SYSTEM} gave an answer that csrdesk does not know. Look at sign_in.issuer."
        details = f"{shape.__name__} was expected"
        raise UnexpectedAnswerError(words, system=SYSTEM, details=details) from None


def failure(answer: http.Response) -> ServiceError:
    """What an answer that is no success is called here."""
    status, error = answer.status_code, oauth_error(answer)
    details, id_ = f"status={status} error={error}", answer.headers.get("correlation-id", "")
    if status == 429:
        words = f"{SYSTEM} asks for a pause. Try again in a minute."
        after = answer.headers.get("retry-after", "")
        seconds = float(after) if after.isdigit() else 0.0
        return RateLimitedError(words, system=SYSTEM, details=details, correlation_id=id_, after=seconds)
    if status >= 500:
        words = f"{SYSTEM} says that it is not well. Try again in a moment."
        return UnavailableError(words, system=SYSTEM, details=details, correlation_id=id_)
    reason = f" ({error})" if error else ""
    words = f"{SYSTEM} does not take this client{reason}. Compare [sign_in] with the application there."
    return UnauthorizedError(words, system=SYSTEM, details=details, correlation_id=id_)


def oauth_error(answer: http.Response) -> str:
    """The provider's word for what is wrong, empty where it has none."""
    try:
        found = msgspec.json.decode(answer.content, type=OAuthError).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return "".join(letter for letter in found[:64] if letter.isalnum() or letter in "_-")
