"""What holds for every request, whatever page it asks for: headers, where a form came from, the browser's cookie,
the form's token, the source address. Its own file so that these rules can be read together.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from csrdesk.config import is_safe
from csrdesk.errors import ConfigError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""The Content-Security-Policy (W3C CSP 3): nothing inline, nothing from elsewhere, in nobody's frame."""


def policy(signals_origin: str = "") -> str:
    """The policy; where settings name PingOne's Signals script, its origin is the one exception, for scripts alone."""
    return POLICY.replace("script-src 'self'", f"script-src 'self' {signals_origin}") if signals_origin else POLICY


_ALWAYS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With `no-referrer` Chromium posts `Origin: null`, which could not be told from a stranger's.
    "Referrer-Policy": "strict-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_A_YEAR = "max-age=31536000"
_COOKIE = re.compile(r"[A-Za-z0-9_-]{43}")


class SecureHeaders:
    """Puts the headers on every answer, on errors too; only what is served by its hash may be kept by caches."""

    def __init__(self, app: ASGIApp, *, https: bool, signals_origin: str = "") -> None:
        self.app = app
        self.https = https
        self.always = _ALWAYS | {"Content-Security-Policy": policy(signals_origin)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self.always)
                headers.setdefault("Cache-Control", "no-store")
                if self.https:
                    headers["Strict-Transport-Security"] = _A_YEAR
            await send(message)

        await self.app(scope, receive, send_with_headers)


@dataclass(frozen=True)
class Guard:
    """Knows our own origin, from the settings alone: no header of a request is asked for it."""

    key: bytes
    origin: str
    trusted_proxies: tuple[Network, ...] = ()

    @property
    def https(self) -> bool:
        return self.origin.startswith("https:")

    @property
    def cookie_name(self) -> str:
        """`__Host-` (RFC 6265bis) ties a cookie to this very host; browsers take the prefix on https only."""
        return "__Host-csrdesk" if self.https else "csrdesk"

    def browser_of(self, request: Request) -> str:
        """The random name of the browser, from its cookie; empty where it sent none of ours."""
        value = request.cookies.get(self.cookie_name, "")
        return value if _COOKIE.fullmatch(value) else ""

    def keep_browser(self, response: Response, browser: str) -> None:
        """Give the browser its cookie."""
        response.set_cookie(self.cookie_name, browser, path="/", secure=self.https, httponly=True, samesite="strict")

    def form_token(self, browser: str, link: str) -> str:
        """What a form of this page in this browser carries; the label keeps it apart from the key's other uses."""
        message = b"csrdesk form 1\0" + browser.encode() + b"\0" + link.encode()
        return hmac.new(self.key, message, hashlib.sha256).hexdigest()

    def is_form_of(self, token: str, browser: str, link: str) -> bool:
        """Whether `token` was given to this browser for this link."""
        expected = self.form_token(browser, link)
        return bool(browser) and hmac.compare_digest(token.encode(errors="replace"), expected.encode())

    def came_from_us(self, headers: Headers) -> bool:
        """Whether a POST came from a page of ours: `Sec-Fetch-Site` (W3C Fetch Metadata), else `Origin` (RFC 6454)."""
        site = headers.get("sec-fetch-site")
        if site is not None:
            return site == "same-origin"
        return headers.get("origin") in (None, self.origin)

    def source(self, request: Request) -> str:
        """The address that a request comes from: the last in `X-Forwarded-For` that is no trusted proxy of ours.

        The header counts only where a trusted proxy hands the request over; anybody can write one.
        """
        source = request.client.host if request.client else ""
        hops = [hop.strip() for hop in ",".join(request.headers.getlist("x-forwarded-for")).split(",")]
        while hops and self._is_proxy(source):
            hop = hops.pop()
            if _address(hop) is None:
                break
            source = hop
        return source

    def _is_proxy(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self.trusted_proxies)


def withheld(headers: Headers) -> bool:
    """Whether the browser keeps a SameSite=Strict cookie back: somebody else's page, such as web mail, led here."""
    return headers.get("sec-fetch-site") in ("cross-site", "same-site")


def make_guard(key: bytes, public_url: str, trusted_proxies: tuple[str, ...] = ()) -> Guard:
    """The guard for pages at `public_url`. Raises `ConfigError` for plain http outside this machine and for a path."""
    parts = urlsplit(public_url)
    if not is_safe(public_url) or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ConfigError(
            f"desk.public_url: {public_url!r} must be an https address without a path, like https://verify.example.com.",
            key="desk.public_url",
        )
    try:
        proxies = tuple(ipaddress.ip_network(proxy) for proxy in trusted_proxies)
    except ValueError as error:
        raise ConfigError(f"desk.trusted_proxies: {error}.", key="desk.trusted_proxies") from None
    return Guard(key, f"{parts.scheme}://{parts.netloc}".lower(), proxies)


def new_browser() -> str:
    """A new random name for a browser: 32 bytes."""
    return secrets.token_urlsafe(32)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
