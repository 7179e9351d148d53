"""What a sandbox is started with, and what a client needs to talk to it.

Apart from the servers, so that settings can be read and written without loading one.
"""

from __future__ import annotations

from pathlib import Path

import msgspec


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a sandbox behaves from its start."""

    host: str = "127.0.0.1"
    """A loopback address; anything else is refused."""
    port: int = 0
    """Of HTTP; 0 takes a free one. SMTP always takes a free one."""
    latency_ms: int = 0
    """Added to each call of the API, the directory and the mail server."""
    fail: str | None = None
    """`STATUS:RATE`, as in `503:0.2`: that share of the API's and the directory's calls answers that status."""
    device_interval: float = 5
    """Seconds that a device must leave between two questions of a device grant."""
    record: Path | None = None
    """Where API exchanges are written as JSON lines; those under a fault go to the same name with `.faults` added."""


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """What agents and scripts sign in with, and what a desk looks at tokens with."""

    issuer: str
    client_id: str
    audience: str
    scopes: tuple[str, ...]
    script_client_id: str
    script_client_secret: str
    resource_id: str
    resource_secret: str


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Where a running sandbox is, and what opens it."""

    api_url: str
    """Of the PingOne API, with `/v1` and without a slash at the end."""
    auth_url: str
    """Of PingOne's sign-on host; token and device authentications are below `/{environment_id}`."""
    environment_id: str
    client_id: str
    client_secret: str
    mfa_policy_id: str
    """The help desk's own policy: it asks which device to use and takes locked users."""
    directory_url: str
    directory_user: str
    directory_password: str
    smtp_host: str
    smtp_port: int
    smtp_user: str
    smtp_password: str
    smtp_ca_file: Path
    """PEM of the authority behind the mail server's certificate; gone when the sandbox ends."""
    sign_in: SignIn
    mailbox_url: str
    """For people; add `.json` for programs."""
