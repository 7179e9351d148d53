"""The settings: one TOML file, strictly typed. A wrong key or value names the file, the key, and what to do.

Secrets are not here: settings name files (or the keyring) that hold them, and `services.keys` reads those.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct, field

from csrdesk.errors import ConfigError
from csrdesk.model.devices import ORDER

Seconds = Annotated[float, Meta(gt=0)]


class PingOneSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Where PingOne is and who we are there: a worker application with the role Identity Data Admin."""

    environment_id: str
    client_id: str
    api_url: str = "https://api.pingone.com/v1"
    auth_url: str = "https://auth.pingone.com"
    client_secret_file: str = ""
    """Empty: `CSRDESK_PINGONE_CLIENT_SECRET_FILE`, then the keyring."""
    timeout_seconds: Seconds = 10.0


class DirectorySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The directory beside PingOne."""

    kind: Literal["none", "sandbox"] = "none"
    url: str = ""
    user: str = ""
    password_file: str = ""
    timeout_seconds: Seconds = 10.0
    protected_groups: tuple[str, ...] = (
        "Domain Admins",
        "Enterprise Admins",
        "Schema Admins",
        "Administrators",
        "Account Operators",
    )
    protected_ous: tuple[str, ...] = ()


class MailSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server, always over TLS."""

    host: str = ""
    port: int = 587
    security: Literal["starttls", "tls"] = "starttls"
    user: str = ""
    password_file: str = ""
    sender: str = ""
    ca_file: str = ""
    """A CA of your own (PEM); empty for the system's."""
    timeout_seconds: Seconds = 15.0


class DeskSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The desk itself: pages, people, data."""

    public_url: str = ""
    """The origin of the customers' pages as customers reach it; links use this alone."""
    listen_host: str = "127.0.0.1"
    listen_port: Annotated[int, Meta(ge=0, le=65535)] = 8443
    trusted_proxies: tuple[str, ...] = ()
    data_dir: str = ""
    """Empty for the user's data folder."""
    key_file: str = ""
    """32 random bytes that the spoken codes and form tokens are derived from. Empty: made in the data folder, mode 0600."""
    phone: str = ""
    """The number that customers call, as their page shows it."""
    agent_name: str = ""
    """The name customers read; empty for the operating system's."""
    ticket_required: bool = False
    log_file: str = ""


class LimitSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Clocks in seconds and counts; values outside the bounds are refused at start."""

    link_seconds: Annotated[int, Meta(ge=30, le=600)] = 150
    link_total_seconds: Annotated[int, Meta(ge=30, le=600)] = 600
    page_seconds: Annotated[int, Meta(ge=60, le=600)] = 600
    verified_minutes: Annotated[int, Meta(ge=5, le=60)] = 15
    verified_calls: Annotated[int, Meta(ge=1, le=3)] = 3
    codes_per_link: Annotated[int, Meta(ge=1, le=5)] = 5
    codes_per_person_a_day: Annotated[int, Meta(ge=1, le=10)] = 10
    protective_disables_an_hour: Annotated[int, Meta(ge=0, le=5)] = 5
    not_me_freeze_hours: Annotated[int, Meta(ge=1, le=168)] = 4
    enable_within_days: Annotated[int, Meta(ge=1, le=365)] = 30
    resend_otp: Annotated[int, Meta(ge=0, le=10)] = 3


_FLOW_NAMES = {
    "company_logo": "flowCompanyLogo",
    "mfa_policy_id": "p1MFAPolicyId",
    "agreement_id": "p1AgreementId",
    "risk_policy_id_authn": "p1RiskPolicyIdAuthn",
    "risk_policy_id_ar": "p1RiskPolicyIdAR",
    "risk_policy_id_reg": "p1RiskPolicyIdReg",
    "protect_analysis_required": "flowProtectAnalysisRequired",
    "require_mfa": "flowRequireMFA",
    "ciam_account_recovery_enabled": "ciam_accountRecoveryEnabled",
    "ciam_apple_enabled": "ciam_appleEnabled",
    "ciam_facebook_enabled": "ciam_facebookEnabled",
    "ciam_google_enabled": "ciam_googleEnabled",
    "ciam_magic_link_enabled": "ciam_magicLinkEnabled",
    "ciam_agreement_enabled": "ciam_agreementEnabled",
    "ciam_protect_analysis_required": "ciam_protectAnalysisRequired",
    "ciam_logo_url": "ciam_logoUrl",
    "ciam_company_name": "ciam_companyName",
    "ciam_logo_style": "ciam_logoStyle",
    "ciam_require_mfa": "ciam_requireMFA",
    "allowed_device_types": "allowedDeviceTypes",
}


class FlowSettings(Struct, frozen=True, forbid_unknown_fields=True, rename=_FLOW_NAMES):
    """The flow's variables under Ping's own names; `flow...` wins over `ciam_...`."""

    company_logo: str = ""
    mfa_policy_id: str = ""
    agreement_id: str = ""
    risk_policy_id_authn: str = ""
    risk_policy_id_ar: str = ""
    risk_policy_id_reg: str = ""
    protect_analysis_required: bool | None = None
    require_mfa: bool | None = None
    """None: true where another way to verify exists, otherwise false."""
    ciam_account_recovery_enabled: bool = False
    ciam_apple_enabled: bool = False
    ciam_facebook_enabled: bool = False
    ciam_google_enabled: bool = False
    ciam_magic_link_enabled: bool = True
    ciam_agreement_enabled: bool = False
    ciam_protect_analysis_required: bool = False
    ciam_logo_url: str = ""
    ciam_company_name: str = "Help desk"
    ciam_logo_style: str = ""
    ciam_require_mfa: bool | None = None
    allowed_device_types: tuple[str, ...] = ORDER

    @property
    def logo(self) -> str:
        """The file or https address of the logo, empty for none."""
        return self.company_logo or self.ciam_logo_url

    @property
    def must_have_mfa(self) -> bool:
        """`flowRequireMFA`, else `ciam_requireMFA`, else false, because no other way to verify is built yet."""
        chosen = self.require_mfa if self.require_mfa is not None else self.ciam_require_mfa
        return bool(chosen)


_NOT_BUILT = (
    "protect_analysis_required",
    "ciam_account_recovery_enabled",
    "ciam_apple_enabled",
    "ciam_facebook_enabled",
    "ciam_google_enabled",
    "ciam_agreement_enabled",
    "ciam_protect_analysis_required",
)


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that a settings file can say."""

    pingone: PingOneSettings
    directory: DirectorySettings = field(default_factory=DirectorySettings)
    mail: MailSettings = field(default_factory=MailSettings)
    desk: DeskSettings = field(default_factory=DeskSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    flow: FlowSettings = field(default_factory=FlowSettings)
    demo: bool = False
    """Set by the demo alone: a sandbox on loopback, throw-away data."""


def default_path() -> Path:
    """`CSRDESK_CONFIG`, else `config.toml` in the user's configuration folder."""
    named = os.environ.get("CSRDESK_CONFIG")
    if named:
        return Path(named)
    import platformdirs  # noqa: PLC0415 - only the commands that need a path pay for it

    return Path(platformdirs.user_config_dir("csrdesk")) / "config.toml"


def load(path: Path) -> Settings:
    """Read and check a settings file. Raises `ConfigError` with file, key and what to do."""
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        msg = f"There are no settings at {path}. Make them with `csrdesk config init`, or try `csrdesk demo`."
        raise ConfigError(msg, file=str(path)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        msg = f"{path} cannot be read as TOML: {error}."
        raise ConfigError(msg, file=str(path)) from None
    try:
        settings = msgspec.convert(raw, Settings)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        key = where.strip("`.") or "top level"
        msg = f"{path}: {what} (at {key}). `csrdesk config check` lists what is allowed."
        raise ConfigError(msg, file=str(path), key=key) from None
    check(settings, file=str(path))
    return settings


def check(settings: Settings, *, file: str = "") -> None:
    """What types alone cannot say. Raises `ConfigError` for the first thing that is wrong."""

    def wrong(key: str, message: str) -> ConfigError:
        return ConfigError(f"{file or 'settings'}: {key}: {message}", file=file, key=key)

    for name in _NOT_BUILT:
        if getattr(settings.flow, name):
            raise wrong(f"flow.{_FLOW_NAMES[name]}", "this is not built yet; set it to false or leave it out.")
    if not settings.flow.ciam_magic_link_enabled:
        raise wrong("flow.ciam_magicLinkEnabled", "the magic link is the only way to verify so far; set it to true.")
    for kind in settings.flow.allowed_device_types:
        if kind.strip() not in ORDER:
            raise wrong("flow.allowedDeviceTypes", f"{kind!r} is none of {', '.join(ORDER)}.")
    for key, url in (("pingone.api_url", settings.pingone.api_url), ("pingone.auth_url", settings.pingone.auth_url)):
        if not is_safe(url):
            raise wrong(key, "must be https outside this machine.")
    if settings.directory.kind != "none" and not is_safe(settings.directory.url):
        raise wrong("directory.url", "must be https outside this machine.")
    if settings.desk.public_url and not is_safe(settings.desk.public_url):
        raise wrong("desk.public_url", "must be https outside this machine: a link is a key.")
    if settings.limits.link_total_seconds < settings.limits.link_seconds:
        raise wrong("limits.link_total_seconds", "must not be less than limits.link_seconds.")


def is_loopback(host: str) -> bool:
    """Whether `host` names this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe(url: str) -> bool:
    """https, or plain http to this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    )
