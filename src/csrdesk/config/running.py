"""The settings of a desk that runs as a service: where it tells how it is, its log, and who else keeps its audit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct


class ServeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """`csrdesk serve` as a service."""

    ops_host: str = "127.0.0.1"
    """Where `/health`, `/ready` and `/metrics` are served; never where customers or agents come."""
    ops_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: they are not served."""
    door: str = ""
    """This desk's inner door for `csrdesk serve --role pages`, which serves the customers' pages without a credential
    of PingOne, AD, mail or database: `unix:` and a path, or an https address (http on this machine alone). Empty: the
    pages are served here."""
    door_secret_file: str = ""
    """What such pages show to be let in; at least 32 characters, the same in their settings. Empty:
    `CSRDESK_DOOR_SECRET_FILE`, then the keyring."""
    door_certificate_file: str = ""
    """Of an https door: its certificate with what leads to its CA (PEM)."""
    door_certificate_key_file: str = ""
    """The certificate's key (PEM), yours and readable by nobody else."""


class LogSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How the log (`desk.log_file`) is written."""

    format: Literal["text", "json"] = "text"
    """`json`: one object a line, with the call, the agent and PingOne's correlation id where there are any."""


class AuditSinkSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """A second keeper of the audit: every row and every checkpoint goes there as well, masked as they are here."""

    kind: Literal["none", "syslog", "https"] = "none"
    """`syslog`: over TLS (RFC 5425). `https`: lines of JSON in a POST."""
    url: str = ""
    """Of `syslog` a host and port, like logs.example:6514; of `https` the whole address."""
    ca_file: str = ""
    """A CA of your own (PEM); empty for the system's."""
    certificate_file: str = ""
    """The certificate that csrdesk shows, where the server wants one (PEM)."""
    certificate_key_file: str = ""
    """Its key (PEM)."""
    with_token: bool = False
    """Whether the server of `https` wants a bearer token."""
    token_file: str = ""
    """Empty: `CSRDESK_AUDIT_SINK_TOKEN_FILE`, then the keyring."""
    timeout_seconds: Annotated[float, Meta(ge=0.5, le=20)] = 10.0
    """For each batch of rows."""
    late_minutes: Annotated[int, Meta(ge=1, le=1440)] = 10
    """How old a row may be that the server has not got; then the console, `csrdesk doctor` and an alert say so."""

    @property
    def server(self) -> tuple[str, int]:
        """Host and port of `syslog`; 6514 where none is named (RFC 5425, section 4.1)."""
        parts = urlsplit(f"//{self.url}")
        return parts.hostname or "", parts.port or 6514


def wrong_sink(settings: AuditSinkSettings) -> tuple[str, str] | None:
    """The first key of them that is wrong, with what to do."""
    if settings.kind == "https" and not (settings.url.startswith("https://") and urlsplit(settings.url).hostname):
        return "url", "must be an https address."
    if settings.kind == "syslog" and not _is_server(settings.url):
        return "url", "must be a host and a port, like logs.example:6514."
    if settings.certificate_file and not settings.certificate_key_file:
        return "certificate_key_file", "is required with certificate_file."
    return None


def _is_server(url: str) -> bool:
    try:
        parts = urlsplit(f"//{url}")
        return bool(parts.hostname) and parts.port != 0 and parts.netloc == url and parts.username is None
    except ValueError:
        return False


def wrong_serve(settings: ServeSettings, safe: Callable[[str], bool]) -> tuple[str, str] | None:
    """The first key of them that is wrong, with what to do; `safe` tells whether an address may be used."""
    if not settings.door:
        return None
    if problem := wrong_door(settings.door, safe):
        return "door", problem
    if settings.door.startswith("https:") and not (
        settings.door_certificate_file and settings.door_certificate_key_file
    ):
        return "door_certificate_file", "is required for an https door, and door_certificate_key_file with it."
    return None


def wrong_door(door: str, safe: Callable[[str], bool]) -> str:
    """What is wrong with a door's address, in words; empty for a right one. Passwords cross it, so never in clear."""
    if door.startswith("unix:"):
        whole = door.removeprefix("unix:").startswith("/")
        return "" if whole else "must name a whole path, like unix:/run/csrdesk/door."
    parts = urlsplit(door) if safe(door) else None
    if parts is None or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        return "must be unix: and a path, or an https address without a path; http on this machine alone."
    return ""
