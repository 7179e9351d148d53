"""What flows need from the world, imperative. Each says by its kind what a crash in the middle means."""

from __future__ import annotations

from datetime import datetime

from csrdesk.flows.kernel import AccountEffect, Effect, Kind
from csrdesk.model.link import LinkStage, Purpose
from csrdesk.model.notices import Change
from csrdesk.model.proofs import Act, Evidence


# The desk itself: performed by the engine
class LoadRules(Effect, frozen=True, kw_only=True):
    kind = Kind.READ


class WaitUntil(Effect, frozen=True, kw_only=True):
    kind = Kind.READ
    moment: datetime


class RequireProof(Effect, frozen=True, kw_only=True):
    """Ask policy beforehand whether `act` would be allowed now; reading the account needs any verification."""

    kind = Kind.READ
    action = "verification.required"
    act: Act | None = None
    """None: just look at the account."""


class RecordNotVerified(Effect, frozen=True, kw_only=True):
    """One audit row: this caller could not be verified, nothing was done."""

    kind = Kind.DESK


class EndVerification(Effect, frozen=True, kw_only=True):
    """End this call's open links and its verified window."""

    kind = Kind.DESK
    why: str = "the call moved on"
    """For the audit."""


class EndCall(Effect, frozen=True, kw_only=True):
    """End links and window, and mark the call as over."""

    kind = Kind.DESK


class EndLinks(Effect, frozen=True, kw_only=True):
    """End every open link and page of the person, in all calls."""

    kind = Kind.DESK


class AwaitChallenge(Effect, frozen=True, kw_only=True):
    """Wait until the link's row has a revision past `seen`, or its clock runs out (which it then records)."""

    kind = Kind.READ
    waits = True
    challenge_id: str
    seen: int
    stage: LinkStage | None = None
    """Where given, only another stage than this one is news: who waits on a page is not interrupted by a fetch."""


class NewCode(Effect, frozen=True, kw_only=True):
    """Another spoken code for the same link; its tries are not reset."""

    kind = Kind.DESK
    challenge_id: str


class ExtendLink(Effect, frozen=True, kw_only=True):
    kind = Kind.DESK
    challenge_id: str


class EndChallenge(Effect, frozen=True, kw_only=True):
    """The agent's side ends the link: cancelled, or denied after it expired."""

    kind = Kind.DESK
    challenge_id: str
    stage: LinkStage = LinkStage.ENDED


class StartWindow(Effect, frozen=True, kw_only=True):
    """The approved link becomes this call's verified window."""

    kind = Kind.DESK
    challenge_id: str


# The customer's side of the link: performed by the engine
class CheckCode(Effect, frozen=True, kw_only=True):
    """Count the try, then compare the typed code (the context's secret); the right one binds the browser."""

    kind = Kind.DESK
    needs_secret = True
    challenge_id: str


class RefuseChallenge(Effect, frozen=True, kw_only=True):
    """The customer says "this wasn't me": end the link, warn the agent, freeze verification of this person, alert."""

    kind = Kind.DESK
    challenge_id: str


class GiveUpFactor(Effect, frozen=True, kw_only=True):
    """The customer cannot use any device: end the link without approval and tell the agent."""

    kind = Kind.DESK
    challenge_id: str


class AddPageTime(Effect, frozen=True, kw_only=True):
    kind = Kind.DESK
    challenge_id: str


class NoteDevicePassed(Effect, frozen=True, kw_only=True):
    kind = Kind.DESK
    challenge_id: str


class ApproveChallenge(Effect, frozen=True, kw_only=True):
    """Consume the link, once, with what was shown."""

    kind = Kind.DESK
    challenge_id: str
    evidence: Evidence


# PingOne and the directory: performed by the services
class FindUser(Effect, frozen=True, kw_only=True):
    """By user name, mail address, customer number or phone, in PingOne; beside it in the directory."""

    kind = Kind.READ
    action = "lookup"
    identifier: str


class ReadDevices(Effect, frozen=True, kw_only=True):
    """Devices, MFA switch, bypass and whether PingOne would refuse MFA now; compares EMAIL devices with the address."""

    kind = Kind.READ
    policy_id: str = ""


class ReadProtection(Effect, frozen=True, kw_only=True):
    """Groups, `adminCount`, role assignments, the agent's own account; finds the directory entry on the way."""

    kind = Kind.READ


class ReadAccount(Effect, frozen=True, kw_only=True):
    """Both directories at once; a half that fails is said in the account, and only both failing is a failure."""

    kind = Kind.READ
    dn: str = ""
    before_act: bool = False
    """Whether an act follows: then what is read also settles earlier tries of it that nobody saw the end of."""


class ReadSessions(Effect, frozen=True, kw_only=True):
    """Whether any PingOne session is left, asked where nobody knows whether they were ended."""

    kind = Kind.READ


class SendMagicLink(Effect, frozen=True, kw_only=True):
    """Make a link for this call and mail it; older links end. Its clock runs from the mail server's acceptance."""

    kind = Kind.SEND
    action = "link.send"
    account: str
    """How the page names the account: `M*** S***, ending 41`."""
    warned: bool = False
    """The agent has read how often this person was tried, and goes on."""
    purpose: Purpose = Purpose.VERIFY
    """`RESET` goes out as "Change Password Magic Link", subject "Password Change Request"."""


class SetPingOneEnabled(AccountEffect, frozen=True, kw_only=True):
    action = "pingone.set_enabled"
    enabled: bool
    since: datetime | None = None
    """Since when it is as it is at the latest, as it was read: for the words of a refusal."""


class SetDirectoryEnabled(AccountEffect, frozen=True, kw_only=True):
    action = "ad.set_enabled"
    dn: str
    enabled: bool
    since: datetime | None = None
    """As in `SetPingOneEnabled`."""


class UnlockDirectory(AccountEffect, frozen=True, kw_only=True):
    """End AD's lock after wrong passwords: `lockoutTime` 0."""

    action = "ad.unlock"
    dn: str


class UnlockPingOne(AccountEffect, frozen=True, kw_only=True):
    """End the lock of PingOne's account; its password's and its devices' locks are others."""

    action = "pingone.unlock"


class UnlockPassword(AccountEffect, frozen=True, kw_only=True):
    """End the lock of PingOne's password after wrong tries; the password stays the same."""

    action = "pingone.unlock_password"


class EndSessions(AccountEffect, frozen=True, kw_only=True):
    """Delete every PingOne session and list again until there is none."""

    action = "pingone.end_sessions"


class TellCustomer(Effect, frozen=True, kw_only=True):
    """Mail the person that their account was changed, and whom to call; the address lives in the performer alone.

    Performed beside the read-back, so that it costs no time. What cannot be sent now is queued by the engine.
    """

    kind = Kind.SEND
    action = "notice.send"
    change: Change
    dn: str = ""
    """The directory's entry, where PingOne could not be asked who this is: then its address is taken."""
    exception: str = ""
    """`exception, approved by NAME`, where nothing proved who asked. The engine's to say: it knows every act's call."""


class AwaitNotice(Effect, frozen=True, kw_only=True):
    """Wait until a queued mail to a customer was sent, or is given up."""

    kind = Kind.READ
    waits = True
    notice_id: str


class MailAlert(Effect, frozen=True, kw_only=True):
    """Mail an alert of the audit to those whom settings name. No flow asks for it: the engine does, by itself."""

    kind = Kind.SEND
    action = "alert.send"
    alert: str
    """The alert's action."""
    seq: int
    """Its row."""
    by: str
    """The agent, empty where it was none's doing."""


class StartDeviceAuthentication(Effect, frozen=True, kw_only=True):
    kind = Kind.SEND
    action = "mfa.start"
    policy_id: str = ""
    device_id: str = ""
    """Empty lets PingOne's policy choose or ask."""
    device_type: str = ""
    """The type of that device: what is sent to it is counted by type."""


class SelectDevice(Effect, frozen=True, kw_only=True):
    """Select a device, or the same one again: then PingOne sends a new passcode."""

    kind = Kind.SEND
    action = "mfa.select"
    authentication_id: str
    device_id: str
    device_type: str = ""


class CheckPasscode(Effect, frozen=True, kw_only=True):
    """Hand PingOne the passcode (the context's secret).

    Answered with `PasscodeRight`, `PasscodeWrong` or `PasscodeRefused`.
    """

    kind = Kind.SEND
    needs_secret = True
    action = "mfa.check"
    authentication_id: str
    device_id: str
    policy_id: str = ""
    """The policy that says how many wrong ones lock a device; empty for PingOne's default one."""
