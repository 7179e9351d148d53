"""MFA devices and what they are good for: registered, usable, strong (names and values are PingOne's)."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec


class Strength(StrEnum):
    """How much a proof says about who holds the device."""

    STRONG = "strong"
    WEAK = "weak"
    NONE = "none"


class WebAuthn(StrEnum):
    """What the customer's browser says of WebAuthn."""

    NONE = "NONE"
    SECURITY_KEY_ONLY = "SECURITY_KEY_ONLY"
    FULL = "FULL"


class Age(StrEnum):
    """Since when something is on record: whoever takes an account over changes address or device first."""

    OLD = "old"
    NEW = "new"
    """Too new to prove anybody."""
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, since: datetime | None, now: datetime, enough: timedelta) -> Age:
        """By the moment at which it came; None where nobody told."""
        if since is None:
            return cls.UNKNOWN
        return cls.OLD if since + enough <= now else cls.NEW


ORDER = ("FIDO2", "MOBILE", "TOTP", "SMS", "VOICE", "EMAIL")
"""The device types that csrdesk knows, in the order in which they are offered."""

PASSCODE_TYPES = frozenset({"TOTP", "SMS", "VOICE", "EMAIL"})
"""Device types that prove themselves by a passcode."""

_WORDS = {
    "FIDO2": "passkey or security key",
    "MOBILE": "authenticator app on a phone",
    "TOTP": "authenticator app code",
    "SMS": "text message",
    "VOICE": "phone call",
    "EMAIL": "email",
}
METHODS = {"FIDO2": "fido2", "MOBILE": "mobile", "TOTP": "totp", "SMS": "sms", "VOICE": "voice", "EMAIL": "email"}
STRONG_KINDS = frozenset({"FIDO2", "MOBILE", "TOTP"})
"""Device types that are strong; a push only where it is matched by number.

The passcode that the app shows in place of a push is as strong as an authenticator app's: it is made on the phone, no
network carries it to the customer, and nobody approves it by a tap that was asked for often enough.
"""


class DeviceChange(StrEnum):
    """What an agent can do to a caller's device."""

    BLOCK = "block"
    UNBLOCK = "unblock"
    UNLOCK = "unlock"
    RENAME = "rename"
    DEFAULT = "default"
    """Make it the first that PingOne asks."""
    REMOVE = "remove"


class Device(msgspec.Struct, frozen=True):
    """One MFA device of a user, its address masked."""

    id: str
    type: str
    """PingOne's device type; one that csrdesk does not know stays as it came and is never usable."""
    status: str = "ACTIVE"
    """`ACTIVE` or `ACTIVATION_REQUIRED`."""
    nickname: str = ""
    address: str = ""
    """Masked mail address or phone number; empty where the type has none."""
    blocked: bool = False
    locked: bool = False
    same_mailbox: bool = False
    """An EMAIL device whose address is the one that the magic link goes to: it proves nothing new."""
    age: Age = Age.OLD
    """By when it was registered."""
    other_site: str = ""
    """Of a passkey: the site that it was registered for, where the customers' pages do not belong to it."""
    since: datetime | None = None
    """When PingOne says that it was registered."""
    counts_from: datetime | None = None
    """From when it can prove somebody, where it is too new for that now."""

    @property
    def registered(self) -> bool:
        """Whether this device makes a second factor required, whatever its type, block or lock."""
        return self.status == "ACTIVE" and not self.same_mailbox

    @property
    def kind(self) -> str:
        """The type in words."""
        return _WORDS.get(self.type, self.type.lower())

    @property
    def label(self) -> str:
        """How people tell this device from the others: nickname or kind, and the masked address."""
        return " ".join(part for part in (self.nickname or self.kind, self.address) if part)

    @property
    def strength(self) -> Strength:
        """Strong, weak, or none for the link's own mailbox."""
        if self.same_mailbox:
            return Strength.NONE
        return Strength.STRONG if self.type in STRONG_KINDS else Strength.WEAK

    @property
    def auth_method(self) -> str:
        """The word that `authMethod` carries for this device."""
        return METHODS.get(self.type, self.type.lower())

    def obstacle(self, allowed: tuple[str, ...], webauthn: WebAuthn | None) -> str:
        """Why this registered device cannot be used now, in words; empty where it can.

        `webauthn` is what the browser said, None where no browser was asked yet.
        """
        if self.type not in ORDER:
            return "csrdesk does not know this kind of device"
        if self.type not in allowed:
            return "not allowed by the settings"
        if self.blocked:
            return "blocked"
        if self.locked:
            return "locked after wrong tries"
        if self.age is Age.NEW:
            return "registered too recently"
        if self.other_site:
            return f"it was registered for {self.other_site}"
        if self.type == "FIDO2" and webauthn is WebAuthn.NONE:
            return "this browser knows no passkeys"
        return ""


class Devices(msgspec.Struct, frozen=True):
    """A user's devices and whether PingOne would ask for them now."""

    devices: tuple[Device, ...] = ()
    mfa_enabled: bool = True
    bypass: bool = False
    """An administrator's MFA bypass is running: PingOne says COMPLETED without asking; that proves nothing."""
    refused: str = ""
    """Why PingOne refuses MFA for this user now: `disabled`, `locked`, or empty."""
    address: Age = Age.OLD
    """Of the mail address that a link goes to."""
    phone: str = ""
    """The masked number on record, where settings let it be rung."""
    phone_age: Age = Age.UNKNOWN
    """Of that number."""
    frozen_until: datetime | None = None
    """Until when nobody may try to verify this person: they, or their phone, said that it was not them."""
    numbered: bool | None = None
    """Whether a push comes with a number to say: None where nobody told."""

    @property
    def registered(self) -> tuple[Device, ...]:
        return tuple(d for d in self.devices if d.registered)

    def usable(self, allowed: tuple[str, ...], webauthn: WebAuthn | None = None) -> tuple[Device, ...]:
        """The registered devices that can be asked now, in the order in which they are offered."""
        fit = [d for d in self.registered if not d.obstacle(allowed, webauthn)]
        return tuple(sorted(fit, key=lambda d: ORDER.index(d.type)))
