"""The settings of `csrdesk serve --role pages`: a file of its own, which has no place for a credential but the door's.

What a desk's settings hold is refused, not ignored: this process must not know it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from csrdesk.config.checks import is_safe
from csrdesk.config.loading import read
from csrdesk.config.running import LogSettings, wrong_door
from csrdesk.errors import ConfigError

NOT_HERE: Final = (
    "CSRDESK_PINGONE_CLIENT_SECRET_FILE",
    "CSRDESK_DIRECTORY_PASSWORD_FILE",
    "CSRDESK_MAIL_PASSWORD_FILE",
    "CSRDESK_DATABASE_PASSWORD_FILE",
    "CSRDESK_SIGN_IN_CLIENT_SECRET_FILE",
    "CSRDESK_SIGN_IN_RESOURCE_SECRET_FILE",
    "CSRDESK_TOKEN_FILE",
    "CSRDESK_AUDIT_SINK_TOKEN_FILE",
)
"""Variables that lead to credentials of the desk."""


class PagesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Customers' pages as a process of their own. How they look, and where customers reach them, the desk tells."""

    door: str
    """The desk's `serve.door`: `unix:` and a path, or its https address."""
    door_secret_file: str = ""
    """A file that holds what the desk's `serve.door_secret_file` holds. Empty: `CSRDESK_DOOR_SECRET_FILE`."""
    door_ca_file: str = ""
    """The CA of an https door's certificate (PEM); empty for the system's."""
    listen_host: str = "127.0.0.1"
    """Where the pages are served on this machine; a reverse proxy with your certificate stands before it."""
    listen_port: Annotated[int, Meta(ge=0, le=65535)] = 8443
    """0 takes a free one."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses whose `X-Forwarded-For` is believed; without your proxy's, all customers seem to come from it."""
    log_file: str = ""
    """Empty: standard error, which a service manager keeps."""


class OpsSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """As a desk's `[serve]`, as far as pages have it."""

    ops_host: str = "127.0.0.1"
    """Where `/health`, `/ready` and `/metrics` are served; never where customers come."""
    ops_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: they are not served."""


class PagesFile(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that such a file can say."""

    pages: PagesSettings
    serve: OpsSettings = field(default_factory=OpsSettings)
    log: LogSettings = field(default_factory=LogSettings)


def is_for_pages(path: Path) -> bool:
    """Whether the file is one of these. Raises `ConfigError` where it cannot be read."""
    return "pages" in read(path)


def load_pages(path: Path) -> PagesFile:
    """Read and check it. Raises `ConfigError`, also where file or environment lead to what is not for this process."""
    raw = read(path)
    known = [one.encode_name for one in msgspec.structs.fields(PagesFile)]
    if others := [name for name in raw if name not in known]:
        words = f"{path}: {others[0]}: pages have settings of their own, with nothing but {', '.join(known)}."
        raise ConfigError(words, file=str(path), key=others[0])
    if named := next((name for name in NOT_HERE if name in os.environ), ""):
        words = f"{named} is set, and leads to what pages must not know. Unset it for this process."
        raise ConfigError(words, key=named)
    try:
        settings = msgspec.convert(raw, PagesFile)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        key = where.strip("`.")
        raise ConfigError(f"{path}: {key or 'top level'}: {what}.", file=str(path), key=key) from None
    if problem := wrong_door(settings.pages.door, is_safe):
        raise ConfigError(f"{path}: pages.door: {problem}", file=str(path), key="pages.door")
    return settings
