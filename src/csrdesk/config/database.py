"""Where the desk's database is, as settings say it: a file of the data folder, or a PostgreSQL that servers share."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from urllib.parse import parse_qs, unquote, urlsplit

_SCHEMES = ("postgresql", "postgres")
_NEVER = ("password", "passfile", "sslpassword", "service")
"""What would bring a secret into the settings, or from somewhere that is not looked at."""


def wrong_database(url: str) -> str:
    """What is wrong with that address, in words; empty for a right one, and for none."""
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        words = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
        hosts = list(_hosts(url))
    except ValueError:
        return "cannot be read; write it like postgresql://csrdesk@db.example.org/csrdesk."
    if parts.scheme not in _SCHEMES or not parts.path.strip("/"):
        return "must be postgresql://, a user, a host and a database, like postgresql://csrdesk@db.example.org/csrdesk."
    if ":" in parts.netloc.rpartition("@")[0] or any(word in words for word in _NEVER):
        return "must hold no password: name a file of it in desk.database_password_file, or keep it in the keyring."
    if not all(map(_is_here, hosts)) and words.get("sslmode", ["verify-full"]) != ["verify-full"]:
        return "goes to another machine, so sslmode is verify-full, or left out, which means the same."
    return ""


def is_elsewhere(url: str) -> bool:
    """Whether some server of that address is another machine: then the way there is TLS, and its name is checked."""
    return not all(map(_is_here, _hosts(url)))


def needs_password(url: str) -> bool:
    """Whether its server asks for one that must be found: not on a socket of this machine, nor with a certificate."""
    names_certificate = "sslcert" in parse_qs(urlsplit(url).query)
    return not names_certificate and not all(host == "" or host.startswith("/") for host in _hosts(url))


def _hosts(url: str) -> Iterator[str]:
    """Every host of the address; empty for the socket of this machine. Raises `ValueError`.

    See https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS: there can be several.
    """
    parts = urlsplit(url)
    for one in unquote(parts.netloc.rpartition("@")[2]).split(","):
        yield urlsplit(f"//{one}").hostname or "" if not one.startswith("/") else one
    for named in parse_qs(parts.query).get("host", []) + parse_qs(parts.query).get("hostaddr", []):
        yield from named.split(",")


def _is_here(host: str) -> bool:
    if host in ("", "localhost") or host.startswith("/"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
