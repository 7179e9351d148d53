"""The company's face on the pages: name, phone number, logo. Read once at start, then served from memory by hash."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import ssl
import urllib.error
import urllib.request
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from csrdesk.config import DeskSettings, FlowSettings, Settings
from csrdesk.errors import ConfigError
from csrdesk.server.signals import Signals
from csrdesk.server.style import declarations

MAX_LOGO = 200_000
"""Bytes."""
FETCH_SECONDS = 5.0

logger = logging.getLogger(__name__)


class Logo(Struct, frozen=True):
    """A picture whose kind was told from its own first bytes."""

    content: bytes
    media_type: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.content).hexdigest()[:32]


class Look(Struct, frozen=True):
    """What the pages say of the company."""

    company: str = "Help desk"
    phone: str = ""
    """The number that customers call; empty where the pages shall name none."""
    logo: Logo | None = None
    logo_style: tuple[str, ...] = ()
    """Declarations for the logo, already safe."""
    sign_on_url: str = ""
    """Where customers sign in; empty where the pages lead nowhere."""
    signals: Signals | None = None
    """PingOne's script; None where the pages load nothing from elsewhere."""


async def load_look(flow: FlowSettings, desk: DeskSettings, *, tls: ssl.SSLContext | None = None) -> Look:
    """The look that the settings describe. `tls` is for a logo on a host with a CA of its own.

    Raises `ConfigError` for a logo that can never be shown. A host that does not answer now only costs the picture.
    """
    style, dropped = declarations(flow.ciam_logo_style)
    for part in dropped:
        logger.warning("flow.ciam_logoStyle: left out: %r", part)
    return Look(flow.ciam_company_name, desk.phone, await _logo(flow.logo, tls), tuple(style))


def with_signals(look: Look, settings: Settings) -> Look:
    """The look of pages that load PingOne's Signals script, and lead to signing in, where settings have it so."""
    protect, look = settings.protect, replace(look, sign_on_url=settings.recovery.sign_on_url)
    if not protect.signals_url:
        return look
    signals = Signals(protect.signals_url, protect.signals_integrity, settings.pingone.environment_id)
    return replace(look, signals=signals)


async def _logo(address: str, tls: ssl.SSLContext | None) -> Logo | None:
    if not address:
        return None
    if "://" not in address:
        return picture(_read(address), address)
    if not address.startswith("https://"):
        raise _wrong(address, "must be a file or an https address")
    try:
        content = await asyncio.to_thread(_fetch, address, tls)
    except (OSError, ValueError) as error:
        logger.warning("The logo at %s could not be fetched, so the pages have none: %s", address, error)
        return None
    return picture(content, address)


def picture(content: bytes, address: str) -> Logo:
    """The logo in `content`. Raises `ConfigError` where it is too large, or neither PNG, JPEG nor WebP."""
    if len(content) > MAX_LOGO:
        raise _wrong(address, f"is larger than {MAX_LOGO // 1000} kB")
    # The first bytes as the PNG and JPEG standards and Google's WebP container page have them.
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return Logo(content, "image/png")
    if content.startswith(b"\xff\xd8\xff"):
        return Logo(content, "image/jpeg")
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return Logo(content, "image/webp")
    raise _wrong(address, "is neither PNG, JPEG nor WebP")


def _wrong(address: str, what: str) -> ConfigError:
    return ConfigError(f"flow.flowCompanyLogo or flow.ciam_logoUrl: {address} {what}.", key="flow.flowCompanyLogo")


def _read(address: str) -> bytes:
    try:
        with Path(address).expanduser().open("rb") as file:
            return file.read(MAX_LOGO + 1)
    except OSError as error:
        raise _wrong(address, f"cannot be read: {error.strerror}") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead to plain http or into the desk's own network."""

    def redirect_request(self, *_redirect: object) -> None:
        """No other request is made, so the redirect is an error."""


def _fetch(address: str, tls: ssl.SSLContext | None) -> bytes:
    context = tls or ssl.create_default_context()
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=context))
    with opener.open(address, timeout=FETCH_SECONDS) as answer:
        content: bytes = answer.read(MAX_LOGO + 1)
        return content
