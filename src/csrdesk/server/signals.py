"""PingOne's Signals script: the one asset that pages load from elsewhere, by its exact address and hash.

PingOne Protect SDK for Web, and W3C Subresource Integrity. Settings have checked both values.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct


class Signals(Struct, frozen=True):
    """Where it is, and what it must be."""

    url: str
    integrity: str
    environment_id: str

    @property
    def origin(self) -> str:
        """What the Content-Security-Policy allows scripts from, beside our own."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"
