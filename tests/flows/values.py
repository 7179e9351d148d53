"""The invented caller of these tests, and one of every event: legal somewhere, illegal everywhere else."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from csrdesk.flows import answers as a
from csrdesk.flows import device_authentication as da
from csrdesk.flows import device_replies as dr
from csrdesk.flows import invitation_effects as ix
from csrdesk.flows import password_replies as pr
from csrdesk.flows import recovery_replies as rr
from csrdesk.flows import replies as r
from csrdesk.flows import risk_replies as kr
from csrdesk.flows import spoken_effects as se
from csrdesk.flows import try_replies as tr
from csrdesk.flows import verify_user as vu
from csrdesk.flows.kernel import Answer, Failed, Problem, Replies, Reply
from csrdesk.flows.prompts import Page, ResultLine
from csrdesk.flows.rules import Rules
from csrdesk.flows.telling import Later
from csrdesk.flows.try_given import ON_RECORD
from csrdesk.model.account import Account, DirectoryAccount, PingOneAccount
from csrdesk.model.devices import Age, Device, Devices, Strength, WebAuthn
from csrdesk.model.link import Link, LinkAbout, LinkStage
from csrdesk.model.passwords import Home, PasswordState, Requirement
from csrdesk.model.people import Person, Protection, directory_id
from csrdesk.model.proofs import Act, Evidence, Proof
from csrdesk.model.recovery import Progress, Stage
from csrdesk.model.secret import Secret
from tests.flows import desk_values as ev
from tests.flows import pairing_values as dv
from tests.flows import recovery_values as rv
from tests.flows import registration_values as gv

UNTIL = datetime(2026, 3, 4, 9, 30, tzinfo=UTC)
LATER = datetime(2026, 3, 4, 9, 40, tzinfo=UTC)

ADA = Person("ada-1", "ada.lovelace", "Ada", "Lovelace", "a***a@e***.example", email_verified=True, number_ending="41")
NO_MAIL = Person("bob-1", "bob", "Bob", "Babbage")
UNVERIFIED_MAIL = Person("cy-1", "cy", "Cy", "Clone", "c***y@e***.example")
DN = "CN=Ada,OU=People,DC=example,DC=test"

SMS = Device("sms-1", "SMS", address="+44 *** *** 43")
SECOND_SMS = Device("sms-2", "SMS", address="+44 *** *** 77")
TOTP = Device("totp-1", "TOTP", nickname="Authenticator")
PASSKEY = Device("key-1", "FIDO2", nickname="Laptop")
APP = Device("app-1", "MOBILE", nickname="Pixel")
OPTIONS = '{"challenge":[1,-2]}'
LOCKED_APP = Device("app-2", "MOBILE", nickname="Old phone", locked=True)
LOCKED_SMS = Device("sms-3", "SMS", address="+44 *** *** 11", locked=True)
SAME_MAILBOX = Device("mail-1", "EMAIL", address="a***a@e***.example", same_mailbox=True)

LINK_AND_CODE = Proof("ml", Strength.NONE, label="link and code")
BY_SMS = Proof("sms", Strength.WEAK, SMS.id, SMS.label)
WITH_DEVICE = Evidence((LINK_AND_CODE, BY_SMS), registered=True)
WITH_APP = Evidence((LINK_AND_CODE, Proof("totp", Strength.STRONG, TOTP.id, TOTP.label)), registered=True)
RECOVERY = Evidence((LINK_AND_CODE,))

ON, OFF = PingOneAccount(enabled=True), PingOneAccount(enabled=False)
AD_ON, AD_OFF = DirectoryAccount(DN, "ada"), DirectoryAccount(DN, "ada", 0x202, disabled=True)
ENABLED, DISABLED = Account(ON, AD_ON), Account(OFF, AD_OFF)
EXPIRED = Account(ON, DirectoryAccount(DN, "ada", expired=True))
AD_UNREAD = Account(OFF, directory_problem="The directory did not answer.")

LOCKED = PingOneAccount(enabled=True, locked=True, password="PASSWORD_LOCKED_OUT")
AD_LOCKED = DirectoryAccount(DN, "ada", locked=True)
ALL_LOCKED, AD_LOCKED_ALONE = Account(LOCKED, AD_LOCKED), Account(directory=AD_LOCKED, pingone_problem="No answer.")

RULES = Rules(
    recovery=True,
    registration=True,
    spoken_address=True,
    call_back=True,
    second_agent_for=(Act.MUST_CHANGE,),
)
STRICT = Rules(flow_require_mfa=True, ticket_required=True, push="off")
ABOUT = LinkAbout("link-1", "K7Q-2M9", "Sam Porter", "A*** L***, ending 41")
NOT_MAILED = LinkAbout("link-1", "K7Q-2M9", "Sam Porter", "A*** L***, ending 41", mailed=False)
"""Of the spoken address."""
PROBLEM = Problem("PingOne did not answer in time.", "GET users", "timed_out", "corr-1")
REFUSED = Problem("PingOne said no.", "403", "conflict")
NOT_VERIFIED = Problem("The verified window has ended.", code="not_verified")
FAILED = Failed(PROBLEM)
FOUND_NOT_DONE = Failed(Problem("csrdesk stopped before it was done.", code="not_done"))
PROTECTED = Protection(("member of Domain Admins",), DN)
IN_AD_ONLY = Person(directory_id(DN), "ada", "Ada", "Lovelace", "a***a@e***.example", number_ending="41")
AD_DOWN = Protection(unchecked="The directory did not answer.")

LINK = Link("link-1", 2, LinkStage.SENT, "K7Q-2M9", ADA.email)
STAGES = {stage: Link("link-1", 3, stage, "K7Q-2M9", ADA.email) for stage in LinkStage}
DENIED_AGAIN = Link("link-1", 3, LinkStage.NOT_ME, "K7Q-2M9", ADA.email, denied=2)
TRY = Link("try-1", 1, LinkStage.SENT, "T7Q-2M9", "+44 *** *** 43", expires_at=UNTIL)
PAGE = Page(UNTIL)

NEW_PASSWORD = "Correct horse 7 battery"
LONG_ENOUGH = Requirement("At least 10 characters", "min_length", 10)
BEFORE, AFTER = datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 3, 4, 9, 25, tzinfo=UTC)
IN_AD, IN_PINGONE = PasswordState(Home.DIRECTORY, BEFORE), PasswordState(Home.PINGONE, BEFORE)
SET_IN_AD, SET_IN_PINGONE = PasswordState(Home.DIRECTORY, AFTER), PasswordState(Home.PINGONE, AFTER)
IN_BOTH = pr.AuthorityRead((Home.DIRECTORY, Home.PINGONE), "", (LONG_ENOUGH,), (IN_AD, IN_PINGONE))
IN_AD_ALONE = pr.AuthorityRead((Home.DIRECTORY,), "", (LONG_ENOUGH,), (IN_AD,))
IN_PINGONE_ALONE = pr.AuthorityRead((Home.PINGONE,), "", (LONG_ENOUGH,), (IN_PINGONE,))
THROUGH_GATEWAY = pr.AuthorityRead((Home.GATEWAY,), "", (), (PasswordState(Home.GATEWAY),))
NOT_GUESSED = pr.AuthorityRead((), "PingOne and AD both keep a password; set password_authority.")
USED_BEFORE = pr.PasswordRefused(("It was used before.",))
DONE_IN_AD = ResultLine("AD: password set")


def authentication(status: str, device_id: str = "", error: str = "", number: str = "") -> r.AuthenticationIs:
    """PingOne's answer to the start of an authentication, or to a choice of device."""
    options = OPTIONS if status == "ASSERTION_REQUIRED" else ""
    return r.AuthenticationIs(
        r.DeviceAuthentication("auth-1", status, device_id, error, options=options, number=number)
    )


def devices(*some: Device, mfa_enabled: bool = True, bypass: bool = False, refused: str = "") -> r.DevicesRead:
    return r.DevicesRead(Devices(some, mfa_enabled, bypass, refused))


WITH_PHONE = r.DevicesRead(Devices((APP, LOCKED_APP), phone="+44 *** *** 43", phone_age=Age.OLD, numbered=True))
"""Whoever can be verified by every way."""

ANSWERS: tuple[Answer, ...] = (
    *ev.ANSWERS,
    a.UsernameGiven("ada", "HD-1"),
    a.UsernameGiven("ada"),
    a.UsernameGiven("  "),
    a.UserChosen(ADA.id),
    a.UserChosen("nobody"),
    a.AnotherCustomerChosen(),
    a.CallEnded(),
    a.MagicLinkChosen(),
    a.SpokenAddressChosen(),
    a.OpenAddressChosen(),
    a.PushChosen(),
    a.CallBackChosen(),
    a.ExceptionChosen(),
    a.ExceptionAsked("Her phone was stolen.", "HD-1"),
    a.ExceptionAsked("Her phone was stolen."),
    a.PasscodeHeard(Secret("654321")),
    a.PasscodeHeard(Secret("12")),
    a.RingAgainChosen(),
    a.DeviceChosen(ON_RECORD),
    a.RecoveryChosen(),
    a.UsernameGiven("new@mail.example"),
    a.InviteChosen(),
    a.ProtectiveDisableChosen(),
    a.CannotVerifyChosen(),
    a.SendChosen(),
    a.ResendChosen(),
    a.NewCodeChosen(),
    a.MoreTimeChosen(),
    a.Cancelled(),
    a.DisableChosen(),
    a.EnableChosen(),
    a.UnlockChosen(),
    a.ResetChosen(),
    a.ExpireChosen(),
    a.MustChangeChosen(),
    a.OwnLinkChosen(),
    a.DevicesChosen(),
    a.BlockDeviceChosen(SMS.id),
    a.UnblockDeviceChosen(SMS.id),
    a.UnlockDeviceChosen(SMS.id),
    a.RenameDeviceChosen(SMS.id, "Red phone"),
    a.RenameDeviceChosen(SMS.id, " "),
    a.DefaultDeviceChosen(SMS.id),
    a.RemoveDeviceChosen(SMS.id),
    a.RemoveDeviceChosen("nothing"),
    a.LineDropped(),
    a.RefreshChosen(),
    a.BackChosen(),
    a.Confirmed("Caller asked for it.", "HD-1"),
    a.Confirmed("Caller asked for it."),
    a.Confirmed(" ", "HD-1"),
    a.Confirmed("Caller asked for it.", "HD-1", "2026-12-25T00:00:00+01:00"),
    a.Declined(),
    a.NoticeRead(),
    a.TryAgainChosen(),
    a.CodeGiven(Secret("417209")),
    a.NotMeChosen(),
    a.NotMeAnswered("not_me"),
    a.NotMeAnswered("go_back"),
    a.BrowserChecked(WebAuthn.FULL),
    a.BrowserChecked(WebAuthn.NONE),
    a.DeviceChosen(SMS.id),
    a.DeviceChosen(TOTP.id),
    a.DeviceChosen(PASSKEY.id),
    a.DeviceChosen(APP.id),
    a.DeviceChosen("nothing"),
    a.OtherDeviceChosen(),
    a.PasscodeGiven(Secret("123456")),
    a.PasscodeGiven(Secret("12")),
    a.AssertionGiven(Secret("{}")),
    a.PasskeyFailed("cancelled"),
    a.AppPasscodeChosen(),
    a.CannotUseAnyChosen(),
    a.FactorCancelled(),
    a.NewPasswordTyped(Secret(NEW_PASSWORD), Secret(NEW_PASSWORD), "yes"),
    a.NewPasswordTyped(Secret(NEW_PASSWORD), Secret(NEW_PASSWORD)),
    a.NewPasswordTyped(Secret(NEW_PASSWORD), Secret("Another one 123")),
    a.NewPasswordTyped(Secret("short"), Secret("short")),
    a.NewPasswordTyped(Secret(""), Secret("")),
    *rv.ANSWERS,
    *gv.ANSWERS,
    *dv.ANSWERS,
)
"""Every answer, with the contents that matter."""

DEVICES_READ = (
    devices(),
    devices(SMS),
    devices(SMS, TOTP),
    devices(SMS, TOTP, PASSKEY, bypass=True),
    devices(PASSKEY),
    devices(APP, SMS),
    devices(LOCKED_SMS),
    devices(SAME_MAILBOX),
    devices(SMS, mfa_enabled=False),
    devices(SMS, refused="disabled"),
    WITH_PHONE,
)
ACCOUNTS_READ = tuple(
    r.AccountRead(account)
    for account in (
        *(ENABLED, DISABLED, Account(OFF, AD_ON), Account(ON, AD_OFF), Account(ON), Account(OFF), AD_UNREAD),
        *(ALL_LOCKED, Account(LOCKED, AD_ON), AD_LOCKED_ALONE),
    )
)
TOLD, NOT_TOLD = r.CustomerTold(), r.CustomerNotTold("No mail server is set up.")
QUEUED = r.NoticeQueued("notice-1", "Busy.", UNTIL)
WAITING_MAIL = Later(QUEUED.notice_id, QUEUED.message, UNTIL)
SINGLE: tuple[Reply, ...] = (
    *rv.REPLIES,
    *gv.REPLIES,
    *dv.REPLIES,
    r.RulesLoaded(RULES),
    r.RulesLoaded(STRICT),
    r.TimeCame(),
    r.Noted(),
    r.CallClosed(),
    r.VerificationEnded(),
    *(r.LinkChanged(link) for link in (*STAGES.values(), DENIED_AGAIN)),
    r.NoMoreTime(),
    r.WindowStarted(UNTIL, WITH_DEVICE),
    r.WindowStarted(UNTIL, WITH_APP),
    r.WindowStarted(UNTIL, RECOVERY),
    r.WindowRefused("Three callers are verified already. End one of those calls first."),
    rr.RecoveryInvited("a***a@e***.example", UNTIL),
    rr.RecoveryNotInvited("No mail server is set up. Nothing was sent."),
    rr.RecoveryIs(Progress(Stage.CODE_SENT, UNTIL, UNTIL, 1)),
    ix.InvitationCounted("hash-of-new"),
    ix.Invited("n***w@m***.example", UNTIL),
    ix.NotInvited("No mail server is set up. Nothing was sent."),
    ix.RegistrationIs(Progress(Stage.CREATED, UNTIL, UNTIL, 1)),
    *(kr.RiskEvaluated(risk) for risk in (rv.LOW, rv.MEDIUM, rv.HIGH, rv.BOT)),
    r.CodeRight(UNTIL),
    r.CodeWrong(4),
    r.LinkOver(LinkStage.ENDED),
    r.SecretLost(),
    r.PageTimeAdded(LATER),
    r.ChallengeApproved(),
    r.ChallengeRefused(),
    r.UserFound(ADA),
    r.UserFound(NO_MAIL),
    r.UserFound(UNVERIFIED_MAIL),
    r.SeveralUsers((ADA, NO_MAIL)),
    r.NoSuchUser(),
    r.OnlyInDirectory(),
    *(r.FoundInDirectory(IN_AD_ONLY, found, PROBLEM) for found in (Protection(dn=DN), PROTECTED)),
    *DEVICES_READ,
    r.ProtectionRead(Protection(dn=DN)),
    r.ProtectionRead(Protection()),
    r.ProtectionRead(PROTECTED),
    r.LinkSent(LINK),
    r.LinkNotSent("The mail server refused the address.", code="invalid_value"),
    r.LinkNotSent("Verification of this person is frozen."),
    r.LinkNotSent("It is possible again in 4 minutes.", code="limit_reached"),
    r.LinkNotSent("Two links were sent today. Send once more if you are sure.", warning=True),
    *ACCOUNTS_READ,
    r.PingOneEnabledSet(enabled=False),
    r.DirectoryEnabledSet(enabled=True),
    r.SessionsEnded(2),
    r.SessionsRead(0),
    r.SessionsRead(2),
    r.Unlocked(),
    r.DirectoryChanged(),
    r.DirectoryChanged(changed=False),
    TOLD,
    r.CustomerTold("Their address came lately."),
    NOT_TOLD,
    QUEUED,
    *(IN_BOTH, IN_AD_ALONE, IN_PINGONE_ALONE, THROUGH_GATEWAY, NOT_GUESSED),
    *(pr.PasswordStateRead(state) for state in (IN_AD, IN_PINGONE, SET_IN_AD, SET_IN_PINGONE)),
    pr.PasswordStateRead(PasswordState(Home.GATEWAY)),
    pr.PasswordSet(Home.DIRECTORY, AFTER, unlocked=True),
    pr.PasswordSet(Home.PINGONE, AFTER),
    USED_BEFORE,
    pr.PasswordPageOpened(LINK, UNTIL),
    pr.NoPasswordPage("The page that verified is closed."),
    pr.ResetIs((DONE_IN_AD,)),
    pr.ResetIs((DONE_IN_AD,), WAITING_MAIL),
    authentication("DEVICE_SELECTION_REQUIRED"),
    authentication("OTP_REQUIRED", SMS.id),
    authentication("OTP_REQUIRED", TOTP.id),
    authentication("OTP_REQUIRED", "elsewhere"),
    authentication("ASSERTION_REQUIRED", PASSKEY.id),
    authentication("PUSH_CONFIRMATION_REQUIRED", APP.id, number="42"),
    authentication("PUSH_CONFIRMATION_REQUIRED", APP.id),
    authentication("PUSH_CONFIRMATION_TIMED_OUT", APP.id),
    authentication("COMPLETED", SMS.id),
    authentication("FAILED", error="The device is blocked."),
    authentication("SOMETHING_NEW"),
    r.PasscodeRight(SMS.id),
    r.PasscodeRight(TOTP.id),
    r.PasscodeWrong(),
    r.PasscodeWrong(2),
    r.PasscodeRefused("The passcode has expired. Choose a device again."),
    dr.AssertionRight(PASSKEY.id),
    dr.AssertionWrong(),
    dr.PushApproved(APP.id),
    dr.PushDenied(),
    dr.PushTimedOut(),
    se.AddressOpened(LINK),
    se.AddressNotOpened("Nobody serves the pages."),
    se.AddressNotOpened("Two links were sent today. Go on if you are sure.", warning=True),
    tr.TryOpened(TRY),
    tr.TryNotOpened("Verification of this person is frozen."),
    tr.TryNotOpened("Two links were sent today. Go on if you are sure.", warning=True),
    tr.NumberNotRung("The number on record is another one by now."),
    tr.PasscodeHeardRight(),
    authentication("OTP_REQUIRED"),
    authentication("PUSH_CONFIRMATION_REQUIRED", APP.id),
    authentication("PUSH_CONFIRMATION_REQUIRED", "elsewhere", number="42"),
    dr.PushDenialNoted(1),
    dr.PushDenialNoted(2),
    dr.DeviceChanged(),
    dr.DeviceChanged(changed=False),
    *(dr.DevicesGathered(read.devices, to) for read in DEVICES_READ for to in ("", ADA.email)),
    FAILED,
    Failed(REFUSED),
    Failed(NOT_VERIFIED),
)
NOTED = r.Noted()
GROUPS: tuple[Reply, ...] = (
    *rv.GROUPS,
    *gv.GROUPS,
    *(Replies((read, r.ProtectionRead(found))) for read in DEVICES_READ for found in (Protection(dn=DN), Protection())),
    Replies((FAILED, r.ProtectionRead(PROTECTED))),
    Replies((FAILED, r.ProtectionRead(Protection()))),
    Replies((devices(SMS), FAILED)),
    Replies((NOTED, r.ProtectionRead(Protection(dn=DN)))),
    Replies((NOTED, r.ProtectionRead(Protection()))),
    *(Replies((NOTED, read)) for read in ACCOUNTS_READ),
    Replies((Failed(NOT_VERIFIED), r.AccountRead(ENABLED))),
    Replies((NOTED, FAILED)),
    Replies((NOTED, devices(SMS, TOTP))),
    Replies((Failed(NOT_VERIFIED), devices(SMS))),
    Replies((r.DirectoryEnabledSet(enabled=False), r.PingOneEnabledSet(enabled=False))),
    Replies((r.DirectoryEnabledSet(enabled=False), FAILED)),
    Replies((Failed(REFUSED), r.PingOneEnabledSet(enabled=False, changed=False))),
    Replies((r.PingOneEnabledSet(enabled=False),)),
    Replies((r.SessionsEnded(1), NOTED)),
    Replies((TOLD, FOUND_NOT_DONE)),
    Replies((r.SessionsEnded(1),)),
    Replies((r.Unlocked(),)),
    Replies((r.Unlocked(), Failed(REFUSED))),
    Replies((r.Unlocked(), r.Unlocked(changed=False), FAILED)),
    Replies((r.AccountRead(ENABLED), devices(LOCKED_SMS))),
    Replies((FAILED, devices(SMS))),
    Replies((FAILED, FAILED)),
    *(Replies((r.AccountRead(ENABLED), told)) for told in (TOLD, NOT_TOLD, FAILED, QUEUED)),
    *(Replies((r.AccountRead(ENABLED), devices(LOCKED_SMS), told)) for told in (TOLD, QUEUED)),
    *(Replies((read,)) for read in ACCOUNTS_READ),
    *(
        Replies((NOTED, r.AccountRead(account), authority))
        for account in (ENABLED, DISABLED, ALL_LOCKED, EXPIRED)
        for authority in (IN_BOTH, NOT_GUESSED, FAILED)
    ),
    *(Replies((NOTED, read, IN_BOTH)) for read in ACCOUNTS_READ),
    *(Replies((NOTED, r.AccountRead(ENABLED), odd)) for odd in (pr.AuthorityRead(), NOTED)),
    Replies((Failed(NOT_VERIFIED), r.AccountRead(ENABLED), IN_BOTH)),
    Replies((NOTED, FAILED, IN_BOTH)),
    *(
        Replies((NOTED, r.ProtectionRead(found), r.RulesLoaded(RULES)))
        for found in (Protection(dn=DN), AD_DOWN, PROTECTED)
    ),
    Replies((NOTED, FAILED, r.RulesLoaded(RULES))),
    Replies((pr.ResetIs((DONE_IN_AD,)), r.AccountRead(ALL_LOCKED))),
    Replies((pr.ResetIs((DONE_IN_AD,), WAITING_MAIL), r.AccountRead(ENABLED))),
    Replies((pr.ResetIs(), r.AccountRead(ENABLED))),
    Replies((FAILED, r.AccountRead(ENABLED))),
    *(Replies((told, ended)) for told in (TOLD, FAILED) for ended in (r.SessionsEnded(1), r.SessionsEnded(2), FAILED)),
    Replies((TOLD,)),
    Replies((devices(SMS), NOTED)),
    Replies((devices(TOTP), NOTED)),
    Replies((devices(SMS), r.LinkOver(LinkStage.EXPIRED))),
    Replies((authentication("DEVICE_SELECTION_REQUIRED"), r.LinkChanged(TRY))),
    Replies((FAILED, r.LinkChanged(TRY))),
    Replies((authentication("DEVICE_SELECTION_REQUIRED"), FAILED)),
    Replies(()),
)
REPLIES: tuple[Reply, ...] = (*SINGLE, *GROUPS, *ev.REPLIES)
"""Every reply, with the contents that matter."""

EVENTS = (*ANSWERS, *REPLIES)

VERIFY_INPUTS = vu.Inputs(ADA.id, can_change_device=True)
VERIFY = vu.Given(VERIFY_INPUTS, ADA, "A*** L***, ending 41")
DEVICE_INPUTS = da.Inputs(ADA.id, resend_otp_limit=3, allowed_device_types=RULES.allowed_device_types)
DEVICE = da.Given(DEVICE_INPUTS, ABOUT, PAGE)
BY_ITSELF = (DEVICE_INPUTS, replace(DEVICE_INPUTS, magic_link_enabled=True))
"""What Device Authentication is called with where it has a page of its own."""
ACTS = (Act.DISABLE, Act.ENABLE, Act.UNLOCK, Act.EXPIRE, Act.MUST_CHANGE, Act.DEVICES)
