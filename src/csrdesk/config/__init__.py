"""The settings: one TOML file, strictly typed. A wrong key or value names the file, the key, and what to do.

Secrets are not here: settings name files (or the keyring) that hold them, and `services.keys` reads those.
"""

from __future__ import annotations

from csrdesk.config.checks import ONE_MACHINE, check, is_loopback, is_safe, notes
from csrdesk.config.keys import KeySettings
from csrdesk.config.loading import default_path, load
from csrdesk.config.roles import RoleSettings
from csrdesk.config.running import AuditSinkSettings, LogSettings, ServeSettings
from csrdesk.config.settings import (
    DeskSettings,
    DirectorySettings,
    FlowSettings,
    LimitSettings,
    MailSettings,
    PasswordSettings,
    PingOneSettings,
    ProtectSettings,
    RecoverySettings,
    RegistrationSettings,
    Settings,
    WaySettings,
)
from csrdesk.config.sign_in import SignInSettings

__all__ = [
    "ONE_MACHINE",
    "AuditSinkSettings",
    "DeskSettings",
    "DirectorySettings",
    "FlowSettings",
    "KeySettings",
    "LimitSettings",
    "LogSettings",
    "MailSettings",
    "PasswordSettings",
    "PingOneSettings",
    "ProtectSettings",
    "RecoverySettings",
    "RegistrationSettings",
    "RoleSettings",
    "ServeSettings",
    "Settings",
    "SignInSettings",
    "WaySettings",
    "check",
    "default_path",
    "is_loopback",
    "is_safe",
    "load",
    "notes",
]
