"""The one module that imports httpx, with its `transport`: clients, total time-outs, and what a broken connection is
called here.

Everything else says `http.Request`, `http.Response`, `http.Auth`: a successor of httpx is a change of these two files.
"""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import sys
from functools import cache
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import getproxies

from csrdesk.errors import ServiceError, TimedOutError, UnreachableError

# httpx imports its own command line tool, and with it click, rich and pygments: 50 ms that nobody here uses. It takes
# "not installed" for an answer, so that is what it hears; the entry is taken away again at once.
_TOOL = "httpx._main"
if _TOOL not in sys.modules:
    sys.modules[_TOOL] = None  # type: ignore[assignment]  # the import system's way to say "not here"
try:
    import httpx
finally:
    if sys.modules.get(_TOOL) is None:
        sys.modules.pop(_TOOL, None)

# httpcore asks several times a request whether it runs under trio, by importing sniffio, which it then does without;
# Python remembers only what was found and would search every folder each time. "Not here" stays, for it is true.
if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]  # as above

Auth = httpx.Auth
BasicAuth = httpx.BasicAuth
Client = httpx.AsyncClient
Headers = httpx.Headers
Request = httpx.Request
RequestError = httpx.RequestError
Response = httpx.Response


def open_client(base_url: str, *, timeout_seconds: float, auth: Auth | None = None) -> Client:
    """A client that keeps its connections. TLS is always verified; redirects are never followed."""
    from csrdesk.services.transport import KEPT_SECONDS, MOST, Transport  # which takes httpx as it was imported here

    # httpx writes whole URLs, with what people typed in them, to the log (INFO), and httpcore answers' headers (DEBUG).
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    plain = urlsplit(base_url).scheme == "http"  # the settings allow this to one's own machine alone
    trusted = _nothing_trusted() if plain else _trusted()
    proxied = not plain and bool(getproxies())  # those that the environment names are httpx's to talk to
    return httpx.AsyncClient(
        base_url=base_url,
        auth=auth,
        timeout=timeout_seconds,
        verify=trusted,
        transport=None if proxied else Transport(trusted),
        trust_env=proxied,
        headers={"accept": "application/json"},
        limits=httpx.Limits(max_connections=MOST, keepalive_expiry=KEPT_SECONDS),
    )


def open_door(url: str, *, ca_file: str = "") -> Client:
    """A client for a desk's inner door: `unix:` and a socket's path, or an address. TLS is always verified, by
    `ca_file` alone where one is named.
    """
    local = url.removeprefix("unix:") if url.startswith("unix:") else ""
    plain = bool(local) or urlsplit(url).scheme == "http"
    trusted = _nothing_trusted() if plain else ssl.create_default_context(cafile=ca_file) if ca_file else _trusted()
    return open_at("http://desk" if local else url, trusted=trusted, local=local)


def open_at(base_url: str, *, trusted: ssl.SSLContext, local: str = "") -> Client:
    """A client that trusts what it is told to, with no proxy between; `local`: a socket's path on this machine."""
    from csrdesk.services.transport import Transport

    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)  # as in `open_client`
    return httpx.AsyncClient(
        base_url=base_url,
        transport=Transport(trusted, local=local),
        trust_env=False,
        headers={"accept": "application/json"},
    )


def open_browser(user_agent: str = "") -> Client:
    """A client for pages, as somebody at a browser: it keeps cookies and goes where it is led."""
    from csrdesk.services.transport import Transport

    headers = {"user-agent": user_agent} if user_agent else {}
    trusted = _trusted()
    return httpx.AsyncClient(
        timeout=20, follow_redirects=True, headers=headers, verify=trusted, transport=Transport(trusted)
    )


async def send(client: Client, request: Request, *, system: str, timeout_seconds: float) -> Response:
    """The whole answer to `request` within `timeout_seconds`, a token's fetch included.

    Raises `TimedOutError` or `UnreachableError`; a `ServiceError` out of the authentication passes through.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            return await client.send(request)
    except (TimeoutError, httpx.TimeoutException) as error:
        details = f"{request.method} {request.url.path}: no whole answer in {timeout_seconds:g} s"
        words = f"{system} did not answer in time. Try again in a moment."
        raise TimedOutError(words, system=system, details=details) from error
    except httpx.HTTPError as error:
        raise unreachable(error, request, system) from error


def unreachable(error: httpx.HTTPError, request: Request, system: str) -> ServiceError:
    """What a transport's failure is called here; certificates are named, because somebody has to mend them."""
    details = f"{request.method} {request.url.path}: {type(error).__name__}"
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        words = f"{system} showed a certificate that is not trusted. Ask an administrator."
        return UnreachableError(words, system=system, details=details)
    return UnreachableError(f"{system} cannot be reached. Try again in a moment.", system=system, details=details)


def basic(user: str, password: str) -> Auth:
    """HTTP's basic authentication (RFC 7617)."""
    return httpx.BasicAuth(user, password)


def _trusted() -> ssl.SSLContext:
    return _trusting(os.environ.get("SSL_CERT_FILE", ""), os.environ.get("SSL_CERT_DIR", ""))


@cache
def _trusting(file: str, folder: str) -> ssl.SSLContext:
    """The context that all clients share, since to read all authorities takes some 30 ms: those that OpenSSL's own
    variables name, otherwise the public ones and this machine's.
    """
    if file or folder:
        return ssl.create_default_context(cafile=file or None, capath=folder or None)
    context = httpx.create_ssl_context()
    context.load_default_certs()
    return context


def _nothing_trusted() -> ssl.SSLContext:
    """For plain http: costs nothing to make, and should TLS be met all the same, no certificate passes."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
