"""What types alone cannot say of settings: what is refused, and what is allowed and yet worth knowing."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from csrdesk.config.database import wrong_database
from csrdesk.config.keys import wrong_key
from csrdesk.config.roles import names_any
from csrdesk.config.running import wrong_serve, wrong_sink
from csrdesk.config.settings import FLOW_NAMES, DeskSettings, DirectorySettings, ProtectSettings, Settings
from csrdesk.config.sign_in import wrong_sign_in
from csrdesk.errors import ConfigError
from csrdesk.model.devices import ORDER
from csrdesk.model.registration import host

Wrong = Callable[[str, str], ConfigError]

_NOT_BUILT = (
    "ciam_apple_enabled",
    "ciam_facebook_enabled",
    "ciam_google_enabled",
)
_INTEGRITY = re.compile(r"sha256-[A-Za-z0-9+/]{43}=|sha384-[A-Za-z0-9+/]{64}|sha512-[A-Za-z0-9+/]{86}==")
"""W3C Subresource Integrity: the hash of the script's bytes."""
_PLAIN = re.compile(r"[A-Za-z0-9:/?&=._~%\[\]-]+")
"""What goes into a header as it stands must not end a directive of it."""
_ONE_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
_HTTPS = "must be https outside this machine."


def check(settings: Settings, *, file: str = "") -> None:
    """Raises `ConfigError` for the first thing that is wrong."""

    def wrong(key: str, message: str) -> ConfigError:
        return ConfigError(f"{file or 'settings'}: {key}: {message}", file=file, key=key)

    if not settings.desk.server and not settings.pingone.environment_id:
        raise wrong("pingone", "this is required; `csrdesk config init` writes an example of it.")
    _check_flow(settings, wrong)
    for key, url in (("pingone.api_url", settings.pingone.api_url), ("pingone.auth_url", settings.pingone.auth_url)):
        if not is_safe(url):
            raise wrong(key, _HTTPS)
    if settings.directory.kind == "sandbox" and not is_safe(settings.directory.url):
        raise wrong("directory.url", _HTTPS)
    if settings.directory.kind == "ad":
        _check_controllers(settings.directory, wrong)
    _check_desk(settings.desk, wrong)
    if settings.recovery.sign_on_url and not is_safe(settings.recovery.sign_on_url):
        raise wrong("recovery.sign_on_url", _HTTPS)
    _check_registration(settings, wrong)
    if settings.ways.exception and not settings.ways.exception_gives:
        raise wrong("ways.exception_gives", 'name what an exception opens, for example ["unlock"].')
    if settings.limits.link_total_seconds < settings.limits.link_seconds:
        raise wrong("limits.link_total_seconds", "must not be less than limits.link_seconds.")
    _check_signals(settings.protect, wrong)
    for section, found in (
        ("keys", wrong_key(settings.keys)),
        ("sign_in", wrong_sign_in(settings.sign_in, is_safe)),
        ("serve", wrong_serve(settings.serve, is_safe)),
        ("audit_sink", wrong_sink(settings.audit_sink)),
    ):
        if found:
            raise wrong(f"{section}.{found[0]}", found[1])
    _check_demo(settings, wrong)


def _check_desk(desk: DeskSettings, wrong: Wrong) -> None:
    if desk.public_url:
        _check_origin("desk.public_url", desk.public_url, "a link is a key.", wrong)
    for key in ("server", "api_url"):
        if url := str(getattr(desk, key)):
            _check_origin(f"desk.{key}", url, "a token goes there.", wrong)
    if desk.api_url and desk.api_url == desk.public_url:
        raise wrong("desk.api_url", "must be another origin than desk.public_url: customers have nothing to do there.")
    if problem := wrong_database(desk.database):
        raise wrong("desk.database", problem)
    if desk.alert_to and not _ONE_ADDRESS.fullmatch(desk.alert_to):
        raise wrong("desk.alert_to", "must be one mail address, of a person or a list.")


def _check_demo(settings: Settings, wrong: Wrong) -> None:
    if settings.demo and not is_loopback(urlsplit(settings.pingone.api_url).hostname or ""):
        raise wrong("demo", "the demo runs against the sandbox on this machine alone; leave this key out.")
    if settings.mailbox_url and not (settings.demo and is_loopback(urlsplit(settings.mailbox_url).hostname or "")):
        raise wrong("mailbox_url", "only the demo has a mailbox, on this machine; leave this key out.")


def _check_controllers(directory: DirectorySettings, wrong: Wrong) -> None:
    if not directory.controllers:
        raise wrong("directory.controllers", 'name at least one, for example ["ldaps://dc1.example.org"].')
    for url in directory.controllers:
        if not _is_controller(url):
            raise wrong("directory.controllers", f"{url!r} must be ldaps:// or ldap:// and a host, with no path.")
    if directory.ad_write_to not in ("pdc", "first") and not _is_controller(directory.ad_write_to):
        raise wrong("directory.ad_write_to", "must be pdc, first, or a controller's address.")
    if directory.sign_in == "password" and not directory.user:
        raise wrong("directory.user", "is required; with sign_in = kerberos it is not.")


def _is_controller(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = f"[{parts.hostname}]" if parts.hostname and ":" in parts.hostname else parts.hostname
    exact = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    return parts.scheme in ("ldap", "ldaps") and bool(host) and url.lower() == exact.lower()


def _check_flow(settings: Settings, wrong: Wrong) -> None:
    for name in _NOT_BUILT:
        if getattr(settings.flow, name):
            raise wrong(f"flow.{FLOW_NAMES[name]}", "this is not built yet; set it to false or leave it out.")
    if not settings.flow.ciam_magic_link_enabled:
        raise wrong("flow.ciam_magicLinkEnabled", "the magic link is always among the ways; set it to true.")
    for kind in settings.flow.allowed_device_types:
        if kind.strip() not in ORDER:
            raise wrong("flow.allowedDeviceTypes", f"{kind!r} is none of {', '.join(ORDER)}.")


def _check_registration(settings: Settings, wrong: Wrong) -> None:
    named = (("domains", settings.registration.domains), ("no_domains", settings.registration.no_domains))
    for key, domains in named:
        for domain in domains:
            if not host(domain):
                raise wrong(f"registration.{key}", f"{domain!r} is no domain, like example.com.")
    if settings.flow.ciam_agreement_enabled and not settings.flow.agreement_id:
        raise wrong("flow.p1AgreementId", "is required where flow.ciam_agreementEnabled is true.")


def _check_signals(protect: ProtectSettings, wrong: Wrong) -> None:
    """Somebody else's script on a page where people type codes and passwords: only the one that was looked at."""
    if not protect.signals_url:
        if protect.signals_integrity:
            raise wrong("protect.signals_integrity", "belongs to protect.signals_url, which is empty.")
        return
    if not is_safe(protect.signals_url) or not _PLAIN.fullmatch(protect.signals_url):
        raise wrong("protect.signals_url", "must be the https address of a script, without blanks, quotes or `;`.")
    if not _INTEGRITY.fullmatch(protect.signals_integrity):
        raise wrong("protect.signals_integrity", "is required: sha384- (or sha256-, sha512-) and the hash in Base64.")


def _check_origin(key: str, url: str, why: str, wrong: Wrong) -> None:
    """Addresses are made from it alone, so it is an origin and nothing else."""
    if not is_safe(url):
        raise wrong(key, f"must be https outside this machine: {why}")
    parts = urlsplit(url)
    if url != f"{parts.scheme}://{parts.netloc}" or parts.username is not None:
        raise wrong(key, "must be an origin alone, without a path or a slash at the end.")


def notes(settings: Settings) -> tuple[str, ...]:
    """What to know before the first call, a sentence each; of a desk that is elsewhere it is known there."""
    if settings.desk.server:
        return ()
    desk, flow = settings.desk, settings.flow
    said = [
        (not desk.public_url and not settings.demo, "desk.public_url is empty: no link can be sent."),
        (not (settings.mail.host and settings.mail.sender), "mail.host or mail.sender is empty: no link can be sent."),
        (not desk.phone, "desk.phone is empty: the customer's page cannot say which number they should have called."),
        (settings.directory.kind == "none", "directory.kind is none: csrdesk acts in PingOne alone."),
        (not flow.mfa_policy_id, "flow.p1MFAPolicyId is empty: PingOne's default MFA policy is used."),
        (
            not settings.must_have_mfa,
            "flow.flowRequireMFA is off: a caller without a device gets a recovery proof from link and code.",
        ),
        (
            bool(settings.recovery.disable_for) and flow.ciam_account_recovery_enabled,
            f"recovery.disable_for names {', '.join(settings.recovery.disable_for)}: strangers can disable accounts.",
        ),
        (settings.ways.call_back, "ways.call_back is on: a phone number that was moved to another phone verifies."),
        (
            bool(desk.script_identities),
            f"desk.script_identities lets {', '.join(desk.script_identities)} act on accounts with nobody verified.",
        ),
        (
            bool(desk.bulk_identities),
            f"desk.bulk_identities lets {', '.join(desk.bulk_identities)} act on lists of accounts, nobody verified.",
        ),
        (
            settings.ways.exception,
            f"ways.exception is on: {', '.join(settings.ways.exception_gives)} need a lead's word and no proof.",
        ),
        (
            settings.ways.exception and not (desk.api_url and settings.roles.lead),
            "ways.exception: nobody signs in here as a lead (desk.api_url, roles.lead), so none can be approved.",
        ),
        (
            bool(desk.second_agent_for) and not desk.api_url,
            f"desk.second_agent_for: nobody signs in here who could approve {', '.join(desk.second_agent_for)}.",
        ),
        (
            bool(desk.api_url) and not names_any(settings.roles),
            "roles names no group: whoever signs in at desk.api_url may do nothing.",
        ),
        (
            desk.bulk_restore,
            "desk.bulk_restore is on: whoever may disable from a list may enable and unlock from one.",
        ),
        (
            flow.protect_required and settings.protect.when_down == "allow",
            "protect.when_down is allow: while PingOne Protect is down, callers are verified without its judgement.",
        ),
        (not settings.demo, ONE_MACHINE),
    ]
    return tuple(words for applies, words in said if applies)


ONE_MACHINE = (
    "The desk runs on this one machine: whoever holds it holds its credentials, and can write past csrdesk's rules and "
    "its audit."
)
"""Said at every start that is not the demo's."""


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
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    )
