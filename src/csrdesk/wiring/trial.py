"""Settings for a desk beside a sandbox: what `csrdesk sandbox` offers, and what demo, tests and measures run with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from csrdesk.config import Settings, load
from csrdesk.sandbox import Connection

PHONE = "+1 512 555 0100"
_GROUPS = {
    "verifier": "Help desk verifiers",
    "agent": "Help desk agents",
    "lead": "Help desk leads",
    "auditor": "Audit",
}
"""The sandbox's groups of agents, by the role that each gives."""
_ROLES: dict[str, object] = {role: [group] for role, group in _GROUPS.items()}
_EVERYWHERE: dict[str, object] = {f'"{group}"': ["*"] for group in _GROUPS.values()}


class OtherDirectory(msgspec.Struct, frozen=True):
    """A directory in place of the sandbox's."""

    keys: dict[str, object]
    """Of the settings' section `directory`, without the password's file."""
    password: str


def write_settings(
    connection: Connection,
    folder: Path,
    *,
    public_url: str = "",
    listen_port: int = 0,
    directory: OtherDirectory | None = None,
    desk: Mapping[str, object] | None = None,
    limits: Mapping[str, object] | None = None,
) -> Path:
    """Write settings and secrets for `connection` into `folder`, each file mode 0600; gives the settings file.

    Without a `public_url` the pages are at http://localhost and whatever port is free. `desk` and `limits`: more of
    those sections.
    """
    beside = directory or _of_sandbox(connection)
    secrets = {
        "pingone-client-secret": connection.client_secret,
        "directory-password": beside.password,
        "mail-password": connection.smtp_password,
    }
    for name, secret in secrets.items():
        _write(folder / name, secret)
    tables: dict[str, dict[str, object]] = {
        "pingone": {
            "environment_id": connection.environment_id,
            "client_id": connection.client_id,
            "api_url": connection.api_url,
            "auth_url": connection.auth_url,
            "client_secret_file": str(folder / "pingone-client-secret"),
        },
        "directory": {**beside.keys, "password_file": str(folder / "directory-password")},
        "mail": {
            "host": connection.smtp_host,
            "port": connection.smtp_port,
            "user": connection.smtp_user,
            "password_file": str(folder / "mail-password"),
            "sender": "helpdesk@desk.example",
            "ca_file": str(connection.smtp_ca_file),
        },
        "desk": {
            "public_url": public_url,
            "listen_port": listen_port,
            "data_dir": str(folder / "data"),
            "phone": PHONE,
            **(desk or {}),
        },
        **_agents(connection),
        "flow": {
            "p1MFAPolicyId": connection.mfa_policy_id,
            "ciam_companyName": "Example Health",
            # So that the recovery proof can be tried, too.
            "ciam_requireMFA": False,
        },
        "limits": dict(limits or {}),
    }
    return _written(folder, {"demo": True, "mailbox_url": connection.mailbox_url}, tables)


def write_client_settings(connection: Connection, folder: Path, server: str) -> Path:
    """What an agent's machine has: the origin of the desk API at `server`, where to sign in, and no secret."""
    desk: dict[str, object] = {"server": server, "data_dir": str(folder / "data")}
    tables = {"desk": desk, "sign_in": _agents(connection)["sign_in"]}
    return _written(folder, {}, tables)


def settings_for(
    connection: Connection,
    folder: Path,
    *,
    public_url: str = "",
    listen_port: int = 0,
    directory: OtherDirectory | None = None,
) -> Settings:
    """The same, read back: as strict as for anybody's settings."""
    path = write_settings(connection, folder, public_url=public_url, listen_port=listen_port, directory=directory)
    return load(path)


def _agents(connection: Connection) -> dict[str, dict[str, object]]:
    """Where the sandbox's agents sign in, and what they may do: everything that their roles have, everywhere."""
    sign_in = connection.sign_in
    return {
        "sign_in": {
            "issuer": sign_in.issuer,
            "client_id": sign_in.client_id,
            "audience": sign_in.audience,
            "scopes": sign_in.scopes,
        },
        "roles": _ROLES,
        "roles.populations": _EVERYWHERE,
        "roles.ous": _EVERYWHERE,
    }


def _of_sandbox(connection: Connection) -> OtherDirectory:
    keys: dict[str, object] = {"kind": "sandbox", "url": connection.directory_url, "user": connection.directory_user}
    return OtherDirectory(keys, connection.directory_password)


def _written(folder: Path, top: dict[str, object], tables: dict[str, dict[str, object]]) -> Path:
    path = folder / "config.toml"
    _write(path, _keys(top) + "".join(_table(name, keys) for name, keys in tables.items() if keys))
    return path


def _table(name: str, keys: dict[str, object]) -> str:
    return f"\n[{name}]\n" + _keys(keys)


def _keys(keys: dict[str, object]) -> str:
    # A JSON string or number is a TOML one, too (TOML 1.0, basic strings).
    return "".join(f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in keys.items())


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
