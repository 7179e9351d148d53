"""The applications that the sandbox's identity provider knows, and the resource that csrdesk's tokens are for.

As an administrator of PingOne would make them: a worker for the API, a native application for agents, a worker for
scripts, and a custom resource with a scope and a secret of its own for introspection.
"""

from __future__ import annotations

import hmac
import re
from typing import Final

import msgspec

from csrdesk.sandbox import ids

AUDIENCE: Final = "csrdesk"
"""Of the custom resource. PingOne takes the resource's name or a URL without `pingone` in it."""
SCOPE: Final = "csrdesk:desk"
SCOPES: Final = ("openid", "profile", SCOPE)
DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
GRANTS: Final = ("client_credentials", "authorization_code", "refresh_token", DEVICE_CODE)
_LOOPBACK = re.compile(r"http://(127\.0\.0\.1|\[::1\]|localhost):\d{1,5}/callback")
"""PingOne takes any port of a loopback redirect (RFC 8252, 7.3)."""


class App(msgspec.Struct, frozen=True, kw_only=True):
    """One registered client."""

    id: str
    grants: tuple[str, ...] = ()
    secret: str = ""
    """Empty for a public client (RFC 6749, 2.1)."""
    of_api: bool = False
    """Whether its own tokens are PingOne's API's."""
    introspects: bool = False

    def takes(self, redirect_uri: str) -> bool:
        """Whether a sign-in may end there."""
        return "authorization_code" in self.grants and bool(_LOOPBACK.fullmatch(redirect_uri))


class Apps:
    """All of them, with the secrets of this sandbox."""

    def __init__(self, *, worker_secret: str, script_secret: str, resource_secret: str) -> None:
        apps = (
            App(id=ids.CLIENT, grants=("client_credentials",), secret=worker_secret, of_api=True),
            App(id=ids.DESK_APP, grants=("authorization_code", "refresh_token", DEVICE_CODE)),
            App(id=ids.DESK_SCRIPT, grants=("client_credentials",), secret=script_secret),
            App(id=ids.DESK_RESOURCE, secret=resource_secret, introspects=True),
        )
        self._apps = {app.id: app for app in apps}

    def known(self, client_id: str) -> App | None:
        """The client of that id, whoever asks."""
        return self._apps.get(client_id)

    def proved(self, client_id: str, client_secret: str) -> App | None:
        """The client of that id where the secret is its own; a public one has none."""
        app = self._apps.get(client_id)
        if app is None or not hmac.compare_digest(client_secret.encode(), app.secret.encode()):
            return None
        return app
