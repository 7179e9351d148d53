"""What the world can answer: expected outcomes as values. Only the engine and the performers make them."""

from __future__ import annotations

from datetime import datetime

import msgspec

from csrdesk.flows.kernel import Problem, Reply
from csrdesk.flows.rules import Rules
from csrdesk.model.account import Account
from csrdesk.model.devices import Devices
from csrdesk.model.link import Link, LinkStage
from csrdesk.model.people import Person, Protection
from csrdesk.model.proofs import Evidence


# The desk
class RulesLoaded(Reply, frozen=True):
    rules: Rules


class TimeCame(Reply, frozen=True):
    """The moment that a state waited for."""


class Noted(Reply, frozen=True):
    """A row was written; nothing more to say."""


class CallClosed(Reply, frozen=True):
    pass


class VerificationEnded(Reply, frozen=True):
    pass


class LinkChanged(Reply, frozen=True):
    """The link as it is now; `link.stage` says how far."""

    link: Link


class NoMoreTime(Reply, frozen=True):
    """The clock has been extended as often as it can be."""


class WindowStarted(Reply, frozen=True):
    """The caller is verified until that moment."""

    verified_until: datetime
    evidence: Evidence


class WindowRefused(Reply, frozen=True):
    """Approved, but no window could start: too many verified calls, or the link is over."""

    message: str


# The customer's side of the link
class CodeRight(Reply, frozen=True):
    page_until: datetime


class CodeWrong(Reply, frozen=True):
    left: int


class LinkOver(Reply, frozen=True):
    """The link ended while the customer was typing, or the page's clock has run out."""

    stage: LinkStage


class SecretLost(Reply, frozen=True):
    """What was typed is gone after a restart: ask again."""


class PageTimeAdded(Reply, frozen=True):
    page_until: datetime


class ChallengeApproved(Reply, frozen=True):
    pass


class ChallengeRefused(Reply, frozen=True):
    pass


# Look-up
class UserFound(Reply, frozen=True):
    person: Person


class SeveralUsers(Reply, frozen=True):
    people: tuple[Person, ...]
    """At most 20."""
    more: bool = False


class NoSuchUser(Reply, frozen=True):
    unasked: str = ""
    """Why AD could not be asked, in words: then nobody knows whether the account is there alone. Empty where it was."""

    @property
    def words(self) -> str:
        """What was found, for people."""
        if self.unasked:
            return f"PingOne knows nobody by that, and AD cannot be asked now. {self.unasked}"
        return "PingOne knows nobody by that."


class OnlyInDirectory(Reply, frozen=True):
    """An AD account matches, PingOne knows nobody: PingOne cannot verify them."""


class FoundInDirectory(Reply, frozen=True):
    """PingOne could not be asked; the directory knows exactly one account by that, which is all that can be closed."""

    person: Person
    protection: Protection
    problem: Problem
    """What is wrong with PingOne."""


class DevicesRead(Reply, frozen=True):
    devices: Devices


class ProtectionRead(Reply, frozen=True):
    protection: Protection


# The link
class LinkSent(Reply, frozen=True):
    """Accepted by the mail server."""

    link: Link


class LinkNotSent(Reply, frozen=True):
    """A rule or the mail server said no; nothing was sent."""

    message: str
    warning: bool = False
    """Only a warning: it is sent where the agent, having read it, sends once more."""
    code: str = ""
    """The `code` of the error where a service failed; empty where a rule said no."""


# Accounts
class AccountRead(Reply, frozen=True):
    account: Account


class PingOneEnabledSet(Reply, frozen=True):
    """Written and read back."""

    enabled: bool
    changed: bool = True
    """False where it was so already and nothing was written: then it was not the desk that did it."""


class DirectoryEnabledSet(Reply, frozen=True):
    """Written and read back."""

    enabled: bool
    changed: bool = True
    """False where it was so already and nothing was written: then it was not the desk that did it."""
    server: str = ""
    """The one that it was written to, which others follow; empty where there is but one."""


class Unlocked(Reply, frozen=True):
    """One lock is off, read back."""

    changed: bool = True
    """False where there was none and nothing was written."""
    server: str = ""
    """As in `DirectoryEnabledSet`."""


class DirectoryChanged(Reply, frozen=True):
    """The last day is set, or another password is asked for; read back."""

    changed: bool = True
    """False where it was so already and nothing was written."""
    server: str = ""
    """As in `DirectoryEnabledSet`."""


class SessionsEnded(Reply, frozen=True):
    count: int
    lives_on: str = ""
    """What no session's end reaches, and for how long, in words: `apps up to 60 min`; empty for nothing known."""


class SessionsRead(Reply, frozen=True):
    left: int
    """As many as one listing shows: ten at most."""


# The mail about a change
class CustomerTold(Reply, frozen=True):
    """The mail server has taken the mail."""

    doubt: str = ""
    """Why it may not have reached the person; empty where nothing speaks against it."""


class CustomerNotTold(Reply, frozen=True):
    """The mail was not sent, and will not be."""

    message: str


class NoticeQueued(Reply, frozen=True):
    """The mail was not taken now; the desk tries again until that moment."""

    notice_id: str
    message: str
    until: datetime


class AlertMailed(Reply, frozen=True):
    """The mail server has taken the mail about an alert."""


# Device authentication
class DeviceAuthentication(msgspec.Struct, frozen=True):
    """PingOne's `deviceAuthentications` resource as far as the flow needs it."""

    id: str
    status: str
    """As PingOne says it; one that the flow does not know is said, not guessed."""
    device_id: str = ""
    """`selectedDevice.id`."""
    error: str = ""
    """`error.message` of a FAILED one, cleaned."""
    error_code: str = ""
    options: str = ""
    """`publicKeyCredentialRequestOptions`, for the browser: JSON, where a passkey is asked for."""
    number: str = ""
    """What the phone must show, where a push is matched by number. Where PingOne's API hands it over is inferred."""


class AuthenticationIs(Reply, frozen=True):
    authentication: DeviceAuthentication
    push_until: datetime | None = None
    """Until when a push waits for its answer, by the MFA policy's `pushTimeout`; None where that is not known."""


class PasscodeRight(Reply, frozen=True):
    """PingOne answered COMPLETED to a passcode of the named device in this authentication."""

    device_id: str


class PasscodeWrong(Reply, frozen=True):
    left: int | None = None
    """Tries left, where PingOne's policy tells; 0 where PingOne has locked the device by this one."""


class PasscodeRefused(Reply, frozen=True):
    """The authentication takes no more passcodes: expired, device locked, too many tries."""

    message: str
