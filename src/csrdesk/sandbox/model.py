"""What changes while a sandbox runs: accounts, devices, messages. Tests may reach in and change it by hand.

Plain records without behaviour of the protocol, so that a copy of the whole world is one `copy.deepcopy`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from csrdesk.sandbox.authenticator import Passkey


class Device(msgspec.Struct, kw_only=True):
    """A way to authenticate that somebody registered with PingOne."""

    id: str
    type: str
    to: str
    """Phone or address; empty for types without one."""
    nickname: str
    created_at: datetime
    updated_at: datetime
    status: str = "ACTIVE"
    blocked_at: datetime | None = None
    locked_until: datetime | None = None
    failures: int = 0
    """Wrong passcodes in a row."""
    secret: str = ""
    """Base32, of TOTP devices and of the app's passcodes of MOBILE devices."""
    last_step: int = -1
    """The TOTP time step that was accepted last; it counts once (RFC 6238, 5.2)."""
    push: bool = True
    """Of MOBILE devices: whether the app takes pushes."""
    rp_id: str = ""
    """Of FIDO2 devices, as the rest: the relying party that they were registered for."""
    credential_id: str = ""
    """Base64url, as the next."""
    public_key: str = ""
    """COSE (RFC 9053)."""
    sign_count: int = 0
    """Of the assertion that was taken last."""
    policy_id: str = ""
    """Of those that were registered here, as the rest: the MFA policy that they were created by."""
    code: str = ""
    """What activates it; empty once it did, and of types whose code is not sent."""
    challenge: str = ""
    """What a new passkey is to sign, base64url; empty once it was answered."""


class Lock(msgspec.Struct, kw_only=True):
    """A lock on an account in PingOne."""

    locked_at: datetime
    unlock_at: datetime


class SignOnSession(msgspec.Struct, kw_only=True):
    """A browser in which somebody is signed on."""

    id: str
    created_at: datetime
    active_at: datetime
    remote_ip: str
    browser: str


class RememberedPassword(msgspec.Struct, frozen=True):
    """A password that is or was somebody's; the digest is empty where it came encoded already."""

    digest: str
    set_at: datetime


class GatewayLink(msgspec.Struct, frozen=True):
    """Which gateway leads to the directory that holds somebody's password, and as which of its user types."""

    gateway_id: str
    user_type_id: str


class Password(msgspec.Struct, kw_only=True):
    """What PingOne knows of a password: OK, MUST_CHANGE_PASSWORD, NO_PASSWORD, or EXTERNAL where another directory has
    it. That it is locked out or too old is told by the moments.
    """

    status: str
    changed_at: datetime
    locked_until: datetime | None = None
    failures: int = 0
    """Wrong ones in a row."""
    remembered: list[RememberedPassword] = []
    """The present one last."""
    gateway: GatewayLink | None = None


class Consent(msgspec.Struct, frozen=True):
    """What somebody said to an agreement last."""

    agreement_id: str
    language_id: str
    revision_id: str
    at: datetime
    revoked: bool = False


class Recovery(msgspec.Struct, kw_only=True):
    """The code that was mailed to somebody who forgot a password."""

    code: str
    until: datetime
    failures: int = 0


class User(msgspec.Struct, kw_only=True):
    """An account in PingOne."""

    id: str
    username: str
    given: str
    family: str
    nickname: str
    prefix: str
    email: str
    email_verified: bool
    mobile_phone: str
    external_id: str
    account_id: str
    """The directory's `objectGUID`; empty for those it does not know."""
    population_id: str
    password: Password
    created_at: datetime
    updated_at: datetime
    enabled: bool = True
    mfa_enabled: bool = True
    bypass_until: datetime | None = None
    """Until then PingOne asks for no MFA."""
    lock: Lock | None = None
    devices: list[Device] = []
    sessions: list[SignOnSession] = []
    roles: list[str] = []
    """Ids of assigned roles."""
    recovery: Recovery | None = None
    lifecycle: str = ""
    """As an import said; empty where it follows from the address."""
    consents: list[Consent] = []


class Evaluation(msgspec.Struct, kw_only=True):
    """A risk evaluation of PingOne Protect."""

    id: str
    created_at: datetime
    updated_at: datetime
    ip: str
    user_id: str
    user_type: str
    user_agent: str
    flow: str
    level: str
    action: str
    """`result.recommendedAction`; empty where none is recommended."""
    completion: str = "IN_PROGRESS"


class OneTime(msgspec.Struct, frozen=True):
    """An address given for one authentication only."""

    type: str
    to: str


class Authentication(msgspec.Struct, kw_only=True):
    """A device authentication on its way."""

    id: str
    user_id: str
    policy_id: str
    status: str
    created_at: datetime
    updated_at: datetime
    device_id: str | None = None
    one_time: OneTime | None = None
    code: str = ""
    code_sent_at: datetime | None = None
    failures: int = 0
    """Wrong passcodes for an address without a device."""
    unavailable: list[str] = []
    """Ids of devices that could not be used, where it failed for want of one."""
    error: str = "NO_USABLE_DEVICES"
    """Why it failed, once it has."""
    challenge: str = ""
    """What a passkey is to sign, base64url; empty once it was answered."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """A message that arrived by SMTP."""

    seq: int
    at: datetime
    sender: str
    to: str
    subject: str
    text: str
    html: str


class Passcode(msgspec.Struct, frozen=True, kw_only=True):
    """A passcode as it arrives on a phone or in a mailbox."""

    seq: int
    at: datetime
    type: str
    to: str
    code: str
    username: str
    email: str
    device_id: str


class Push(msgspec.Struct, kw_only=True):
    """A question in the mobile app."""

    seq: int
    at: datetime
    until: datetime
    username: str
    email: str
    device_id: str
    authentication_id: str
    number: str
    """What the asking page shows; empty where the policy has no number matching."""
    choices: list[str]
    """What the app offers, one of them right."""
    state: str = "WAITING"
    """Or APPROVED, DENIED, TIMED_OUT, TAKEN_BACK."""


class Activity(msgspec.Struct, frozen=True, kw_only=True):
    """One event of PingOne's audit."""

    id: str
    at: datetime
    type: str
    description: str
    client_id: str
    user_id: str
    correlation_id: str


class Entry(msgspec.Struct, kw_only=True):
    """An object of the directory: attribute names as the schema writes them, raw values."""

    dn: str
    attributes: dict[str, list[str]]
    passwords: list[str] = []
    """Digests, the present one last; no attribute, so no search gives them back."""

    def name_of(self, attribute: str) -> str | None:
        """The stored spelling of an attribute; letter case does not count."""
        wanted = attribute.casefold()
        return next((name for name in self.attributes if name.casefold() == wanted), None)

    def values(self, attribute: str) -> list[str]:
        """All values, none where the attribute is absent."""
        name = self.name_of(attribute)
        return self.attributes[name] if name else []

    def first(self, attribute: str, default: str = "") -> str:
        """The value of a single-valued attribute."""
        values = self.values(attribute)
        return values[0] if values else default


class World(msgspec.Struct, kw_only=True):
    """All that is known on the other side of the wire."""

    started_at: datetime
    users: dict[str, User]
    """By id, in a stable order."""
    entries: dict[str, Entry]
    """By distinguished name in lower case."""
    authentications: dict[str, Authentication] = {}
    evaluations: dict[str, Evaluation] = {}
    mails: list[Mail] = []
    passcodes: list[Passcode] = []
    pushes: list[Push] = []
    passkeys: list[Passkey] = []
    """In people's own authenticators; PingOne has the public keys."""
    activities: list[Activity] = []
    offline_gateways: list[str] = []
    """Ids of gateways that nobody answers for."""
    worker_roles: list[tuple[str, str]] = []
    """What the desk's own application may do: roles by name, and how far each goes."""
    supported_controls: list[str] = []
    """OIDs that the directory understands."""
    sequence: int = 0
    """Of mails, passcodes and pushes together."""

    def user(self, username: str) -> User:
        """The account with that username; KeyError where there is none."""
        for user in self.users.values():
            if user.username == username:
                return user
        raise KeyError(username)

    def entry(self, account: str) -> Entry:
        """The directory's object with that `sAMAccountName`; KeyError where there is none."""
        for entry in self.entries.values():
            if entry.first("sAMAccountName") == account:
                return entry
        raise KeyError(account)

    def next_sequence(self) -> int:
        """A number larger than any before."""
        self.sequence += 1
        return self.sequence


LOCK_FOR_LONG = timedelta(days=30)
"""Of those who are locked to begin with: longer than anybody tries things out."""
